//! Ingest: what Spacelift has, made into entities of Port: read, mapped, compared, and written where it differs.
//!
//! Runs over both services at once and holds no page for longer than it needs. Deliberately not here:
//! documents (see `want::ingest`), programs (see `follow::ingest` and `sim`), what it looks like (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | `report` | what became of an ingest, as data |

pub mod report;

pub use report::{Failed, Progress, Report, Sample, Stage};
