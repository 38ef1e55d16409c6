//! Bodies of the blueprint routes (PA section 2). The top level is open, the maps below are closed.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::query::{Dialect, query, with_queries};
use super::{COLORS, KEY, closed, one_of, text, text_up_to, texts};

/// `POST /v1/blueprints`.
pub(crate) static CREATE: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&blueprint(&["identifier", "title", "schema"], true)));
/// `PUT /v1/blueprints/{id}`.
pub(crate) static REPLACE: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&blueprint(&["title", "schema"], true)));
/// `PATCH /v1/blueprints/{id}`: nothing is required, not even a property's type.
pub(crate) static CHANGE: LazyLock<Schema> = LazyLock::new(|| Schema::new(&blueprint(&[], false)));
/// `PATCH …/properties/{p}/rename`.
pub(crate) static RENAME_PROPERTY: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&rename("newPropertyName")));
/// `PATCH …/relations/{r}/rename`.
pub(crate) static RENAME_RELATION: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&rename("newRelationIdentifier")));
/// `PATCH …/mirror/{p}/rename`.
pub(crate) static RENAME_MIRROR: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&rename("newMirrorName")));
/// `PATCH …/permissions`.
pub(crate) static PERMISSIONS: LazyLock<Schema> = LazyLock::new(|| Schema::new(&permissions()));

const FORMATS: [&str; 14] = [
    "date-time",
    "url",
    "email",
    "idn-email",
    "ipv4",
    "ipv6",
    "markdown",
    "yaml",
    "user",
    "blueprints",
    "team",
    "timer",
    "proto",
    "labeled-url",
];
const TYPES: [&str; 5] = ["string", "number", "boolean", "object", "array"];
const SPECS: [&str; 3] = ["open-api", "embedded-url", "async-api"];

fn blueprint(required: &[&str], complete: bool) -> Value {
    with_queries(json!({
        "type": "object",
        "required": required,
        "properties": {
            "identifier": {
                "type": "string",
                "pattern": r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$",
                "maxLength": 100,
            },
            "title": {"type": "string", "minLength": 1, "maxLength": 100},
            "description": text_up_to(200),
            "icon": text(),
            "ownership": super::chosen_by("type", &[
                (&["Direct"], closed(&[], json!({"type": true, "title": text_up_to(100)}))),
                (&["Inherited"], closed(
                    &["path"],
                    json!({"type": true, "path": text(), "title": text_up_to(100)}),
                )),
            ]),
            "schema": closed(&["properties"], json!({
                "properties": keyed(property(complete)),
                "required": texts(),
            })),
            "calculationProperties": keyed(calculation()),
            "mirrorProperties": keyed(closed(&["path"], json!({
                "path": {
                    "type": "string",
                    "pattern": r"^(?:[A-Za-z0-9@_=\-$]+\.)+?(\w|\$|@|-)*?[^\.]+$",
                },
                "title": text_up_to(100),
            }))),
            "aggregationProperties": keyed(aggregation()),
            "relations": keyed(closed(&["target", "required", "many"], json!({
                "target": text(),
                "required": {"type": "boolean"},
                "many": {"type": "boolean"},
                "title": text_up_to(100),
                "description": text(),
                "type": text(),
            }))),
            "changelogDestination": super::chosen_by("type", &[
                (&["KAFKA"], closed(&[], json!({"type": true}))),
                (&["WEBHOOK"], closed(&["url"], json!({
                    "type": true,
                    "url": {"type": "string", "format": "uri"},
                    "agent": {"type": "boolean"},
                }))),
            ]),
        },
    }))
}

fn keyed(item: Value) -> Value {
    json!({
        "type": "object",
        "propertyNames": {"pattern": KEY, "maxLength": 100},
        "additionalProperties": item,
    })
}

fn property(complete: bool) -> Value {
    let required: &[&str] = if complete { &["type"] } else { &[] };
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "type": one_of(&TYPES),
            "format": one_of(&FORMATS),
            "spec": one_of(&SPECS),
            "title": text_up_to(100),
            "description": text(),
            "icon": text(),
            "specAuthentication": spec_authentication(),
        },
    })
}

fn spec_authentication() -> Value {
    closed(
        &["clientId", "authorizationUrl", "tokenUrl"],
        json!({
            "clientId": text(),
            "authorizationUrl": {"type": "string", "format": "url"},
            "tokenUrl": {"type": "string", "format": "url"},
            "authorizationScope": texts(),
        }),
    )
}

fn calculation() -> Value {
    closed(
        &["calculation", "type"],
        json!({
            "calculation": text(),
            "type": one_of(&TYPES),
            "title": text_up_to(100),
            "description": text(),
            "icon": text(),
            // Calculations know neither `blueprints` nor `timer`.
            "format": {"allOf": [one_of(&FORMATS), {"not": {"enum": ["blueprints", "timer"]}}]},
            "spec": one_of(&SPECS),
            "specAuthentication": spec_authentication(),
            "colorized": {"type": "boolean"},
            "colors": {"type": "object", "additionalProperties": one_of(&COLORS)},
            "items": {"type": "object", "properties": {
                "type": one_of(&TYPES),
                // `idn-format` is how it is published.
                "format": {"if": {"enum": ["idn-email", "blueprints"]}, "then": false, "else": {
                    "anyOf": [one_of(&FORMATS), one_of(&["idn-format"])],
                }},
            }},
            // Outside the published shape, but the provider sends it.
            "dateFormat": text(),
        }),
    )
}

fn aggregation() -> Value {
    let units = one_of(&["hour", "day", "week", "month", "total"]);
    let of_entities = super::chosen_by(
        "func",
        &[
            (
                &["count"],
                closed(&[], json!({"func": true, "calculationBy": true})),
            ),
            (
                &["average"],
                closed(
                    &["averageOf"],
                    json!({
                        "func": true, "calculationBy": true, "averageOf": units, "measureTimeBy": text(),
                    }),
                ),
            ),
        ],
    );
    let of_property = super::chosen_by(
        "func",
        &[
            (
                &["sum", "min", "max", "median"],
                closed(
                    &["property"],
                    json!({
                        "func": true, "calculationBy": true, "property": text(),
                    }),
                ),
            ),
            (
                &["average"],
                closed(
                    &["property", "averageOf"],
                    json!({
                        "func": true, "calculationBy": true, "property": text(),
                        "averageOf": units, "measureTimeBy": text(),
                    }),
                ),
            ),
        ],
    );
    closed(
        &["title", "target", "calculationSpec"],
        json!({
            "title": text_up_to(100),
            "target": text(),
            "type": {"enum": ["number"]},
            "description": text(),
            "icon": text(),
            "query": query(Dialect::Stored),
            // Null because the server itself stores it so when the path leads nowhere.
            "pathFilter": {
                "type": ["array", "null"],
                "maxItems": 1,
                "items": closed(&["path"], json!({
                    "path": {"type": "array", "minItems": 1, "items": text()},
                    "fromBlueprint": text(),
                })),
            },
            "calculationSpec": super::chosen_by("calculationBy", &[
                (&["entities"], of_entities),
                (&["property"], of_property),
            ]),
        }),
    )
}

/// The name is not required by the published schema.
fn rename(key: &str) -> Value {
    closed(
        &[],
        json!({key: {"type": "string", "pattern": KEY, "maxLength": 100}}),
    )
}

fn permissions() -> Value {
    let scope = || {
        json!({
            "users": texts(), "teams": texts(), "roles": texts(),
            "ownedByTeam": {"type": "boolean"},
        })
    };
    let mut read = scope();
    read["policy"] = query(Dialect::Stored);
    let open = json!({"type": "object", "properties": scope()});
    let each = json!({"type": "object", "additionalProperties": open});
    with_queries(closed(
        &[],
        json!({"entities": closed(&[], json!({
            "read": closed(&[], read),
            "register": closed(&[], scope()),
            "update": closed(&[], scope()),
            "unregister": closed(&[], scope()),
            "updateProperties": each,
            "updateRelations": each,
        }))}),
    ))
}

#[cfg(test)]
pub(super) fn compile_all() {
    for schema in [
        &CREATE,
        &REPLACE,
        &CHANGE,
        &RENAME_PROPERTY,
        &RENAME_RELATION,
        &RENAME_MIRROR,
        &PERMISSIONS,
    ] {
        LazyLock::force(schema);
    }
}
