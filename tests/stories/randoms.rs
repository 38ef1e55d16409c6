//! Texts that nobody sees: made at apply, given to all who share them, the receiver first.

use spaceport::sandbox::{Options, When};

use crate::world::{Ran, World, cut, held, secret, sha256, status};

/// Port checks with it.
const RECEIVER: &str = "\
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  security:
    secret: \"${random.signature}\"
    signatureHeaderName: X-Signature-256
    signatureAlgorithm: sha256
    signaturePrefix: sha256=
";

/// Spacelift signs with it. It reads nothing of the receiver, so that nothing but the shared text
/// decides who comes first.
const SENDER: &str = "\
kind: spacelift.webhook
ref: hook
spec:
  name: Hook
  endpoint: https://one.example.com/in
  space: root
  secret: \"${random.signature}\"
";

/// Another one who is told.
const THIRD: &str = "\
kind: port.secret
spec: { secretName: THIRD, secretValue: \"${random.signature}\" }
";

const BOTH: [&str; 2] = ["PATCH /v1/webhooks/mapper", "WebhookUpdate"];

fn pair() -> World {
    shared_in(World::new())
}

fn shared_in(world: World) -> World {
    world.write("receiver.yaml", RECEIVER);
    world.write("sender.yaml", SENDER);
    world
}

/// The digest of the text that both have.
#[track_caller]
fn shared(world: &World) -> String {
    let receiver = world.of_port("webhook_secrets", "mapper")["sha256"].clone();
    let sender = world.of_spacelift("webhooks", "Hook")["secret"]["sha256"].clone();
    assert!(receiver.is_string(), "{receiver}");
    assert_eq!(receiver, sender);
    receiver.as_str().unwrap_or_default().to_owned()
}

/// Nothing is to be done, and nothing is done.
#[track_caller]
fn calm(world: &World) {
    world.forget_requests();
    world.plan().exits(0).says("No changes");
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
}

/// Both get the same text, the receiver first; no other credential and no missing one changes that.
#[test]
fn both_ends_get_one_text_the_receiver_first() {
    let mut world = pair();
    let text = "(secret) ${random.signature}, made at apply";
    world.plan().exits(2).says(text).hides("decided");
    world.applied();
    assert_eq!(world.writes(), ["POST /v1/webhooks", "WebhookCreate"]);
    let first = shared(&world);
    calm(&world);
    world.set("SPACEPORT_FINGERPRINT_KEY", "another");
    calm(&world);
    assert_eq!(shared(&world), first);

    // Another project has another text.
    let other = pair();
    other.applied();
    assert_ne!(shared(&other), first);
}

/// The project that we ship signs its webhook.
#[test]
fn the_shipped_project_signs_what_spacelift_sends() {
    let world = World::of("port-config");
    world.applied();
    let digest = world.of_spacelift("webhooks", "Port Webhook")["secret"]["sha256"].clone();
    assert!(digest.is_string());
    let receiver = world.of_port("webhook_secrets", "spacelift_stack_mapper");
    assert_eq!(receiver["sha256"], digest);
    let security = world.of_port("webhooks", "spacelift_stack_mapper")["security"].clone();
    assert_eq!(security["signatureHeaderName"], "X-Signature-256");
    assert_eq!(security["signatureAlgorithm"], "sha256");
    assert_eq!(security["signaturePrefix"], "sha256=");
    calm(&world);
}

/// Whoever of them is rotated, all are, and the receiver comes first.
#[test]
fn rotating_one_rotates_all() {
    let world = pair();
    world.applied();
    let mut seen = shared(&world);
    for (rotated, other) in [
        ("spacelift.webhook.hook", "port.webhook.mapper"),
        ("port.webhook.mapper", "spacelift.webhook.hook"),
    ] {
        world.forget_requests();
        world
            .run(&["plan", "--rotate", rotated])
            .exits(0)
            .says("update, a secret is to be sent anew")
            .says("update, its secret is rotated together with")
            .says(rotated)
            .says(other);
        assert_eq!(world.writes(), [""; 0]);
        world.run(&["apply", "--yes", "--rotate", rotated]).exits(0);
        assert_eq!(world.writes(), BOTH);
        assert_ne!(shared(&world), seen);
        seen = shared(&world);
        calm(&world);
    }
}

/// Somebody new gets the text, so all get one; somebody who leaves changes nothing for the others.
#[test]
fn a_third_one_makes_all_get_a_new_text() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.write("third.yaml", THIRD);
    world.forget_requests();
    world.plan().exits(2).says("rotated together with");
    world.applied();
    // The third may be told at the same time as Spacelift, and neither before Port knows it.
    let writes = world.writes();
    assert_eq!(writes.len(), 3, "{writes:?}");
    assert_eq!(writes[0], BOTH[0]);
    assert_ne!(shared(&world), first);
    assert_eq!(shared(&world), world.secret("THIRD"));
    calm(&world);

    let before = shared(&world);
    world.remove("third.yaml");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["DELETE /v1/organization/secrets/THIRD"]);
    assert_eq!(shared(&world), before);
}

/// What is around a secret is written as a whole in Port, with the secret: so Spacelift gets the
/// new text, too. What is written without it leaves it alone.
#[test]
fn a_text_that_goes_along_goes_to_all() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.edit("receiver.yaml", "title: Mapper", "title: Other");
    world.edit("sender.yaml", "one.example.com", "two.example.com");
    world.forget_requests();
    world.applied();
    assert_eq!(shared(&world), first);

    world.edit(
        "receiver.yaml",
        "    signaturePrefix: sha256=\n",
        "    signaturePrefix: sha256=\n    requestIdentifierPath: .body.id\n",
    );
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), BOTH);
    assert_ne!(shared(&world), first);
    calm(&world);
}

/// An object that is made anew by somebody's mistake, or by us, gets a text, and so do the others.
#[test]
fn one_that_is_created_anew_makes_all_get_a_text() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.port(
        reqwest::Method::DELETE,
        "/v1/webhooks/mapper",
        serde_json::Value::Null,
    );
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["POST /v1/webhooks", "WebhookUpdate"]);
    assert_ne!(shared(&world), first);

    world.edit("receiver.yaml", "identifier: mapper", "identifier: renamed");
    world.edit("receiver.yaml", "kind:", "ref: mapper\nkind:");
    world.applied();
    let receiver = world.of_port("webhook_secrets", "renamed")["sha256"].clone();
    let sender = world.of_spacelift("webhooks", "Hook")["secret"]["sha256"].clone();
    assert!(receiver.is_string());
    assert_eq!(receiver, sender);
}

/// What the receiver reads of the sender comes first: an order that cannot be had is not wanted.
#[test]
fn a_sender_that_its_receiver_reads_comes_first() {
    let world = pair();
    world.edit(
        "receiver.yaml",
        "title: Mapper",
        "title: Mapper\n  description: \"Fed by ${spacelift.webhook.hook.id}\"",
    );
    world.applied();
    assert_eq!(world.writes(), ["WebhookCreate", "POST /v1/webhooks"]);
    shared(&world);
    calm(&world);
}

/// When the receiver is refused, the sender keeps the text that the receiver still has.
#[test]
fn a_sender_waits_for_its_receiver() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.sandbox.fault(
        status(422, When::Before)
            .method("PATCH")
            .path("/v1/webhooks"),
    );
    world.forget_requests();
    world
        .run(&["apply", "--yes", "--rotate", "spacelift.webhook.hook"])
        .exits(4)
        .says("it needs `port.webhook.mapper`");
    assert_eq!(world.writes(), ["PATCH /v1/webhooks/mapper"]);
    assert_eq!(shared(&world), first);

    // What was asked for is still open.
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), BOTH);
    assert_ne!(shared(&world), first);
    calm(&world);
}

/// When the sender is refused, the receiver has a text that nobody signs with: the next run gives
/// both another one.
#[test]
fn a_refused_sender_is_repaired() {
    let world = pair();
    world.applied();
    world
        .sandbox
        .fault(status(400, When::Before).operation("WebhookUpdate"));
    world
        .run(&["apply", "--yes", "--rotate", "port.webhook.mapper"])
        .exits(4);
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), BOTH);
    shared(&world);
    calm(&world);
}

/// Killed at any request of a rotation or of the first apply, with or without effect: the next run
/// gives both one text.
#[test]
fn killed_between_two_the_next_run_repairs_both() {
    for rotates in [true, false] {
        let prepared = || {
            let world = pair();
            if rotates {
                world.applied();
            }
            world.forget_requests();
            world
        };
        let arguments: &[&str] = match rotates {
            true => &["apply", "--yes", "--rotate", "spacelift.webhook.hook"],
            false => &["apply", "--yes"],
        };
        let calm_world = prepared();
        calm_world.run(arguments).exits(0);
        let requests = calm_world.sandbox.requests();
        let first = requests.iter().position(|one| one.write).expect("a write");
        let last = requests.iter().rposition(|one| one.write).expect("a write");
        assert_eq!(last, first + 1, "{requests:#?}");
        for request in first..=last + 1 {
            for after in [false, true] {
                let world = prepared();
                let number = u32::try_from(request).expect("few requests");
                if after {
                    world.sandbox.fault(cut(When::After).skip(number));
                    world.sandbox.fault(held().skip(number + 1));
                } else {
                    world.sandbox.fault(held().skip(number));
                }
                let running = world.start(arguments);
                world.until_faults_have_struck();
                running.kill();
                world.sandbox.clear_faults();

                world.applied();
                let digest = shared(&world);
                calm(&world);
                assert_eq!(shared(&world), digest, "{rotates} {request} {after}");
            }
        }
    }
}

/// `--target` takes all along that share a text that is sent, and no one when none is.
#[test]
fn a_target_takes_along_who_shares_its_text() {
    let world = pair();
    world.write("third.yaml", THIRD);
    let target = ["--target", "port.webhook.mapper"];
    world
        .run(&["plan", target[0], target[1]])
        .exits(0)
        .says("`spacelift.webhook.hook` comes along")
        .says("`port.secret.THIRD` comes along");
    world
        .run(&["apply", "--yes", target[0], target[1]])
        .exits(0);
    assert_eq!(shared(&world), world.secret("THIRD"));
    calm(&world);

    world.edit("receiver.yaml", "title: Mapper", "title: Other");
    world.edit("sender.yaml", "one.example.com", "two.example.com");
    world.forget_requests();
    world
        .run(&["apply", "--yes", target[0], target[1]])
        .exits(0)
        .hides("comes along");
    assert_eq!(world.writes(), [BOTH[0]]);
}

/// The text is nowhere but in the services: in no output, log or ledger.
#[test]
fn the_text_is_in_no_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        data: Some(folder.path().join("sandbox")),
        ..Options::default()
    };
    let world = shared_in(World::new()).elsewhere(options);
    let mut runs: Vec<Ran> = vec![world.run(&["apply", "--yes", "-vvv"]).exits(0)];
    let mut texts = vec![text(&world, folder.path())];
    // Refused by a service that repeats what it was sent, and then sent anew.
    world.sandbox.fault(
        status(422, When::Before)
            .method("PATCH")
            .path("/v1/webhooks"),
    );
    let rotate = ["apply", "--yes", "-vvv", "--rotate", "port.webhook.mapper"];
    runs.push(world.run(&rotate).exits(4));
    runs.push(world.run(&["apply", "--yes", "-vvv"]).exits(0));
    texts.push(text(&world, folder.path()));
    runs.push(world.run(&["plan", "-vvv"]).exits(0));
    assert_ne!(texts[0], texts[1]);
    let ledger = world.read("ledger.json");
    for text in texts {
        assert!(!ledger.contains(&text));
        runs.iter()
            .for_each(|ran| assert!(!ran.out.contains(&text) && !ran.err.contains(&text)));
    }
}

/// The shared text, found in what the sandbox keeps by its digest.
fn text(world: &World, folder: &std::path::Path) -> String {
    let digest = shared(world);
    let kept = std::fs::read_to_string(folder.join("sandbox/spacelift.json")).expect("it is kept");
    let mut words = kept.split('"');
    let found = words.find(|word| sha256(word) == digest);
    let found = found.expect("the sandbox keeps the text");
    assert_eq!(found.len(), 64, "32 bytes");
    found.to_owned()
}

/// Another credential writes what a new fingerprint needs: neither what we made nor a seed.
#[test]
fn another_credential_sends_neither_what_we_made_nor_a_seed() {
    let mut world = pair();
    world.set("FIRST", "canary-a");
    world.set("SEED", "canary-s");
    world.write("first.yaml", &secret("FIRST_KEY", "FIRST"));
    let seed = secret("SEED_KEY", "SEED") + "lifecycle: { seed: true }\n";
    world.write("seed.yaml", &seed);
    world.applied();
    let digest = shared(&world);
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-key");
    world.set("SEED", "canary-other");
    world.forget_requests();
    world
        .plan()
        .exits(0)
        .says("1 secret is decided at apply")
        .hides("port.webhook");
    world.applied().hides("canary");
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/FIRST_KEY"]);
    assert_eq!(shared(&world), digest);
    assert_eq!(world.secret("SEED_KEY"), sha256("canary-s"));
    calm(&world);

    // And without any secret in the environment.
    world.unset("FIRST");
    world.unset("SEED");
    calm(&world);
    assert_eq!(shared(&world), digest);
}

/// Another name is another text, also for those who shared one before.
#[test]
fn a_name_of_its_own_is_a_text_of_its_own() {
    let world = pair();
    world.write("third.yaml", THIRD);
    world.applied();
    let first = shared(&world);
    world.edit("third.yaml", "random.signature", "random.third");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/THIRD"]);
    assert_eq!(shared(&world), first);
    assert_ne!(world.secret("THIRD"), first);
    calm(&world);

    // From the environment to a text of ours and back.
    let mut world = world;
    world.set("TEXT", "canary-text");
    for (from, to) in [("random.third", "env.TEXT"), ("env.TEXT", "random.third")] {
        let before = world.secret("THIRD");
        world.edit("third.yaml", from, to);
        world.applied().hides("canary");
        assert_ne!(world.secret("THIRD"), before);
        calm(&world);
    }
}

/// A project that lost its ledger adopts what it finds; whether it still shares a text, nobody
/// knows until it is sent again.
#[test]
fn without_its_ledger_nobody_knows_what_is_shared() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.remove("ledger.json");
    world.forget_requests();
    world.plan().exits(0).says("2 secrets are not verified");
    world.applied();
    calm(&world);
    assert_eq!(shared(&world), first);
    world
        .run(&["apply", "--yes", "--rotate-unverified"])
        .exits(0);
    assert_ne!(shared(&world), first);
    calm(&world);
    world.plan().exits(0).hides("not verified");
}

/// The same with the ledger in Port: another machine agrees, a stopped run is repaired, and what
/// lies in the catalog tells nobody the text.
#[test]
fn a_ledger_in_port_knows_who_shares() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        data: Some(folder.path().join("sandbox")),
        ..Options::default()
    };
    let world = shared_in(World::in_port()).elsewhere(options);
    world.applied();
    let first = shared(&world);
    calm(&world);
    assert_eq!(shared(&world), first);
    let ledger = serde_json::to_string(&world.shelf()).expect("JSON");
    assert!(ledger.contains("random.signature"), "{ledger}");
    assert!(!ledger.contains(&text(&world, folder.path())));

    world.sandbox.fault(held().operation("WebhookUpdate"));
    let running = world.start(&["apply", "--yes", "--rotate", "port.webhook.mapper"]);
    world.until_faults_have_struck();
    running.kill();
    world.sandbox.clear_faults();
    let receiver = world.of_port("webhook_secrets", "mapper")["sha256"].clone();
    assert_ne!(receiver, first.as_str());
    world.applied();
    assert_ne!(receiver, shared(&world).as_str());
    calm(&world);
}

/// What a guard refuses gets no text, and then nobody gets one: half of a pair is worse than none.
#[test]
fn who_shares_with_the_refused_is_skipped_too() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    // Somebody else's secret of that name is in the way of the third.
    let theirs = serde_json::json!({
        "secretName": "THIRD", "secretValue": "theirs", "description": "Theirs",
    });
    world.port(reqwest::Method::POST, "/v1/organization/secrets", theirs);
    world.write("third.yaml", THIRD);
    world.forget_requests();
    world.apply().exits(5).says("--adopt port.secret.THIRD");
    world
        .run(&["apply", "--yes", "--skip-refused"])
        .exits(4)
        .says("it shares a text");
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(shared(&world), first);

    world
        .run(&["apply", "--yes", "--adopt", "port.secret.THIRD"])
        .exits(0);
    assert_eq!(shared(&world), world.secret("THIRD"));
    assert_ne!(shared(&world), first);
    calm(&world);
}

/// A move keeps the text.
#[test]
fn one_that_moves_keeps_its_text() {
    let world = pair();
    world.applied();
    let first = shared(&world);
    world.edit("sender.yaml", "ref: hook", "ref: moved");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(shared(&world), first);
    calm(&world);
}

/// A text that we made gives way to one from the environment, and the plan says so beforehand.
#[test]
fn a_text_of_ours_gives_way_to_one_that_is_given() {
    let mut world = pair();
    world.applied();
    let made = shared(&world);
    world.set("SIGNATURE", "given-by-the-environment");
    for file in ["receiver.yaml", "sender.yaml"] {
        world.edit(file, "${random.signature}", "${env.SIGNATURE}");
    }
    world.forget_requests();
    world
        .plan()
        .exits(2)
        .says("2 to update")
        .hides("decided at apply");
    world.applied();
    assert_eq!(world.writes().len(), 2);
    assert_ne!(shared(&world), made);
    assert_eq!(shared(&world), sha256("given-by-the-environment"));
    calm(&world);
}
