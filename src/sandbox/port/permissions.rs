//! Permissions of blueprints, actions and pages: they come with the object, change by PATCH only and
//! come back with sorted lists (PA sections 1, 3 and 9). Nobody is ever kept out by them here.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::{action, blueprint, plain};
use super::request::Request;
use super::schema::Schema;
use super::state::PortState;
use super::tables::{self, Table};
use super::{actions, blueprints};

/// `GET /v1/blueprints/{id}/permissions`.
pub(super) fn of_blueprint(state: &mut PortState, id: &str) -> Outcome {
    blueprints::found(state, id)?;
    in_time(state, "blueprint", id)?;
    Ok(Answer::one(
        200,
        "permissions",
        &blueprint_permissions(state, id),
    ))
}

/// `PATCH /v1/blueprints/{id}/permissions`; unknown properties are refused with their names.
pub(super) fn change_blueprint(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    blueprints::found(state, id)?;
    let body = request.checked(&blueprint::PERMISSIONS)?;
    in_time(state, "blueprint", id)?;
    let permissions = blueprint_permissions(state, id);
    let unknown = |part: &str| -> Vec<String> {
        let sent = body.get("entities").and_then(|entities| entities.get(part));
        let keys = sent
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::keys);
        keys.filter(|key| permissions["entities"][part].get(key.as_str()).is_none())
            .cloned()
            .collect()
    };
    let (properties, relations) = (unknown("updateProperties"), unknown("updateRelations"));
    if !(properties.is_empty() && relations.is_empty()) {
        let message = "You cannot update permissions on unknown fields";
        return Err(
            Refusal::new(422, "invalid_permissions", message).with(json!({
                "invalidProperties": properties, "invalidRelations": relations,
            })),
        );
    }
    let permissions = merged(permissions, Value::Object(body));
    let answer = Answer::one(200, "permissions", &permissions);
    state
        .tables
        .put(Table::BlueprintPermissions, id, permissions);
    Ok(answer)
}

/// `GET /v1/actions/{id}/permissions`.
pub(super) fn of_action(state: &mut PortState, id: &str) -> Outcome {
    actions::found(state, id)?;
    in_time(state, "action", id)?;
    let permissions = state.tables.get(Table::ActionPermissions, id).cloned();
    Ok(Answer::one(
        200,
        "permissions",
        &permissions.unwrap_or_else(action_default),
    ))
}

/// `PATCH /v1/actions/{id}/permissions`.
pub(super) fn change_action(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    actions::found(state, id)?;
    let body = checked(request, &action::PERMISSIONS)?;
    in_time(state, "action", id)?;
    let old = state.tables.get(Table::ActionPermissions, id).cloned();
    let permissions = merged(old.unwrap_or_else(action_default), body);
    let answer = Answer::one(200, "permissions", &permissions);
    state.tables.put(Table::ActionPermissions, id, permissions);
    Ok(answer)
}

/// `GET /v1/pages/{id}/permissions`.
pub(super) fn of_page(state: &PortState, id: &str) -> Outcome {
    if !state.tables.has(Table::Pages, id) {
        return Err(Refusal::missing("Page", id));
    }
    let permissions = state.tables.get(Table::PagePermissions, id).cloned();
    Ok(Answer::one(
        200,
        "permissions",
        &permissions.unwrap_or_else(page_default),
    ))
}

/// `PATCH /v1/pages/{id}/permissions`.
pub(super) fn change_page(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    if !state.tables.has(Table::Pages, id) {
        return Err(Refusal::missing("Page", id));
    }
    let body = checked(request, &plain::PAGE_PERMISSIONS)?;
    let old = state.tables.get(Table::PagePermissions, id).cloned();
    let permissions = merged(old.unwrap_or_else(page_default), body);
    let answer = Answer::one(200, "permissions", &permissions);
    state.tables.put(Table::PagePermissions, id, permissions);
    Ok(answer)
}

/// A new action has the default permissions.
pub(super) fn born_with_action(state: &mut PortState, id: &str) {
    let permissions = action_default();
    state.tables.put(Table::ActionPermissions, id, permissions);
    born_late(state, "action", id);
}

/// A new object's permissions are not there yet, as often as the quirk `late_permissions` says.
pub(super) fn born_late(state: &mut PortState, kind: &str, id: &str) {
    let times = state.quirks.late_permissions;
    if times > 0 {
        state
            .tables
            .put(Table::Lagging, &tables::joined(kind, id), times.into());
    }
}

/// The object is gone, and its lateness with it.
pub(super) fn forget_lateness(state: &mut PortState, kind: &str, id: &str) {
    state
        .tables
        .remove(Table::Lagging, &tables::joined(kind, id));
}

fn in_time(state: &mut PortState, kind: &str, id: &str) -> Checked {
    let key = tables::joined(kind, id);
    let left = state
        .tables
        .get(Table::Lagging, &key)
        .and_then(Value::as_u64)
        .unwrap_or(0);
    if left == 0 {
        return Ok(());
    }
    state.tables.put(Table::Lagging, &key, (left - 1).into());
    Err(Refusal::missing("Permissions", id))
}

fn checked(request: &Request<'_>, schema: &Schema) -> Checked<Value> {
    Ok(Value::Object(request.checked(schema)?))
}

/// What is stored, completed by a default for every property and relation.
fn blueprint_permissions(state: &PortState, id: &str) -> Value {
    let stored = state.tables.get(Table::BlueprintPermissions, id).cloned();
    let mut permissions = stored.unwrap_or_else(|| {
        json!({"entities": {
            "read": scope(&["Admin", "Member"]),
            "register": scope(&["Admin"]),
            "update": scope(&["Admin"]),
            "unregister": scope(&["Admin"]),
            "updateProperties": {},
            "updateRelations": {},
        }})
    });
    let Some(blueprint) = state.tables.get(Table::Blueprints, id) else {
        return permissions;
    };
    let own = blueprint["schema"]["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys);
    let meta = ["$identifier", "$title", "$icon", "$team"].into_iter();
    let properties: Vec<&str> = own.map(String::as_str).chain(meta).collect();
    let relations = blueprint["relations"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys);
    let relations: Vec<&str> = relations.map(String::as_str).collect();
    for (part, keys) in [
        ("updateProperties", properties),
        ("updateRelations", relations),
    ] {
        if let Some(scopes) = permissions["entities"][part].as_object_mut() {
            scopes.retain(|key, _| keys.contains(&key.as_str()));
            for key in keys {
                scopes.entry(key).or_insert_with(|| scope(&["Admin"]));
            }
        }
    }
    permissions
}

fn scope(roles: &[&str]) -> Value {
    json!({"users": [], "roles": roles, "teams": [], "ownedByTeam": false})
}

fn action_default() -> Value {
    json!({
        "execute": {
            "users": [], "roles": ["Admin", "Member"], "teams": [], "ownedByTeam": false,
            "policy": null,
        },
        "approve": {"users": [], "roles": ["Admin"], "teams": [], "policy": null},
    })
}

fn page_default() -> Value {
    json!({
        "read": {"users": [], "roles": ["Admin", "Member"], "teams": []},
        "update": {"users": [], "roles": ["Admin"], "teams": []},
    })
}

/// Objects merge, lists are replaced and sorted, policies are replaced as a whole.
fn merged(old: Value, change: Value) -> Value {
    match (old, change) {
        (Value::Object(mut old), Value::Object(change)) => {
            for (key, value) in change {
                let before = old.remove(&key).unwrap_or(Value::Null);
                let value = if key == "policy" {
                    value
                } else {
                    merged(before, value)
                };
                old.insert(key, value);
            }
            Value::Object(old)
        }
        (_, Value::Array(mut list)) => {
            list.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            Value::Array(list)
        }
        (_, change) => change,
    }
}
