//! Organization secrets: the value goes in and never comes out (PA section 5).

use serde_json::{Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::guesses;
use super::request::Request;
use super::state::{PortState, born, touched};
use super::tables::Table;

/// `GET /v1/organization/secrets`.
pub(super) fn list(state: &PortState) -> Outcome {
    Ok(Answer::list(
        guesses::SECRET_LIST_NAME,
        state.tables.rows(Table::Secrets),
    ))
}

/// `GET /v1/organization/secrets/{name}`.
pub(super) fn get(state: &PortState, name: &str) -> Outcome {
    Ok(Answer::one(200, "secret", found(state, name)?))
}

/// `POST /v1/organization/secrets`.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let mut body = request.checked(&plain::SECRET)?;
    let name = body["secretName"].as_str().unwrap_or_default().to_owned();
    if state.tables.has(Table::Secrets, &name) {
        return Err(Refusal::taken("Secret", &name));
    }
    let value = body.remove("secretValue").unwrap_or_default();
    body.extend(dates(born(request.call.stamp())));
    state.tables.put(Table::SecretValues, &name, value);
    let answer = Answer::one(guesses::CREATED, "secret", &body);
    state.tables.put(Table::Secrets, &name, Value::Object(body));
    Ok(answer)
}

/// `PATCH /v1/organization/secrets/{name}`; `{}` succeeds and still moves `updatedAt`.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, name: &str) -> Outcome {
    let old = found(state, name)?.clone();
    let mut body = request.checked(&plain::SECRET_CHANGE)?;
    if let Some(value) = body.remove("secretValue") {
        state.tables.put(Table::SecretValues, name, value);
    }
    let mut secret = old.as_object().cloned().unwrap_or_default();
    secret.extend(body);
    secret.extend(dates(touched(&old, request.call.stamp())));
    let answer = Answer::one(200, "secret", &secret);
    state
        .tables
        .put(Table::Secrets, name, Value::Object(secret));
    Ok(answer)
}

/// `DELETE /v1/organization/secrets/{name}`.
pub(super) fn delete(state: &mut PortState, name: &str) -> Outcome {
    found(state, name)?;
    state.tables.remove(Table::Secrets, name);
    state.tables.remove(Table::SecretValues, name);
    Ok(Answer::json(200, &json!({"ok": true})))
}

fn found<'s>(state: &'s PortState, name: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Secrets, name)
        .ok_or_else(|| Refusal::missing("Secret", name))
}

/// Secrets and teams have the two dates only, not who (PA section 1).
pub(super) fn dates(
    stamps: serde_json::Map<String, Value>,
) -> impl Iterator<Item = (String, Value)> {
    stamps.into_iter().filter(|(name, _)| name.ends_with("At"))
}
