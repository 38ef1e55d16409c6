//! Derived properties of an entity: mirrors are followed, calculations and aggregations read as null,
//! because no answer waits for an engine and nothing is counted (PA section 2).

use serde_json::{Map, Value};

use super::state::PortState;
use super::tables::{self, Table};

/// Mirrors of mirrors are followed so far; longer chains read as null.
const DEPTH: usize = 8;

/// The derived properties of an entity.
pub(super) fn properties(
    state: &PortState,
    entity: &Value,
    blueprint: &Value,
) -> Map<String, Value> {
    let mut derived = Map::new();
    for (name, mirror) in blueprint["mirrorProperties"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let path = mirror["path"].as_str().unwrap_or_default();
        derived.insert(
            name.clone(),
            followed(state, entity, blueprint, path, DEPTH),
        );
    }
    for map in ["calculationProperties", "aggregationProperties"] {
        for name in blueprint[map].as_object().into_iter().flat_map(Map::keys) {
            derived.insert(name.clone(), Value::Null);
        }
    }
    derived
}

/// What a mirror's path leads to; over a relation to many, the list of what each leads to.
fn followed(
    state: &PortState,
    entity: &Value,
    blueprint: &Value,
    path: &str,
    depth: usize,
) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let Some((relation, rest)) = path.split_once('.') else {
        return property(state, entity, blueprint, path, depth);
    };
    let (target, related) = match relation {
        "_owning_teams" => (Some("_team"), &entity["team"]),
        name => (
            blueprint["relations"][name]["target"].as_str(),
            &entity["relations"][name],
        ),
    };
    let step = |identifier: &Value| -> Value {
        let (Some(target), Some(identifier)) = (target, identifier.as_str()) else {
            return Value::Null;
        };
        let next = state
            .tables
            .get(Table::Entities, &tables::joined(target, identifier));
        match (next, state.tables.get(Table::Blueprints, target)) {
            (Some(next), Some(blueprint)) => followed(state, next, blueprint, rest, depth - 1),
            _ => Value::Null,
        }
    };
    match related {
        Value::Array(many) => many
            .iter()
            .map(step)
            .filter(|value| !value.is_null())
            .collect(),
        one => step(one),
    }
}

fn property(
    state: &PortState,
    entity: &Value,
    blueprint: &Value,
    name: &str,
    depth: usize,
) -> Value {
    if let Some(meta) = name.strip_prefix('$') {
        return entity[meta].clone();
    }
    match blueprint["mirrorProperties"][name]["path"].as_str() {
        Some(path) => followed(state, entity, blueprint, path, depth - 1),
        None => entity["properties"][name].clone(),
    }
}
