//! Bodies of the webhook routes (PA section 4). All of them are closed; a delete mapping is open.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::{closed, one_of, text, text_up_to};

/// `POST /v1/webhooks` and `PUT /v1/webhooks/{id}`.
pub(crate) static WEBHOOK: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&webhook(&["title", "enabled"])));
/// `PATCH /v1/webhooks/{id}`.
pub(crate) static CHANGE: LazyLock<Schema> = LazyLock::new(|| Schema::new(&webhook(&[])));

fn webhook(required: &[&str]) -> Value {
    let nullable = || json!({"type": ["string", "null"]});
    closed(
        required,
        json!({
            "identifier": text_up_to(30),
            "title": text_up_to(30),
            "description": text_up_to(200),
            "icon": text(),
            "enabled": {"type": "boolean"},
            "integrationType": one_of(&["custom", "template"]),
            "mappings": {"type": "array", "items": mapping()},
            "security": closed(&[], json!({
                "secret": nullable(),
                "signatureHeaderName": nullable(),
                "signatureAlgorithm": {"enum": ["sha1", "sha256", "plain", null]},
                "signaturePrefix": nullable(),
                "requestIdentifierPath": nullable(),
            })),
        }),
    )
}

fn mapping() -> Value {
    // Texts as well as objects, in spite of the published schema, which refuses the commonest form.
    let deletes = json!({
        "if": {"type": "object"},
        "then": closed(&["type"], json!({
            "type": {"const": "delete"}, "deleteDependents": {"type": "boolean"},
        })),
        "else": {"const": "delete"},
    });
    let creates = json!({
        "if": {"type": "object"},
        "then": closed(&["type"], json!({"type": {"const": "create"}})),
        "else": {"const": "create"},
    });
    let is_delete = json!({
        "required": ["operation"],
        "properties": {"operation": {
            "anyOf": [
                {"const": "delete"},
                {"type": "object", "required": ["type"], "properties": {"type": {"const": "delete"}}},
            ],
        }},
    });
    let common = |operation: Value, entity: Value| {
        json!({
            "blueprint": text(),
            "filter": text(),
            "itemsToParse": text(),
            "operation": operation,
            "entity": entity,
        })
    };
    json!({
        "type": "object",
        "if": is_delete,
        "then": {
            "required": ["blueprint", "entity"],
            "properties": common(deletes, closed(&["identifier"], json!({"identifier": text()}))),
        },
        "else": closed(&["blueprint", "entity"], common(creates, entity())),
    })
}

fn entity() -> Value {
    let search = || {
        closed(
            &["combinator", "rules"],
            json!({
                "combinator": text(),
                "rules": {"type": "array", "items": {"type": "object"}},
            }),
        )
    };
    let text_or_search =
        || json!({"if": {"type": "object"}, "then": search(), "else": {"type": "string"}});
    closed(
        &["identifier"],
        json!({
            "identifier": text_or_search(),
            "title": text(),
            "icon": text(),
            "team": text_or_search(),
            // JQ texts by the prose; the published schema says nothing of the values.
            "properties": {"type": "object"},
            "relations": {"type": "object"},
        }),
    )
}

#[cfg(test)]
pub(super) fn compile_all() {
    for schema in [&WEBHOOK, &CHANGE] {
        LazyLock::force(schema);
    }
}
