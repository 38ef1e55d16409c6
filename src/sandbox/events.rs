//! What happens after an answer was given: one queue in order, and one worker that takes from it.
//!
//! Requests push, the worker handles one event after the other, and what an event leads to is pushed
//! in turn. An event may be due later; the others do not wait for it. They do wait for a slow backend or
//! receiver, thirty seconds at the most (`outbound`): one order of everything is what keeps the deliveries
//! of a webhook in theirs and makes runs repeat. Handlers live in `port` and `spacelift`; they hold no lock
//! while they send or run an engine. A process that is killed loses the events that were not handled yet,
//! and nothing else; of Spacelift's it loses none, because what is left to do there is part of the saved
//! state.
//!
//! Every event knows how many automations led to it, so that automations that fire each other end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::port::{self, Trigger};
use super::server::Shared;
use super::spacelift;

/// What happened, or is due.
#[derive(Clone)]
pub(crate) enum Event {
    /// A run was created and needs no approval, or was approved: it is invoked.
    RunStarted {
        /// The run's id.
        run: String,
        /// What fired the automation; null for actions that somebody executed.
        event: Value,
    },
    /// Something changed that an automation listens to.
    Triggered(Trigger),
    /// Something is due in the Spacelift account.
    Spacelift(spacelift::Task),
    /// Something was posted to the intake.
    Delivery {
        /// The key in the URL.
        key: String,
        /// Names as they were sent, and values.
        headers: Vec<(String, String)>,
        /// The query, decoded.
        query: Vec<(String, String)>,
        /// The raw body.
        body: String,
    },
}

impl fmt::Debug for Event {
    /// Shows nothing of what happened: answers of backends hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Event")
    }
}

/// An event, and how many automations led to it.
#[derive(Clone, Debug)]
struct Due {
    event: Event,
    depth: u32,
    after: Duration,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Events {
    queue: mpsc::UnboundedSender<Due>,
    /// Taken by the worker when it starts.
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Due>>>,
    /// How many events are not handled yet, those that are due later included.
    open: watch::Sender<usize>,
    /// Whether nothing waits for its time any more.
    hurry: watch::Sender<bool>,
}

impl Default for Events {
    fn default() -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        Self {
            queue,
            waiting: Mutex::new(Some(waiting)),
            open: watch::Sender::new(0),
            hurry: watch::Sender::new(false),
        }
    }
}

impl Events {
    /// Appends an event to which `depth` automations led; none, when a client caused it.
    pub(crate) fn push_from(&self, event: Event, depth: u32) {
        self.push_later(event, depth, Duration::ZERO);
    }

    /// Appends an event that is due after a while.
    pub(crate) fn push_later(&self, event: Event, depth: u32, after: Duration) {
        self.open.send_modify(|open| *open += 1);
        let due = Due {
            event,
            depth,
            after,
        };
        if self.queue.send(due).is_err() {
            // The worker is gone, and so is everybody who could wait for it.
            self.done();
        }
    }

    /// Returns when every event is handled, those included that they lead to and those that are due later.
    pub(crate) async fn settle(&self) {
        let mut open = self.open.subscribe();
        // The sender lives as long as `self`.
        let _ = open.wait_for(|open| *open == 0).await;
    }

    /// From now on no event waits for its time.
    pub(crate) fn hurry(&self) {
        self.hurry.send_replace(true);
    }

    /// Waits for a while, or not at all in a hurry.
    pub(crate) async fn pause(&self, pause: Duration) {
        let mut hurry = self.hurry.subscribe();
        // The sender lives as long as `self`.
        let _ = tokio::time::timeout(pause, hurry.wait_for(|is_hurried| *is_hurried)).await;
    }

    fn done(&self) {
        self.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// Handles events until it is aborted; there is one worker for a sandbox.
pub(crate) async fn work(shared: Arc<Shared>) {
    let events = &shared.events;
    let taken = events
        .waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut waiting) = taken else {
        return;
    };
    let mut hurry = events.hurry.subscribe();
    let mut later = Later::default();
    loop {
        let is_hurried = *hurry.borrow_and_update();
        // What was pushed first is handled first, unless something else was due before.
        let due = match later.take(Instant::now(), is_hurried) {
            Some(due) => due,
            None => tokio::select! {
                due = waiting.recv() => match due {
                    Some(due) if due.after.is_zero() || is_hurried => due,
                    Some(due) => {
                        later.put(due);
                        continue;
                    }
                    None => return,
                },
                () = later.ripe() => continue,
                _ = hurry.changed() => continue,
            },
        };
        // In a task of its own, so that a mistake in one handler is not the end of all events.
        let mut handling = Task(tokio::spawn(handle(shared.clone(), due.event, due.depth)));
        if (&mut handling.0).await.is_err() {
            tracing::error!("the sandbox failed to handle an event");
        }
        events.done();
    }
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Task(pub(crate) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Hands an event to the half that knows what it leads to.
async fn handle(shared: Arc<Shared>, event: Event, depth: u32) {
    match event {
        Event::Spacelift(task) => spacelift::live::handle(&shared, task).await,
        event => port::handle_event(&shared, event, depth).await,
    }
}

/// Events whose time has not come.
#[derive(Default)]
struct Later {
    order: BinaryHeap<Reverse<(Instant, u64)>>,
    events: BTreeMap<u64, Due>,
    count: u64,
}

impl Later {
    fn put(&mut self, due: Due) {
        // Among equals the first comes first.
        self.count += 1;
        self.order
            .push(Reverse((Instant::now() + due.after, self.count)));
        self.events.insert(self.count, due);
    }

    /// The next event that is due, or the next of all.
    fn take(&mut self, now: Instant, all: bool) -> Option<Due> {
        let Reverse((time, number)) = self.order.peek()?;
        if *time > now && !all {
            return None;
        }
        let due = self.events.remove(number);
        self.order.pop();
        due
    }

    /// Returns when the next event is due; never without one.
    async fn ripe(&self) {
        match self.order.peek() {
            Some(Reverse((time, _))) => tokio::time::sleep_until(*time).await,
            None => std::future::pending().await,
        }
    }
}
