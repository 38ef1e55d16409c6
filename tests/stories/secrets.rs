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

/// A move needs no text, loses no fingerprint, and sends nothing; a text that changes later is
/// sent under the new address as under the old one.
#[test]
fn the_secret_of_a_moved_object_is_still_compared() {
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
    world.unset("SHARED");
    world.forget_requests();
    world.applied();
    world.set("SHARED", "canary-one");
    world
        .plan()
        .exits(0)
        .says("No changes")
        .hides("not verified");
    world.applied();
    assert_eq!(world.writes(), [""; 0]);

    // Another move in between, and back.
    let secret = |world: &World| world.of_spacelift("webhooks", "Hook")["secret"].clone();
    for (reference, text) in [("newest", "canary-two"), ("old", "canary-three")] {
        world.write("hook.yaml", &hook(reference));
        world.applied().hides("canary");
        world.set("SHARED", text);
        world.plan().exits(2);
        world.applied().hides("canary");
        assert_eq!(secret(&world)["sha256"], sha256(text));
        world.plan().exits(0).says("No changes");
    }
}

/// A move and another text at once: the text is sent.
#[test]
fn an_object_moves_and_its_secret_changes_at_once() {
    let mut world = World::new();
    world.set("SHARED", "canary-one");
    let hook = "kind: spacelift.webhook\nref: old\nspec:\n  name: Hook\n  endpoint: https://one.example.com/in\n  space: root\n  secret: \"${env.SHARED}\"\n";
    world.write("hook.yaml", hook);
    world.applied();
    world.edit("hook.yaml", "ref: old", "ref: new");
    world.set("SHARED", "canary-two");
    world.forget_requests();
    world.applied().hides("canary");
    assert_eq!(world.writes(), ["WebhookUpdate"]);
    let live = world.of_spacelift("webhooks", "Hook");
    assert_eq!(live["secret"]["sha256"], sha256("canary-two"));
    world.plan().exits(0).says("No changes");
}

/// Killed while it was told a new text, and under another address since: the text is sent again.
#[test]
fn an_object_that_moves_after_a_kill_is_told_again() {
    let mut world = World::new();
    world.set("SHARED", "canary-one");
    let hook = "kind: spacelift.webhook\nref: old\nspec:\n  name: Hook\n  endpoint: https://one.example.com/in\n  space: root\n  secret: \"${env.SHARED}\"\n";
    world.write("hook.yaml", hook);
    world.applied();
    world.set("SHARED", "canary-two");
    world.forget_requests();
    let cut = crate::world::cut(spaceport::sandbox::When::After).operation("WebhookUpdate");
    world.sandbox.fault(cut);
    let held = crate::world::held().operation("WebhookUpdate").skip(1);
    world.sandbox.fault(held);
    let running = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    running.kill();
    world.sandbox.clear_faults();

    world.edit("hook.yaml", "ref: old", "ref: new");
    world.set("SHARED", "canary-one");
    world.applied().hides("canary");
    let live = world.of_spacelift("webhooks", "Hook");
    assert_eq!(live["secret"]["sha256"], sha256("canary-one"));
    world.plan().exits(0).says("No changes");
}

/// A secret may hold what another object was given; when that is made anew, so is the secret.
#[test]
fn a_secret_that_reads_another_object_follows_it() {
    let world = World::new();
    world.write(
        "mapper.yaml",
        "kind: port.webhook\nref: mapper\nspec: { identifier: mapper, title: Mapper }\n",
    );
    world.write(
        "key.yaml",
        "kind: port.secret\nspec:\n  secretName: KEY\n  secretValue: \"${port.webhook.mapper.webhookKey}\"\n",
    );
    let key = |world: &World, name: &str| {
        let key = world.of_port("webhooks", name)["webhookKey"].clone();
        sha256(key.as_str().expect("a key"))
    };
    world.applied();
    let before = key(&world, "mapper");
    assert_eq!(world.secret("KEY"), before);
    world.plan().exits(0).says("No changes");

    world.port(Method::DELETE, "/v1/webhooks/mapper", json!(null));
    world.plan().exits(2).says("port.secret.KEY");
    world.applied();
    assert_ne!(key(&world, "mapper"), before);
    assert_eq!(world.secret("KEY"), key(&world, "mapper"));
    world.plan().exits(0).says("No changes");
}

/// A fingerprint of an older key stands for the same text only: once another text was sent under a
/// newer key, it tells nothing.
#[test]
fn an_older_key_does_not_vouch_for_a_text_that_was_replaced() {
    let mut world = two_secrets();
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-one");
    world.applied();
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-two");
    world.applied();
    world.set("FIRST", "canary-new");
    world.applied();

    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key-one");
    world.set("FIRST", "canary-a");
    world.forget_requests();
    world.applied().hides("canary");
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/FIRST_KEY"]);
    assert_eq!(world.secret("FIRST_KEY"), sha256("canary-a"));
}

/// Each credential that applies needs a text once; four are remembered, the last ones.
#[test]
fn four_credentials_are_remembered() {
    let mut world = two_secrets();
    let mut writes = |key: &str| {
        world.set("SPACEPORT_FINGERPRINT_KEY", &format!("canary-key-{key}"));
        world.forget_requests();
        world.applied().hides("canary");
        world.writes().len()
    };
    for key in ["one", "two", "three", "four", "five"] {
        assert_eq!(writes(key), 2, "{key} writes both once");
        assert_eq!(writes(key), 0, "{key}");
    }
    for key in ["two", "three", "four", "five"] {
        assert_eq!(writes(key), 0, "{key} is known");
    }
    assert_eq!(writes("one"), 2, "the fifth was forgotten");
    assert!(!world.read("ledger.json").contains("canary"));
}

/// A secret that an object of ours did not have before is sent.
#[test]
fn a_secret_that_is_new_in_an_object_of_ours_is_sent() {
    let mut world = World::new();
    world.set("SHARED", "canary-one");
    let hook = "kind: spacelift.webhook\nspec:\n  name: Hook\n  endpoint: https://one.example.com/in\n  space: root\n";
    world.write("hook.yaml", hook);
    world.applied();
    for (line, text) in [
        ("  secret: \"${env.SHARED}\"\n", Some("canary-one")),
        ("  secret: \"${random.shared}\"\n", None),
    ] {
        world.write("hook.yaml", &format!("{hook}{line}"));
        world.forget_requests();
        world.plan().exits(2).says("a secret is to be sent anew");
        world.applied().hides("canary");
        assert_eq!(world.writes(), ["WebhookUpdate"]);
        let sent = world.of_spacelift("webhooks", "Hook")["secret"]["sha256"].clone();
        assert!(sent.is_string());
        assert!(text.is_none_or(|text| sent == sha256(text)));
        world.plan().exits(0).says("No changes");
    }
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
