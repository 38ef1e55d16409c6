//! What templates of a run see: `.inputs`, `.entity`, `.trigger`, `.action`, `.run`, `.secrets`, `.user`
//! and `.event` (PA section 3), and the same without secret texts.
//!
//! Deliberately not here: rendering, which an engine does.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::state::PortState;
use super::tables::{self, Table};
use super::{guesses, triggers};
use crate::sim::template::{self, Piece};

/// The roots of a run's templates, and what had to be guessed about them.
pub(super) struct RunData {
    /// With the texts of all secrets.
    pub(super) roots: Value,
    /// Lines for the run's log.
    pub(super) notes: Vec<String>,
}

/// Gathers the roots of a run; `event` is null unless an automation fired.
pub(super) fn gather(state: &PortState, run: &Value, event: &Value) -> RunData {
    let mut notes = Vec::new();
    let id = run["action"]["identifier"].as_str().unwrap_or_default();
    let nothing = Value::Null;
    let action = state.tables.get(Table::Actions, id).unwrap_or(&nothing);
    let is_automation = !event.is_null();
    let by_whom = run["createdBy"].as_str().unwrap_or_default();
    let user = guesses::user(by_whom);
    let mut trigger = json!({
        "by": {"orgId": state.organization_id(), "userId": by_whom, "user": user},
        "origin": run["source"],
        "at": run["createdAt"],
    });
    if !is_automation {
        trigger["operation"] = action["trigger"]["operation"].clone();
    }
    let secrets: Map<String, Value> = state
        .tables
        .rows(Table::SecretValues)
        .map(|(name, text)| (name.to_owned(), text.clone()))
        .collect();
    let mut roots = json!({"trigger": trigger, "secrets": secrets, "user": user});
    if is_automation {
        roots["inputs"] = Value::Null;
        roots["entity"] = Value::Null;
        roots["event"] = event.clone();
        roots["action"] = json!({"identifier": id});
        roots["run"] = json!({"id": run["id"]});
    } else {
        let form = &action["trigger"]["userInputs"];
        let mut sent = run["properties"].as_object().cloned().unwrap_or_default();
        let key = run["id"].as_str().unwrap_or_default();
        let secrets = state.tables.get(Table::RunSecrets, key);
        let secrets = secrets.and_then(Value::as_object).cloned();
        let secrets = secrets.unwrap_or_default();
        let encrypted: Vec<String> = secrets.keys().cloned().collect();
        sent.extend(secrets);
        roots["inputs"] = inputs(state, &form["properties"], sent, &mut notes);
        roots["entity"] = entity(state, run);
        roots["action"] = json!({
            "identifier": id,
            "title": action["title"],
            "icon": action["icon"],
            "blueprint": action["trigger"]["blueprintIdentifier"],
            "encryptedProperties": encrypted,
        });
        roots["run"] = run.clone();
    }
    RunData { roots, notes }
}

/// The same roots with every secret text hidden: what may be shown of a rendered payload.
pub(super) fn hidden(roots: &Value) -> Value {
    let mut hidden = roots.clone();
    hide(&mut hidden["secrets"]);
    for name in roots["action"]["encryptedProperties"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if let Some(input) = name
            .as_str()
            .and_then(|name| hidden["inputs"].get_mut(name))
        {
            *input = guesses::HIDDEN.into();
        }
    }
    for side in ["before", "after"] {
        for part in ["response", "payload"] {
            // What a backend answered may be a token.
            if let Some(place) = hidden.pointer_mut(&format!("/event/diff/{side}/{part}")) {
                hide(place);
            }
        }
    }
    hidden
}

/// The secrets that the templates in a payload read and that are not there.
pub(super) fn unknown_secrets(payload: &Value, secrets: &Value) -> BTreeSet<String> {
    let mut unknown = BTreeSet::new();
    match payload {
        Value::String(text) => {
            for piece in template::pieces(text) {
                let Piece::Program { program, .. } = piece else {
                    continue;
                };
                let paths = template::paths(&text[program]).into_iter();
                unknown.extend(paths.filter_map(|(keys, _)| match keys.as_slice() {
                    [root, name, ..] if root == "secrets" && secrets[name].is_null() => {
                        Some(name.clone())
                    }
                    _ => None,
                }));
            }
        }
        Value::Array(items) => {
            unknown.extend(items.iter().flat_map(|item| unknown_secrets(item, secrets)));
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                unknown.extend(unknown_secrets(&key.as_str().into(), secrets));
                unknown.extend(unknown_secrets(value, secrets));
            }
        }
        _ => {}
    }
    unknown
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => *text = guesses::HIDDEN.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => fields.values_mut().for_each(hide),
        _ => {}
    }
}

/// The inputs, with identifiers of entities become the entities.
fn inputs(
    state: &PortState,
    form: &Value,
    sent: Map<String, Value>,
    notes: &mut Vec<String>,
) -> Value {
    let inputs = sent.into_iter().map(|(name, value)| {
        let input = &form[name.as_str()];
        let (one, many) = (&input["format"], &input["items"]["format"]);
        let blueprint = input["blueprint"]
            .as_str()
            .or_else(|| input["items"]["blueprint"].as_str());
        let value = match (&value, blueprint) {
            (Value::String(id), Some(blueprint)) if one == "entity" => {
                expanded(state, blueprint, id, notes)
            }
            (Value::Array(ids), Some(blueprint)) if many == "entity" => ids
                .iter()
                .map(|id| match id.as_str() {
                    Some(id) => expanded(state, blueprint, id, notes),
                    None => id.clone(),
                })
                .collect(),
            _ => value,
        };
        (name, value)
    });
    Value::Object(inputs.collect())
}

fn expanded(state: &PortState, blueprint: &str, id: &str, notes: &mut Vec<String>) -> Value {
    match state
        .tables
        .get(Table::Entities, &tables::joined(blueprint, id))
    {
        Some(entity) => triggers::viewed(state, entity),
        None => {
            notes.push(format!(
                "entity \"{id}\" does not exist in blueprint \"{blueprint}\": \
                 templates see its identifier only"
            ));
            guesses::missing_entity(blueprint, id)
        }
    }
}

/// The entity that the run is about.
fn entity(state: &PortState, run: &Value) -> Value {
    let named = |key: &str| run[key]["identifier"].as_str();
    let (Some(blueprint), Some(id)) = (named("blueprint"), named("entity")) else {
        return Value::Null;
    };
    let entity = state
        .tables
        .get(Table::Entities, &tables::joined(blueprint, id));
    entity.map_or(Value::Null, |entity| triggers::viewed(state, entity))
}
