//! The one resource behind self-service actions and automations (PA section 3): the fields around
//! the trigger, the shared list, the requests.
//!
//! Deliberately not here: the triggers (see `port_action` and `port_automation`).

use crate::kinds::call::{Call, List, path};
use crate::kinds::program::Program;
use crate::kinds::shape::{Field, Object, Shape, field};
use crate::kinds::{Observed, charset, invocation, stamp};
use crate::words::Value;
use crate::words::value::Map;

/// Both kinds in one list; the version is said because its default is not published.
pub const LIST: List = List::Port {
    path: "/v1/actions?version=v2",
    envelope: "actions",
};

/// The closed body with this kind of trigger.
pub fn shape(trigger: Field) -> Shape {
    let mut fields = vec![
        field(
            "identifier",
            Shape::pattern(charset::ACTION, 1, 0),
            "Identifier, unique among actions and automations.",
        )
        .required()
        .renames(),
        field("title", Shape::text(), "Name in the portal."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field("description", Shape::text(), "What it does."),
        trigger,
        field(
            "invocationMethod",
            invocation::shape(),
            "What is done. Texts may hold `{{ jq }}`.",
        )
        .required()
        .program(Program::Templates),
        field(
            "requiredApproval",
            Shape::OneOf(vec![
                Shape::Bool,
                Shape::closed(vec![
                    field(
                        "type",
                        Shape::Enum(&["ANY", "ALL"]),
                        "Whether one approver is enough.",
                    )
                    .required(),
                ]),
            ]),
            "Whether somebody must approve a run first.",
        )
        .default("false"),
        field(
            "approvalNotification",
            notification(),
            "How approvers are told.",
        ),
        field(
            "publish",
            Shape::Bool,
            "Whether it is offered, or for an automation: whether it is active.",
        )
        .default("true"),
        field(
            "allowAnyoneToViewRuns",
            Shape::Bool,
            "Whether everybody may see its runs.",
        )
        .default("true"),
    ];
    fields.extend(stamp::fields());
    Shape::closed(fields)
}

fn notification() -> Shape {
    Shape::Tagged {
        tag: "type",
        variants: vec![
            ("email", Object::default()),
            (
                "webhook",
                Object {
                    fields: vec![
                        field("url", Shape::text_of(1, 0), "Address that is called.").required(),
                        field(
                            "format",
                            Shape::Enum(&["json", "slack"]),
                            "Form of the message.",
                        ),
                    ],
                    open: false,
                },
            ),
        ],
    }
}

/// Reads an item of the shared list, when its trigger has this type.
pub fn observe(item: &Value, trigger: &str) -> Option<Observed> {
    let identifier = item.get("identifier")?.as_text()?;
    if item.get("trigger")?.get("type")?.as_text()? != trigger {
        return None;
    }
    Some(Observed {
        born: Default::default(),
        touched: Default::default(),
        id: identifier.into(),
        name: identifier.into(),
        value: Value::Map(stamp::without(item)?),
        exports: Map::new(),
    })
}

/// Creates an object of either kind.
pub fn create(want: &Value) -> Vec<Call> {
    vec![Call::Port {
        method: "POST",
        path: "/v1/actions".into(),
        body: Some(want.clone()),
    }]
}

/// Replaces an object of either kind; there is no PATCH (PA section 1).
pub fn update(seen: &Observed, want: &Value) -> Vec<Call> {
    vec![Call::Port {
        method: "PUT",
        path: path(&["v1", "actions", &seen.id]),
        body: Some(want.clone()),
    }]
}

/// Deletes an object of either kind.
pub fn delete(id: &str) -> Call {
    Call::Port {
        method: "DELETE",
        path: path(&["v1", "actions", id]),
        body: None,
    }
}

/// Where the answer of a create has the object.
pub const CREATED_AT: &str = "/action";
