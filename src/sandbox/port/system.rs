//! The blueprints that every organization has from the start (PA section 2): listed, never created
//! or deleted, their own properties protected.
//!
//! The published structures are longer. What is here is enough to relate to, to extend and to skip.

use serde_json::{Value, json};

use super::guesses;

/// All system blueprints, made at `time`.
pub(super) fn blueprints(time: &str) -> Vec<Value> {
    let text = || json!({"type": "string"});
    let to = |target: &str| json!({"target": target, "required": false, "many": false});
    [
        ("_user", "User", json!({
            "status": {"type": "string", "enum": ["Active", "Disabled", "Invited", "Staged"]},
            "port_role": text(), "port_type": text(),
        }), json!({})),
        ("_team", "Team", json!({"description": text(), "provider": text()}), json!({})),
        ("_scorecard", "Scorecard", json!({
            "blueprint": text(), "levels": {"type": "array"}, "filter": {"type": "object"},
        }), json!({})),
        ("_rule", "Rule", json!({
            "level": text(), "query": {"type": "object"}, "rule_description": text(),
        }), json!({"scorecard": to("_scorecard")})),
        ("_rule_result", "Rule result", json!({
            "result": text(), "entity": text(), "result_last_change": {"type": "string", "format": "date-time"},
        }), json!({"rule": to("_rule")})),
        ("_ai_agent", "AI agent", json!({"description": text(), "prompt": text(), "status": text()}), json!({})),
        ("_ai_invocations", "AI invocation", json!({"prompt": text(), "status": text()}),
            json!({"agent": to("_ai_agent")})),
        ("_ai_conversation", "AI conversation", json!({"summary": text()}), json!({})),
        ("_mcp_server", "MCP server", json!({"url": text(), "status": text()}), json!({})),
    ]
    .into_iter()
    .map(|(identifier, title, properties, relations)| {
        json!({
            "createdAt": time, "createdBy": guesses::SYSTEM_USER,
            "updatedAt": time, "updatedBy": guesses::SYSTEM_USER,
            "relations": relations,
            "aggregationProperties": {}, "mirrorProperties": {}, "calculationProperties": {},
            "schema": {"properties": properties, "required": []},
            "icon": "Port",
            "title": title,
            "identifier": identifier,
        })
    })
    .collect()
}

/// The structure that a system blueprint had from the start.
pub(super) fn structure(identifier: &str) -> Option<Value> {
    let time = "1970-01-01T00:00:00.000Z";
    blueprints(time)
        .into_iter()
        .find(|blueprint| blueprint["identifier"] == identifier)
}

/// Whether the identifier is kept for the system.
pub(super) fn is_reserved(identifier: &str) -> bool {
    structure(identifier).is_some()
}

/// Whether clients may not make entities of it (PA section 1).
pub(super) fn is_entity_protected(identifier: &str) -> bool {
    matches!(identifier, "_scorecard" | "_rule" | "_rule_result")
}
