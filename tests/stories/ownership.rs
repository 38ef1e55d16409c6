//! What is ours stays ours, and nothing else becomes ours: failed creates, other addresses, other
//! identifiers, protection, and secrets that nobody can compare.

use reqwest::Method;
use serde_json::json;
use spaceport::sandbox::When;

use crate::world::{World, blueprint, cut, policy, secret, sha256, status};

/// A create that was refused is struck from the intents: what somebody else makes there later is
/// not ours.
#[test]
fn a_refused_create_claims_nothing() {
    let world = World::new();
    world.write("a.yaml", &blueprint("service", "Service"));
    world.sandbox.fault(
        status(422, When::Before)
            .method("POST")
            .path("/v1/blueprints"),
    );
    world.apply().exits(4);
    let body = json!({"identifier": "service", "title": "Theirs", "schema": {"properties": {}}});
    world.port(Method::POST, "/v1/blueprints", body);
    world.forget_requests();
    world
        .apply()
        .exits(5)
        .says("--adopt port.blueprint.service");
    assert_eq!(world.writes(), [""; 0]);
}

/// A limited apply does not forget what an earlier run left open elsewhere.
#[test]
fn a_limited_apply_keeps_the_intents_of_others() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.write("b.yaml", &blueprint("b", "B"));
    world.applied();
    // As a run leaves it that is killed between the create and the ledger.
    let mut ledger = world.ledger();
    ledger["entries"]
        .as_object_mut()
        .unwrap()
        .remove("port.blueprint.b");
    ledger["intent"] = json!({"creates": ["port.blueprint.b"], "sends": {}});
    world.write("ledger.json", &ledger.to_string());
    world.edit("a.yaml", "title: A", "title: Again");
    world
        .run(&["apply", "--yes", "--target", "port.blueprint.a"])
        .exits(0);
    world.applied();
    assert!(world.entry("port.blueprint.b").get("adopted").is_none());
    assert!(world.ledger().get("intent").is_none());
}

/// Secrets of a create that was stopped are sent once more, because nobody knows what arrived.
#[test]
fn secrets_of_a_stopped_create_are_sent_again() {
    let mut world = World::new();
    world.set("TEXT", "first");
    world.write("s.yaml", &secret("TOKEN", "TEXT"));
    world.applied();
    let mut ledger = world.ledger();
    ledger["entries"] = json!({});
    ledger["intent"] = json!({"creates": ["port.secret.TOKEN"], "sends": {}});
    world.write("ledger.json", &ledger.to_string());
    world.set("TEXT", "second");
    world.applied();
    assert_eq!(world.secret("TOKEN"), sha256("second"));
    world.forget_requests();
    world.apply().exits(0).says("No changes");
    assert_eq!(world.writes(), [""; 0]);
}

/// The same object under another address stays ours, and is deleted when it leaves.
#[test]
fn another_address_is_the_same_object() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    world.edit("gate.yaml", "spec:", "ref: door\nspec:");
    world.edit("gate.yaml", "sample := true", "sample := false");
    world.applied();
    assert!(world.entry("spacelift.policy.gate").is_null());
    assert!(
        world
            .entry("spacelift.policy.door")
            .get("adopted")
            .is_none()
    );
    world.remove("gate.yaml");
    world.applied();
    assert!(world.of_spacelift("policies", "Gate").is_null());
}

/// A new object does not take over the one that is about to be renamed.
#[test]
fn a_freed_name_is_not_mistaken_for_its_old_owner() {
    let world = World::new();
    world.write("gate.yaml", &format!("ref: one\n{}", policy("Gate")));
    world.applied();
    world.edit("gate.yaml", "name: Gate", "name: Door");
    world.write("new.yaml", &format!("ref: two\n{}", policy("Gate")));
    world
        .plan()
        .exits(2)
        .says("1 to create, 1 to update, 0 to delete");
}

/// Another identifier under the same `ref` renames the object, so that none is left behind.
#[test]
fn another_identifier_leaves_no_object_behind() {
    let world = World::new();
    world.write(
        "a.yaml",
        &format!("ref: service\n{}", blueprint("old", "Service")),
    );
    world.applied();
    world.edit("a.yaml", "identifier: old", "identifier: new");
    world.plan().exits(2).says("1 to update");
    world.applied();
    assert!(world.of_port("blueprints", "old").is_null());
    assert!(!world.of_port("blueprints", "new").is_null());
}

/// An id from the ledger that belongs to an object of another name is not deleted.
#[test]
fn an_object_that_was_renamed_by_hand_is_not_deleted() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    let rename = "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }";
    let input = json!({"name": "Theirs", "body": "package spacelift\n", "engineType": "REGO_V1", "space": "root"});
    world.spacelift(rename, json!({"id": "gate", "input": input}));
    world.remove("gate.yaml");
    world.apply().exits(0).says("left alone");
    assert!(!world.of_spacelift("policies", "Theirs").is_null());
}

/// Protection alone is a change of the ledger: given later it counts, and it can be lifted.
#[test]
fn protection_comes_and_goes_without_other_changes() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("a.yaml", &blueprint("a", "A"));
    world.applied();
    let document = world.read("a.yaml");
    world.write(
        "a.yaml",
        &format!("{document}lifecycle: {{ protect: true }}\n"),
    );
    world.apply().exits(0).says("becomes protected");
    world.remove("a.yaml");
    world.apply().exits(5).says("protected");
    world.write("a.yaml", &document);
    world.applied();
    world.remove("a.yaml");
    world.applied();
    assert!(world.of_port("blueprints", "a").is_null());
}

/// A delete waits for the change that no longer needs it.
#[test]
fn a_delete_waits_for_a_failed_update() {
    let world = World::new();
    world.write("space.yaml", &blueprint("space", "Space"));
    let related = format!(
        "{}  relations:\n    space: {{ target: space, required: false, many: false }}\n",
        blueprint("stack", "Stack")
    );
    world.write("stack.yaml", &related);
    world.applied();
    world.remove("space.yaml");
    world.write("stack.yaml", &blueprint("stack", "Stack"));
    world.sandbox.fault(
        status(422, When::Before)
            .method("PUT")
            .path("/v1/blueprints/stack"),
    );
    world
        .apply()
        .exits(4)
        .says("skipped: delete port.blueprint.space");
    assert!(!world.of_port("blueprints", "space").is_null());
    world.applied();
    assert!(world.of_port("blueprints", "space").is_null());
}

/// The key of the fingerprints changes: a plan says that it cannot tell, an apply sends once.
#[test]
fn a_new_fingerprint_key_costs_one_write() {
    let mut world = World::new();
    world.set("TEXT", "same");
    world.write("s.yaml", &secret("TOKEN", "TEXT"));
    world.applied();
    world.set("SPACEPORT_FINGERPRINT_KEY", "another key");
    world.plan().exits(0).says("decided at apply");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/TOKEN"]);
    world.plan().exits(0).hides("decided at apply");
}

/// What nobody can compare is sent when the command line asks for it, and then it is known.
#[test]
fn rotating_sends_a_secret_that_is_not_known() {
    let mut world = World::new();
    world.set("TEXT", "ours");
    world.write("s.yaml", &secret("TOKEN", "TEXT"));
    let theirs = json!({"secretName": "TOKEN", "secretValue": "theirs"});
    world.port(Method::POST, "/v1/organization/secrets", theirs);
    world.applied();
    assert_eq!(world.secret("TOKEN"), sha256("theirs"));
    world
        .run(&["apply", "--yes", "--rotate-unverified"])
        .exits(0);
    assert_eq!(world.secret("TOKEN"), sha256("ours"));
    world.forget_requests();
    world
        .run(&["apply", "--yes", "--rotate", "port.secret.TOKEN"])
        .exits(0);
    assert_eq!(world.writes(), ["PATCH /v1/organization/secrets/TOKEN"]);
    world
        .run(&["plan", "--rotate", "port.secret.TOKE"])
        .exits(64);
}

/// Ids that are made from names are given again: what has neither the name nor our label is not
/// written over, until a person says whose it is. What only lost its name is healed.
#[test]
fn an_id_with_another_name_and_no_label_is_not_believed() {
    for (labelled, code) in [(true, 0), (false, 5)] {
        let world = World::new();
        world.write("gate.yaml", &policy("Gate"));
        world.applied();
        let labels = match labelled {
            true => json!(["spaceport:stories"]),
            false => json!([]),
        };
        let theirs = "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }";
        let input = json!({"name": "Theirs", "body": "package spacelift\n", "labels": labels, "space": "root"});
        world.spacelift(theirs, json!({"id": "gate", "input": input}));
        world.forget_requests();
        let ran = world.apply().exits(code);
        if labelled {
            world.plan().exits(0);
            continue;
        }
        ran.says("--adopt spacelift.policy.gate")
            .says("spaceport forget spacelift.policy.gate");
        assert!(world.writes().is_empty());
        let adopt = ["apply", "--yes", "--adopt", "spacelift.policy.gate"];
        world.run(&adopt).exits(0);
        assert!(world.of_spacelift("policies", "Theirs").is_null());
    }
}

/// Adding a header sends that header, and needs no other text.
#[test]
fn a_new_header_leaves_the_others_alone() {
    let mut world = World::new();
    world.set("ONE", "1");
    world.set("TWO", "2");
    let hook = "kind: spacelift.webhook\nspec:\n  name: Hook\n  endpoint: https://hooks.example/a\n  space: root\n  secretHeaders:\n    X-One: ${env.ONE}\n";
    world.write("hook.yaml", hook);
    world.applied();
    world.unset("ONE");
    world.write("hook.yaml", &format!("{hook}    X-Two: ${{env.TWO}}\n"));
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["HeadersSet"]);
    world.set("ONE", "1");
    world.plan().exits(0);
}

/// A closing look that fails says that much was done, not that nothing was.
#[test]
fn a_lost_closing_look_is_an_incomplete_apply() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.sandbox.fault(
        cut(When::Before)
            .method("GET")
            .path("/v1/blueprints")
            .skip(1)
            .forever(),
    );
    world.apply().exits(4);
}

/// Objects of a service that the project file does not name are told before anything is sent.
#[test]
fn a_service_without_its_section_is_told() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    world.edit("spaceport.yaml", "spacelift: { account: acme }\n", "");
    world.plan().exits(3).says("needs the section `spacelift`");
    assert!(world.sandbox.requests().is_empty());
}

/// A link in the project does not lead the ledger's lock out of it (law 9).
#[cfg(unix)]
#[test]
fn the_lock_follows_no_link() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("made");
    std::os::unix::fs::symlink(&target, world.path("ledger.json.lock")).unwrap();
    world.apply().exits(3).says("outside the project");
    assert!(!target.exists());
}

/// A single object that is not listed is not forgotten while its kind's list is empty.
#[test]
fn an_empty_list_forgets_nothing() {
    let world = World::new();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    let delete = "mutation ($id: ID!) { policyDelete(id: $id) { id } }";
    world.spacelift(delete, json!({"id": "gate"}));
    world.remove("gate.yaml");
    world.apply().exits(5).says("--allow-empty");
    world.run(&["apply", "--yes", "--allow-empty"]).exits(0);
    assert!(world.entry("spacelift.policy.gate").is_null());
}

/// Only blueprints with an underscore are Port's own; a secret of that name can go.
#[test]
fn our_own_underscore_is_deleted() {
    let mut world = World::new();
    world.set("TEXT", "x");
    world.write("other.yaml", &blueprint("other", "Other"));
    world.write("s.yaml", &secret("_OURS", "TEXT"));
    world.applied();
    world.remove("s.yaml");
    world.run(&["apply", "--yes"]).exits(0).says("1 deleted");
    assert!(world.of_port("secrets", "_OURS").is_null());
}

/// What a stopped apply may have made and the project no longer has is told, and stays.
#[test]
fn a_stray_create_is_told() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.write("b.yaml", &blueprint("b", "B"));
    world.applied();
    let mut ledger = world.ledger();
    ledger["entries"]
        .as_object_mut()
        .unwrap()
        .remove("port.blueprint.b");
    ledger["intent"] = json!({"creates": ["port.blueprint.b"], "sends": {}});
    world.write("ledger.json", &ledger.to_string());
    world.remove("b.yaml");
    world
        .plan()
        .exits(0)
        .says("note: `port.blueprint.b` left the project");
    assert!(!world.of_port("blueprints", "b").is_null());
}
