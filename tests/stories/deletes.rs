//! What leaves the project goes away, and only that; the brake stops the rest.

use crate::world::{World, blueprint, policy};

/// A file is removed from the project, and its object with it.
#[test]
fn removing_a_file_deletes_its_object() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    world.remove("gate.yaml");

    world.plan().exits(2).says("spacelift.policy.gate");
    world.apply().exits(0).says("converged: 0 changes");
    assert!(world.of_spacelift("policies", "Gate").is_null());
    assert!(world.entry("spacelift.policy.gate").is_null());
    assert!(!world.of_port("blueprints", "service").is_null());
    world.plan().exits(0);
}

/// Objects are deleted before those that they need.
#[test]
fn deletes_run_in_the_reverse_order_of_the_needs() {
    let world = World::of("port-config");
    world.applied();
    world.remove("webhook.yaml");
    world.remove("policies/port_webhook_notification.rego");
    world.forget_requests();
    world
        .run(&["apply", "--yes", "--allow-deletes", "3"])
        .exits(0);
    assert_eq!(
        world.writes_of_objects(),
        [
            "PolicyDelete",
            "WebhookDelete",
            "DELETE /v1/webhooks/spacelift_stack_mapper"
        ]
    );
}

/// Too many deletes at once are refused before anything is written, and a flag allows them.
#[test]
fn the_brake_refuses_many_deletes() {
    let world = World::new();
    for number in 0..7 {
        let name = format!("thing_{number}");
        world.write(&format!("{name}.yaml"), &blueprint(&name, "Thing"));
    }
    world.applied();
    for number in 1..7 {
        world.remove(&format!("thing_{number}.yaml"));
    }
    let ledger = world.ledger();
    world.forget_requests();

    world.plan().exits(5).says("--allow-deletes 6");
    world.apply().exits(5).says("--allow-deletes 6");
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.ledger(), ledger);

    world
        .run(&["apply", "--yes", "--allow-deletes", "6"])
        .exits(0);
    assert_eq!(world.writes().len(), 6);
    assert!(!world.of_port("blueprints", "thing_0").is_null());
    assert!(world.of_port("blueprints", "thing_1").is_null());
}

/// Nothing is deleted because the files are gone: an empty project is a finding (law 6).
#[test]
fn an_empty_project_deletes_nothing() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world.remove("service.yaml");
    world.forget_requests();
    world.apply().exits(3);
    assert!(world.sandbox.requests().is_empty());
    assert!(!world.of_port("blueprints", "service").is_null());
}

/// Nothing is deleted because a file could not be understood (law 6).
#[test]
fn a_broken_file_deletes_nothing() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.write("other.yaml", "kind: port.blueprint\nspec: [not, closed\n");
    world.forget_requests();
    world.apply().exits(3).says("other.yaml");
    assert!(world.sandbox.requests().is_empty());
}

/// A protected object stays, also when its file is gone.
#[test]
fn a_protected_object_is_not_deleted() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    let text = policy("Gate") + "lifecycle: { protect: true }\n";
    world.write("gate.yaml", &text);
    world.applied();
    world.remove("gate.yaml");
    world.forget_requests();
    world.apply().exits(5).says("spacelift.policy.gate");
    assert_eq!(world.writes(), [""; 0]);
    assert!(!world.of_spacelift("policies", "Gate").is_null());
}

/// What somebody else deleted already is given up without a request.
#[test]
fn an_object_that_is_gone_already_is_forgotten() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.remove("other.yaml");
    world.port(
        reqwest::Method::DELETE,
        "/v1/blueprints/other",
        serde_json::Value::Null,
    );
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.entry("port.blueprint.other").is_null());
}
