//! Reports: what became of each change of a plan, as data.
//!
//! Deliberately not here: showing them (see `show`).

use crate::decide::plan::Action;
use crate::words::Addr;

/// What became of a whole apply.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What became of each change, in the order in which it was settled.
    pub outcomes: Vec<(Addr, Action, Outcome)>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Why the ledger could not be kept, in words.
    pub ledger_problem: Option<String>,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Nothing was left to be done when its turn came.
    Unchanged,
    /// The service refused, or could not be reached.
    Failed {
        /// What happened, naming the call and the answer.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Not tried, because of something that it needs or a stop.
    Skipped(String),
}

impl Report {
    /// Whether every change was done.
    pub fn is_complete(&self) -> bool {
        !self.interrupted
            && self.ledger_problem.is_none()
            && self
                .outcomes
                .iter()
                .all(|(_, _, o)| matches!(o, Outcome::Done | Outcome::Unchanged))
    }

    /// What became of the change of one object.
    pub fn outcome(&self, addr: &Addr) -> Option<&Outcome> {
        self.outcomes
            .iter()
            .find(|(a, _, _)| a == addr)
            .map(|(_, _, outcome)| outcome)
    }

    /// How many changes ended like this.
    pub fn count(&self, picked: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes
            .iter()
            .filter(|(_, _, outcome)| picked(outcome))
            .count()
    }
}
