//! The log of requests that tests count with: which service, what was asked, what was answered.
//!
//! It holds no bodies, no headers and no query of a delivery, where a sender may put a token. Calls to
//! `/_sandbox/…` are not logged.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Service;

/// Who sent a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Anybody else.
    #[default]
    Client,
    /// The sandbox itself: a run, an automation, a delivery.
    Sandbox,
}

impl By {
    fn is_client(&self) -> bool {
        *self == By::Client
    }
}

/// One answered (or cut) request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Who sent it; as JSON left out for clients.
    #[serde(skip_serializing_if = "By::is_client")]
    pub by: By,
    /// Which of the three services was asked.
    pub service: Service,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, without `?`; empty when there was none, and for the intake.
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

    /// `{"total", "writes", "entries"}`; the numbers count what clients sent.
    pub(crate) fn report(&self) -> Value {
        let entries = self.entries();
        let sent: Vec<&Entry> = entries.iter().filter(|one| one.by.is_client()).collect();
        let writes = sent.iter().filter(|entry| entry.write).count();
        json!({"total": sent.len(), "writes": writes, "entries": *entries})
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
