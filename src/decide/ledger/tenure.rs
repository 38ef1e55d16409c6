//! Tenure: a lease in Port, taken, renewed while an apply runs, and given back.
//!
//! A lease is an entity that is created and never written over, so that of two who want the same
//! number one is refused. Whether it may be taken from another is decided in `lease`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::decide::ledger::Shelf;
use crate::decide::ledger::head::Part;
use crate::decide::ledger::home::HomeError;
use crate::decide::ledger::lease::{Holder, Rival, Verdict, milliseconds, verdict};
use crate::decide::ledger::scope::BLUEPRINT;
use crate::decide::ledger::shelf::{call, seen};
use crate::decide::ledger::trust::Seen;
use crate::kinds::call::path;
use crate::there::services::{Problem, Repeat, TookEffect, Writer};

/// How often a lease is renewed.
pub const RENEWAL: Duration = Duration::from_secs(30);
/// How long a lease is taken to be held after the service was heard to know it, where only the
/// lease itself is at stake. Others may take it over after half as much again.
const FRESH: Duration = Duration::from_secs(60);
/// How often a lease is tried for, when others try at the same time.
const TRIES: u32 = 4;

/// What this machine knows about another holder's process.
pub type Alive<'a> = dyn Fn(&Holder) -> Option<bool> + Sync + 'a;

/// A lease that this run holds. Renewed in the background until it ends.
#[derive(Debug)]
pub struct Tenure {
    shelf: Arc<Shelf>,
    number: u64,
    alone: bool,
    renewing: JoinHandle<()>,
}

/// What came of trying.
#[derive(Debug)]
pub enum Try {
    /// The lease is this run's.
    Taken(Tenure),
    /// Somebody works.
    Held(Box<Held>),
}

/// Somebody's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who, in words.
    pub who: String,
    /// Since when, as Port stamped it.
    pub since: String,
    /// Milliseconds since its renewal, by the server's clock.
    pub quiet: Option<i64>,
}

impl Tenure {
    /// Tries to take the lease of a shelf that was just read, and renews it `every` so often.
    /// `stop` is set when it is lost.
    ///
    /// Whoever holds any lease holds the ledger: a takeover that was killed halfway leaves a higher
    /// number beside the one of a holder that may work on.
    pub async fn take(
        shelf: &Arc<Shelf>,
        writer: &Arc<Writer>,
        me: &Holder,
        alive: &Alive<'_>,
        stop: &Arc<AtomicBool>,
        every: Duration,
    ) -> Result<Try, HomeError> {
        let mut tries = 0;
        let mut mine = None;
        let (number, leases) = loop {
            let leases = shelf.leases();
            let now = writer.reader().server_time();
            let mut own = mine;
            let mut holding = None;
            for (number, seen) in &leases {
                match verdict(&rival(seen, alive), me, now) {
                    Verdict::Ours => own = Some(*number),
                    Verdict::Held => holding = Some(seen),
                    Verdict::Free => {}
                }
            }
            if let Some(seen) = holding {
                // It came between, or woke up again.
                if let Some(number) = own {
                    remove(shelf, writer, number).await?;
                }
                return Ok(Try::Held(Box::new(held(seen, now))));
            }
            if let Some(number) = own {
                break (number, leases);
            }
            let number = leases.last().map_or(1, |(number, _)| number + 1);
            match create(shelf, writer, number, me).await {
                Ok(by) => {
                    shelf.stamped(&by);
                    mine = Some(number);
                }
                Err(failure) => {
                    let taken = matches!(failure.error.problem(), Problem::Taken(_));
                    tries += 1;
                    if tries == TRIES || !(taken || failure.took_effect == TookEffect::Maybe) {
                        return Err(failure.error.into());
                    }
                }
            }
            // What counts is who is there now, not who was there when the plan was made.
            shelf.look_at_leases(writer.reader()).await?;
        };
        let mut alone = true;
        for (other, seen) in &leases {
            if *other == number {
                shelf.stamped(&seen.updated_by);
            } else {
                // Before anything is read for this turn: who loses its lease saves no more.
                alone = false;
                remove(shelf, writer, *other).await?;
            }
        }
        shelf.holds(number, me);
        let renewing = renew(shelf.clone(), writer.clone(), stop.clone(), every);
        Ok(Try::Taken(Tenure {
            shelf: shelf.clone(),
            number,
            alone,
            renewing: tokio::spawn(renewing),
        }))
    }

    /// Whether nobody else's lease was there. Who is gone may have written until a moment ago, so
    /// that what was read before does not count.
    pub fn was_alone(&self) -> bool {
        self.alone
    }

    /// Gives the lease back, unless it is somebody else's by now.
    pub async fn end(self, writer: &Writer) -> Result<(), HomeError> {
        self.renewing.abort();
        match self.shelf.confirm(writer, FRESH).await {
            Err(HomeError::Lost) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => remove(&self.shelf, writer, self.number).await,
        }
    }
}

/// Takes all leases of a shelf away, whoever holds them.
pub async fn unlock(shelf: &Shelf, writer: &Writer) -> Result<(), HomeError> {
    for (number, _) in shelf.leases() {
        remove(shelf, writer, number).await?;
    }
    Ok(())
}

/// Takes away the leases of a shelf whose holders are gone. One that wakes up again finds its lease
/// lost, as after a takeover.
pub async fn clear_away(
    shelf: &Shelf,
    writer: &Writer,
    me: &Holder,
    alive: &Alive<'_>,
) -> Result<(), HomeError> {
    let now = writer.reader().server_time();
    for (number, seen) in shelf.leases() {
        if verdict(&rival(&seen, alive), me, now) == Verdict::Free {
            remove(shelf, writer, number).await?;
        }
    }
    Ok(())
}

/// Who holds a lease, for people.
pub fn held(seen: &Seen, now: Option<i64>) -> Held {
    let who = Holder::read(&seen.content)
        .map_or_else(|| format!("`{}`", seen.updated_by), |holder| holder.words());
    Held {
        who,
        since: seen.created_at.clone(),
        quiet: now
            .zip(milliseconds(&seen.updated_at))
            .map(|(now, renewed)| now.saturating_sub(renewed).max(0)),
    }
}

fn rival(seen: &Seen, alive: &Alive) -> Rival {
    let holder = Holder::read(&seen.content);
    Rival {
        alive: holder.as_ref().and_then(alive),
        holder,
        renewed: milliseconds(&seen.updated_at),
    }
}

/// Creates a lease; how Port stamped it.
async fn create(
    shelf: &Shelf,
    writer: &Writer,
    number: u64,
    me: &Holder,
) -> Result<String, crate::there::services::Failure> {
    let part = Part {
        id: shelf.scope().lease(number),
        generation: 0,
        content: serde_json::to_string(me).expect("a holder is plain data"),
    };
    let entities = path(&["v1", "blueprints", BLUEPRINT, "entities"]);
    let call = call("POST", &entities, shelf.entity(&part, None));
    let answer = writer.send(&call, Repeat::Unreceived).await?;
    Ok(seen(&answer["entity"]).unwrap_or_default().updated_by)
}

async fn remove(shelf: &Shelf, writer: &Writer, number: u64) -> Result<(), HomeError> {
    let lease = shelf.scope().lease(number);
    shelf.remove_entity(writer, &lease).await
}

/// Renews the lease of a shelf once. One that is gone was taken over, or taken away by hand, and
/// numbers are given again, so that one with another holder's nonce is lost as well.
pub(super) async fn renew_once(
    shelf: &Shelf,
    writer: &Writer,
    number: u64,
    nonce: &str,
) -> Result<(), HomeError> {
    let body = json!({"properties": {"generation": shelf.renewal()}});
    let call = call("PATCH", &route(shelf, number), body);
    let there = match writer.send(&call, Repeat::Always).await {
        Ok(answer) => seen(&answer["entity"]),
        Err(failure) if matches!(failure.error.problem(), Problem::NotFound(_)) => None,
        Err(failure) => return Err(failure.error.into()),
    };
    let holder = there.and_then(|seen| Holder::read(&seen.content));
    if holder.is_some_and(|holder| holder.nonce == nonce) {
        shelf.renewed();
        return Ok(());
    }
    shelf.lose();
    Err(HomeError::Lost)
}

/// Renews until the task is ended. Who loses the lease stops.
async fn renew(shelf: Arc<Shelf>, writer: Arc<Writer>, stop: Arc<AtomicBool>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        // A renewal that failed for another reason may work the next time; a save asks again.
        if let Err(HomeError::Lost) = shelf.confirm(&writer, Duration::ZERO).await {
            stop.store(true, Ordering::SeqCst);
            return;
        }
    }
}

fn route(shelf: &Shelf, number: u64) -> String {
    path(&[
        "v1",
        "blueprints",
        BLUEPRINT,
        "entities",
        &shelf.scope().lease(number),
    ])
}
