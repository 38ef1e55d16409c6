//! Removal of blueprints, of all their entities, and the migrations that do the latter (PA section 2).

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal};
use super::request::Request;
use super::state::PortState;
use super::tables::{self, Table};
use super::{actions, blueprints, guesses, permissions, system, triggers};
use crate::sandbox::dice::spelled;

/// `DELETE /v1/blueprints/{id}`: refused while entities or other blueprints depend on it.
pub(super) fn delete(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    blueprints::found(state, id)?;
    if system::is_reserved(id) {
        return Err(blueprints::protected(id));
    }
    if state.tables.within(Table::Entities, id).next().is_some() {
        return Err(has_dependents(id, "entities"));
    }
    if state.quirks.relations_block_delete && is_related_to(state, id) {
        return Err(has_dependents(id, "relations of other blueprints"));
    }
    if is_lagging(state, id) {
        return Err(has_dependents(id, "entities"));
    }
    remove(state, id);
    if request.flag("delete_actions") {
        actions::delete_of_blueprint(state, id);
    }
    Ok(Answer::done())
}

/// `DELETE …/all-entities`: runs as a migration.
pub(super) fn empty(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    blueprints::found(state, id)?;
    let with_blueprint = request.flag("delete_blueprint");
    if with_blueprint && system::is_reserved(id) {
        return Err(blueprints::protected(id));
    }
    for key in state.tables.keys_within(Table::Entities, id) {
        let gone = state.tables.remove(Table::Entities, &key);
        triggers::entity_changed(state, request.call.hand(), gone.as_ref(), None);
    }
    if with_blueprint {
        remove(state, id);
    }
    let migration = request.call.dice.word(24);
    let row = json!({
        "id": migration, "sourceBlueprint": id, "status": "RUNNING",
        "readsLeft": state.quirks.slow_migrations,
        "createdAt": spelled(request.call.now), "actor": request.call.user,
    });
    state.tables.put(Table::Migrations, &migration, row);
    Ok(Answer::json(
        200,
        &json!({"ok": true, "migrationId": migration}),
    ))
}

/// `GET /v1/migrations`.
pub(super) fn migrations(state: &PortState) -> Outcome {
    let rows = state.tables.rows(Table::Migrations);
    Ok(Answer::list(
        guesses::MIGRATION_LIST_NAME,
        rows.map(|(id, row)| (id, shown(row))),
    ))
}

/// `GET /v1/migrations/{id}`: `RUNNING` for some reads, then `COMPLETED`.
pub(super) fn migration(state: &mut PortState, id: &str) -> Outcome {
    state.tables.edit(Table::Migrations, id, |row| {
        let left = row["readsLeft"].as_u64().unwrap_or(0);
        row["readsLeft"] = left.saturating_sub(1).into();
        if left == 0 {
            row["status"] = "COMPLETED".into();
        }
    });
    let row = state.tables.get(Table::Migrations, id);
    let row = row.ok_or_else(|| Refusal::missing("Migration", id))?;
    Ok(Answer::one(200, "migration", &shown(row)))
}

/// Remembers that the last entity of a blueprint has just gone, for the quirk `lagging_deletes`.
pub(super) fn entities_gone(state: &mut PortState, id: &str) {
    let times = state.quirks.lagging_deletes;
    if times > 0 && state.tables.within(Table::Entities, id).next().is_none() {
        state
            .tables
            .put(Table::Lagging, &tables::joined("delete", id), times.into());
    }
}

fn is_lagging(state: &mut PortState, id: &str) -> bool {
    let key = tables::joined("delete", id);
    let left = state
        .tables
        .get(Table::Lagging, &key)
        .and_then(Value::as_u64)
        .unwrap_or(0);
    if left == 0 {
        return false;
    }
    state.tables.put(Table::Lagging, &key, (left - 1).into());
    true
}

fn is_related_to(state: &PortState, id: &str) -> bool {
    state
        .tables
        .rows(Table::Blueprints)
        .filter(|(other, _)| *other != id)
        .any(|(_, blueprint)| {
            let relations = blueprint["relations"].as_object();
            relations
                .into_iter()
                .flat_map(|map| map.values())
                .any(|relation| relation["target"] == id)
        })
}

fn remove(state: &mut PortState, id: &str) {
    state.tables.remove(Table::Blueprints, id);
    state.tables.remove(Table::BlueprintPermissions, id);
    state
        .tables
        .remove(Table::Lagging, &tables::joined("delete", id));
    permissions::forget_lateness(state, "blueprint", id);
    state.entity_schemas.remove(id);
    for key in state.tables.keys_within(Table::Scorecards, id) {
        state.tables.remove(Table::Scorecards, &key);
    }
    let pages: Vec<String> = state
        .tables
        .rows(Table::Pages)
        .filter(|(_, page)| page["blueprint"] == id)
        .map(|(page, _)| page.to_owned())
        .collect();
    for page in pages {
        state.tables.remove(Table::Pages, &page);
    }
}

fn has_dependents(id: &str, what: &str) -> Box<Refusal> {
    let message = format!("Blueprint \"{id}\" has dependents: {what}");
    Refusal::new(guesses::HAS_DEPENDENTS_STATUS, "has_dependents", message)
}

fn shown(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(row) = row.as_object_mut() {
        row.remove("readsLeft");
    }
    row
}
