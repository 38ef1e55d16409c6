//! Bodies grown from a JSON Schema: mostly valid, of every branch, in all sizes.
//!
//! Nothing here decides whether a body is valid; the judge does.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// Below this depth lists stay empty and nothing optional is added.
const DEEPEST: usize = 9;

/// Texts for every pattern, length and format that the file publishes.
const TEXTS: &[&str] = &[
    "a",
    "ab",
    "service",
    "Service 1",
    "state",
    "$title",
    "a.b",
    "a.b.$title",
    "x-y_z",
    "a=b",
    "a/b",
    "a:b",
    "Größe",
    "",
    ".",
    "..",
    " a",
    "a b",
    "2024-05-01T10:00:00.000Z",
    "https://example.com/hook",
    "a#b",
    "abcdefghijklmnopqrstuvwxyz0123456789",
];

/// Grows values from the schemas of one document.
pub struct Grower<'a> {
    document: &'a Value,
    texts: RefCell<BTreeMap<String, Vec<&'static str>>>,
}

impl<'a> Grower<'a> {
    pub fn new(document: &'a Value) -> Self {
        let texts = RefCell::default();
        Self { document, texts }
    }

    /// A value for this schema.
    pub fn grow(&self, schema: &Value, dice: &mut Dice, depth: usize) -> Value {
        let Some(schema) = schema.as_object() else {
            return anything(dice);
        };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.grow(self.target(target), dice, depth);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(branches) = schema.get(key).and_then(Value::as_array) {
                let merged = self.merged(schema, &[key], &[dice.pick(branches)]);
                return self.grow(&merged, dice, depth);
            }
        }
        if let Some(condition) = schema.get("if") {
            let none = json!({});
            let side = |name: &str| schema.get(name).unwrap_or(&none);
            let sides: &[&Value] = if dice.percent(50) {
                &[condition, side("then")]
            } else {
                &[side("else")]
            };
            let merged = self.merged(schema, &["if", "then", "else"], sides);
            return self.grow(&merged, dice, depth);
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return dice.pick(words).clone();
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => dice.pick(kinds).as_str().unwrap_or("null"),
            _ if schema.contains_key("properties") => "object",
            _ => return anything(dice),
        };
        match kind {
            "object" => self.object(schema, dice, depth),
            "array" => self.array(schema, dice, depth),
            "string" => self.text(schema, dice).into(),
            "boolean" => dice.percent(50).into(),
            "number" | "integer" => {
                let bound =
                    |key: &str, other: i64| schema.get(key).cloned().unwrap_or(other.into());
                dice.pick(&[bound("minimum", 0), bound("maximum", 7), json!(3)])
                    .clone()
            }
            _ => Value::Null,
        }
    }

    fn target(&self, reference: &str) -> &'a Value {
        let pointer = reference.trim_start_matches('#');
        self.document
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// The schema without `keys`, joined with some of its branches.
    fn merged(&self, schema: &Map<String, Value>, keys: &[&str], branches: &[&Value]) -> Value {
        let mut merged = schema.clone();
        keys.iter().for_each(|key| {
            merged.remove(*key);
        });
        for branch in branches {
            let branch = match branch.get("$ref").and_then(Value::as_str) {
                Some(target) => self.target(target),
                None => branch,
            };
            for (key, value) in branch.as_object().into_iter().flatten() {
                match (merged.get_mut(key), value) {
                    (Some(Value::Object(old)), Value::Object(new)) if key == "properties" => {
                        old.extend(new.clone());
                    }
                    (Some(Value::Array(old)), Value::Array(new)) if key == "required" => {
                        old.extend(new.iter().cloned());
                    }
                    _ => {
                        merged.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        merged.into()
    }

    fn object(&self, schema: &Map<String, Value>, dice: &mut Dice, depth: usize) -> Value {
        let mut grown = Map::new();
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let chance = if depth > DEEPEST {
            0
        } else {
            *dice.pick(&[10, 30, 80])
        };
        for (name, shape) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if required.contains(&name.as_str()) || dice.percent(chance) {
                grown.insert(name.clone(), self.grow(shape, dice, depth + 1));
            }
        }
        for (name, needed) in schema
            .get("dependencies")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for other in needed
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if grown.contains_key(name) {
                    grown.insert(other.to_owned(), "service".into());
                }
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {}
            Some(shape @ Value::Object(_)) if depth <= DEEPEST => {
                let names = json!({"type": "string"});
                let names = self.joined(schema.get("propertyNames").unwrap_or(&names));
                let least = schema.get("minProperties").map_or(0, |_| 1);
                for _ in 0..least + dice.below(3) {
                    let name = self.text(&names, dice);
                    grown.insert(name, self.grow(shape, dice, depth + 1));
                }
            }
            _ if dice.percent(10) => {
                grown.insert("further".into(), anything(dice));
            }
            _ => {}
        }
        grown.into()
    }

    fn array(&self, schema: &Map<String, Value>, dice: &mut Dice, depth: usize) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(3);
        let more = if depth > DEEPEST {
            0
        } else {
            dice.below(3) as u64
        };
        let none = json!({});
        let items = schema.get("items").unwrap_or(&none);
        (0..(least + more).min(most.max(least)))
            .map(|_| self.grow(items, dice, depth + 1))
            .collect()
    }

    fn joined(&self, names: &Value) -> Map<String, Value> {
        let mut names = names.as_object().cloned().unwrap_or_default();
        names.insert("type".into(), "string".into());
        names
    }

    /// A text that keeps the schema's limits.
    fn text(&self, schema: &Map<String, Value>, dice: &mut Dice) -> String {
        let limits: Map<String, Value> = schema
            .iter()
            .filter(|(key, _)| {
                ["pattern", "minLength", "maxLength", "format"].contains(&key.as_str())
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let limits = Value::Object(limits);
        let mut known = self.texts.borrow_mut();
        let fitting = known.entry(limits.to_string()).or_insert_with(|| {
            let validator = crate::judge::validator(&limits);
            let fits = |text: &&&str| validator.is_valid(&json!(text));
            TEXTS.iter().filter(fits).copied().collect()
        });
        assert!(
            !fitting.is_empty(),
            "no text keeps {limits}: add one to TEXTS"
        );
        (*dice.pick(fitting)).to_owned()
    }
}

/// Any value of any type.
pub fn anything(dice: &mut Dice) -> Value {
    let all = [
        Value::Null,
        json!(true),
        json!(0),
        json!(12.5),
        json!(-1),
        json!(""),
        json!("text"),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({"a": 1}),
        json!([{}]),
        json!([1]),
    ];
    dice.pick(&all).clone()
}
