//! Single entities: create, replace, change (PA section 6). Removal, bulk calls and searches have
//! their own files.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::entity as bodies;
use super::entity_model::{self, Leave};
use super::entity_view::{EntityView, Selection};
use super::request::{Hand, Request};
use super::state::{PortState, born, joined, touched};
use super::tables::{self, Table};
use super::{blueprints, triggers};
use crate::sim::mapping;

/// What an entity write may do, from the query (PA section 6).
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    upsert: bool,
    merge: bool,
    validation_only: bool,
    leave: Leave,
}

impl Mode {
    /// Creates, or merges into what is there.
    pub(super) fn merging() -> Self {
        Self {
            upsert: true,
            merge: true,
            validation_only: false,
            leave: Leave::default(),
        }
    }

    /// Reads the query.
    pub(super) fn of(request: &Request<'_>) -> Self {
        Self {
            upsert: request.flag("upsert"),
            merge: request.flag("merge"),
            validation_only: request.flag("validation_only"),
            leave: Leave {
                create_missing: request.flag("create_missing_related_entities"),
            },
        }
    }
}

/// `GET /v1/blueprints/{b}/entities`.
pub(super) fn list(state: &PortState, request: &Request<'_>, blueprint_id: &str) -> Outcome {
    let blueprint = blueprints::found(state, blueprint_id)?;
    let selection = selection(request);
    let entities = state.tables.within(Table::Entities, blueprint_id);
    Ok(Answer::list(
        "entities",
        entities.map(|(key, entity)| {
            (
                key,
                EntityView {
                    state,
                    entity,
                    blueprint,
                    selection: &selection,
                },
            )
        }),
    ))
}

/// `GET /v1/blueprints/{b}/entities-count`.
pub(super) fn count(state: &PortState, blueprint_id: &str) -> Outcome {
    blueprints::found(state, blueprint_id)?;
    let count = state.tables.within(Table::Entities, blueprint_id).count();
    Ok(Answer::json(200, &json!({"ok": true, "count": count})))
}

/// `GET /v1/blueprints/{b}/entities/{e}`.
pub(super) fn get(
    state: &PortState,
    request: &Request<'_>,
    blueprint_id: &str,
    id: &str,
) -> Outcome {
    let entity = found(state, blueprint_id, id)?;
    Ok(answer(
        state,
        200,
        blueprint_id,
        entity,
        &selection(request),
    ))
}

/// `POST /v1/blueprints/{b}/entities`.
pub(super) fn create(state: &mut PortState, request: &Request<'_>, blueprint_id: &str) -> Outcome {
    blueprints::found(state, blueprint_id)?;
    let body = request.checked(&bodies::ENTITY)?;
    let hand = request.call.hand();
    let written = write(state, hand, blueprint_id, body, Mode::of(request))?;
    Ok(answer(
        state,
        201,
        blueprint_id,
        &written.entity,
        &Selection::default(),
    ))
}

/// `PUT /v1/blueprints/{b}/entities/{e}`: properties that the body omits are emptied.
pub(super) fn replace(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint_id: &str,
    id: &str,
) -> Outcome {
    let old = found(state, blueprint_id, id)?.clone();
    let body = request.checked(&bodies::ENTITY)?;
    let entity = update(state, request, blueprint_id, id, &old, body)?;
    Ok(answer(
        state,
        200,
        blueprint_id,
        &entity,
        &Selection::default(),
    ))
}

/// `PATCH /v1/blueprints/{b}/entities/{e}`: given properties and relations only.
pub(super) fn change(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint_id: &str,
    id: &str,
) -> Outcome {
    let old = found(state, blueprint_id, id)?.clone();
    let body = request.checked(&bodies::CHANGE)?;
    let entity = update(state, request, blueprint_id, id, &old, merged(&old, body))?;
    Ok(answer(
        state,
        200,
        blueprint_id,
        &entity,
        &Selection::default(),
    ))
}

/// What a create did.
#[derive(Debug)]
pub(super) struct Written {
    /// The entity as stored.
    pub(super) entity: Value,
    /// Whether it is new.
    pub(super) created: bool,
}

/// Creates or, with upsert, writes over one entity whose body has passed its schema.
pub(super) fn write(
    state: &mut PortState,
    hand: Hand<'_>,
    blueprint_id: &str,
    mut body: Map<String, Value>,
    mode: Mode,
) -> Checked<Written> {
    let id = match body.get("identifier") {
        Some(Value::String(id)) => id.clone(),
        Some(query @ Value::Object(_)) => {
            let mut found = super::search::matching(state, blueprint_id, query);
            if found.is_empty() {
                return Err(Refusal::new(
                    404,
                    "not_found",
                    "no entity matches the search",
                ));
            }
            found.swap_remove(0)
        }
        _ => hand.dice.word(16),
    };
    body.insert("identifier".to_owned(), id.as_str().into());
    let key = tables::joined(blueprint_id, &id);
    let old = state.tables.get(Table::Entities, &key).cloned();
    if old.is_some() && !mode.upsert {
        return Err(Refusal::taken("Entity", &id));
    }
    let body = match &old {
        Some(old) if mode.merge => merged(old, body),
        _ => body,
    };
    let entity = store(state, hand, blueprint_id, &key, old.as_ref(), body, mode)?;
    Ok(Written {
        entity,
        created: old.is_none(),
    })
}

/// The entity, or 404.
pub(super) fn found<'s>(state: &'s PortState, blueprint_id: &str, id: &str) -> Checked<&'s Value> {
    blueprints::found(state, blueprint_id)?;
    let key = tables::joined(blueprint_id, id);
    state
        .tables
        .get(Table::Entities, &key)
        .ok_or_else(|| Refusal::missing("Entity", id))
}

fn update(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint_id: &str,
    id: &str,
    old: &Value,
    mut body: Map<String, Value>,
) -> Checked<Value> {
    let new_id = body
        .get("identifier")
        .and_then(Value::as_str)
        .unwrap_or(id)
        .to_owned();
    let new_key = tables::joined(blueprint_id, &new_id);
    if new_id != id && state.tables.has(Table::Entities, &new_key) {
        return Err(Refusal::taken("Entity", &new_id));
    }
    body.insert("identifier".to_owned(), new_id.as_str().into());
    let mode = Mode::of(request);
    let entity = store(
        state,
        request.call.hand(),
        blueprint_id,
        &new_key,
        Some(old),
        body,
        mode,
    )?;
    if new_id != id && !mode.validation_only {
        state
            .tables
            .remove(Table::Entities, &tables::joined(blueprint_id, id));
    }
    Ok(entity)
}

/// Checks and writes the next form of an entity.
fn store(
    state: &mut PortState,
    hand: Hand<'_>,
    blueprint_id: &str,
    key: &str,
    old: Option<&Value>,
    body: Map<String, Value>,
    mode: Mode,
) -> Checked<Value> {
    let mut kept = Map::new();
    for name in mapping::PARTS {
        if let Some(value) = body.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    let made = entity_model::check(state, blueprint_id, &mut kept, mode.leave)?;
    for (name, default) in [("team", json!([])), ("properties", json!({}))] {
        kept.entry(name).or_insert(default);
    }
    let title = kept["identifier"].clone();
    let named = kept.entry("title").or_insert(Value::Null);
    if named.is_null() {
        *named = title;
    }
    let stamp = hand.stamp;
    let mut server = old.map_or_else(|| born(stamp), |old| touched(old, stamp));
    server.insert("blueprint".to_owned(), blueprint_id.into());
    let entity = joined(server, kept);
    if !mode.validation_only {
        for key in made {
            make(state, hand, &key);
        }
        state.tables.put(Table::Entities, key, entity.clone());
        triggers::entity_changed(state, hand, old, Some(&entity));
    }
    Ok(entity)
}

/// A bare entity that a relation named before it existed.
fn make(state: &mut PortState, hand: Hand<'_>, key: &str) {
    let Some((blueprint, id)) = key.split_once(' ') else {
        return;
    };
    let bare = json!({
        "identifier": id, "title": id, "team": [], "properties": {},
        "relations": {}, "blueprint": blueprint,
    });
    if let Value::Object(bare) = bare {
        let made = joined(born(hand.stamp), bare);
        state.tables.put(Table::Entities, key, made.clone());
        triggers::entity_changed(state, hand, None, Some(&made));
    }
}

/// The old entity with the body's top-level fields, properties and relations on top.
fn merged(old: &Value, body: Map<String, Value>) -> Map<String, Value> {
    let mut whole = old.as_object().cloned().unwrap_or_default();
    for (key, value) in body {
        match (whole.get_mut(&key).and_then(Value::as_object_mut), value) {
            (Some(old), Value::Object(new)) if key == "properties" || key == "relations" => {
                old.extend(new);
            }
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
    whole
}

fn answer(
    state: &PortState,
    status: u16,
    blueprint_id: &str,
    entity: &Value,
    selection: &Selection,
) -> Answer {
    let blueprint = state
        .tables
        .get(Table::Blueprints, blueprint_id)
        .unwrap_or(&Value::Null);
    Answer::one(
        status,
        "entity",
        &EntityView {
            state,
            entity,
            blueprint,
            selection,
        },
    )
}

fn selection(request: &Request<'_>) -> Selection {
    let all = |name| request.parameters(name).map(str::to_owned).collect();
    Selection {
        include: all("include"),
        exclude: all("exclude"),
        without_derived: request.flag("exclude_calculated_properties"),
    }
}
