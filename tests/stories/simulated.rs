//! The event path offline: what `simulate` and `test` say of a project, and that what is broken in it is
//! found with its place.
//!
//! Neither needs a service: they run with an environment in which there is none.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::world::{Ran, binary, copy, ran};

/// A copy of the project of the guides.
struct Guides {
    folder: tempfile::TempDir,
}

impl Guides {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("port-config");
        copy(&from, &folder.path().join("p"));
        Guides { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("p")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = binary();
        command.arg("-C").arg(self.root()).args(arguments);
        command.envs(env.iter().copied());
        ran(command.output().expect("the binary runs"))
    }

    /// Replaces a text, which must be there once.
    fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.root().join(path);
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(
            text.matches(from).count(),
            1,
            "{from} in {}",
            path.display()
        );
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("inside")).expect("made");
        fs::write(path, text).expect("written");
    }
}

/// Everything with a place that a command says as JSON: findings, failures, causes.
fn places(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| places(item, found)),
        Json::Object(map) => {
            if let (Some(file), Some(line), Some(column)) = (
                map.get("file").and_then(Json::as_str),
                map.get("line").and_then(Json::as_u64),
                map.get("column").and_then(Json::as_u64),
            ) {
                found.push(format!("{file}:{line}:{column}"));
            }
            map.values().for_each(|value| places(value, found));
        }
        _ => {}
    }
}

/// The line and column where a text begins, and the one where it ends.
fn around(text: &str, part: &str) -> (usize, usize, usize) {
    let at = text.find(part).expect("it is there");
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column, column + part.chars().count())
}

#[test]
fn the_tests_of_the_guides_project_pass() {
    let guides = Guides::new();
    let run = guides.run(&["test"]).exits(0).says("15 tests: passed");
    assert!(!run.out.contains('✗'), "{run:?}");
    guides
        .run(&["test", "--filter", "pull request"])
        .exits(0)
        .says("2 tests: passed");
    guides.run(&["test", "--filter", "no such"]).exits(64);
}

/// One broken character in the mapper's JQ, in the policy, or in the name of a property makes
/// `validate` or `test` fail, and one of them names the very line, within the broken text.
#[test]
fn one_broken_character_is_found_where_it_is() {
    let mapper = "webhook.yaml";
    let policy = "policies/port_webhook_notification.rego";
    let breaks = [
        // The mapper's JQ: other paths, and no JQ any more.
        (
            mapper,
            "state: .body.state\n",
            "state: .body.stale\n",
            ".body.stale",
        ),
        (
            mapper,
            "branch: .body.run.branch",
            "branch: .body.rum.branch",
            ".body.rum.branch",
        ),
        (
            mapper,
            "identifier: .body.stack.id",
            "identifier: .body.stack.ix",
            ".body.stack.ix",
        ),
        (
            mapper,
            "title: .body.stack.name",
            "title: .body.stack.nam",
            ".body.stack.nam",
        ),
        (
            mapper,
            "link: .body.stack.url",
            "link: .body.stack.url)",
            ".body.stack.url)",
        ),
        (
            mapper,
            "label: .body.stack.labels",
            "label: .body.stack|labels",
            ".body.stack|labels",
        ),
        (
            mapper,
            "filter: .body.run.type == ",
            "filter: .body.run.type != ",
            ".body.run.type != \"TRACKED\"",
        ),
        (
            mapper,
            "filter: .body.run.type == ",
            "filter: .body.rum.type == ",
            ".body.rum.type == \"TRACKED\"",
        ),
        // Names of properties, on both sides.
        (
            mapper,
            "branch: .body",
            "brunch: .body",
            "brunch: .body.run.branch",
        ),
        (
            mapper,
            "git_provider: .body",
            "git_provide: .body",
            "git_provide: .body.stack.vcs",
        ),
        ("blueprint.yaml", "      state:\n", "      stale:\n", ""),
        // The policy: no Rego any more, and other rules.
        (
            policy,
            "package spacelift",
            "package spaceleft",
            "package spaceleft",
        ),
        (policy, "contains {", "contain {", "webhook contain {"),
        (
            policy,
            "} if {",
            "} of {",
            "webhook contains {\"endpoint_id\": \"${spacelift.webhook.port.id}\"} of {",
        ),
        (
            policy,
            "run.type ==",
            "run.type =!",
            "input.run_updated.run.type =! \"TRACKED\"",
        ),
        (policy, "input.run_updated.run", "input.run_update.run", ""),
        (policy, "\"TRACKED\"", "\"TRACKEB\"", ""),
        (policy, "{\"endpoint_id\"", "{\"endpoint_ib\"", ""),
    ];
    let wrong: Vec<String> = breaks
        .iter()
        .filter_map(|(file, from, to, broken)| {
            let guides = Guides::new();
            guides.edit(file, from, to);
            let mut said = Vec::new();
            let mut codes = Vec::new();
            for command in ["validate", "test"] {
                let run = guides.run(&[command, "--format", "json"]);
                codes.push(run.code);
                let json: Option<Json> = serde_json::from_str(&run.out).ok();
                json.iter().for_each(|json| places(json, &mut said));
            }
            let text = fs::read_to_string(guides.root().join(file)).expect("a file");
            let (line, first, last) = match broken.is_empty() {
                // It is no error there; what fails is an expectation, which has its place.
                true => (0, 0, 0),
                false => around(&text, broken),
            };
            let there = said.iter().any(|place| {
                let mut parts = place.rsplitn(3, ':');
                let column: usize = parts.next().and_then(|c| c.parse().ok()).unwrap_or(0);
                let row: usize = parts.next().and_then(|l| l.parse().ok()).unwrap_or(0);
                let own = parts.next() == Some(*file) && row == line;
                broken.is_empty() || (own && (first..=last).contains(&column))
            });
            let fails = codes.contains(&Some(3));
            (!there || !fails || said.is_empty()).then(|| {
                format!("{from:?} → {to:?}: {codes:?}, wanted {file}:{line}:{first}, said {said:?}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The signature's secret on one side only, another one, another header: nothing arrives, and it is said
/// why and where.
#[test]
fn a_wrong_signature_is_explained() {
    let wrong = [
        (
            "  secret: \"${random.webhook_signature}\"\n  # Deliveries",
            "  # Deliveries",
            "has no secret to sign with",
        ),
        (
            "  secret: \"${random.webhook_signature}\"\n  # Deliveries",
            "  secret: \"${random.another}\"\n  # Deliveries",
            "signs with another secret",
        ),
        (
            "  secret: \"${random.webhook_signature}\"\n  # Deliveries",
            "  secret: \"${env.SIGNATURE}\"\n  # Deliveries",
            "signs with another secret",
        ),
        (
            "signatureHeaderName: X-Signature-256",
            "signatureHeaderName: X-Hub-Signature-256",
            "Spacelift sends no header `X-Hub-Signature-256`",
        ),
        (
            "signatureAlgorithm: sha256",
            "signatureAlgorithm: sha1",
            "holds sha256, not sha1",
        ),
        (
            "signaturePrefix: sha256=",
            "signaturePrefix: sha1=",
            "writes `sha256=` before the signature",
        ),
    ];
    for (from, to, why) in wrong {
        let guides = Guides::new();
        guides.edit("webhook.yaml", from, to);
        let run = guides.run(&["simulate", "--sample", "finished", "--format", "json"]);
        let run = run.exits(0);
        let json: Json = serde_json::from_str(&run.out).expect("JSON");
        assert_eq!(json["entities"], serde_json::json!([]), "{to}");
        assert!(run.out.contains(why), "{to}: {}", run.out);
        let shown = guides.run(&["simulate", "--sample", "finished"]).exits(0);
        assert!(shown.out.contains("drops it"), "{to}: {}", shown.out);
        assert!(
            shown.out.contains("at webhook.yaml:"),
            "{to}: {}",
            shown.out
        );
        guides.run(&["test"]).exits(3);
    }
}

/// No text of a secret gets into the output, whichever command is asked.
#[test]
fn secrets_of_the_environment_are_not_looked_at() {
    let guides = Guides::new();
    guides.edit(
        "secrets.yaml",
        "secretValue: \"${env.SPACELIFT_RUNTIME_KEY_ID}\"",
        "secretValue: canary-in-the-file",
    );
    let env = [
        ("SPACELIFT_RUNTIME_KEY_ID", "canary-one"),
        ("SPACELIFT_RUNTIME_KEY_SECRET", "canary-two"),
        ("SPACELIFT_API_TOKEN", "canary-three"),
        ("PORT_CLIENT_SECRET", "canary-four"),
    ];
    let action = ["simulate", "--action", "refresh_spacelift_token"];
    let mut runs = vec![vec!["test"], vec!["simulate", "--sample", "finished", "-v"]];
    runs.push(action.to_vec());
    for run in &runs {
        for format in ["human", "json"] {
            let arguments = [&run[..], &["--format", format]].concat();
            let ran = guides.run_with(&arguments, &env);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            assert!(
                !ran.out.contains("canary") && !ran.err.contains("canary"),
                "{ran:?}"
            );
        }
    }
    let shown = guides.run_with(&action, &env);
    assert!(
        shown.out.contains("<secret SPACELIFT_API_KEY_SECRET>"),
        "{shown:?}"
    );
    // A failing test shows values, and none of these.
    guides.edit(
        "tests/actions.yaml",
        "id: <secret SPACELIFT_API_KEY_ID>",
        "id: x",
    );
    let failing = guides.run_with(&["test"], &env).exits(3);
    assert!(!failing.out.contains("canary"), "{failing:?}");
}

/// An event hop by hop, as people see it.
#[test]
fn a_journey_is_calm() {
    let guides = Guides::new();
    let arguments = [
        "simulate",
        "--action",
        "trigger_spacelift_stack",
        "--input",
        "stack=ai-agent",
    ];
    let run = guides.run(&arguments).exits(0);
    assert!(
        run.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        run.out
    );
    insta::assert_snapshot!(run.out, @r#"
    Simulated at 2026-01-01T00:00:00Z; nothing is sent.

    ✓ action port.action.trigger_spacelift_stack is run
      inputs:
        "stack": {
          "identifier": "ai-agent",
          "title": "ai-agent",
          "blueprint": "space_lift_stack"
        }
      ✓ request: POST https://acme.app.spacelift.io/graphql
        headers:
          "Authorization": "Bearer <secret SPACELIFT_TOKEN>",
          "Content-Type": "application/json"
        body:
          "query": "mutation ($stackId: ID!) { runTrigger(stack: … (+91 characters)
          "variables": {
            "stackId": "ai-agent"
          }
        signed: by Port, in `x-port-timestamp` and `x-port-signature`
        synchronous: Port waits for the answer, which becomes `response` of the run

    1 request is sent by Port.
    "#);
    let run = guides.run(&["simulate", "--sample", "proposed"]).exits(0);
    insta::assert_snapshot!(run.out, @r#"
    Simulated at 2026-01-01T00:00:00Z; nothing is sent.

    ✓ event: a proposed run of stack `sample-stack` is FINISHED
      ✗ policy spacelift.policy.notify_port decides
        because no rule is true for this event
          at policies/port_webhook_notification.rego:1:1

    Nothing comes of it.
    "#);
}

/// What failed, as people see it.
#[test]
fn a_failed_test_says_what_came_and_why() {
    let guides = Guides::new();
    guides.edit(
        "webhook.yaml",
        "state: .body.state\n",
        "state: .body.stale\n",
    );
    let run = guides
        .run(&["test", "--filter", "failed is shown"])
        .exits(3);
    insta::assert_snapshot!(run.out, @r#"
    ✗ a tracked run that failed is shown as failed
        tests/runs.yaml:38:28
        `properties/state` of entity `ai-agent` is another
        - expected  + came
        │ - "FAILED"
        │ + null
        because webhook.yaml:26:18: made by .body.stale

    1 test: 0 passed, 1 failed
    "#);
    let run = guides.run(&["test", "--filter", "failed is shown", "--format", "github"]);
    let run = run.exits(3);
    assert!(run.out.starts_with("::error file="), "{}", run.out);
}

#[test]
fn a_project_without_tests_is_told_so() {
    let guides = Guides::new();
    fs::remove_dir_all(guides.root().join("tests")).expect("removed");
    let run = guides.run(&["test"]).exits(0);
    assert!(run.err.contains("has no tests"), "{run:?}");
}

/// Tests are no objects: alone they are an empty project, and a plan has nothing of them.
#[test]
fn tests_are_never_objects() {
    let guides = Guides::new();
    let project = fs::read_to_string(guides.root().join("spaceport.yaml")).expect("a file");
    let alone = tempfile::tempdir().expect("a folder");
    let root = alone.path();
    fs::write(root.join("spaceport.yaml"), project).expect("written");
    fs::write(
        root.join("t.yaml"),
        "kind: test\nname: t\nevent: { internal_error: {} }\nexpect: { nothing: true }\n",
    )
    .expect("written");
    let mut command = binary();
    command.arg("-C").arg(root).arg("validate");
    let run = ran(command.output().expect("the binary runs")).exits(3);
    assert!(run.err.contains("config::empty_project"), "{run:?}");
    let run = guides.run(&["graph"]).exits(0);
    assert!(!run.out.contains("test"), "{run:?}");
    guides.run(&["fmt", "--check"]).exits(0);
    guides.write(
        "extra.yaml",
        "kind: test\nname: x\nevnt: {}\nexpect: { nothing: true }\n",
    );
    let run = guides.run(&["validate"]).exits(3);
    assert!(run.err.contains("did you mean `event`?"), "{run:?}");
}
