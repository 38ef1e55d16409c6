//! Changes that would lose what entities hold are refused, until somebody names the blueprint.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Fault, Quirks, When};

use crate::world::{Ran, World, blueprint, cut, held, status};

const ALLOW: [&str; 2] = ["--allow-data-loss", "port.blueprint.service"];

/// A property of a blueprint with 40 entities: the refusal says how many, what allows it, and what
/// to do when it was only renamed.
#[test]
fn removing_a_property_that_entities_have_is_refused() {
    let world = world("label: { type: string }", 40);
    world.edit("service.yaml", "label:", "labels:");
    world.forget_requests();

    let refused = |ran: Ran| {
        ran.exits(5)
            .says("40 entities have this blueprint")
            .says("`port.blueprint.service` has 40 entities")
            .says("--allow-data-loss port.blueprint.service")
            .says("renamed: { /schema/properties/label: labels }")
    };
    refused(world.plan());
    refused(world.apply());
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(entity(&world, "e7")["properties"]["label"], "seven");

    // One that is allowed to another object allows nothing.
    world.write("other.yaml", &blueprint("other", "Other"));
    let other = ["--allow-data-loss", "port.blueprint.other"];
    refused(world.run(&[&["apply", "--yes"][..], &other].concat()));
    world
        .run(&["plan", "--allow-data-loss", "port.blueprint.servise"])
        .exits(64)
        .says("did you mean `port.blueprint.service`?");

    world.forget_requests();
    allowed(&world).says("converged: 0 changes");
    assert_eq!(counted(&world).len(), 1);
    assert_eq!(
        entity(&world, "e7")["properties"],
        json!({ "labels": null })
    );
    world.plan().exits(0);
}

/// Only blueprints that would lose something are counted, once each, in a plan as in an apply.
#[test]
fn only_what_would_lose_something_is_counted() {
    let world = world("label: { type: string }", 0);
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("third.yaml", &blueprint("third", "Third"));
    world.applied();
    world.forget_requests();
    world.plan().exits(0);
    assert_eq!(counted(&world), [""; 0]);

    world.edit("third.yaml", "title: Third", "title: Renamed");
    world.plan().exits(2);
    assert_eq!(counted(&world), [""; 0]);

    world.edit(
        "service.yaml",
        "label: { type: string }",
        "more: { type: string }",
    );
    world.edit(
        "other.yaml",
        "language: { type: string",
        "language: { type: number",
    );
    world
        .plan()
        .exits(2)
        .says("0 entities have this blueprint")
        .hides("refused");
    let both = [
        "/v1/blueprints/other/entities-count",
        "/v1/blueprints/service/entities-count",
    ];
    assert_eq!(counted(&world), both);
    world.applied();
}

/// What cannot be counted counts as something.
#[test]
fn what_cannot_be_counted_is_refused() {
    let world = world("label: { type: string }", 0);
    world.edit("service.yaml", "label:", "other:");
    let count = status(403, When::Before).path("/v1/blueprints/service/entities-count");
    world.sandbox.fault(count.forever());
    world
        .plan()
        .exits(5)
        .says("may have entities")
        .says("--allow-data-loss port.blueprint.service");
    world.apply().exits(5);
    allowed(&world);
}

/// A type is permanent: with the flag the property goes and comes back, and its data is lost.
#[test]
fn a_type_changes_in_two_steps() {
    let world = world("label: { type: string }", 3);
    world.edit("service.yaml", "type: string", "type: number");
    world.plan().exits(5).says("becomes number");
    world.forget_requests();
    allowed(&world).says("converged: 0 changes");
    let put = "PUT /v1/blueprints/service";
    assert_eq!(world.writes(), [put, put]);
    assert_eq!(entity(&world, "e1")["properties"], json!({ "label": null }));
    world.plan().exits(0);
}

/// The same when the blueprint gets another identifier at once: it is renamed with its entities.
#[test]
fn a_type_changes_while_the_blueprint_is_renamed() {
    let world = world("label: { type: string }", 3);
    world.edit(
        "service.yaml",
        "kind: port.blueprint",
        "kind: port.blueprint\nref: service",
    );
    world.edit("service.yaml", "identifier: service", "identifier: system");
    world.edit("service.yaml", "type: string", "type: number");
    world.plan().exits(5).says("3 entities have this blueprint");
    world.forget_requests();
    allowed(&world).says("converged: 0 changes");
    assert_eq!(
        world.writes(),
        ["PUT /v1/blueprints/service", "PUT /v1/blueprints/system"]
    );
    let path = "/v1/blueprints/system/entities/e1";
    let kept = world.port(Method::GET, path, Value::Null);
    assert_eq!(kept["entity"]["properties"], json!({ "label": null }));
    world.plan().exits(0);
}

/// Stopped between the two steps, the same command goes on where it was.
#[test]
fn a_type_change_that_was_stopped_goes_on() {
    for (request, required) in [(0, ""), (1, ""), (0, "label"), (1, "label")] {
        let world = world("label: { type: string }", 3);
        world.edit("service.yaml", "type: string", "type: number");
        world.edit(
            "service.yaml",
            "required: []",
            &format!("required: [{required}]"),
        );
        let put = |fault: Fault| fault.method("PUT").path("/v1/blueprints/service");
        world.sandbox.fault(put(cut(When::After)).skip(request));
        world.sandbox.fault(put(held()).skip(request + 1));
        let running = world.start(&["apply", "--yes", ALLOW[0], ALLOW[1]]);
        world.until_faults_have_struck();
        running.kill();

        if required.is_empty() {
            world.applied();
        } else {
            allowed(&world);
        }
        let live = world.of_port("blueprints", "service");
        assert_eq!(live["schema"]["properties"]["label"]["type"], "number");
        world.plan().exits(0);
    }
}

/// Fewer allowed values, a new required property, a relation that leads elsewhere: all the same.
#[test]
fn narrowing_is_refused_too() {
    let property = "state: { type: string, enum: [UP, DOWN] }";
    let narrow = |from: &str, to: &str, says: &str| {
        let world = world(property, 2);
        world.edit("service.yaml", from, to);
        world.plan().exits(5).says("2 entities").says(says);
        world.apply().exits(5);
        allowed(&world);
        world.plan().exits(0);
    };
    narrow("[UP, DOWN]", "[UP]", "`\"DOWN\"`");
    narrow("required: []", "required: [state]", "becomes required");

    // More allowed values, or nothing required any more, lose nothing.
    let world = world(property, 2);
    world.edit("service.yaml", "[UP, DOWN]", "[UP, DOWN, GONE]");
    world.applied();
}

/// A blueprint that has entities goes with them when that is allowed, and its migration is waited
/// for.
#[test]
fn a_blueprint_goes_with_its_entities() {
    let world = world("label: { type: string }", 25);
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.sandbox.set_quirks(Quirks {
        slow_migrations: 3,
        ..Quirks::default()
    });
    world.remove("service.yaml");
    world.forget_requests();
    world
        .plan()
        .exits(5)
        .says("25 entities have this blueprint")
        .says("has 25 entities and would be")
        .says("--allow-data-loss port.blueprint.service");
    world.apply().exits(5);
    assert_eq!(world.writes(), [""; 0]);

    allowed(&world).says("converged: 0 changes");
    assert_eq!(
        world.writes(),
        ["DELETE /v1/blueprints/service/all-entities"]
    );
    assert_eq!(looks_at_migrations(&world), 4);
    assert!(world.of_port("blueprints", "service").is_null());
    world.plan().exits(0);
    // The same command again is no wrong usage, though what it allows has been done.
    allowed(&world).says("No changes");
}

/// Stopped while its entities go, the next run only notes that the blueprint is gone.
#[test]
fn a_blueprint_that_was_going_is_forgotten() {
    let world = world("label: { type: string }", 3);
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.remove("service.yaml");
    let look = held().method("GET").path("/v1/migrations");
    world.sandbox.fault(look);
    let running = world.start(&["apply", "--yes", ALLOW[0], ALLOW[1]]);
    world.until_faults_have_struck();
    running.kill();

    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.of_port("blueprints", "service").is_null());
    assert!(world.entry("port.blueprint.service").is_null());
}

/// Without entities a blueprint is simply deleted, also when Port lags behind its last entity.
#[test]
fn a_lagging_delete_is_tried_again() {
    let world = world("label: { type: string }", 1);
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.sandbox.set_quirks(Quirks {
        lagging_deletes: 2,
        ..Quirks::default()
    });
    world.port(
        Method::DELETE,
        "/v1/blueprints/service/entities/e0",
        Value::Null,
    );
    world.remove("service.yaml");
    world.forget_requests();
    world.applied();
    let delete = "DELETE /v1/blueprints/service";
    assert_eq!(world.writes(), [delete, delete, delete]);
}

/// A project with the blueprint `service`, applied, and some entities of it.
fn world(property: &str, entities: usize) -> World {
    let world = World::new();
    let text = format!(
        "kind: port.blueprint\nspec:\n  identifier: service\n  title: Service\n  schema:\n    properties:\n      {property}\n    required: []\n"
    );
    world.write("service.yaml", &text);
    world.applied();
    let all: Vec<Value> = (0..entities)
        .map(|n| json!({ "identifier": format!("e{n}"), "properties": held_by(property, n) }))
        .collect();
    for some in all.chunks(20) {
        let body = json!({ "entities": some });
        world.port(Method::POST, "/v1/blueprints/service/entities/bulk", body);
    }
    world
}

fn held_by(property: &str, n: usize) -> Value {
    match property.split_once(':') {
        Some(("label", _)) if n == 7 => json!({ "label": "seven" }),
        _ => json!({}),
    }
}

fn allowed(world: &World) -> Ran {
    world.run(&["apply", "--yes", ALLOW[0], ALLOW[1]]).exits(0)
}

fn entity(world: &World, id: &str) -> Value {
    let path = format!("/v1/blueprints/service/entities/{id}");
    world.port(Method::GET, &path, Value::Null)["entity"].clone()
}

/// The blueprints that were counted, sorted.
fn counted(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests();
    let mut paths: Vec<String> = requests
        .iter()
        .filter(|entry| entry.path.ends_with("entities-count"))
        .map(|entry| entry.path.clone())
        .collect();
    paths.sort();
    paths
}

fn looks_at_migrations(world: &World) -> usize {
    let requests = world.sandbox.requests();
    let looks = requests
        .iter()
        .filter(|entry| entry.path.starts_with("/v1/migrations/"));
    looks.count()
}
