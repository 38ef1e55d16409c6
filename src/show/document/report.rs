//! The document of an apply: what became of each change, and whether anything is left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::act::report::{Outcome, Report};
use crate::decide::plan::Action;
use crate::show::document::{FORMAT_VERSION, PlanDocument};
use crate::show::redact;
use crate::words::Addr;

/// What became of an apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportDocument {
    /// The version of this format: 1.
    pub format_version: u32,
    /// What was planned before the first write.
    pub plan: PlanDocument,
    /// What became of each change, in the order in which it was settled.
    pub outcomes: Vec<OutcomeDocument>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Why the ledger could not be kept.
    pub ledger_problem: Option<String>,
    /// Whether a closing plan proved that nothing is left but what was skipped.
    pub converged: bool,
    /// What is left, when a closing plan showed that something is.
    pub left: Option<PlanDocument>,
    /// How many requests were sent until the end.
    pub requests: usize,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeDocument {
    /// The object.
    #[schemars(with = "String")]
    pub address: Addr,
    /// What was to be done.
    pub action: Action,
    /// What became of it.
    pub outcome: EndDocument,
}

/// How one change ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum EndDocument {
    /// Done.
    Done,
    /// Nothing was left to be done when its turn came.
    Unchanged,
    /// The service refused, or could not be reached.
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Not tried.
    Skipped {
        /// Why.
        why: String,
    },
}

impl ReportDocument {
    /// The document of an apply that has only planned yet.
    pub fn begun(plan: PlanDocument) -> ReportDocument {
        ReportDocument {
            format_version: FORMAT_VERSION,
            converged: plan.changes.is_empty() && plan.refusals.is_empty(),
            plan,
            outcomes: Vec::new(),
            interrupted: false,
            ledger_problem: None,
            left: None,
            requests: 0,
        }
    }

    /// Adds what became of changes.
    pub fn add(&mut self, report: &Report) {
        let ends = report.outcomes.iter();
        self.outcomes
            .extend(ends.map(|(addr, action, outcome)| OutcomeDocument {
                address: addr.clone(),
                action: *action,
                outcome: match outcome {
                    Outcome::Done => EndDocument::Done,
                    Outcome::Unchanged => EndDocument::Unchanged,
                    Outcome::Failed { message, help } => EndDocument::Failed {
                        message: redact::text(message),
                        help: help.as_deref().map(redact::text),
                    },
                    Outcome::Skipped(why) => EndDocument::Skipped {
                        why: redact::text(why),
                    },
                },
            }));
        self.interrupted |= report.interrupted;
        if let Some(problem) = &report.ledger_problem {
            self.ledger_problem = Some(redact::text(problem));
        }
    }
}
