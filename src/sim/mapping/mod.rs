//! Port's webhooks: from a delivery to entities (PA section 4).
//!
//! Says what each mapping wants done; doing it, and remembering which deliveries were seen, is the
//! caller's. So is what a search finds, for entities live elsewhere: [`resolve`] is handed them.
//!
//! | room | noun |
//! |---|---|
//! | `deliver` | a delivery against a webhook: security, body, filter, items |
//! | `entity` | the entity that a mapping makes of one item |
//! | `items` | things that are no deliveries, by the page |
//! | `merge` | what is in the catalog after a write |
//! | `search` | which entities a search finds |
//! | `check` | an entity against its blueprint |

mod check;
mod deliver;
mod entity;
mod items;
mod merge;
mod search;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Fault;

pub use check::{Mismatch, check, writable};
pub use deliver::map;
pub use entity::PARTS;
pub use items::items;
pub use merge::merge;
pub use search::{is_search, resolve};

/// A delivery and the webhook that gets it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The webhook as Port holds it: `enabled`, `mappings`, `security` without its secret.
    pub webhook: Value,
    /// The text of `security.secret`, when there is one.
    pub secret: Option<String>,
    /// The delivery.
    pub delivery: Delivery,
    /// What `now` is, in seconds since the Unix epoch.
    pub now: f64,
}

/// Says whether there is a secret, not which; headers may hold it, too.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("webhook", &self.webhook.get("identifier"))
            .field("secret", &self.secret.as_ref().map(|_| "…"))
            .field("body", &self.delivery.body)
            .field("now", &self.now)
            .finish()
    }
}

/// What was posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The raw body.
    pub body: String,
    /// Header names as they were sent, and values.
    pub headers: Vec<(String, String)>,
    /// The query of the URL, decoded.
    pub query: Vec<(String, String)>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    /// Why all of it was dropped, when it was.
    pub dropped: Option<Fault>,
    /// The delivery's own id, when the webhook says where it stands.
    pub request_id: Option<String>,
    /// What went wrong outside of the mappings, each with the JSON pointer below the webhook.
    pub faults: Vec<(String, Fault)>,
    /// What each mapping said to each item, in order.
    pub steps: Vec<Step>,
}

/// What one mapping said to one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which of `mappings`, counted from 0.
    pub mapping: usize,
    /// Which item of `itemsToParse`, counted from 0.
    pub item: Option<usize>,
    /// What it wants done.
    pub wants: Wants,
    /// What went wrong on the way, each with the JSON pointer below the mapping.
    pub faults: Vec<(String, Fault)>,
}

/// What a mapping wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// Its filter is not true of this item, or there is no item; then a fault says so.
    Nothing,
    /// It failed; the faults say why.
    Failed,
    /// An entity is created or merged into the one that exists.
    Upsert {
        /// The blueprint's identifier.
        blueprint: String,
        /// The entity: `identifier` (a text, or an evaluated search), `title`, `icon`, `team`, `properties`,
        /// `relations` as far as they are mapped; values may be searches with evaluated `value`s.
        entity: Value,
    },
    /// An entity goes.
    Delete {
        /// The blueprint's identifier.
        blueprint: String,
        /// The entity's identifier.
        identifier: String,
        /// Whether what depends on it goes, too.
        delete_dependents: bool,
    },
}

/// Items that are mapped without a delivery, with the same programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Items {
    /// JQ: only items of which it gives `true`.
    pub filter: Option<String>,
    /// An entity of a webhook's mapping: `identifier`, `title`, `icon`, `team`, `properties`, `relations`.
    pub mapping: Value,
    /// What `.item` is, one after the other.
    pub items: Vec<Value>,
    /// What `.account` is: `{"url": …}`.
    pub account: Value,
    /// What `now` is, in seconds since the Unix epoch.
    pub now: f64,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The entity with everything that is mapped: what has no value is null. `None` when the filter is not true of
    /// the item, or when it failed; then a fault says why.
    pub entity: Option<Value>,
    /// What went wrong, each with the JSON pointer below the ingest: `/filter`, `/mapping/identifier`.
    pub faults: Vec<(String, Fault)>,
}
