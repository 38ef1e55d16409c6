//! Webhooks, the data sources with a mapping (PA section 4). Deliveries are mapped in `intake`.
//!
//! The single payload is called `integration`; the signature secret never comes back.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::webhook as bodies;
use super::guesses;
use super::request::Request;
use super::state::{PortState, born, joined, touched};
use super::tables::Table;

/// `GET /v1/webhooks`; what the list is called is disputed and a quirk.
pub(super) fn list(state: &PortState) -> Outcome {
    Ok(Answer::list(
        &state.quirks.webhook_list_name,
        state.tables.rows(Table::Webhooks),
    ))
}

/// `GET /v1/webhooks/metadata`: what members may see.
pub(super) fn metadata(state: &PortState) -> Outcome {
    let webhooks = state.tables.rows(Table::Webhooks).map(|(id, webhook)| {
        let shown = ["identifier", "title", "icon", "updatedAt"]
            .into_iter()
            .filter_map(|key| {
                webhook
                    .get(key)
                    .map(|value| (key.to_owned(), value.clone()))
            });
        (id, shown.collect::<Map<String, Value>>())
    });
    Ok(Answer::list(&state.quirks.webhook_list_name, webhooks))
}

/// `GET /v1/webhooks/{id}`.
pub(super) fn get(state: &PortState, id: &str) -> Outcome {
    Ok(Answer::one(200, "integration", found(state, id)?))
}

/// `POST /v1/webhooks`; the server makes an identifier if there is none.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let mut body = request.checked(&bodies::WEBHOOK)?;
    let id = match body.get("identifier").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => guesses::webhook_identifier(&request.call.dice.word(8)),
    };
    if state.tables.has(Table::Webhooks, &id) {
        return Err(Refusal::taken("Webhook", &id));
    }
    refers_to_blueprints(state, &body)?;
    body.insert("identifier".to_owned(), id.as_str().into());
    let mut server = born(request.call.stamp());
    let key = request.call.dice.word(16);
    server.insert("url".to_owned(), guesses::intake_url(&key).into());
    server.insert("webhookKey".to_owned(), key.into());
    Ok(store(state, &id, guesses::CREATED, server, body))
}

/// `PUT /v1/webhooks/{id}`: what is omitted is gone, but key and URL stay; another identifier renames.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&bodies::WEBHOOK)?;
    let security_kept = false;
    update(state, request, id, &old, body, security_kept)
}

/// `PATCH /v1/webhooks/{id}`: given top-level keys are replaced, the others stay.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&bodies::CHANGE)?;
    let security_kept = !body.contains_key("security");
    let mut whole = old.as_object().cloned().unwrap_or_default();
    for (key, value) in body {
        let merges = key == "security" && guesses::SECURITY_MERGES;
        match (whole.get_mut(&key).and_then(Value::as_object_mut), value) {
            (Some(old), Value::Object(new)) if merges => old.extend(new),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
    update(state, request, id, &old, whole, security_kept)
}

/// `DELETE /v1/webhooks/{id}`.
pub(super) fn delete(state: &mut PortState, id: &str) -> Outcome {
    found(state, id)?;
    state.tables.remove(Table::Webhooks, id);
    state.tables.remove(Table::WebhookSecrets, id);
    state.tables.remove(Table::DeliveryIds, id);
    Ok(Answer::json(200, &json!({"ok": true})))
}

fn update(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    old: &Value,
    mut body: Map<String, Value>,
    security_kept: bool,
) -> Outcome {
    refers_to_blueprints(state, &body)?;
    let new_id = match body.get("identifier").and_then(Value::as_str) {
        Some(new_id) if !new_id.is_empty() => new_id.to_owned(),
        _ => id.to_owned(),
    };
    body.insert("identifier".to_owned(), new_id.as_str().into());
    if new_id != id && state.tables.has(Table::Webhooks, &new_id) {
        return Err(Refusal::taken("Webhook", &new_id));
    }
    let secret = state
        .tables
        .remove(Table::WebhookSecrets, id)
        .filter(|_| security_kept);
    if new_id != id {
        state.tables.remove(Table::Webhooks, id);
        if let Some(ids) = state.tables.remove(Table::DeliveryIds, id) {
            state.tables.put(Table::DeliveryIds, &new_id, ids);
        }
    }
    let mut server = touched(old, request.call.stamp());
    for key in ["url", "webhookKey"] {
        server.insert(key.to_owned(), old[key].clone());
    }
    let answer = store(state, &new_id, 200, server, body);
    if let Some(secret) = secret {
        state.tables.put(Table::WebhookSecrets, &new_id, secret);
    }
    Ok(answer)
}

/// Writes the webhook without its secret, and the secret by itself.
fn store(
    state: &mut PortState,
    id: &str,
    status: u16,
    server: Map<String, Value>,
    mut body: Map<String, Value>,
) -> Answer {
    let security = body.entry("security").or_insert_with(|| json!({}));
    let secret = security
        .as_object_mut()
        .and_then(|security| security.remove("secret"));
    if let Some(secret) = secret.filter(Value::is_string) {
        state.tables.put(Table::WebhookSecrets, id, secret);
    }
    let webhook = joined(server, body);
    let answer = Answer::one(status, "integration", &webhook);
    state.tables.put(Table::Webhooks, id, webhook);
    answer
}

/// The blueprint of a mapping is a plain identifier; that it must exist is a guess in line with
/// relations and actions (PA section 3).
fn refers_to_blueprints(state: &PortState, body: &Map<String, Value>) -> Checked {
    for mapping in body
        .get("mappings")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let blueprint = mapping["blueprint"].as_str().unwrap_or_default();
        if guesses::MAPPINGS_REFER && !state.tables.has(Table::Blueprints, blueprint) {
            return Err(super::model::missing_blueprint(state, blueprint));
        }
    }
    Ok(())
}

fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Webhooks, id)
        .ok_or_else(|| Refusal::missing("Webhook", id))
}
