//! What the service says when it refuses, in its own words. Does not decide when to refuse.

use apollo_compiler::resolvers::FieldError;

/// The message of one GraphQL error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

impl Refusal {
    /// No valid session, no right, or a space that is not there: the service has one word for all three
    /// (SA section 3).
    pub(super) fn unauthorized() -> Self {
        Self("unauthorized".to_owned())
    }

    /// An id that names nothing (SA section 3).
    pub(super) fn not_found() -> Self {
        Self("not found".to_owned())
    }

    /// The slug of a new object is taken, e.g. `policy` (SA section 3: verbatim for policies).
    pub(super) fn slug_taken(noun: &str) -> Self {
        Self(format!(
            "could not persist {noun}: {noun} with this slug already exists for this account"
        ))
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        Self(message.to_owned())
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self(message)
    }
}

impl From<Refusal> for FieldError {
    fn from(refusal: Refusal) -> Self {
        Self { message: refusal.0 }
    }
}
