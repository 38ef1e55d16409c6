//! Searches for entities: in one blueprint, paged by a cursor, and over all of them (PA section 6).
//!
//! Rules over calculated properties, scorecards, users and dates presets are accepted and match nothing.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::entity as bodies;
use super::entity_model::identifiers;
use super::entity_view::{EntityView, Selection};
use super::request::Request;
use super::state::PortState;
use super::tables::{self, Table};
use super::{blueprints, guesses, triggers};
use crate::sim::job::Fault;
use crate::sim::mapping;

/// `POST /v1/blueprints/{b}/entities/search`: `next` is there as long as something is left.
pub(super) fn in_blueprint(
    state: &PortState,
    request: &Request<'_>,
    blueprint_id: &str,
) -> Outcome {
    let blueprint = blueprints::found(state, blueprint_id)?;
    let body = if request.call.body.is_empty() {
        serde_json::Map::new()
    } else {
        request.checked(&bodies::BLUEPRINT_SEARCH)?
    };
    let asked = body
        .get("limit")
        .and_then(Value::as_f64)
        .map_or(200, |limit| limit as usize);
    let departure = request.call.departure;
    let limit = departure.page_limit.map_or(asked, |most| most.min(asked));
    let limit = limit.max(1);
    let cursor = body.get("from").and_then(Value::as_str);
    let cursor = cursor.map(cursor_text).transpose()?;
    let query = body.get("query").unwrap_or(&Value::Null);
    let is_found = |entity: &&Value| query.is_null() || matches(query, entity);
    let shift = usize::try_from(departure.page_shift.unsigned_abs()).unwrap_or(usize::MAX);
    let (mut found, later) = match &cursor {
        // However far a page moves back, it ends further on than the one before.
        Some(after) if departure.page_shift < 0 => {
            let before = state.tables.until(Table::Entities, blueprint_id, after);
            let before = before.map(|(_, entity)| entity).filter(is_found);
            let mut again: Vec<&Value> = before.take(shift.min(limit - 1)).collect();
            again.reverse();
            (again, 0)
        }
        _ if departure.page_shift > 0 => (Vec::new(), shift),
        _ => (Vec::new(), 0),
    };
    let after = cursor.as_deref().unwrap_or_default();
    let ahead: Box<dyn Iterator<Item = &Value>> = match named(query) {
        Some(names) => Box::new(
            names
                .into_iter()
                .filter(move |name| *name > after)
                .filter_map(|name| {
                    let key = tables::joined(blueprint_id, name);
                    state.tables.get(Table::Entities, &key)
                }),
        ),
        None => {
            let ahead = state.tables.after(Table::Entities, blueprint_id, after);
            Box::new(ahead.map(|(_, entity)| entity))
        }
    };
    let rest = limit + 1 - found.len();
    found.extend(ahead.filter(is_found).skip(later).take(rest));
    let next = if found.len() > limit {
        found.truncate(limit);
        found.last().and_then(|last| last["identifier"].as_str())
    } else {
        None
    };
    let names = |key: &str| -> Vec<String> {
        let list = body
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let selection = Selection {
        include: names("include"),
        exclude: names("exclude"),
        without_derived: false,
    };
    let views: Vec<EntityView<'_>> = found
        .into_iter()
        .map(|entity| EntityView {
            state,
            entity,
            blueprint,
            selection: &selection,
        })
        .collect();
    let mut answer = Answer::one(200, "entities", &views);
    if let Some(next) = next {
        answer.body.pop();
        let cursor = Value::from(URL_SAFE_NO_PAD.encode(next));
        answer
            .body
            .extend_from_slice(format!(",\"next\":{cursor}}}").as_bytes());
    }
    Ok(answer)
}

/// `POST /v1/entities/search`: over all blueprints, unpaged, naming the blueprints that matched.
pub(super) fn everywhere(state: &PortState, request: &Request<'_>) -> Outcome {
    let query = Value::Object(request.checked(&bodies::SEARCH)?);
    let all = |name| request.parameters(name).map(str::to_owned).collect();
    let selection = Selection {
        include: all("include"),
        exclude: all("exclude"),
        without_derived: request.flag("exclude_calculated_properties"),
    };
    let mut blueprints = BTreeSet::new();
    let mut views = Vec::new();
    for (key, entity) in state.tables.rows(Table::Entities) {
        if matches(&query, entity) {
            let id = entity["blueprint"].as_str().unwrap_or_default();
            let blueprint = state
                .tables
                .get(Table::Blueprints, id)
                .unwrap_or(&Value::Null);
            blueprints.insert(id);
            views.push((
                guesses::disorder(key),
                EntityView {
                    state,
                    entity,
                    blueprint,
                    selection: &selection,
                },
            ));
        }
    }
    views.sort_by_key(|(place, _)| *place);
    let views: Vec<EntityView<'_>> = views.into_iter().map(|(_, view)| view).collect();
    let mut answer = Answer::one(200, "entities", &views);
    answer.body.pop();
    answer
        .body
        .extend_from_slice(format!(",\"matchingBlueprints\":{}}}", json!(blueprints)).as_bytes());
    Ok(answer)
}

/// The identifiers of a blueprint's entities that match a query.
pub(super) fn matching(state: &PortState, blueprint_id: &str, query: &Value) -> Vec<String> {
    state
        .tables
        .within(Table::Entities, blueprint_id)
        .filter(|(_, entity)| matches(query, entity))
        .filter_map(|(_, entity)| entity["identifier"].as_str().map(str::to_owned))
        .collect()
}

/// The identifiers of a blueprint's entities that an evaluated search of a webhook's mapping finds, which
/// may ask for less than the API (PA section 4); why it may not be asked at all.
pub(super) fn of_mapping(
    state: &PortState,
    blueprint_id: &str,
    query: &Value,
) -> Result<Vec<String>, Fault> {
    let blueprint = state.tables.get(Table::Blueprints, blueprint_id);
    // Also without entities it is told what is wrong with it.
    let mut found = mapping::resolve(query, &[], blueprint)?;
    let has_mirrors = blueprint
        .and_then(|blueprint| blueprint["mirrorProperties"].as_object())
        .is_some_and(|mirrors| !mirrors.is_empty());
    for (_, entity) in state.tables.within(Table::Entities, blueprint_id) {
        // One after the other, so that thousands are not copied for a search.
        found.extend(match has_mirrors {
            true => mapping::resolve(query, &[triggers::viewed(state, entity)], blueprint)?,
            false => mapping::resolve(query, std::slice::from_ref(entity), blueprint)?,
        });
        if found.len() == guesses::MAPPING_MATCHES {
            break;
        }
    }
    Ok(found)
}

/// The only identifiers that a query can find, when it says so: nobody else needs to be looked at.
fn named(query: &Value) -> Option<BTreeSet<&str>> {
    if let Some(rules) = query["rules"].as_array() {
        // What all rules ask for, one of them asks for.
        let is_any = query["combinator"] == "or" && rules.len() != 1;
        return match is_any {
            true => None,
            false => rules.iter().find_map(named),
        };
    }
    match (query["property"].as_str(), query["operator"].as_str()) {
        (Some("$identifier"), Some("=")) => query["value"].as_str().map(|one| [one].into()),
        (Some("$identifier"), Some("in")) => query["value"]
            .as_array()?
            .iter()
            .map(Value::as_str)
            .collect(),
        _ => None,
    }
}

fn cursor_text(cursor: &str) -> Checked<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Refusal::invalid("from must be a cursor of an earlier answer"))
}

/// Whether an entity matches a query or a single rule.
fn matches(query: &Value, entity: &Value) -> bool {
    if let Some(rules) = query["rules"].as_array() {
        return match query["combinator"].as_str() {
            Some("or") => rules.iter().any(|rule| matches(rule, entity)),
            _ => rules.iter().all(|rule| matches(rule, entity)),
        };
    }
    let operator = query["operator"].as_str().unwrap_or_default();
    let wanted = &query["value"];
    if operator == "relatedTo" {
        return is_related(query, entity);
    }
    let actual = match (query["property"].as_str(), query["relation"].as_str()) {
        (Some(property), _) => property_value(entity, property),
        (None, Some(relation)) => &entity["relations"][relation],
        (None, None) => return false,
    };
    holds(operator, actual, wanted)
}

/// Directly related entities only, in both directions' simplest form.
fn is_related(rule: &Value, entity: &Value) -> bool {
    let wanted: Vec<&str> = identifiers(&rule["value"]).collect();
    let relations = entity["relations"].as_object();
    relations
        .into_iter()
        .flat_map(|map| map.values())
        .any(|value| identifiers(value).any(|one| wanted.contains(&one)))
}

fn property_value<'e>(entity: &'e Value, property: &str) -> &'e Value {
    match property.strip_prefix('$') {
        Some(meta) => &entity[meta],
        None => &entity["properties"][property],
    }
}

fn holds(operator: &str, actual: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| {
        value
            .as_str()
            .map(str::to_owned)
            .unwrap_or_else(|| value.to_string())
    };
    let contains = |actual: &Value, wanted: &Value| match actual {
        Value::Array(items) => items.contains(wanted),
        Value::Null => false,
        actual => text(actual).contains(&text(wanted)),
    };
    let is_one_of = |actual: &Value, wanted: &Value| {
        let wanted = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
        match actual {
            Value::Array(items) => items.iter().any(|item| wanted.contains(item)),
            actual => wanted.contains(actual),
        }
    };
    match operator {
        "=" => actual == wanted,
        "!=" => actual != wanted,
        "in" | "containsAny" => is_one_of(actual, wanted),
        "notIn" => !is_one_of(actual, wanted),
        "contains" => contains(actual, wanted),
        "doesNotContains" => !contains(actual, wanted),
        "beginsWith" => !actual.is_null() && text(actual).starts_with(&text(wanted)),
        "doesNotBeginsWith" => actual.is_null() || !text(actual).starts_with(&text(wanted)),
        "endsWith" => !actual.is_null() && text(actual).ends_with(&text(wanted)),
        "doesNotEndsWith" => actual.is_null() || !text(actual).ends_with(&text(wanted)),
        "isEmpty" => is_empty(actual),
        "isNotEmpty" => !is_empty(actual),
        ">" => compared(actual, wanted) == Some(Ordering::Greater),
        "<" => compared(actual, wanted) == Some(Ordering::Less),
        ">=" => matches!(
            compared(actual, wanted),
            Some(Ordering::Greater | Ordering::Equal)
        ),
        "<=" => matches!(
            compared(actual, wanted),
            Some(Ordering::Less | Ordering::Equal)
        ),
        "between" => {
            compared(actual, &wanted["from"]).is_some_and(Ordering::is_ge)
                && compared(actual, &wanted["to"]).is_some_and(Ordering::is_le)
        }
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Numbers by size, texts (and with them RFC 3339 times) by letters.
fn compared(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}
