//! Lists of Spacelift by the page, none of them without a session.
//!
//! An empty list proves nothing there (SA section 3): every document asks for `viewer { id }` too, and an answer without it
//! is asked for again with a new token, once. Deliberately not here: the documents (see `follow::ingest`).

use serde_json::Value as Json;

use crate::there::services::error::ServiceError;
use crate::there::services::read::Reader;

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The items.
    pub items: Vec<Json>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

/// Where in an answer a list is: below `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot<'a> {
    /// `data.NAME.edges[].node` and `data.NAME.pageInfo`, a search with `first: 50`.
    Search(&'a str),
    /// `data.NAME[]`.
    Plain(&'a str),
    /// Every member of `data` but `viewer` is an item; nulls are left out.
    Members,
}

impl Reader {
    /// Asks for one page of a list; items are let go one by one into `each`, so that a list of tens of thousands is
    /// never held as a tree.
    pub async fn listing<T: Send>(
        &self,
        _document: &str,
        _spot: Spot<'_>,
        _cursor: Option<&str>,
        _each: &(dyn Fn(&Json, &mut Vec<T>) + Sync),
    ) -> Result<(Vec<T>, Option<String>), ServiceError> {
        todo!()
    }
}
