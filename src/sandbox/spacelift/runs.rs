//! Runs of stacks: records, fields, and what people ask of them (SA section 13). How a run goes from one
//! state to the next is in `walk`.

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::commits::Commit;
use super::guesses;
use super::refusal::Refusal;
use super::session::Session;
use super::stacks::Stack;
use super::state::SpaceliftState;
use super::view::{Answer, Item, Leaves, Look, unanswered};
use super::walk::{Course, Start};

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// A ULID.
    pub id: String,
    /// The stack's slug.
    pub stack: String,
    /// A `RunType`.
    pub run_type: String,
    /// A `RunState`.
    pub state: String,
    /// The command of a task.
    pub command: Option<String>,
    /// The branch it was started from.
    pub branch: String,
    /// The commit that was asked for; none for the tracked one.
    pub commit_sha: Option<String>,
    /// `api::KEYID`, a login, or none for a git push.
    pub triggered_by: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// What it would change or has changed; none before its plan is done.
    pub delta: Option<Delta>,
    /// Whether it only looks for drift.
    #[serde(default)]
    pub drift_detection: bool,
    /// What it is still going to do; older files do not say.
    #[serde(default = "Course::unknown")]
    pub course: Course,
    /// States it went through, oldest first.
    pub history: Vec<Transition>,
}

/// The resources that a run changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delta {
    /// Resources added.
    pub added: u32,
    /// Resources changed.
    pub changed: u32,
    /// Resources deleted.
    pub deleted: u32,
    /// Resources in all.
    pub resources: u32,
}

/// One state that a run was put into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// A `RunState`.
    pub state: String,
    /// Counts from 1 within the run.
    pub version: u32,
    /// Unix seconds.
    pub at: i64,
    /// The milliseconds behind `at`.
    #[serde(default)]
    pub millisecond: i64,
    /// What the person said.
    pub note: Option<String>,
    /// Who did it; none for the service itself.
    pub username: Option<String>,
}

impl Run {
    pub(super) fn field<'a>(&'a self, look: Look<'a>, info: &ResolveInfo<'_>) -> Answer<'a> {
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "branch" => ResolvedValue::leaf(self.branch.as_str()),
            "type" => ResolvedValue::leaf(self.run_type.as_str()),
            "state" => ResolvedValue::leaf(self.state.as_str()),
            "title" => {
                ResolvedValue::leaf(guesses::run_title(&self.run_type, self.command.as_deref()))
            }
            "command" => ResolvedValue::leaf(self.command.as_deref()),
            "commit" => {
                let stack = look.state.stacks.get(&self.stack);
                let stack = stack.ok_or_else(Refusal::not_found)?;
                ResolvedValue::object(Commit::of(stack, self.commit_sha.as_deref()).leaves())
            }
            "createdAt" => ResolvedValue::leaf(self.created_at),
            "updatedAt" => ResolvedValue::leaf(self.updated_at),
            "triggeredBy" => ResolvedValue::leaf(self.triggered_by.as_deref()),
            "delta" => ResolvedValue::nullable_object(self.delta.map(Delta::leaves)),
            "finished" => ResolvedValue::leaf(is_terminal(&self.state)),
            "driftDetection" => ResolvedValue::leaf(self.drift_detection),
            // No approval policies and no expiry in the sandbox.
            "needsApproval" | "expired" => ResolvedValue::leaf(false),
            "isMostRecent" => {
                let last = look
                    .state
                    .runs
                    .get(&self.stack)
                    .and_then(|runs| runs.last());
                ResolvedValue::leaf(last.is_some_and(|last| last.id == self.id))
            }
            "history" => {
                let newest_first = self.history.iter().rev();
                ResolvedValue::list(newest_first.map(|t| ResolvedValue::object(t.leaves())))
            }
            _ => return unanswered(info),
        })
    }

    /// Whether the run decides the state of its stack; a proposed one never touches it.
    pub(super) fn is_deciding(&self) -> bool {
        self.run_type != "PROPOSED"
    }

    /// How many states the run has been in: `stateVersion`.
    pub(super) fn version(&self) -> u32 {
        u32::try_from(self.history.len()).unwrap_or(u32::MAX)
    }
}

impl SpaceliftState {
    /// Queues a run. Each call makes a new one (SA section 13). `now` in milliseconds.
    pub(super) fn queue_run(
        &mut self,
        stack: String,
        arguments: Arguments<'_>,
        (session, now): (&Session, i64),
        id: String,
    ) -> Result<Run, Refusal> {
        let command = arguments.text("command").map(str::to_owned);
        let default = if command.is_some() { "TASK" } else { "TRACKED" };
        let start = Start {
            stack,
            run_type: arguments.text("runType").unwrap_or(default).to_owned(),
            command,
            commit: arguments.text("commitSha").map(str::to_owned),
            triggered_by: Some(session.login()),
            is_applied_unasked: arguments.text("forceApply").is_some(),
            skips_initialization: arguments.flag("skipInitialization") == Some(true),
            ..Start::default()
        };
        self.start_run(start, id, now)
    }

    /// Confirms, discards, cancels or stops a run, as the mutation `verb` says; without an id the one that
    /// blocks the stack.
    pub(super) fn judge_run(
        &mut self,
        verb: &str,
        arguments: Arguments<'_>,
        (session, now): (&Session, i64),
    ) -> Result<Run, Refusal> {
        let stack = arguments.needed_id("stack")?;
        let id = match arguments.id("run") {
            Some(id) => id,
            None => {
                let blocking = self.blocking_run(&stack).ok_or_else(Refusal::not_found)?;
                blocking.id.clone()
            }
        };
        let run = self.run_of(&stack, &id).ok_or_else(Refusal::not_found)?;
        let Some(state) = guesses::run_state_after(verb, &run.state) else {
            return Err(guesses::WRONG_RUN_STATE.into());
        };
        let note = arguments.text("note").map(str::to_owned);
        let entered = self.enter_run(&id, state, now, (note, Some(session.login())));
        entered.ok_or_else(Refusal::not_found)
    }

    /// One run of a stack.
    pub(super) fn run_of(&self, stack: &str, run: &str) -> Option<&Run> {
        let mut runs = self.runs.get(stack)?.iter();
        runs.find(|known| known.id == run)
    }

    /// The stack that a run belongs to.
    pub(super) fn stack_of_run(&self, run: &str) -> Option<&Stack> {
        let mut runs = self.runs.values().flatten();
        let run = runs.find(|known| known.id == run)?;
        self.stacks.get(&run.stack)
    }

    /// The run that decides the stack's state (SA section 13): the one that others wait for, else the
    /// newest.
    pub(super) fn deciding_run(&self, stack: &str) -> Option<&Run> {
        let newest = || {
            let mut runs = self.runs.get(stack)?.iter().rev();
            runs.find(|run| run.is_deciding())
        };
        self.blocking_run(stack).or_else(newest)
    }

    /// The oldest run that has not ended and keeps others waiting.
    pub(super) fn blocking_run(&self, stack: &str) -> Option<&Run> {
        let mut runs = self.runs.get(stack)?.iter();
        runs.find(|run| run.is_deciding() && !is_terminal(&run.state))
    }
}

impl<'s> Look<'s> {
    /// A page of a stack's runs, newest first, older than `before` (SA section 4).
    pub(super) fn runs_before(
        self,
        stack: &Stack,
        before: Option<String>,
        proposed: bool,
    ) -> Vec<Item<'s>> {
        let runs = self
            .state
            .runs
            .get(&stack.id)
            .map_or(&[][..], Vec::as_slice);
        let end = match before.filter(|id| !id.is_empty()) {
            None => runs.len(),
            // An unknown id has nothing before it.
            Some(id) => runs.iter().position(|run| run.id == id).unwrap_or(0),
        };
        let page = self.paging.limit.unwrap_or(guesses::RUNS_PAGE).max(1);
        let older = runs.iter().take(end).rev();
        older
            .filter(|run| run.is_deciding() != proposed)
            .take(page.min(guesses::RUNS_PAGE))
            .map(Item::Run)
            .collect()
    }
}

impl Delta {
    /// Whether nothing changes.
    pub(super) fn is_empty(self) -> bool {
        (self.added, self.changed, self.deleted) == (0, 0, 0)
    }

    fn leaves(self) -> Leaves {
        Leaves {
            type_name: "Delta",
            fields: vec![
                ("addCount", self.added.into()),
                ("changeCount", self.changed.into()),
                ("deleteCount", self.deleted.into()),
                ("resources", self.resources.into()),
            ],
        }
    }
}

impl Transition {
    fn leaves(&self) -> Leaves {
        Leaves {
            type_name: "RunStateTransition",
            fields: vec![
                ("state", self.state.as_str().into()),
                ("stateVersion", self.version.into()),
                ("timestamp", self.at.into()),
                ("terminal", is_terminal(&self.state).into()),
                ("hasLogs", false.into()),
                ("note", self.note.as_deref().into()),
                ("username", self.username.as_deref().into()),
            ],
        }
    }
}

/// Whether nothing follows a run's state (SA section 13).
pub(super) fn is_terminal(state: &str) -> bool {
    matches!(
        state,
        "FINISHED" | "FAILED" | "STOPPED" | "DISCARDED" | "CANCELED" | "SKIPPED"
    )
}
