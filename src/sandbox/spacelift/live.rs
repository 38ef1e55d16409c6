//! The worker's side of the account: does the tasks that a change of the state has left behind. The only
//! room here that asks engines and sends; it holds the state for moments in between and never meanwhile.
//!
//! The state is saved after each happening that was told, so a killed process takes at most one up again.

use std::time::Duration;

use super::decisions::Desk;
use super::deliveries::{Attempt, Letter};
use super::happenings::Task;
use super::input;
use super::policies::Policy;
use super::state::SpaceliftState;
use crate::sandbox::events::Event;
use crate::sandbox::outbound::Outgoing;
use crate::sandbox::server::Shared;

/// Does one task.
pub(crate) async fn handle(shared: &Shared, task: Task) {
    match task {
        Task::Step { run, version } => {
            let now = shared.now();
            let mut state = shared.spacelift();
            state.depth = 0;
            state.step_run(&run, version, now);
            push(shared, &mut state);
        }
        Task::Tell => tell(shared).await,
    }
}

/// Hands the tasks that a change has left to the worker; the caller holds the state, so that they are in
/// order.
pub(crate) fn push(shared: &Shared, state: &mut SpaceliftState) {
    for task in state.take_tasks() {
        let pause = match task {
            Task::Step { .. } => shared.pace,
            Task::Tell => Duration::ZERO,
        };
        shared.events.push_later(Event::Spacelift(task), 0, pause);
    }
}

/// Tells the oldest happening to everybody whom it concerns.
async fn tell(shared: &Shared) {
    let found = {
        let state = shared.spacelift();
        state.happenings.front().cloned().map(|happening| {
            let document = input::document(&state, &happening);
            let policies = state.policies_hearing(&happening.space);
            let policies: Vec<Policy> = policies.into_iter().cloned().collect();
            let letters = state.letters_to_stack(&happening);
            (happening, document, policies, letters)
        })
    };
    let Some((happening, document, policies, mut letters)) = found else {
        return;
    };
    let mut answers = Vec::new();
    if !policies.is_empty() {
        let questions = policies.iter().map(|policy| policy.question(&document));
        answers = shared.engine(questions.collect()).await;
    }
    let now = shared.now();
    {
        let desk = Desk {
            ids: &|| shared.dice.ulid(),
            now,
        };
        let mut state = shared.spacelift();
        for (policy, answer) in policies.iter().zip(answers) {
            letters.extend(state.decided(&happening, policy, (&document, answer), &desk));
        }
    }
    for letter in letters {
        deliver(shared, letter, happening.depth).await;
    }
    {
        let mut state = shared.spacelift();
        state.happenings.pop_front();
        push(shared, &mut state);
    }
    if let Err(error) = save(shared) {
        tracing::warn!(%error, "the sandbox could not save its Spacelift account");
    }
}

/// Makes one delivery with all its attempts, and writes it down.
async fn deliver(shared: &Shared, letter: Letter, depth: u32) {
    let at = shared.now();
    let mut attempts = Vec::new();
    loop {
        let headers = letter.headers.iter();
        let outgoing = Outgoing {
            method: letter.method.clone(),
            url: letter.url.clone(),
            headers: headers
                .map(|header| (header.name.clone(), header.value.clone()))
                .collect(),
            body: letter.body.clone().into_bytes(),
            depth,
        };
        let attempt = match shared.outbound.send(outgoing).await {
            Ok(received) => Attempt::answered(received.status),
            Err(unsent) => Attempt::failed(unsent.to_string()),
        };
        let is_last = attempts.len() + 1 >= letter.attempts as usize || !attempt.may_be_repeated();
        attempts.push(attempt);
        if is_last {
            break;
        }
        shared.events.pause(shared.pace).await;
    }
    let (id, message_id) = (shared.dice.ulid(), shared.dice.ulid());
    let delivery = letter.logged(id, at, attempts);
    shared.spacelift().delivered(delivery, message_id);
}

/// Saves the account as requests do.
pub(crate) fn save(shared: &Shared) -> std::io::Result<()> {
    match &shared.store {
        Some(store) => store.save_spacelift(&shared.spacelift),
        None => Ok(()),
    }
}
