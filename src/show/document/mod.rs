//! A plan as a document: for machines, for review, and to be shown again in every format.
//!
//! The format is versioned. All that renderers need is in it, so that a document is shown exactly like
//! the plan it was made from. What no renderer shows is not in it: it holds no text of a secret, no key
//! of an intake, no literal credential. It is never carried out: an apply plans anew and compares digests.
//!
//! | room | noun |
//! |---|---|
//! | [`change`] | one change |
//! | [`drift`] | what is not as the last apply left it |
//! | [`loss`] | what a change takes from data |
//! | [`value`] | values, with leaves that JSON lacks |
//! | [`read`] | documents that come from elsewhere |
//! | [`report`] | what became of an apply |
//! | [`run`] | a run of an action |
//! | [`ingest`] | what became of ingests |

pub mod change;
pub mod drift;
pub mod ingest;
pub mod loss;
pub mod read;
pub mod report;
pub mod run;
pub mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::plan::digest::{self, Discretion};
use crate::decide::plan::{Action, GUARDS, Plan, Refusal, Skipped, Why};
use crate::show::document::change::ChangeDocument;
use crate::show::header::{Header, LastApply, Target};
use crate::show::redact;
use crate::words::{Addr, Pointer};

/// The version of the formats in this room.
pub const FORMAT_VERSION: u32 = 1;

/// What no digest speaks about, because no output shows it.
pub const DISCRETION: Discretion = Discretion {
    text: redact::text,
    at: redact::at,
    authorises: redact::authorises,
};

/// What `spaceport apply` would change, and what stands against it.
///
/// Values are JSON. `{"$knownAfterApply": "port.webhook.a.url"}` stands for what only the apply makes
/// known, `{"$secret": "${env.A}"}` for the text of a secret; an object of the project with only such a
/// key has one `$` more in front of it. What must not be shown reads `(redacted)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocument {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// The id of Port's organization, when the project has Port.
    pub organization: Option<String>,
    /// Spacelift's account, when the project has Spacelift.
    pub account: Option<String>,
    /// What a review of this plan stands for; `apply --expect` takes it.
    pub digest: Option<String>,
    /// Where requests of the plan went, and which ledger it believed.
    pub seen: SeenDocument,
    /// How many changes of each action there are.
    pub summary: SummaryDocument,
    /// The changes, by address.
    pub changes: Vec<ChangeDocument>,
    /// What refuses the apply of this plan.
    pub refusals: Vec<RefusalDocument>,
    /// What refused the changes that `--skip-refused` left out.
    pub waived: Vec<RefusalDocument>,
    /// What `--skip-refused` left out.
    pub skipped: Vec<SkippedDocument>,
    /// What is known about secrets.
    pub secrets: SecretsDocument,
    /// Sentences that a reader should know.
    pub notes: Vec<String>,
    /// Whether the apply makes the blueprint that ledgers are kept under in Port.
    pub ledger_setup: bool,
    /// Which addresses `--target` limited the plan to; none means all.
    #[schemars(with = "Vec<String>")]
    pub targets: BTreeSet<Addr>,
}

/// Against what a plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenDocument {
    /// Port, when the project has it.
    pub port: Option<TargetDocument>,
    /// Spacelift, when the project has it.
    pub spacelift: Option<TargetDocument>,
    /// Where the ledger is, in words.
    pub ledger: String,
    /// When something was applied last.
    pub last_apply: Option<LastApplyDocument>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetDocument {
    /// The organization or account, in words.
    pub who: Option<String>,
    /// Scheme and host that requests went to.
    pub origin: String,
    /// Where that comes from.
    pub source: String,
    /// Whether the host is another one than the project names.
    pub overridden: bool,
    /// Whether it is the embedded sandbox.
    pub sandbox: bool,
}

/// The last apply that the ledger knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LastApplyDocument {
    /// The commit, when it was applied from a checkout.
    pub commit: Option<String>,
    /// How long before the plan, in words.
    pub age: String,
}

/// How many changes there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SummaryDocument {
    /// Objects that are created.
    pub create: usize,
    /// Objects that are changed in place.
    pub update: usize,
    /// Objects that are deleted and created anew.
    pub replace: usize,
    /// Objects that are deleted.
    pub delete: usize,
    /// Objects that become ours as they are.
    pub adopt: usize,
    /// Objects that have another address.
    #[serde(rename = "move")]
    pub moved: usize,
    /// Objects that are given up.
    pub forget: usize,
    /// Objects that stay as they are.
    pub unchanged: usize,
}

/// Why an apply is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusalDocument {
    /// Which guard: `brake`, `protect`, `adoption`, `data-loss`, `empty`, `label`, `stale`.
    pub guard: String,
    /// The objects that it is about.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<Addr>,
    /// Why.
    pub message: String,
    /// The flag and the key of the project that allow it.
    pub allowed_by: String,
}

/// One change that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SkippedDocument {
    /// The object.
    #[schemars(with = "String")]
    pub address: Addr,
    /// What would be done.
    pub action: Action,
    /// Why it is left out.
    pub why: WhyDocument,
}

/// Why a change is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum WhyDocument {
    /// A guard refuses it.
    Refused {
        /// Which guard.
        guard: String,
    },
    /// It needs the change of this object, which is left out.
    Needs {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
    },
    /// This object stays as it is and still needs the one that would be deleted.
    NeededBy {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
    },
    /// It shares a text that we make with this object, whose change is left out.
    Shares {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
    },
    /// The change that takes its object over under this address is left out.
    TakenOver {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
    },
}

/// What is known about secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretsDocument {
    /// Secrets that must be sent although their variables are not set.
    pub missing: Vec<MissingDocument>,
    /// How many are compared only when their texts are at hand.
    pub undecided: usize,
    /// How many nobody knows to be equal.
    pub unverified: usize,
}

/// A secret that must be sent although its variables are not set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MissingDocument {
    /// The object.
    #[schemars(with = "String")]
    pub address: Addr,
    /// The place.
    #[schemars(with = "String")]
    pub at: Pointer,
    /// The variables.
    pub names: Vec<String>,
}

impl PlanDocument {
    /// The document of a plan.
    pub fn of(plan: &Plan, header: &Header) -> PlanDocument {
        let counts = plan.counts();
        let of = |action| counts.get(&action).copied().unwrap_or(0);
        let missing = |(address, at, names): &(Addr, Pointer, Vec<String>)| MissingDocument {
            address: address.clone(),
            at: at.clone(),
            names: names.iter().map(|name| redact::text(name)).collect(),
        };
        PlanDocument {
            format_version: FORMAT_VERSION,
            project: header.project.clone(),
            environment: header.environment.clone(),
            organization: header.organization.clone(),
            account: header.account.clone(),
            digest: header.digest.clone(),
            seen: SeenDocument {
                port: header.port.as_ref().map(TargetDocument::of),
                spacelift: header.spacelift.as_ref().map(TargetDocument::of),
                ledger: redact::text(&header.ledger),
                last_apply: header.last_apply.as_ref().map(|last| LastApplyDocument {
                    commit: last.commit.as_deref().map(redact::text),
                    age: redact::text(&last.age),
                }),
            },
            summary: SummaryDocument {
                create: of(Action::Create),
                update: of(Action::Update),
                replace: of(Action::Replace),
                delete: of(Action::Delete),
                adopt: of(Action::Adopt),
                moved: of(Action::Move),
                forget: of(Action::Forget),
                unchanged: plan.unchanged,
            },
            changes: plan
                .changes
                .iter()
                .map(|change| ChangeDocument::of(change, digest::of_change(change, &DISCRETION)))
                .collect(),
            refusals: plan.refusals.iter().map(RefusalDocument::of).collect(),
            waived: plan.waived.iter().map(RefusalDocument::of).collect(),
            skipped: plan.skipped.iter().map(SkippedDocument::of).collect(),
            secrets: SecretsDocument {
                missing: plan.missing_secrets.iter().map(missing).collect(),
                undecided: plan.undecided_secrets,
                unverified: plan.unverified_secrets,
            },
            notes: plan.notes.iter().map(|note| redact::text(note)).collect(),
            ledger_setup: plan.ledger_setup,
            targets: plan.targets.clone(),
        }
    }

    /// The plan and its header as renderers take them; what does not fit together is an error.
    pub fn into_plan(self) -> Result<(Plan, Header), String> {
        let header = Header {
            project: self.project,
            environment: self.environment,
            organization: self.organization,
            account: self.account,
            digest: self.digest,
            port: self.seen.port.map(TargetDocument::target),
            spacelift: self.seen.spacelift.map(TargetDocument::target),
            ledger: self.seen.ledger,
            last_apply: self.seen.last_apply.map(|last| LastApply {
                commit: last.commit,
                age: last.age,
            }),
        };
        let refusals = |all: Vec<RefusalDocument>| -> Result<Vec<Refusal>, String> {
            all.into_iter().map(RefusalDocument::refusal).collect()
        };
        let missing = |missing: MissingDocument| (missing.address, missing.at, missing.names);
        let changes = self.changes.into_iter().map(ChangeDocument::change);
        let plan = Plan {
            changes: changes.collect::<Result<_, _>>()?,
            unchanged: self.summary.unchanged,
            refusals: refusals(self.refusals)?,
            waived: refusals(self.waived)?,
            skipped: self
                .skipped
                .into_iter()
                .map(SkippedDocument::skipped)
                .collect::<Result<_, _>>()?,
            undecided_secrets: self.secrets.undecided,
            unverified_secrets: self.secrets.unverified,
            missing_secrets: self.secrets.missing.into_iter().map(missing).collect(),
            notes: self.notes,
            exports: Default::default(),
            ledger_setup: self.ledger_setup,
            targets: self.targets,
            // Only `destroy` makes such a plan, and it writes no document.
            destroys: false,
        };
        // Sums of renderers stay in bounds, whatever a file says.
        match plan.unchanged.checked_add(plan.changes.len()) {
            Some(_) => Ok((plan, header)),
            None => Err("`unchanged` is no number of objects".to_owned()),
        }
    }
}

impl TargetDocument {
    fn of(target: &Target) -> TargetDocument {
        TargetDocument {
            who: target.who.as_deref().map(redact::text),
            // The embedded sandbox listens elsewhere each time, and is gone when this is read.
            origin: match target.sandbox {
                true => "sandbox".to_owned(),
                false => redact::text(&target.origin),
            },
            source: match target.sandbox {
                true => "--sandbox".to_owned(),
                false => redact::text(&target.source),
            },
            overridden: target.overridden,
            sandbox: target.sandbox,
        }
    }

    fn target(self) -> Target {
        Target {
            who: self.who,
            origin: self.origin,
            source: self.source,
            overridden: self.overridden,
            sandbox: self.sandbox,
        }
    }
}

impl RefusalDocument {
    fn of(refusal: &Refusal) -> RefusalDocument {
        RefusalDocument {
            guard: refusal.guard.to_owned(),
            addresses: refusal.addrs.clone(),
            message: redact::text(&refusal.message),
            allowed_by: redact::text(&refusal.allow),
        }
    }

    fn refusal(self) -> Result<Refusal, String> {
        Ok(Refusal {
            guard: guard(&self.guard)?,
            addrs: self.addresses,
            message: self.message,
            allow: self.allowed_by,
        })
    }
}

impl SkippedDocument {
    fn of(skipped: &Skipped) -> SkippedDocument {
        SkippedDocument {
            address: skipped.addr.clone(),
            action: skipped.action,
            why: match skipped.why.clone() {
                Why::Refused(guard) => WhyDocument::Refused {
                    guard: guard.to_owned(),
                },
                Why::Needs(address) => WhyDocument::Needs { address },
                Why::NeededBy(address) => WhyDocument::NeededBy { address },
                Why::Shares(address) => WhyDocument::Shares { address },
                Why::TakenOver(address) => WhyDocument::TakenOver { address },
            },
        }
    }

    fn skipped(self) -> Result<Skipped, String> {
        Ok(Skipped {
            addr: self.address,
            action: self.action,
            why: match self.why {
                WhyDocument::Refused { guard } => Why::Refused(self::guard(&guard)?),
                WhyDocument::Needs { address } => Why::Needs(address),
                WhyDocument::NeededBy { address } => Why::NeededBy(address),
                WhyDocument::Shares { address } => Why::Shares(address),
                WhyDocument::TakenOver { address } => Why::TakenOver(address),
            },
        })
    }
}

fn guard(name: &str) -> Result<&'static str, String> {
    let known = GUARDS.into_iter().find(|guard| *guard == name);
    known.ok_or_else(|| format!("`{name}` is no guard that this version knows"))
}
