//! Spaces and policies as origins, and relations between what they become.

use serde_json::json;
use spaceport::sandbox::{Effect, Fault};

use crate::fleet::{Fleet, id};
use crate::world::World;

const SPACES: &str = "\
kind: port.blueprint
spec:
  identifier: space
  title: Space
  schema:
    properties:
      labels: { type: array, title: Labels, items: { type: string } }
      inherits: { type: boolean, title: Inherits }
    required: []
  relations:
    parent: { title: Parent, target: space, many: false, required: false }
---
kind: ingest
name: spaces
from: spacelift.spaces
blueprint: space
mapping:
  identifier: .item.id
  title: .item.name
  properties:
    labels: .item.labels
    inherits: .item.inheritEntities
  relations:
    parent: .item.parentSpace
";

const POLICIES: &str = "\
kind: port.blueprint
spec:
  identifier: policy
  title: Policy
  schema:
    properties:
      type: { type: string, title: Type }
      space: { type: string, title: Space }
      lines: { type: number, title: Lines }
      about: { type: object, title: About }
    required: []
---
kind: ingest
name: policies
from: spacelift.policies
blueprint: policy
filter: .item.type == \"NOTIFICATION\" or .item.type == \"LOGIN\"
mapping:
  identifier: .item.id
  title: .item.name
  properties:
    type: .item.type
    space: .item.space
    lines: .item.body | split(\"\\n\") | length
    about: \"{ labels: .item.labels, engine: .item.engineType }\"
";

/// Spaces by their plain list, which is one answer; a tree of relations in it, however long it takes
/// until a parent is there.
#[test]
fn spaces_become_entities() {
    let fleet = Fleet::with(1, |world| world.write("spaces.yaml", SPACES));
    let create = "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
    let mut parent = json!("root");
    for number in 0..45 {
        let input = json!({"input": {
            "name": format!("Space {number}"), "description": "", "inheritEntities": number % 2 == 0,
            "parentSpace": parent, "labels": ["b", "a"],
        }});
        let made = fleet.world.spacelift(create, input)["spaceCreate"]["id"].clone();
        // Chains of five.
        parent = if number % 5 == 4 { json!("root") } else { made };
    }
    // A child may be read before its parent: the next run ends it at the latest.
    let mut runs = 0;
    loop {
        runs += 1;
        let ran = fleet.world.run(&["ingest", "spaces"]);
        assert!(matches!(ran.code, Some(0 | 4)), "{ran:?}");
        if ran.code == Some(0) {
            break;
        }
        assert!(runs < 6, "{ran:?}");
    }
    let entities = fleet.entities_of("space");
    let state = fleet.world.state();
    let spaces = state["spacelift"]["spaces"].as_object().expect("a table");
    assert_eq!(entities.len(), spaces.len());
    for (id, space) in spaces {
        let entity = &entities[id];
        assert_eq!(entity["title"], space["name"]);
        assert_eq!(entity["relations"]["parent"], space["parent"], "{id}");
        assert_eq!(entity["properties"]["inherits"], space["inherit_entities"]);
    }
    fleet.forget();
    fleet.world.run(&["ingest", "spaces"]).exits(0);
    assert_eq!(fleet.writes(), []);
}

/// Policies by pages, with a filter, a computed number, and an object that is compared as one.
#[test]
fn policies_become_entities() {
    let fleet = Fleet::with(1, |world| world.write("policies.yaml", POLICIES));
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    for number in 0..60 {
        let kind = if number % 3 == 0 {
            "PLAN"
        } else {
            "NOTIFICATION"
        };
        let input = json!({"input": {
            "name": format!("Policy {number}"), "type": kind, "engineType": "REGO_V1", "space": "root",
            "labels": ["one", "two"], "body": "package spacelift\n\nsample := true\n",
        }});
        fleet.world.spacelift(create, input);
    }
    let run = |fleet: &Fleet| fleet.ingest(&["policies"]).exits(0);
    let told = run(&fleet);
    // The project's own policy is one as well.
    assert_eq!(told.counts(), (41, 0, 0, 0));
    assert_eq!(told.count("filtered"), 20);
    let entities = fleet.entities_of("policy");
    let entity = &entities["policy-1"];
    assert_eq!(entity["title"], "Policy 1");
    assert_eq!(entity["properties"]["lines"], 4);
    assert_eq!(entity["properties"]["about"]["engine"], "REGO_V1");
    for seed in [1, 2] {
        fleet
            .world
            .sandbox
            .fault(Fault::new(Effect::Reorder { seed }).forever());
        fleet
            .world
            .sandbox
            .fault(Fault::new(Effect::ShuffleKeys { seed }).forever());
        assert_eq!(run(&fleet).counts(), (0, 0, 41, 0));
        fleet.world.sandbox.clear_faults();
    }
    assert_eq!(fleet.writes(), []);
}

/// All ingests of a project in one run; one that breaks does not keep the others from their work.
#[test]
fn one_broken_ingest_stops_no_other() {
    let fleet = Fleet::with(3, |world| {
        world.write("spaces.yaml", SPACES);
        world.write("policies.yaml", POLICIES);
    });
    let path = "/v1/blueprints/policy/entities/search";
    let refused = crate::world::status(403, spaceport::sandbox::When::Before).path(path);
    fleet.world.sandbox.fault(refused.forever());
    let ran = fleet.world.run(&["ingest"]);
    assert!(matches!(ran.code, Some(1 | 4)), "{ran:?}");
    assert_eq!(fleet.entities().len(), 3);
    assert!(fleet.entities_of("space").len() >= 2);
    assert!(fleet.entities_of("policy").is_empty());
    fleet.world.sandbox.clear_faults();
    fleet.world.run(&["ingest"]).exits(0);
    assert_eq!(fleet.entities_of("policy").len(), 1);
    fleet.is_right();
}

/// What a mapping asks of an item that it does not have is found before anything is sent, with its
/// place and its neighbour.
#[test]
fn a_field_that_is_none_is_found_offline() {
    let world = World::with_a_stack("port-config");
    world.applied();
    world.forget_requests();
    let file = world.read("ingest.yaml");
    for (from, to, says) in [
        (".item.branch", ".item.branhc", "branch"),
        (".item.name\n", ".item.nmae\n", "name"),
        ("    branch:", "    brnach:", "branch"),
        ("from: spacelift.stacks", "from: spacelift.stack", "stacks"),
    ] {
        world.edit("ingest.yaml", from, to);
        for command in ["validate", "ingest"] {
            let ran = world.run(&[command]).exits(3);
            ran.says("ingest.yaml").says(says);
        }
        world.write("ingest.yaml", &file);
    }
    assert!(world.sandbox.requests().is_empty());
    world.run(&["ingest"]).exits(0);
}

/// A project that has no ingest says so, and how one looks.
#[test]
fn a_project_without_an_ingest_says_so() {
    let world = World::of("port-config");
    world.remove("ingest.yaml");
    let ran = world.run(&["ingest"]);
    assert!(matches!(ran.code, Some(3 | 64)), "{ran:?}");
    ran.says("ingest");
    assert!(world.sandbox.requests().is_empty());
}

/// An ingest of other environments is none of this one.
#[test]
fn an_ingest_belongs_to_its_environments() {
    let fleet = Fleet::of(3);
    fleet.world.edit(
        "spaceport.yaml",
        "version: 1\n",
        "version: 1\nenvironments: { staging: {}, prod: {} }\n",
    );
    fleet.world.edit(
        "ingest.yaml",
        "name: stacks\n",
        "name: stacks\nenvironments: [prod]\n",
    );
    fleet.world.run(&["ingest"]).exits(64).says("environment");
    fleet.forget();
    let ran = fleet.world.run(&["-e", "staging", "ingest"]);
    assert!(matches!(ran.code, Some(0 | 3 | 64)), "{ran:?}");
    assert!(fleet.entities().is_empty());
    fleet.world.run(&["-e", "prod", "ingest"]).exits(0);
    assert_eq!(fleet.entities().len(), 3);
}

/// A project of ingests alone: nothing to plan, something to ingest.
#[test]
fn a_project_of_ingests_alone() {
    let fleet = Fleet::of(3);
    let blueprint = fleet.world.read("blueprint.yaml");
    for file in ["blueprint.yaml", "secrets.yaml", "webhook.yaml"] {
        fleet.world.remove(file);
    }
    for folder in ["actions", "policies", "tests"] {
        std::fs::remove_dir_all(fleet.world.path(folder)).expect("it is there");
    }
    assert!(blueprint.contains("space_lift_stack"));
    fleet.world.edit(
        "spaceport.yaml",
        "version: 1\n",
        "version: 1\nexternal: [port.blueprint.space_lift_stack]\n",
    );
    assert_eq!(fleet.ingested().counts(), (3, 0, 0, 0));
    assert!(fleet.ids().contains(&id(2)));
}
