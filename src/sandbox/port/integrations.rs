//! Integrations (Ocean data sources), as far as an integration needs to register itself and find its
//! configuration again (PA section 9). Nothing is synchronised, logged or measured.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::guesses;
use super::request::Request;
use super::state::{PortState, born, joined, touched};
use super::tables::Table;

/// `GET /v1/integration`, and `/metadata` for members.
pub(super) fn list(state: &PortState) -> Outcome {
    Ok(Answer::list(
        "integrations",
        state.tables.rows(Table::Integrations),
    ))
}

/// `GET /v1/integration/{installationId}`.
pub(super) fn get(state: &PortState, id: &str) -> Outcome {
    Ok(Answer::one(200, "integration", found(state, id)?))
}

/// `POST /v1/integration`, unpublished and therefore open.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let mut body = request.checked(&plain::INTEGRATION)?;
    let id = body["installationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if state.tables.has(Table::Integrations, &id) {
        return Err(Refusal::taken("Integration", &id));
    }
    body.entry("config").or_insert_with(|| json!({}));
    let mut server = born(request.call.stamp());
    server.insert("_id".to_owned(), request.call.dice.word(20).into());
    Ok(store(state, &id, guesses::CREATED, server, body))
}

/// `PATCH /v1/integration/{installationId}`: given top-level keys are replaced.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&plain::INTEGRATION_CHANGE)?;
    update(state, request, id, &old, body)
}

/// `PATCH /v1/integration/{installationId}/config`.
pub(super) fn configure(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&plain::INTEGRATION_CONFIG)?;
    update(state, request, id, &old, body)
}

/// `DELETE /v1/integration/{installationId}`.
pub(super) fn delete(state: &mut PortState, id: &str) -> Outcome {
    found(state, id)?;
    state.tables.remove(Table::Integrations, id);
    Ok(Answer::done())
}

fn update(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    old: &Value,
    body: Map<String, Value>,
) -> Outcome {
    let mut whole = old.as_object().cloned().unwrap_or_default();
    whole.extend(body);
    whole.insert("installationId".to_owned(), id.into());
    let mut server = touched(old, request.call.stamp());
    server.insert("_id".to_owned(), old["_id"].clone());
    Ok(store(state, id, 200, server, whole))
}

fn store(
    state: &mut PortState,
    id: &str,
    status: u16,
    server: Map<String, Value>,
    body: Map<String, Value>,
) -> Answer {
    let integration = joined(server, body);
    let answer = Answer::one(status, "integration", &integration);
    state.tables.put(Table::Integrations, id, integration);
    answer
}

fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Integrations, id)
        .ok_or_else(|| Refusal::missing("Integration", id))
}
