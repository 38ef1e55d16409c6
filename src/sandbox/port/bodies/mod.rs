//! JSON Schemas of the bodies that the Port half accepts, in our own words, from PA sections 1 to 9.
//!
//! They state shapes and limits only. What needs a look at other objects is in the routes' own files.
//! Shapes that depend on a `type` are written as `if`/`then`, so that the first finding names the key
//! that is wrong instead of "no variant matches".

pub(crate) mod action;
pub(crate) mod blueprint;
pub(crate) mod entity;
pub(crate) mod plain;
mod query;
pub(crate) mod webhook;

use serde_json::{Value, json};

/// Letters that entity and scorecard identifiers may hold (PA section 1).
pub(super) const ENTITY_IDENTIFIER: &str = r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$";
/// Letters that keys of properties, relations and inputs may hold.
pub(super) const KEY: &str = r"^[A-Za-z0-9@_=\\-]+$";
/// Names of colours.
pub(super) const COLORS: [&str; 17] = [
    "blue",
    "turquoise",
    "orange",
    "purple",
    "pink",
    "yellow",
    "green",
    "red",
    "gold",
    "silver",
    "paleBlue",
    "darkGray",
    "lightGray",
    "bronze",
    "lime",
    "olive",
    "brown",
];

/// Text.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// Text of at most `limit` characters.
pub(super) fn text_up_to(limit: u64) -> Value {
    json!({"type": "string", "maxLength": limit})
}

/// A list of texts.
pub(super) fn texts() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

/// One of these texts.
pub(super) fn one_of(words: &[&str]) -> Value {
    json!({"enum": words})
}

/// An object without other keys than these.
pub(super) fn closed(required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// An object whose shape depends on its `key`: pairs of its values and the shape they ask for.
pub(super) fn chosen_by(key: &str, shapes: &[(&[&str], Value)]) -> Value {
    let words: Vec<&str> = shapes
        .iter()
        .flat_map(|(words, _)| words.iter().copied())
        .collect();
    let branches: Vec<Value> = shapes
        .iter()
        .map(|(words, shape)| {
            json!({
                "if": {"required": [key], "properties": {key: {"enum": words}}},
                "then": shape,
            })
        })
        .collect();
    json!({
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": words}},
        "allOf": branches,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_schemas_compile() {
        super::action::compile_all();
        super::blueprint::compile_all();
        super::entity::compile_all();
        super::plain::compile_all();
        super::webhook::compile_all();
    }
}
