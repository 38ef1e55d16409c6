//! Runs of stacks: records, writes and fields (SA section 13). A run stays where it is until somebody
//! moves it with [`SpaceliftState::move_run`]; this file does not walk runs through their states.

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::secret::sha256_hex;
use super::session::Session;
use super::stacks::Stack;
use super::state::SpaceliftState;
use super::view::{Answer, Item, Leaves, Look, unanswered};

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
    /// What it would change or has changed.
    pub delta: Option<Delta>,
    /// States it went through, oldest first.
    pub history: Vec<Transition>,
}

/// The resources that a run changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
                ResolvedValue::object(commit(stack, self.commit_sha.as_deref()))
            }
            "createdAt" => ResolvedValue::leaf(self.created_at),
            "updatedAt" => ResolvedValue::leaf(self.updated_at),
            "triggeredBy" => ResolvedValue::leaf(self.triggered_by.as_deref()),
            "delta" => ResolvedValue::nullable_object(self.delta.as_ref().map(Delta::leaves)),
            "finished" => ResolvedValue::leaf(is_terminal(&self.state)),
            // No drift detection, approval policies or expiry in the sandbox.
            "driftDetection" | "needsApproval" | "expired" => ResolvedValue::leaf(false),
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
    fn is_deciding(&self) -> bool {
        self.run_type != "PROPOSED"
    }

    fn enter(&mut self, state: &str, now: i64, note: Option<String>, username: Option<String>) {
        let version = u32::try_from(self.history.len()).map_or(u32::MAX, |n| n.saturating_add(1));
        self.state = state.to_owned();
        self.updated_at = now;
        self.history.push(Transition {
            state: state.to_owned(),
            version,
            at: now,
            note,
            username,
        });
    }
}

impl SpaceliftState {
    /// Puts a run into a `RunState`, as the service's own worker would. False when there is no such run or
    /// it has ended.
    pub fn move_run(&mut self, run: &str, state: &str, now: i64) -> bool {
        let mut runs = self.runs.values_mut().flatten();
        match runs.find(|known| known.id == run && !is_terminal(&known.state)) {
            Some(run) => {
                run.enter(state, now, None, None);
                true
            }
            None => false,
        }
    }

    /// Queues a run. Each call makes a new one (SA section 13).
    pub(super) fn queue_run(
        &mut self,
        stack: &str,
        arguments: Arguments<'_>,
        (session, now): (&Session, i64),
        id: String,
    ) -> Result<Run, Refusal> {
        let stack = self.stacks.get(stack).ok_or_else(Refusal::not_found)?;
        let command = arguments.text("command").map(str::to_owned);
        let default = if command.is_some() { "TASK" } else { "TRACKED" };
        let mut run = Run {
            id,
            stack: stack.id.clone(),
            run_type: arguments.text("runType").unwrap_or(default).to_owned(),
            state: String::new(),
            command,
            branch: stack.branch.clone(),
            commit_sha: arguments.text("commitSha").map(str::to_owned),
            triggered_by: Some(session.login()),
            created_at: now,
            updated_at: now,
            delta: None,
            history: Vec::new(),
        };
        run.enter("QUEUED", now, None, None);
        let runs = self.runs.entry(stack.id.clone()).or_default();
        runs.push(run.clone());
        Ok(run)
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
        let runs = self.runs.get_mut(&stack).ok_or_else(Refusal::not_found)?;
        let run = runs.iter_mut().find(|run| run.id == id);
        let run = run.ok_or_else(Refusal::not_found)?;
        let Some(state) = guesses::run_state_after(verb, &run.state) else {
            return Err(guesses::WRONG_RUN_STATE.into());
        };
        let note = arguments.text("note").map(str::to_owned);
        run.enter(state, now, note, Some(session.login()));
        Ok(run.clone())
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

    /// The newest run that decides the stack's state (SA section 13).
    pub(super) fn deciding_run(&self, stack: &str) -> Option<&Run> {
        let mut runs = self.runs.get(stack)?.iter().rev();
        runs.find(|run| run.is_deciding())
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
        let page = self.page_limit.unwrap_or(guesses::RUNS_PAGE).max(1);
        let older = runs.iter().take(end).rev();
        older
            .filter(|run| run.is_deciding() != proposed)
            .take(page.min(guesses::RUNS_PAGE))
            .map(Item::Run)
            .collect()
    }
}

impl Delta {
    fn leaves(&self) -> Leaves {
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

/// A commit of the stack's repository, which does not exist: the one asked for, or a stable one.
pub(super) fn commit(stack: &Stack, sha: Option<&str>) -> Leaves {
    let hash = match sha {
        Some(sha) => sha.to_owned(),
        None => {
            let digest = sha256_hex(format!("{}/{}", stack.id, stack.created_at).as_bytes());
            digest.chars().take(40).collect()
        }
    };
    let url = guesses::commit_url(&stack.namespace, &stack.repository, &hash);
    Leaves {
        type_name: "Commit",
        fields: vec![
            ("hash", hash.into()),
            ("authorLogin", guesses::COMMIT_AUTHOR_LOGIN.into()),
            ("authorName", guesses::COMMIT_AUTHOR_NAME.into()),
            ("message", guesses::COMMIT_MESSAGE.into()),
            ("timestamp", stack.created_at.into()),
            ("url", url.into()),
        ],
    }
}
