//! Report: what became of an ingest, as data.
//!
//! The same for the same world, in whatever order answers came (law 7). Deliberately not here: what it looks like (see
//! `show::ingest`).

use std::collections::BTreeMap;

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
    /// Entities of items that are gone, and that stay.
    pub left: u64,
    /// Why they stay, and how many for each reason: `` `prune` is `keep` ``, `somebody else made them`.
    pub stay: BTreeMap<&'static str, u64>,
    /// Items that became nothing, and entities that could not be deleted.
    pub failed: u64,
    /// Those of them with the smallest identifiers, 1,000 at most, in their order.
    pub failures: Vec<Failed>,
    /// Fields that a program could not fill, and that were left as they are; in the order of fields and messages.
    pub unfilled: Vec<Unfilled>,
    /// Some of what would be created, changed and deleted: five of each at most, in the order of `what` and the
    /// identifiers. Only where nothing is written.
    pub samples: Vec<Sample>,
    /// Why nothing is deleted although something is gone, as a sentence without a period. The exit code is 5 then.
    pub refused: Option<String>,
    /// What allows it.
    pub allow: Option<String>,
    /// Why it ended before its end, as a sentence without a period.
    pub broken: Option<String>,
    /// What can be done about that.
    pub help: Option<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// An item that became nothing, or an entity that could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    /// The identifier of its entity, or else the item's own.
    pub identifier: String,
    /// Why.
    pub reason: String,
}

/// A field that a program could not fill.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unfilled {
    /// Which: `title`, `properties.state`.
    pub field: String,
    /// Why.
    pub message: String,
    /// For how many items.
    pub times: u64,
    /// The one of them whose entity has the smallest identifier.
    pub identifier: String,
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
    /// A stage of the ingest `name` begins; `total` things are to be done in it, where that is known.
    fn stage(&self, name: &str, stage: Stage, total: Option<u64>);
    /// So much more of it is done; `written` of it were writes.
    fn more(&self, done: u64, written: u64);
}

impl Report {
    /// Whether anything was written.
    pub fn wrote(&self) -> bool {
        !self.planned && self.created + self.changed + self.deleted > 0
    }
}
