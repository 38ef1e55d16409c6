//! The fields of `kind: ingest` documents: what is read from Spacelift, and which entities it becomes.
//!
//! An ingest is no object: it is never planned, applied or exported. Deliberately not here: reading
//! its document (see `want::ingest`) and running it (see `ingest`).

/// What stands after `kind:` of an ingest.
pub const KIND: &str = "ingest";

/// What is read from Spacelift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `spacelift.stacks`.
    Stacks,
    /// `spacelift.spaces`.
    Spaces,
    /// `spacelift.policies`.
    Policies,
}
