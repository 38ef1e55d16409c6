//! `destroy`: what is ours goes, in an order that works, and nothing else.

use reqwest::Method;
use serde_json::json;
use spaceport::sandbox::When;

use crate::world::{World, blueprint, policy, status};

const DESTROY: [&str; 3] = ["destroy", "--confirm", "stories"];

/// The whole bootstrap goes, and its ledger with it; what others made stays.
#[test]
fn a_bootstrapped_organization_is_empty_again() {
    let world = World::of("port-config");
    let theirs = json!({"identifier": "theirs", "title": "Theirs", "schema": {"properties": {}}});
    world.port(Method::POST, "/v1/blueprints", theirs);
    let before = world.state();
    world.applied();
    let confirm = ["destroy", "--confirm", "port-spacelift"];
    let ran = world.run(&confirm).exits(0).says("converged: 0 changes");
    assert!(ran.err.contains("The ledger is removed."), "{}", ran.err);
    assert!(world.shelf().is_empty(), "{:?}", world.shelf());
    for table in ["actions", "webhooks", "secrets"] {
        assert_eq!(
            world.state()["port"][table],
            before["port"][table],
            "{table}"
        );
    }
    for table in ["policies", "webhooks"] {
        let (now, then) = (
            &world.state()["spacelift"][table],
            &before["spacelift"][table],
        );
        assert_eq!(now, then, "{table}");
    }
    assert!(world.of_port("blueprints", "space_lift_stack").is_null());
    assert!(!world.of_port("blueprints", "theirs").is_null());

    world.forget_requests();
    world
        .run(&confirm)
        .exits(0)
        .says("Nothing of `port-spacelift` is left to destroy.");
    assert_eq!(world.writes(), [""; 0]);
    // Nothing stands in the way of beginning again.
    world.applied();
}

/// Objects that need each other let go first, as they do when their files are removed.
#[test]
fn a_circle_of_blueprints_is_destroyed() {
    let world = World::of("examples/blueprint-cycle");
    world.applied();
    let project = world.read("spaceport.yaml");
    let name = project
        .lines()
        .find_map(|line| line.strip_prefix("project: "));
    let ran = world
        .run(&["destroy", "--confirm", name.expect("a name")])
        .exits(0);
    assert!(
        ran.out.contains("to delete") && ran.out.contains("converged"),
        "{}",
        ran.out
    );
    let left = world.state()["port"]["blueprints"].as_object().cloned();
    let left: Vec<String> = left
        .expect("a table")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert!(
        left.iter()
            .all(|id| id.starts_with('_') || id == "spaceport_project"),
        "{left:?}"
    );
}

/// More deletes than the brake allows are no mistake when they are asked for, and files that are
/// gone already do not stand in the way.
#[test]
fn a_project_without_its_documents_is_destroyed_without_the_brake() {
    let world = World::new();
    let names: Vec<String> = (0..8).map(|n| format!("b{n}")).collect();
    let documents: Vec<String> = names.iter().map(|n| blueprint(n, n)).collect();
    world.write("all.yaml", &documents.join("---\n"));
    world.applied();
    world.remove("all.yaml");
    world.apply().exits(3).says("the project holds no objects");
    world
        .run(&DESTROY)
        .exits(0)
        .says("8 to delete")
        .says("converged");
    assert!(!world.path("ledger.json").exists());
    assert!(
        names
            .iter()
            .all(|name| world.of_port("blueprints", name).is_null())
    );
}

/// A file that cannot be read is not an absent one.
#[test]
fn files_with_errors_stop_it() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.applied();
    world.write("b.yaml", "kind: port.blueprint\nspec: {\n");
    world.forget_requests();
    world.run(&DESTROY).exits(3);
    assert_eq!(world.sandbox.requests().len(), 0);
    assert!(!world.of_port("blueprints", "a").is_null());
}

/// The name must be the project's, and somebody must give it.
#[test]
fn another_name_destroys_nothing() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.applied();
    world.forget_requests();
    let wrong = world.run(&["destroy", "--confirm", "story"]).exits(5);
    wrong
        .says("Nothing was changed.")
        .says("the project is `stories`");
    world.run(&["destroy"]).exits(64).says("--confirm stories");
    assert_eq!(world.sandbox.requests().len(), 0);
}

/// What the ledger protects refuses it, and so does what a document protects that was not applied.
#[test]
fn protected_objects_refuse_it() {
    let world = World::new();
    let document = blueprint("a", "A");
    world.write(
        "a.yaml",
        &format!("{document}lifecycle: {{ protect: true }}\n"),
    );
    world.write("b.yaml", &blueprint("b", "B"));
    world.applied();
    world.forget_requests();
    let protected = "`port.blueprint.a` is protected, and would be deleted";
    let said = world.run(&DESTROY).exits(5).says(protected);
    said.says("spaceport forget port.blueprint.a")
        .hides("no longer in the project");
    world.remove("a.yaml");
    world.run(&DESTROY).exits(5).says(protected);
    assert_eq!(world.writes(), [""; 0]);

    world.write("a.yaml", &document);
    world.applied();
    world.write(
        "a.yaml",
        &format!("{document}lifecycle: {{ protect: true }}\n"),
    );
    world.run(&DESTROY).exits(5).says(protected);
    world.write("a.yaml", &document);
    world.run(&DESTROY).exits(0);
}

/// Data goes only when that is said as well.
#[test]
fn data_is_not_lost_unasked() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.applied();
    let entity = json!({"identifier": "one", "title": "One", "properties": {}});
    world.port(Method::POST, "/v1/blueprints/a/entities", entity);
    world
        .run(&DESTROY)
        .exits(5)
        .says("--allow-data-loss port.blueprint.a");
    let all = [
        "destroy",
        "--confirm",
        "stories",
        "--allow-data-loss",
        "all",
    ];
    world.run(&all).exits(0);
    assert!(world.of_port("blueprints", "a").is_null());
}

/// What was there before us is given up. While one bears our label, an empty ledger stays.
#[test]
fn adopted_objects_stay() {
    let world = World::in_port();
    let theirs = json!({"identifier": "a", "title": "A", "schema": {"properties":
        {"language": {"type": "string", "title": "Language"}}}});
    world.port(Method::POST, "/v1/blueprints", theirs);
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let input = json!({"name": "Gate", "type": "NOTIFICATION", "space": "root",
        "engineType": "REGO_V1", "body": "package spacelift\n\nsample := false\n"});
    world.spacelift(create, json!({"input": input}));
    world.write("a.yaml", &blueprint("a", "A"));
    world.write("gate.yaml", &policy("Gate"));
    world.write("b.yaml", &blueprint("b", "B"));
    world.run(&["apply", "--yes", "--adopt", "all"]).exits(0);
    let ran = world.run(&DESTROY).exits(0).says("2 objects are given up");
    ran.says("The ledger stays, without entries, because the spacelift.policy `Gate`");
    assert!(!world.of_port("blueprints", "a").is_null());
    assert!(!world.of_spacelift("policies", "Gate").is_null());
    assert!(world.of_port("blueprints", "b").is_null());
    world
        .run(&DESTROY)
        .exits(0)
        .says("Nothing of `stories` is left");

    world.run(&["apply", "--yes", "--adopt", "all"]).exits(0);
    world
        .run(&[&DESTROY[..], &["--delete-adopted"]].concat())
        .exits(0);
    assert!(world.of_port("blueprints", "a").is_null());
    assert!(world.of_spacelift("policies", "Gate").is_null());
    assert!(world.shelf().is_empty());
}

/// Each environment goes alone.
#[test]
fn one_environment_is_destroyed() {
    let world = World::in_port();
    world.write(
        "spaceport.yaml",
        "version: 1\nproject: stories\nport: { region: eu }\nenvironments:\n  one: {}\n  two: {}\n",
    );
    world.write(
        "a.yaml",
        "kind: port.blueprint\nref: a\nspec:\n  identifier: a\n  title: A\n  schema: { properties: {} }\nenvironments: [one]\n",
    );
    world.write(
        "b.yaml",
        "kind: port.blueprint\nref: b\nspec:\n  identifier: b\n  title: B\n  schema: { properties: {} }\nenvironments: [two]\n",
    );
    for environment in ["one", "two"] {
        world.run(&["-e", environment, "apply", "--yes"]).exits(0);
    }
    world.run(&DESTROY).exits(64);
    world
        .run(&[&["-e", "one"], &DESTROY[..]].concat())
        .exits(0)
        .says("stories · one");
    assert!(world.of_port("blueprints", "a").is_null());
    assert!(!world.of_port("blueprints", "b").is_null());
    let left: Vec<String> = world.shelf().into_keys().collect();
    assert!(
        !left.is_empty() && left.iter().all(|id| id.starts_with("stories:two")),
        "{left:?}"
    );
    world
        .run(&["-e", "two", "plan", "--detailed-exitcode"])
        .exits(0);
}

/// Refused at any write, it is finished by the next run.
#[test]
fn a_destroy_that_was_stopped_is_finished_by_the_next() {
    let mut stopped = 0;
    for (method, writes) in [("DELETE", 4), ("POST", 4), ("PATCH", 2)] {
        for skipped in 0..writes {
            let world = World::in_port();
            world.write("a.yaml", &blueprint("a", "A"));
            world.write("gate.yaml", &policy("Gate"));
            world.applied();
            let refusal = status(403, When::Before).method(method);
            let refusal = refusal.path("/v1/blueprints").skip(skipped);
            world.sandbox.fault(refusal);
            let first = world.run(&DESTROY);
            stopped += usize::from(first.code != Some(0));
            world.sandbox.clear_faults();
            world.run(&DESTROY).exits(0);
            let at = format!("{method} {skipped}: {}{}", first.out, first.err);
            assert!(world.of_port("blueprints", "a").is_null(), "{at}");
            assert!(world.of_spacelift("policies", "Gate").is_null(), "{at}");
            assert!(world.shelf().is_empty(), "{at}");
        }
    }
    assert!(stopped >= 6, "only {stopped} runs were stopped");
}
