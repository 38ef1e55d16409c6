//! Secrets: sent when they must be, compared by fingerprint, left alone when others keep them.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, blueprint, secret, sha256};

/// The token is seeded once; when an automation has renewed it, we leave it alone.
#[test]
fn a_seeded_secret_that_somebody_changed_is_left_alone() {
    let world = World::of("port-config");
    world.applied();
    let renewed = json!({"secretValue": "renewed by Port", "description": "Renewed"});
    world.port(
        Method::PATCH,
        "/v1/organization/secrets/SPACELIFT_TOKEN",
        renewed,
    );
    world.forget_requests();

    world.plan().exits(0).says("No changes");
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.secret("SPACELIFT_TOKEN"), sha256("renewed by Port"));
}

/// A text that changes in the environment is sent again, exactly that one.
#[test]
fn a_changed_text_is_sent_again_and_no_other() {
    let mut world = two_secrets();
    world.applied();
    world.set("FIRST", "canary-two");
    world.forget_requests();

    world
        .plan()
        .exits(2)
        .says("port.secret.FIRST_KEY")
        .hides("port.secret.SECOND_KEY");
    world.applied().hides("canary");
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/FIRST_KEY"]);
    assert_eq!(world.secret("FIRST_KEY"), sha256("canary-two"));
    assert_eq!(world.secret("SECOND_KEY"), sha256("canary-b"));
    world.plan().exits(0).says("No changes");
}

/// A description changes without the text being at hand or being sent.
#[test]
fn a_description_changes_without_the_text() {
    let mut world = two_secrets();
    world.applied();
    world.unset("FIRST");
    let text = world.read("first.yaml") + "  description: What it is for\n";
    world.write("first.yaml", &text);
    world.applied();
    let live = world.of_port("secrets", "FIRST_KEY");
    assert_eq!(live["description"], "What it is for");
    assert_eq!(world.secret("FIRST_KEY"), sha256("canary-a"));
}

/// Pull requests plan without any secret.
#[test]
fn a_plan_needs_no_secret_texts() {
    let mut world = two_secrets();
    world.applied();
    world.unset("FIRST");
    world.unset("SECOND");
    world.plan().exits(0);
    world.applied();
}

/// A text that must be sent and is not at hand stops the apply before its first write.
#[test]
fn an_unset_text_that_must_be_sent_stops_before_the_first_write() {
    let mut world = two_secrets();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.unset("SECOND");
    world.plan().exits(2);
    world
        .apply()
        .exits(3)
        .says("port.secret.SECOND_KEY")
        .says("`SECOND`");
    assert_eq!(world.writes(), [""; 0]);
    assert!(!world.path("ledger.json").exists());
}

/// No text of a secret is in the output at the highest verbosity, in the ledger, or in an error.
#[test]
fn secret_texts_are_in_no_output() {
    let world = two_secrets();
    world.sandbox.fault(
        crate::world::status(422, spaceport::sandbox::When::Before)
            .method("POST")
            .path("/v1/organization"),
    );
    let runs = [
        world.run(&["apply", "--yes", "-vvv"]).exits(4),
        world.run(&["apply", "--yes", "-vvv"]).exits(0),
        world.run(&["plan", "-vvv"]).exits(0),
    ];
    for ran in runs {
        ran.hides("canary");
    }
    assert!(!world.read("ledger.json").contains("canary"));
}

/// A webhook's secret and headers stay in Spacelift when something else of it changes.
#[test]
fn an_unchanged_secret_of_a_webhook_is_kept_by_an_update() {
    let mut world = World::new();
    world.set("SHARED", "canary-shared");
    world.set("HEADER", "canary-header");
    world.write(
        "hook.yaml",
        "kind: spacelift.webhook\nspec:\n  name: Hook\n  endpoint: https://one.example.com/in\n  space: root\n  secret: \"${env.SHARED}\"\n  secretHeaders: { X-Key: \"${env.HEADER}\" }\n",
    );
    world.applied();
    let before = world.of_spacelift("webhooks", "Hook");
    assert_eq!(before["secret"]["sha256"], sha256("canary-shared"));
    assert_eq!(
        before["headers"]["X-Key"]["sha256"],
        sha256("canary-header")
    );

    world.unset("SHARED");
    world.unset("HEADER");
    world.edit("hook.yaml", "one.example.com", "two.example.com");
    world.applied();
    let after = world.of_spacelift("webhooks", "Hook");
    assert_eq!(after["endpoint"], "https://two.example.com/in");
    assert_eq!(after["secret"], before["secret"]);
    assert_eq!(after["headers"], before["headers"]);

    world.set("HEADER", "canary-other");
    world.set("SHARED", "canary-shared");
    world.applied().hides("canary");
    let changed = world.of_spacelift("webhooks", "Hook");
    assert_eq!(
        changed["headers"]["X-Key"]["sha256"],
        sha256("canary-other")
    );
    assert_eq!(changed["secret"], before["secret"]);
    world.plan().exits(0);
}

/// Fingerprints of another key tell nothing: an apply sends the texts once and makes new ones.
#[test]
fn another_fingerprint_key_sends_once_and_then_compares_again() {
    let mut world = two_secrets();
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-one");
    world.applied();
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-two");
    world.set("FIRST", "canary-new");
    world.forget_requests();

    world.plan().exits(0);
    world.applied().hides("canary");
    let mut writes = world.writes();
    writes.sort();
    assert_eq!(
        writes,
        [
            "PATCH /v1/organization/secrets/FIRST_KEY",
            "PATCH /v1/organization/secrets/SECOND_KEY"
        ]
    );
    assert_eq!(world.secret("FIRST_KEY"), sha256("canary-new"));
    world.apply().exits(0).says("No changes");
    assert!(!world.read("ledger.json").contains("canary"));

    // The fingerprints of the first key are still known.
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-one");
    world.forget_requests();
    world.set("FIRST", "canary-a");
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
}

/// Fingerprints are bound to the address: after a move nobody knows whether the text is the same,
/// until somebody asks for it to be sent.
#[test]
fn the_secret_of_a_moved_object_is_sent_when_asked() {
    let mut world = World::new();
    world.set("SHARED", "canary-one");
    let hook = |reference: &str| {
        format!(
            "kind: spacelift.webhook\nref: {reference}\nspec:\n  name: Hook\n  endpoint: https://one.example.com/in\n  space: root\n  secret: \"${{env.SHARED}}\"\n"
        )
    };
    world.write("hook.yaml", &hook("old"));
    world.applied();
    world.write("hook.yaml", &hook("new"));
    world.apply().exits(0).says("converged: 0 changes");
    world.plan().exits(0).says("No changes");

    world.set("SHARED", "canary-two");
    world
        .run(&["apply", "--yes", "--rotate-unverified"])
        .exits(0)
        .hides("canary");
    let secret = |world: &World| world.of_spacelift("webhooks", "Hook")["secret"].clone();
    assert_eq!(secret(&world)["sha256"], sha256("canary-two"));
    world.set("SHARED", "canary-three");
    world.plan().exits(2);
    world.applied();
    assert_eq!(secret(&world)["sha256"], sha256("canary-three"));
}

/// Two secrets of Port whose texts are in the environment.
fn two_secrets() -> World {
    let mut world = World::new();
    world.set("FIRST", "canary-a");
    world.set("SECOND", "canary-b");
    world.write("first.yaml", &secret("FIRST_KEY", "FIRST"));
    world.write("second.yaml", &secret("SECOND_KEY", "SECOND"));
    world
}
