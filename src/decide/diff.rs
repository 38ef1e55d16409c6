//! The difference of two canonical specs, as data: which places differ, and how.
//!
//! Also what a replacing write must carry over from live: fields that we do not know, and places
//! that others manage. Deliberately not here: showing a difference (see `show`).

use crate::decide::canon::canonical;
use crate::decide::same::same;
use crate::kinds::shape::{Object, Shape};
use crate::kinds::{Kind, Picks, label};
use crate::words::value::Map;
use crate::words::{Pointer, Text, Value};

/// One place that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where, from the spec on.
    pub path: Pointer,
    /// What live has; `None` when it has nothing there.
    pub before: Option<Value>,
    /// What the config wants; `None` when it wants nothing there.
    pub after: Option<Value>,
}

/// How live differs from desired.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The places that differ.
    pub fields: Vec<FieldChange>,
    /// Fields of closed bodies that live has and this version does not know: a replacing write
    /// leaves them out.
    pub unknown: Vec<Pointer>,
    /// Whether a field differs that only deleting and creating anew can change.
    pub immutable: bool,
}

impl Difference {
    /// The top-level keys in which something differs, in the order of the places.
    pub fn top_level(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for field in &self.fields {
            if let Some(key) = field.path.first()
                && !keys.iter().any(|k| k == key)
            {
                keys.push(key.to_owned());
            }
        }
        keys
    }
}

/// Compares what is wanted with what is live.
pub fn compare(kind: &dyn Kind, want: &Value, live: &Value, ignore: &[Pointer]) -> Difference {
    let mut found = Difference::default();
    let live = &*label::without(kind, live);
    if ignore.is_empty() && same(kind.shape(), want, live) {
        return found;
    }
    let (want, live) = (canonical(kind, want, ignore), canonical(kind, live, ignore));
    walk(kind.shape(), &want, &live, &mut Pointer::root(), &mut found);
    let immutable = &Picks::of(kind).immutable;
    found.immutable = found
        .fields
        .iter()
        .any(|f| immutable.iter().any(|pattern| pattern.covers(&f.path)));
    found
}

/// All places of a value, as differences from nothing.
pub fn everything(want: &Value) -> Vec<FieldChange> {
    let mut fields = Vec::new();
    want.leaves(&mut |at, leaf| {
        fields.push(FieldChange {
            path: at.clone(),
            before: None,
            after: Some(leaf.clone()),
        });
    });
    fields
}

fn walk(shape: &Shape, want: &Value, live: &Value, at: &mut Pointer, found: &mut Difference) {
    if want == live {
        return;
    }
    match (shape, want, live) {
        (Shape::Map { of, .. }, Value::Map(want), Value::Map(live)) => {
            each_key(want, live, at, found, &mut |_| Some(of.as_ref()), true);
        }
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(w), Value::Map(l)) => {
            let chosen = |value: &Value| {
                shape
                    .object(|tag| value.get_text(tag).map(str::to_owned))
                    .map(std::ptr::from_ref)
            };
            // Another variant is another thing: everything differs.
            match (
                shape.object(|tag| want.get_text(tag).map(str::to_owned)),
                chosen(want) == chosen(live),
            ) {
                (Some(object), true) => object_fields(object, w, l, at, found),
                _ => change(Some(want), Some(live), at, found),
            }
        }
        (Shape::OneOf(shapes), want, live) => {
            match (Shape::fitting(shapes, want), Shape::fitting(shapes, live)) {
                (Some(shape), Some(other)) if std::ptr::eq(shape, other) => {
                    walk(shape, want, live, at, found)
                }
                _ => change(Some(want), Some(live), at, found),
            }
        }
        (Shape::List { of, .. }, Value::List(want), Value::List(live)) if listable(of) => {
            for index in 0..want.len().max(live.len()) {
                at.push(index);
                match (want.get(index), live.get(index)) {
                    (Some(want), Some(live)) => walk(of, want, live, at, found),
                    (want, live) => change(want, live, at, found),
                }
                at.pop();
            }
        }
        (Shape::Any, Value::Map(want), Value::Map(live)) => {
            each_key(want, live, at, found, &mut |_| Some(&Shape::Any), true);
        }
        _ => change(Some(want), Some(live), at, found),
    }
}

/// Lists of maps are compared item by item; lists of plain values as a whole.
fn listable(of: &Shape) -> bool {
    matches!(of, Shape::Object(_) | Shape::Tagged { .. })
}

fn object_fields(
    object: &Object,
    want: &Map,
    live: &Map,
    at: &mut Pointer,
    found: &mut Difference,
) {
    for key in live
        .keys()
        .filter(|key| !object.fields.iter().any(|f| f.name == *key) && !want.contains_key(key))
    {
        if !object.open {
            found.unknown.push(at.join(key));
        }
    }
    // Services give their keys in any order.
    found.unknown.sort();
    each_key(
        want,
        live,
        at,
        found,
        &mut |key| {
            object
                .fields
                .iter()
                .find(|f| f.name == key)
                .map(|f| &f.shape)
        },
        false,
    );
}

/// Walks the keys of both sides in the order of `want`, then of `live`, sorted.
fn each_key<'a>(
    want: &Map,
    live: &Map,
    at: &mut Pointer,
    found: &mut Difference,
    shape_of: &mut dyn FnMut(&str) -> Option<&'a Shape>,
    any_key: bool,
) {
    for (key, want) in want {
        at.push(key.as_str());
        match (live.get(key), shape_of(key)) {
            (Some(live), Some(shape)) => walk(shape, want, live, at, found),
            (Some(live), None) => walk(&Shape::Any, want, live, at, found),
            (None, _) => change(Some(want), None, at, found),
        }
        at.pop();
    }
    let mut rest: Vec<&Text> = live.keys().filter(|key| !want.contains_key(key)).collect();
    rest.sort();
    for key in rest {
        if any_key || shape_of(key).is_some() {
            at.push(key.as_str());
            change(None, live.get(key), at, found);
            at.pop();
        }
    }
}

fn change(want: Option<&Value>, live: Option<&Value>, at: &Pointer, found: &mut Difference) {
    found.fields.push(FieldChange {
        path: at.clone(),
        before: live.map(|live| sorted(live.clone())),
        after: want.cloned(),
    });
}

/// The value with the keys of all maps sorted: services give them in any order.
fn sorted(mut value: Value) -> Value {
    match &mut value {
        Value::Map(map) => {
            map.sort_keys();
            map.values_mut()
                .for_each(|inner| *inner = sorted(std::mem::take(inner)));
        }
        Value::List(items) => items
            .iter_mut()
            .for_each(|item| *item = sorted(std::mem::take(item))),
        _ => {}
    }
    value
}

/// The body of a replacing write: what is wanted, plus what must survive from live: unknown
/// fields of open bodies, and the ignored places.
pub fn write_body(kind: &dyn Kind, want: &Value, live: &Value, ignore: &[Pointer]) -> Value {
    let mut body = carry(kind.shape(), want, live);
    if !ignore.is_empty() {
        keep_ignored(&mut body, live, ignore, &mut Pointer::root());
    }
    body
}

fn carry(shape: &Shape, want: &Value, live: &Value) -> Value {
    match (shape, want, live) {
        (Shape::Map { of, .. }, Value::Map(want), Value::Map(live)) => Value::Map(
            want.iter()
                .map(|(key, want)| {
                    let carried = live
                        .get(key)
                        .map_or_else(|| want.clone(), |live| carry(of, want, live));
                    (key.clone(), carried)
                })
                .collect(),
        ),
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(w), Value::Map(l)) => {
            let chosen = |value: &Value| shape.object(|tag| value.get_text(tag).map(str::to_owned));
            match (chosen(want), chosen(live)) {
                (Some(object), Some(other)) if std::ptr::eq(object, other) => {
                    carry_fields(object, w, l)
                }
                // Another variant is another thing: nothing of the old one is kept.
                _ => want.clone(),
            }
        }
        (Shape::OneOf(shapes), want, live) => {
            match (Shape::fitting(shapes, want), Shape::fitting(shapes, live)) {
                (Some(shape), Some(other)) if std::ptr::eq(shape, other) => {
                    carry(shape, want, live)
                }
                _ => want.clone(),
            }
        }
        _ => want.clone(),
    }
}

fn carry_fields(object: &Object, want: &Map, live: &Map) -> Value {
    let known = |key: &str| object.fields.iter().find(|f| f.name == key);
    let mut body: Map = want
        .iter()
        .map(|(key, want)| {
            let carried = match (known(key), live.get(key)) {
                (Some(field), Some(live)) => carry(&field.shape, want, live),
                _ => want.clone(),
            };
            (key.clone(), carried)
        })
        .collect();
    if object.open {
        for (key, live) in live {
            if known(key).is_none() && !body.contains_key(key) {
                body.insert(key.clone(), live.clone());
            }
        }
    }
    Value::Map(body)
}

/// Puts live's values at the ignored places into a body, and removes what live does not have.
/// Items of lists are taken from live where both have one at that place.
fn keep_ignored(body: &mut Value, live: &Value, ignore: &[Pointer], at: &mut Pointer) {
    let named = |at: &Pointer| ignore.iter().any(|pattern| pattern.covers(at));
    match (body, live) {
        (Value::List(items), Value::List(others)) => {
            for (index, (item, live)) in items.iter_mut().zip(others).enumerate() {
                at.push(index);
                match named(at) {
                    true => *item = live.clone(),
                    false => keep_ignored(item, live, ignore, at),
                }
                at.pop();
            }
        }
        (Value::Map(map), live) => {
            let keys: Vec<Text> = map
                .keys()
                .chain(live.as_map().into_iter().flat_map(|map| map.keys()))
                .cloned()
                .collect();
            for key in keys {
                at.push(&key);
                if named(at) {
                    match live.get(&key) {
                        Some(value) => map.insert(key.clone(), value.clone()),
                        None => map.shift_remove(&key),
                    };
                } else if let (Some(inner), Some(live)) = (map.get_mut(&key), live.get(&key)) {
                    keep_ignored(inner, live, ignore, at);
                }
                at.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds;

    fn value(json: Json) -> Value {
        Value::from(json)
    }

    fn ignore(pattern: &str) -> Vec<Pointer> {
        Pointer::parse(pattern).into_iter().collect()
    }

    #[test]
    fn a_write_keeps_unknown_fields_of_open_bodies_inside_variants() {
        let action = kinds::find("port.action").unwrap();
        let with = |input: Json| {
            value(json!({
                "identifier": "a",
                "trigger": {
                    "type": "self-service", "operation": "CREATE",
                    "userInputs": { "properties": { "name": input } },
                },
            }))
        };
        let want = with(json!({ "type": "string", "title": "New" }));
        let live = with(json!({ "type": "string", "title": "Old", "later": 1 }));
        let both = with(json!({ "type": "string", "title": "New", "later": 1 }));
        assert_eq!(write_body(action, &want, &live, &[]), both);
    }

    #[test]
    fn a_write_takes_ignored_places_from_live_inside_lists_too() {
        let webhook = kinds::find("port.webhook").unwrap();
        let with = |filter: &str, id: &str| {
            value(json!({
                "identifier": "w", "title": "W",
                "mappings": [{ "blueprint": "b", "filter": filter, "entity": { "identifier": id } }],
            }))
        };
        let (want, live) = (with("ours", ".new"), with("theirs", ".old"));
        let body = write_body(webhook, &want, &live, &ignore("/mappings/*/filter"));
        assert_eq!(body, with("theirs", ".new"));
        let same = with("ours", ".old");
        let found = compare(webhook, &same, &live, &ignore("/mappings/*/filter"));
        assert_eq!(found, Difference::default());
    }

    #[test]
    fn the_order_in_which_a_service_gives_keys_is_not_seen() {
        let action = kinds::find("port.action").unwrap();
        let want = value(json!({ "identifier": "a" }));
        let one = value(
            json!({ "identifier": "a", "y": 1, "x": 2, "invocationMethod": { "type": "KAFKA", "payload": { "b": 1, "a": 2 } } }),
        );
        let two = value(
            json!({ "x": 2, "invocationMethod": { "payload": { "a": 2, "b": 1 }, "type": "KAFKA" }, "identifier": "a", "y": 1 }),
        );
        let shown = |live: &Value| {
            let found = compare(action, &want, live, &[]);
            let before = found
                .fields
                .iter()
                .map(|f| f.before.as_ref().map(Value::to_string));
            format!("{:?} {:?}", before.collect::<Vec<_>>(), found.unknown)
        };
        assert_eq!(shown(&one), shown(&two));
    }
}
