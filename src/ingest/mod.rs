//! Ingest: what Spacelift has, made into entities of Port: read, mapped, compared, and written where it differs.
//!
//! Memory is bounded by what Port has, not by its values: of each entity its identifier and eight bytes per mapped
//! field are kept, about 130 bytes with ten fields; of each item eight bytes. Beyond that there are the pages between
//! reading and writing, which are two more than the engines have children, and eight bulk requests under way with 20
//! entities each. Deliberately not here: documents (see `want::ingest`), selections and programs (see `follow::ingest` and
//! `sim`), what it looks like (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | `flow` | the way of one ingest |
//! | `source` | what Spacelift has, each item once |
//! | `programs` | filter and mapping, run over items |
//! | `fields` | the parts of an entity that a mapping names |
//! | `known` | which entities Port has, and which of them an item made |
//! | `judge` | what becomes of an item |
//! | `send` | entities in bulk requests, until it is known what became of each |
//! | `gone` | which entities go because their item is gone |
//! | `prune` | those, looked at once more and deleted |
//! | `tally` | counts, and a few of each kind |
//! | [`report`] | what became of an ingest, as data |

mod fields;
mod flow;
mod gone;
mod judge;
mod known;
mod programs;
mod prune;
pub mod report;
mod send;
mod source;
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::sim::child::Engines;
use crate::there::services::Problem;
use crate::there::{Reader, ServiceError, Writer};
use crate::want::ingest::Ingest;

pub use report::{Done, Failed, Progress, Report, Sample, Stage, Unfilled};

/// What an ingest may do: with a reader it only looks, and nothing in it could write (law 2).
#[derive(Debug, Clone)]
pub enum Hands {
    /// Looks at what would be done.
    Look(Arc<Reader>),
    /// Does it.
    Write(Arc<Writer>),
}

/// What an ingest needs to know besides its document. One for all ingests of a run.
pub struct Setting {
    /// Run the programs.
    pub engines: Arc<Engines>,
    /// What `.account.url` is: the configured origin `https://acme.app.spacelift.io`, never an override.
    pub account: String,
    /// What is ours, for `prune: delete`.
    pub ours: Ours,
    /// `--allow-deletes N`: so many deletes of one ingest are all right whatever `limits` say.
    pub allow_deletes: Option<u64>,
    /// What `now` is in programs, in seconds since the Unix epoch.
    pub now: f64,
    /// Is told how far it has come.
    pub progress: Arc<dyn Progress>,
    /// Set when the user wants to stop: nothing new is begun then, and what is under way ends.
    pub stop: Arc<AtomicBool>,
}

/// What of Port is ours. Empty where there is no ledger, and then nothing is deleted (law 6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ours {
    /// Identifiers of the blueprints that our ledger has.
    pub blueprints: BTreeSet<String>,
    /// What `createdBy` says of entities that this project made: the id of our Port client, and the identifiers of the
    /// webhooks that our ledger has (PA section 6).
    pub makers: BTreeSet<String>,
}

impl Hands {
    fn reader(&self) -> &Reader {
        match self {
            Hands::Look(reader) => reader,
            Hands::Write(writer) => writer.reader(),
        }
    }
}

/// Why an ingest ends before its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Broken {
    why: String,
    help: Option<String>,
}

impl From<ServiceError> for Broken {
    fn from(error: ServiceError) -> Self {
        // What an ingest asks Port for is under the project's own blueprint.
        let missing = matches!(error.problem(), Problem::NotFound(_));
        let apply = || "`spaceport apply` creates the blueprints of the project".to_owned();
        Broken {
            why: error.to_string(),
            help: error.help().or_else(|| missing.then(apply)),
        }
    }
}

/// Runs one ingest. Whatever happens comes back as a report: what was done until then is in it.
pub async fn run(ingest: &Ingest, hands: &Hands, setting: &Setting) -> Report {
    flow::Flow::new(ingest, hands, setting).run().await
}
