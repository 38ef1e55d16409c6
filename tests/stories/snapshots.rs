//! Planning from a snapshot: without credentials, and exactly what a plan says that asks the
//! services.

use std::fs;
use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::When;

use crate::world::{Ran, World, binary, blueprint, held, policy, ran, status};

const SNAPSHOT: &str = ".snapshot.json";

/// Takes a snapshot, which writes nothing to a service.
#[track_caller]
fn taken(world: &World, arguments: &[&str]) -> PathBuf {
    let file = world.path(SNAPSHOT);
    let path = file.to_str().expect("a text").to_owned();
    let all = [arguments, &["snapshot", "--out", &path]].concat();
    world.forget_requests();
    world.run(&all).exits(0);
    assert_eq!(world.writes(), [""; 0]);
    file
}

/// A plan from the snapshot with nothing in the environment.
fn offline(world: &World, arguments: &[&str]) -> Ran {
    let file = world.path(SNAPSHOT);
    let mut command = binary();
    command.arg("-C").arg(world.root());
    command.args(arguments).arg("--live").arg(file);
    ran(command.output().expect("the binary runs"))
}

/// The plan from a snapshot that was taken before is the one that asks the services.
#[track_caller]
fn same(world: &World, arguments: &[&str]) -> Ran {
    // Ages are told in minutes, and one may end between two runs.
    let before = world.run(arguments);
    world.forget_requests();
    let found = offline(world, arguments);
    assert!(world.sandbox.requests().is_empty());
    let after = world.run(arguments);
    let all = [&before, &after].map(|ran| (ran.code, ran.out.as_str()));
    assert!(
        all.contains(&(found.code, &found.out)),
        "--- online\n{}\n--- offline\n{}{}",
        before.out,
        found.out,
        found.err
    );
    assert!(found.out.lines().count() > 3, "{}", found.out);
    found
}

/// The same, at every verbosity and from a snapshot of now.
#[track_caller]
fn alike(world: &World) -> Ran {
    taken(world, &[]);
    same(world, &["plan", "-vv"]);
    same(world, &["plan", "--format", "markdown"]);
    same(world, &["plan", "--detailed-exitcode"])
}

/// A machine that has no text of a secret.
fn without_secrets(mut world: World) -> World {
    world.unset("SPACELIFT_RUNTIME_KEY_ID");
    world.unset("SPACELIFT_RUNTIME_KEY_SECRET");
    world
}

/// The guides' wiring from nothing to done, then edits of all sorts, from one snapshot.
#[test]
fn a_plan_from_a_snapshot_is_the_plan() {
    for ledger in ["", "ledger: { file: ledger.json }\n"] {
        let world = World::of("port-config");
        let text = world.read("spaceport.yaml");
        world.write("spaceport.yaml", &format!("{text}{ledger}"));
        world.write("policy.yaml", &policy("extra"));
        world.applied();
        let world = without_secrets(world);
        alike(&world).exits(0).says("No changes");

        // All that follows is planned from one snapshot, as the branches of a day are.
        world.edit("blueprint.yaml", "title:", "title: New");
        same(&world, &["plan", "--detailed-exitcode"]).exits(2);
        world.remove("policy.yaml");
        same(&world, &["plan", "--detailed-exitcode"])
            .exits(2)
            .says("spacelift.policy.extra");
        world.write("other.yaml", &blueprint("other", "Other"));
        let targeted = ["plan", "-v", "--target", "port.blueprint.other"];
        same(&world, &targeted).exits(0);
        same(&world, &["plan", "-vv"]).says("port.blueprint.other");
    }
}

/// Before the first apply nothing is there, and texts that are to be made are not missed.
#[test]
fn a_bootstrap_is_planned_from_a_snapshot() {
    let world = without_secrets(World::of("port-config"));
    alike(&world).exits(2).says("port.secret.SPACELIFT_TOKEN");
    let world = World::of("port-config");
    world.applied();
    // Texts of secrets on the machine that plans from a snapshot are not looked at.
    taken(&world, &[]);
    let file = world.path(SNAPSHOT);
    let file = file.to_str().expect("a text");
    let bare = offline(&world, &["plan"]);
    world.forget_requests();
    let other = world.run(&["plan", "--live", file]);
    assert_eq!((bare.code, bare.out), (other.code, other.out));
    assert!(world.sandbox.requests().is_empty());
}

/// What somebody else made is adopted, or refused, just the same.
#[test]
fn adoption_is_planned_from_a_snapshot() {
    for title in ["Service", "Clicked"] {
        let world = World::new();
        let body = json!({"identifier": "service", "title": title, "schema": {"properties": {
            "language": {"type": "string", "title": "Language"}}, "required": []}});
        world.port(Method::POST, "/v1/blueprints", body);
        world.write("other.yaml", &blueprint("other", "Other"));
        taken(&world, &[]);
        world.write("service.yaml", &blueprint("service", "Service"));
        let found = same(&world, &["plan", "--detailed-exitcode"]);
        match title {
            "Service" => found.exits(2).says("port.blueprint.other"),
            _ => found.exits(5).says("--adopt port.blueprint.service"),
        };
        same(&world, &["plan", "--adopt", "all"]).exits(0);
    }
}

/// The entities of blueprints are counted when the snapshot is taken; of what nobody counted, a
/// loss is refused as well.
#[test]
fn a_loss_of_data_is_refused_from_a_snapshot() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("empty.yaml", &blueprint("empty", "Empty"));
    world.applied();
    for identifier in ["a", "b"] {
        let entity = json!({"identifier": identifier, "properties": {"language": "go"}});
        world.port(Method::POST, "/v1/blueprints/service/entities", entity);
    }
    let stranger = json!({"identifier": "stranger", "title": "S", "schema": {"properties": {
        "label": {"type": "string"}}, "required": []}});
    world.port(Method::POST, "/v1/blueprints", stranger);
    taken(&world, &[]);

    world.edit("service.yaml", "language:", "tongue:");
    world.remove("empty.yaml");
    let refused = "`port.blueprint.service` has 2 entities";
    same(&world, &["plan"]).exits(5).says(refused);
    same(&world, &["plan", "--skip-refused"])
        .exits(5)
        .says(refused);
    let allow = ["plan", "--allow-data-loss", "port.blueprint.service"];
    same(&world, &allow).exits(0);

    world.write("stranger.yaml", &blueprint("stranger", "S"));
    offline(&world, &["plan", "--adopt", "all"])
        .exits(5)
        .says("`port.blueprint.stranger` may have entities, nobody");
}

/// Each environment has its own snapshot, of its own organization.
#[test]
fn environments_have_their_own_snapshots() {
    let world = World::of("examples/two-environments");
    world.run(&["-e", "staging", "apply", "--yes"]).exits(0);
    let world = without_secrets(world);
    for environment in ["staging", "prod"] {
        taken(&world, &["-e", environment]);
        same(&world, &["-e", environment, "plan", "-v"]);
        let other = match environment {
            "staging" => "prod",
            _ => "staging",
        };
        offline(&world, &["-e", other, "plan"])
            .exits(5)
            .says(environment)
            .says(other);
    }
}

/// A snapshot speaks about one project and one world.
#[test]
fn a_snapshot_of_another_world_is_refused() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    taken(&world, &[]);
    same(&world, &["plan"]).exits(0);
    for (from, to) in [
        ("project: stories", "project: tales"),
        ("region: eu", "region: us"),
        ("account: acme", "account: other"),
        ("version: 1", "version: 1\nledger: none"),
        ("spacelift: { account: acme }\n", ""),
    ] {
        world.edit("spaceport.yaml", from, to);
        offline(&world, &["plan"]).exits(5).says("the snapshot");
        match to {
            "" => world.edit(
                "spaceport.yaml",
                "version: 1\n",
                &format!("version: 1\n{from}"),
            ),
            _ => world.edit("spaceport.yaml", to, from),
        }
    }
    offline(&world, &["plan", "--sandbox"])
        .exits(64)
        .says("--sandbox");
    for (text, said) in [
        (None, "cannot be read"),
        (Some(""), "is no snapshot"),
        (Some("[]"), "`formatVersion`"),
        (Some("{\"formatVersion\": 2}"), "its format is 2"),
        (Some("{\"formatVersion\": 1}"), "is no snapshot"),
    ] {
        let file = world.path(SNAPSHOT);
        match text {
            Some(text) => fs::write(&file, text).expect("it can be written"),
            None => fs::remove_file(&file).expect("it is there"),
        }
        offline(&world, &["plan"])
            .exits(1)
            .says(said)
            .says("spaceport snapshot");
    }
}

/// Snapshots of the embedded sandbox are planned from like any other; there is no file of the
/// project that a snapshot could become.
#[test]
fn a_snapshot_of_the_embedded_sandbox() {
    let world = World::of("examples/pull-requests");
    let file = world.path(".snapshot.json");
    let file = file.to_str().expect("a text");
    world.run(&["apply", "--sandbox", "--yes"]).exits(0);
    world
        .run(&["snapshot", "--sandbox", "--out", file])
        .exits(0);
    world.edit("service.yaml", "title: ", "title: New ");
    let before = world.run(&["plan", "--sandbox"]).exits(0);
    let found = offline(&world, &["plan"]).says("in the embedded sandbox");
    let after = world.run(&["plan", "--sandbox"]);
    assert!(
        [before.out, after.out].contains(&found.out),
        "{}",
        found.out
    );
    let inside = world.path("snapshot.json");
    let inside = inside.to_str().expect("a text");
    world
        .run(&["snapshot", "--sandbox", "--out", inside])
        .exits(64)
        .says("outside of the project");
    assert!(world.sandbox.requests().is_empty());
}

/// Permissions are in no list: those of the project's actions are in the snapshot, and of others a
/// plan says that they are not.
#[test]
fn what_was_not_asked_for_is_not_made_up() {
    let world = World::new();
    let action = |name: &str| {
        format!(
            "kind: port.action\nspec:\n  identifier: {name}\n  title: A\n  trigger: {{ type: self-service, operation: CREATE, userInputs: {{ properties: {{}} }} }}\n  invocationMethod: {{ type: WEBHOOK, url: \"https://example.com/x\" }}\n"
        )
    };
    let permissions = |name: &str| {
        format!(
            "kind: port.action_permissions\nspec: {{ action: {name}, execute: {{ roles: [Admin] }} }}\n"
        )
    };
    world.write("a.yaml", &action("ours"));
    world.write("b.yaml", &action("theirs"));
    world.applied();
    world
        .run(&["forget", "--yes", "port.action.theirs"])
        .exits(0);
    world.remove("b.yaml");
    taken(&world, &[]);
    world.write("p.yaml", &permissions("ours"));
    same(&world, &["plan", "-v"]).says("port.action_permissions.ours");
    world.write("q.yaml", &permissions("theirs"));
    offline(&world, &["plan"])
        .exits(1)
        .says("port.action_permissions of `theirs`, which neither");
}

/// Stacks are read for a branch that may need their webhooks; a snapshot can do without.
#[test]
fn what_could_not_be_read_is_missed_only_where_it_is_needed() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    let hook = "kind: spacelift.stack_webhook\nref: hook\nspec: { stack: network, endpoint: \"https://hooks.example.com/in\" }\n";
    taken(&world, &[]);
    world.write("hook.yaml", hook);
    same(&world, &["plan"]).says("spacelift.stack_webhook.hook");
    world.remove("hook.yaml");

    world
        .sandbox
        .fault(status(400, When::Before).operation("stacks").forever());
    taken(&world, &[]);
    same(&world, &["plan"]).exits(0);
    world.sandbox.clear_faults();
    world.write("hook.yaml", hook);
    offline(&world, &["plan"])
        .exits(1)
        .says("`spacelift.stack_webhook` objects, which were not read");
}

/// An apply that was killed left word of what it was doing; a branch is planned as if asked.
#[test]
fn what_a_killed_apply_left_is_in_a_snapshot() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("policy.yaml", &policy("notify"));
    world.sandbox.fault(held().operation("PolicyCreate"));
    let running = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    running.kill();
    world.sandbox.clear_faults();
    alike(&world).exits(2).says("spacelift.policy.notify");
    let text = fs::read_to_string(world.path(SNAPSHOT)).expect("a text");
    let snapshot: Value = serde_json::from_str(&text).expect("JSON");
    let creates = &snapshot["ledger"]["intent"]["creates"];
    assert!(
        creates.as_array().is_some_and(|all| !all.is_empty()),
        "{snapshot}"
    );
}

const SECRETIVE: &str = r#"
kind: port.webhook
ref: mapper
spec: { identifier: mapper, title: Mapper, mappings: [] }
---
kind: port.secret
spec: { secretName: FROM_ENV, secretValue: "${env.CANARY}" }
---
kind: port.secret
spec: { secretName: LITERAL, secretValue: canary-literal }
---
kind: port.secret
spec: { secretName: URL, secretValue: "see ${port.webhook.mapper.url}" }
---
kind: spacelift.webhook
ref: hook
spec:
  name: Hook
  endpoint: "${port.webhook.mapper.url}"
  space: root
  secret: "${env.CANARY}"
  secretHeaders: { X-Key: "${env.CANARY}" }
---
kind: spacelift.stack_webhook
ref: network
spec: { stack: network, endpoint: "${port.webhook.mapper.url}", secret: "${random.shared}" }
---
kind: spacelift.webhook
ref: other
spec:
  name: Other
  endpoint: "https://ann:canary-userinfo@example.com/x"
  space: root
  secret: "${random.shared}"
---
kind: port.action
ref: call
spec:
  identifier: call
  title: Call
  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {} } }
  invocationMethod:
    type: WEBHOOK
    url: "https://example.com/x"
    headers: { Authorization: "Bearer canary-header", X-Trace: plain }
"#;

/// A wiring with something secret in every place that can hold it, applied.
fn secretive() -> World {
    let mut world = World::new();
    world.spacelift(
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }",
        json!({"input": {
            "name": "network", "branch": "main", "repository": "infra", "administrative": false, "space": "root",
        }}),
    );
    world.set("CANARY", "canary-env");
    world.write("all.yaml", SECRETIVE);
    world.applied();
    // What others keep there is nobody's business either.
    world.port(
        Method::POST,
        "/v1/actions",
        json!({"identifier": "foreign", "title": "Foreign",
            "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
            "invocationMethod": {"type": "WEBHOOK", "url": "https://bob:canary-foreign@example.com/x",
                "headers": {"X-Api-Key": "canary-key", "Cookie": "canary-cookie"}}}),
    );
    world.port(
        Method::POST,
        "/v1/webhooks",
        json!({"identifier": "foreign", "title": "Foreign", "enabled": true,
            "security": {"secret": "canary-security"}}),
    );
    world.unset("CANARY");
    without_secrets(world)
}

/// Nothing in the file is of use to who finds it, whatever is set where it is taken.
#[test]
fn a_snapshot_holds_no_secret() {
    let mut world = secretive();
    let mut secrets: Vec<String> = ["canary", "sandbox-secret"].map(String::from).into();
    let webhooks = world.state()["port"]["webhooks"].clone();
    for webhook in webhooks.as_object().expect("webhooks").values() {
        let key = webhook["webhookKey"].as_str().expect("a key");
        assert!(key.len() >= 8);
        secrets.push(key.to_owned());
    }
    let ledger = world.ledger();
    secrets.push(ledger["salt"].as_str().expect("a salt").to_owned());
    let addr = |name: &str| ledger["entries"][name].clone();
    for (name, at) in [
        ("port.secret.FROM_ENV", "/secretValue"),
        ("port.secret.LITERAL", "/secretValue"),
        ("spacelift.webhook.other", "/secret"),
    ] {
        let made = addr(name)["fingerprints"][at][0].clone();
        for part in ["mac", "key_id"] {
            let part = made[part].as_str().expect("a text").to_owned();
            if !part.starts_with("random.") {
                secrets.push(part);
            }
        }
    }
    // A digest of a header would tell a short one.
    let headers =
        addr("port.action.call")["digests"]["/invocationMethod/headers/Authorization"].clone();
    secrets.push(headers.as_str().expect("a digest").to_owned());
    for set in [false, true] {
        if set {
            world.set("CANARY", "canary-env");
        }
        let text = fs::read_to_string(taken(&world, &[])).expect("a text");
        let printed = world.run(&["snapshot"]).exits(0);
        for text in [&text, &printed.out, &printed.err] {
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{secret}\n{text}");
            }
        }
        let snapshot: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(snapshot["formatVersion"], 1);
    }
}

/// What is hidden in a snapshot is compared and shown as if it were not.
#[test]
fn hidden_texts_make_no_difference() {
    let world = secretive();
    alike(&world).exits(0).says("No changes");
    // Under another key nobody can compare.
    let mut world = world;
    world.set("SPACEPORT_FINGERPRINT_KEY", "another");
    alike(&world).exits(0).says("decided at apply");
    world.unset("SPACEPORT_FINGERPRINT_KEY");
    taken(&world, &[]);
    let edits = [
        ("Bearer canary-header", "Bearer canary-renewed"),
        ("ann:canary-userinfo@", "ann:canary-changed@"),
        (
            "${port.webhook.mapper.url}\"\n  space",
            "https://example.com/y\"\n  space",
        ),
        ("canary-literal", "canary-other"),
        ("see ${port", "look at ${port"),
        ("X-Trace: plain", "X-Trace: changed"),
    ];
    for (from, to) in edits {
        world.edit("all.yaml", from, to);
        same(&world, &["plan", "--detailed-exitcode", "-vv"])
            .exits(2)
            .hides("canary");
    }
    // The URL itself, pasted into the project.
    let url = world.of_port("webhooks", "mapper")["url"].clone();
    let url = url.as_str().expect("a text");
    world.write("all.yaml", SECRETIVE);
    world.edit(
        "all.yaml",
        "endpoint: \"${port.webhook.mapper.url}\"\n",
        &format!("endpoint: \"{url}\"\n"),
    );
    same(&world, &["plan", "-vv"]).exits(0).hides(url);
    world.remove("all.yaml");
    world.write("service.yaml", &blueprint("service", "Service"));
    same(&world, &["plan", "-vv", "--allow-deletes", "99"]).hides("canary");
}

/// Of a text that is nobody's business and that the project did not hold, only its own equals are
/// known: a branch that brings it in is shown a difference rather than nothing.
#[test]
fn a_hidden_text_that_a_branch_brings_in_counts_as_another() {
    let world = secretive();
    taken(&world, &[]);
    let action = "kind: port.action\nspec:\n  identifier: foreign\n  title: Foreign\n  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {} } }\n  invocationMethod:\n    type: WEBHOOK\n    url: \"https://bob:canary-foreign@example.com/x\"\n    headers: { X-Api-Key: canary-key, Cookie: canary-cookie }\n";
    world.write("foreign.yaml", action);
    world.run(&["plan"]).exits(0);
    offline(&world, &["plan"])
        .exits(5)
        .says("X-Api-Key")
        .hides("canary");
    // A snapshot of a project that has it knows better.
    alike(&world).exits(0);
}

/// Digests of the last apply fit what is live, or what the project wants still, just as they do
/// without a snapshot.
#[test]
fn digests_follow_what_is_hidden() {
    let world = secretive();
    let before = world.ledger();
    let of = |ledger: &Value, addr: &str, at: &str| ledger["entries"][addr]["digests"][at].clone();
    let kept = |text: &str| -> Value {
        let snapshot: Value = serde_json::from_str(text).expect("JSON");
        snapshot["ledger"].clone()
    };
    let header = "/invocationMethod/headers/Authorization";
    let places = [
        ("port.action.call", "/title"),
        ("port.action.call", "/invocationMethod/headers/X-Trace"),
        ("port.action.call", header),
        ("spacelift.webhook.hook", "/endpoint"),
    ];
    let first = kept(&fs::read_to_string(taken(&world, &[])).expect("a text"));
    for (addr, at) in places {
        let (before, after) = (of(&before, addr, at), of(&first, addr, at));
        assert!(before.is_string() && after != "", "{addr} {at}");
        let plain = at == "/title" || at.ends_with("X-Trace");
        assert_eq!(before == after, plain, "{addr} {at}");
    }
    // Somebody changes both in the service: the project wants what was applied.
    let action = world.of_port("actions", "call");
    let mut body = json!({});
    for key in ["identifier", "title", "trigger", "invocationMethod"] {
        body[key] = action[key].clone();
    }
    body["invocationMethod"]["headers"]["Authorization"] = json!("Bearer canary-clicked");
    world.port(Method::PUT, "/v1/actions/call", body);
    let second = kept(&fs::read_to_string(taken(&world, &[])).expect("a text"));
    let (addr, at) = places[2];
    assert_eq!(
        of(&second, addr, at),
        of(&before, addr, at),
        "it stands in the project"
    );
    let drifted = format!("drifted: {header}");
    same(&world, &["plan", "-vv"])
        .says(&drifted)
        .hides("canary");
    // Nor does the project want it any more: nobody may guess what it was.
    world.edit("all.yaml", "Bearer canary-header", "Bearer canary-renewed");
    let third = kept(&fs::read_to_string(taken(&world, &[])).expect("a text"));
    assert_eq!(of(&third, addr, at), "");
    let both = format!("drifted and edited: {header}");
    same(&world, &["plan", "-vv"]).says(&both).hides("canary");
}

/// A moved object and somebody's edit are seen just the same.
#[test]
fn the_ledger_is_believed_from_a_snapshot() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("policy.yaml", &policy("notify"));
    world.applied();
    let changed = json!({"title": "Clicked"});
    world.port(Method::PATCH, "/v1/blueprints/service", changed);
    taken(&world, &[]);
    world.edit("policy.yaml", "kind:", "ref: moved\nkind:");
    same(&world, &["plan", "-v"]).exits(0).says("Clicked");
}
