//! Entities of a blueprint: read by the page, written and deleted by the dozen (PA section 6).
//!
//! Deliberately not here: which entities are wanted (see `crate::ingest`).

use serde_json::Value as Json;

use crate::there::services::error::{Failure, ServiceError};
use crate::there::services::read::Reader;
use crate::there::services::write::Writer;

/// A page of entities.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entities {
    /// The entities, with no more than what was asked for.
    pub entities: Vec<Json>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// What became of one entity of a bulk write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was created.
    Created,
    /// It was there, and has the new values.
    Updated,
    /// It was refused: what the service says.
    Refused {
        /// The status of this item, as HTTP would have it.
        status: u16,
        /// Code and message.
        says: String,
    },
    /// Whether it took effect is not known: the answer was lost, or said that nothing is sure. Look before it is sent again.
    Unknown(String),
}

/// The most entities of one bulk write (PA section 6).
pub const BULK: usize = 20;
/// The most entities of one page (PA section 1).
pub const PAGE: usize = 1000;

impl Reader {
    /// Reads a page of a blueprint's entities; `include` as in PA section 6 (empty: everything).
    pub async fn entities(
        &self,
        _blueprint: &str,
        _include: &[String],
        _from: Option<&str>,
    ) -> Result<Entities, ServiceError> {
        todo!()
    }

    /// Reads those of some entities that exist, however many are named.
    pub async fn entities_named(
        &self,
        _blueprint: &str,
        _include: &[String],
        _identifiers: &[String],
    ) -> Result<Vec<Json>, ServiceError> {
        todo!()
    }
}

impl Writer {
    /// Creates or merges at most [`BULK`] entities; one answer for each, in their order. A body that is too large is
    /// split. An error means that none of them took effect.
    pub async fn write_entities(
        &self,
        _blueprint: &str,
        _entities: &[Json],
    ) -> Result<Vec<Written>, Failure> {
        todo!()
    }

    /// Deletes at most 100 entities that nothing depends on; one answer for each: `Updated` means gone.
    pub async fn delete_entities(
        &self,
        _blueprint: &str,
        _identifiers: &[String],
    ) -> Result<Vec<Written>, Failure> {
        todo!()
    }
}
