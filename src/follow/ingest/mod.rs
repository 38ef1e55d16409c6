//! Ingests as programs: which fields of Spacelift they read, and the entities that they make.
//!
//! Deliberately not here: asking a service anything (see `crate::ingest`).
//!
//! | room | noun |
//! |---|---|
//! | `selection` | the fields that are read, as GraphQL documents |

mod selection;

pub use selection::{Problem, Selection};
