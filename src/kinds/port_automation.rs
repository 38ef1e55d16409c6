//! `port.automation`: what Port does by itself when something happens (PA section 3).
//!
//! The same resource as actions, told apart by the type of its trigger.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List};
use crate::kinds::program::Program;
use crate::kinds::property::{MAPS, plain};
use crate::kinds::shape::{Field, Object, Shape, field};
use crate::kinds::{
    Identity, Kind, Mention, Observed, Role, action_body, invocation, mention, port_action,
    port_blueprint,
};
use crate::words::{Finding, Findings, Node, Pointer, Value};

/// The kind `port.automation`.
#[derive(Debug)]
pub struct Automation;

const TRIGGER: &str = "automation";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let trigger = Shape::Tagged {
        tag: "type",
        variants: vec![(
            TRIGGER,
            Object {
                fields: vec![
                    field("event", event(), "What it waits for.").required(),
                    field(
                        "condition",
                        Shape::closed(vec![
                            field(
                                "type",
                                Shape::Enum(&["JQ"]),
                                "The form of the condition.",
                            )
                            .required(),
                            field(
                                "expressions",
                                Shape::list(Shape::text_of(1, 0)),
                                "JQ over the event (`.diff.before`, `.diff.after`, `.context`), each true or false.",
                            )
                            .required()
                            .program(Program::Event),
                            field(
                                "combinator",
                                Shape::Enum(&["and", "or"]),
                                "Whether all expressions must be true or one of them.",
                            ),
                        ]),
                        "Which of the events count; without it all do.",
                    ),
                ],
                open: false,
            },
        )],
    };
    action_body::shape(field("trigger", trigger, "What starts it.").required())
});

fn event() -> Shape {
    let blueprint = || {
        field(
            "blueprintIdentifier",
            Shape::text_of(1, 0),
            "Blueprint whose entities are watched.",
        )
        .required()
        .reference("port.blueprint")
    };
    let action = || {
        field(
            "actionIdentifier",
            Shape::text_of(1, 0),
            "Action or automation whose runs are watched.",
        )
        .required()
    };
    let property = || {
        field(
            "propertyIdentifier",
            Shape::text_of(1, 0),
            "Property of format `timer`.",
        )
        .required()
    };
    let variant = |name, fields: Vec<Field>| {
        (
            name,
            Object {
                fields,
                open: false,
            },
        )
    };
    Shape::Tagged {
        tag: "type",
        variants: vec![
            variant("ENTITY_CREATED", vec![blueprint()]),
            variant("ENTITY_UPDATED", vec![blueprint()]),
            variant("ENTITY_DELETED", vec![blueprint()]),
            variant("ANY_ENTITY_CHANGE", vec![blueprint()]),
            variant("TIMER_PROPERTY_EXPIRED", vec![blueprint(), property()]),
            variant("RUN_CREATED", vec![action()]),
            variant("RUN_UPDATED", vec![action()]),
            variant("ANY_RUN_CHANGE", vec![action()]),
        ],
    }
}

impl Kind for Automation {
    fn name(&self) -> &'static str {
        "port.automation"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Automation)
    }

    fn doc(&self) -> &'static str {
        "An automation of Port: an event in the catalog or of a run, and what is done then."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("an automation", "invocationMethod")
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        let tag = spec.get("trigger").and_then(|t| t.get("type"));
        if let Some(node) = tag
            && node.text() == Some("self-service")
        {
            findings.push(
                Finding::error(
                    "config::not_here",
                    node.place,
                    "this is an action, not an automation",
                )
                .help("write `kind: port.action`"),
            );
        }
        let condition = spec.get("trigger").and_then(|t| t.get("condition"));
        let expressions = condition.and_then(|c| c.get("expressions"));
        for expression in expressions.and_then(Node::items).unwrap_or(&[]) {
            if expression.text().is_some_and(reads_event) {
                findings.push(
                    Finding::warning(
                        "lint::condition_root",
                        expression.place,
                        "a condition begins at the event itself, so `.event` is `null` there",
                    )
                    .help(
                        "write `.diff`, `.context` or `.trigger`; only templates say `.event.diff`",
                    ),
                );
            }
        }
        if let Some(method) = spec.get("invocationMethod") {
            invocation::check(method, findings);
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let mut found = Vec::new();
        let at = Pointer::root().join("trigger").join("event");
        if let Some(event) = spec.get("trigger").and_then(|t| t.get("event")) {
            let blueprint = event.get_text("blueprintIdentifier").and_then(plain);
            let property = event.get_text("propertyIdentifier").and_then(plain);
            if let Some(blueprint) = blueprint {
                let named = |name, property| Mention {
                    property,
                    ..mention(at.join(name), &port_blueprint::Blueprint, blueprint)
                };
                found.push(named("blueprintIdentifier", None));
                if let Some(property) = property {
                    let property = Some((property.to_owned(), MAPS));
                    found.push(named("propertyIdentifier", property));
                }
            }
            if let Some(action) = event.get_text("actionIdentifier").and_then(plain) {
                found.push(Mention {
                    or_kind: Some("port.automation"),
                    ..mention(at.join("actionIdentifier"), &port_action::Action, action)
                });
            }
        }
        if let Some(method) = spec.get("invocationMethod") {
            invocation::mentions(
                method,
                &Pointer::root().join("invocationMethod"),
                &mut found,
            );
        }
        found
    }

    /// A condition without expressions is no condition (PA section 1).
    fn canonical(&self, spec: &mut Value) {
        let trigger = spec
            .as_map_mut()
            .and_then(|fields| fields.get_mut("trigger"))
            .and_then(Value::as_map_mut);
        if let Some(trigger) = trigger
            && let Some(condition) = trigger.get("condition")
            && match condition.get("expressions") {
                Some(Value::List(expressions)) => expressions.is_empty(),
                Some(Value::Null) | None => condition.as_map().is_some(),
                Some(_) => false,
            }
        {
            trigger.shift_remove("condition");
        }
    }

    fn list(&self) -> List {
        action_body::LIST
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        action_body::observe(item, TRIGGER)
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        action_body::create(want)
    }

    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        action_body::update(seen, want)
    }

    fn delete(&self, id: &str) -> Call {
        action_body::delete(id)
    }

    fn created_at(&self) -> &'static str {
        action_body::CREATED_AT
    }
}

/// Whether JQ reads `.event` at its root.
fn reads_event(jq: &str) -> bool {
    jq.match_indices(".event").any(|(at, word)| {
        let before = jq[..at].chars().next_back();
        let after = jq[at + word.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "_])\"'".contains(c))
            && matches!(after, Some('.' | '['))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::{changed, found, mentioned};

    fn on_failure() -> Json {
        json!({
            "identifier": "on_failure",
            "trigger": {
                "type": "automation",
                "event": { "type": "ENTITY_UPDATED", "blueprintIdentifier": "stack" },
                "condition": { "type": "JQ", "combinator": "and", "expressions": [".diff.after.properties.state == \"FAILED\""] }
            },
            "invocationMethod": {
                "type": "UPSERT_ENTITY",
                "blueprintIdentifier": "incident",
                "mapping": {
                    "identifier": "{{ .event.diff.after.identifier }}",
                    "team": ["sre"],
                    "properties": { "token": "{{ .secrets.A }}{{ .secrets.A }}" },
                    "relations": { "stack": "{{ .event.diff.after.identifier }}", "run": null, "others": ["a"] }
                }
            },
            "publish": true
        })
    }

    #[test]
    fn each_event_has_its_own_keys() {
        assert_eq!(found(&Automation, &on_failure()), [""; 0]);
        for (event, says) in [
            (
                json!({ "type": "ENTITY_CREATED" }),
                "config::missing_field: `event` has no `blueprintIdentifier` (add `blueprintIdentifier`: Blueprint whose entities are watched)",
            ),
            (
                json!({ "type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "a" }),
                "config::missing_field: `event` has no `propertyIdentifier` (add `propertyIdentifier`: Property of format `timer`)",
            ),
            (
                json!({ "type": "RUN_UPDATED" }),
                "config::missing_field: `event` has no `actionIdentifier` (add `actionIdentifier`: Action or automation whose runs are watched)",
            ),
            (
                json!({ "type": "RUN_CREATED", "actionIdentifier": "a", "blueprintIdentifier": "b" }),
                "config::unknown_field: unknown field `blueprintIdentifier` in `event` (known here: `type`, `actionIdentifier`)",
            ),
            (
                json!({ "type": "ENTITY_UPDATE", "blueprintIdentifier": "b" }),
                "config::unknown_value: `type` cannot be `ENTITY_UPDATE` (did you mean `ENTITY_UPDATED`?)",
            ),
        ] {
            let spec = changed(&on_failure(), &[("/trigger/event", event)]);
            assert_eq!(found(&Automation, &spec), [says]);
        }
    }

    #[test]
    fn each_mistake_is_named_with_what_to_do() {
        for (pointer, value, says) in [
            (
                "/trigger/condition/expressions",
                json!(true),
                "config::wrong_type: `expressions` is a boolean, expected a list",
            ),
            (
                "/trigger/condition/type",
                json!("SEARCH"),
                "config::unknown_value: `type` cannot be `SEARCH` (one of `JQ`)",
            ),
            (
                "/trigger/condition/expressions",
                json!([".event.diff.after.x == 1"]),
                "lint::condition_root: a condition begins at the event itself, so `.event` is `null` there (write `.diff`, `.context` or `.trigger`; only templates say `.event.diff`)",
            ),
            (
                "/invocationMethod/mapping/relations/stack",
                json!({ "a": 1 }),
                "config::wrong_type: `stack` is a map, expected a text, a list of texts or `null`",
            ),
            (
                "/invocationMethod",
                json!({ "type": "INTEGRATION_ACTION", "installationId": "gh", "integrationActionType": "dispatch_workflow",
                        "integrationActionExecutionProperties": { "org": "o", "repo": "r", "workflw": "w" } }),
                "config::unknown_field: unknown field `workflw` in `integrationActionExecutionProperties` (did you mean `workflow`?)",
            ),
        ] {
            assert_eq!(
                found(&Automation, &changed(&on_failure(), &[(pointer, value)])),
                [says],
                "{pointer}"
            );
        }
    }

    #[test]
    fn events_name_blueprints_properties_and_either_kind_of_run() {
        assert_eq!(
            mentioned(&Automation, &on_failure()),
            [
                "/trigger/event/blueprintIdentifier: port.blueprint.stack",
                "/invocationMethod/blueprintIdentifier: port.blueprint.incident",
                "/invocationMethod/mapping/properties/token: port.secret.A?",
            ]
        );
        let event = |event| {
            let spec = changed(&on_failure(), &[("/trigger/event", event)]);
            mentioned(&Automation, &spec)
        };
        assert_eq!(
            event(json!({ "type": "RUN_UPDATED", "actionIdentifier": "restart" }))[0],
            "/trigger/event/actionIdentifier: port.action.restart or port.automation"
        );
        assert_eq!(
            event(
                json!({ "type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "lease", "propertyIdentifier": "ttl" })
            )[1],
            "/trigger/event/propertyIdentifier: port.blueprint.lease #ttl in /schema/properties"
        );
    }

    #[test]
    fn a_condition_without_expressions_is_none() {
        let bare = changed(&on_failure(), &[("/trigger/condition", Json::Null)]);
        let empty = json!({ "type": "JQ", "combinator": "and", "expressions": [] });
        for spec in [
            bare.clone(),
            changed(&on_failure(), &[("/trigger/condition", empty)]),
        ] {
            let mut value = Value::from(spec);
            Automation.canonical(&mut value);
            assert_eq!(value, Value::from(bare.clone()));
            Automation.canonical(&mut value);
            assert_eq!(value, Value::from(bare.clone()));
        }
        let mut kept = Value::from(on_failure());
        Automation.canonical(&mut kept);
        assert_eq!(kept, Value::from(on_failure()));
    }

    #[test]
    fn only_automations_are_observed() {
        let mut answer = on_failure();
        answer["id"] = json!("x");
        answer["updatedAt"] = json!("x");
        let seen = Automation.observe(&answer.clone().into()).unwrap();
        assert_eq!(seen.value, Value::from(on_failure()));
        answer["trigger"] = json!("CREATE");
        assert!(
            Automation.observe(&answer.clone().into()).is_none(),
            "a v1 answer is none of ours"
        );
    }
}
