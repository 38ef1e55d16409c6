//! The stacks that an account begins with, one by one or tens of thousands that differ in everything that a reader may
//! stumble over. Starts nothing: a stack that has run before has one run that is told to nobody.

use super::guesses;
use super::runs::{Run, Transition};
use super::spaces::{ROOT, Space};
use super::stacks::Stack;
use super::state::SpaceliftState;
use super::walk::Course;

/// A stack that an account begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartingStack {
    /// The name; its slug is the id, so of two with one slug the later one is there.
    pub name: String,
    /// The description; both none and empty are common.
    pub description: Option<String>,
    /// The space's id. One that the account does not have is made, below `root` and with this name.
    pub space: String,
    /// The repository's owner; empty where the provider has none.
    pub namespace: String,
    /// The repository, without its owner.
    pub repository: String,
    /// The tracked branch.
    pub branch: String,
    /// A `VCSProvider`.
    pub provider: String,
    /// The folder inside the repository.
    pub project_root: Option<String>,
    /// Labels; repeated ones count once.
    pub labels: Vec<String>,
    /// The `RunState` of its only run, which goes nowhere from there; none before the first run.
    pub state: Option<String>,
}

impl StartingStack {
    /// A plain stack: in `root`, on `main`, `acme/NAME` on GitHub, never run.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            space: ROOT.to_owned(),
            namespace: "acme".to_owned(),
            repository: name.to_owned(),
            branch: "main".to_owned(),
            provider: guesses::STACK_PROVIDER.to_owned(),
            project_root: None,
            labels: Vec::new(),
            state: None,
        }
    }

    /// The stack that the vendors' guide triggers.
    pub fn ai_agent() -> Self {
        Self {
            description: Some("A stack to try things with".to_owned()),
            labels: vec!["node".to_owned()],
            ..Self::named("ai-agent")
        }
    }

    /// The `number`th of many: the same number gives the same stack, all have different ids, and neighbours differ in
    /// everything: spaces, owners (also none), branches, providers, labels (none to five), descriptions (none, empty,
    /// long, with quotes and other scripts), names that are not their slug, and states (also none).
    pub fn varied(number: usize) -> Self {
        let pick =
            |choices: &[&str], step: usize| choices[(number / step) % choices.len()].to_owned();
        let team = pick(
            &[
                "payments",
                "search",
                "data-platform",
                "checkout",
                "identity",
            ],
            1,
        );
        let name = match number % 4 {
            0 => format!("{team}-service-{number:05}"),
            1 => format!("{team} / Cluster (EU) {number:05}"),
            2 => format!("Größe \u{65e5}\u{672c} {team} {number:05}"),
            _ => format!("{}_{number:05}", team.to_uppercase()),
        };
        let description = match number % 6 {
            0 | 3 => None,
            1 => Some(String::new()),
            2 => Some(format!(
                "Owned by \"{team}\" <{team}@example.com> & friends\nSee \\docs\\{number}"
            )),
            4 => Some(format!("Stack {number} of {team}. ").repeat(12)),
            _ => Some(format!("{team} \u{1f680} {number}")),
        };
        let labels = [
            "terraform",
            "env:prod",
            "feature:add_plan_pr_comment",
            "cost/\u{20ac}",
            "z",
        ];
        let labels = labels.iter().cycle().skip(number % 5).take(number % 6);
        Self {
            description,
            space: pick(&["root", "legacy", "platform", "production"], 3),
            namespace: pick(&["acme", "acme-labs", "", "group/subgroup"], 2),
            repository: format!("{team}-infra"),
            branch: pick(&["main", "master", "release/2026", "feature/\u{e4}"], 7),
            provider: pick(&["GITHUB", "GITLAB", "BITBUCKET_CLOUD", "GIT"], 2),
            project_root: number.is_multiple_of(3).then(|| format!("stacks/{number}")),
            labels: labels.map(|label| (*label).to_owned()).collect(),
            state: match pick(
                &[
                    "FINISHED",
                    "",
                    "FAILED",
                    "FINISHED",
                    "UNCONFIRMED",
                    "STOPPED",
                ],
                1,
            ) {
                state if state.is_empty() => None,
                state => Some(state),
            },
            ..Self::named(&name)
        }
    }

    /// The stack; `now` in Unix seconds.
    fn made(&self, now: i64) -> Stack {
        Stack {
            description: self.description.clone(),
            space: self.space.clone(),
            branch: self.branch.clone(),
            namespace: self.namespace.clone(),
            repository: self.repository.clone(),
            provider: self.provider.clone(),
            project_root: self.project_root.clone(),
            labels: self.labels.iter().cloned().collect(),
            ..Stack::empty(guesses::slug(&self.name), &self.name, now)
        }
    }
}

impl SpaceliftState {
    /// A fresh account with these stacks; `now` in Unix seconds.
    pub fn beginning_with(stacks: &[StartingStack], now: i64) -> Self {
        let mut state = Self::default();
        for (number, starting) in stacks.iter().enumerate() {
            let stack = starting.made(now);
            if !state.spaces.contains_key(&stack.space) {
                let space = Space::below_root(&stack.space);
                state.spaces.insert(space.id.clone(), space);
            }
            if let Some(run) = &starting.state {
                // Shaped like a ULID of the earliest times, so that every later run is a newer one.
                let run = ended(format!("{number:026}"), &stack, run, now);
                state.runs.insert(stack.id.clone(), vec![run]);
            }
            state.stacks.insert(stack.id.clone(), stack);
        }
        state
    }
}

/// The only run of a stack so far.
fn ended(id: String, stack: &Stack, state: &str, now: i64) -> Run {
    Run {
        id,
        stack: stack.id.clone(),
        run_type: "TRACKED".to_owned(),
        state: state.to_owned(),
        command: None,
        branch: stack.branch.clone(),
        commit_sha: None,
        triggered_by: None,
        created_at: now,
        updated_at: now,
        delta: None,
        drift_detection: false,
        course: Course::default(),
        history: vec![Transition {
            state: state.to_owned(),
            version: 1,
            at: now,
            millisecond: 0,
            note: None,
            username: None,
        }],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn thousands_differ_and_every_number_means_the_same_stack() {
        let stacks: Vec<_> = (0..2000).map(StartingStack::varied).collect();
        assert_eq!(StartingStack::varied(1234), stacks[1234]);
        let mut state = SpaceliftState::beginning_with(&stacks, 1_700_000_000);
        assert_eq!(state.stacks.len(), 2000);
        assert_eq!(state.spaces.len(), 4);
        let kinds: BTreeSet<_> = stacks
            .iter()
            .map(|one| (&one.space, &one.namespace, &one.branch, &one.state))
            .collect();
        assert!(kinds.len() > 50, "{}", kinds.len());
        assert!(
            stacks
                .iter()
                .any(|one| one.description.is_none() && one.namespace.is_empty())
        );
        state.resume();
        assert_eq!(state.take_tasks(), []);
    }
}
