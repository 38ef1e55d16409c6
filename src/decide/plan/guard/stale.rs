//! The guard over branches: a checkout that lacks the commit that was applied last would undo what
//! that commit did (design, section 6).
//!
//! A plan says it, an apply is refused. Deliberately not here: asking git.

use crate::decide::plan::{Input, Plan, Refusal};

/// Its name.
pub(super) const GUARD: &str = "stale";

/// How much of a commit's name is shown.
const SHOWN: usize = 12;

/// Whether HEAD contains the commit that was applied last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// It does.
    Contained,
    /// It does not.
    NotContained,
    /// A shallow clone does not go back far enough to tell.
    Unknown,
}

/// The refusal of an apply that would change something.
pub(super) fn refusal(plan: &Plan, input: &Input) -> Option<Refusal> {
    let flags = input.flags;
    if plan.is_empty() || !flags.applies || flags.allow_stale_branch {
        return None;
    }
    Some(Refusal {
        guard: GUARD,
        addrs: Vec::new(),
        message: missing(input)?,
        allow:
            "`--allow-stale-branch`; better bring that commit in, with `git merge` or `git rebase`"
                .into(),
    })
}

/// The note of a plan, and of an apply that is allowed to go on.
pub(super) fn note(input: &Input) -> Option<String> {
    let flags = input.flags;
    if input.facts.branch == Some(Branch::Unknown) {
        return Some(format!(
            "nobody can tell whether HEAD contains {}, because this clone is shallow; fetch all of it, with `fetch-depth: 0` for `actions/checkout`",
            applied(input)?
        ));
    }
    let said = missing(input)?;
    match (flags.applies, flags.allow_stale_branch) {
        (true, false) => None,
        (_, true) => Some(format!("{said}; what that commit did may be undone")),
        (false, false) => Some(format!(
            "{said}; what that commit did would be undone, and `spaceport apply` refuses without `--allow-stale-branch`"
        )),
    }
}

fn missing(input: &Input) -> Option<String> {
    let stale = input.facts.branch == Some(Branch::NotContained);
    stale.then(|| Some(format!("HEAD does not contain {}", applied(input)?)))?
}

/// `the commit 0123456789ab, which was applied last`.
fn applied(input: &Input) -> Option<String> {
    let commit = input.ledger.commit.as_ref()?;
    let short: String = commit.chars().take(SHOWN).collect();
    Some(format!("the commit {short}, which was applied last"))
}
