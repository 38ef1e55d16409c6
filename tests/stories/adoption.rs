//! Objects that were there before us: taken over when they are equal, asked about when they differ,
//! given up and not deleted when they leave the project.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, blueprint, policy};

/// Equal objects become ours without a single write.
#[test]
fn equal_objects_are_adopted_without_a_write() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    by_hand(&world, "Service");
    world.forget_requests();

    world.plan().exits(0).says("port.blueprint.service");
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.entry("port.blueprint.service")["adopted"], true);
    world.apply().exits(0).says("No changes");
}

/// A whole wiring that was clicked together is adopted as it is.
#[test]
fn a_project_that_lost_its_ledger_adopts_its_objects() {
    let world = World::of("port-config");
    world.applied();
    let ledger = "/v1/blueprints/spaceport_project/all-entities?delete_blueprint=true";
    world.port(Method::DELETE, ledger, json!(null));
    // The migration ends when it is looked at.
    world.port(Method::GET, "/v1/migrations", json!(null));
    world.forget_requests();
    world.applied();
    // Nothing but the ledger's own blueprint is made anew.
    assert_eq!(world.writes_of_objects(), ["POST /v1/blueprints"]);
    world.plan().exits(0).says("No changes");
}

/// A different object is shown and refused, until somebody asks for it by name.
#[test]
fn a_different_object_is_refused_until_it_is_named() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    by_hand(&world, "Clicked");
    world.forget_requests();

    world.plan().exits(5).says("--adopt port.blueprint.service");
    world
        .apply()
        .exits(5)
        .says("--adopt port.blueprint.service");
    assert_eq!(world.writes(), [""; 0]);
    assert!(!world.path("ledger.json").exists());

    world
        .run(&["apply", "--yes", "--adopt", "port.blueprint.service"])
        .exits(0);
    assert_eq!(world.writes(), ["PUT /v1/blueprints/service"]);
    assert_eq!(world.of_port("blueprints", "service")["title"], "Service");
    assert_eq!(world.entry("port.blueprint.service")["adopted"], true);
}

/// The document itself may ask for the adoption.
#[test]
fn a_document_may_ask_for_the_adoption() {
    let world = World::new();
    let text = blueprint("service", "Service") + "lifecycle: { adopt: true }\n";
    world.write("service.yaml", &text);
    by_hand(&world, "Clicked");
    world.plan().exits(2);
    world.applied();
    assert_eq!(world.of_port("blueprints", "service")["title"], "Service");
}

/// `--adopt all` takes over what differs, all of it.
#[test]
fn all_may_be_adopted_at_once() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    by_hand(&world, "Clicked");
    world.run(&["apply", "--yes", "--adopt", "all"]).exits(0);
    assert_eq!(world.of_port("blueprints", "service")["title"], "Service");
}

/// An adopted object that leaves the project is given up; only a flag deletes it.
#[test]
fn an_adopted_object_is_forgotten_and_not_deleted() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    by_hand(&world, "Service");
    world.applied();
    world.remove("service.yaml");
    world.forget_requests();

    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.entry("port.blueprint.service").is_null());
    assert!(!world.of_port("blueprints", "service").is_null());
}

/// `--delete-adopted` deletes what was there before us, too.
#[test]
fn an_adopted_object_is_deleted_on_request() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    by_hand(&world, "Service");
    world.applied();
    world.remove("service.yaml");
    world.run(&["apply", "--yes", "--delete-adopted"]).exits(0);
    assert!(world.of_port("blueprints", "service").is_null());
}

/// What we made ourselves is not marked as adopted.
#[test]
fn what_we_created_is_not_adopted() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    assert!(world.entry("port.blueprint.service")["adopted"].is_null());
}

/// Somebody clicks the blueprint `service` together.
fn by_hand(world: &World, title: &str) {
    let body = json!({
        "identifier": "service", "title": title,
        "schema": {"properties": {"language": {"type": "string", "title": "Language"}}},
    });
    world.port(Method::POST, "/v1/blueprints", body);
}
