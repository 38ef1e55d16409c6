//! Somebody changes things by hand: the plan shows it, and the apply repairs it.

use reqwest::Method;
use serde_json::json;
use spaceport::sandbox::{Effect, Fault};

use crate::world::{World, blueprint, policy};

/// A blueprint's title was edited in the console.
#[test]
fn an_edited_blueprint_is_repaired() {
    let world = World::of("port-config");
    world.applied();
    let mut edited = world.of_port("blueprints", "space_lift_stack");
    edited["title"] = json!("Clicked");
    world.port(Method::PUT, "/v1/blueprints/space_lift_stack", edited);

    world
        .plan()
        .exits(2)
        .says("port.blueprint.space_lift_stack")
        .hides("port.secret.SPACELIFT_TOKEN");
    world.apply().exits(0).says("converged: 0 changes");
    let repaired = world.of_port("blueprints", "space_lift_stack");
    assert_eq!(repaired["title"], "SpaceLift Stack");
    world.plan().exits(0);
}

/// An action's address was edited, and only the action is written.
#[test]
fn an_edited_action_is_repaired_and_nothing_else_is_written() {
    let world = World::of("port-config");
    world.applied();
    let mut edited = world.of_port("actions", "trigger_spacelift_stack");
    for stamp in ["id", "createdAt", "createdBy", "updatedAt", "updatedBy"] {
        edited.as_object_mut().expect("an object").remove(stamp);
    }
    edited["title"] = json!("Clicked");
    world.port(Method::PUT, "/v1/actions/trigger_spacelift_stack", edited);
    world.forget_requests();

    world
        .plan()
        .exits(2)
        .says("port.action.trigger_spacelift_stack");
    world.applied();
    assert_eq!(
        world.writes_of_objects(),
        ["PUT /v1/actions/trigger_spacelift_stack"]
    );
    let repaired = world.of_port("actions", "trigger_spacelift_stack");
    assert_eq!(repaired["title"], "Trigger Spacelift Stack");
}

/// A policy's text was edited in the console.
#[test]
fn an_edited_policy_is_repaired() {
    let world = World::of("port-config");
    world.applied();
    let good = world.of_spacelift("policies", "Port Webhook Notification");
    world.spacelift(
        "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }",
        json!({"id": good["id"], "input": {
            "name": good["name"], "body": "package spacelift\n\nsample := true\n",
            "space": "root", "labels": good["labels"], "engineType": "REGO_V1",
        }}),
    );

    world.plan().exits(2).says("spacelift.policy.notify_port");
    world.applied();
    let repaired = world.of_spacelift("policies", "Port Webhook Notification");
    assert_eq!(repaired["body"], good["body"]);
    assert_eq!(repaired["id"], good["id"]);
}

/// An object that somebody deleted is made again, and what refers to it follows.
#[test]
fn a_deleted_webhook_is_made_again_and_its_users_follow() {
    let world = World::of("port-config");
    world.applied();
    let old = world.of_port("webhooks", "spacelift_stack_mapper");
    world.port(
        Method::DELETE,
        "/v1/webhooks/spacelift_stack_mapper",
        json!(null),
    );

    world
        .plan()
        .exits(2)
        .says("port.webhook.spacelift_stack_mapper");
    world.applied();
    let new = world.of_port("webhooks", "spacelift_stack_mapper");
    assert_ne!(new["url"], old["url"]);
    let webhook = world.of_spacelift("webhooks", "Port Webhook");
    assert_eq!(webhook["endpoint"], new["url"]);
    world.plan().exits(0);
}

/// What a blueprint has and this version does not know survives an update of ours.
#[test]
fn unknown_fields_of_a_blueprint_are_carried_through_an_update() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    let mut live = world.of_port("blueprints", "service");
    live["futureFeature"] = json!({"on": true});
    world.port(Method::PUT, "/v1/blueprints/service", live);
    world.plan().exits(0);

    world.edit("service.yaml", "title: Service", "title: Renamed");
    world.applied();
    let live = world.of_port("blueprints", "service");
    assert_eq!(live["title"], "Renamed");
    assert_eq!(live["futureFeature"], json!({"on": true}));
}

/// An ignored place is neither compared nor written over.
#[test]
fn an_ignored_place_is_left_to_others() {
    let world = World::new();
    let text = blueprint("service", "Service") + "lifecycle: { ignore: [/title] }\n";
    world.write("service.yaml", &text);
    world.applied();
    let mut live = world.of_port("blueprints", "service");
    live["title"] = json!("Theirs");
    world.port(Method::PUT, "/v1/blueprints/service", live);
    world.plan().exits(0).says("No changes");

    world.edit("service.yaml", "title: Language", "title: Main language");
    world.applied();
    let live = world.of_port("blueprints", "service");
    assert_eq!(live["title"], "Theirs");
    assert_eq!(
        live["schema"]["properties"]["language"]["title"],
        "Main language"
    );
}

/// A policy's type cannot be changed in place: it is made anew.
#[test]
fn an_immutable_change_replaces_the_object() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    world.edit("gate.yaml", "type: NOTIFICATION", "type: GIT_PUSH");
    world.forget_requests();

    world.plan().exits(2).says("spacelift.policy.gate");
    world.applied();
    assert_eq!(world.writes(), ["PolicyDelete", "PolicyCreate"]);
    let made = world.of_spacelift("policies", "Gate");
    assert_eq!(made["policy_type"], "GIT_PUSH");
    assert_eq!(world.entry("spacelift.policy.gate")["id"], made["id"]);
    world.plan().exits(0);
}

/// Services that answer in another order and with more fields do not make a plan (law 1).
#[test]
fn reordered_lists_and_extra_fields_are_no_drift() {
    let world = World::of("port-config");
    world.applied();
    for seed in 0..3 {
        world
            .sandbox
            .fault(Fault::new(Effect::Reorder { seed }).forever());
        world
            .sandbox
            .fault(Fault::new(Effect::ExtraFields).forever());
        world.plan().exits(0).says("No changes");
        world.sandbox.clear_faults();
    }
}

/// Also an apply under such answers ends in an empty plan (law 1).
#[test]
fn an_apply_converges_although_answers_are_reordered_and_longer() {
    let world = World::of("port-config");
    world
        .sandbox
        .fault(Fault::new(Effect::Reorder { seed: 7 }).forever());
    world
        .sandbox
        .fault(Fault::new(Effect::ExtraFields).forever());
    world.apply().exits(0).says("converged: 0 changes");
    world.sandbox.clear_faults();
    world.plan().exits(0);
}
