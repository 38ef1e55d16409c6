//! Runs of actions, as far as somebody outside may start, read, report on and approve them (PA
//! section 7). The sandbox itself calls nothing: a run stays in progress until it is patched.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::action as bodies;
use super::entities;
use super::request::Request;
use super::state::{PortState, born, touched};
use super::tables::{self, Table};
use super::{actions, guesses};
use crate::sandbox::dice::spelled;

/// `POST /v1/actions/{id}/runs`.
pub(super) fn start(state: &mut PortState, request: &Request<'_>, action_id: &str) -> Outcome {
    let action = actions::found(state, action_id)?.clone();
    let body = request.checked(&bodies::RUN)?;
    let trigger = &action["trigger"];
    if trigger["type"] != "self-service" {
        return Err(Refusal::invalid("automations can not be run by hand"));
    }
    inputs_fit(trigger, &body)?;
    let entity = body.get("entity").and_then(Value::as_str);
    let blueprint = trigger["blueprintIdentifier"].as_str();
    if let (Some(entity), Some(blueprint)) = (entity, blueprint) {
        entities::found(state, blueprint, entity)?;
    }
    let needs_approval = match &action["requiredApproval"] {
        Value::Bool(needed) => *needed,
        other => other.is_object(),
    };
    let mut run = born(request.call.stamp());
    let id = format!("r_{}", request.call.dice.word(16));
    let named = |identifier: &str, title: &Value, icon: &Value| json!({"identifier": identifier, "title": title, "icon": icon, "deleted": false});
    run.insert("id".to_owned(), id.as_str().into());
    run.insert(
        "status".to_owned(),
        if needs_approval {
            "WAITING_FOR_APPROVAL"
        } else {
            "IN_PROGRESS"
        }
        .into(),
    );
    run.insert(
        "action".to_owned(),
        named(action_id, &action["title"], &action["icon"]),
    );
    if let Some(blueprint) = blueprint {
        let row = state
            .tables
            .get(Table::Blueprints, blueprint)
            .cloned()
            .unwrap_or_default();
        run.insert(
            "blueprint".to_owned(),
            named(blueprint, &row["title"], &row["icon"]),
        );
        if let Some(entity) = entity {
            run.insert(
                "entity".to_owned(),
                named(entity, &Value::Null, &Value::Null),
            );
        }
    }
    run.insert("properties".to_owned(), body["properties"].clone());
    run.insert("requiredApproval".to_owned(), needs_approval.into());
    run.insert("source".to_owned(), "API".into());
    run.insert("payload".to_owned(), action["invocationMethod"].clone());
    let run = Value::Object(run);
    let answer = Answer::one(202, "run", &shown(&run, request));
    state.tables.put(Table::Runs, &id, run);
    Ok(answer)
}

/// `GET /v1/actions/runs`, newest first, at most `limit` of them.
pub(super) fn list(state: &PortState, request: &Request<'_>) -> Outcome {
    let limit = request
        .parameter("limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let filters = [
        ("action", "/action/identifier"),
        ("entity", "/entity/identifier"),
        ("blueprint", "/blueprint/identifier"),
        ("external_run_id", "/externalRunId"),
    ];
    let mut runs: Vec<&Value> = state
        .tables
        .rows(Table::Runs)
        .map(|(_, run)| run)
        .filter(|run| {
            let is_active = run["endedAt"].is_null();
            request
                .parameter("active")
                .is_none_or(|want| (want == "true") == is_active)
                && filters.iter().all(|(name, pointer)| {
                    request
                        .parameter(name)
                        .is_none_or(|want| run.pointer(pointer).is_some_and(|value| value == want))
                })
        })
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run["createdAt"].as_str().unwrap_or_default()));
    let runs: Vec<Value> = runs
        .into_iter()
        .take(limit)
        .map(|run| shown(run, request))
        .collect();
    Ok(Answer::one(200, "runs", &runs))
}

/// `GET /v1/actions/runs/{id}`.
pub(super) fn get(state: &PortState, request: &Request<'_>, id: &str) -> Outcome {
    Ok(Answer::one(200, "run", &shown(found(state, id)?, request)))
}

/// `PATCH /v1/actions/runs/{id}`.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let body = request.checked(&bodies::RUN_CHANGE)?;
    update(state, request, id, body)?;
    Ok(Answer::one(200, "run", &shown(found(state, id)?, request)))
}

/// `PATCH /v1/actions/runs/{id}/approval`, which answers 201.
pub(super) fn approve(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let body = request.checked(&bodies::APPROVAL)?;
    if found(state, id)?["status"] != "WAITING_FOR_APPROVAL" {
        return Err(Refusal::invalid(format!(
            "run \"{id}\" is not waiting for approval"
        )));
    }
    let approved = body["status"] == "APPROVE";
    let status = if approved { "IN_PROGRESS" } else { "DECLINED" };
    let mut change = Map::new();
    change.insert("status".to_owned(), status.into());
    change.insert(
        "approval".to_owned(),
        json!({
            "userId": request.call.user,
            "state": if approved { "APPROVED" } else { "DECLINED" },
            "description": body.get("description"),
        }),
    );
    update(state, request, id, change)?;
    Ok(Answer::one(201, "run", &shown(found(state, id)?, request)))
}

/// `GET /v1/actions/runs/{id}/approvers`.
pub(super) fn approvers(state: &PortState, id: &str) -> Outcome {
    let approval = &found(state, id)?["approval"];
    let approvers: Vec<&Value> = std::iter::once(approval)
        .filter(|one| one.is_object())
        .collect();
    Ok(Answer::one(200, "approvers", &approvers))
}

/// `GET /v1/actions/runs/{id}/logs`, oldest first, paged by `limit` (1 to 50) and `offset`.
pub(super) fn logs(state: &PortState, request: &Request<'_>, id: &str) -> Outcome {
    found(state, id)?;
    let number = |name: &str, default: usize| {
        request
            .parameter(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let logs: Vec<&Value> = state
        .tables
        .within(Table::RunLogs, id)
        .map(|(_, log)| log)
        .skip(number("offset", 0))
        .take(number("limit", 50).clamp(1, 50))
        .collect();
    Ok(Answer::one(200, "runLogs", &logs))
}

/// `POST /v1/actions/runs/{id}/logs`; a termination status ends the run.
pub(super) fn log(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let body = request.checked(&bodies::RUN_LOG)?;
    let mut change = Map::new();
    for (from, to) in [
        ("terminationStatus", "status"),
        ("statusLabel", "statusLabel"),
    ] {
        if let Some(value) = body.get(from) {
            change.insert(to.to_owned(), value.clone());
        }
    }
    update(state, request, id, change)?;
    let number = state.tables.within(Table::RunLogs, id).count();
    let log = json!({
        "id": request.call.dice.word(20), "runId": id, "message": body["message"],
        "createdBy": request.call.user, "createdAt": spelled(request.call.now),
    });
    let answer = Answer::one(201, "runLog", &log);
    state.tables.put(
        Table::RunLogs,
        &tables::joined(id, &format!("{number:08}")),
        log,
    );
    Ok(answer)
}

fn update(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    change: Map<String, Value>,
) -> Checked {
    let old = found(state, id)?.clone();
    if !old["endedAt"].is_null() {
        let message = format!("run \"{id}\" has already ended");
        return Err(Refusal::new(422, guesses::RUN_ENDED, message));
    }
    let mut run = old.as_object().cloned().unwrap_or_default();
    run.extend(change);
    run.extend(touched(&old, request.call.stamp()));
    let is_over = run
        .get("status")
        .and_then(Value::as_str)
        .is_some_and(|status| matches!(status, "SUCCESS" | "FAILURE" | "DECLINED"));
    if is_over {
        let time = run.get("updatedAt").cloned().unwrap_or_default();
        run.insert("endedAt".to_owned(), time);
    }
    state.tables.put(Table::Runs, id, Value::Object(run));
    Ok(())
}

fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Runs, id)
        .ok_or_else(|| Refusal::missing("Run", id))
}

/// Version 2 shows action, blueprint and entity as objects, version 1 as texts.
fn shown(run: &Value, request: &Request<'_>) -> Value {
    let mut run = run.clone();
    if request
        .parameter("version")
        .unwrap_or(guesses::DEFAULT_RUN_VERSION)
        != "v2"
    {
        for key in ["action", "blueprint", "entity"] {
            let identifier = run
                .get(key)
                .and_then(|named| named.get("identifier"))
                .cloned();
            if let Some(identifier) = identifier {
                run[key] = identifier;
            }
        }
    }
    run
}

/// Inputs must be known and the required ones present; a `{jqQuery}` in place of the list is not
/// evaluated.
fn inputs_fit(trigger: &Value, body: &Map<String, Value>) -> Checked {
    let (known, sent) = (&trigger["userInputs"], &body["properties"]);
    for name in sent.as_object().into_iter().flat_map(Map::keys) {
        if known["properties"].get(name).is_none() {
            return Err(Refusal::invalid(format!(
                "properties must NOT have additional properties: \"{name}\""
            )));
        }
    }
    let required = known["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if sent.get(name).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(format!(
                "properties must have required property '{name}'"
            )));
        }
    }
    Ok(())
}
