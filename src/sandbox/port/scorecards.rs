//! Scorecards: one or all of a blueprint, PUT only (PA section 8). They are stored, never evaluated.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::request::Request;
use super::state::{PortState, born, joined, touched};
use super::tables::{self, Table};
use super::{blueprints, guesses};

/// `GET /v1/scorecards`.
pub(super) fn list_all(state: &PortState) -> Outcome {
    Ok(Answer::list(
        "scorecards",
        state.tables.rows(Table::Scorecards),
    ))
}

/// `GET /v1/blueprints/{b}/scorecards`.
pub(super) fn list(state: &PortState, blueprint: &str) -> Outcome {
    blueprints::found(state, blueprint)?;
    Ok(Answer::list(
        "scorecards",
        state.tables.within(Table::Scorecards, blueprint),
    ))
}

/// `GET /v1/blueprints/{b}/scorecards/{s}`.
pub(super) fn get(state: &PortState, blueprint: &str, id: &str) -> Outcome {
    Ok(Answer::one(200, "scorecard", found(state, blueprint, id)?))
}

/// `POST /v1/blueprints/{b}/scorecards`.
pub(super) fn create(state: &mut PortState, request: &Request<'_>, blueprint: &str) -> Outcome {
    blueprints::found(state, blueprint)?;
    let body = request.checked(&plain::SCORECARD_NEW)?;
    let id = text(&body, "identifier");
    let key = tables::joined(blueprint, &id);
    if state.tables.has(Table::Scorecards, &key) {
        return Err(Refusal::taken("Scorecard", &id));
    }
    levels_fit(&body)?;
    let scorecard = stored(state, request, blueprint, None, body);
    let answer = Answer::one(guesses::CREATED, "scorecard", &scorecard);
    state.tables.put(Table::Scorecards, &key, scorecard);
    Ok(answer)
}

/// `PUT /v1/blueprints/{b}/scorecards/{s}`; another identifier renames.
pub(super) fn replace(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint: &str,
    id: &str,
) -> Outcome {
    let old = found(state, blueprint, id)?.clone();
    let body = request.checked(&plain::SCORECARD)?;
    levels_fit(&body)?;
    let new_id = text(&body, "identifier");
    let new_key = tables::joined(blueprint, &new_id);
    if new_id != id && state.tables.has(Table::Scorecards, &new_key) {
        return Err(Refusal::taken("Scorecard", &new_id));
    }
    let scorecard = stored(state, request, blueprint, Some(&old), body);
    let answer = Answer::one(200, "scorecard", &scorecard);
    if new_id != id {
        state
            .tables
            .remove(Table::Scorecards, &tables::joined(blueprint, id));
    }
    state.tables.put(Table::Scorecards, &new_key, scorecard);
    Ok(answer)
}

/// `PUT /v1/blueprints/{b}/scorecards`: the whole set; siblings left out are deleted.
pub(super) fn replace_all(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint: &str,
) -> Outcome {
    blueprints::found(state, blueprint)?;
    let body = request.json()?;
    plain::SCORECARDS.check(&body)?;
    let mut bodies: Vec<Map<String, Value>> = Vec::new();
    for item in body
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let mut item = item.clone();
        item.remove("id");
        item.remove("properties");
        levels_fit(&item)?;
        if bodies
            .iter()
            .any(|other| other["identifier"] == item["identifier"])
        {
            return Err(Refusal::taken("Scorecard", &text(&item, "identifier")));
        }
        bodies.push(item);
    }
    let mut olds: Vec<(String, Value)> = Vec::new();
    for key in state.tables.keys_within(Table::Scorecards, blueprint) {
        if let Some(old) = state.tables.remove(Table::Scorecards, &key) {
            olds.push((key, old));
        }
    }
    for item in bodies {
        let key = tables::joined(blueprint, &text(&item, "identifier"));
        let old = olds.iter().find(|(old, _)| *old == key).map(|(_, old)| old);
        let scorecard = stored(state, request, blueprint, old, item);
        state.tables.put(Table::Scorecards, &key, scorecard);
    }
    list(state, blueprint)
}

/// `DELETE /v1/blueprints/{b}/scorecards/{s}`.
pub(super) fn delete(state: &mut PortState, blueprint: &str, id: &str) -> Outcome {
    found(state, blueprint, id)?;
    state
        .tables
        .remove(Table::Scorecards, &tables::joined(blueprint, id));
    Ok(Answer::done())
}

fn found<'s>(state: &'s PortState, blueprint: &str, id: &str) -> Checked<&'s Value> {
    blueprints::found(state, blueprint)?;
    state
        .tables
        .get(Table::Scorecards, &tables::joined(blueprint, id))
        .ok_or_else(|| Refusal::missing("Scorecard", id))
}

/// A rule's level is one of the scorecard's; without levels it is Gold, Silver or Bronze.
fn levels_fit(body: &Map<String, Value>) -> Checked {
    let own: Vec<&str> = match body.get("levels").and_then(Value::as_array) {
        Some(levels) if !levels.is_empty() => levels
            .iter()
            .filter_map(|level| level["title"].as_str())
            .collect(),
        _ => vec!["Gold", "Silver", "Bronze"],
    };
    let rules = body
        .get("rules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for (index, rule) in rules.enumerate() {
        if !rule["level"]
            .as_str()
            .is_some_and(|level| own.contains(&level))
        {
            return Err(Refusal::invalid(format!(
                "rules/{index}/level must be equal to one of the allowed values: {own:?}"
            )));
        }
    }
    Ok(())
}

/// Fills levels and server fields; the order of rules is lost (PA section 1).
fn stored(
    state: &PortState,
    request: &Request<'_>,
    blueprint: &str,
    old: Option<&Value>,
    mut body: Map<String, Value>,
) -> Value {
    body.entry("levels").or_insert_with(|| {
        json!([
            {"title": "Basic", "color": "paleBlue"},
            {"title": "Bronze", "color": "bronze"},
            {"title": "Silver", "color": "silver"},
            {"title": "Gold", "color": "gold"},
        ])
    });
    if let Some(rules) = body.get_mut("rules").and_then(Value::as_array_mut) {
        rules
            .sort_by_key(|rule| guesses::disorder(rule["identifier"].as_str().unwrap_or_default()));
    }
    let stamp = request.call.stamp();
    let mut server = old.map_or_else(|| born(stamp), |old| touched(old, stamp));
    let id = match old.and_then(|old| old["id"].as_str()) {
        Some(id) => id.to_owned(),
        None => request.call.dice.word(16),
    };
    server.insert("id".to_owned(), id.as_str().into());
    server.insert("_id".to_owned(), id.into());
    server.insert("orgId".to_owned(), state.organization_id().into());
    server.insert("blueprint".to_owned(), blueprint.into());
    joined(server, body)
}

fn text(body: &Map<String, Value>, key: &str) -> String {
    body.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
