//! Values: the one tree that the middle of spaceport works on.
//!
//! JSON plus two more leaves, so that every `match` has to decide about them: `Deferred` (known
//! after apply) and `Secret` (where a text comes from, never the text).
//! Deliberately not here: comparing by meaning (see `decide::canon`) and fetching secret texts
//! (see `there::services`).

use std::fmt;

use serde_json::Number;

pub use crate::words::map::Map;
use crate::words::template::Reference;
use crate::words::{Pointer, Template, Text};

/// How deep two values are looked at for what they share.
const SHARED: usize = 3;

/// A JSON tree with two more leaves.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// JSON `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Text),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(Map),
    /// A text that only another object's creation makes known.
    Deferred(Template),
    /// A text that is never kept, only where it comes from.
    Secret(SecretSource),
}

/// Where the text of a secret comes from: a template over environment variables and the like.
///
/// Texts that stand in the file itself are kept inside, so its `Debug` shows only references.
#[derive(Clone, PartialEq)]
pub struct SecretSource {
    template: Template,
}

impl SecretSource {
    /// A secret whose text is made from this template.
    pub fn new(template: Template) -> Self {
        SecretSource { template }
    }

    /// The template; only the module that sends the text may look at its literal parts.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The name of the shared text that it is, when it is `${random.NAME}` and nothing else.
    pub fn random(&self) -> Option<&str> {
        match self.template.single() {
            Some(Reference::Random(name)) => Some(name),
            _ => None,
        }
    }

    /// The names of the environment variables that it reads.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.template
            .references()
            .filter_map(|reference| match reference {
                Reference::Env(name) => Some(name.as_str()),
                _ => None,
            })
    }

    /// The references that it is made from, as the user wrote them; empty for a plain text.
    pub fn origin(&self) -> String {
        let names: Vec<String> = self
            .template
            .references()
            .map(|r| format!("${{{r}}}"))
            .collect();
        names.join(" ")
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.origin())
    }
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Text>) -> Self {
        Value::Text(text.into())
    }

    /// The text, if it is a settled one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value under a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The text under a key, if it is a map that has one there.
    pub fn get_text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The value at a pointer without wildcards.
    pub fn at(&self, pointer: &Pointer) -> Option<&Value> {
        pointer
            .parts()
            .iter()
            .try_fold(self, |value, part| match value {
                Value::Map(map) => map.get(part),
                Value::List(list) => list.get(part.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// Calls `visit` with every leaf (also empty lists and maps) and its pointer.
    pub fn leaves<'a>(&'a self, visit: &mut dyn FnMut(&Pointer, &'a Value)) {
        fn walk<'a>(
            value: &'a Value,
            at: &mut Pointer,
            visit: &mut dyn FnMut(&Pointer, &'a Value),
        ) {
            match value {
                Value::Map(map) if !map.is_empty() => {
                    for (key, value) in map {
                        at.push(key.as_str());
                        walk(value, at, visit);
                        at.pop();
                    }
                }
                Value::List(list) if !list.is_empty() => {
                    for (index, value) in list.iter().enumerate() {
                        at.push(index);
                        walk(value, at, visit);
                        at.pop();
                    }
                }
                leaf => visit(at, leaf),
            }
        }
        walk(self, &mut Pointer::root(), visit);
    }

    /// Replaces every leaf that `change` has an answer for; what holds no such leaf is shared.
    pub fn map_leaves(&self, change: &mut dyn FnMut(&Pointer, &Value) -> Option<Value>) -> Value {
        fn walk(
            value: &Value,
            at: &mut Pointer,
            change: &mut dyn FnMut(&Pointer, &Value) -> Option<Value>,
        ) -> Option<Value> {
            match value {
                Value::Map(map) => {
                    let mut changed: Option<Map> = None;
                    for (key, value) in map {
                        at.push(key);
                        let new = walk(value, at, change);
                        at.pop();
                        if let Some(new) = new {
                            changed
                                .get_or_insert_with(|| map.clone())
                                .insert(key.clone(), new);
                        }
                    }
                    changed.map(Value::Map)
                }
                Value::List(list) => {
                    let mut changed: Option<Vec<Value>> = None;
                    for (index, value) in list.iter().enumerate() {
                        at.push(index);
                        let new = walk(value, at, change);
                        at.pop();
                        if let Some(new) = new {
                            changed.get_or_insert_with(|| list.clone())[index] = new;
                        }
                    }
                    changed.map(Value::List)
                }
                leaf => change(at, leaf),
            }
        }
        walk(self, &mut Pointer::root(), change).unwrap_or_else(|| self.clone())
    }

    /// The same value, in which the maps that `other` has as well are held once, a few steps deep.
    pub fn beside(&self, other: &Value) -> Value {
        fn walk(value: &Value, other: &Value, steps: usize) -> Value {
            match (value, other) {
                (Value::Map(_), Value::Map(_)) if value == other => other.clone(),
                (Value::Map(map), Value::Map(others)) if steps > 0 => {
                    let entries = map.iter().map(|(key, value)| {
                        let other = others.get(key);
                        let beside = other.map(|other| walk(value, other, steps - 1));
                        (key.clone(), beside.unwrap_or_else(|| value.clone()))
                    });
                    Value::Map(Map::of_distinct(entries))
                }
                _ => value.clone(),
            }
        }
        walk(self, other, SHARED)
    }

    /// Whether some leaf is `Deferred`.
    pub fn has_deferred(&self) -> bool {
        match self {
            Value::Deferred(_) => true,
            Value::Map(map) => map.values().any(Value::has_deferred),
            Value::List(list) => list.iter().any(Value::has_deferred),
            _ => false,
        }
    }

    /// Whether it is plain JSON, without `Deferred` and `Secret`.
    pub fn is_plain(&self) -> bool {
        match self {
            Value::Deferred(_) | Value::Secret(_) => false,
            Value::Map(map) => map.values().all(Value::is_plain),
            Value::List(list) => list.iter().all(Value::is_plain),
            _ => true,
        }
    }

    /// Whether some leaf is `Secret`.
    fn has_secret(&self) -> bool {
        match self {
            Value::Secret(_) => true,
            Value::Map(map) => map.values().any(Value::has_secret),
            Value::List(list) => list.iter().any(Value::has_secret),
            _ => false,
        }
    }

    /// The pointers and sources of all `Secret` leaves.
    pub fn secrets(&self) -> Vec<(Pointer, &SecretSource)> {
        let mut secrets = Vec::new();
        // Most values have none, and pointers cost more than looking.
        if !self.has_secret() {
            return secrets;
        }
        self.leaves(&mut |at, leaf| {
            if let Value::Secret(source) = leaf {
                secrets.push((at.clone(), source));
            }
        });
        secrets
    }

    /// The same tree as JSON, with `leaf` deciding about `Deferred` and `Secret`.
    pub fn to_json_with(
        &self,
        leaf: &mut dyn FnMut(&Value) -> serde_json::Value,
    ) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => serde_json::Value::Bool(*b),
            Value::Number(n) => serde_json::Value::Number(n.clone()),
            Value::Text(t) => serde_json::Value::String(t.to_string()),
            Value::List(list) => list.iter().map(|v| v.to_json_with(leaf)).collect(),
            Value::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(k, v)| (k.to_string(), v.to_json_with(leaf)))
                    .collect(),
            ),
            Value::Deferred(_) | Value::Secret(_) => leaf(self),
        }
    }
}

/// Shows a value as compact JSON for messages: deferred texts as `(known after apply: …)`,
/// secrets as `(secret)`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Deferred(template) => write!(f, "(known after apply: {})", template.needs()),
            Value::Secret(_) => f.write_str("(secret)"),
            other => write!(
                f,
                "{}",
                other.to_json_with(&mut |leaf| leaf.to_string().into())
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_two_values_have_in_common_is_held_once_and_nothing_changes() {
        let wanted = Value::from(json!({
            "same": { "a": [1, { "b": "c" }] }, "partly": { "same": { "d": 1 }, "other": { "e": 1 } }, "gone": {},
        }));
        let seen = Value::from(json!({
            "more": {}, "partly": { "other": { "e": 2 }, "same": { "d": 1 } }, "same": { "a": [1, { "b": "c" }] },
        }));
        let beside = seen.beside(&wanted);
        assert_eq!(beside, seen);
        let shared = |at: &str| {
            let at = Pointer::parse(at).unwrap();
            let map = |value: &Value| value.at(&at).and_then(Value::as_map).cloned();
            map(&beside).unwrap().shares_with(&map(&wanted).unwrap())
        };
        assert!(shared("/same") && shared("/partly/same"));
        assert!(!shared("/partly") && !shared("/partly/other"));
        let all = wanted.clone().beside(&wanted);
        assert!(all.as_map().unwrap().shares_with(wanted.as_map().unwrap()));
    }
}
