//! Blueprints: create, replace, change, rename (PA section 2). Removal is in `blueprint_removal`.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::blueprint as bodies;
use super::request::Request;
use super::schema::Schema;
use super::state::{PortState, STAMPS, born, joined, touched};
use super::tables::{self, Table};
use super::{guesses, model, pages, permissions, system};

/// `GET /v1/blueprints`.
pub(super) fn list(state: &PortState) -> Outcome {
    Ok(Answer::list(
        "blueprints",
        state.tables.rows(Table::Blueprints),
    ))
}

/// `GET /v1/blueprints/{id}`.
pub(super) fn get(state: &PortState, id: &str) -> Outcome {
    Ok(Answer::one(200, "blueprint", found(state, id)?))
}

/// `GET /v1/blueprints/system/{id}/structure`.
pub(super) fn structure(id: &str) -> Outcome {
    let structure = system::structure(id).ok_or_else(|| Refusal::missing("Blueprint", id))?;
    Ok(Answer::one(200, "blueprint", &structure))
}

/// `POST /v1/blueprints`; a catalog page comes along unless `create_catalog_page=false`.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = body(request, &bodies::CREATE)?;
    let id = text(&body, "identifier");
    if state.tables.has(Table::Blueprints, &id) {
        return Err(Refusal::taken("Blueprint", &id));
    }
    let blueprint = model::checked(state, &id, None, completed(body))?;
    let blueprint = filtered_late(state, blueprint);
    let blueprint = joined(born(request.call.stamp()), blueprint);
    let answer = Answer::one(201, "blueprint", &blueprint);
    let title = blueprint["title"].as_str().unwrap_or(&id).to_owned();
    state.tables.put(Table::Blueprints, &id, blueprint);
    permissions::born_late(state, "blueprint", &id);
    if request.parameter("create_catalog_page") != Some("false") {
        pages::create_catalog_page(state, request, &id, &title);
    }
    Ok(answer)
}

/// `PUT /v1/blueprints/{id}`: what the body omits is gone; another identifier renames.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = completed(body(request, &bodies::REPLACE)?);
    store(state, request, id, &old, body)
}

/// `PATCH /v1/blueprints/{id}`: merges deeply, removes nothing.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = body(request, &bodies::CHANGE)?;
    let mut whole = old.clone();
    merge(&mut whole, Value::Object(body));
    let mut whole = whole.as_object().cloned().unwrap_or_default();
    for stamp in STAMPS {
        whole.remove(stamp);
    }
    // A property that PATCH adds must be whole as well.
    bodies::REPLACE.check_as(&Value::Object(whole.clone()), "blueprint")?;
    store(state, request, id, &old, completed(whole))
}

/// `PATCH …/properties/{key}/rename`: the entities' values move along.
pub(super) fn rename_property(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    key: &str,
) -> Outcome {
    let new = new_name(request, &bodies::RENAME_PROPERTY, "newPropertyName", key)?;
    let missing = || Refusal::missing("Property", key);
    let mut blueprint = found(state, id)?.clone();
    rename_key(&mut blueprint["schema"]["properties"], key, &new, missing)?;
    if let Some(required) = blueprint["schema"]["required"].as_array_mut() {
        for name in required.iter_mut().filter(|name| *name == key) {
            *name = Value::from(new.as_str());
        }
    }
    rename_in_entities(state, id, "properties", key, &new);
    restamp(state, request, id, blueprint)
}

/// `PATCH …/relations/{key}/rename`: the entities' relations move along.
pub(super) fn rename_relation(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    key: &str,
) -> Outcome {
    let new = new_name(
        request,
        &bodies::RENAME_RELATION,
        "newRelationIdentifier",
        key,
    )?;
    let mut blueprint = found(state, id)?.clone();
    rename_key(&mut blueprint["relations"], key, &new, || {
        Refusal::missing("Relation", key)
    })?;
    rename_in_entities(state, id, "relations", key, &new);
    restamp(state, request, id, blueprint)
}

/// `PATCH …/mirror/{key}/rename`.
pub(super) fn rename_mirror(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    key: &str,
) -> Outcome {
    let new = new_name(request, &bodies::RENAME_MIRROR, "newMirrorName", key)?;
    let mut blueprint = found(state, id)?.clone();
    let missing = || Refusal::missing("Property", key);
    rename_key(&mut blueprint["mirrorProperties"], key, &new, missing)?;
    restamp(state, request, id, blueprint)
}

/// The blueprint, or 404.
pub(super) fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Blueprints, id)
        .ok_or_else(|| Refusal::missing("Blueprint", id))
}

/// Reads a body with the defaults that the service fills before it checks (PA section 1).
fn body(request: &Request<'_>, schema: &Schema) -> Checked<Map<String, Value>> {
    let mut body = request.json()?;
    for relation in body.get_mut("relations").into_iter().flat_map(each_mut) {
        for flag in ["required", "many"] {
            relation.entry(flag).or_insert(Value::Bool(false));
        }
    }
    schema.check(&body)?;
    match body {
        Value::Object(mut body) => {
            for stamp in STAMPS {
                body.remove(stamp);
            }
            Ok(body)
        }
        _ => Err(Refusal::invalid("body must be object")),
    }
}

/// Fills what the server adds (PA section 1): four maps, aggregation types, scopes of embedded pages.
fn completed(mut body: Map<String, Value>) -> Map<String, Value> {
    for map in [
        "calculationProperties",
        "aggregationProperties",
        "mirrorProperties",
        "relations",
    ] {
        body.entry(map).or_insert_with(|| json!({}));
    }
    for aggregation in body
        .get_mut("aggregationProperties")
        .into_iter()
        .flat_map(each_mut)
    {
        aggregation.entry("type").or_insert_with(|| json!("number"));
    }
    let properties = body
        .get_mut("schema")
        .and_then(|schema| schema.get_mut("properties"));
    for property in properties.into_iter().flat_map(each_mut) {
        if property
            .get("spec")
            .is_some_and(|spec| spec == "embedded-url")
        {
            let authentication = property
                .get_mut("specAuthentication")
                .and_then(Value::as_object_mut);
            if let Some(authentication) = authentication {
                authentication
                    .entry("authorizationScope")
                    .or_insert_with(|| json!(["openid"]));
            }
        }
    }
    body
}

/// Loses the filters of aggregations without a word, for the quirk `late_path_filters`.
fn filtered_late(state: &mut PortState, mut body: Map<String, Value>) -> Map<String, Value> {
    if state.quirks.late_path_filters == 0 {
        return body;
    }
    let mut lost = false;
    for aggregation in body
        .get_mut("aggregationProperties")
        .into_iter()
        .flat_map(each_mut)
    {
        if let Some(filter) = aggregation.get_mut("pathFilter") {
            lost |= !filter.is_null();
            *filter = Value::Null;
        }
    }
    if lost {
        state.quirks.late_path_filters -= 1;
    }
    body
}

/// Checks and writes the next form of a blueprint, under its old or a new identifier.
fn store(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    old: &Value,
    mut body: Map<String, Value>,
) -> Outcome {
    let new_id = body
        .entry("identifier")
        .or_insert_with(|| id.into())
        .as_str()
        .unwrap_or(id)
        .to_owned();
    if new_id != id {
        if system::is_reserved(id) {
            return Err(protected(id));
        }
        if state.tables.has(Table::Blueprints, &new_id) {
            return Err(Refusal::taken("Blueprint", &new_id));
        }
    }
    model::keeps_system_parts(id, &body)?;
    let body = model::checked(state, &new_id, Some((id, old)), body)?;
    let body = filtered_late(state, body);
    let blueprint = joined(touched(old, request.call.stamp()), body);
    let answer = Answer::one(200, "blueprint", &blueprint);
    forget_removed(state, id, old, &blueprint);
    state.entity_schemas.remove(id);
    state.entity_schemas.remove(&new_id);
    if new_id != id {
        state.tables.remove(Table::Blueprints, id);
        move_dependents(state, id, &new_id);
    }
    state.tables.put(Table::Blueprints, &new_id, blueprint);
    Ok(answer)
}

/// A refusal to touch what belongs to the system.
pub(super) fn protected(id: &str) -> Box<Refusal> {
    let message = format!("Blueprint \"{id}\" is marked protected");
    Refusal::new(guesses::PROTECTED_STATUS, "protected_resource", message)
}

/// Everything filed under a blueprint follows its new identifier; references elsewhere do not (PA
/// section 10.12).
fn move_dependents(state: &mut PortState, id: &str, new_id: &str) {
    if let Some(permissions) = state.tables.remove(Table::BlueprintPermissions, id) {
        state
            .tables
            .put(Table::BlueprintPermissions, new_id, permissions);
    }
    for table in [Table::Entities, Table::Scorecards] {
        for key in state.tables.keys_within(table, id) {
            let Some(mut row) = state.tables.remove(table, &key) else {
                continue;
            };
            row["blueprint"] = new_id.into();
            let own = key.strip_prefix(&tables::joined(id, "")).unwrap_or(&key);
            state.tables.put(table, &tables::joined(new_id, own), row);
        }
    }
}

/// Values of properties and relations that are gone are gone for good.
fn forget_removed(state: &mut PortState, id: &str, old: &Value, new: &Value) {
    let gone = |old: &Value, new: &Value| -> Vec<String> {
        let keys = old.as_object().into_iter().flat_map(Map::keys);
        keys.filter(|key| new.get(key.as_str()).is_none())
            .cloned()
            .collect()
    };
    let lost = [
        (
            "properties",
            gone(&old["schema"]["properties"], &new["schema"]["properties"]),
        ),
        ("relations", gone(&old["relations"], &new["relations"])),
    ];
    if lost.iter().all(|(_, keys)| keys.is_empty()) {
        return;
    }
    for key in state.tables.keys_within(Table::Entities, id) {
        state.tables.edit(Table::Entities, &key, |entity| {
            for (part, keys) in &lost {
                if let Some(values) = entity[*part].as_object_mut() {
                    values.retain(|name, _| !keys.contains(name));
                }
            }
        });
    }
}

fn restamp(state: &mut PortState, request: &Request<'_>, id: &str, blueprint: Value) -> Outcome {
    let mut body = blueprint.as_object().cloned().unwrap_or_default();
    for stamp in STAMPS {
        body.remove(stamp);
    }
    let blueprint = joined(touched(&blueprint, request.call.stamp()), body);
    let answer = Answer::one(200, "blueprint", &blueprint);
    state.entity_schemas.remove(id);
    state.tables.put(Table::Blueprints, id, blueprint);
    Ok(answer)
}

/// The new name of `old`, which stays when the body has none.
fn new_name(request: &Request<'_>, schema: &Schema, key: &str, old: &str) -> Checked<String> {
    let body = request.checked(schema)?;
    Ok(match body.get(key) {
        Some(_) => text(&body, key),
        None => old.to_owned(),
    })
}

fn rename_key(
    map: &mut Value,
    old: &str,
    new: &str,
    missing: impl Fn() -> Box<Refusal>,
) -> Checked {
    let map = map.as_object_mut().ok_or_else(&missing)?;
    if old != new && map.contains_key(new) {
        return Err(Refusal::taken("Property", new));
    }
    let value = map.remove(old).ok_or_else(&missing)?;
    map.insert(new.to_owned(), value);
    Ok(())
}

fn rename_in_entities(state: &mut PortState, id: &str, part: &str, old: &str, new: &str) {
    for key in state.tables.keys_within(Table::Entities, id) {
        state.tables.edit(Table::Entities, &key, |entity| {
            if let Some(values) = entity[part].as_object_mut()
                && let Some(value) = values.remove(old)
            {
                values.insert(new.to_owned(), value);
            }
        });
    }
}

fn merge(whole: &mut Value, change: Value) {
    match (whole, change) {
        (Value::Object(whole), Value::Object(change)) => {
            for (key, value) in change {
                merge(whole.entry(key).or_insert(Value::Null), value);
            }
        }
        (whole, change) => *whole = change,
    }
}

/// The object-valued members of an object.
fn each_mut(map: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    map.as_object_mut()
        .into_iter()
        .flat_map(|map| map.values_mut())
        .filter_map(Value::as_object_mut)
}

fn text(body: &Map<String, Value>, key: &str) -> String {
    body.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
