//! Objects that get another address or another identifier stay the same objects: their ids, their
//! data and their URLs live on, and nothing is deleted.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::When;

use crate::world::{World, blueprint, cut, policy, status};

/// A document of a webhook that maps into a blueprint.
fn webhook(identifier: &str, blueprint: &str) -> String {
    format!(
        "kind: port.webhook\nref: mapper\nspec:\n  identifier: {identifier}\n  title: Mapper\n  enabled: true\n  security:\n    secret: ${{env.SIGNATURE}}\n    signatureHeaderName: X-Signature-256\n    signatureAlgorithm: sha256\n    signaturePrefix: sha256=\n  mappings:\n    - blueprint: {blueprint}\n      entity:\n        identifier: .body.id\n"
    )
}

/// A document of an action on a blueprint.
fn action(blueprint: &str) -> String {
    format!(
        "kind: port.action\nspec:\n  identifier: restart\n  trigger:\n    type: self-service\n    operation: DAY-2\n    blueprintIdentifier: {blueprint}\n    userInputs: {{ properties: {{}} }}\n  invocationMethod: {{ type: WEBHOOK, url: \"https://example.com/restart\" }}\n"
    )
}

/// Somebody keeps an entity under a blueprint.
fn entity(world: &World, blueprint: &str) {
    let entity = json!({"identifier": "one", "title": "One", "properties": {"language": "Rust"}});
    let path = format!("/v1/blueprints/{blueprint}/entities");
    world.port(Method::POST, &path, entity);
}

/// Adds lines to the project file.
fn settings(world: &World, lines: &str) {
    let text = world.read("spaceport.yaml");
    world.write("spaceport.yaml", &format!("{text}{lines}"));
}

/// Another file and another `ref` change nothing in the services.
#[test]
fn another_address_moves_an_object_and_touches_nothing() {
    let world = World::new();
    world.write("a.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    let made = world.of_port("blueprints", "service")["updatedAt"].clone();
    world.remove("a.yaml");
    let document = format!("ref: catalog\n{}", blueprint("service", "Service"));
    world.write("deeper/b.yaml", &document);
    world
        .plan()
        .exits(0)
        .says("port.blueprint.catalog  moved from port.blueprint.service")
        .says("No changes. 2 objects are as the project wants them. 1 object moves.");
    world.forget_requests();
    world.applied().says("1 moved");
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.of_port("blueprints", "service")["updatedAt"], made);
    assert!(world.entry("port.blueprint.service").is_null());
    assert_eq!(world.entry("port.blueprint.catalog")["id"], "service");
    world.plan().exits(0).hides("moved");
    // It is still ours to delete.
    world.remove("deeper/b.yaml");
    world.applied().says("1 deleted");
    assert!(world.of_port("blueprints", "service").is_null());
}

/// Several moves are one line, and `-v` names them.
#[test]
fn many_moves_are_one_line() {
    let world = World::new();
    for name in ["a", "b"] {
        world.write(&format!("{name}.yaml"), &blueprint(name, "Title"));
    }
    world.applied();
    for name in ["a", "b"] {
        world.edit(
            &format!("{name}.yaml"),
            "spec:",
            &format!("ref: new_{name}\nspec:"),
        );
    }
    world
        .plan()
        .exits(0)
        .says("2 objects have another address in the project")
        .says("2 objects move.")
        .hides("port.blueprint.new_a");
    world
        .run(&["-v", "plan"])
        .exits(0)
        .says("port.blueprint.new_a  moved from port.blueprint.a");
}

/// Two objects change their addresses with each other.
#[test]
fn two_objects_swap_their_addresses() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: one\n{}", blueprint("a", "A")));
    world.write("b.yaml", &format!("ref: two\n{}", blueprint("b", "B")));
    world.applied();
    world.edit("a.yaml", "ref: one", "ref: two");
    world.edit("b.yaml", "ref: two", "ref: one");
    world.edit("b.yaml", "title: B", "title: Bee");
    world
        .plan()
        .exits(2)
        .says("0 to create, 1 to update, 0 to delete. 1 object moves.")
        .says("moved from port.blueprint.two");
    world.applied();
    assert_eq!(world.entry("port.blueprint.one")["id"], "b");
    assert_eq!(world.entry("port.blueprint.two")["id"], "a");
    world.plan().exits(0).hides("moved");
}

/// What a swap does not come to stays ours.
#[test]
fn a_failed_swap_loses_nothing() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: one\n{}", blueprint("a", "A")));
    world.write("b.yaml", &format!("ref: two\n{}", blueprint("b", "B")));
    world.applied();
    world.edit("a.yaml", "ref: one", "ref: two");
    world.edit("b.yaml", "ref: two", "ref: one");
    world.edit("b.yaml", "title: B", "title: Bee");
    world.sandbox.fault(
        status(422, When::Before)
            .method("PUT")
            .path("/v1/blueprints/b"),
    );
    world.apply().exits(4);
    world.applied();
    assert_eq!(world.entry("port.blueprint.one")["id"], "b");
    assert_eq!(world.entry("port.blueprint.two")["id"], "a");
    assert!(world.entry("port.blueprint.one").get("adopted").is_none());
}

/// Another identifier under the same `ref` is the same blueprint: its entities stay, and what
/// refers to it is written after it.
#[test]
fn a_renamed_blueprint_keeps_its_entities_and_its_references() {
    let mut world = World::new();
    world.set("SIGNATURE", "text");
    let document = format!("ref: stack\n{}", blueprint("stack", "Stack"));
    world.write("stack.yaml", &document);
    world.write(
        "run.yaml",
        &format!(
            "{}  relations:\n    stack: {{ target: stack }}\n",
            blueprint("run", "Run")
        ),
    );
    world.write("hook.yaml", &webhook("mapper", "stack"));
    world.write("restart.yaml", &action("stack"));
    world.applied();
    entity(&world, "stack");
    let made = world.of_port("blueprints", "stack")["createdAt"].clone();
    for file in ["stack.yaml", "run.yaml", "hook.yaml", "restart.yaml"] {
        let text = world.read(file);
        let text = text
            .replace("identifier: stack\n", "identifier: pile\n")
            .replace("target: stack", "target: pile")
            .replace("blueprint: stack", "blueprint: pile")
            .replace("blueprintIdentifier: stack", "blueprintIdentifier: pile");
        world.write(file, &text);
    }
    world
        .plan()
        .exits(2)
        .says("/identifier")
        .says("0 to create, 4 to update, 0 to delete");
    world.forget_requests();
    world.applied();
    let writes = world.writes();
    assert_eq!(writes[0], "PUT /v1/blueprints/stack");
    assert_eq!(writes.len(), 4, "{writes:?}");
    assert_eq!(world.of_port("blueprints", "pile")["createdAt"], made);
    let kept = world.port(Method::GET, "/v1/blueprints/pile/entities/one", Value::Null);
    assert_eq!(kept["entity"]["properties"]["language"], "Rust");
    assert_eq!(world.entry("port.blueprint.stack")["id"], "pile");
    world.plan().exits(0);
}

/// A renamed webhook keeps its URL and its secret, which need not be at hand.
#[test]
fn a_renamed_webhook_keeps_its_url() {
    let mut world = World::new();
    world.set("SIGNATURE", "text");
    world.write("a.yaml", &blueprint("stack", "Stack"));
    world.write("hook.yaml", &webhook("mapper", "stack"));
    world.applied();
    let before = world.of_port("webhooks", "mapper");
    let secret = world.of_port("webhook_secrets", "mapper");
    assert!(!secret.is_null());
    world.unset("SIGNATURE");
    world.edit(
        "hook.yaml",
        "identifier: mapper",
        "identifier: stack_mapper",
    );
    world.applied();
    let after = world.of_port("webhooks", "stack_mapper");
    assert!(world.of_port("webhooks", "mapper").is_null());
    assert_eq!(after["url"], before["url"]);
    assert_eq!(after["security"], before["security"]);
    assert_eq!(world.of_port("webhook_secrets", "stack_mapper"), secret);
}

/// Address and identifier change at once: `moved` says that it is the same object.
#[test]
fn moved_keeps_what_would_look_like_another_object() {
    let world = World::new();
    world.write("a.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    entity(&world, "service");
    world.write("a.yaml", &blueprint("component", "Service"));
    world.write("gate.yaml", &policy("Door"));
    world
        .plan()
        .exits(5)
        .says("2 to create, 0 to update, 2 to delete")
        .says("note: `port.blueprint.component` looks like");
    settings(
        &world,
        "moved:\n  - { from: port.blueprint.service, to: port.blueprint.middle }\n  - { from: port.blueprint.middle, to: port.blueprint.component }\n  - { from: spacelift.policy.gate, to: spacelift.policy.door }\n",
    );
    world
        .plan()
        .exits(2)
        .says("0 to create, 2 to update, 0 to delete")
        .says("/identifier differs; moved from")
        .says("/name differs; moved from");
    world.applied();
    let kept = world.port(
        Method::GET,
        "/v1/blueprints/component/entities/one",
        Value::Null,
    );
    assert_eq!(kept["entity"]["properties"]["language"], "Rust");
    assert_eq!(world.of_spacelift("policies", "Door")["id"], "gate");
    assert_eq!(world.entry("port.blueprint.component")["id"], "component");
    assert!(world.entry("port.blueprint.service").is_null());
    // Once followed, the entries do no harm.
    world.plan().exits(0).hides("moved");
}

/// A run that dies after the rename and before the ledger knows its own object again.
#[test]
fn a_stopped_rename_is_finished_by_the_next_run() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: a\n{}", blueprint("old", "A")));
    world.applied();
    world.edit("a.yaml", "identifier: old", "identifier: new");
    world.sandbox.fault(
        cut(When::After)
            .method("PUT")
            .path("/v1/blueprints/old")
            .forever(),
    );
    world.apply().exits(4);
    world.sandbox.clear_faults();
    world.applied();
    assert_eq!(world.entry("port.blueprint.a")["id"], "new");
    assert!(world.entry("port.blueprint.a").get("adopted").is_none());
    assert!(world.ledger().get("intent").is_none());
}

/// When an address is taken by another live object, what had it before leaves and is not lost.
#[test]
fn an_object_whose_address_was_taken_is_deleted() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: one\n{}", blueprint("a", "A")));
    world.write("b.yaml", &format!("ref: two\n{}", blueprint("b", "B")));
    world.applied();
    world.remove("b.yaml");
    world.edit("a.yaml", "identifier: a", "identifier: b");
    world.edit("a.yaml", "title: A", "title: B");
    world
        .plan()
        .exits(2)
        .says("port.blueprint.a  ")
        .says("no longer in the project, it was")
        .says("0 to create, 0 to update, 1 to delete. 1 object moves.");
    world.applied();
    assert!(world.of_port("blueprints", "a").is_null());
    assert_eq!(world.entry("port.blueprint.one")["id"], "b");
    world.plan().exits(0);
}

/// What needed a moved object is deleted before it, whatever it was called then.
#[test]
fn needs_follow_a_moved_object() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("a.yaml", &blueprint("a", "A"));
    let related = format!(
        "{}  relations:\n    a: {{ target: a }}\n",
        blueprint("b", "B")
    );
    world.write("b.yaml", &related);
    world.applied();
    world.edit("a.yaml", "spec:", "ref: moved\nspec:");
    world.applied();
    assert_eq!(
        world.entry("port.blueprint.b")["needs"],
        json!(["port.blueprint.moved"])
    );
    world.remove("a.yaml");
    world.remove("b.yaml");
    world.forget_requests();
    world.applied();
    assert_eq!(
        world.writes(),
        ["DELETE /v1/blueprints/b", "DELETE /v1/blueprints/a"]
    );
}
