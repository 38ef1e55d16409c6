//! The fields of `kind: test` documents: an event, and what is expected of it.
//!
//! A test is no object: it is never planned, applied or exported. Deliberately not here: running
//! tests (see `follow`).

use std::sync::LazyLock;

use crate::kinds::project::{address, names};
use crate::kinds::shape::{Shape, field};

/// What stands after `kind:` of a test.
pub const KIND: &str = "test";

/// What a test is, in one sentence.
pub const DOC: &str = "A test of the project's wiring: an event, and what is expected of it; `spaceport test` runs it.";

/// A test as it stands in a file.
pub const EXAMPLE: &str = "\
kind: test
name: a finished run updates its stack
event: { run_updated: tests/samples/run-finished.json }
expect:
  entities:
    - blueprint: space_lift_stack
      identifier: ai-agent
      properties: { state: FINISHED, branch: main }";

/// The inputs of notification policies that an event may be (SA section 9).
pub const EVENTS: [&str; 3] = ["run_updated", "module_version", "internal_error"];

/// What a test may begin with: exactly one of these.
pub const STARTS: [&str; 5] = ["event", "payload", "action", "run", "ingest"];

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field("kind", Shape::Enum(&[KIND]), "`test`.").required(),
        field(
            "name",
            Shape::text_of(1, 200),
            "What the test shows, as a sentence; unique in the project.",
        )
        .required(),
        field(
            "environments",
            names(1),
            "Environments that the test is for; by default all.",
        ),
        field(
            "event",
            Shape::closed(vec![
                field(
                    "run_updated",
                    sample(),
                    "A run came into a state: a file, or the document.",
                ),
                field(
                    "module_version",
                    sample(),
                    "A version of a module: a file, or the document.",
                ),
                field(
                    "internal_error",
                    sample(),
                    "An internal error: a file, or the document.",
                ),
            ]),
            "An event of Spacelift as notification policies see it. `account` and `webhook_endpoints` are filled in; files are named by their paths in the project's folder.",
        ),
        field(
            "payload",
            sample(),
            "What is posted to a webhook of Port: a file, or the body; with `{body, headers, queryParams}` around it or without.",
        ),
        field(
            "webhook",
            address(),
            "Webhook that gets the payload, when the project has several: a `port.webhook`, or a `spacelift.stack_webhook` that sends it.",
        ),
        field(
            "action",
            Shape::closed(vec![
                field("address", address(), "Address of the action.").required(),
                field(
                    "inputs",
                    Shape::map(Shape::Any),
                    "Inputs by name; entities by their identifiers.",
                ),
                field(
                    "entity",
                    either(),
                    "Entity that it is run on: its identifier, or the entity.",
                ),
            ]),
            "A self-service action that somebody runs.",
        ),
        field(
            "run",
            sample(),
            "The answer that a run got: a file, or `{action, status, response}`.",
        ),
        field(
            "ingest",
            Shape::closed(vec![
                field("name", Shape::text_of(1, 100), "Name of the ingest.").required(),
                field(
                    "item",
                    sample(),
                    "What Spacelift says of one: a file, or the item with the fields of its GraphQL.",
                )
                .required(),
            ]),
            "An item that an ingest reads; `.account.url` is the account's.",
        ),
        field(
            "given",
            Shape::closed(vec![field(
                "entities",
                Shape::list(Shape::map(Shape::Any)),
                "Entities that exist before: each with `blueprint` and `identifier`.",
            )]),
            "What is there before the event.",
        ),
        field(
            "now",
            Shape::text_of(1, 0),
            "Time of the event, RFC 3339; 2026-01-01T00:00:00Z by default.",
        ),
        field("expect", expect(), "What is expected.").required(),
    ])
});

fn expect() -> Shape {
    let maps = || Shape::list(Shape::map(Shape::Any));
    Shape::closed(vec![
        field(
            "nothing",
            Shape::Bool,
            "`true`: no entity comes or goes, no automation fires, Port sends nothing.",
        ),
        field(
            "entities",
            maps(),
            "Entities that are made or changed, compared in what is named of them; `[]` means none.",
        ),
        field(
            "deleted",
            maps(),
            "Entities that are deleted, by `blueprint` and `identifier`; `[]` means none.",
        ),
        field(
            "deliveries",
            maps(),
            "What webhooks of Spacelift send, a payload of the test included: `webhook` (an address), `to` (an address, or null), `url`, `method`, `headers`, `body`; `[]` means none.",
        ),
        field(
            "requests",
            maps(),
            "What Port sends: `by` (an address), `url`, `method`, `headers`, `body`, or `type` and the fields of another backend; `[]` means none.",
        ),
        field(
            "automations",
            Shape::list(address()),
            "Automations that fire; `[]` means none.",
        ),
        field(
            "dropped",
            Shape::OneOf(vec![
                Shape::text_of(1, 0),
                Shape::list(Shape::text_of(1, 0)),
            ]),
            "A part of the reason why something goes no further, or several.",
        ),
        field(
            "exactly",
            Shape::Bool,
            "Whether the lists that are named hold all there is, and their maps too.",
        )
        .default("false"),
    ])
}

/// A file of the project, or what would stand in it.
fn sample() -> Shape {
    either()
}

fn either() -> Shape {
    Shape::OneOf(vec![Shape::text_of(1, 0), Shape::map(Shape::Any)])
}

/// The fields of a test.
pub fn shape() -> &'static Shape {
    &SHAPE
}
