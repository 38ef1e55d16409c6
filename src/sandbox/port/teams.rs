//! Teams, addressed by name (PA section 9). Their users are objects on read and only shown when asked
//! for.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::request::Request;
use super::secrets::dates;
use super::state::{PortState, born, touched};
use super::tables::Table;

/// `GET /v1/teams`.
pub(super) fn list(state: &PortState, request: &Request<'_>) -> Outcome {
    let teams = state.tables.rows(Table::Teams);
    Ok(Answer::list(
        "teams",
        teams.map(|(name, team)| (name, shown(team, request))),
    ))
}

/// `GET /v1/teams/{name}`.
pub(super) fn get(state: &PortState, request: &Request<'_>, name: &str) -> Outcome {
    Ok(Answer::one(
        200,
        "team",
        &shown(found(state, name)?, request),
    ))
}

/// `POST /v1/teams`, which answers 200.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = request.checked(&plain::TEAM)?;
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if state.tables.has(Table::Teams, &name) {
        return Err(Refusal::taken("Team", &name));
    }
    let mut team: Map<String, Value> = dates(born(request.call.stamp())).collect();
    team.insert("id".to_owned(), request.call.dice.word(16).into());
    team.insert("provider".to_owned(), "port".into());
    store(state, &name, team, body)
}

/// `PUT /v1/teams/{name}`.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>, name: &str) -> Outcome {
    let old = found(state, name)?.clone();
    let body = request.checked(&plain::TEAM_REPLACE)?;
    let mut team: Map<String, Value> = dates(touched(&old, request.call.stamp())).collect();
    for key in ["id", "provider"] {
        team.insert(key.to_owned(), old[key].clone());
    }
    renamed(state, name, team, body)
}

/// `PATCH /v1/teams/{name}`; the description may be null.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, name: &str) -> Outcome {
    let old = found(state, name)?.clone();
    let body = request.checked(&plain::TEAM_CHANGE)?;
    let mut team = old.as_object().cloned().unwrap_or_default();
    team.extend(dates(touched(&old, request.call.stamp())));
    renamed(state, name, team, body)
}

/// `DELETE /v1/teams/{name}`.
pub(super) fn delete(state: &mut PortState, name: &str) -> Outcome {
    found(state, name)?;
    state.tables.remove(Table::Teams, name);
    Ok(Answer::done())
}

fn renamed(
    state: &mut PortState,
    name: &str,
    team: Map<String, Value>,
    body: Map<String, Value>,
) -> Outcome {
    let new = body
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or(name)
        .to_owned();
    if new != name {
        if state.tables.has(Table::Teams, &new) {
            return Err(Refusal::taken("Team", &new));
        }
        state.tables.remove(Table::Teams, name);
    }
    store(state, &new, team, body)
}

fn store(
    state: &mut PortState,
    name: &str,
    mut team: Map<String, Value>,
    body: Map<String, Value>,
) -> Outcome {
    team.extend(body);
    let users = team.get("users").cloned().unwrap_or_else(|| json!([]));
    team.insert("users".to_owned(), users);
    let team = Value::Object(team);
    let answer = Answer::one(200, "team", &with_users(&team));
    state.tables.put(Table::Teams, name, team);
    Ok(answer)
}

fn found<'s>(state: &'s PortState, name: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Teams, name)
        .ok_or_else(|| Refusal::missing("Team", name))
}

fn shown(team: &Value, request: &Request<'_>) -> Value {
    if request
        .parameters("fields")
        .any(|field| field.starts_with("users"))
    {
        return with_users(team);
    }
    let mut team = team.clone();
    if let Some(team) = team.as_object_mut() {
        team.remove("users");
    }
    team
}

fn with_users(team: &Value) -> Value {
    let mut team = team.clone();
    let emails = team["users"].as_array().cloned().unwrap_or_default();
    team["users"] = emails
        .into_iter()
        .map(|email| json!({"email": email}))
        .collect();
    team
}
