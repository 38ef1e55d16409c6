//! `--skip-refused`: what no guard refuses is done, the rest is named, and the exit code is 4.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, blueprint, policy};

/// What is refused and what needs it stays as it is; everything else is applied. Without the flag
/// the next run refuses as before.
#[test]
fn the_rest_is_applied() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    let body = json!({ "identifier": "one", "properties": {} });
    world.port(Method::POST, "/v1/blueprints/service/entities", body);
    world.edit(
        "service.yaml",
        "language: { type: string",
        "language: { type: number",
    );
    world.edit("gate.yaml", "sample := true", "sample := false");
    world.write("other.yaml", &blueprint("other", "Other"));
    let needs = blueprint("needs", "Needs") + "  relations: { of: { target: service } }\n";
    world.write("needs.yaml", &needs);
    world.forget_requests();

    world.plan().exits(5).says("--allow-data-loss");
    let shown = world
        .run(&["plan", "--skip-refused"])
        .exits(5)
        .says("refused (data-loss): `port.blueprint.service` has 1 entity")
        .says("skipped: update port.blueprint.service: refused (data-loss)")
        .says("skipped: create port.blueprint.needs: it needs port.blueprint.service")
        .says("Plan: 1 to create, 1 to update, 0 to delete.")
        .says("Apply skips 2 changes");
    assert!(
        shown.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        shown.out
    );
    assert_eq!(world.writes(), [""; 0]);

    let skipping = ["apply", "--yes", "--skip-refused"];
    world
        .run(&skipping)
        .exits(4)
        .says("skipped: update port.blueprint.service")
        .says("converged but for what was skipped: 2 changes");
    let mut writes = world.writes();
    writes.sort();
    assert_eq!(writes, ["POST /v1/blueprints", "PolicyUpdate"]);
    assert!(world.of_port("blueprints", "needs").is_null());
    assert!(!world.entry("port.blueprint.other").is_null());

    world.forget_requests();
    world.apply().exits(5).says("--allow-data-loss");
    world.run(&skipping).exits(4);
    assert_eq!(world.writes(), [""; 0]);
    world
        .run(&[
            "apply",
            "--yes",
            "--allow-data-loss",
            "port.blueprint.service",
        ])
        .exits(0);
    world.run(&skipping).exits(0).says("No changes");
}

/// The brake leaves out all deletes, those that replace included.
#[test]
fn the_brake_leaves_out_all_deletes() {
    let world = World::new();
    world.edit(
        "spaceport.yaml",
        "version: 1",
        "version: 1\nlimits: { deletes: 1 }",
    );
    for name in ["one", "two", "three"] {
        world.write(&format!("{name}.yaml"), &blueprint(name, "Thing"));
    }
    world.applied();
    world.remove("two.yaml");
    world.remove("three.yaml");
    world.edit("one.yaml", "title: Thing", "title: Other");
    world.forget_requests();

    world
        .apply()
        .exits(5)
        .says("--allow-deletes 2")
        .says("`limits.deletes`");
    world
        .run(&["apply", "--yes", "--skip-refused"])
        .exits(4)
        .says("skipped: delete port.blueprint.two: refused (brake)");
    assert_eq!(world.writes(), ["PUT /v1/blueprints/one"]);
    assert!(!world.of_port("blueprints", "two").is_null());
    assert!(!world.entry("port.blueprint.two").is_null());
}

/// To replace is to delete: the brake counts it, and leaves it out.
#[test]
fn the_brake_counts_what_is_replaced() {
    let world = World::new();
    let limits = "version: 1\nlimits: { deletes: 1 }";
    world.edit("spaceport.yaml", "version: 1", limits);
    for name in ["One", "Two"] {
        world.write(&format!("{name}.yaml"), &policy(name));
    }
    world.applied();
    let ids = || ["One", "Two"].map(|name| world.of_spacelift("policies", name)["id"].clone());
    let before = ids();
    for name in ["One", "Two"] {
        world.edit(&format!("{name}.yaml"), "type: NOTIFICATION", "type: PLAN");
    }
    world.write("other.yaml", &blueprint("other", "Other"));
    world.forget_requests();

    world
        .apply()
        .exits(5)
        .says("2 objects would be deleted")
        .says("--allow-deletes 2");
    world
        .run(&["apply", "--yes", "--skip-refused"])
        .exits(4)
        .says("skipped: replace spacelift.policy.one: refused (brake)");
    assert_eq!(world.writes(), ["POST /v1/blueprints"]);
    assert_eq!(ids(), before);
    world
        .run(&["apply", "--yes", "--allow-deletes", "2"])
        .exits(0);
    let replaced = world.of_spacelift("policies", "One");
    assert_eq!(replaced["policy_type"], "PLAN");
}

/// What differs and is not ours is left alone, and what is protected stays.
#[test]
fn adoption_and_protection_can_be_left_out() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    let kept = policy("Gate") + "lifecycle: { protect: true }\n";
    world.write("gate.yaml", &kept);
    world.applied();
    let body = json!({
        "identifier": "service", "title": "Clicked",
        "schema": {"properties": {"language": {"type": "string", "title": "Language"}}},
    });
    world.port(Method::POST, "/v1/blueprints", body);
    world.write("service.yaml", &blueprint("service", "Service"));
    world.remove("gate.yaml");
    world.forget_requests();

    world
        .apply()
        .exits(5)
        .says("--adopt")
        .says("protect: false");
    world
        .run(&["apply", "--yes", "--skip-refused"])
        .exits(4)
        .says("refused (adoption)")
        .says("refused (protect)");
    assert_eq!(world.writes(), [""; 0]);
    assert!(!world.of_spacelift("policies", "Gate").is_null());
    assert_eq!(world.entry("spacelift.policy.gate")["protect"], true);
    assert!(world.entry("port.blueprint.service").is_null());
}
