//! Settling: references to other objects, replaced by what live knows of them.
//!
//! Plan and apply settle with the same functions: the plan with what live exports, the apply with
//! that plus what it has just created.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::kinds::{self, Kind, Picks, picks};
use crate::there::live::Live;
use crate::want::desired;
use crate::words::finding::did_you_mean;
use crate::words::map::Hashing;
use crate::words::template::Reference;
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Pointer, Value};

/// What `${…}` may read of objects, by address.
#[derive(Debug, Clone, Default)]
pub struct Exports {
    known: HashMap<Addr, Map, Hashing>,
}

impl Exports {
    /// Makes an object's exports known.
    pub fn insert(&mut self, addr: Addr, exports: Map) {
        self.known.insert(addr, exports);
    }

    /// Whether an object's exports are known.
    pub fn contains(&self, addr: &Addr) -> bool {
        self.known.contains_key(addr)
    }

    /// The text of an attribute, when it is known.
    pub fn attribute(&self, addr: &Addr, attribute: &str) -> Option<&str> {
        self.known.get(addr)?.get(attribute)?.as_text()
    }

    /// The value with every attribute replaced that is known.
    pub fn settle(&self, value: &Value) -> Value {
        desired::settle(value, &mut |reference| self.text(reference))
    }

    /// The source of a secret with every attribute replaced that is known.
    pub fn settle_secret(&self, source: &SecretSource) -> SecretSource {
        SecretSource::new(
            source
                .template()
                .settle(&mut |reference| self.text(reference)),
        )
    }

    fn text(&self, reference: &Reference) -> Option<String> {
        let Reference::Attribute(addr, attribute) = reference else {
            return None;
        };
        let found = self.known.get(addr)?.get(attribute)?;
        Some(
            found
                .as_text()
                .map_or_else(|| found.to_string(), str::to_owned),
        )
    }
}

/// What is wrong with a name: where it stands, what is wrong, what to do.
pub type NameProblem = (Pointer, String, Option<String>);

/// Replaces the names of live objects by their ids where a field allows names (spaces).
///
/// Returns the problems in words: a name that fits none or several.
pub fn names_to_ids<'a>(
    kind: &dyn Kind,
    spec: Cow<'a, Value>,
    live: &Live,
) -> (Cow<'a, Value>, Vec<NameProblem>) {
    // Without the list of spaces nobody can tell; the service refuses what is no id.
    if live.refused.contains_key(picks::NAMED) {
        return (spec, Vec::new());
    }
    let picks = Picks::of(kind);
    let places = &picks.by_name;
    let mut problems = Vec::new();
    if places.is_empty() {
        return (spec, problems);
    }
    let settled = spec.map_leaves(&mut |at, leaf| {
        let text = leaf
            .as_text()
            .filter(|_| places.iter().any(|place| place == at))?;
        if live.spaces.iter().any(|space| space.id == text) {
            return None;
        }
        let named: Vec<&str> = live
            .spaces
            .iter()
            .filter(|s| s.name == text)
            .map(|s| s.id.as_str())
            .collect();
        match named.as_slice() {
            [id] => return Some(Value::text(*id)),
            [] => {
                let names = live
                    .spaces
                    .iter()
                    .flat_map(|s| [s.id.as_str(), s.name.as_str()]);
                let help = did_you_mean(text, names).or_else(|| {
                    let ids: Vec<&str> =
                        live.spaces.iter().map(|s| s.id.as_str()).take(10).collect();
                    Some(format!("this key sees the spaces {}", ids.join(", ")))
                });
                problems.push((
                    at.clone(),
                    format!("there is no space `{text}` that this key can see"),
                    help,
                ));
            }
            several => {
                let help = Some(format!("write the id instead: {}", several.join(" or ")));
                problems.push((
                    at.clone(),
                    format!("{} spaces are named `{text}`", several.len()),
                    help,
                ));
            }
        }
        None
    });
    (Cow::Owned(settled), problems)
}

/// A live object that the project does not declare but refers to.
pub fn outside(addr: &Addr, live: &Live) -> Option<Map> {
    let kind = kinds::of(addr)?;
    let found = match live.by_id(kind.name(), &addr.name) {
        Some(found) => found,
        None => match live.by_name(kind.name(), &addr.name).as_slice() {
            [one] => one,
            _ => return None,
        },
    };
    Some(exports_of(kind, found))
}

/// What may be read of a live object: its exports and its identifier.
pub fn exports_of(kind: &dyn Kind, seen: &kinds::Observed) -> Map {
    let mut exports = seen.exports.clone();
    let field = kind.identity().field();
    exports.get_or_insert_with(field, || {
        Value::text(seen.value.get_text(field).unwrap_or(seen.name.as_str()))
    });
    exports
}
