//! The Port half's state, and the stamps that the server puts on what it stores.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::quirks::Quirks;
use super::request::Stamp;
use super::schema::Schema;
use super::tables::{Table, Tables};
use super::{guesses, system};
use crate::sandbox::dice::spelled;
use crate::sandbox::events::Event;

/// What the server adds to objects and clients may send back (PA section 1).
pub(crate) const STAMPS: [&str; 5] = ["createdAt", "createdBy", "updatedAt", "updatedBy", "id"];

/// Everything that the Port half remembers.
#[derive(Debug)]
pub(crate) struct PortState {
    /// The objects.
    pub(crate) tables: Tables,
    /// How disputed things behave.
    pub(crate) quirks: Quirks,
    /// Compiled entity schemas by blueprint, thrown away when the blueprint changes.
    pub(super) entity_schemas: HashMap<String, Arc<Schema>>,
    /// What the current request or event caused; the shell passes it on.
    pub(crate) happened: Vec<Event>,
}

impl PortState {
    /// A new organization: system blueprints and nothing else.
    pub(crate) fn new(organization: Option<&str>, quirks: Quirks, now: i64) -> Self {
        let mut state = Self::restored(Tables::default(), quirks);
        let organization = json!({
            "id": organization.unwrap_or(guesses::ORGANIZATION_ID),
            "name": guesses::ORGANIZATION_NAME,
            "settings": {"hiddenBlueprints": []},
            "featureFlags": ["USERS_AND_TEAMS_OWNERSHIP_V2"],
        });
        state
            .tables
            .put(Table::Organization, "organization", organization);
        for blueprint in system::blueprints(&spelled(now)) {
            if let Some(identifier) = blueprint["identifier"].as_str() {
                let identifier = identifier.to_owned();
                state.tables.put(Table::Blueprints, &identifier, blueprint);
            }
        }
        state
    }

    /// The state of an earlier process.
    pub(crate) fn restored(tables: Tables, quirks: Quirks) -> Self {
        Self {
            tables,
            quirks,
            entity_schemas: HashMap::new(),
            happened: Vec::new(),
        }
    }

    /// The organization's id.
    pub(crate) fn organization_id(&self) -> &str {
        self.tables
            .get(Table::Organization, "organization")
            .and_then(|organization| organization["id"].as_str())
            .unwrap_or(guesses::ORGANIZATION_ID)
    }

    /// Ends the token of every client.
    pub(crate) fn expire_tokens(&mut self) {
        self.tables.remove(Table::Token, "token");
    }

    /// Whether a webhook with this intake key exists.
    pub(crate) fn knows_intake(&self, key: &str) -> bool {
        self.webhook_of(key).is_some()
    }

    /// The webhook with this intake key, by its identifier.
    pub(super) fn webhook_of(&self, key: &str) -> Option<(&str, &Value)> {
        self.tables
            .rows(Table::Webhooks)
            .find(|(_, webhook)| webhook["webhookKey"] == key)
    }

    /// Everything, with secret texts replaced by `{"sha256": hex}` and without the token.
    pub(crate) fn dump(&self) -> Value {
        let mut tables = self.tables.to_json();
        tables["token"] = json!({});
        for table in [Table::SecretValues, Table::WebhookSecrets] {
            let rows = self
                .tables
                .rows(table)
                .map(|(key, value)| (key.to_owned(), digest(value.as_str().unwrap_or_default())));
            tables[table.name()] = Value::Object(rows.collect());
        }
        if let Some(secrets) = tables["run_secrets"].as_object_mut() {
            for secret in secrets.values_mut() {
                *secret = digest(&secret.to_string());
            }
        }
        // What a backend answers may be a token.
        if let Some(runs) = tables["runs"].as_object_mut() {
            for run in runs.values_mut() {
                if let Some(response) = run.get_mut("response") {
                    *response = digest(&response.to_string());
                }
            }
        }
        tables
    }
}

/// `{"sha256": hex}` of a text.
fn digest(text: &str) -> Value {
    let hex: String = Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"sha256": hex})
}

/// The four stamps of a new object.
pub(crate) fn born(stamp: Stamp<'_>) -> Map<String, Value> {
    let (time, who) = (Value::from(spelled(stamp.now)), Value::from(stamp.user));
    [
        ("createdAt", &time),
        ("createdBy", &who),
        ("updatedAt", &time),
        ("updatedBy", &who),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .collect()
}

/// The stamps of `old` after a write: `updatedAt` always moves on, also for a write that changes
/// nothing and within one millisecond (PA section 10.8).
pub(crate) fn touched(old: &Value, stamp: Stamp<'_>) -> Map<String, Value> {
    let mut stamps = born(stamp);
    for name in ["createdAt", "createdBy"] {
        if let Some(value) = old.get(name) {
            stamps.insert(name.to_owned(), value.clone());
        }
    }
    stamps.insert(
        "updatedAt".to_owned(),
        spelled(later(old, stamp.now)).into(),
    );
    stamps
}

/// Joins server fields and body: the server's first, the body's backwards, so that nobody relies on
/// the order of keys (PA section 10.8).
pub(crate) fn joined(server: Map<String, Value>, body: Map<String, Value>) -> Value {
    let mut object = server;
    let mut sent: Vec<(String, Value)> = body.into_iter().collect();
    sent.reverse();
    for (name, value) in sent {
        object.entry(name).or_insert(value);
    }
    Value::Object(object)
}

fn later(old: &Value, now: i64) -> i64 {
    let before = old
        .get("updatedAt")
        .and_then(Value::as_str)
        .and_then(|text| text.parse::<Timestamp>().ok())
        .map_or(i64::MIN, Timestamp::as_millisecond);
    now.max(before.saturating_add(1))
}
