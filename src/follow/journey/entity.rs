//! Entities: merged as Port merges them, and checked against their blueprints (PA sections 2 and 6).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{Hop, Step, Walk, Why, pointer};
use crate::follow::wiring::Station;
use crate::follow::writer::Writer;
use crate::kinds::Role;
use crate::sim::mapping;
use crate::words::Pointer;

/// Blueprint and identifier.
pub type Key = (String, String);

/// An entity, and who made it what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// `identifier`, `blueprint`, and as far as they are known `title`, `icon`, `team`,
    /// `properties`, `relations`.
    pub value: Json,
    /// Who wrote it last and where there that is said: a pointer to an `entity` of mappings, or to a
    /// `mapping` of an action or an ingest.
    pub by: Option<(Writer, Pointer)>,
}

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

    /// The entities of a blueprint, for searches.
    pub(super) fn of_blueprint(&self, blueprint: &str) -> Vec<Json> {
        let of = self.entities.iter().filter(|((of, _), _)| of == blueprint);
        of.map(|(_, entity)| entity.value.clone()).collect()
    }

    /// What was made or changed, and what was deleted.
    pub(super) fn changed(self) -> (BTreeMap<Key, Entity>, BTreeSet<Key>) {
        let touched = self.touched;
        let mut entities = self.entities;
        entities.retain(|key, _| touched.contains(key));
        (entities, self.deleted)
    }

    fn put(&mut self, key: &Key, value: Json, by: (Writer, Pointer)) {
        self.deleted.remove(key);
        self.touched.insert(key.clone());
        let by = Some(by);
        self.entities.insert(key.clone(), Entity { value, by });
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

impl Walk<'_> {
    /// Merges an entity, checks it, and lets what depends on it happen.
    pub(super) fn upsert(
        &mut self,
        blueprint: &str,
        identifier: &str,
        change: &Json,
        by: (Writer, Pointer),
    ) -> Hop {
        let key: Key = (blueprint.to_owned(), identifier.to_owned());
        let wiring = self.wiring;
        let before = self.store.get(&key).cloned();
        let what = match before.is_none() {
            true => format!("{blueprint} {identifier} is made"),
            false => format!("{blueprint} {identifier} is changed"),
        };
        let fresh =
            json!({ "identifier": identifier, "title": identifier, "blueprint": blueprint });
        let merged = |with: &Json| {
            let mut after = mapping::merge(Some(with), change);
            if let Some(after) = after.as_object_mut() {
                // A search names the entity, and is not its identifier.
                after.insert("identifier".into(), json!(identifier));
            }
            after
        };
        let old = before.as_ref().unwrap_or(&fresh);
        let after = merged(old);
        let mut hop = Hop::new(Step::Entity, what);
        hop.fact("entity", after.clone());
        match wiring.named(Role::Blueprint, blueprint) {
            Some(station) if station.partial => {
                hop = hop.of(&station.addr, station.place);
                let why =
                    "only parts of the blueprint are declared here, so the entity was not checked";
                hop.notes.push(Why::new(why).at(station.place));
            }
            Some(station) => {
                hop = hop.of(&station.addr, station.place);
                // What Port has calculated before is nobody's fault.
                let checked = merged(&mapping::writable(old, &station.spec));
                let mut misfits = self.misfits(station, &checked, &by).into_iter();
                if let Some(first) = misfits.next() {
                    hop.what = format!("{blueprint} {identifier} is refused");
                    hop.notes.extend(misfits);
                    return hop.stop(first);
                }
            }
            None => hop.notes.push(
                Why::new(format!(
                    "the project has no blueprint `{blueprint}`, so the entity was not checked"
                ))
                .at(by.0.at(wiring, &by.1)),
            ),
        }
        self.store.put(&key, after.clone(), by);
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

    /// What of an entity its blueprint does not take, each where the value was made.
    fn misfits(&self, blueprint: &Station, entity: &Json, by: &(Writer, Pointer)) -> Vec<Why> {
        let misfits = mapping::check(entity, &blueprint.spec).into_iter();
        misfits
            .map(|misfit| {
                let below = pointer(&misfit.at);
                let parts = below.parts().iter().take(2);
                let at = parts.fold(by.1.clone(), |at, part| at.join(part));
                let unknown = misfit.found.contains("does not have");
                let place = match unknown {
                    true => by.0.key_at(self.wiring, &at),
                    false => by.0.at(self.wiring, &at),
                };
                let found = misfit.found;
                let what = match (below.parts(), unknown) {
                    (_, true) => format!("blueprint `{}` does not fit: {found}", blueprint.name),
                    ([first, name, ..], _) => format!(
                        "`{name}` in `{first}` gets {found}, and blueprint `{}` wants {}",
                        blueprint.name, misfit.wanted
                    ),
                    _ => format!(
                        "`{}` gets {found}, and Port wants {}",
                        misfit.at, misfit.wanted
                    ),
                };
                Why {
                    message: what,
                    place: Some(place),
                    help: misfit.help,
                }
            })
            .collect()
    }
}
