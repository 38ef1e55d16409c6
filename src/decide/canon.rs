//! The canonical form: desired and live brought to one spelling, so that comparing is equality.
//!
//! Everything that services do to what they are given is undone here by the rules of the fields:
//! computed fields go, defaults and nulls become absent, lists without order are sorted, secrets
//! go (of maps of secrets the keys stay), and so do the labels that say whose an object is. Applying it twice changes nothing more.
//! Deliberately not here: comparing (see `diff`), and rules about one kind.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::kinds::shape::{Field, Object, Shape};
use crate::kinds::{Kind, label};
use crate::words::template::Part;
use crate::words::value::{Map, SecretSource};
use crate::words::{Pointer, Template, Value};

/// A spec in canonical form, without the places that are ignored.
pub fn canonical(kind: &dyn Kind, spec: &Value, ignore: &[Pointer]) -> Value {
    // First, so that what becomes empty by it is the same as what is empty.
    let spec = label::without(kind, spec);
    let kept = match ignore.is_empty() {
        true => spec,
        false => Cow::Owned(without(&spec, ignore, &mut Pointer::root())),
    };
    let mut value = walk(kind.shape(), &kept);
    kind.canonical(&mut value);
    value
}

fn walk(shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        // What a free-form map holds is data, nulls included.
        (Shape::Map { of, .. }, _) if matches!(**of, Shape::Any) => plain(value),
        (Shape::Map { of, .. }, Value::Map(map)) => Value::Map(
            map.iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), walk(of, v)))
                .collect(),
        ),
        (Shape::List { of, .. }, Value::List(list)) => {
            Value::List(list.iter().map(|v| walk(of, v)).collect())
        }
        (Shape::OneOf(shapes), value) => match Shape::fitting(shapes, value) {
            Some(shape) => walk(shape, value),
            None => plain(value),
        },
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(map)) => {
            match shape.object(|tag| value.get_text(tag).map(str::to_owned)) {
                Some(object) => fields(object, map),
                None => plain(value),
            }
        }
        _ => plain(value),
    }
}

fn fields(object: &Object, map: &Map) -> Value {
    let entries = map.iter().filter_map(|(key, value)| {
        let value = match object.field(key) {
            Some(field) => known(field, value)?,
            None => plain(value),
        };
        Some((key.clone(), value))
    });
    Value::Map(entries.collect())
}

/// A known field's canonical value; `None` when it is the same as being absent.
pub fn known(field: &Field, value: &Value) -> Option<Value> {
    let rules = &field.rules;
    if rules.computed || (value.is_null() && !(field.required && matches!(field.shape, Shape::Any)))
    {
        return None;
    }
    if rules.write_only {
        let map = value.as_map().filter(|map| !map.is_empty())?;
        // Null means "keep" in a body to be written; in both cases the key is there.
        let there = Value::Secret(SecretSource::new(Template::default()));
        return Some(Value::Map(
            map.keys().map(|key| (key.clone(), there.clone())).collect(),
        ));
    }
    let mut value = walk(&field.shape, value);
    if rules.text {
        value = without_line_ends(value);
    }
    if let Some(equal) = rules.equal {
        value = equal(value);
        if value.is_null() {
            return None;
        }
    }
    if rules.unordered
        && let Value::List(list) = &mut value
    {
        list.sort_by(order);
        list.dedup();
    }
    match rules.default {
        Some(default) if is(default, &value) => None,
        _ => Some(value),
    }
}

/// A text without the line ends at its end, also where parts of it are known only later.
fn without_line_ends(value: Value) -> Value {
    let ends = ['\n', '\r'];
    match value {
        Value::Text(text) => Value::text(text.trim_end_matches(ends)),
        Value::Deferred(mut template) => {
            if let Some(Part::Text(last)) = template.parts.last_mut() {
                last.truncate(last.trim_end_matches(ends).len());
                if last.is_empty() {
                    template.parts.pop();
                }
            }
            Value::Deferred(template)
        }
        other => other,
    }
}

/// Whether a canonical value is this JSON text. The defaults that most fields have are not parsed.
fn is(json: &str, value: &Value) -> bool {
    match (json, value) {
        ("[]", Value::List(list)) => list.is_empty(),
        ("{}", Value::Map(map)) => map.is_empty(),
        ("true", Value::Bool(b)) => *b,
        ("false", Value::Bool(b)) => !*b,
        ("[]" | "{}" | "true" | "false", _) => false,
        _ => serde_json::from_str::<serde_json::Value>(json)
            .is_ok_and(|json| plain(&Value::from(json)) == *value),
    }
}

/// Free-form data as it is, numbers in one spelling: `1.0` is `1`.
pub(super) fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() && f.fract() == 0.0 && f.abs() < 9e15 => {
                Value::Number((f as i64).into())
            }
            _ => value.clone(),
        },
        Value::List(list) => Value::List(list.iter().map(plain).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        _ => value.clone(),
    }
}

/// The value without the places that a pattern names.
fn without(value: &Value, patterns: &[Pointer], at: &mut Pointer) -> Value {
    let named = |at: &Pointer| patterns.iter().any(|pattern| pattern.covers(at));
    match value {
        Value::Map(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                at.push(key.as_str());
                if !named(at) {
                    kept.insert(key.clone(), without(value, patterns, at));
                }
                at.pop();
            }
            Value::Map(kept)
        }
        Value::List(list) => {
            let mut kept = Vec::new();
            for (index, value) in list.iter().enumerate() {
                at.push(index);
                if !named(at) {
                    kept.push(without(value, patterns, at));
                }
                at.pop();
            }
            Value::List(kept)
        }
        other => other.clone(),
    }
}

/// A total order over values, by their text.
fn order(a: &Value, b: &Value) -> Ordering {
    sorted_text(a).cmp(&sorted_text(b))
}

/// The value as JSON text with sorted keys: the same for equal values.
pub fn sorted_text(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let mut entries: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}:{}", Value::text(k.as_str()), sorted_text(v)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        Value::List(list) => format!(
            "[{}]",
            list.iter().map(sorted_text).collect::<Vec<_>>().join(",")
        ),
        // Unlike on screen, different templates and secrets must not look alike.
        Value::Deferred(template) => format!("deferred {:?}", template.parts),
        Value::Secret(source) => format!("secret {source:?}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Services keep or drop the last line end as they like; that is no difference, also in a text
    /// whose middle is known only after an apply.
    #[test]
    fn a_text_ends_without_line_ends() {
        let text = |source: &str| Value::Deferred(Template::parse(source).expect("a template"));
        let id = "${spacelift.webhook.port.id}";
        assert_eq!(without_line_ends(Value::text("a\n\r\n")), Value::text("a"));
        for (written, kept) in [
            (format!("a {id}\n}}\n"), format!("a {id}\n}}")),
            (format!("a {id}\n"), format!("a {id}")),
            (format!("\n{id}"), format!("\n{id}")),
        ] {
            assert_eq!(without_line_ends(text(&written)), text(&kept), "{written}");
        }
    }
}
