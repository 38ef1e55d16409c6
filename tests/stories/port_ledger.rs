//! The ledger in Port, which is where it is when nothing else is said.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, blueprint, held, policy, secret};

/// The first plan shows what it takes, and two runs later nothing of it is shown or sent.
#[test]
fn the_first_plan_shows_the_blueprint_and_later_ones_do_not() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    let line = "  + port.blueprint.spaceport_project  create (the ledger; once, admins only)\n";
    world.plan().exits(2).says(line).says("1 to create");
    world.applied().says(line);
    assert_eq!(
        world.writes(),
        [
            "POST /v1/blueprints",
            "PATCH /v1/blueprints/spaceport_project/permissions",
            "POST /v1/blueprints/spaceport_project/entities",
            "PATCH /v1/blueprints/spaceport_project/entities/stories%3Dlease-1",
            "POST /v1/blueprints/spaceport_project/entities",
            "POST /v1/blueprints",
            "PATCH /v1/blueprints/spaceport_project/entities/stories%3Dlease-1",
            "POST /v1/blueprints/spaceport_project/entities",
            "POST /v1/blueprints/spaceport_project/entities",
            "DELETE /v1/blueprints/spaceport_project/entities/stories%3Dlease-1",
        ]
    );
    assert!(world.of_port("pages", "spaceport_projects").is_null());

    world.forget_requests();
    for _ in 0..2 {
        world.plan().exits(0).hides("spaceport_project");
        world.apply().exits(0).hides("spaceport_project");
    }
    assert_eq!(world.writes(), [""; 0]);
    // Two tokens, five lists, the ledger and one document; nobody asks for the organization.
    assert_eq!(reads(&world), 4 * 9);
}

/// Nothing local is needed: another machine sees the same.
#[test]
fn a_machine_without_any_file_of_ours_plans_to_zero() {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    assert!(!world.path(".spaceport").exists());
    assert_eq!(
        std::fs::read_dir(world.root()).expect("a folder").count(),
        3
    );
    world.plan().exits(0).says("in Port, stories");
    world.remove("gate.yaml");
    world.plan().exits(2).says("- spacelift.policy.gate");
    world.applied();
    assert!(world.of_spacelift("policies", "Gate").is_null());
}

/// Only admins may read or write it, also where permissions come late.
#[test]
fn the_ledger_is_for_admins() {
    let world = World::in_port();
    world.quirks(json!({"late_permissions": 2}));
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    let permissions = &world.port(
        Method::GET,
        "/v1/blueprints/spaceport_project/permissions",
        Value::Null,
    )["permissions"]["entities"];
    for right in ["read", "register", "update", "unregister"] {
        assert_eq!(permissions[right]["roles"], json!(["Admin"]), "{right}");
    }
    for (_, right) in permissions["updateProperties"].as_object().expect("rights") {
        assert_eq!(right["roles"], json!(["Admin"]));
    }
}

/// 1,500 objects lie in chunks; a change of one writes one of them, and the head.
#[test]
fn a_change_of_one_object_writes_one_chunk() {
    let mut world = World::in_port();
    world.set("TEXT", "canary");
    let all: Vec<String> = (0..1_500)
        .map(|n| secret(&format!("S{n}"), "TEXT"))
        .collect();
    world.write("all.yaml", &all.join("---\n"));
    world.applied();
    let chunks = |world: &World| {
        let shelf = world.shelf();
        let chunks = shelf.into_iter().filter(|(id, _)| id.contains("chunk"));
        chunks.collect::<Vec<_>>()
    };
    assert_eq!(chunks(&world).len(), 4);
    assert_eq!(world.part("stories")["buckets"], 4);

    world.forget_requests();
    world.write("one.yaml", &blueprint("one", "One"));
    world.applied();
    assert_eq!(chunks(&world).len(), 5, "one chunk has a second slot");
    let ledger = world.writes();
    let ledger = ledger
        .iter()
        .filter(|write| write.contains("spaceport_project"));
    // The lease, renewed before each save; the intents, one chunk, the head, the lease again.
    assert_eq!(ledger.count(), 7);
    world.plan().exits(0);
}

/// Somebody edits what spaceport wrote: who and when is said, and a person decides.
#[test]
fn what_others_wrote_is_not_believed() {
    for (id, field) in [("stories", "content"), ("stories=chunk-0-a", "content")] {
        let world = applied();
        let text = world.shelf()[id]["properties"][field].clone();
        world.quirks(json!({"user": "auth0|ann"}));
        world.port(
            Method::PATCH,
            &format!(
                "/v1/blueprints/spaceport_project/entities/{}",
                id.replace('=', "%3D")
            ),
            json!({"properties": {field: text}}),
        );
        world.quirks(json!({}));
        world.forget_requests();
        for command in ["plan", "apply"] {
            let ran = world.run(&[
                command,
                if command == "plan" {
                    "--quiet"
                } else {
                    "--yes"
                },
            ]);
            let said = ran
                .exits(5)
                .err
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let when = world.shelf()[id]["updatedAt"].clone();
            for word in [
                "auth0|ann",
                when.as_str().expect("a time"),
                "--trust-ledger",
            ] {
                assert!(said.contains(word), "{word}: {said}");
            }
        }
        assert_eq!(world.writes(), [""; 0]);

        world.run(&["plan", "--trust-ledger"]).exits(0);
        world.plan().exits(5);
        world.run(&["apply", "--yes", "--trust-ledger"]).exits(0);
        world.plan().exits(0);
    }
}

/// An entry that somebody adds would have us delete what is not ours.
#[test]
fn an_entry_that_somebody_adds_deletes_nothing() {
    let world = applied();
    world.write("theirs.yaml", &blueprint("theirs", "Theirs"));
    let mut chunk = world.part("stories=chunk-0-a");
    chunk["port.blueprint.theirs"] = chunk["port.blueprint.service"].clone();
    world.port(
        Method::PATCH,
        "/v1/blueprints/spaceport_project/entities/stories%3Dchunk-0-a",
        json!({"properties": {"content": chunk.to_string()}}),
    );
    // Even with our own credentials: the head knows what it spoke for.
    world.apply().exits(5).says("does not hold");
}

/// With a key of its own the head cannot be forged, not even with our credentials.
#[test]
fn a_sealed_ledger_is_believed_with_its_seal_alone() {
    let mut world = applied();
    world.set("SPACEPORT_LEDGER_KEY", "canary-of-the-seal");
    world.plan().exits(5).says("SPACEPORT_LEDGER_KEY");
    let ran = world.run(&["apply", "--yes", "--trust-ledger"]).exits(0);
    ran.hides("canary-of-the-seal");
    world.plan().exits(0);
    assert!(!world.state().to_string().contains("canary-of-the-seal"));
    world.set("SPACEPORT_LEDGER_KEY", "another");
    world.plan().exits(5).says("seal");
    world.unset("SPACEPORT_LEDGER_KEY");
    world.plan().exits(0);
}

/// Without its head a ledger is not one that owns nothing.
#[test]
fn a_ledger_without_its_head_is_refused() {
    let world = applied();
    world.port(
        Method::DELETE,
        "/v1/blueprints/spaceport_project/entities/stories",
        Value::Null,
    );
    world.plan().exits(5).says("head `stories` is gone");
    world.run(&["plan", "--trust-ledger"]).exits(0);
}

/// Nor when all of it is gone, and an object in Spacelift says whose it is.
#[test]
fn objects_that_are_labelled_ours_are_not_taken_for_new() {
    let world = applied();
    world.write("gate.yaml", &policy("Gate"));
    world.applied();
    for id in world.shelf().into_keys() {
        let id = id.replace('=', "%3D");
        let path = format!("/v1/blueprints/spaceport_project/entities/{id}");
        world.port(Method::DELETE, &path, Value::Null);
    }
    world.plan().exits(5).says("spaceport:stories");
    world.run(&["apply", "--yes", "--trust-ledger"]).exits(0);
    world.plan().exits(0);
}

/// Between a crash and the next run somebody makes what we were about to make: it is theirs.
#[test]
fn what_others_make_after_a_crash_is_not_claimed() {
    for (who, code) in [("auth0|ann", 5), ("sandbox-client", 0)] {
        let world = applied();
        world.write("first.yaml", &blueprint("first", "First"));
        let relations = "  relations: { to: { target: first } }\n";
        let second = blueprint("second", "Second");
        world.write("second.yaml", &format!("{second}{relations}"));
        world
            .sandbox
            .fault(held().method("POST").path("/v1/blueprints").skip(4));
        let running = world.start(&["apply", "--yes"]);
        world.until_faults_have_struck();
        running.kill();
        world.sandbox.clear_faults();
        assert!(world.of_port("blueprints", "second").is_null());

        let usual = world.part("stories")["writer"].clone();
        let user = if code == 0 { usual } else { json!(who) };
        world.quirks(json!({"user": user}));
        world.port(
            Method::POST,
            "/v1/blueprints",
            json!({"identifier": "second", "title": "Theirs", "schema": {"properties": {}}}),
        );
        world.quirks(json!({}));
        world.apply().exits(code);
        let title = world.of_port("blueprints", "second")["title"].clone();
        assert_eq!(title, if code == 0 { "Second" } else { "Theirs" });
    }
}

/// Stopped between a chunk and the head, the old ledger is read and the next run mends it.
#[test]
fn a_torn_write_leaves_the_old_ledger() {
    let world = applied();
    world.write("more.yaml", &blueprint("more", "More"));
    // The search, the lease, the search again, the intents and the chunk pass; the head never arrives.
    let entities = "/v1/blueprints/spaceport_project/entities";
    world
        .sandbox
        .fault(held().method("POST").path(entities).skip(5));
    let running = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    running.kill();
    assert!(
        world
            .part("stories=chunk-0-b")
            .get("port.blueprint.more")
            .is_some()
    );
    assert_eq!(world.part("stories")["chunks"]["0"]["slot"], "a");

    world.applied();
    world.plan().exits(0);
    world.remove("more.yaml");
    world.applied();
    assert!(world.of_port("blueprints", "more").is_null());
}

/// The ledger's blueprint is nobody's to describe, and nobody's to delete.
#[test]
fn the_blueprint_of_the_ledger_is_hidden() {
    let world = applied();
    world.write("mine.yaml", &blueprint("spaceport_project", "Mine"));
    world.plan().exits(3).says("config::ledger_blueprint");
    world.remove("mine.yaml");
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    assert!(!world.of_port("blueprints", "spaceport_project").is_null());
}

/// Two environments have two ledgers under one blueprint.
#[test]
fn environments_have_ledgers_of_their_own() {
    let world = World::in_port();
    let settings = world.read("spaceport.yaml");
    let environments = "environments: { one: {}, two: {} }\n";
    world.write("spaceport.yaml", &format!("{settings}{environments}"));
    world.write(
        "service.yaml",
        &format!("environments: [one]\n{}", blueprint("service", "Service")),
    );
    world.write(
        "other.yaml",
        &format!("environments: [two]\n{}", blueprint("other", "Other")),
    );
    for environment in ["one", "two"] {
        world.run(&["apply", "--yes", "-e", environment]).exits(0);
    }
    for environment in ["one", "two"] {
        let plan = ["plan", "--detailed-exitcode", "-e", environment];
        world.run(&plan).exits(0);
    }
    let ids: Vec<String> = world.shelf().into_keys().collect();
    let expected = [
        "stories:one",
        "stories:one=chunk-0-a",
        "stories:two",
        "stories:two=chunk-0-a",
    ];
    assert_eq!(ids, expected);
}

fn applied() -> World {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world
}

fn reads(world: &World) -> usize {
    world.sandbox.requests().len()
}
