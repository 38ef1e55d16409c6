//! A canary in every place that bears a secret, and every command in every format: none sings.

use serde_json::json;

use crate::world::World;

const OBJECTS: &str = "\
kind: port.secret
spec: { secretName: A, secretValue: \"${env.A}\" }
---
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  mappings: []
  security: { secret: \"${env.B}\", signatureHeaderName: X-Signature, signatureAlgorithm: sha1 }
---
kind: port.action
spec:
  identifier: call
  title: Call
  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {}, required: [] } }
  invocationMethod:
    type: WEBHOOK
    url: https://bob:canary-in-a-url@example.org/
    headers: { Authorization: Bearer canary-in-a-header, X-Api-Key: canary-in-another }
---
kind: spacelift.webhook
spec:
  name: Hook
  endpoint: \"${port.webhook.mapper.url}\"
  space: root
  secret: \"${env.C}\"
  secretHeaders: { X-One: \"${env.D}\" }
---
kind: spacelift.stack_webhook
ref: stack
spec: { stack: network, endpoint: \"https://hooks.example.com/in\", secret: \"${env.E}\" }
";

/// What an action is run with, and what its backend answers, may be as secret.
const RUN: &str = "\
kind: port.action
spec:
  identifier: refresh
  title: Refresh
  trigger:
    type: self-service
    operation: CREATE
    userInputs:
      properties: { password: { type: string, title: Password, encryption: fernet } }
      required: [password]
  invocationMethod:
    type: WEBHOOK
    url: \"${spacelift.graphql_url}\"
    synchronized: true
    body:
      query: \"mutation ($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }\"
      variables: { id: \"{{ .secrets.ID }}\", secret: \"{{ .secrets.KEY }}\" }
---
kind: port.secret
spec: { secretName: ID, secretValue: \"${env.SPACELIFT_RUNTIME_KEY_ID}\" }
---
kind: port.secret
spec: { secretName: KEY, secretValue: \"${env.SPACELIFT_RUNTIME_KEY_SECRET}\" }
";

const FORMATS: [&str; 4] = ["human", "json", "markdown", "github"];

/// The tools' own credentials count as well, and the addresses that let anybody post events.
fn world() -> World {
    let mut world = World::new();
    world.spacelift(
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }",
        json!({"input": {
            "name": "network", "branch": "main", "repository": "infra", "administrative": false, "space": "root",
        }}),
    );
    for name in ["A", "B", "C", "D", "E"] {
        world.set(name, &format!("canary-of-{name}"));
    }
    let summary = world.path("summary.md").display().to_string();
    world.set("GITHUB_STEP_SUMMARY", &summary);
    world.write("objects.yaml", OBJECTS);
    world
}

/// Runs a command; whatever it says or writes, no canary is in it.
fn silent(world: &World, arguments: &[&str], codes: &[i32]) {
    let ran = world.run(arguments);
    let said = |text: &str| format!("{arguments:?} says `{text}`\n{}\n{}", ran.out, ran.err);
    assert!(
        codes.contains(&ran.code.expect("it ended")),
        "{}",
        said("nothing good")
    );
    let key = world.of_port("webhooks", "mapper")["webhookKey"].clone();
    let key = key.as_str().unwrap_or("none yet");
    // Every token begins with the last one.
    for canary in ["canary", key, spaceport::sandbox::KEY_SECRET, "eyJ"] {
        assert!(!ran.out.contains(canary), "{}", said(canary));
        assert!(!ran.err.contains(canary), "{}", said(canary));
    }
}

fn everything(world: &World) {
    for format in FORMATS {
        for command in ["validate", "plan", "drift"] {
            silent(world, &["-vvv", command, "--format", format], &[0, 2]);
        }
    }
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| elsewhere.path().join(name).display().to_string();
    silent(world, &["-vvv", "plan", "--out", &file("plan.json")], &[0]);
    for format in FORMATS {
        silent(
            world,
            &["show", &file("plan.json"), "--format", format],
            &[0],
        );
    }
    silent(world, &["-vvv", "snapshot"], &[0]);
    silent(world, &["snapshot", "--out", &file("snapshot.json")], &[0]);
    for format in FORMATS {
        let words = ["plan", "--live", &file("snapshot.json"), "--format", format];
        silent(world, &words, &[0]);
    }
    silent(world, &["-vvv", "export", "*", "--with-references"], &[0]);
    for words in [&["graph"][..], &["graph", "--format", "dot"], &["doctor"]] {
        silent(world, words, &[0]);
    }
    for name in ["plan.json", "snapshot.json"] {
        let text = std::fs::read_to_string(file(name)).expect("it was written");
        assert!(!text.contains("canary"), "{name}: {text}");
    }
    for name in ["ledger.json", "summary.md"] {
        let path = world.path(name);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(!text.contains("canary"), "{name}: {text}");
    }
}

#[test]
fn no_format_of_any_command_shows_a_secret() {
    let mut world = world();
    // Before anything is there, when all of it is, and when all of it is another text by now.
    for format in FORMATS {
        silent(&world, &["-vvv", "plan", "--format", format], &[0]);
    }
    silent(
        &world,
        &["-vvv", "apply", "--yes", "--format", "json"],
        &[0],
    );
    everything(&world);
    for name in ["A", "B", "C", "D", "E"] {
        world.set(name, &format!("canary-anew-of-{name}"));
    }
    world.edit("objects.yaml", "title: Call", "title: Called");
    world.edit("objects.yaml", "canary-in-a-header", "canary-in-it-anew");
    everything(&world);
    for format in ["human", "markdown", "github"] {
        silent(
            &world,
            &["-vvv", "apply", "--yes", "--format", format],
            &[0],
        );
        world.edit("objects.yaml", "title: Call", "title: Call-");
    }
    // Whatever goes wrong.
    world.write(
        "broken.yaml",
        "kind: port.secret\nspec: { secretName: B, secretValue: canary-literal, x: 1 }\n",
    );
    for format in FORMATS {
        silent(&world, &["-vvv", "validate", "--format", format], &[3]);
        silent(&world, &["-vvv", "plan", "--format", format], &[3]);
    }
}

#[test]
fn a_run_shows_neither_its_inputs_nor_what_its_backend_answered() {
    let world = world();
    world.write("run.yaml", RUN);
    silent(&world, &["apply", "--yes"], &[0]);
    for format in ["human", "json"] {
        let run = [
            "-vvv",
            "run",
            "refresh",
            "-i",
            "password=canary",
            "--format",
            format,
        ];
        silent(&world, &[&run[..], &["--follow"]].concat(), &[0]);
        silent(&world, &run, &[0]);
        // Refused, and quoted by whoever refuses.
        for wrong in [
            "pasword=canary",
            "password:=[\"canary\"]",
            "password:=canary",
            "canary",
        ] {
            silent(
                &world,
                &["run", "refresh", "-i", wrong, "--format", format],
                &[64],
            );
        }
    }
    let state = world.state();
    let runs = state["port"]["runs"].as_object().into_iter().flatten();
    let ids: Vec<&String> = runs.map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 4);
    for id in ids {
        silent(&world, &["-vvv", "run", "follow", id], &[0]);
        silent(
            &world,
            &["-vvv", "run", "follow", id, "--format", "json"],
            &[0],
        );
    }
}
