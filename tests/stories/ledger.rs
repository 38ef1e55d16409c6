//! The ledger: it says what is ours, about one project in one world, or the run stops.

use serde_json::json;
use spaceport::sandbox::Options;

use crate::world::{World, blueprint, policy};

/// The ledger of another project is not touched.
#[test]
fn the_ledger_of_another_project_is_refused() {
    let world = applied();
    world.edit("spaceport.yaml", "project: stories", "project: other");
    refused(&world, 5, "stories");
}

/// The same project in another Port organization needs another ledger.
#[test]
fn the_ledger_of_another_organization_is_refused() {
    let world = applied().elsewhere(Options {
        organization: Some("org_elsewhere".into()),
        ..Options::default()
    });
    refused(&world, 5, "org_elsewhere");
}

/// The same project in another Spacelift account needs another ledger.
#[test]
fn the_ledger_of_another_account_is_refused() {
    let world = applied();
    world.edit("spaceport.yaml", "account: acme", "account: other");
    refused(&world, 5, "acme");
}

/// A broken ledger is never taken as one that owns nothing.
#[test]
fn a_broken_ledger_is_refused() {
    let world = applied();
    for text in ["", "{", "[]", "{\"format\": 1}", "not a ledger"] {
        world.write("ledger.json", text);
        refused(&world, 1, "ledger.json");
    }
}

/// A ledger of a later version is not understood, and therefore not used.
#[test]
fn the_ledger_of_a_later_version_is_refused() {
    let world = applied();
    let mut ledger = world.ledger();
    ledger["format"] = json!(2);
    world.write("ledger.json", &ledger.to_string());
    refused(&world, 1, "format");
}

/// Without a ledger updates work, and nothing is ever deleted.
#[test]
fn without_a_ledger_nothing_is_deleted() {
    let world = World::new();
    world.edit("spaceport.yaml", "{ file: ledger.json }", "none");
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.plan().exits(0).says("No changes");

    world.remove("other.yaml");
    world.edit("service.yaml", "title: Service", "title: Renamed");
    world.applied();
    assert_eq!(world.of_port("blueprints", "service")["title"], "Renamed");
    assert!(!world.of_port("blueprints", "other").is_null());
    assert!(!world.path("ledger.json").exists());
}

/// A ledger that cannot be written is found out before the first change.
#[test]
fn a_ledger_that_cannot_be_written_stops_before_the_first_change() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    // A file where the ledger's folder should be.
    world.write("place", "taken");
    world.edit(
        "spaceport.yaml",
        "file: ledger.json",
        "file: place/ledger.json",
    );
    world.apply().exits(1).says("place");
    assert_eq!(world.writes(), [""; 0]);
}

/// A service leaves the settings while the ledger owns objects in it: nobody forgets them.
#[test]
fn a_service_that_left_the_settings_is_missed() {
    let world = applied();
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    world.remove("gate.yaml");
    world.edit("spaceport.yaml", "spacelift: { account: acme }\n", "");
    refused(&world, 5, "Spacelift");
}

/// Somebody deletes our object and makes one like it: it is theirs now, and not deleted by us.
#[test]
fn an_object_that_somebody_made_anew_is_not_ours() {
    let world = applied();
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    let live = world.of_spacelift("policies", "Gate");
    world.spacelift(
        "mutation ($id: ID!) { policyDelete(id: $id) { id } }",
        json!({"id": live["id"]}),
    );
    world.spacelift(
        "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }",
        json!({"input": {
            "name": "Another", "type": "NOTIFICATION", "body": live["body"], "space": "root",
            "labels": live["labels"], "engineType": "REGO_V1",
        }}),
    );
    world.spacelift(
        "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }",
        json!({"id": "another", "input": {
            "name": "Gate", "body": live["body"], "space": "root", "labels": live["labels"],
            "engineType": "REGO_V1",
        }}),
    );
    world.applied();
    let entry = world.entry("spacelift.policy.gate");
    assert_eq!(
        (&entry["id"], &entry["adopted"]),
        (&json!("another"), &json!(true))
    );
    world.remove("gate.yaml");
    world.applied();
    assert!(!world.of_spacelift("policies", "Gate").is_null());
}

/// A project that was applied.
fn applied() -> World {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world
}

#[track_caller]
fn refused(world: &World, code: i32, says: &str) {
    let ledger = world.read("ledger.json");
    world.write("new.yaml", &blueprint("new", "New"));
    world.forget_requests();
    world.plan().exits(code).says(says);
    world.apply().exits(code).says(says);
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.read("ledger.json"), ledger);
}
