//! What vendors' pages print, made documents of a project.

use std::io::Write;
use std::path::Path;

use crate::world::{Ran, World, binary, ran};

/// A run with a text on stdin and no project.
fn add(text: &str, arguments: &[&str]) -> Ran {
    let mut command = binary();
    command.arg("add").args(arguments);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    ran(child.wait_with_output().expect("it ends"))
}

/// Snippets of both services get their frame, from stdin, without any project.
#[test]
fn snippets_become_documents() {
    let text = r#"{"identifier": "run", "title": "Run", "trigger": "CREATE", "userInputs": {"properties": {}},
        "invocationMethod": {"type": "WEBHOOK", "url": "https://x.example.com/{{ .inputs.a }}"}, "createdAt": "now"}"#;
    let ran = add(text, &[]).exits(0).says("old form");
    insta::assert_snapshot!(ran.out, @r#"
    kind: port.action
    spec:
      identifier: run
      title: Run
      trigger:
        type: self-service
        operation: CREATE
        userInputs:
          properties: {}
      invocationMethod:
        type: WEBHOOK
        url: "https://x.example.com/{{ .inputs.a }}"
    "#);
    let scorecard = "blueprint: service\nidentifier: ready\ntitle: Ready\nrules: []\n";
    let ran = add(scorecard, &["-", "--ref", "mine"]).exits(0);
    assert!(
        ran.out
            .starts_with("kind: port.scorecard\nref: mine\nspec:\n"),
        "{}",
        ran.out
    );
}

/// Texts of secrets and literal credentials are never printed.
#[test]
fn secrets_become_variables() {
    let text = r#"[{"secretName": "KEY", "secretValue": "canary"},
        {"identifier": "hook", "title": "Hook", "mappings": [], "security": {"secret": "canary", "signatureAlgorithm": "sha256"}}]"#;
    let ran = add(text, &[])
        .exits(0)
        .hides("canary")
        .says("PORT_WEBHOOK_HOOK_SECRET");
    assert!(
        ran.out.contains("\"${env.PORT_SECRET_KEY}\""),
        "{}",
        ran.out
    );
    let text = r#"{"identifier": "a", "title": "A", "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
        "invocationMethod": {"type": "WEBHOOK", "url": "https://x.example.com", "headers": {"Authorization": "Bearer canary"}}}"#;
    add(text, &[])
        .exits(3)
        .hides("canary")
        .says("/invocationMethod/headers/Authorization");
}

/// A file is written once; what holds no object is said.
#[test]
fn a_file_is_written_once() {
    let world = World::new();
    let to = world.path("new/a.yaml");
    let to = to.to_str().expect("text");
    let text = "{\"identifier\": \"a\", \"title\": \"A\", \"schema\": {\"properties\": {}}}";
    add(text, &["--to", to]).exits(0);
    world.plan().exits(2).says("port.blueprint.a");
    add(text, &["--to", to]).exits(3).says("exists already");
    add("", &[]).exits(3).says("no object");
    add("{\"a\": 1}", &[]).exits(3).says("`a`");
    add("{", &[]).exits(3).says("cannot be read");
}

/// Done when 5: every code block of the first guide that holds an object becomes a valid document.
#[test]
fn the_code_blocks_of_the_guide_become_a_project() {
    let Some(corpus) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("SPACEPORT_CORPUS is not set: the guide's code blocks are not checked");
        return;
    };
    let guide = Path::new(&corpus)
        .join("..")
        .join("seeds")
        .join("000-trigger-a-spacelift-stack.mdx.txt");
    let text = std::fs::read_to_string(guide).expect("the guide is readable");
    let ran = add(&text, &[]).exits(3).says("--ref NAME");
    assert_eq!(ran.out.matches("kind: ").count(), 4, "{}", ran.out);

    let ran = add(&text, &["--ref", "spacelift_stack_mapper"]).exits(0);
    let kinds: Vec<&str> = ran
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("kind: "))
        .collect();
    assert_eq!(
        kinds,
        [
            "port.blueprint",
            "port.action",
            "port.action",
            "port.automation",
            "port.webhook",
            "spacelift.policy",
        ]
    );
    assert!(
        ran.out.contains("{{.secrets.SPACELIFT_TOKEN}}"),
        "{}",
        ran.out
    );
    let world = World::new();
    world.write("guide.yaml", &ran.out);
    world.run(&["validate"]).exits(0).says("6 objects, valid");
}
