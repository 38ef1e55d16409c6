//! Live: what both services hold, as plain data.
//!
//! Deliberately not here: how it was read (see `there::services`) and what it is compared with
//! (see `decide`).

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::Observed;

/// What both services hold, as far as it was asked for and may be seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// The Port organization, when Port was asked and let us see it.
    pub organization: Option<Organization>,
    /// The Spacelift account that was asked. No answer names it, so it is the endpoint's label.
    pub account: Option<String>,
    /// Who Spacelift takes us for.
    pub viewer: Option<String>,
    /// The spaces of the Spacelift account that we may see, by id.
    pub spaces: Vec<Space>,
    /// Kinds whose list was refused, by full name, with what the service said.
    pub refused: BTreeMap<&'static str, String>,
    /// Kinds whose list came in several pages, between which it may have moved (SA section 15, trap 8).
    pub paged: BTreeSet<&'static str>,
    objects: BTreeMap<&'static str, Shelf>,
}

/// A Port organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id; what a ledger is bound to.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A Spacelift space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space {
    /// Its id, `root` or `production-01HND…`.
    pub id: String,
    /// Its name, which need not be unique (SA section 5).
    pub name: String,
    /// The id of the space that it lies in; none for `root`.
    pub parent: Option<String>,
    /// Whether what lies in the parent may be used in it (SA section 6).
    pub inherits: bool,
}

/// The objects of one kind, found by id or by name.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shelf {
    by_id: BTreeMap<String, Observed>,
    /// Sorted; most names have one.
    ids_by_name: BTreeMap<String, Vec<String>>,
}

impl Live {
    /// The object of a kind with this id.
    pub fn by_id(&self, kind: &str, id: &str) -> Option<&Observed> {
        self.objects.get(kind)?.by_id.get(id)
    }

    /// The objects of a kind with exactly this name, by id.
    pub fn by_name(&self, kind: &str, name: &str) -> Vec<&Observed> {
        let Some(shelf) = self.objects.get(kind) else {
            return Vec::new();
        };
        let ids = shelf.ids_by_name.get(name).into_iter().flatten();
        ids.filter_map(|id| shelf.by_id.get(id)).collect()
    }

    /// All objects of a kind, by id.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Observed> {
        let shelf = self.objects.get(kind);
        shelf.into_iter().flat_map(|shelf| shelf.by_id.values())
    }

    /// All objects with the full name of their kind, by kind and id.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Observed)> {
        self.objects
            .iter()
            .flat_map(|(kind, shelf)| shelf.by_id.values().map(move |seen| (*kind, seen)))
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.values().map(|shelf| shelf.by_id.len()).sum()
    }

    /// Whether there is no object at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an object, in place of the one with the same id.
    pub fn insert(&mut self, kind: &'static str, seen: Observed) {
        self.remove(kind, &seen.id);
        let shelf = self.objects.entry(kind).or_default();
        let ids = shelf.ids_by_name.entry(seen.name.clone()).or_default();
        if let Err(at) = ids.binary_search(&seen.id) {
            ids.reserve_exact(1);
            ids.insert(at, seen.id.clone());
        }
        shelf.by_id.insert(seen.id.clone(), seen);
    }

    /// Takes an object out and returns it.
    pub fn remove(&mut self, kind: &str, id: &str) -> Option<Observed> {
        let shelf = self.objects.get_mut(kind)?;
        let seen = shelf.by_id.remove(id)?;
        if let Some(ids) = shelf.ids_by_name.get_mut(&seen.name) {
            ids.retain(|other| other != id);
            if ids.is_empty() {
                shelf.ids_by_name.remove(&seen.name);
            }
        }
        if shelf.by_id.is_empty() {
            self.objects.remove(kind);
        }
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Value;
    use crate::words::value::Map;

    fn seen(id: &str, name: &str) -> Observed {
        Observed {
            born: Default::default(),
            touched: Default::default(),
            id: id.into(),
            name: name.into(),
            value: Value::Null,
            exports: Map::new(),
        }
    }

    #[test]
    fn objects_are_found_by_id_and_by_every_name_they_have_now() {
        let mut live = Live::default();
        for (id, name) in [("b", "twin"), ("a", "twin"), ("c", "other")] {
            live.insert("spacelift.space", seen(id, name));
        }
        let ids = |found: Vec<&Observed>| -> Vec<String> {
            found.into_iter().map(|o| o.id.clone()).collect()
        };
        assert_eq!(ids(live.by_name("spacelift.space", "twin")), ["a", "b"]);
        assert_eq!(
            ids(live.of_kind("spacelift.space").collect()),
            ["a", "b", "c"]
        );
        assert_eq!(ids(live.of_kind("spacelift.policy").collect()), [""; 0]);

        live.insert("spacelift.space", seen("a", "renamed"));
        assert_eq!(ids(live.by_name("spacelift.space", "twin")), ["b"]);
        assert_eq!(live.remove("spacelift.space", "a").unwrap().name, "renamed");
        assert!(live.by_id("spacelift.space", "a").is_none());
        assert!(live.by_name("spacelift.space", "renamed").is_empty());
        assert_eq!(live.len(), 2);

        for id in ["b", "c"] {
            live.remove("spacelift.space", id);
        }
        assert_eq!(live, Live::default());
    }
}
