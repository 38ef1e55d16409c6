//! What people are told without a webhook: the inbox, Slack, and comments in pull requests. The sandbox
//! has none of the three; it keeps what would be there, the newest last, and sends nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::SpaceliftState;

/// As many of each are kept.
const KEPT: usize = 200;

/// A message in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// A ULID.
    pub id: String,
    /// Unix milliseconds.
    pub at: i64,
    /// The policy that wanted it; none for the service's own.
    pub policy: Option<String>,
    /// The headline.
    pub title: String,
    /// The text.
    pub body: String,
    /// `INFO`, `WARNING` or `ERROR`.
    pub severity: String,
}

/// What a policy wanted said in Slack or in a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Unix milliseconds.
    pub at: i64,
    /// The policy.
    pub policy: String,
    /// The object of its rule.
    pub object: Value,
}

impl SpaceliftState {
    /// Puts a message into the inbox.
    pub(super) fn inform(&mut self, message: Message) {
        keep(&mut self.inbox, message, KEPT);
    }

    /// Notes a Slack message.
    pub(super) fn say_in_slack(&mut self, told: Told) {
        keep(&mut self.slack, told, KEPT);
    }

    /// Notes a comment in a pull request.
    pub(super) fn comment(&mut self, told: Told) {
        keep(&mut self.pull_requests, told, KEPT);
    }
}

/// Appends, and forgets the oldest beyond `most`.
pub(super) fn keep<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    while list.len() > most {
        list.pop_front();
    }
}
