//! Plans as files and JSON: shown again, reviewed, and applied only when a fresh plan is the same.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Ran, World, blueprint};

/// A folder outside of the project, as CI keeps its artifacts in one.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Shelf {
        Shelf(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file is there")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }
}

fn value(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).expect("stdout is one JSON value")
}

fn valid(world: &World, of: &str, document: &Value) {
    let schema = value(&world.run(&["schema", "--of", of]).exits(0));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0], "{document:#}");
}

fn title(world: &World, text: &str) {
    let mut edited = world.of_port("blueprints", "service");
    edited["title"] = json!(text);
    world.port(Method::PUT, "/v1/blueprints/service", edited);
}

/// A plan in a file is shown as it was printed, in every format.
#[test]
fn a_plan_in_a_file_is_shown_as_it_was_printed() {
    let (world, shelf) = (World::of("port-config"), Shelf::new());
    let file = shelf.name("plan.json");
    for format in ["human", "json"] {
        let arguments = ["--format", format];
        let planned = world.run(&[&["plan", "--out", &file][..], &arguments].concat());
        let planned = planned.exits(0).says("spaceport apply");
        let shown = world
            .run(&[&["show", &file][..], &arguments].concat())
            .exits(0);
        assert_eq!(planned.out, shown.out);
        assert_eq!(shown.err, "");
    }
    let markdown = world.run(&["show", &file, "--format", "markdown"]).exits(0);
    let digest = value(&world.run(&["plan", "--format", "json"]))["digest"].clone();
    let digest = digest.as_str().expect("a digest").to_owned();
    assert!(markdown.out.contains(&format!("<!-- digest: {digest} -->")));
    world.plan().says(&format!("Digest: {digest}"));
}

/// What machines read fits its schema, names every place, and shows no secret.
#[test]
fn json_fits_its_schema_and_names_places() {
    let mut world = World::of("port-config");
    world.set("SPACELIFT_RUNTIME_KEY_SECRET", "canary-runtime");
    let planned = world.run(&["plan", "--format", "json"]).exits(0);
    let plan = value(&planned);
    valid(&world, "plan", &plan);
    for change in plan["changes"].as_array().expect("changes") {
        assert!(
            !change["fields"].as_array().expect("fields").is_empty(),
            "{change}"
        );
    }
    planned.hides("canary");

    let world = World::of("port-config");
    let applied = world.run(&["apply", "--yes", "--format", "json"]).exits(0);
    let report = value(&applied);
    valid(&world, "report", &report);
    assert_eq!(report["converged"], true);
    assert_eq!(
        report["outcomes"].as_array().map(Vec::len),
        report["plan"]["changes"].as_array().map(Vec::len)
    );
    assert!(!applied.out.contains("ingest.port.io/") || applied.out.contains("ingest.port.io/…"));

    let empty = value(&world.run(&["plan", "--format", "json"]).exits(0));
    valid(&world, "plan", &empty);
    assert_eq!(empty["changes"], json!([]));
    let report = value(&world.run(&["apply", "--yes", "--format", "json"]).exits(0));
    valid(&world, "report", &report);
    assert_eq!(report["converged"], true);
}

/// A reviewed plan is applied while the world is as it was seen, and else refused with what differs.
#[test]
fn a_stale_plan_is_refused_and_names_what_differs() {
    let (world, shelf) = (World::new(), Shelf::new());
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world.write("other.yaml", &blueprint("other", "Other"));
    title(&world, "First");
    let file = shelf.name("plan.json");
    world.run(&["plan", "--out", &file]).exits(0);
    let reviewed: Value = serde_json::from_str(&shelf.read("plan.json")).expect("JSON");
    let digest = reviewed["digest"].as_str().expect("a digest").to_owned();

    title(&world, "Second");
    world.forget_requests();
    world
        .run(&["apply", "--yes", &file])
        .exits(5)
        .says("port.blueprint.service would be changed otherwise")
        .hides("port.blueprint.other was");
    let refused = world.run(&["apply", "--yes", "--expect", &digest]).exits(5);
    refused.says("is another one than was reviewed");
    assert_eq!(world.writes(), [""; 0]);

    title(&world, "First");
    world
        .run(&["apply", "--yes", "--expect", &digest])
        .exits(0)
        .says("converged: 0 changes");
    // It is done, so the file speaks about the past.
    world
        .run(&["apply", "--yes", &file])
        .exits(5)
        .says("port.blueprint.other is no longer to be changed");
}

/// A machine without secrets and one with them plan the same.
#[test]
fn the_digest_needs_no_secrets_and_no_key() {
    let mut world = World::of("port-config");
    world.applied();
    world.edit("blueprint.yaml", "title: SpaceLift Stack", "title: Stack");
    let digest =
        |world: &World| value(&world.run(&["plan", "--format", "json"]).exits(0))["digest"].clone();
    let with = digest(&world);
    world.set(
        "SPACEPORT_FINGERPRINT_KEY",
        "0123456789abcdef0123456789abcdef",
    );
    assert_eq!(digest(&world), with);
    for name in ["SPACELIFT_RUNTIME_KEY_ID", "SPACELIFT_RUNTIME_KEY_SECRET"] {
        world.unset(name);
    }
    assert_eq!(digest(&world), with);
    assert_eq!(digest(&world), with, "and it is the same every time");
    let digest = with.as_str().expect("a digest").to_owned();
    world.run(&["apply", "--yes", "--expect", &digest]).exits(0);
}

/// A plan from a snapshot, which a machine without credentials makes, is the plan that is applied.
#[test]
fn a_snapshot_gives_the_same_digest() {
    let (world, shelf) = (World::of("port-config"), Shelf::new());
    world.applied();
    world.edit("blueprint.yaml", "title: SpaceLift Stack", "title: Stack");
    let mut edited = world.of_port("actions", "trigger_spacelift_stack");
    for stamp in ["id", "createdAt", "createdBy", "updatedAt", "updatedBy"] {
        edited.as_object_mut().expect("an object").remove(stamp);
    }
    edited["invocationMethod"]["headers"]["Authorization"] = json!("Bearer canary-live");
    world.port(Method::PUT, "/v1/actions/trigger_spacelift_stack", edited);
    let snapshot = shelf.name("snapshot.json");
    world.run(&["snapshot", "--out", &snapshot]).exits(0);
    let digest = |arguments: &[&str]| {
        let planned = world.run(arguments).exits(0).hides("canary");
        value(&planned)["digest"].clone()
    };
    assert_eq!(
        digest(&["plan", "--format", "json", "--live", &snapshot]),
        digest(&["plan", "--format", "json"])
    );
    let file = shelf.name("plan.json");
    world
        .run(&["plan", "--live", &snapshot, "--out", &file])
        .exits(0);
    assert!(!shelf.read("plan.json").contains("canary"));
    world.run(&["apply", "--yes", &file]).exits(0);
}

/// The key of an intake is in no document.
#[test]
fn keys_of_intakes_are_in_no_document() {
    let world = World::of("port-config");
    let applied = world.run(&["apply", "--yes", "--format", "json"]).exits(0);
    let webhooks = world.state()["port"]["webhooks"].clone();
    let keys = webhooks.as_object().expect("webhooks").values();
    let keys: Vec<String> = keys
        .filter_map(|webhook| Some(webhook["webhookKey"].as_str()?.to_owned()))
        .collect();
    assert!(!keys.is_empty(), "{webhooks:#}");
    // The endpoint of Spacelift's webhook is one; somebody points it elsewhere.
    world.edit(
        "webhook.yaml",
        "${port.webhook.spacelift_stack_mapper.url}",
        "https://example.org/other",
    );
    let planned = world.run(&["plan", "--format", "json"]).exits(0);
    assert!(planned.out.contains("ingest.port.io/…"), "{}", planned.out);
    for key in &keys {
        assert!(!planned.out.contains(key), "{}", planned.out);
        assert!(!applied.out.contains(key), "{}", applied.out);
    }
}

/// Files that are no plan of ours stop the command before anything is asked.
#[test]
fn files_that_are_no_plan_stop_the_command() {
    let (world, shelf) = (World::new(), Shelf::new());
    world.write("service.yaml", &blueprint("service", "Service"));
    let file = shelf.name("plan.json");
    world.run(&["plan", "--out", &file]).exits(0);
    let good = shelf.read("plan.json");
    world.forget_requests();
    for (name, text, said) in [
        ("cut", good[..good.len() / 2].to_owned(), "it is no plan"),
        (
            "newer",
            good.replace("\"formatVersion\": 1", "\"formatVersion\": 2"),
            "format version 2",
        ),
        ("deep", "[".repeat(100_000), "it is no plan"),
        ("other", "{}".to_owned(), "`formatVersion`"),
        (
            "more",
            good.replacen('{', "{\"surprise\": 1,", 1),
            "`surprise`",
        ),
    ] {
        shelf.write(name, &text);
        let name = shelf.name(name);
        world.run(&["show", &name]).exits(64).says(said);
        world.run(&["apply", "--yes", &name]).exits(64).says(said);
    }
    // The other file that jobs hand on.
    let taken = shelf.name("snapshot.json");
    world.run(&["snapshot", "--out", &taken]).exits(0);
    world
        .run(&["show", &taken])
        .exits(64)
        .says("it is a snapshot");
    world
        .run(&["plan", "--live", &file])
        .exits(1)
        .says("it is a plan");
    let gone = shelf.name("gone");
    world
        .run(&["show", &gone])
        .exits(1)
        .says("cannot be read")
        .says("plan --out FILE");
    let away = shelf.name("none/plan.json");
    let said = |ran: Ran| ran.exits(1).says("make the folder").err.clone();
    let first = said(world.run(&["plan", "--out", &away]));
    assert_eq!(said(world.run(&["plan", "--out", &away])), first);
    world.run(&["plan", "--out", "-"]).exits(64).says("`./-`");
    world.forget_requests();
    world
        .run(&["apply", "--yes", "--expect", "abc"])
        .exits(64)
        .says("64 hexadecimal digits");
    assert!(world.sandbox.requests().is_empty(), "nothing was asked");
}
