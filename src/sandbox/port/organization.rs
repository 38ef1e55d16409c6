//! The organization itself (PA sections 1 and 9). PUT and PATCH answer `{ok: true}` alone.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome, Refusal};
use super::bodies::plain;
use super::request::Request;
use super::state::PortState;
use super::tables::Table;

const ROW: &str = "organization";

/// `GET /v1/organization`.
pub(super) fn get(state: &PortState) -> Outcome {
    let organization = state.tables.get(Table::Organization, ROW);
    let organization = organization.ok_or_else(|| Refusal::missing("Organization", ROW))?;
    Ok(Answer::one(200, "organization", organization))
}

/// `PUT /v1/organization`: settings and announcement are replaced.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = request.checked(&plain::ORGANIZATION)?;
    state.tables.edit(Table::Organization, ROW, |organization| {
        if let Some(organization) = organization.as_object_mut() {
            organization.insert("settings".to_owned(), json!({"hiddenBlueprints": []}));
            organization.remove("announcement");
            organization.extend(body);
        }
    });
    Ok(Answer::done())
}

/// `PATCH /v1/organization`: settings merge.
pub(super) fn change(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let mut body = request.checked(&plain::ORGANIZATION_CHANGE)?;
    let settings = body.remove("settings");
    state.tables.edit(Table::Organization, ROW, |organization| {
        if let Some(Value::Object(settings)) = settings {
            let old = organization["settings"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let whole: Map<String, Value> = old.into_iter().chain(settings).collect();
            organization["settings"] = Value::Object(whole);
        }
        if let Some(organization) = organization.as_object_mut() {
            organization.extend(body);
        }
    });
    Ok(Answer::done())
}
