//! Digests: what was applied, place by place, so that what live has since can be told from it.
//!
//! A value itself is never kept, only that it was this one. Fields that this version does not know
//! have no digest unless the project itself says them: servers add fields as they like.
//! Deliberately not here: comparing (see `decide::drift`).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::decide::canon::{canonical, sorted_text};
use crate::decide::graft::graft;
use crate::decide::ledger::{Entry, hex, pairs};
use crate::kinds::Kind;
use crate::kinds::shape::{Object, Shape};
use crate::words::text::shown;
use crate::words::value::Map;
use crate::words::{Pointer, Text, Value};

/// How deep the digests of an entry go into its spec.
const DEPTH: usize = 3;

/// A digest per place, sorted by the texts of the places' pointers.
///
/// A ledger holds them by the hundred thousand and most runs only keep them, so they lie in one
/// piece.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Digests(Vec<(Text, Text)>);

impl Digests {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, at: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(at))
    }

    /// The digest of a place.
    pub fn get(&self, at: &str) -> Option<&Text> {
        let at = self.position(at).ok()?;
        self.0.get(at).map(|(_, digest)| digest)
    }

    /// Whether a place has one.
    pub fn contains_key(&self, at: &str) -> bool {
        self.position(at).is_ok()
    }

    /// Gives a place another digest.
    pub fn insert(&mut self, at: Text, digest: Text) {
        match self.position(&at) {
            Ok(known) => self.0[known].1 = digest,
            Err(between) => self.0.insert(between, (at, digest)),
        }
    }

    /// The places.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().map(|(at, _)| at)
    }

    /// The places with their digests.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(at, digest)| (at, digest))
    }
}

/// Of two digests of one place the later one counts.
impl FromIterator<(Text, Text)> for Digests {
    fn from_iter<I: IntoIterator<Item = (Text, Text)>>(digests: I) -> Digests {
        let mut digests: Vec<(Text, Text)> = digests.into_iter().collect();
        // As they are kept, they are sorted already.
        if !digests.is_sorted_by(|(one, _), (next, _)| one < next) {
            digests.reverse();
            digests.sort_by(|(one, _), (other, _)| one.cmp(other));
            digests.dedup_by(|(next, _), (one, _)| next == one);
        }
        digests.shrink_to_fit();
        Digests(digests)
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(pairs(deserializer)?.into_iter().collect())
    }
}

/// A digest per place of a spec, at most three steps deep, by the text of its pointer. `extra` are
/// the top-level fields that the project says although this version does not know them.
pub fn digests(
    kind: &dyn Kind,
    spec: &Value,
    ignore: &[Pointer],
    extra: &BTreeSet<String>,
) -> Digests {
    let mut value = canonical(kind, spec, ignore);
    prune(kind.shape(), &mut value, extra);
    let mut found = Vec::new();
    walk(&value, &mut Pointer::root(), &mut found);
    found.into_iter().collect()
}

impl Entry {
    /// The digests of a spec as those of this entry were made: of what was ours then.
    pub fn told(&self, kind: &dyn Kind, spec: &Value) -> Digests {
        let extra = extra(kind, &self.digests);
        match self.manage.is_empty() {
            true => digests(kind, spec, &self.ignore, &extra),
            false => {
                let ours = graft(&Value::Null, spec, &self.manage);
                digests(kind, &ours, &self.ignore, &extra)
            }
        }
    }
}

/// The top-level fields in digests that are not among the fields of a kind: what the project said
/// in `lifecycle.extra` then.
fn extra(kind: &dyn Kind, digests: &Digests) -> BTreeSet<String> {
    let known = |key: &str| match kind.shape() {
        Shape::Object(object) => object.field(key).is_some(),
        _ => true,
    };
    digests
        .keys()
        .filter_map(|at| first_of(at))
        .filter(|key| !known(key))
        .collect()
}

/// The first step of a pointer in text.
fn first_of(at: &str) -> Option<String> {
    let pointer = Pointer::parse(at)?;
    pointer.first().map(str::to_owned)
}

fn walk(value: &Value, at: &mut Pointer, found: &mut Vec<(Text, Text)>) {
    match value {
        Value::Map(map) if !map.is_empty() && at.parts().len() < DEPTH => each(map, at, found),
        other => {
            let digest = hex(&Sha256::digest(sorted_text(other)), 6);
            found.push((shown(&at), digest.into()));
        }
    }
}

fn each(map: &Map, at: &mut Pointer, found: &mut Vec<(Text, Text)>) {
    for (key, value) in map {
        at.push(key);
        walk(value, at, found);
        at.pop();
    }
}

/// Takes out of a canonical value the fields that its shape does not have.
fn prune(shape: &Shape, value: &mut Value, extra: &BTreeSet<String>) {
    match (shape, value) {
        (Shape::Map { of, .. }, Value::Map(map)) => {
            let inner = map.values_mut();
            inner.for_each(|value| prune(of, value, &BTreeSet::new()));
        }
        (Shape::List { of, .. }, Value::List(items)) => {
            let inner = items.iter_mut();
            inner.for_each(|value| prune(of, value, &BTreeSet::new()));
        }
        (Shape::OneOf(shapes), value) => {
            if let Some(shape) = Shape::fitting(shapes, value) {
                prune(shape, value, extra);
            }
        }
        (Shape::Object(_) | Shape::Tagged { .. }, value) => {
            let object = shape.object(|tag| value.get_text(tag).map(str::to_owned));
            if let (Some(object), Value::Map(map)) = (object, value) {
                fields(object, map, extra);
            }
        }
        _ => {}
    }
}

fn fields(object: &Object, map: &mut Map, extra: &BTreeSet<String>) {
    map.retain(|key, value| match object.field(key) {
        Some(field) => {
            prune(&field.shape, value, &BTreeSet::new());
            true
        }
        None => extra.contains(key.as_str()),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds;

    fn of(kind: &str, spec: serde_json::Value, extra: &[&str]) -> Digests {
        let kind = kinds::find(kind).expect("a kind");
        let extra = extra.iter().map(|key| (*key).to_owned()).collect();
        digests(kind, &Value::from(spec), &[], &extra)
    }

    #[test]
    fn digests_are_a_map_however_they_come() {
        let read = |text: &str| serde_json::from_str::<Digests>(text);
        let two = read(r#"{ "/b": "1", "/a": "2", "/b": "3" }"#).expect("a map of texts");
        assert_eq!(two.get("/b").map(Text::as_str), Some("3"));
        assert_eq!(
            serde_json::to_string(&two).expect("texts"),
            r#"{"/a":"2","/b":"3"}"#
        );
        let mut more = two.clone();
        more.insert("/aa".into(), "4".into());
        more.insert("/a".into(), "5".into());
        assert_eq!(
            more,
            read(r#"{ "/a": "5", "/aa": "4", "/b": "3" }"#).expect("as well")
        );
        assert!(more.contains_key("/aa") && !two.contains_key("/aa"));
        assert!(read(r#"{ "/a": 1 }"#).is_err() && read("[]").is_err());
    }

    #[test]
    fn digests_tell_places_apart_and_spellings_not() {
        let of = |spec: serde_json::Value| of("port.secret", spec, &[]);
        let one = of(json!({ "secretName": "A", "description": "x" }));
        let places: Vec<&Text> = one.keys().collect();
        assert_eq!(places, ["/description", "/secretName"]);
        assert_eq!(
            one,
            of(json!({ "description": "x", "secretName": "A", "createdAt": 1 }))
        );
        let other = of(json!({ "secretName": "A", "description": "y" }));
        let both = |at: &str| (one.get(at), other.get(at));
        assert_ne!(both("/description").0, both("/description").1);
        assert_eq!(both("/secretName").0, both("/secretName").1);
    }

    #[test]
    fn fields_that_a_server_adds_have_no_digest_and_those_of_the_project_have() {
        let spec = |more: bool| {
            let mut spec = json!({
                "identifier": "b", "title": "B",
                "schema": { "properties": { "p": { "type": "string" } } },
            });
            if more {
                spec["later"] = json!(1);
                spec["schema"]["properties"]["p"]["later"] = json!({ "a": 1 });
            }
            spec
        };
        let plain = of("port.blueprint", spec(false), &[]);
        assert_eq!(of("port.blueprint", spec(true), &[]), plain);
        let said = of("port.blueprint", spec(true), &["later"]);
        assert_eq!(said.iter().count(), plain.iter().count() + 1);
        let kind = kinds::find("port.blueprint").expect("a kind");
        assert_eq!(extra(kind, &said), ["later".to_owned()].into());
        assert_eq!(extra(kind, &plain), [].into());
    }
}
