//! How an entity is shown: all properties and relations of its blueprint, absent ones as null (PA
//! section 6), or only those that were asked for.
//!
//! Entities are written straight into the answer, so that a list of thousands copies nothing.

use std::sync::LazyLock;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::derived;
use super::state::PortState;

static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// An entity beside its blueprint.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntityView<'a> {
    /// Where related entities are.
    pub(super) state: &'a PortState,
    /// As stored.
    pub(super) entity: &'a Value,
    /// As it is now; null when it is gone.
    pub(super) blueprint: &'a Value,
    /// What is asked for.
    pub(super) selection: &'a Selection,
}

/// `include` and `exclude`: names of properties and relations, or meta-properties with a dollar.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// Only these; empty: all.
    pub(super) include: Vec<String>,
    /// All but these.
    pub(super) exclude: Vec<String>,
    /// Whether mirrors, calculations and aggregations are left out.
    pub(super) without_derived: bool,
}

impl Selection {
    /// Whether a member of `part` (`properties`, `relations`, or empty for the top level) is shown.
    fn shows(&self, part: &str, name: &str) -> bool {
        let is_named = |list: &[String]| {
            list.iter().any(|wanted| match wanted.strip_prefix('$') {
                Some(meta) => part.is_empty() && meta == name,
                None => {
                    wanted == name
                        || wanted
                            .split_once('.')
                            .is_some_and(|(first, rest)| first == part && rest == name)
                }
            })
        };
        (self.include.is_empty() || is_named(&self.include)) && !is_named(&self.exclude)
    }
}

impl Serialize for EntityView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.entity.as_object().into_iter().flatten() {
            match name.as_str() {
                "properties" => {
                    let known = &self.blueprint["schema"]["properties"];
                    let derived = if self.selection.without_derived {
                        Map::new()
                    } else {
                        derived::properties(self.state, self.entity, self.blueprint)
                    };
                    map.serialize_entry(name, &self.part(name, value, known, &derived))?;
                }
                "relations" => {
                    let known = &self.blueprint["relations"];
                    map.serialize_entry(name, &self.part(name, value, known, &EMPTY))?;
                }
                // Whose entity it is is always told.
                "identifier" | "blueprint" => map.serialize_entry(name, value)?,
                _ if self.selection.shows("", name) => map.serialize_entry(name, value)?,
                _ => {}
            }
        }
        map.end()
    }
}

impl EntityView<'_> {
    fn part<'p>(
        &'p self,
        part: &'p str,
        values: &'p Value,
        known: &'p Value,
        derived: &'p Map<String, Value>,
    ) -> Part<'p> {
        Part {
            part,
            values: values.as_object().unwrap_or(&EMPTY),
            known: known.as_object().unwrap_or(&EMPTY),
            derived,
            selection: self.selection,
        }
    }
}

struct Part<'a> {
    part: &'a str,
    values: &'a Map<String, Value>,
    known: &'a Map<String, Value>,
    derived: &'a Map<String, Value>,
    selection: &'a Selection,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let shown = |name: &&String| self.selection.shows(self.part, name);
        for (name, value) in self.values.iter().filter(|(name, _)| shown(name)) {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.derived.iter().filter(|(name, _)| shown(name)) {
            map.serialize_entry(name, value)?;
        }
        let absent = self
            .known
            .iter()
            .filter(|(name, _)| !self.values.contains_key(*name));
        for (name, definition) in absent.filter(|(name, _)| shown(name)) {
            // A relation to many is an empty list, everything else is null.
            if definition["many"] == true {
                map.serialize_entry(name, &[(); 0])?;
            } else {
                map.serialize_entry(name, &())?;
            }
        }
        map.end()
    }
}
