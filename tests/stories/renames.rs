//! Keys of a blueprint that get another name: Port renames them, and what entities hold stays.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::When;

use crate::world::{World, blueprint, policy, status};

/// A blueprint with a property, a required one, a relation and a mirror over it.
fn stack(property: &str, relation: &str, mirror: &str) -> String {
    format!(
        "kind: port.blueprint\nspec:\n  identifier: stack\n  title: Stack\n  schema:\n    properties:\n      {property}: {{ type: string, title: Label }}\n    required: [{property}]\n  relations:\n    {relation}: {{ target: space }}\n  mirrorProperties:\n    {mirror}: {{ path: {relation}.language }}\n"
    )
}

/// A world with both blueprints and an entity of each.
fn filled() -> World {
    let world = World::new();
    world.write("space.yaml", &blueprint("space", "Space"));
    world.write("stack.yaml", &stack("label", "space", "tongue"));
    world.applied();
    let space = json!({"identifier": "root", "title": "Root", "properties": {"language": "Rego"}});
    world.port(Method::POST, "/v1/blueprints/space/entities", space);
    let one = json!({"identifier": "one", "title": "One", "properties": {"label": "kept"}, "relations": {"space": "root"}});
    world.port(Method::POST, "/v1/blueprints/stack/entities", one);
    world
}

fn entity(world: &World) -> Value {
    let path = "/v1/blueprints/stack/entities/one";
    world.port(Method::GET, path, Value::Null)["entity"].clone()
}

/// All three kinds of keys, and a further difference that is written afterwards.
#[test]
fn renamed_keys_keep_what_entities_hold() {
    let world = filled();
    let document = stack("labels", "home", "language").replace("title: Label", "title: Labels");
    world.write("stack.yaml", &document);
    // Without a word it would be a loss.
    world.plan().exits(5).says("refused (data-loss)");
    world.write(
        "stack.yaml",
        &format!(
            "{document}renamed:\n  /schema/properties/label: labels\n  /relations/space: home\n  /mirrorProperties/tongue: language\n"
        ),
    );
    world
        .plan()
        .exits(2)
        .says("~ /schema/properties/label renamed to labels (keeps the data)")
        .says("~ /relations/space renamed to home (keeps the data)")
        .says("~ /schema/properties/labels/title = \"Label\" → \"Labels\"")
        .hides("refused");
    world.forget_requests();
    world.applied();
    assert_eq!(
        world.writes(),
        [
            "PATCH /v1/blueprints/stack/properties/label/rename",
            "PATCH /v1/blueprints/stack/relations/space/rename",
            "PATCH /v1/blueprints/stack/mirror/tongue/rename",
            "PUT /v1/blueprints/stack",
        ]
    );
    let kept = entity(&world);
    assert_eq!(kept["properties"]["labels"], "kept");
    assert_eq!(kept["relations"]["home"], "root");
    assert!(kept["properties"].get("label").is_none());
    // Once followed, the entries do nothing.
    world.plan().exits(0).hides("renamed");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
}

/// A run that dies between the rename and the write is finished by the next one.
#[test]
fn a_rename_that_was_interrupted_goes_on() {
    let world = filled();
    let document = stack("labels", "space", "tongue").replace("title: Label", "title: Labels");
    world.write(
        "stack.yaml",
        &format!("{document}renamed: {{ /schema/properties/label: labels }}\n"),
    );
    world.sandbox.fault(
        status(422, When::Before)
            .method("PUT")
            .path("/v1/blueprints/stack"),
    );
    world.apply().exits(4);
    assert_eq!(entity(&world)["properties"]["labels"], "kept");
    world.applied();
    assert_eq!(entity(&world)["properties"]["labels"], "kept");
    assert_eq!(
        world.of_port("blueprints", "stack")["schema"]["properties"]["labels"]["title"],
        "Labels"
    );
    world.plan().exits(0);
}

/// The blueprint and one of its keys get other names at once.
#[test]
fn a_blueprint_and_its_key_are_renamed_at_once() {
    let world = filled();
    let document =
        stack("labels", "space", "tongue").replace("identifier: stack", "identifier: pile");
    world.write(
        "stack.yaml",
        &format!("ref: stack\n{document}renamed: {{ /schema/properties/label: labels }}\n"),
    );
    world
        .plan()
        .exits(2)
        .says("0 to create, 1 to update, 0 to delete");
    world.applied();
    let path = "/v1/blueprints/pile/entities/one";
    let kept = world.port(Method::GET, path, Value::Null)["entity"].clone();
    assert_eq!(kept["properties"]["labels"], "kept");
    world.plan().exits(0);
}

/// What goes and comes is named when it is much alike, and only then.
#[test]
fn what_looks_like_a_rename_is_told() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    world.write("space.yaml", &blueprint("space", "Space"));
    world.applied();
    world.write("gate.yaml", &policy("Door"));
    world.write(
        "space.yaml",
        "kind: port.blueprint\nspec:\n  identifier: team\n  title: Team\n  schema: { properties: { size: { type: number, title: Size }, lead: { type: string, format: user } } }\n",
    );
    world
        .plan()
        .exits(2)
        .says("note: `spacelift.policy.door` looks like `spacelift.policy.gate`")
        .says("from:")
        .hides("`port.blueprint.team` looks like");
    // The lines are right as they stand there.
    let settings = world.read("spaceport.yaml");
    world.write(
        "spaceport.yaml",
        &format!(
            "{settings}moved: [{{ from: spacelift.policy.gate, to: spacelift.policy.door }}]\n"
        ),
    );
    world
        .plan()
        .exits(2)
        .hides("looks like")
        .says("/name differs");
}
