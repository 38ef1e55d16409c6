//! `port.automation`: what Port does by itself when something happens (PA section 3).
//!
//! The same resource as actions, told apart by the type of its trigger.

use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::kinds::call::{Call, List};
use crate::kinds::derived::plain;
use crate::kinds::property::MAPS;
use crate::kinds::shape::{Field, Object, Shape, field};
use crate::kinds::{
    Identity, Kind, Mention, Observed, action_body, invocation, mention, port_action,
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
                            .required(),
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

    fn doc(&self) -> &'static str {
        "An automation of Port: an event in the catalog or of a run, and what is done then."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
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
                Some(expressions) => expressions.as_list().is_some_and(<[Value]>::is_empty),
                None => condition.as_map().is_some(),
            }
        {
            trigger.shift_remove("condition");
        }
    }

    fn list(&self) -> List {
        action_body::LIST
    }

    fn observe(&self, item: &Json) -> Option<Observed> {
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
