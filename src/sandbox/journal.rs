//! The log of requests that tests count with: which service, what was asked, what was answered.
//!
//! It holds no bodies and no headers, so no secret can be in it. Calls to `/_sandbox/…` are not
//! logged.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use super::fault::Service;

/// One answered (or cut) request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Which of the three services was asked.
    pub service: Service,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, without `?`; empty when there was none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// GraphQL: the operation's name or first root field. Port and intake: null.
    pub operation: Option<String>,
    /// The HTTP status; 0 when the connection was cut instead.
    pub status: u16,
    /// Whether it asked for a write, answered or refused. Token exchanges, searches and validations do
    /// not.
    #[serde(skip)]
    pub write: bool,
}

/// The entries since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<Entry>>);

impl Journal {
    /// Appends an entry.
    pub(crate) fn push(&self, entry: Entry) {
        self.entries().push(entry);
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        self.entries().clear();
    }

    /// Copies the entries.
    pub(crate) fn snapshot(&self) -> Vec<Entry> {
        self.entries().clone()
    }

    /// `{"total", "writes", "entries"}`.
    pub(crate) fn report(&self) -> Value {
        let entries = self.entries();
        let writes = entries.iter().filter(|entry| entry.write).count();
        json!({"total": entries.len(), "writes": writes, "entries": *entries})
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
