//! Ingest: what Spacelift has, made into entities of Port: read, mapped, compared, and written where it differs.
//!
//! Runs over both services at once and holds no page for longer than it needs. Deliberately not here:
//! documents (see `want::ingest`), programs (see `follow::ingest` and `sim`), what it looks like (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | `report` | what became of an ingest, as data |

pub mod report;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::sim::child::Engines;
use crate::there::{Reader, Writer};
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

/// Runs one ingest. Whatever happens comes back as a report: what was done until then is in it.
pub async fn run(_ingest: &Ingest, _hands: &Hands, _setting: &Setting) -> Report {
    todo!()
}
