//! Bodies of the entity routes (PA section 6). POST and PUT are open, PATCH is closed.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::query::{Dialect, query, with_queries};
use super::{ENTITY_IDENTIFIER, KEY, closed, text, texts};

/// `POST …/entities` and `PUT …/entities/{e}`.
pub(crate) static ENTITY: LazyLock<Schema> = LazyLock::new(|| Schema::new(&with_queries(entity())));
/// `PATCH …/entities/{e}`.
pub(crate) static CHANGE: LazyLock<Schema> = LazyLock::new(|| Schema::new(&with_queries(change())));
/// `POST …/entities/bulk`: a broken item breaks the body; what is told of each item (207) is the model.
pub(crate) static BULK: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&with_queries(closed(
        &["entities"],
        json!({"entities": {
            "type": "array", "minItems": 1, "maxItems": 20, "items": entity(),
        }}),
    )))
});
/// `POST …/bulk/entities/delete`.
pub(crate) static BULK_DELETE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["entities"],
        json!({"entities": {"type": "array", "minItems": 1, "maxItems": 100, "items": text()}}),
    ))
});
/// `POST /v1/blueprints/{b}/entities/search`.
pub(crate) static BLUEPRINT_SEARCH: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&with_queries(closed(
        &[],
        json!({
            "query": query(Dialect::Search),
            "include": texts(),
            "exclude": texts(),
            "limit": {"type": "number", "minimum": 1, "maximum": 1000},
            "from": text(),
        }),
    )))
});
/// `POST /v1/entities/search`.
pub(crate) static SEARCH: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&with_queries(query(Dialect::Stored))));

fn identifier() -> Value {
    json!({"type": "string", "pattern": ENTITY_IDENTIFIER, "maxLength": 1000})
}

fn entity() -> Value {
    json!({
        "type": "object",
        "properties": {
            "identifier": {"if": {"type": "object"}, "then": query(Dialect::Found), "else": identifier()},
            "title": text(),
            "icon": text(),
            "team": {
                "if": {"type": "object"},
                "then": query(Dialect::Found),
                "else": {"type": ["string", "array"], "items": text()},
            },
            "properties": {"type": "object"},
            "relations": {"type": "object", "additionalProperties": relation()},
        },
    })
}

fn change() -> Value {
    closed(
        &[],
        json!({
            "identifier": identifier(),
            "title": {"type": ["string", "null"]},
            "icon": {"type": ["string", "null"]},
            "team": {
                "if": {"type": "object"},
                "then": query(Dialect::Found),
                "else": {"type": ["string", "array", "null"], "items": text()},
            },
            "properties": {"type": "object", "propertyNames": {"pattern": KEY}},
            "relations": {"type": "object", "additionalProperties": relation()},
        }),
    )
}

fn relation() -> Value {
    json!({
        "if": {"type": "object"},
        "then": query(Dialect::Found),
        "else": {
            "type": ["string", "array", "null"],
            "items": {"type": "string", "pattern": ENTITY_IDENTIFIER},
            "pattern": ENTITY_IDENTIFIER,
            "maxLength": 1000,
        },
    })
}

#[cfg(test)]
pub(super) fn compile_all() {
    for schema in [
        &ENTITY,
        &CHANGE,
        &BULK,
        &BULK_DELETE,
        &BLUEPRINT_SEARCH,
        &SEARCH,
    ] {
        LazyLock::force(schema);
    }
}
