//! Entities: merged as Port merges them, and checked against their blueprints (PA sections 2 and 6).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::{Hop, Step, Walk, Why, pointer};
use crate::follow::wiring::Station;
use crate::kinds::Role;
use crate::words::finding::did_you_mean;
use crate::words::{Addr, Pointer};

/// Blueprint and identifier.
pub type Key = (String, String);

/// An entity, and who made it what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// `identifier`, `blueprint`, and as far as they are known `title`, `icon`, `team`,
    /// `properties`, `relations`.
    pub value: Json,
    /// The object that wrote it last and where in its spec that is said: a pointer to an `entity` of
    /// mappings or a `mapping` of an action.
    pub by: Option<(Addr, Pointer)>,
}

/// Fields whose members are merged one by one.
const MAPS: [&str; 2] = ["properties", "relations"];

/// Entities as they come and go.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    entities: BTreeMap<Key, Entity>,
    touched: BTreeSet<Key>,
    deleted: BTreeSet<Key>,
}

impl Store {
    pub(super) fn of(given: &[Json]) -> Self {
        let mut store = Store::default();
        for value in given {
            if let Some(key) = key(value) {
                let value = value.clone();
                store.entities.insert(key, Entity { value, by: None });
            }
        }
        store
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Json> {
        self.entities.get(key).map(|entity| &entity.value)
    }

    /// The entities of a blueprint that a search finds: rules over properties and meta-properties.
    pub(super) fn search(&self, blueprint: &str, search: &Json) -> Vec<Key> {
        let rules = search.get("rules").and_then(Json::as_array);
        let rules = rules.map_or(&[][..], Vec::as_slice);
        let any = search.get("combinator").and_then(Json::as_str) == Some("or");
        let of = self.entities.iter().filter(|((of, _), _)| of == blueprint);
        of.filter(|(_, entity)| {
            let mut rules = rules.iter();
            match any {
                true => rules.any(|rule| holds(rule, &entity.value)),
                false => rules.all(|rule| holds(rule, &entity.value)),
            }
        })
        .map(|(key, _)| key.clone())
        .collect()
    }

    /// What was made or changed, and what was deleted.
    pub(super) fn changed(self) -> (BTreeMap<Key, Entity>, BTreeSet<Key>) {
        let touched = self.touched;
        let mut entities = self.entities;
        entities.retain(|key, _| touched.contains(key));
        (entities, self.deleted)
    }

    /// Merges, and returns the entity before and after.
    fn merge(&mut self, key: &Key, change: &Json, by: (Addr, Pointer)) -> (Option<Json>, Json) {
        let before = self.get(key).cloned();
        let mut after = before
            .clone()
            .unwrap_or_else(|| json!({ "identifier": key.1, "title": key.1, "blueprint": key.0 }));
        for (name, value) in change.as_object().into_iter().flatten() {
            let Some(map) = after.as_object_mut() else {
                break;
            };
            match (MAPS.contains(&name.as_str()), value.as_object()) {
                (true, Some(members)) => {
                    let own = map.entry(name).or_insert_with(|| json!({}));
                    if let Some(own) = own.as_object_mut() {
                        own.extend(members.clone());
                    }
                }
                _ if name == "identifier" || name == "blueprint" => {}
                _ => {
                    map.insert(name.clone(), value.clone());
                }
            }
        }
        self.deleted.remove(key);
        self.touched.insert(key.clone());
        let entity = Entity {
            value: after.clone(),
            by: Some(by),
        };
        self.entities.insert(key.clone(), entity);
        (before, after)
    }

    fn remove(&mut self, key: &Key) -> Option<Json> {
        let before = self.entities.remove(key)?;
        self.touched.remove(key);
        self.deleted.insert(key.clone());
        Some(before.value)
    }
}

/// Blueprint and identifier of an entity.
pub(super) fn key(entity: &Json) -> Option<Key> {
    let text = |name: &str| entity.get(name)?.as_str().map(str::to_owned);
    Some((text("blueprint")?, text("identifier")?))
}

/// Whether a rule of a search is true of an entity (PA section 4: `=`, `in`, `contains`).
fn holds(rule: &Json, entity: &Json) -> bool {
    let property = rule.get("property").and_then(Json::as_str);
    let Some(property) = property else {
        return false;
    };
    let own = match property.strip_prefix('$') {
        Some(meta) => entity.get(meta),
        None => entity.pointer(&format!("/properties/{}", property.replace('/', "~1"))),
    };
    let (Some(own), Some(value)) = (own, rule.get("value")) else {
        return false;
    };
    match rule.get("operator").and_then(Json::as_str) {
        Some("in") => value.as_array().is_some_and(|list| list.contains(own)),
        Some("contains") => match (own, value) {
            (Json::Array(list), value) => list.contains(value),
            (Json::String(text), Json::String(part)) => text.contains(part.as_str()),
            _ => false,
        },
        _ => own == value,
    }
}

impl Walk<'_> {
    /// Merges an entity, checks it, and lets what depends on it happen.
    pub(super) fn upsert(
        &mut self,
        blueprint: &str,
        identifier: &str,
        change: &Json,
        by: (Addr, Pointer),
    ) -> Hop {
        let key: Key = (blueprint.to_owned(), identifier.to_owned());
        let wiring = self.wiring;
        let is_new = self.store.get(&key).is_none();
        let what = match is_new {
            true => format!("{blueprint} {identifier} is made"),
            false => format!("{blueprint} {identifier} is changed"),
        };
        let mut hop = Hop::new(Step::Entity, what);
        match wiring.named(Role::Blueprint, blueprint) {
            Some(station) => {
                hop = hop.of(&station.addr, station.place);
                if let Some(why) = self.misfit(station, change, &by, is_new) {
                    hop.fact("entity", change.clone());
                    return hop.stop(why);
                }
            }
            None => hop.notes.push(
                Why::new(format!(
                    "the project has no blueprint `{blueprint}`, so the entity was not checked"
                ))
                .at(wiring.at(&by.0, &by.1)),
            ),
        }
        let (before, after) = self.store.merge(&key, change, by);
        hop.fact("entity", after.clone());
        let action = match before.is_some() {
            true => "UPDATE",
            false => "CREATE",
        };
        hop.next = self.entity_changed(action, &key, before, Some(after));
        hop
    }

    /// Deletes an entity, and lets what depends on it happen.
    pub(super) fn remove(&mut self, blueprint: &str, identifier: &str, dependents: bool) -> Hop {
        let key: Key = (blueprint.to_owned(), identifier.to_owned());
        let mut hop = Hop::new(Step::Entity, format!("{blueprint} {identifier} is deleted"));
        hop.fact("with_dependents", dependents);
        let Some(before) = self.store.remove(&key) else {
            return hop.stop(
                Why::new("there is no such entity, so nothing is deleted")
                    .help("name it under `given: { entities: […] }` if it should be there"),
            );
        };
        hop.next = self.entity_changed("DELETE", &key, Some(before), None);
        hop
    }

    /// What of an entity its blueprint does not take.
    fn misfit(
        &self,
        blueprint: &Station,
        change: &Json,
        by: &(Addr, Pointer),
        is_new: bool,
    ) -> Option<Why> {
        let name = &blueprint.name;
        let members = |of: &str| change.get(of).and_then(Json::as_object);
        let known = |at: &str| -> Vec<String> {
            let map = blueprint.spec.pointer(at).and_then(Json::as_object);
            map.map(|map| map.keys().cloned().collect())
                .unwrap_or_default()
        };
        let unknown = |of: &str, at: &str, word: &str| {
            let known = known(at);
            let key = members(of)?.keys().find(|key| !known.contains(key))?;
            let place = self.wiring.key_at(&by.0, &by.1.join(of).join(key));
            let near = did_you_mean(key, known.iter().map(String::as_str));
            let help = near.unwrap_or_else(|| format!("add it to the blueprint `{name}`"));
            Some(
                Why::new(format!("blueprint `{name}` has no {word} `{key}`"))
                    .at(place)
                    .help(help),
            )
        };
        if let Some(why) = unknown("properties", "/schema/properties", "property") {
            return Some(why);
        }
        if let Some(why) = unknown("relations", "/relations", "relation") {
            return Some(why);
        }
        let empty = Map::new();
        let properties = members("properties").unwrap_or(&empty);
        for (key, value) in properties {
            let at = format!(
                "/schema/properties/{}",
                key.replace('~', "~0").replace('/', "~1")
            );
            let schema = blueprint.spec.pointer(&at).unwrap_or(&Json::Null);
            if let Some(words) = unlike(schema, value) {
                let place = self.wiring.at(&by.0, &by.1.join("properties").join(key));
                return Some(
                    Why::new(format!("property `{key}` of blueprint `{name}` {words}")).at(place),
                );
            }
        }
        let required = blueprint.spec.pointer("/schema/required");
        let required = required.and_then(Json::as_array).into_iter().flatten();
        let missing = required.filter_map(Json::as_str).find(|key| {
            let given = properties.get(*key);
            given.is_some_and(Json::is_null) || (is_new && given.is_none())
        });
        missing.map(|key| {
            let place = self.wiring.at(&by.0, &by.1.join("properties").join(key));
            Why::new(format!("blueprint `{name}` requires the property `{key}`")).at(place)
        })
    }

    /// Where the blueprint of a name is declared, for those who look for a place.
    pub(super) fn blueprint_place(&self, name: &str) -> Option<crate::words::Place> {
        let station = self.wiring.named(Role::Blueprint, name)?;
        Some(self.wiring.at(&station.addr, &pointer("/identifier")))
    }
}

/// In which way a value is not what the schema of its property says; `null` clears a property.
fn unlike(schema: &Json, value: &Json) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let wanted = schema.get("type").and_then(Json::as_str)?;
    let fits = match wanted {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let short = |value: &Json| {
        let text = value.to_string();
        match text.chars().count() > 40 {
            true => format!("{}…", text.chars().take(39).collect::<String>()),
            false => text,
        }
    };
    if !fits {
        return Some(format!("is of type `{wanted}` and gets {}", short(value)));
    }
    if let Some(list) = schema.get("enum").and_then(Json::as_array)
        && !list.contains(value)
    {
        return Some(format!("does not take {}", short(value)));
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        return list.iter().find_map(|item| unlike(items, item));
    }
    None
}
