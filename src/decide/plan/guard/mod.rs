//! Guards: what refuses a whole apply before its first write.
//!
//! A refusal says why, and names the flag and the config key that allow it. Deliberately not
//! here: findings in files, which stop earlier, and a ledger of another world, which stops before
//! anything is planned.
//!
//! | room | noun |
//! |---|---|
//! | `adoption` | taking over what differs |
//! | `brake` | too many deletes |
//! | [`data_loss`] | changes that lose what entities hold |
//! | `empty` | lists that came back empty |
//! | `protect` | deleting what is protected |
//! | [`stale`] | a branch without the commit that was applied last |

mod adoption;
mod brake;
pub mod data_loss;
mod empty;
mod protect;
pub mod stale;

use std::collections::BTreeMap;

use crate::decide::plan::{Input, Plan};
use crate::words::Addr;
pub use data_loss::Population;
pub use stale::Branch;

/// Guards that doubt what is seen at all: without an answer to that, nothing may be done.
const WHOLE: [&str; 2] = [empty::GUARD, stale::GUARD];

/// The guard that stops whoever looks, also without anything to be done.
pub const EMPTY: &str = empty::GUARD;

/// All guards.
pub const GUARDS: [&str; 7] = [
    "adoption",
    "brake",
    "data-loss",
    empty::GUARD,
    "label",
    "protect",
    stale::GUARD,
];

/// Why an apply is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which guard: `brake`, `protect`, `adoption`, `data-loss`, `empty`, `label`, `stale`.
    pub guard: &'static str,
    /// The objects that it is about.
    pub addrs: Vec<Addr>,
    /// Why, as a sentence without a period.
    pub message: String,
    /// What allows it.
    pub allow: String,
}

/// What was looked up for the guards alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How much data is under the objects that were counted.
    pub counts: BTreeMap<Addr, Population>,
    /// Whether the checkout has the commit that was applied last; `None` when there is no checkout
    /// or no such commit.
    pub branch: Option<Branch>,
}

impl Refusal {
    /// Whether leaving its objects out answers it.
    pub fn skippable(&self) -> bool {
        !self.addrs.is_empty() && !WHOLE.contains(&self.guard)
    }
}

/// Lets the guards look at a plan: their refusals and notes become part of it.
pub fn inspect(plan: &mut Plan, input: &Input) {
    let mut refusals = Vec::new();
    refusals.extend(empty::refusals(input));
    refusals.extend(stale::refusal(plan, input));
    refusals.extend(brake::refusal(plan, input));
    refusals.extend(protect::refusals(plan, input));
    refusals.extend(adoption::refusal(plan));
    refusals.extend(data_loss::refusals(plan, input.flags));
    plan.notes.extend(stale::note(input));
    plan.refusals.extend(refusals);
}
