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
    assert_eq!(world.writes(), ["WebhookUpdate"]);
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

/// Two live objects with the same name: nobody guesses which is meant.
#[test]
fn an_ambiguous_name_is_a_finding() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    for _ in 0..2 {
        world.spacelift(
            "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }",
            serde_json::json!({"input": {
                "name": "Gate", "type": "NOTIFICATION", "body": "package spacelift\n",
                "space": "root", "labels": [], "engineType": "REGO_V1",
            }}),
        );
    }
    world.forget_requests();
    world.apply().exits(3).says("Gate");
    assert_eq!(world.writes(), [""; 0]);
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
