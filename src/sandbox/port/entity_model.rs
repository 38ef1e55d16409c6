//! What an entity must agree with: its blueprint's properties and relations, and the entities that its
//! relations name (PA sections 1 and 6).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer::{Checked, Refusal};
use super::schema::Schema;
use super::state::PortState;
use super::tables::{self, Table};
use super::{blueprints, guesses, search, system};

/// What a write of entities may do besides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leave {
    /// Entities that relations name and that do not exist are made.
    pub(super) create_missing: bool,
}

/// Checks the next form of an entity and settles searches in its relations and team.
///
/// Returns the missing entities that [`Leave::create_missing`] asks to make, as table keys.
pub(super) fn check(
    state: &mut PortState,
    blueprint_id: &str,
    entity: &mut Map<String, Value>,
    leave: Leave,
) -> Checked<Vec<String>> {
    if system::is_entity_protected(blueprint_id) {
        let message = format!(
            "Cannot create entity from blueprint \"{blueprint_id}\" as it is marked protected"
        );
        return Err(Refusal::new(
            guesses::PROTECTED_STATUS,
            "protected_resource",
            message,
        ));
    }
    let schema = entity_schema(state, blueprint_id)?;
    let blueprint = blueprints::found(state, blueprint_id)?;
    settle_team(state, blueprint_id, blueprint, entity)?;
    let properties = entity
        .get("properties")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(finding) = schema.finding(&properties, "properties") {
        return Err(mismatch(finding));
    }
    let mut made = Vec::new();
    let mut settled = Map::new();
    let relations = entity
        .get("relations")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, value) in relations {
        let relation = &blueprint["relations"][name.as_str()];
        let Some(target) = relation["target"].as_str() else {
            return Err(mismatch(format!(
                "relations must NOT have additional properties: \"{name}\""
            )));
        };
        let value = settle_relation(state, target, relation, value)?;
        for wanted in identifiers(&value) {
            let key = tables::joined(target, wanted);
            if !state.tables.has(Table::Entities, &key) {
                if !leave.create_missing {
                    let message =
                        format!("Entity \"{wanted}\" does not exist in blueprint \"{target}\"");
                    let status = state.quirks.missing_reference_status;
                    return Err(Refusal::new(status, "not_found", message));
                }
                made.push(key);
            }
        }
        settled.insert(name, value);
    }
    for (name, relation) in blueprint["relations"].as_object().into_iter().flatten() {
        let is_absent = settled.get(name).is_none_or(Value::is_null);
        if relation["required"] == true && is_absent {
            return Err(mismatch(format!(
                "relations must have required property '{name}'"
            )));
        }
    }
    entity.insert("relations".to_owned(), Value::Object(settled));
    Ok(made)
}

/// The identifiers in a relation's value.
pub(super) fn identifiers(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str();
    let many = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn settle_team(
    state: &PortState,
    blueprint_id: &str,
    blueprint: &Value,
    entity: &mut Map<String, Value>,
) -> Checked {
    let Some(team) = entity.get("team") else {
        return Ok(());
    };
    let is_set = !team.is_null() && team.as_array().is_none_or(|teams| !teams.is_empty());
    if is_set && blueprint["ownership"]["type"] == "Inherited" {
        let message =
            format!("entities of blueprint \"{blueprint_id}\" inherit their owning teams");
        return Err(Refusal::new(
            guesses::MISMATCH_STATUS,
            "inherited_ownership_enabled",
            message,
        ));
    }
    let teams = match team {
        Value::Null => Vec::new(),
        Value::String(team) => vec![team.clone()],
        Value::Array(teams) => teams
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        query => search::matching(state, "_team", query),
    };
    // The order of teams is not preserved (PA section 1).
    let mut teams = teams;
    teams.sort_by_key(|team| guesses::disorder(team));
    entity.insert("team".to_owned(), teams.into());
    Ok(())
}

fn settle_relation(
    state: &PortState,
    target: &str,
    relation: &Value,
    value: Value,
) -> Checked<Value> {
    let many = relation["many"] == true;
    match value {
        Value::Object(_) => {
            let mut found = search::matching(state, target, &value);
            if many {
                return Ok(found.into());
            }
            Ok(if found.is_empty() {
                Value::Null
            } else {
                found.swap_remove(0).into()
            })
        }
        Value::String(one) if many => Ok(json!([one])),
        Value::Array(_) if !many => Err(mismatch("a relation to one can not be a list".to_owned())),
        value => Ok(value),
    }
}

fn mismatch(message: String) -> Box<Refusal> {
    let missing = message
        .split_once("must have required property '")
        .and_then(|(_, rest)| rest.split('\'').next())
        .map(str::to_owned);
    let refusal = Refusal::new(
        guesses::MISMATCH_STATUS,
        "blueprint_schema_mismatch",
        message,
    );
    match missing {
        Some(name) => refusal.with(json!({"missing_required_property": name})),
        None => refusal,
    }
}

/// The compiled schema of a blueprint's properties.
fn entity_schema(state: &mut PortState, blueprint_id: &str) -> Checked<Arc<Schema>> {
    if let Some(schema) = state.entity_schemas.get(blueprint_id) {
        return Ok(schema.clone());
    }
    let blueprint = blueprints::found(state, blueprint_id)?;
    let properties = &blueprint["schema"]["properties"];
    // Null is as good as absent, so required properties may not be null either.
    let shapes: Map<String, Value> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let required = blueprint["schema"]["required"].as_array();
            let is_required =
                required.is_some_and(|required| required.iter().any(|one| one == name));
            (name.clone(), shape(property, is_required))
        })
        .collect();
    let whole = json!({
        "type": "object",
        "properties": shapes,
        "required": blueprint["schema"].get("required").cloned().unwrap_or_else(|| json!([])),
        "additionalProperties": !guesses::UNKNOWN_ENTITY_PROPERTIES_REFUSED,
    });
    let schema = Schema::try_new(&whole)
        // A pattern or format that is not one: the types alone still count.
        .or_else(|| Schema::try_new(&json!({"type": "object"})))
        .ok_or_else(|| {
            Refusal::new(
                500,
                "internal_error",
                "the blueprint's schema does not compile",
            )
        })?;
    let schema = Arc::new(schema);
    state
        .entity_schemas
        .insert(blueprint_id.to_owned(), schema.clone());
    Ok(schema)
}

/// The part of a schema that a property, or the input of an action, is checked with; null is as good as
/// absent unless it is required.
pub(super) fn shape(property: &Value, is_required: bool) -> Value {
    let mut shape = Map::new();
    for keyword in [
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
    ] {
        if let Some(value) = property.get(keyword).filter(|value| !value.is_null()) {
            shape.insert(keyword.to_owned(), value.clone());
        }
    }
    if let Some(kind) = property["items"]["type"].as_str() {
        shape.insert("items".to_owned(), json!({"type": kind}));
    }
    let format = match property["format"].as_str() {
        Some("url") => Some("uri"),
        Some(known @ ("date-time" | "email" | "ipv4" | "ipv6")) => Some(known),
        _ => None,
    };
    if let Some(format) = format {
        shape.insert("format".to_owned(), format.into());
    }
    shape.insert("type".to_owned(), property["type"].clone());
    if is_required {
        return Value::Object(shape);
    }
    json!({"if": {"not": {"type": "null"}}, "then": shape})
}
