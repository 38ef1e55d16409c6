//! `spacelift.space` from file to service and back.

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, When};

use crate::world::{World, cut, policy};

const SPACES: &str = "\
kind: spacelift.space
spec: { name: Platform, description: Shared things, inheritEntities: true, labels: [b, a] }
---
kind: spacelift.space
spec: { name: Team A, parentSpace: \"${spacelift.space.platform.id}\" }
";

fn world() -> World {
    let world = World::new();
    world.write("spaces.yaml", SPACES);
    let inside = policy("notify").replace("space: root", "space: Team A");
    world.write("policy.yaml", &inside);
    world
}

fn create(world: &World, name: &str, parent: &str) -> String {
    let made = world.spacelift(
        "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }",
        json!({"input": {
            "name": name, "description": "", "parentSpace": parent, "inheritEntities": false,
        }}),
    );
    made["spaceCreate"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Parent, child and what lies in the child are made in order; the policy names its space by name.
#[test]
fn spaces_are_created_and_used_in_one_apply() {
    let world = world();
    world
        .plan()
        .exits(2)
        .says("known after apply: spacelift.space.team-a id");
    world.applied();
    assert_eq!(
        world.writes(),
        ["SpaceCreate", "SpaceCreate", "PolicyCreate"]
    );
    let (platform, team) = (
        world.of_spacelift("spaces", "Platform"),
        world.of_spacelift("spaces", "Team A"),
    );
    assert_eq!(platform["parent"], "root");
    assert_eq!(platform["inherit_entities"], true);
    assert_eq!(team["parent"], platform["id"]);
    assert_eq!(
        world.of_spacelift("policies", "notify")["space"],
        team["id"]
    );

    world.forget_requests();
    world
        .sandbox
        .fault(Fault::new(Effect::Reorder { seed: 3 }).forever());
    world.plan().exits(0);
    assert!(world.sandbox.requests().len() <= 9);
    assert_eq!(world.writes(), [""; 0]);
}

/// A changed parent moves the space: same id, nothing else is written.
#[test]
fn a_changed_parent_is_a_move_and_drift_is_healed() {
    let world = world();
    world.applied();
    let before = world.of_spacelift("spaces", "Team A");
    world.spacelift(
        "mutation ($space: ID!, $input: SpaceInput!) { spaceUpdate(space: $space, input: $input) { id } }",
        json!({"space": before["id"], "input": {
            "name": "Team A", "description": "clicked", "parentSpace": "root", "inheritEntities": false,
        }}),
    );
    world.plan().exits(2).says("parentSpace").says("clicked");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["SpaceUpdate"]);
    assert_eq!(world.of_spacelift("spaces", "Team A"), before);

    world.edit(
        "spaces.yaml",
        "parentSpace: \"${spacelift.space.platform.id}\"",
        "parentSpace: root",
    );
    world.applied();
    let moved = world.of_spacelift("spaces", "Team A");
    assert_eq!(
        (&moved["id"], &moved["parent"]),
        (&before["id"], &json!("root"))
    );
}

/// The answer to the create is lost: a second one would be a twin, so it is looked for.
#[test]
fn a_space_is_never_made_twice() {
    let world = world();
    for skip in [0, 1] {
        let lost = cut(When::After).operation("SpaceCreate").skip(skip);
        world.sandbox.fault(lost);
    }
    world.applied();
    assert_eq!(world.of_spacelift("spaces", "Platform")["name"], "Platform");
    assert_eq!(world.of_spacelift("spaces", "Team A")["name"], "Team A");
    world.plan().exits(0);
}

/// A list without any space, not even `root`, was not seen: the only space of ours is not made again.
#[test]
fn a_list_without_root_is_not_believed() {
    let world = World::new();
    world.write(
        "space.yaml",
        "kind: spacelift.space\nspec: { name: Alone }\n",
    );
    world.applied();
    world.forget_requests();
    world
        .sandbox
        .fault(Fault::new(Effect::EmptyLists).path("/graphql").forever());
    world.apply().exits(5).says("this key cannot see them");
    assert_eq!(world.writes(), [""; 0]);
    world.sandbox.clear_faults();
    world.plan().exits(0);
}

/// A namesake below another parent is another space; one below the same parent is not told apart.
#[test]
fn names_may_repeat() {
    let world = world();
    create(&world, "Team A", "legacy");
    world.applied();
    let id = world.entry("spacelift.space.team-a")["id"].clone();
    let state = world.state();
    let platform = world.of_spacelift("spaces", "Platform");
    assert_eq!(
        state["spacelift"]["spaces"][id.as_str().expect("an id")]["parent"],
        platform["id"]
    );
    world.plan().exits(0);

    // Ours carries our label; of two without any, nobody can tell which is meant.
    let below = platform["id"].as_str().expect("an id");
    create(&world, "Team A", below);
    world.plan().exits(0);
    create(&world, "Strange", "root");
    create(&world, "Strange", "root");
    world.write(
        "strange.yaml",
        "kind: spacelift.space\nspec: { name: Strange }\n",
    );
    world
        .plan()
        .exits(3)
        .says("2 live objects are named `Strange`");
}

/// What leaves the project is deleted, child first; a space that holds something is refused.
#[test]
fn only_empty_spaces_are_deleted() {
    let world = world();
    world.write("keep.yaml", &policy("stays"));
    world.applied();
    let platform = world.of_spacelift("spaces", "Platform");
    let stray = create(&world, "Clicked", platform["id"].as_str().expect("an id"));
    world.remove("spaces.yaml");
    world.remove("policy.yaml");
    let ran = world.apply().exits(4);
    assert!(
        ran.out.contains("SpaceDelete") || ran.err.contains("SpaceDelete"),
        "{ran:?}"
    );
    assert_eq!(world.of_spacelift("spaces", "Team A"), Value::Null);
    assert_eq!(world.of_spacelift("spaces", "Platform"), platform);

    world.spacelift(
        "mutation ($space: ID!) { spaceDelete(space: $space) { id } }",
        json!({"space": stray}),
    );
    world.applied();
    assert_eq!(world.of_spacelift("spaces", "Platform"), Value::Null);
    world.plan().exits(0);
}
