//! `spacelift.stack_webhook` from file to service and back, and what reading all stacks costs.

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, When};

use crate::world::{World, cut};

const WEBHOOKS: &str = "\
kind: port.webhook
spec: { identifier: mapper, title: Mapper, mappings: [] }
---
kind: spacelift.stack_webhook
ref: network
spec:
  stack: network
  endpoint: \"${port.webhook.mapper.url}\"
  secret: \"${env.SIGNATURE}\"
  retryOnFailure: true
---
kind: spacelift.stack_webhook
ref: elsewhere
spec: { stack: network, endpoint: \"https://hooks.example.com/in\", enabled: false }
";

/// A project whose stack `network` exists.
fn world() -> World {
    let mut world = World::new();
    world.spacelift(
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }",
        json!({"input": {
            "name": "network", "branch": "main", "repository": "infra", "administrative": false, "space": "root",
        }}),
    );
    world.set("SIGNATURE", "canary-signature");
    world.write("webhooks.yaml", WEBHOOKS);
    world.forget_requests();
    world
}

/// The stacks cannot be read.
fn no_stacks() -> Fault {
    let when = When::Before;
    Fault::new(Effect::Status { status: 500, when }).operation("stacks")
}

/// The webhooks of the stack, by endpoint.
fn webhooks(world: &World) -> Vec<Value> {
    let state = world.state();
    let all = state["spacelift"]["stacks"]["network"]["webhooks"].as_object();
    let mut all: Vec<Value> = all.expect("webhooks").values().cloned().collect();
    all.sort_by_key(|webhook| webhook["enabled"] == true);
    all
}

fn reads(world: &World) -> usize {
    let requests = world.sandbox.requests();
    let stacks = requests
        .iter()
        .filter(|r| r.operation.as_deref() == Some("Read"));
    stacks.count()
}

/// Both are made, a second plan is empty, and the secret is neither asked for nor told.
#[test]
fn webhooks_of_a_stack_are_created_once() {
    let world = world();
    world.plan().exits(2).hides("canary");
    world.applied();
    let writes = world.writes();
    assert_eq!(
        writes.iter().filter(|w| *w == "StackWebhookCreate").count(),
        2,
        "{writes:?}"
    );
    let live = webhooks(&world);
    assert_eq!(
        live[1]["endpoint"],
        world.of_port("webhooks", "mapper")["url"]
    );
    assert_eq!(live[1]["retry_on_failure"], true);
    assert_eq!(
        live[1]["secret"]["sha256"],
        crate::world::sha256("canary-signature")
    );
    assert_eq!(live[0]["enabled"], false);

    world.forget_requests();
    world
        .sandbox
        .fault(Fault::new(Effect::Reorder { seed: 5 }).forever());
    world.plan().exits(0);
    assert!(world.sandbox.requests().len() <= 9);
    assert_eq!(reads(&world), 1);
    assert!(!world.read("ledger.json").contains("canary"));
    assert!(
        !world.read("ledger.json").contains("https://"),
        "{}",
        world.read("ledger.json")
    );
}

/// What was clicked is repaired without touching the secret, and strangers on the stack stay.
#[test]
fn drift_is_healed_and_strangers_stay() {
    let world = world();
    world.applied();
    let before = webhooks(&world);
    let network = world.entry("spacelift.stack_webhook.network")["id"].clone();
    let id = network
        .as_str()
        .and_then(|id| id.split_once(':'))
        .expect("both ids")
        .1
        .to_owned();
    world.spacelift(
        "mutation ($id: ID!, $input: WebhooksIntegrationInput!) { webhooksIntegrationUpdate(stack: \"network\", id: $id, input: $input) { id } }",
        json!({"id": id, "input": {"endpoint": "https://clicked.example.com/", "enabled": true, "retryOnFailure": true}}),
    );
    world.spacelift(
        "mutation ($input: WebhooksIntegrationInput!) { webhooksIntegrationCreate(stack: \"network\", input: $input) { id } }",
        json!({"input": {"endpoint": "https://strange.example.com/", "enabled": true}}),
    );
    world
        .plan()
        .exits(2)
        .says("spacelift.stack_webhook.network");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["StackWebhookUpdate"]);
    let after = webhooks(&world);
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|webhook| after.contains(webhook)));

    world.edit(
        "webhooks.yaml",
        "kind: spacelift.stack_webhook\nref: elsewhere",
        "kind: spacelift.stack_webhook\nref: other",
    );
    world.edit(
        "webhooks.yaml",
        "stack: network, endpoint: \"https://hooks.example.com/in\"",
        "stack: network, endpoint: \"https://hooks.example.com/new\"",
    );
    world.forget_requests();
    world.applied();
    assert_eq!(webhooks(&world).len(), 3);
}

/// What leaves the project is deleted from its stack; the last plan still reads the stacks for it.
#[test]
fn a_webhook_that_leaves_the_project_is_deleted() {
    let world = world();
    world.applied();
    world.write(
        "webhooks.yaml",
        "kind: port.webhook\nspec: { identifier: mapper, title: Mapper, mappings: [] }\n",
    );
    world
        .plan()
        .exits(2)
        .says("spacelift.stack_webhook.elsewhere");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["StackWebhookDelete", "StackWebhookDelete"]);
    assert!(webhooks(&world).is_empty());

    // Nobody has the kind any more, so that nobody pays for it.
    world.sandbox.fault(no_stacks().forever());
    world.plan().exits(0);
}

/// The answer to the create is lost: the stack is looked at, and there is one.
#[test]
fn a_create_whose_answer_is_lost_is_looked_for() {
    let world = world();
    world
        .sandbox
        .fault(cut(When::After).operation("StackWebhookCreate"));
    world.applied();
    assert_eq!(webhooks(&world).len(), 2);
    world.plan().exits(0);
}
