//! Digests: what was applied, place by place, so that what live has since can be told from it.
//!
//! A value itself is never kept, only that it was this one. Fields that this version does not know
//! have no digest unless the project itself says them: servers add fields as they like.
//! Deliberately not here: comparing (see `decide::drift`).

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::decide::canon::{canonical, sorted_text};
use crate::decide::graft::graft;
use crate::decide::ledger::{Entry, hex};
use crate::kinds::Kind;
use crate::kinds::shape::{Object, Shape};
use crate::words::value::Map;
use crate::words::{Pointer, Value};

/// How deep the digests of an entry go into its spec.
const DEPTH: usize = 3;

/// A digest per place of a spec, at most three steps deep, by the text of its pointer. `extra` are
/// the top-level fields that the project says although this version does not know them.
pub fn digests(
    kind: &dyn Kind,
    spec: &Value,
    ignore: &[Pointer],
    extra: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut value = canonical(kind, spec, ignore);
    prune(kind.shape(), &mut value, extra);
    let mut found = BTreeMap::new();
    walk(&value, &mut Pointer::root(), &mut found);
    found
}

impl Entry {
    /// The digests of a spec as those of this entry were made: of what was ours then.
    pub fn told(&self, kind: &dyn Kind, spec: &Value) -> BTreeMap<String, String> {
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
fn extra(kind: &dyn Kind, digests: &BTreeMap<String, String>) -> BTreeSet<String> {
    let known = |key: &str| match kind.shape() {
        Shape::Object(object) => object.field(key).is_some(),
        _ => true,
    };
    digests
        .keys()
        .filter_map(|at| Pointer::parse(at)?.first().map(str::to_owned))
        .filter(|key| !known(key))
        .collect()
}

fn walk(value: &Value, at: &mut Pointer, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Map(map) if !map.is_empty() && at.parts().len() < DEPTH => each(map, at, found),
        other => {
            found.insert(at.to_string(), hex(&Sha256::digest(sorted_text(other)), 6));
        }
    }
}

fn each(map: &Map, at: &mut Pointer, found: &mut BTreeMap<String, String>) {
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

    fn of(kind: &str, spec: serde_json::Value, extra: &[&str]) -> BTreeMap<String, String> {
        let kind = kinds::find(kind).expect("a kind");
        let extra = extra.iter().map(|key| (*key).to_owned()).collect();
        digests(kind, &Value::from(spec), &[], &extra)
    }

    #[test]
    fn digests_tell_places_apart_and_spellings_not() {
        let of = |spec: serde_json::Value| of("port.secret", spec, &[]);
        let one = of(json!({ "secretName": "A", "description": "x" }));
        let places: Vec<&String> = one.keys().collect();
        assert_eq!(places, ["/description", "/secretName"]);
        assert_eq!(
            one,
            of(json!({ "description": "x", "secretName": "A", "createdAt": 1 }))
        );
        let other = of(json!({ "secretName": "A", "description": "y" }));
        assert_ne!(one["/description"], other["/description"]);
        assert_eq!(one["/secretName"], other["/secretName"]);
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
        assert_eq!(said.len(), plain.len() + 1);
        let kind = kinds::find("port.blueprint").expect("a kind");
        assert_eq!(extra(kind, &said), ["later".to_owned()].into());
        assert_eq!(extra(kind, &plain), [].into());
    }
}
