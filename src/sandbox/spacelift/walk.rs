//! How a run goes from its first state to its last (SA section 13): which states lie before it, when it
//! waits, and what entering a state causes. It waits for nothing itself and reads no clock: it notes
//! [`Task`]s, which the worker does when their time has come.

use serde::{Deserialize, Serialize};

use super::execute::SCHEMA;
use super::guesses;
use super::happenings::Task;
use super::refusal::Refusal;
use super::runs::{Delta, Run, Transition, is_terminal};
use super::state::SpaceliftState;

/// Up to here all runs that plan go the same way (SA section 13).
const PLANS: [&str; 5] = ["QUEUED", "READY", "PREPARING", "INITIALIZING", "PLANNING"];

/// What a run is still going to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The states before it, next first.
    pub ahead: Vec<String>,
    /// The states in which it waits until somebody moves it on.
    pub stops: Vec<String>,
    /// What its plan will find.
    pub finds: Delta,
    /// How many automations of Port led to it.
    pub depth: u32,
    /// Whether the file did not say any of this.
    #[serde(skip)]
    pub(super) is_unknown: bool,
}

/// How a run begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    pub(super) stack: String,
    /// A `RunType`.
    pub(super) run_type: String,
    /// The command of a task.
    pub(super) command: Option<String>,
    /// None for the tracked one.
    pub(super) branch: Option<String>,
    /// None for the tracked one.
    pub(super) commit: Option<String>,
    /// None for a git push.
    pub(super) triggered_by: Option<String>,
    pub(super) drift_detection: bool,
    /// The states it goes through whatever it finds, the first included; none for the usual ones.
    pub(super) path: Option<Vec<String>>,
    pub(super) finds: Delta,
    /// A state in which it waits.
    pub(super) stop_at: Option<String>,
    /// Changes are applied without anybody's word, on any stack.
    pub(super) is_applied_unasked: bool,
    /// A task without `INITIALIZING`.
    pub(super) skips_initialization: bool,
}

impl SpaceliftState {
    /// Starts a run: it is in its first state when this returns. `now` in milliseconds.
    pub(super) fn start_run(&mut self, start: Start, id: String, now: i64) -> Result<Run, Refusal> {
        let stack = self.stacks.get(&start.stack);
        let stack = stack.ok_or_else(Refusal::not_found)?;
        let path: Vec<String> = match &start.path {
            Some(path) => path.clone(),
            None => {
                let applies = stack.autodeploy || start.is_applied_unasked;
                let usual = usual_path(&start.run_type, start.finds, applies);
                let mut usual: Vec<String> = usual.into_iter().map(str::to_owned).collect();
                usual.retain(|state| !(start.skips_initialization && state == "INITIALIZING"));
                usual
            }
        };
        let mut stops: Vec<String> = start.stop_at.into_iter().collect();
        if start.path.is_none() {
            stops.push("UNCONFIRMED".to_owned());
        }
        let first = path.first().cloned();
        let first = first.unwrap_or_else(|| "QUEUED".to_owned());
        let seconds = now.div_euclid(1000);
        let run = Run {
            id: id.clone(),
            stack: start.stack.clone(),
            run_type: start.run_type,
            state: String::new(),
            command: start.command,
            branch: start.branch.unwrap_or_else(|| stack.branch.clone()),
            commit_sha: start.commit,
            triggered_by: start.triggered_by,
            created_at: seconds,
            updated_at: seconds,
            delta: None,
            drift_detection: start.drift_detection,
            course: Course {
                ahead: path,
                stops,
                finds: start.finds,
                depth: self.depth,
                is_unknown: false,
            },
            history: Vec::new(),
        };
        self.runs.entry(start.stack).or_default().push(run);
        let entered = self.enter_run(&id, &first, now, (None, None));
        entered.ok_or_else(Refusal::not_found)
    }

    /// Puts a run into a `RunState`, as the service's own worker would. False when there is no such run or
    /// it has ended. `now` in milliseconds.
    pub fn move_run(&mut self, run: &str, state: &str, now: i64) -> bool {
        let is_there = self.run(run).is_some_and(|run| !is_terminal(&run.state));
        is_there && self.enter_run(run, state, now, (None, None)).is_some()
    }

    /// Lets a run that waits go on from where it is. False when there is no such run, it has ended, or
    /// nothing lies before it.
    pub(super) fn release_run(&mut self, run: &str) -> bool {
        let Some(run) = self.run_mut(run) else {
            return false;
        };
        if is_terminal(&run.state) || run.course.ahead.is_empty() {
            return false;
        }
        let state = run.state.clone();
        run.course.stops.retain(|stop| *stop != state);
        let task = run.next_step();
        self.tasks.push(task);
        true
    }

    /// Lets a run wait in a state, if one is given. False when there is no such run.
    pub(super) fn stop_run_at(&mut self, run: &str, state: Option<String>) -> bool {
        let Some(run) = self.run_mut(run) else {
            return false;
        };
        run.course.stops.extend(state);
        true
    }

    /// Takes the next step of a run, if it is still in its `version`th state and nothing keeps it there.
    /// `now` in milliseconds.
    pub(super) fn step_run(&mut self, run: &str, version: u32, now: i64) {
        let Some(known) = self.run(run) else {
            return;
        };
        if known.version() != version || !known.walks() {
            return;
        }
        // One at a time: the others stay queued until it is over (SA section 13).
        let blocking = self.blocking_run(&known.stack);
        if known.is_deciding() && blocking.is_some_and(|blocking| blocking.id != run) {
            return;
        }
        if let Some(next) = known.course.ahead.first().cloned() {
            self.enter_run(run, &next, now, (None, None));
        }
    }

    /// Puts a run into a state, with what a person said and who it was, and notes what follows. The run
    /// as it is then; none when there is no such run.
    pub(super) fn enter_run(
        &mut self,
        run: &str,
        state: &str,
        now: i64,
        (note, username): (Option<String>, Option<String>),
    ) -> Option<Run> {
        let depth = self.depth;
        let run = self.run_mut(run)?;
        if run.has_planned(state) {
            run.delta = Some(run.course.finds);
        }
        run.course.follow(state, &run.run_type);
        run.course.depth = run.course.depth.max(depth);
        run.state = state.to_owned();
        run.updated_at = now.div_euclid(1000);
        run.history.push(Transition {
            state: state.to_owned(),
            version: run.version().saturating_add(1),
            at: now.div_euclid(1000),
            millisecond: now.rem_euclid(1000),
            note,
            username,
        });
        let run = run.clone();
        self.run_changed(&run, now);
        if run.walks() {
            self.tasks.push(run.next_step());
        }
        if is_terminal(&run.state)
            && run.is_deciding()
            && let Some(next) = self.blocking_run(&run.stack)
        {
            let task = next.next_step();
            self.tasks.push(task);
        }
        Some(run)
    }

    fn run(&self, id: &str) -> Option<&Run> {
        self.runs.values().flatten().find(|run| run.id == id)
    }

    fn run_mut(&mut self, id: &str) -> Option<&mut Run> {
        let mut runs = self.runs.values_mut().flatten();
        runs.find(|run| run.id == id)
    }
}

impl Run {
    /// Whether it goes on by itself, others permitting.
    pub(super) fn walks(&self) -> bool {
        !is_terminal(&self.state)
            && !self.course.ahead.is_empty()
            && !self.course.stops.contains(&self.state)
    }

    /// Whether its plan is done when it enters `state`.
    fn has_planned(&self, state: &str) -> bool {
        let applies = ["UNCONFIRMED", "CONFIRMED", "PREPARING_APPLY", "APPLYING"];
        let plans = !matches!(self.run_type.as_str(), "TASK" | "DESTROY");
        plans && (applies.contains(&state) || state == "FINISHED")
    }

    /// The task that takes it to its next state.
    pub(super) fn next_step(&self) -> Task {
        Task::Step {
            run: self.id.clone(),
            version: self.version(),
        }
    }
}

impl Course {
    /// That of a run in a file of an older sandbox, whose runs went nowhere: they go on at the next start,
    /// or the runs after them would wait for ever.
    pub(super) fn unknown() -> Self {
        Self {
            is_unknown: true,
            ..Self::default()
        }
    }

    /// Finds out where a run of an older file goes from the state it is in.
    pub(super) fn recover(&mut self, state: &str, run_type: &str) {
        if std::mem::take(&mut self.is_unknown) && !is_terminal(state) {
            let usual = usual_path(run_type, self.finds, false);
            self.ahead = usual.into_iter().map(str::to_owned).collect();
            self.stops.push("UNCONFIRMED".to_owned());
            self.follow(state, run_type);
        }
    }

    /// What lies before a run that enters `state`.
    fn follow(&mut self, state: &str, run_type: &str) {
        if is_terminal(state) {
            self.ahead.clear();
        } else if let Some(at) = self.ahead.iter().position(|ahead| ahead == state) {
            self.ahead.drain(..=at);
        } else {
            // Somebody led it astray: it goes on as runs of its type do from there.
            let usual = usual_path(run_type, guesses::SOME_CHANGE, false);
            let rest = usual.iter().position(|usual| *usual == state);
            let rest = rest.map_or(&[][..], |at| &usual[at + 1..]);
            self.ahead = rest.iter().map(|state| (*state).to_owned()).collect();
            if state == "UNCONFIRMED" {
                self.stops.push(state.to_owned());
            }
        }
    }
}

/// The states of a run from first to last when everything goes well and, where that is needed, somebody
/// confirms it (SA section 13).
fn usual_path(run_type: &str, finds: Delta, applies: bool) -> Vec<&'static str> {
    let end: &[&str] = match run_type {
        "TASK" => return guesses::TASK_PATH.to_vec(),
        "DESTROY" => return guesses::DESTROY_PATH.to_vec(),
        "TESTING" => &["APPLYING", "DESTROYING", "FINISHED"],
        "PROPOSED" => &["FINISHED"],
        _ if finds.is_empty() => &["FINISHED"],
        _ if applies => &["APPLYING", "FINISHED"],
        _ => &[
            "UNCONFIRMED",
            "CONFIRMED",
            "PREPARING_APPLY",
            "APPLYING",
            "FINISHED",
        ],
    };
    PLANS.iter().chain(end).copied().collect()
}

/// Whether the schema's enum `type_name` has `value`.
pub(super) fn is_value_of(type_name: &str, value: &str) -> bool {
    let known = SCHEMA.get_enum(type_name);
    known.is_some_and(|known| known.values.contains_key(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::spacelift::starting::StartingStack;

    fn account() -> SpaceliftState {
        SpaceliftState::beginning_with(&[StartingStack::ai_agent()], 1_700_000_000)
    }

    fn start(state: &mut SpaceliftState, start: Start) -> String {
        let id = format!("run-{}", state.runs.values().flatten().count());
        let start = Start {
            stack: "ai-agent".to_owned(),
            run_type: match start.run_type.as_str() {
                "" => "TRACKED".to_owned(),
                other => other.to_owned(),
            },
            ..start
        };
        state
            .start_run(start, id.clone(), 1_700_000_000_250)
            .expect("the stack is there");
        id
    }

    /// Does all steps that are due.
    fn walk(state: &mut SpaceliftState) {
        loop {
            let tasks = state.take_tasks();
            if tasks.is_empty() {
                return;
            }
            for task in tasks {
                if let Task::Step { run, version } = task {
                    state.step_run(&run, version, 1_700_000_001_500);
                }
            }
        }
    }

    fn start_until(state: &mut SpaceliftState, stop_at: &str) -> String {
        let stop_at = Some(stop_at.to_owned());
        let start_with = Start {
            stop_at,
            ..Start::default()
        };
        start(state, start_with)
    }

    fn states(state: &SpaceliftState, run: &str) -> String {
        let run = state.run(run).expect("the run");
        let states: Vec<&str> = run.history.iter().map(|t| t.state.as_str()).collect();
        states.join(" ")
    }

    fn changes() -> Delta {
        Delta {
            added: 2,
            ..Delta::default()
        }
    }

    #[test]
    fn a_run_without_changes_finishes() {
        let mut state = account();
        let run = start(&mut state, Start::default());
        walk(&mut state);
        assert_eq!(
            states(&state, &run),
            "QUEUED READY PREPARING INITIALIZING PLANNING FINISHED"
        );
        let run = state.run(&run).expect("the run");
        assert_eq!(run.delta, Some(Delta::default()));
        assert_eq!((run.version(), run.updated_at), (6, 1_700_000_001));
    }

    #[test]
    fn changes_wait_for_a_word_unless_the_stack_deploys_by_itself() {
        let mut state = account();
        let with_changes = || Start {
            finds: changes(),
            ..Start::default()
        };
        let run = start(&mut state, with_changes());
        walk(&mut state);
        assert_eq!(
            states(&state, &run),
            "QUEUED READY PREPARING INITIALIZING PLANNING UNCONFIRMED"
        );
        state.enter_run(&run, "CONFIRMED", 0, (None, None));
        walk(&mut state);
        assert!(states(&state, &run).ends_with("CONFIRMED PREPARING_APPLY APPLYING FINISHED"));

        let run = start(&mut state, with_changes());
        walk(&mut state);
        state.enter_run(&run, "DISCARDED", 0, (None, None));
        walk(&mut state);
        assert!(states(&state, &run).ends_with("UNCONFIRMED DISCARDED"));

        if let Some(stack) = state.stacks.get_mut("ai-agent") {
            stack.autodeploy = true;
        }
        let run = start(&mut state, with_changes());
        walk(&mut state);
        assert!(states(&state, &run).ends_with("PLANNING APPLYING FINISHED"));
    }

    #[test]
    fn a_stack_has_one_run_at_a_time_and_proposed_ones_beside_it() {
        let mut state = account();
        let stop_at = Some("PLANNING".to_owned());
        let first = start(
            &mut state,
            Start {
                stop_at,
                ..Start::default()
            },
        );
        let second = start(&mut state, Start::default());
        let proposed = start(
            &mut state,
            Start {
                run_type: "PROPOSED".to_owned(),
                branch: Some("feature".to_owned()),
                finds: changes(),
                ..Start::default()
            },
        );
        walk(&mut state);
        assert!(states(&state, &first).ends_with("PLANNING"));
        assert_eq!(states(&state, &second), "QUEUED");
        assert!(states(&state, &proposed).ends_with("PLANNING FINISHED"));
        let deciding = |state: &SpaceliftState| {
            let run = state.deciding_run("ai-agent");
            run.map(|run| (run.id.clone(), run.state.clone()))
        };
        assert_eq!(deciding(&state), Some((first.clone(), "PLANNING".into())));

        assert!(state.release_run(&first));
        walk(&mut state);
        assert!(states(&state, &first).ends_with("FINISHED"));
        assert_eq!(deciding(&state), Some((second, "FINISHED".into())));
    }

    #[test]
    fn other_types_go_their_own_way() {
        let mut state = account();
        let mut went = |run_type: &str, skips_initialization| {
            let run = start(
                &mut state,
                Start {
                    run_type: run_type.to_owned(),
                    skips_initialization,
                    ..Start::default()
                },
            );
            walk(&mut state);
            states(&state, &run)
        };
        assert_eq!(
            went("TASK", false),
            "QUEUED READY PREPARING INITIALIZING PERFORMING FINISHED"
        );
        assert_eq!(
            went("TASK", true),
            "QUEUED READY PREPARING PERFORMING FINISHED"
        );
        assert!(went("DESTROY", false).ends_with("DESTROYING FINISHED"));
        assert!(went("TESTING", false).ends_with("APPLYING DESTROYING FINISHED"));
    }

    #[test]
    fn a_wished_path_is_gone_to_its_end() {
        let mut state = account();
        let path = ["QUEUED", "PREPARING", "UNCONFIRMED", "CONFIRMED", "FAILED"];
        let run = start(
            &mut state,
            Start {
                path: Some(path.map(str::to_owned).to_vec()),
                ..Start::default()
            },
        );
        walk(&mut state);
        assert_eq!(states(&state, &run), path.join(" "));
    }

    #[test]
    fn whoever_moves_a_run_moves_it_along() {
        let mut state = account();
        let run = start_until(&mut state, "QUEUED");
        walk(&mut state);
        assert!(state.move_run(&run, "PLANNING", 0));
        walk(&mut state);
        assert_eq!(states(&state, &run), "QUEUED PLANNING FINISHED");
        assert!(!state.move_run(&run, "PLANNING", 0));
        assert!(!state.release_run(&run));

        // A state that does not lie before it: from there on as usual.
        let run = start_until(&mut state, "PREPARING");
        walk(&mut state);
        assert!(state.move_run(&run, "UNCONFIRMED", 0));
        walk(&mut state);
        assert!(states(&state, &run).ends_with("PREPARING UNCONFIRMED"));
        assert!(state.release_run(&run));
        walk(&mut state);
        assert!(states(&state, &run).ends_with("CONFIRMED PREPARING_APPLY APPLYING FINISHED"));
    }

    #[test]
    fn a_step_is_taken_once() {
        let mut state = account();
        let run = start(&mut state, Start::default());
        state.take_tasks();
        state.step_run(&run, 1, 0);
        state.step_run(&run, 1, 0);
        assert_eq!(states(&state, &run), "QUEUED READY");
        state.step_run("nobody", 1, 0);
    }

    #[test]
    fn all_states_are_the_schemas() {
        for run_type in ["TRACKED", "PROPOSED", "TASK", "DESTROY", "TESTING"] {
            assert!(is_value_of("RunType", run_type));
            for state in usual_path(run_type, guesses::SOME_CHANGE, false) {
                assert!(is_value_of("RunState", state), "{state}");
            }
        }
        assert!(!is_value_of("RunState", "NONE"));
        assert!(!is_value_of("Run", "QUEUED"));
    }
}
