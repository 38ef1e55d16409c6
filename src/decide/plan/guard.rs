//! Guards: what refuses a whole apply before its first write.
//!
//! A refusal says why, and names the flag and the config key that allow it. Deliberately not
//! here: findings in files, which stop earlier.

use crate::decide::ledger::Ledger;
use crate::decide::plan::{Action, Change, Flags, Input, Plan};
use crate::kinds;
use crate::want::config::Limits;
use crate::words::Addr;

/// Owned objects from which on `limits.percent` counts.
const PERCENT_COUNTS_FROM: usize = 10;

/// Owned objects of a kind from which on an empty list is suspicious. A single object may well
/// have been deleted by hand, and is then made again; if it was to leave, it would be forgotten.
const EMPTY_COUNTS_FROM: usize = 2;

/// Why an apply is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which guard: `brake`, `protect`, `adoption`, `ledger`.
    pub guard: &'static str,
    /// The objects that it is about.
    pub addrs: Vec<Addr>,
    /// Why, as a sentence without a period.
    pub message: String,
    /// What allows it.
    pub allow: String,
}

/// All refusals of a plan.
pub fn refusals(plan: &Plan, input: &Input) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if !input.flags.allow_empty {
        refusals.extend(empty_lists(input));
    }
    refusals.extend(brake(
        plan,
        input.ledger,
        input.desired.config.limits,
        input.flags,
    ));
    refusals.extend(protect(plan, input.ledger));
    refusals.extend(adoption(plan));
    refusals
}

/// A list that came back empty although the ledger says that it must not be: a key that cannot
/// see is likelier than a service that lost everything (law 6; SA section 4).
fn empty_lists(input: &Input) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for kind in kinds::ALL {
        let owned = |addr: &&Addr| addr.service == kind.service() && addr.kind == kind.word();
        let addrs: Vec<Addr> = input.ledger.entries.keys().filter(owned).cloned().collect();
        let gone = addrs
            .iter()
            .any(|addr| !input.desired.objects.contains_key(addr));
        if (addrs.len() >= EMPTY_COUNTS_FROM || gone)
            && input.live.of_kind(kind.name()).next().is_none()
        {
            refusals.push(Refusal {
                guard: "empty",
                message: format!(
                    "{} lists no `{}` at all, and the ledger owns {}: this key cannot see them, or somebody deleted all",
                    kind.service().title(),
                    kind.name(),
                    addrs.len()
                ),
                addrs,
                allow: "`--allow-empty`, when they are really gone".into(),
            });
        }
    }
    refusals
}

/// More deletes than `limits` allow. Replacing counts as deleting.
fn brake(plan: &Plan, ledger: &Ledger, limits: Limits, flags: &Flags) -> Option<Refusal> {
    let deletes: Vec<Addr> = plan
        .changes
        .iter()
        .filter(|c| c.action.destroys())
        .map(|c| c.addr.clone())
        .collect();
    let count = deletes.len();
    if count == 0 || flags.allow_deletes.is_some_and(|allowed| count <= allowed) {
        return None;
    }
    let owned = ledger.entries.len();
    let percent = limits.percent as usize;
    let message = if count as u64 > limits.deletes {
        format!(
            "{count} objects would be deleted, `limits.deletes` allows {}",
            limits.deletes
        )
    } else if owned >= PERCENT_COUNTS_FROM && count * 100 > owned * percent {
        format!(
            "{count} of {owned} owned objects would be deleted, `limits.percent` allows {percent} %"
        )
    } else {
        return None;
    };
    Some(Refusal {
        guard: "brake",
        addrs: deletes,
        message,
        allow: format!("`--allow-deletes {count}`, or `limits` in `spaceport.yaml`"),
    })
}

/// Deleting or replacing what `lifecycle.protect` keeps. The ledger remembers it, so deleting the
/// file does not lift it.
fn protect(plan: &Plan, ledger: &Ledger) -> Vec<Refusal> {
    let kept = |change: &&Change| match change.action {
        Action::Delete => ledger
            .entries
            .get(&change.addr)
            .is_some_and(|entry| entry.protect),
        // Its document is there and has the last word.
        Action::Replace => change.lifecycle.protect,
        _ => false,
    };
    plan.changes
        .iter()
        .filter(kept)
        .map(|change| Refusal {
            guard: "protect",
            addrs: vec![change.addr.clone()],
            message: format!("`{}` is protected, and would be {}d", change.addr, change.action.word()),
            allow: match change.action {
                Action::Delete => "bring its file back with `lifecycle: { protect: false }`, apply, then remove it".into(),
                _ => "`lifecycle: { protect: false }` in its document".into(),
            },
        })
        .collect()
}

/// Taking over what differs, without being asked to.
fn adoption(plan: &Plan) -> Option<Refusal> {
    let addrs: Vec<Addr> = plan
        .changes
        .iter()
        .filter(|c| c.adopts && c.action.writes() && !c.lifecycle.adopt)
        .map(|c| c.addr.clone())
        .collect();
    let first = addrs.first()?;
    Some(Refusal {
        guard: "adoption",
        message: match addrs.len() {
            1 => format!("`{first}` exists already, is not ours, and differs"),
            n => format!("{n} objects exist already, are not ours, and differ"),
        },
        allow: match addrs.len() {
            1 => format!("`--adopt {first}`, or `lifecycle: {{ adopt: true }}` in its document"),
            _ => {
                "`--adopt all` or `--adopt ADDR`, or `lifecycle: { adopt: true }` in the documents"
                    .into()
            }
        },
        addrs,
    })
}
