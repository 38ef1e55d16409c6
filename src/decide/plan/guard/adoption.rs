//! The guard over adoption: taking over what differs, without being asked to.

use crate::decide::plan::{Plan, Refusal};
use crate::words::Addr;

/// One refusal for all such objects.
pub(super) fn refusal(plan: &Plan) -> Option<Refusal> {
    let addrs: Vec<Addr> = plan
        .changes
        .iter()
        .filter(|c| c.adopts && c.action.writes() && !c.lifecycle.adopt)
        // What says that it is somebody else's is refused for that.
        .filter(|c| c.foreign().is_none())
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
