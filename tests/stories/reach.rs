//! A notification policy that cannot use its webhook from where it lies: the plan says so.

use serde_json::json;

use crate::world::{Ran, World};

const SAYS: &str = "nothing would be delivered";

/// Live spaces: one below root that inherits, one that does not.
#[test]
fn a_webhook_out_of_reach_is_said() {
    let world = World::new();
    let create = "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
    for (name, inherits) in [("Near", true), ("Far", false)] {
        let input = json!({
            "name": name, "parentSpace": "root", "inheritEntities": inherits,
            "description": "", "labels": [],
        });
        world.spacelift(create, json!({ "input": input }));
    }
    for (policy, webhook, reached) in [
        ("root", "root", true),
        ("Near", "root", true),
        ("Near", "Near", true),
        ("Far", "Far", true),
        ("Far", "root", false),
        ("root", "Near", false),
        ("Far", "Near", false),
    ] {
        wire(&world, policy, webhook);
        let ran = world.plan().exits(2);
        assert_eq!(warns(&ran), !reached, "{}", ran.out);
    }
}

/// Spaces of the project count as the project wants them.
#[test]
fn spaces_of_the_project_count_as_they_are_wanted() {
    let world = World::new();
    let space = "kind: spacelift.space\nref: team\nspec: { name: Team, inheritEntities: false }\n";
    world.write("space.yaml", space);
    wire(&world, "${spacelift.space.team.id}", "root");
    assert!(warns(&world.plan().exits(2)));
    assert!(warns(&world.applied()));
    assert!(warns(&world.plan().exits(0)));

    world.edit("space.yaml", "false", "true");
    assert!(!warns(&world.plan().exits(2)));
    world.applied();
    assert!(!warns(&world.plan().exits(0)));
    // A webhook that the project does not declare counts as it lies.
    let create = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    let input = json!({
        "name": "theirs", "endpoint": "https://hooks.example.com/x", "enabled": true,
        "space": "root", "labels": [],
    });
    world.spacelift(create, json!({ "input": input }));
    world.edit("policy.yaml", "webhook.port", "webhook.theirs");
    assert!(!warns(&world.applied()));
    world.edit("space.yaml", "true", "false");
    assert!(warns(&world.plan().exits(2)));
}

/// Whether a run says it, however the words are wrapped.
fn warns(ran: &Ran) -> bool {
    let words: Vec<&str> = ran.out.split_whitespace().collect();
    words.join(" ").contains(SAYS)
}

/// A policy that names a webhook, each in a space.
fn wire(world: &World, policy: &str, webhook: &str) {
    world.write(
        "webhook.yaml",
        &format!(
            "kind: spacelift.webhook\nref: port\nspec:\n  name: Port\n  endpoint: https://hooks.example.com/x\n  space: \"{webhook}\"\n"
        ),
    );
    world.write(
        "policy.yaml",
        &format!(
            "kind: spacelift.policy\nref: notify\nspec:\n  name: Notify\n  type: NOTIFICATION\n  engineType: REGO_V1\n  space: \"{policy}\"\n  body: |\n    package spacelift\n\n    webhook contains {{\"endpoint_id\": \"${{spacelift.webhook.port.id}}\"}} if {{\n      input.run_updated\n    }}\n"
        ),
    );
}
