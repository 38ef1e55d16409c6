//! What has happened in an account and is still to be told: state changes of runs, module versions,
//! errors of the service itself. A happening is written down in full when it happens, so that what is
//! told later is what was true then; who is told is decided later.
//!
//! Happenings are part of the saved state until they are told. A process that is killed in between tells
//! them at its next start, perhaps for the second time: deliveries are made at least once (SA section 11).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bodies;
use super::guesses;
use super::inbox::Message;
use super::input;
use super::runs::Run;
use super::spaces::ROOT;
use super::state::SpaceliftState;

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// The oldest happening is told.
    Tell,
    /// A run takes its next step, if it is still in its `version`th state.
    Step {
        /// The run's id.
        run: String,
        /// Its `stateVersion`.
        version: u32,
    },
}

/// What kind of thing happened: the key of the policies' input document (SA section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A run came into a state.
    RunUpdated,
    /// A version of a module was made.
    ModuleVersion,
    /// Something in the service went wrong.
    InternalError,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// What kind of thing.
    pub kind: Kind,
    /// When, in Unix milliseconds.
    pub at: i64,
    /// From where policies and webhooks are looked up (SA section 10).
    pub space: String,
    /// The stack whose own webhooks are told.
    pub stack: Option<String>,
    /// What policies see under the key of its kind.
    pub input: Value,
    /// What a webhook is sent when no rule says otherwise.
    pub body: Value,
    /// What the placeholders for logs stand for, by phase.
    pub logs: BTreeMap<String, String>,
    /// How many automations of Port led to it.
    pub depth: u32,
}

impl Kind {
    /// The key in the input document.
    pub fn key(self) -> &'static str {
        match self {
            Kind::RunUpdated => "run_updated",
            Kind::ModuleVersion => "module_version",
            Kind::InternalError => "internal_error",
        }
    }
}

/// An error of the service itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InternalError {
    /// The headline in the inbox.
    pub(super) title: String,
    /// What it means.
    pub(super) message: String,
    /// What went wrong.
    pub(super) error: String,
    /// `INFO`, `WARNING` or `ERROR`.
    pub(super) severity: String,
    /// The space of the stack or policy it is about; none for `root` (SA section 10).
    pub(super) space: Option<String>,
}

impl SpaceliftState {
    /// What there is to do since the last call.
    pub(crate) fn take_tasks(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.tasks)
    }

    /// What an earlier process left undone: happenings that it did not tell, and runs on their way.
    pub(crate) fn resume(&mut self) {
        for run in self.runs.values_mut().flatten() {
            run.course.recover(&run.state, &run.run_type);
        }
        let tell = self.happenings.iter().map(|_| Task::Tell);
        let runs = self.runs.values().flatten();
        let step = runs.filter(|run| run.walks()).map(Run::next_step);
        self.tasks = tell.chain(step).collect();
    }

    /// Notes that a run came into the state it is in.
    pub(super) fn run_changed(&mut self, run: &Run, now: i64) {
        let Some(stack) = self.stacks.get(&run.stack) else {
            return;
        };
        let phases = guesses::LOGGED_PHASES.iter();
        let logs = phases.map(|phase| {
            let was_in = run
                .history
                .iter()
                .any(|t| t.state.eq_ignore_ascii_case(phase));
            let log = guesses::log_text(phase, &run.id, was_in);
            ((*phase).to_owned(), log)
        });
        let happening = Happening {
            kind: Kind::RunUpdated,
            at: now,
            space: stack.space.clone(),
            stack: Some(stack.id.clone()),
            input: input::run_updated(self, stack, run),
            body: bodies::run_state_changed(self, stack, run, now),
            logs: logs.collect(),
            depth: run.course.depth,
        };
        self.happened(happening);
    }

    /// Notes an error of the service: it is in the inbox at once (SA section 10), and policies hear of it
    /// unless `is_kept_quiet`, which is for errors that telling an error makes.
    pub(super) fn failed(
        &mut self,
        error: &InternalError,
        now: i64,
        id: String,
        is_kept_quiet: bool,
    ) {
        self.inform(Message {
            id,
            at: now,
            policy: None,
            title: error.title.clone(),
            body: error.message.clone(),
            severity: error.severity.clone(),
        });
        if is_kept_quiet {
            return;
        }
        let happening = Happening {
            kind: Kind::InternalError,
            at: now,
            space: error.space.clone().unwrap_or_else(|| ROOT.to_owned()),
            stack: None,
            input: input::internal_error(error),
            body: bodies::internal_error(self, error),
            logs: guesses::no_logs(),
            depth: self.depth,
        };
        self.happened(happening);
    }

    pub(super) fn happened(&mut self, happening: Happening) {
        self.happenings.push_back(happening);
        self.tasks.push(Task::Tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::spacelift::runs::is_terminal;
    use crate::sandbox::spacelift::starting::StartingStack;
    use crate::sandbox::spacelift::walk::Start;

    #[test]
    fn what_was_left_undone_is_done_at_the_next_start() {
        let mut state = SpaceliftState::beginning_with(&[StartingStack::ai_agent()], 0);
        let start = |stop_at: Option<&str>| Start {
            stack: "ai-agent".to_owned(),
            run_type: "PROPOSED".to_owned(),
            stop_at: stop_at.map(str::to_owned),
            ..Start::default()
        };
        for (id, stop) in [("walks", None), ("waits", Some("QUEUED"))] {
            assert!(state.start_run(start(stop), id.to_owned(), 0).is_ok());
        }
        let text = serde_json::to_string(&state).expect("plain records");
        let mut restored: SpaceliftState = serde_json::from_str(&text).expect("its own text");
        assert_eq!(restored.take_tasks(), []);
        restored.resume();
        let step = Task::Step {
            run: "walks".to_owned(),
            version: 1,
        };
        assert_eq!(restored.take_tasks(), [Task::Tell, Task::Tell, step]);
    }

    #[test]
    fn a_run_of_an_older_file_goes_on_and_holds_nobody_up() {
        let mut state = SpaceliftState::beginning_with(&[StartingStack::ai_agent()], 0);
        for id in ["old", "new"] {
            let start = Start {
                stack: "ai-agent".to_owned(),
                run_type: "TRACKED".to_owned(),
                ..Start::default()
            };
            assert!(state.start_run(start, id.to_owned(), 0).is_ok());
        }
        let mut file = serde_json::to_value(&state).expect("plain records");
        let old = file.pointer_mut("/runs/ai-agent/0").expect("a run");
        old.as_object_mut().expect("a record").remove("course");
        let mut restored: SpaceliftState = serde_json::from_value(file).expect("an older file");
        restored.resume();
        for version in 1..6 {
            restored.step_run("old", version, 0);
        }
        restored.step_run("new", 1, 0);
        let states: Vec<&str> = restored.runs["ai-agent"]
            .iter()
            .map(|run| run.state.as_str())
            .collect();
        assert_eq!(states, ["FINISHED", "READY"]);
    }

    #[test]
    fn an_ended_run_is_not_taken_up_again() {
        let mut state = SpaceliftState::beginning_with(&[StartingStack::ai_agent()], 0);
        let start = Start {
            stack: "ai-agent".to_owned(),
            run_type: "TRACKED".to_owned(),
            ..Start::default()
        };
        assert!(state.start_run(start, "r".to_owned(), 0).is_ok());
        assert!(state.move_run("r", "FAILED", 0));
        state.happenings.clear();
        state.resume();
        assert_eq!(state.take_tasks(), []);
        assert!(
            state
                .runs
                .values()
                .flatten()
                .all(|run| is_terminal(&run.state))
        );
    }
}
