//! Bodies of the small routes: token, organization, secrets, scorecards, teams, pages (PA sections 1,
//! 5, 8 and 9).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::query::conditions;
use super::{COLORS, ENTITY_IDENTIFIER, KEY, closed, one_of, text, text_up_to, texts};

/// `POST /v1/auth/access_token`.
pub(crate) static TOKEN: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["clientId", "clientSecret"],
        json!({"clientId": text(), "clientSecret": text()}),
    ))
});
/// `PUT /v1/organization`.
pub(crate) static ORGANIZATION: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = organization(json!({}), json!({}));
    schema["properties"]["announcement"]["required"] = json!(["content"]);
    Schema::new(&schema)
});
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
/// `POST …/scorecards`: without any level of its own it has rules of the usual ones.
pub(crate) static SCORECARD_NEW: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = scorecard(json!({}));
    schema["if"] = json!({"required": ["levels"], "properties": {"levels": {"maxItems": 0}}});
    schema["then"] = json!({"properties": {"rules": {"items": {"properties": {
        "level": one_of(&["Gold", "Silver", "Bronze"]),
    }}}}});
    Schema::new(&schema)
});
/// `PUT …/scorecards/{s}`.
pub(crate) static SCORECARD: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&scorecard(json!({}))));
/// `PUT …/scorecards`: a bare list, whose items may carry `id` and `properties` as well.
pub(crate) static SCORECARDS: LazyLock<Schema> = LazyLock::new(|| {
    let item = scorecard(json!({
        "id": text(),
        "properties": {"type": "object", "propertyNames": {"pattern": KEY}},
    }));
    Schema::new(&json!({"type": "array", "items": item}))
});
/// `POST /v1/teams`.
pub(crate) static TEAM: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = team(&["name"], false);
    schema["properties"]["name"]["pattern"] = r"^[^;#/\?\s][^;#/\?]*[^;#/\?\s]$".into();
    Schema::new(&schema)
});
/// `PUT /v1/teams/{name}`: the pattern is published for POST only.
pub(crate) static TEAM_REPLACE: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&team(&["name"], false)));
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
pub(crate) static INTEGRATION: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&json!({
        "type": "object",
        "required": ["installationId"],
        "properties": {
            "installationId": {"type": "string", "pattern": "^[a-z0-9-]+$"},
            "config": config(),
        },
    }))
});
/// `PATCH /v1/integration/{installationId}`.
pub(crate) static INTEGRATION_CHANGE: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = json!({"type": "object", "properties": {
        "title": {"type": ["string", "null"]},
        "installationAppType": text(),
        "version": text(),
        "spec": {"type": "object"},
        "actionsProcessingEnabled": {"type": "boolean"},
        "config": config(),
    }});
    schema["properties"]["changelogDestination"] = json!({
        "if": {"type": "object", "maxProperties": 0},
        "then": true,
        "else": super::chosen_by("type", &[
            (&["KAFKA"], closed(&[], json!({"type": true}))),
            (&["WEBHOOK"], closed(&["url"], json!({
                "type": true,
                "url": {"type": "string", "format": "uri"},
                "agent": {"type": "boolean"},
            }))),
        ]),
    });
    Schema::new(&schema)
});
/// `PATCH /v1/integration/{installationId}/config`.
pub(crate) static INTEGRATION_CONFIG: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&closed(&["config"], json!({"config": config()}))));

/// What an integration makes of what it finds; open at every level.
fn config() -> Value {
    let open = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let found = closed(
        &["combinator", "rules"],
        json!({"combinator": text(), "rules": {"type": "array", "items": {"type": "object"}}}),
    );
    let mapping = open(
        &["identifier", "blueprint"],
        json!({
            "identifier": {"anyOf": [text(), found]},
            "blueprint": text(),
            "title": text(),
            "properties": {"type": "object"},
            "relations": {"type": "object"},
        }),
    );
    let mappings = json!({"anyOf": [{"type": "array", "items": mapping}, mapping]});
    let entity = open(&["mappings"], json!({"mappings": mappings}));
    let resource = open(
        &["kind", "selector", "port"],
        json!({
            "kind": text(),
            "selector": {"type": "object", "properties": {"query": text()}},
            "port": open(&["entity"], json!({"entity": entity})),
        }),
    );
    json!({
        "type": ["object", "null"],
        "properties": {
            "resources": {"type": "array", "items": resource},
            "createMissingRelatedEntities": {"type": "boolean"},
            "deleteDependentEntities": {"type": "boolean"},
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
        "levels": {"type": "array", "items": {
            "type": "object",
            "required": ["title", "color"],
            "properties": {"title": text(), "color": one_of(&COLORS)},
        }},
    });
    add(&mut properties, more);
    closed(&["identifier", "title", "rules"], properties)
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
            "name": text(),
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
        &SCORECARD_NEW,
        &SCORECARDS,
        &TEAM,
        &TEAM_REPLACE,
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
