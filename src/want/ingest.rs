//! Ingests: `kind: ingest` documents, read and checked.
//!
//! Deliberately not here: what their programs read (see `follow::ingest`) and running them (see
//! `ingest`).

use crate::kinds::ingest::Origin;
use crate::want::config::Limits;
use crate::words::{Node, Place};

/// What of Spacelift becomes which entities.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// What the command line calls it; unique in the project.
    pub name: String,
    /// Where its document stands.
    pub place: Place,
    /// What is read.
    pub from: Origin,
    /// The blueprint of the entities: a plain identifier.
    pub blueprint: String,
    /// JQ: only items of which it gives `true`.
    pub filter: Option<Node>,
    /// `identifier`, `title`, `icon`, `team`, `properties`, `relations`: JQ in every text, as in a
    /// webhook's mapping; every `${…}` is filled in.
    pub mapping: Node,
    /// Whether entities of items that are gone go too.
    pub prune: bool,
    /// The most that a run may delete.
    pub limits: Limits,
}
