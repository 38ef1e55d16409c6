//! `port.action`: a self-service action of Port, version 2 (PA section 3).
//!
//! Actions of the old form are read as the current one. Who may run an action is
//! `port.action_permissions`.

use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::kinds::call::{Call, List};
use crate::kinds::derived::plain;
use crate::kinds::shape::{Charset, Object, Shape, field};
use crate::kinds::{
    Identity, Kind, Mention, Observed, action_body, action_v1, inputs, invocation, mention,
    port_blueprint, property,
};
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.action`.
#[derive(Debug)]
pub struct Action;

const TRIGGER: &str = "self-service";

/// Texts of buttons: `^[^\s].*[^\s]$`.
const BUTTON: Charset = Charset {
    words: "two characters or more on one line, without spaces at the ends",
    pattern: r"^[^\s].*[^\s]$",
    holds: |text| {
        let ends = [text.chars().next(), text.chars().next_back()];
        text.chars().count() >= 2
            && !text.contains(['\n', '\r'])
            && ends.into_iter().flatten().all(|c| !c.is_whitespace())
    },
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let trigger = Shape::Tagged {
        tag: "type",
        variants: vec![(
            TRIGGER,
            Object {
                fields: vec![
                    field(
                        "operation",
                        Shape::Enum(&["CREATE", "DAY-2", "DELETE"]),
                        "Whether it makes an entity, works on one, or removes one.",
                    )
                    .required(),
                    field(
                        "userInputs",
                        inputs::shape(),
                        "The form that a run begins with.",
                    )
                    .required(),
                    field(
                        "blueprintIdentifier",
                        Shape::text_of(1, 0),
                        "Blueprint on whose entities it is offered.",
                    )
                    .reference("port.blueprint"),
                    field(
                        "condition",
                        Shape::closed(
                            [field(
                                "type",
                                Shape::Enum(&["SEARCH"]),
                                "The form of the condition.",
                            )
                            .required()]
                            .into_iter()
                            .chain(property::query_fields())
                            .collect(),
                        ),
                        "Entities on which it is offered; only for DAY-2 and DELETE.",
                    ),
                    field(
                        "actionCardButtonText",
                        Shape::pattern(BUTTON, 1, 15),
                        "Text of the button on its card.",
                    ),
                    field(
                        "executeActionButtonText",
                        Shape::pattern(BUTTON, 1, 15),
                        "Text of the button below its form.",
                    ),
                ],
                open: false,
            },
        )],
    };
    action_body::shape(
        field("trigger", trigger, "Who starts it, and with which inputs.").required(),
    )
});

impl Kind for Action {
    fn name(&self) -> &'static str {
        "port.action"
    }

    fn doc(&self) -> &'static str {
        "A self-service action of Port: a form, and what is done with its inputs."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn upgrade(&self, spec: Node, findings: &mut Findings) -> Node {
        action_v1::upgrade(spec, findings)
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(trigger) = spec.get("trigger") {
            check_condition(trigger, findings);
            if let Some(inputs) = trigger.get("userInputs") {
                inputs::check(inputs, findings);
            }
        }
        if let Some(method) = spec.get("invocationMethod") {
            invocation::check(method, findings);
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let mut found = Vec::new();
        let at = Pointer::root().join("trigger");
        if let Some(trigger) = spec.get("trigger") {
            if let Some(blueprint) = trigger.get_text("blueprintIdentifier").and_then(plain) {
                found.push(mention(
                    at.join("blueprintIdentifier"),
                    &port_blueprint::Blueprint,
                    blueprint,
                ));
            }
            if let Some(inputs) = trigger.get("userInputs") {
                inputs::mentions(inputs, &at.join("userInputs"), &mut found);
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

fn check_condition(trigger: &Node, findings: &mut Findings) {
    let Some((key, _)) = trigger
        .entry("condition")
        .filter(|(_, node)| node.data != Data::Null)
    else {
        return;
    };
    if trigger.get("operation").and_then(Node::text) == Some("CREATE") {
        findings.push(
            Finding::error(
                "config::not_here",
                key.place,
                "`condition` is only for `operation: DAY-2` and `DELETE`, not for `CREATE`",
            )
            .help("remove it: there is no entity yet"),
        );
    } else if trigger
        .get("blueprintIdentifier")
        .is_none_or(|node| node.data == Data::Null)
    {
        findings.push(
            Finding::error(
                "config::missing_field",
                trigger.place,
                "`trigger` has no `blueprintIdentifier`",
            )
            .help("a `condition` needs the blueprint whose entities it picks"),
        );
    }
}
