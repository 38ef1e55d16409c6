//! Everything the simulated account holds. Plain records in ordered maps: it can be saved, compared and
//! printed. Does not answer requests; the nouns' own files do.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attachments::Attachment;
use super::deliveries::Delivery;
use super::happenings::{Happening, Task};
use super::inbox::{Message, Told};
use super::policies::Policy;
use super::roster::Roster;
use super::runs::Run;
use super::samples::Sample;
use super::secret::{Secret, mask};
use super::session::{ApiKey, Session};
use super::spaces::Space;
use super::webhooks::NamedWebhook;
use super::{KEY_ID, KEY_SECRET};

/// One Spacelift account.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct SpaceliftState {
    /// The account's subdomain.
    pub account: String,
    /// Keys that may be exchanged, by id.
    pub api_keys: BTreeMap<String, ApiKey>,
    /// Living tokens, by the SHA-256 of their text.
    pub sessions: BTreeMap<String, Session>,
    /// Spaces by id.
    pub spaces: BTreeMap<String, Space>,
    /// Policies by slug.
    pub policies: BTreeMap<String, Policy>,
    /// Attachments made by hand, by id.
    pub attachments: BTreeMap<String, Attachment>,
    /// Named webhooks by slug.
    pub webhooks: BTreeMap<String, NamedWebhook>,
    /// Stacks by slug.
    pub stacks: Roster,
    /// The runs of each stack, oldest first.
    pub runs: BTreeMap<String, Vec<Run>>,
    /// What happened and was not told yet, oldest first.
    #[serde(default)]
    pub happenings: VecDeque<Happening>,
    /// What was sent to webhooks, the newest last.
    #[serde(default)]
    pub deliveries: VecDeque<Delivery>,
    /// The inbox, the newest last.
    #[serde(default)]
    pub inbox: VecDeque<Message>,
    /// What would be in Slack, the newest last.
    #[serde(default)]
    pub slack: VecDeque<Told>,
    /// What would be said in pull requests, the newest last.
    #[serde(default)]
    pub pull_requests: VecDeque<Told>,
    /// Recorded evaluations by policy, the newest last.
    #[serde(default)]
    pub samples: BTreeMap<String, VecDeque<Sample>>,
    /// What there is to do; whoever has changed the state takes it.
    #[serde(skip)]
    pub(crate) tasks: Vec<Task>,
    /// How many automations of Port led to the change that is being made.
    #[serde(skip)]
    pub(crate) depth: u32,
}

impl SpaceliftState {
    /// The store as JSON for tests and people; secret texts are shown as `{"sha256": hex}`.
    pub fn dump(&self) -> Value {
        match serde_json::to_value(self) {
            Ok(mut value) => {
                mask(&mut value);
                value
            }
            // Maps with string keys and plain records always serialize; say so rather than panic.
            Err(error) => json!({ "error": error.to_string() }),
        }
    }

    /// Ends every token at once, as if its life were over (SA section 15, trap 1).
    pub fn expire_tokens(&mut self) {
        self.sessions.clear();
    }
}

impl Default for SpaceliftState {
    fn default() -> Self {
        let key = ApiKey {
            name: "sandbox".to_owned(),
            secret: Secret::new(KEY_SECRET),
        };
        Self {
            account: "sandbox".to_owned(),
            api_keys: BTreeMap::from([(KEY_ID.to_owned(), key)]),
            sessions: BTreeMap::new(),
            spaces: Space::fixed(),
            policies: BTreeMap::new(),
            attachments: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            stacks: Roster::default(),
            runs: BTreeMap::new(),
            happenings: VecDeque::new(),
            deliveries: VecDeque::new(),
            inbox: VecDeque::new(),
            slack: VecDeque::new(),
            pull_requests: VecDeque::new(),
            samples: BTreeMap::new(),
            tasks: Vec::new(),
            depth: 0,
        }
    }
}
