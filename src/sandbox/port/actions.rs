//! Self-service actions and automations: one resource, PUT only (PA section 3). What they do is in `runs`
//! and `automations`.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::action as bodies;
use super::request::Request;
use super::state::{PortState, born, joined, touched};
use super::tables::Table;
use super::{guesses, model, permissions};

/// `GET /v1/actions` with its filters, all of which must hold.
pub(super) fn list(state: &PortState, request: &Request<'_>) -> Outcome {
    let old_shape = is_v1(request);
    let actions = state
        .tables
        .rows(Table::Actions)
        .filter(|(_, action)| is_wanted(action, request))
        // Version 1 knows no automations.
        .filter(|(_, action)| !old_shape || action["trigger"]["type"] == "self-service");
    if old_shape {
        return Ok(Answer::list(
            "actions",
            actions.map(|(id, action)| (id, as_v1(action))),
        ));
    }
    Ok(Answer::list("actions", actions))
}

/// `GET /v1/actions/{id}`.
pub(super) fn get(state: &PortState, request: &Request<'_>, id: &str) -> Outcome {
    let action = found(state, id)?;
    if is_v1(request) {
        return Ok(Answer::one(200, "action", &as_v1(action)));
    }
    Ok(Answer::one(200, "action", action))
}

/// `POST /v1/actions`.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = request.checked(&bodies::ACTION)?;
    let id = identifier(&body);
    if state.tables.has(Table::Actions, &id) {
        return Err(Refusal::taken("Action", &id));
    }
    refers_well(state, &id, &body)?;
    let mut server = born(request.call.stamp());
    server.insert(
        "id".to_owned(),
        format!("action_{}", request.call.dice.word(16)).into(),
    );
    let action = joined(server, without_empty_condition(body));
    let answer = Answer::one(guesses::CREATED, "action", &action);
    state.tables.put(Table::Actions, &id, action);
    permissions::born_with_action(state, &id);
    Ok(answer)
}

/// `PUT /v1/actions/{id}`: replaces; another identifier renames.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&bodies::ACTION)?;
    let new_id = identifier(&body);
    if new_id != id && state.tables.has(Table::Actions, &new_id) {
        return Err(Refusal::taken("Action", &new_id));
    }
    refers_well(state, &new_id, &body)?;
    let mut server = touched(&old, request.call.stamp());
    server.insert("id".to_owned(), old["id"].clone());
    let action = joined(server, without_empty_condition(body));
    let answer = Answer::one(200, "action", &action);
    if new_id != id {
        state.tables.remove(Table::Actions, id);
        if let Some(permissions) = state.tables.remove(Table::ActionPermissions, id) {
            state
                .tables
                .put(Table::ActionPermissions, &new_id, permissions);
        }
    }
    state.tables.put(Table::Actions, &new_id, action);
    Ok(answer)
}

/// `DELETE /v1/actions/{id}`; automations that name it dangle (PA section 3).
pub(super) fn delete(state: &mut PortState, id: &str) -> Outcome {
    found(state, id)?;
    remove(state, id);
    Ok(Answer::done())
}

/// Deletes the actions that are bound to a blueprint.
pub(super) fn delete_of_blueprint(state: &mut PortState, blueprint: &str) {
    let bound: Vec<String> = state
        .tables
        .rows(Table::Actions)
        .filter(|(_, action)| action["trigger"]["blueprintIdentifier"] == blueprint)
        .map(|(id, _)| id.to_owned())
        .collect();
    for id in bound {
        remove(state, &id);
    }
}

/// The action, or 404.
pub(super) fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Actions, id)
        .ok_or_else(|| Refusal::missing("Action", id))
}

fn remove(state: &mut PortState, id: &str) {
    state.tables.remove(Table::Actions, id);
    state.tables.remove(Table::ActionPermissions, id);
    permissions::forget_lateness(state, "action", id);
}

/// Checks the objects that an action names; identifiers with a template wait for the run.
fn refers_well(state: &PortState, id: &str, body: &Map<String, Value>) -> Checked {
    let (trigger, invocation) = (&body["trigger"], &body["invocationMethod"]);
    let event = &trigger["event"];
    let mut blueprints = vec![
        &trigger["blueprintIdentifier"],
        &event["blueprintIdentifier"],
        &invocation["blueprintIdentifier"],
    ];
    let inputs = trigger["userInputs"]["properties"].as_object();
    blueprints.extend(
        inputs
            .into_iter()
            .flat_map(Map::values)
            .filter(|input| input["format"] == "entity" || input["items"]["format"] == "entity")
            .map(|input| &input["blueprint"]),
    );
    for blueprint in blueprints.into_iter().filter_map(Value::as_str) {
        if !guesses::is_template(blueprint) && !state.tables.has(Table::Blueprints, blueprint) {
            return Err(model::missing_blueprint(state, blueprint));
        }
    }
    if let Some(action) = event["actionIdentifier"].as_str()
        && action != id
        && !state.tables.has(Table::Actions, action)
    {
        return Err(missing(state, "Action", action));
    }
    if let (Some(blueprint), Some(property)) = (
        event["blueprintIdentifier"].as_str(),
        event["propertyIdentifier"].as_str(),
    ) && let Some(blueprint) = state.tables.get(Table::Blueprints, blueprint)
        && blueprint["schema"]["properties"].get(property).is_none()
    {
        return Err(missing(state, "Property", property));
    }
    Ok(())
}

fn missing(state: &PortState, kind: &str, id: &str) -> Box<Refusal> {
    let mut refusal = Refusal::missing(kind, id);
    refusal.status = state.quirks.missing_reference_status;
    refusal
}

fn without_empty_condition(mut body: Map<String, Value>) -> Map<String, Value> {
    let expressions = &body["trigger"]["condition"]["expressions"];
    let is_empty = expressions.as_array().is_some_and(Vec::is_empty);
    if is_empty
        && guesses::EMPTY_CONDITION_DROPPED
        && let Some(trigger) = body.get_mut("trigger").and_then(Value::as_object_mut)
    {
        trigger.remove("condition");
    }
    body
}

fn is_wanted(action: &Value, request: &Request<'_>) -> bool {
    let trigger = &action["trigger"];
    let event = &trigger["event"];
    let blueprint = match trigger.get("blueprintIdentifier") {
        Some(blueprint) => blueprint,
        None => &event["blueprintIdentifier"],
    };
    let is_published = action["publish"].as_bool().unwrap_or(true);
    let filters = [
        ("action_identifier", &action["identifier"]),
        ("blueprint_identifier", blueprint),
        ("operation", &trigger["operation"]),
        ("trigger_type", &trigger["type"]),
        ("trigger_event", &event["type"]),
        (
            "trigger_event_action_identifier",
            &event["actionIdentifier"],
        ),
    ];
    let published = request
        .parameter("published")
        .is_none_or(|want| (want == "true") == is_published);
    published
        && filters.into_iter().all(|(name, value)| {
            let mut wanted = request.parameters(name).peekable();
            wanted.peek().is_none() || wanted.any(|want| value == want)
        })
}

fn is_v1(request: &Request<'_>) -> bool {
    request
        .parameter("version")
        .unwrap_or(guesses::DEFAULT_ACTION_VERSION)
        == "v1"
}

/// The legacy shape: `trigger` is text, the inputs are at top level (PA section 3).
fn as_v1(action: &Value) -> Value {
    let mut old = action.clone();
    let trigger = &action["trigger"];
    old["trigger"] = trigger["operation"].clone();
    old["userInputs"] = trigger["userInputs"].clone();
    old["blueprint"] = trigger
        .get("blueprintIdentifier")
        .cloned()
        .unwrap_or(json!(null));
    old
}

fn identifier(body: &Map<String, Value>) -> String {
    body.get("identifier")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
