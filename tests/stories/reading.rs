//! Law 2: no command writes to a service but the few that are for that.

use std::path::Path;

use serde_json::json;

use crate::world::{World, blueprint, policy, secret};

/// Those that write; each asks first, but for `run`, which is told what to start or to say, and for
/// `ingest`, whose entities come from elsewhere.
const WRITING: [&str; 6] = ["apply", "destroy", "forget", "ingest", "run", "unlock"];
/// Those that ask no service of a project, and the help of all.
const ELSEWHERE: [&str; 3] = ["init", "sandbox", "spaceport"];

/// An ingest that creates, changes and deletes.
const INGEST: &str = "\
kind: ingest
name: policies
from: spacelift.policies
blueprint: kept
mapping:
  identifier: .item.name
  title: .item.name
  properties: { language: .account.url + .item.type }
prune: delete
limits: { deletes: 9 }
";

/// A world in which there is something to be created, changed, deleted, adopted and sent, and in
/// which something of ours was changed by others; in Port, where its ledger is as well.
fn unquiet() -> World {
    let mut world = World::in_port();
    world.set("TEXT", "one");
    for name in ["kept", "clicked", "gone"] {
        world.write(&format!("{name}.yaml"), &blueprint(name, "As applied"));
    }
    world.write("policy.yaml", &policy("Notify"));
    world.write("secret.yaml", &secret("TOKEN", "TEXT"));
    world.write("ingest.yaml", INGEST);
    world.applied();
    world.set("TEXT", "another");
    world.edit("kept.yaml", "As applied", "Edited");
    world.remove("gone.yaml");
    world.write("new.yaml", &blueprint("new", "New"));
    let mut edited = world.of_port("blueprints", "clicked");
    edited["title"] = "Clicked".into();
    world.port(reqwest::Method::PUT, "/v1/blueprints/clicked", edited);
    for (identifier, language) in [
        ("Notify", "changed"),
        ("Gone", "https://acme.app.spacelift.io"),
    ] {
        let entity = json!({"identifier": identifier, "properties": {"language": language}});
        world.port(
            reqwest::Method::POST,
            "/v1/blueprints/kept/entities",
            entity,
        );
    }
    world
}

/// What the services hold, but for sessions, which come with every log-in.
fn held(world: &World) -> Vec<serde_json::Value> {
    let state = world.state();
    let tables = [
        ("port", "blueprints"),
        ("port", "entities"),
        ("port", "secret_values"),
        ("spacelift", "policies"),
    ];
    let held = tables.map(|(service, table)| state[service][table].clone());
    assert!(held.iter().all(|table| !table.is_null()), "{state}");
    held.into()
}

/// Every command is run in front of a world where much is to be done, and does nothing there.
#[test]
fn what_reads_writes_nothing() {
    let world = unquiet();
    let outside = tempfile::tempdir().expect("a folder");
    let at = |name: &str| outside.path().join(name).display().to_string();
    let (snapshot, plan) = (at("snapshot.json"), at("plan.json"));
    let (out, made) = (at("exported"), at("made.yaml"));
    let page = at("page.json");
    std::fs::write(
        &page,
        r#"{"identifier": "p", "title": "P", "schema": {"properties": {}}}"#,
    )
    .expect("a file");
    let clicked = "port.blueprint.clicked";

    let mut runs: Vec<Vec<&str>> = vec![
        vec!["validate"],
        vec!["graph"],
        vec!["graph", "--format", "dot"],
        vec!["simulate", "--sample", "finished"],
        vec!["test"],
        vec!["doctor"],
        vec!["snapshot"],
        vec!["snapshot", "--out", &snapshot],
        vec!["plan", "--out", &plan],
        vec!["plan", "--live", &snapshot],
        vec!["plan", "--target", clicked],
        vec!["plan", "--adopt", "all", "--skip-refused"],
        vec!["plan", "--rotate-unverified", "--detailed-exitcode"],
        vec!["show", &plan],
        vec!["drift", "--target", clicked],
        vec!["export"],
        vec!["export", "port.*", "--with-references", "--out", &out],
        vec!["add", &page],
        vec!["add", &page, "--to", &made],
        vec!["explain", "port.blueprint"],
        vec!["schema"],
        vec!["completions", "bash"],
        vec!["fmt", "--check"],
        vec!["fmt"],
        vec!["export", "--path", clicked],
    ];
    for format in ["human", "json", "markdown", "github"] {
        for command in ["plan", "drift"] {
            runs.push(vec![command, "--format", format]);
        }
        runs.push(vec!["show", &plan, "--format", format]);
        runs.push(vec!["validate", "--format", format]);
    }
    // The help of every command is a golden file.
    let helps = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    for help in std::fs::read_dir(helps).expect("a folder") {
        let path = help.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name");
        // Commands of a command are as it is.
        let name = name.split('-').next().unwrap_or_default();
        let named = runs.iter().any(|run| run[0] == name);
        let left_out = [&WRITING[..], &ELSEWHERE].concat().contains(&name);
        assert!(named != left_out, "{name} is a command that writes, or not");
    }

    world.forget_requests();
    let before = held(&world);
    for run in &runs {
        let ran = world.run(run);
        assert!(matches!(ran.code, Some(0 | 2)), "{run:?}: {ran:?}");
        assert_eq!(world.writes(), [""; 0], "{run:?}");
    }
    // Those that write, too, as long as nobody agreed.
    for run in [
        vec!["apply"],
        vec!["apply", "--yes", "--expect", &"0".repeat(64)],
        vec!["destroy"],
        vec!["destroy", "--confirm", "another"],
        vec!["forget", clicked],
        vec!["unlock"],
        vec!["ingest", "--plan"],
        vec!["ingest", "--plan", "--format", "json"],
        vec!["run", "nothing"],
        vec!["run", "follow", "r_1"],
    ] {
        world.run(&run);
        assert_eq!(world.writes(), [""; 0], "{run:?}");
    }
    assert_eq!(held(&world), before);
    let plan = world.run(&["ingest", "--plan"]).exits(0);
    plan.says("0 to create, 1 to update, 1 to delete");
}
