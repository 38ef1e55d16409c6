//! Ingests as programs: which fields of Spacelift they read.
//!
//! Deliberately not here: asking a service anything (see `crate::ingest`), and running the programs (see
//! `sim::mapping`).
//!
//! | room | noun |
//! |---|---|
//! | `programs` | the texts of an ingest that are JQ |
//! | `reads` | what one program reads of an item |
//! | `fields` | the fields that are read, as a tree over the schema |
//! | [`same`] | whether two values of a field are one |
//! | `selection` | the same as GraphQL documents |
//! | `whose` | how an ingest that deletes tells its account from another |

mod fields;
mod programs;
mod reads;
pub mod same;
mod selection;
mod whose;

pub use fields::Problem;
pub use programs::{Part, programs};
pub use reads::{ACCOUNT, ITEM};
pub use selection::{BY_ID, Selection, findings};
