//! Runs of actions and automations: started, read, reported on and approved (PA section 7).
//!
//! What a run calls is in `invocation`, after the answer was given.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::action as bodies;
use super::entities;
use super::request::{Hand, Request};
use super::state::{PortState, born, touched};
use super::tables::{self, Table};
use super::{actions, guesses, inputs, triggers};
use crate::sandbox::dice::spelled;
use crate::sandbox::events::Event;

/// `POST /v1/actions/{id}/runs`: answers before anything is invoked.
pub(super) fn start(state: &mut PortState, request: &Request<'_>, action_id: &str) -> Outcome {
    let action = actions::found(state, action_id)?.clone();
    let mut body = request.checked(&bodies::RUN)?;
    let trigger = &action["trigger"];
    if trigger["type"] != "self-service" {
        return Err(Refusal::invalid("automations can not be run by hand"));
    }
    let properties = body.remove("properties").unwrap_or_default();
    let properties = inputs::settle(&trigger["userInputs"], request.call.evaluated, properties)?;
    let entity = body.get("entity").and_then(Value::as_str);
    let blueprint = trigger["blueprintIdentifier"].as_str();
    let mut about = Value::Null;
    if let (Some(entity), Some(blueprint)) = (entity, blueprint) {
        about = entities::found(state, blueprint, entity)?.clone();
    }
    let needs_approval = match &action["requiredApproval"] {
        Value::Bool(needed) => *needed,
        other => other.is_object(),
    };
    let hand = request.call.hand();
    let mut run = new(hand, &action, "API");
    let status = match needs_approval {
        true => "WAITING_FOR_APPROVAL",
        false => "IN_PROGRESS",
    };
    run.insert("status".to_owned(), status.into());
    if let Some(blueprint) = blueprint {
        let row = state.tables.get(Table::Blueprints, blueprint);
        let row = row.cloned().unwrap_or_default();
        run.insert("blueprint".to_owned(), named(blueprint, &row));
        if let Some(entity) = entity {
            run.insert("entity".to_owned(), named(entity, &about));
        }
    }
    let (properties, secrets) = inputs::parted(&trigger["userInputs"], properties);
    run.insert("properties".to_owned(), properties);
    run.insert("requiredApproval".to_owned(), needs_approval.into());
    let run = Value::Object(run);
    let id = run["id"].as_str().unwrap_or_default().to_owned();
    let answer = Answer::one(202, "run", &shown(&run, request));
    state.tables.put(Table::Runs, &id, run.clone());
    if !secrets.is_empty() {
        state.tables.put(Table::RunSecrets, &id, secrets.into());
    }
    triggers::run_changed(state, hand, None, &run);
    if !needs_approval {
        invoke_later(state, id);
    }
    Ok(answer)
}

/// What every new run has; `payload` is the invocation as it stands in the action until it is rendered.
pub(super) fn new(hand: Hand<'_>, action: &Value, source: &str) -> Map<String, Value> {
    let mut run = born(hand.stamp);
    let id = action["identifier"].as_str().unwrap_or_default();
    for (key, value) in [
        ("id", json!(format!("r_{}", hand.dice.word(16)))),
        ("action", named(id, action)),
        ("source", json!(source)),
        ("payload", action["invocationMethod"].clone()),
    ] {
        run.insert(key.to_owned(), value);
    }
    run
}

fn named(identifier: &str, object: &Value) -> Value {
    json!({
        "identifier": identifier, "title": object["title"], "icon": object["icon"], "deleted": false,
    })
}

fn invoke_later(state: &mut PortState, run: String) {
    let event = Value::Null;
    state.happened.push(Event::RunStarted { run, event });
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
    report(state, request.call.hand(), id, body)?;
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
    report(state, request.call.hand(), id, change)?;
    if approved {
        invoke_later(state, id.to_owned());
    }
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
    update(state, request.call.hand(), id, change)?;
    let message = body["message"].as_str().unwrap_or_default();
    let log = note(state, request.call.hand(), id, message);
    Ok(Answer::one(201, "runLog", &log))
}

/// Appends a line to the log of a run.
pub(super) fn note(state: &mut PortState, hand: Hand<'_>, id: &str, message: &str) -> Value {
    let number = state.tables.within(Table::RunLogs, id).count();
    let log = json!({
        "id": hand.dice.word(20), "runId": id, "message": message,
        "createdBy": hand.stamp.user, "createdAt": spelled(hand.stamp.now),
    });
    let key = tables::joined(id, &format!("{number:08}"));
    state.tables.put(Table::RunLogs, &key, log.clone());
    log
}

/// Changes a run that has not ended, and tells the automations (PA section 3: not for log lines).
pub(super) fn report(
    state: &mut PortState,
    hand: Hand<'_>,
    id: &str,
    change: Map<String, Value>,
) -> Checked {
    let before = update(state, hand, id, change)?;
    let after = found(state, id)?.clone();
    triggers::run_changed(state, hand, Some(&before), &after);
    Ok(())
}

/// Changes a run that has not ended; returns it as it was.
pub(super) fn update(
    state: &mut PortState,
    hand: Hand<'_>,
    id: &str,
    change: Map<String, Value>,
) -> Checked<Value> {
    let old = found(state, id)?.clone();
    if has_ended(&old) {
        let message = format!("run \"{id}\" has already ended");
        return Err(Refusal::new(422, guesses::RUN_ENDED, message));
    }
    let mut run = old.as_object().cloned().unwrap_or_default();
    run.extend(change);
    run.extend(touched(&old, hand.stamp));
    let is_over = run
        .get("status")
        .and_then(Value::as_str)
        .is_some_and(|status| matches!(status, "SUCCESS" | "FAILURE" | "DECLINED"));
    if is_over {
        let time = run.get("updatedAt").cloned().unwrap_or_default();
        run.insert("endedAt".to_owned(), time);
    }
    state.tables.put(Table::Runs, id, Value::Object(run));
    Ok(old)
}

/// Whether a run is over; nothing changes it then.
pub(super) fn has_ended(run: &Value) -> bool {
    !run["endedAt"].is_null()
}

/// The run, or 404.
pub(super) fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
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
