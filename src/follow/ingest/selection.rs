//! Selection: the fields of Spacelift that an ingest reads, as GraphQL documents.

use crate::want::ingest::Ingest;
use crate::words::Place;

/// What an ingest asks Spacelift for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `query IngestPage($page: SearchInput!) { viewer { id } list: searchStacks(input: $page) { edges { node { id … } }
    /// pageInfo { endCursor hasNextPage } } }`; `None` where the service has no pages (spaces).
    pub page: Option<String>,
    /// `query IngestAll { viewer { id } list: stacks { id … } }`, with the same fields.
    pub all: String,
    /// `query IngestIds { viewer { id } list: stacks { id } }`: the ids and what `identifier` reads.
    pub identities: String,
    /// The selection of one item, `id name labels`, for documents made by id.
    pub fields: String,
    /// The root field that gives one by its id: `stack`, `space`, `policy`.
    pub single: &'static str,
}

/// A field that does not exist, and where it stands in the project's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, without a period.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Selection {
    /// What the programs of an ingest read, and what of it does not exist.
    pub fn of(_ingest: &Ingest) -> (Selection, Vec<Problem>) {
        todo!()
    }
}
