//! Bodies of the small routes: token, organization, secrets, scorecards, teams, pages (PA sections 1,
//! 5, 8 and 9).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::{COLORS, ENTITY_IDENTIFIER, KEY, closed, one_of, text, text_up_to, texts};

/// `POST /v1/auth/access_token`.
pub(crate) static TOKEN: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["clientId", "clientSecret"],
        json!({"clientId": text(), "clientSecret": text()}),
    ))
});
/// `PUT /v1/organization`.
pub(crate) static ORGANIZATION: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&organization(json!({}), json!({}))));
/// `PATCH /v1/organization`, which knows more keys than PUT.
pub(crate) static ORGANIZATION_CHANGE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&organization(
        json!({
            "isOnboarded": {"type": "boolean"},
            "toolSelectionProvisioning":
                closed(&["status"], json!({"status": one_of(&["IN_PROGRESS", "DONE"])})),
        }),
        json!({
            "supportUserPermission": one_of(&["OPT_OUT", "OPT_IN"]),
            "supportUserTTL": one_of(&["ONE_DAY", "ONE_WEEK", "ONE_MONTH", "FOREVER"]),
            "supportUserExpiresAt": {"type": "string", "format": "date-time"},
        }),
    ))
});
/// `POST /v1/organization/secrets`.
pub(crate) static SECRET: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["secretName", "secretValue"],
        json!({
            "secretName": {
                "type": "string", "pattern": "^[A-Za-z0-9-_]*$", "minLength": 1, "maxLength": 100,
            },
            "secretValue": text(),
            "description": text_up_to(200),
        }),
    ))
});
/// `PATCH /v1/organization/secrets/{name}`; `{}` is legal.
pub(crate) static SECRET_CHANGE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &[],
        json!({"secretValue": text(), "description": text_up_to(200)}),
    ))
});
/// `POST …/scorecards` and `PUT …/scorecards/{s}`.
pub(crate) static SCORECARD: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&scorecard(json!({}))));
/// `PUT …/scorecards`: a bare list, whose items may carry `id` and `properties` as well.
pub(crate) static SCORECARDS: LazyLock<Schema> = LazyLock::new(|| {
    let item = scorecard(json!({"id": text(), "properties": {"type": "object"}}));
    Schema::new(&json!({"type": "array", "items": item}))
});
/// `POST /v1/teams` and `PUT /v1/teams/{name}`.
pub(crate) static TEAM: LazyLock<Schema> = LazyLock::new(|| Schema::new(&team(&["name"], false)));
/// `PATCH /v1/teams/{name}`.
pub(crate) static TEAM_CHANGE: LazyLock<Schema> = LazyLock::new(|| Schema::new(&team(&[], true)));
/// `POST`, `PUT` and `PATCH` of `/v1/pages`, thin because unpublished.
pub(crate) static PAGE: LazyLock<Schema> = LazyLock::new(|| {
    let nullable = || json!({"type": ["string", "null"]});
    Schema::new(&closed(
        &[],
        json!({
            "identifier": text(), "type": text(), "icon": nullable(), "title": nullable(),
            "parent": nullable(), "after": nullable(), "locked": {"type": "boolean"},
            "blueprint": nullable(), "widgets": {"type": "array", "items": {"type": "object"}},
            "pageFilters": {"type": ["array", "null"]}, "description": nullable(),
            "section": nullable(), "sidebar": nullable(), "showInSidebar": {"type": "boolean"},
            "requiredQueryParams": {"type": ["array", "null"]},
        }),
    ))
});
/// `PATCH /v1/pages/{p}/permissions`.
pub(crate) static PAGE_PERMISSIONS: LazyLock<Schema> = LazyLock::new(|| {
    let scope = || {
        closed(
            &[],
            json!({"users": texts(), "roles": texts(), "teams": texts()}),
        )
    };
    Schema::new(&closed(&[], json!({"read": scope(), "update": scope()})))
});

/// `POST /v1/integration`.
pub(crate) static INTEGRATION: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&integration(&["installationId"])));
/// `PATCH /v1/integration/{installationId}`.
pub(crate) static INTEGRATION_CHANGE: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&integration(&[])));
/// `PATCH /v1/integration/{installationId}/config`.
pub(crate) static INTEGRATION_CONFIG: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["config"],
        json!({"config": {"type": ["object", "null"]}}),
    ))
});

fn integration(required: &[&str]) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "installationId": {"type": "string", "pattern": "^[a-z0-9-]+$"},
            "config": {"type": ["object", "null"]},
        },
    })
}

fn organization(more: Value, more_settings: Value) -> Value {
    let mut settings = json!({
        "hiddenBlueprints": texts(),
        "federatedLogout": {"type": "boolean"},
        "portalIcon": text(),
        "portalTitle": text_up_to(30),
    });
    add(&mut settings, more_settings);
    let mut properties = json!({
        "name": text(),
        "settings": {"type": "object", "properties": settings},
        "announcement": {"type": "object", "properties": {
            "enabled": {"type": "boolean"},
            "content": {"type": "string", "minLength": 1, "maxLength": 300},
            "link": {"type": ["string", "null"], "maxLength": 300},
            "color": one_of(&["blue", "red"]),
        }},
    });
    add(&mut properties, more);
    closed(&["name"], properties)
}

fn scorecard(more: Value) -> Value {
    let mut properties = json!({
        "identifier": {"type": "string", "pattern": ENTITY_IDENTIFIER, "maxLength": 100},
        "title": text(),
        "filter": conditions(),
        "rules": {"type": "array", "items": {
            "type": "object",
            "required": ["identifier", "title", "level", "query"],
            "properties": {
                "identifier": {"type": "string", "pattern": KEY, "maxLength": 100},
                "title": text(),
                "level": text(),
                "description": text(),
                "query": conditions(),
            },
        }},
        "levels": {"type": "array", "minItems": 1, "items": {
            "type": "object",
            "required": ["title", "color"],
            "properties": {"title": text(), "color": one_of(&COLORS)},
        }},
    });
    add(&mut properties, more);
    closed(&["identifier", "title", "rules"], properties)
}

fn conditions() -> Value {
    let operators = [
        "=",
        "!=",
        ">",
        "<",
        ">=",
        "<=",
        "contains",
        "doesNotContains",
        "beginsWith",
        "doesNotBeginsWith",
        "endsWith",
        "doesNotEndsWith",
        "containsAny",
        "in",
        "between",
        "notBetween",
        "isEmpty",
        "isNotEmpty",
    ];
    json!({
        "type": "object",
        "required": ["combinator", "conditions"],
        "properties": {
            "combinator": one_of(&["and", "or"]),
            "conditions": {"type": "array", "minItems": 1, "items": {
                "type": "object",
                "required": ["operator"],
                "properties": {
                    "operator": one_of(&operators), "property": text(), "relation": text(),
                },
                "if": {"properties": {"operator": {"enum": ["isEmpty", "isNotEmpty"]}}},
                "then": {"properties": {"not": {"type": "boolean"}}},
                "else": {"required": ["value"]},
                "anyOf": [{"required": ["property"]}, {"required": ["relation"]}],
            }},
        },
    })
}

fn team(required: &[&str], nullable: bool) -> Value {
    let description = if nullable {
        json!({"type": ["string", "null"]})
    } else {
        text()
    };
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "name": {"type": "string", "pattern": r"^[^;#/\?\s][^;#/\?]*[^;#/\?\s]$"},
            "users": texts(),
            "description": description,
        },
    })
}

fn add(properties: &mut Value, more: Value) {
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
}

#[cfg(test)]
pub(super) fn compile_all() {
    for schema in [
        &TOKEN,
        &ORGANIZATION,
        &ORGANIZATION_CHANGE,
        &SECRET,
        &SECRET_CHANGE,
        &SCORECARD,
        &SCORECARDS,
        &TEAM,
        &TEAM_CHANGE,
        &PAGE,
        &PAGE_PERMISSIONS,
        &INTEGRATION,
        &INTEGRATION_CHANGE,
        &INTEGRATION_CONFIG,
    ] {
        LazyLock::force(schema);
    }
}
