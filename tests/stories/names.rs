//! Names, addresses and ids: objects stay the same objects when their names change.

use crate::world::{World, blueprint, policy};

/// A webhook's new name keeps its id, and the policy that names the id needs no change.
#[test]
fn a_renamed_webhook_keeps_its_id() {
    let world = World::of("port-config");
    world.applied();
    let before = world.of_spacelift("webhooks", "Port Webhook");
    world.edit("webhook.yaml", "name: Port Webhook\n", "name: Portal\n");
    world.forget_requests();

    world.plan().exits(2).says("spacelift.webhook.port");
    world.applied();
    assert_eq!(world.writes_of_objects(), ["WebhookUpdate"]);
    assert!(world.of_spacelift("webhooks", "Port Webhook").is_null());
    let after = world.of_spacelift("webhooks", "Portal");
    assert_eq!(after["id"], before["id"]);
    let notify = world.of_spacelift("policies", "Port Webhook Notification");
    let id = after["id"].as_str().expect("an id");
    assert!(
        notify["body"]
            .as_str()
            .is_some_and(|body| body.contains(id))
    );
    world.plan().exits(0);
}

/// Somebody else's rename is drift, and is repaired on the same object.
#[test]
fn a_webhook_that_somebody_renamed_is_found_by_its_id() {
    let world = World::of("port-config");
    world.applied();
    let before = world.of_spacelift("webhooks", "Port Webhook");
    world.spacelift(
        "mutation ($id: ID!, $input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: $id, input: $input) { id } }",
        serde_json::json!({"id": before["id"], "input": {
            "name": "Clicked", "endpoint": before["endpoint"], "enabled": true, "space": "root",
            "labels": before["labels"], "retryOnFailure": true,
        }}),
    );
    world.plan().exits(2);
    world.applied();
    let after = world.of_spacelift("webhooks", "Port Webhook");
    assert_eq!(after["id"], before["id"]);
    assert!(world.of_spacelift("webhooks", "Clicked").is_null());
}

/// A new address for the same object changes the ledger alone, and the object stays ours.
#[test]
fn a_new_ref_moves_the_entry_and_nothing_else() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &format!("ref: old\n{}", policy("Gate")));
    world.applied();
    let id = world.entry("spacelift.policy.old")["id"].clone();
    world.edit("gate.yaml", "ref: old", "ref: new");
    world.forget_requests();

    world.plan().exits(0);
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.entry("spacelift.policy.old").is_null());
    let moved = world.entry("spacelift.policy.new");
    assert_eq!(moved["id"], id);
    assert!(moved["adopted"].is_null());

    world.remove("gate.yaml");
    world.applied();
    assert!(world.of_spacelift("policies", "Gate").is_null());
}

/// An adopted object stays an adopted one under its new address, whichever comes first in order.
#[test]
fn an_adopted_object_stays_adopted_when_it_moves() {
    for (old, new) in [("a", "b"), ("b", "a")] {
        let world = World::new();
        world.write("service.yaml", &blueprint("service", "Service"));
        world.write("gate.yaml", &format!("ref: {old}\n{}", policy("Gate")));
        world.applied();
        // Whoever loses the ledger has not made the objects.
        world.remove("ledger.json");
        world.applied();
        let adopted = |reference: &str| {
            world.entry(&format!("spacelift.policy.{reference}"))["adopted"].clone()
        };
        assert_eq!(adopted(old), true);

        world.edit("gate.yaml", &format!("ref: {old}"), &format!("ref: {new}"));
        world.applied();
        assert_eq!(adopted(new), true, "{old} to {new}");
        world.remove("gate.yaml");
        world.applied();
        assert!(!world.of_spacelift("policies", "Gate").is_null());
    }
}

/// Two live objects with the same name: nobody guesses which is meant.
#[test]
fn an_ambiguous_name_is_a_finding() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    for name in ["Gate", "Door"] {
        world.spacelift(
            "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }",
            serde_json::json!({"input": {
                "name": name, "type": "NOTIFICATION", "body": "package spacelift\n",
                "space": "root", "labels": [], "engineType": "REGO_V1",
            }}),
        );
    }
    // Ids are unique for ever, names are not.
    world.spacelift(
        "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }",
        serde_json::json!({"id": "door", "input": {
            "name": "Gate", "body": "package spacelift\n", "space": "root", "labels": [],
            "engineType": "REGO_V1",
        }}),
    );
    world.forget_requests();
    world.apply().exits(3).says("Gate");
    assert_eq!(world.writes(), [""; 0]);
}

/// Two objects may swap their names: each is known by its id.
#[test]
fn two_objects_may_swap_their_names() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: a\n{}", policy("Gate")));
    world.write("b.yaml", &format!("ref: b\n{}", policy("Door")));
    world.applied();
    world.edit("a.yaml", "name: Gate", "name: Door");
    world.edit("b.yaml", "name: Door", "name: Gate");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["PolicyUpdate", "PolicyUpdate"]);
    assert_eq!(world.of_spacelift("policies", "Door")["id"], "gate");
    assert_eq!(world.of_spacelift("policies", "Gate")["id"], "door");
    world.plan().exits(0);
}

/// A name that became free by a rename is given to a new object in the same apply.
#[test]
fn a_freed_name_goes_to_a_new_object() {
    let world = World::new();
    world.write("a.yaml", &format!("ref: a\n{}", policy("Gate")));
    world.applied();
    world.edit("a.yaml", "name: Gate", "name: Old gate");
    world.write("b.yaml", &format!("ref: b\n{}", policy("Gate")));
    let ran = world.apply();
    // Spacelift makes the id from the name and refuses one that is taken: told, and nothing lost.
    ran.exits(4).says("spacelift.policy.b");
    assert_eq!(world.of_spacelift("policies", "Old gate")["id"], "gate");
}

/// A space may be named; the id goes over the wire.
#[test]
fn a_space_may_be_given_by_its_name() {
    let world = World::new();
    let made = world.spacelift(
        "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }",
        serde_json::json!({"input": {
            "name": "Team Space", "parentSpace": "root", "inheritEntities": true, "labels": [],
            "description": "",
        }}),
    );
    let text = policy("Gate").replace("space: root", "space: Team Space");
    world.write("gate.yaml", &text);
    world.applied();
    let gate = world.of_spacelift("policies", "Gate");
    assert_eq!(gate["space"], made["spaceCreate"]["id"]);
    world.plan().exits(0);

    world.edit("gate.yaml", "Team Space", "Taem Space");
    world.plan().exits(3).says("Taem Space");
}
