//! Bodies of the action, permission and run routes (PA sections 3 and 7). All of them are closed.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::schema::Schema;
use super::query::{Dialect, query, with_queries};
use super::{KEY, chosen_by, closed, one_of, text, texts};

/// `POST /v1/actions` and `PUT /v1/actions/{id}`.
pub(crate) static ACTION: LazyLock<Schema> = LazyLock::new(|| Schema::new(&with_queries(action())));
/// `PATCH /v1/actions/{id}/permissions`.
pub(crate) static PERMISSIONS: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&with_queries(permissions())));
/// `POST /v1/actions/{id}/runs`.
pub(crate) static RUN: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["properties"],
        json!({"properties": {"type": "object"}, "entity": text()}),
    ))
});
/// `PATCH /v1/actions/runs/{id}`.
pub(crate) static RUN_CHANGE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &[],
        json!({
            "status": one_of(&["SUCCESS", "FAILURE"]),
            "statusLabel": text(),
            "link": {"anyOf": [text(), texts()]},
            "message": {"type": "object"},
            "summary": text(),
            "externalRunId": text(),
        }),
    ))
});
/// `PATCH /v1/actions/runs/{id}/approval`.
pub(crate) static APPROVAL: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["status"],
        json!({"status": one_of(&["APPROVE", "DECLINE"]), "description": text()}),
    ))
});
/// `POST /v1/actions/runs/{id}/logs`.
pub(crate) static RUN_LOG: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&closed(
        &["message"],
        json!({
            "message": text(),
            "terminationStatus": one_of(&["SUCCESS", "FAILURE"]),
            "statusLabel": text(),
        }),
    ))
});

fn action() -> Value {
    closed(
        &["identifier", "trigger", "invocationMethod"],
        json!({
            "identifier": {
                "type": "string",
                "pattern": r"^(?!\.{1,2}$)[\p{L}0-9@_.+:=-]+$",
            },
            "title": text(),
            "icon": text(),
            "description": text(),
            "publish": {"type": "boolean"},
            "allowAnyoneToViewRuns": {"type": "boolean"},
            "requiredApproval": {
                "if": {"type": "object"},
                "then": closed(&["type"], json!({"type": one_of(&["ANY", "ALL"])})),
                "else": {"type": "boolean"},
            },
            "approvalNotification": chosen_by("type", &[
                (&["email"], closed(&[], json!({"type": true}))),
                (&["webhook"], closed(&["url"], json!({
                    "type": true,
                    "url": {"type": "string", "format": "uri"},
                    "format": one_of(&["json", "slack"]),
                }))),
            ]),
            "trigger": chosen_by("type", &[
                (&["self-service"], chosen_by("operation", &[
                    (&["CREATE"], self_service(false)),
                    (&["DAY-2", "DELETE"], self_service(true)),
                ])),
                (&["automation"], automation()),
            ]),
            "invocationMethod": invocation(),
        }),
    )
}

fn self_service(conditional: bool) -> Value {
    // The pattern asks for a first and a last character, hence for two.
    let button =
        json!({"type": "string", "minLength": 1, "maxLength": 15, "pattern": r"^[^\s].*[^\s]$"});
    let mut shape = closed(
        &["userInputs"],
        json!({
            "type": true,
            "operation": true,
            "blueprintIdentifier": text(),
            "actionCardButtonText": button,
            "executeActionButtonText": button,
            "userInputs": user_inputs(),
        }),
    );
    if conditional {
        let mut condition = query(Dialect::Stored);
        condition["properties"]["type"] = one_of(&["SEARCH"]);
        condition["required"] = json!(["type", "combinator", "rules"]);
        shape["properties"]["condition"] = condition;
        shape["dependencies"] = json!({"condition": ["blueprintIdentifier"]});
    }
    shape
}

fn jq_query() -> Value {
    closed(&["jqQuery"], json!({"jqQuery": text()}))
}

/// `shape`, or `{jqQuery}` in its place.
fn or_jq(shape: Value) -> Value {
    json!({"if": {"type": "object"}, "then": jq_query(), "else": shape})
}

fn user_inputs() -> Value {
    let flag = || or_jq(json!({"type": "boolean"}));
    let mut shape = closed(
        &["properties"],
        json!({
            "properties": {
                "type": "object",
                "propertyNames": {"pattern": KEY},
                "additionalProperties": input(),
            },
            "required": or_jq(texts()),
            "order": texts(),
            "steps": {"type": "array", "items": closed(&["title"], json!({
                "title": text(), "order": texts(), "visible": flag(),
            }))},
            "titles": {
                "type": "object",
                "propertyNames": {"pattern": KEY},
                "additionalProperties": {"type": "object", "properties": {
                    "title": {"type": "string", "minLength": 1, "maxLength": 140},
                    "description": {"type": "string", "maxLength": 1000},
                    "visible": flag(),
                }},
            },
        }),
    );
    shape["not"] = json!({"required": ["order", "steps"]});
    shape
}

fn input() -> Value {
    let flag = || or_jq(json!({"type": "boolean"}));
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": one_of(&["string", "number", "boolean", "object", "array"]),
            "format": one_of(&[
                "date-time", "url", "email", "ipv4", "ipv6", "yaml", "entity", "user", "team",
                "proto", "markdown", "multi-line", "labeled-url",
            ]),
            "blueprint": text(),
            "dependsOn": texts(),
            "visible": flag(),
            "disabled": flag(),
            "icon": text(),
            "sort": {"type": "object", "required": ["property", "order"], "properties": {
                "property": text(), "order": one_of(&["ASC", "DESC"]),
            }},
            "dataset": query(Dialect::Dataset),
            "jqQuery": {"type": "null"},
        },
    })
}

fn automation() -> Value {
    let on_blueprint = closed(
        &["blueprintIdentifier"],
        json!({"type": true, "blueprintIdentifier": text()}),
    );
    let on_timer = closed(
        &["blueprintIdentifier", "propertyIdentifier"],
        json!({"type": true, "blueprintIdentifier": text(), "propertyIdentifier": text()}),
    );
    let on_action = closed(
        &["actionIdentifier"],
        json!({"type": true, "actionIdentifier": text()}),
    );
    closed(
        &["event"],
        json!({
            "type": true,
            "event": chosen_by("type", &[
                (&["ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED", "ANY_ENTITY_CHANGE"], on_blueprint),
                (&["TIMER_PROPERTY_EXPIRED"], on_timer),
                (&["RUN_CREATED", "RUN_UPDATED", "ANY_RUN_CHANGE"], on_action),
            ]),
            "condition": closed(&["type", "expressions"], json!({
                "type": one_of(&["JQ"]),
                "expressions": texts(),
                "combinator": one_of(&["and", "or"]),
            })),
        }),
    )
}

fn invocation() -> Value {
    let payload = || json!({"type": ["object", "array"]});
    let switch = || json!({"type": ["boolean", "string"]});
    chosen_by(
        "type",
        &[
            (
                &["KAFKA"],
                closed(&[], json!({"type": true, "payload": payload()})),
            ),
            (
                &["WEBHOOK"],
                closed(
                    &["url"],
                    json!({
                        "type": true,
                        "url": text(),
                        "agent": switch(),
                        "synchronized": switch(),
                        "method": text(),
                        "headers": {"type": "object", "additionalProperties": text()},
                        "body": payload(),
                    }),
                ),
            ),
            (
                &["GITHUB"],
                closed(
                    &["org", "repo", "workflow"],
                    json!({
                        "type": true,
                        "org": text(),
                        "repo": text(),
                        "workflow": text(),
                        "workflowInputs": {"type": "object"},
                        "reportWorkflowStatus": switch(),
                    }),
                ),
            ),
            (
                &["INTEGRATION_ACTION"],
                closed(
                    &[
                        "installationId",
                        "integrationActionType",
                        "integrationActionExecutionProperties",
                    ],
                    json!({
                        "type": true,
                        "installationId": text(),
                        "integrationActionType": one_of(&["dispatch_workflow"]),
                        "integrationActionExecutionProperties": {"type": "object"},
                    }),
                ),
            ),
            (
                &["GITLAB"],
                closed(
                    &["projectName", "groupName"],
                    json!({
                        "type": true,
                        "projectName": text(),
                        "groupName": text(),
                        "defaultRef": text(),
                        "pipelineVariables": {"type": "object"},
                    }),
                ),
            ),
            (
                &["AZURE_DEVOPS"],
                closed(
                    &["webhook", "org"],
                    json!({
                        "type": true, "webhook": text(), "org": text(), "payload": payload(),
                    }),
                ),
            ),
            (
                &["UPSERT_ENTITY"],
                closed(
                    &["blueprintIdentifier", "mapping"],
                    json!({
                        "type": true,
                        "blueprintIdentifier": text(),
                        "mapping": {"type": "object", "properties": {
                            "identifier": text(),
                            "title": text(),
                            "icon": text(),
                            "team": {"anyOf": [text(), texts()]},
                            "properties": {"type": "object"},
                            "relations": {
                                "type": "object",
                                "additionalProperties": {"anyOf": [text(), texts(), {"type": "null"}]},
                            },
                        }},
                    }),
                ),
            ),
        ],
    )
}

fn permissions() -> Value {
    let policy = json!({
        "if": {"type": "object"},
        "then": closed(&["queries", "conditions"], json!({
            "queries": {"type": "object", "minProperties": 1, "additionalProperties": query(Dialect::Stored)},
            "conditions": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "minLength": 1},
            },
        })),
        "else": {"type": "null"},
    });
    let mut execute = json!({
        "users": texts(), "roles": texts(), "teams": texts(), "policy": policy,
    });
    let approve = closed(&[], execute.clone());
    execute["ownedByTeam"] = json!({"type": "boolean"});
    closed(
        &[],
        json!({"execute": closed(&[], execute), "approve": approve}),
    )
}

#[cfg(test)]
pub(super) fn compile_all() {
    for schema in [
        &ACTION,
        &PERMISSIONS,
        &RUN,
        &RUN_CHANGE,
        &APPROVAL,
        &RUN_LOG,
    ] {
        LazyLock::force(schema);
    }
}
