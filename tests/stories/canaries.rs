//! A canary in every place that bears a secret, and every command in every format: none sings.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::world::{World, sha256};

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
---
kind: port.secret
spec: { secretName: R, secretValue: \"${random.shared}\" }
---
kind: port.secret
spec: { secretName: T, secretValue: \"${spacelift.runtime.token}\" }
lifecycle: { seed: true }
";

/// Names the key that the runtime token is minted from.
const RUNTIME: &str = "\
spacelift:
  account: acme
  runtime: { key_id: \"${env.SPACELIFT_RUNTIME_KEY_ID}\", key_secret: \"${env.SPACELIFT_RUNTIME_KEY_SECRET}\" }
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

/// The tools' own credentials and keys count as well, and the addresses that let anybody post
/// events. What makes other programs talkative does not make this one so.
fn world() -> World {
    furnished(World::new())
}

fn furnished(mut world: World) -> World {
    world.spacelift(
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }",
        json!({"input": {
            "name": "network", "branch": "main", "repository": "infra", "administrative": false, "space": "root",
        }}),
    );
    for name in ["A", "B", "C", "D", "E"] {
        world.set(name, &format!("canary-of-{name}"));
    }
    world.set("SPACEPORT_FINGERPRINT_KEY", "canary-for-fingerprints");
    world.set("SPACEPORT_LEDGER_KEY", "canary-for-the-ledger");
    world.set("RUST_LOG", "trace");
    world.set("RUST_BACKTRACE", "full");
    let summary = world.path("summary.md").display().to_string();
    world.set("GITHUB_STEP_SUMMARY", &summary);
    world.edit("spaceport.yaml", "spacelift: { account: acme }\n", RUNTIME);
    world.write("objects.yaml", OBJECTS);
    world
}

/// A text as it is, percent-encoded, in hexadecimal, and in Base64 wherever it stands.
pub fn spellings(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent = bytes.iter().map(|byte| match byte {
        b if b.is_ascii_alphanumeric() => char::from(*b).to_string(),
        b => format!("%{b:02X}"),
    });
    let mut all = vec![text.to_owned(), percent.collect(), hex.to_uppercase(), hex];
    for before in 0..3 {
        let padded = [&vec![0; before], bytes].concat();
        // Digits at the edges hold bits of the neighbours too.
        let sure = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
        all.push(STANDARD_NO_PAD.encode(&padded)[sure.clone()].to_owned());
        all.push(URL_SAFE_NO_PAD.encode(&padded)[sure].to_owned());
    }
    all
}

/// Whether a text holds one of the canaries, one of the tools' own credentials, or a token.
pub fn sings(world: &World, text: &str) -> Option<String> {
    let key = world.of_port("webhooks", "mapper")["webhookKey"].clone();
    let mut canaries = spellings("canary");
    canaries.extend(spellings(spaceport::sandbox::KEY_SECRET));
    canaries.extend(spellings(spaceport::sandbox::CLIENT_SECRET));
    canaries.extend(spellings(key.as_str().unwrap_or("none yet")));
    // Every token begins with it.
    canaries.push("eyJ".to_owned());
    let found = canaries.into_iter().find(|canary| text.contains(canary));
    // What `${random.shared}` became is known by its digest alone.
    let random = world.secret("R");
    let runs = text.split(|c: char| !c.is_ascii_hexdigit());
    let mut runs = runs.filter(|run| run.len() == 64);
    found.or_else(|| {
        runs.find(|run| sha256(run) == random)
            .map(|_| "the random text".to_owned())
    })
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
    for output in [&ran.out, &ran.err] {
        if let Some(canary) = sings(world, output) {
            panic!("{}", said(&canary));
        }
    }
}

/// No file below a folder has a canary in it, but for those that the story wrote.
fn silent_below(world: &World, folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            silent_below(world, &path);
        } else if path.extension().is_none_or(|end| end != "yaml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
            if let Some(canary) = sings(world, &text) {
                panic!("`{canary}` is in {}: {text}", path.display());
            }
        }
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
    silent(world, &["-vvv", "explain", "port.secret"], &[0]);
    silent_below(world, elsewhere.path());
    silent_below(world, world.root());
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

/// The finest log shows what is sent and what comes back, and hides by path what is secret in it.
#[test]
fn the_finest_log_shows_headers_and_bodies_without_what_is_secret() {
    let world = world();
    let ran = world.run(&["-vvv", "apply", "--yes"]).exits(0);
    for text in [
        "authorization: (secret)",
        "content-type: application/json",
        r#"body={"secretName":"A","secretValue":"(secret)"#,
        r#""secret":"(secret)""#,
        r#""Authorization":"(secret)","X-Api-Key":"(secret)""#,
        r#""url":"https://(redacted)@example.org/""#,
        r#"call="POST /v1/auth/access_token""#,
        r#"call="mutation Login""#,
        "body=(secret)",
    ] {
        assert!(ran.err.contains(text), "`{text}` is not in {}", ran.err);
    }
    // Bodies are for the highest level alone.
    let ran = world.run(&["-vv", "plan"]).exits(0);
    assert!(ran.err.contains("/v1/organization/secrets"), "{}", ran.err);
    assert!(!ran.err.contains("body="), "{}", ran.err);
}

/// A ready token in place of a key, and the ledger in Port.
#[test]
fn a_ready_token_and_a_ledger_in_port_show_nothing() {
    let mut world = furnished(World::in_port());
    silent(&world, &["-vvv", "apply", "--yes"], &[0]);
    let token = world.token();
    world.unset("SPACELIFT_API_KEY_ID");
    world.unset("SPACELIFT_API_KEY_SECRET");
    world.set("SPACELIFT_API_TOKEN", &token);
    world.set("A", "canary-anew");
    for words in [&["plan"][..], &["doctor"], &["apply", "--yes"], &["drift"]] {
        let ran = world.run(&[&["-vvv"], words].concat());
        for part in token.split('.') {
            assert!(
                !ran.err.contains(part) && !ran.out.contains(part),
                "{words:?}"
            );
        }
        assert_eq!(sings(&world, &(ran.out + &ran.err)), None, "{words:?}");
    }
    for (id, part) in world.shelf() {
        assert_eq!(sings(&world, &part.to_string()), None, "{id}");
    }
}

/// `--sandbox` reads no secret of the environment, so that none can be in what it keeps.
#[test]
fn the_embedded_sandbox_keeps_nothing_of_the_real_environment() {
    let world = world();
    silent(&world, &["-vvv", "apply", "--yes", "--sandbox"], &[0, 3, 4]);
    assert!(world.path(".spaceport").is_dir());
    for name in ["A", "B", "C", "D", "E"] {
        silent_in(&world.path(".spaceport"), &format!("canary-of-{name}"));
    }
}

fn silent_in(folder: &Path, text: &str) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            silent_in(&path, text);
            continue;
        }
        let kept = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        for spelling in spellings(text) {
            assert!(!kept.contains(&spelling), "{}: {kept}", path.display());
        }
    }
}
