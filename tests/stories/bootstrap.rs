//! The main job: the guides' whole wiring, from nothing to a proof and an empty plan.

use serde_json::Value;
use spaceport::sandbox::{CLIENT_SECRET, KEY_ID, KEY_SECRET};

use crate::world::{World, sha256};

/// The files of `port-config/` become the objects that the guides want, and the end is proven.
#[test]
fn the_first_apply_creates_everything_and_proves_it() {
    let world = World::of("port-config");
    world
        .plan()
        .exits(2)
        .says("port.blueprint.space_lift_stack")
        .says("spacelift.policy.notify_port");
    world.apply().exits(0).says("converged: 0 changes");

    let port = world.state()["port"].clone();
    let names = |table: &str| -> Vec<String> {
        let rows = port[table].as_object().expect("a table");
        rows.keys()
            .filter(|name| !name.starts_with('_') && *name != "spaceport_project")
            .cloned()
            .collect()
    };
    assert_eq!(names("blueprints"), ["space_lift_stack"]);
    assert_eq!(
        names("actions"),
        [
            "refresh_spacelift_token",
            "spacelift_token_refresh_sync",
            "trigger_spacelift_stack"
        ]
    );
    assert_eq!(names("webhooks"), ["spacelift_stack_mapper"]);
    assert_eq!(
        names("secrets"),
        [
            "SPACELIFT_API_KEY_ID",
            "SPACELIFT_API_KEY_SECRET",
            "SPACELIFT_TOKEN"
        ]
    );
    assert!(!world.of_spacelift("webhooks", "Port Webhook").is_null());
    assert!(
        !world
            .of_spacelift("policies", "Port Webhook Notification")
            .is_null()
    );
}

/// The second run finds nothing to do, says so, and writes nothing.
#[test]
fn the_second_run_changes_nothing() {
    let world = World::of("port-config");
    world.applied();
    world.forget_requests();
    let before = world.state()["port"].clone();

    world.apply().exits(0).says("No changes");
    world.plan().exits(0).says("No changes");
    assert_eq!(world.writes(), [""; 0]);
    let mut after = world.state()["port"].clone();
    after["token"] = before["token"].clone();
    assert_eq!(after, before);
}

/// The two systems are connected by what only exists once the other side is there.
#[test]
fn the_references_between_the_systems_are_resolved() {
    let world = World::of("port-config");
    world.applied();
    let mapper = world.of_port("webhooks", "spacelift_stack_mapper");
    let webhook = world.of_spacelift("webhooks", "Port Webhook");
    assert!(mapper["url"].is_string());
    assert_eq!(webhook["endpoint"], mapper["url"]);

    let policy = world.of_spacelift("policies", "Port Webhook Notification");
    let (body, id) = (text(&policy["body"]), text(&webhook["id"]));
    assert!(
        !id.is_empty() && body.contains(&format!("\"{id}\"")),
        "{body}"
    );
    assert!(!body.contains("${"), "{body}");
}

/// The secrets hold the runtime key and a token that was minted from it.
#[test]
fn the_secrets_hold_the_right_texts() {
    let world = World::of("port-config");
    world.applied();
    assert_eq!(world.secret("SPACELIFT_API_KEY_ID"), sha256(KEY_ID));
    assert_eq!(world.secret("SPACELIFT_API_KEY_SECRET"), sha256(KEY_SECRET));
    // Spacelift knows a living token by the digest of its text.
    let sessions = world.state()["spacelift"]["sessions"].clone();
    let token = world.secret("SPACELIFT_TOKEN");
    assert!(sessions.get(&token).is_some(), "{sessions}");
}

/// No secret text is in any output at the highest verbosity, nor in the ledger.
#[test]
fn no_secret_is_ever_shown() {
    let world = World::of("port-config");
    let runs = [
        world.run(&["plan", "-vvv"]).exits(0),
        world.run(&["apply", "--yes", "-vvv"]).exits(0),
        world.run(&["apply", "--yes", "-vvv"]).exits(0),
        world.run(&["validate", "-vvv"]).exits(0),
    ];
    for ran in runs {
        // What every token begins with: `{"` in base64.
        ran.hides(KEY_SECRET).hides(CLIENT_SECRET).hides("eyJ");
    }
    let ledger = serde_json::json!(world.shelf()).to_string();
    assert!(ledger.contains("port.secret.SPACELIFT_TOKEN"));
    for canary in [KEY_ID, KEY_SECRET, CLIENT_SECRET, "eyJ"] {
        assert!(!ledger.contains(canary), "{canary} in {ledger}");
    }
}

/// A plan and a check of the files send no write, whatever they find (law 2).
#[test]
fn plan_and_validate_write_nothing() {
    let world = World::of("port-config");
    world.run(&["validate"]).exits(0);
    assert!(world.sandbox.requests().is_empty());
    world.plan().exits(2);
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.shelf().is_empty());
}

/// A plan asks two round trips of a fixed number of questions, however much there is (law 8).
#[test]
fn a_plan_sends_at_most_nine_requests() {
    let world = World::of("port-config");
    world.applied();
    world.forget_requests();
    world.plan().exits(0);
    let requests = world.sandbox.requests();
    assert!(requests.len() <= 9, "{requests:#?}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
