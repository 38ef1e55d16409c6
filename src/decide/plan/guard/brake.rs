//! The brake: more deletes than `limits` allow. Replacing counts as deleting.

use crate::decide::plan::{Input, Plan, Refusal};
use crate::words::Addr;

/// Owned objects from which on `limits.percent` counts.
const PERCENT_COUNTS_FROM: usize = 10;

/// A refusal of all deletes, when they are too many.
pub(super) fn refusal(plan: &Plan, input: &Input) -> Option<Refusal> {
    if input.flags.destroys {
        return None;
    }
    let limits = input.desired.config.limits;
    let deletes: Vec<Addr> = plan
        .changes
        .iter()
        .filter(|c| c.action.destroys())
        .map(|c| c.addr.clone())
        .collect();
    let count = deletes.len();
    let allowed = input.flags.allow_deletes;
    if count == 0 || allowed.is_some_and(|allowed| count <= allowed) {
        return None;
    }
    let owned = input.ledger.entries.len();
    let percent = limits.percent as usize;
    let (message, key) = if count as u64 > limits.deletes {
        let message = format!(
            "{count} objects would be deleted, `limits.deletes` allows {}",
            limits.deletes
        );
        (message, "limits.deletes")
    } else if owned >= PERCENT_COUNTS_FROM && count * 100 > owned * percent {
        let message = format!(
            "{count} of {owned} owned objects would be deleted, `limits.percent` allows {percent} %"
        );
        (message, "limits.percent")
    } else {
        return None;
    };
    Some(Refusal {
        guard: "brake",
        addrs: deletes,
        message,
        allow: format!("`--allow-deletes {count}`, or a higher `{key}` in `spaceport.yaml`"),
    })
}
