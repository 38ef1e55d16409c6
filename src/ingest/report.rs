//! Report: what became of an ingest, as data.
//!
//! Deliberately not here: what it looks like (see `show::ingest`).

use serde_json::Value as Json;

/// What became of one ingest, or, where nothing is written, would become of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What was read: `spacelift.stacks`.
    pub from: &'static str,
    /// The blueprint of its entities.
    pub blueprint: String,
    /// Whether it was only looked at.
    pub planned: bool,
    /// Items that were read.
    pub read: u64,
    /// Those of them that the filter left out.
    pub filtered: u64,
    /// Entities that were created.
    pub created: u64,
    /// Entities that were changed.
    pub changed: u64,
    /// Entities that were as they should be.
    pub unchanged: u64,
    /// Entities that were deleted.
    pub deleted: u64,
    /// Entities of items that are gone, and that stay: `prune: keep`, or they are not ours to delete.
    pub left: u64,
    /// Items that became nothing, and why.
    pub failed: u64,
    /// The first of them.
    pub failures: Vec<Failed>,
    /// Some of what is created, changed and deleted, in the order of the identifiers.
    pub samples: Vec<Sample>,
    /// Why nothing is deleted although something is gone, as a sentence without a period.
    pub refused: Option<String>,
    /// What allows it.
    pub allow: Option<String>,
    /// Why it ended before its end, as a sentence without a period.
    pub broken: Option<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// An item that became nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The identifier of its entity, or else the item's own.
    pub identifier: String,
    /// Why.
    pub reason: String,
}

/// What happens to one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its identifier.
    pub identifier: String,
    /// What is done.
    pub what: Done,
    /// Which fields change (`title`, `properties.state`), from and to; `from` is null for a new one.
    pub fields: Vec<(String, Json, Json)>,
}

/// What is done to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Done {
    /// It is new.
    Created,
    /// Some fields change.
    Changed,
    /// It goes.
    Deleted,
}

/// What an ingest is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading what Port has.
    Entities,
    /// Reading Spacelift, and writing.
    Items,
    /// Deleting what is gone.
    Gone,
}

/// Whoever is told how far an ingest has come. Called from several tasks.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` things are to be done in it, where that is known.
    fn stage(&self, name: &str, stage: Stage, total: Option<u64>);
    /// So much more of it is done; `written` of it were writes.
    fn more(&self, done: u64, written: u64);
}
