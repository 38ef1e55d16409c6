//! Every exit code of design section 6, provoked. 70, our bug, is in `tests/command_line.rs`.

use serde_json::json;
use spaceport::sandbox::{CLIENT_SECRET, Effect, Fault, Options, StartingStack, When};

use crate::world::{World, blueprint, held, status};

fn world() -> World {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world
}

#[test]
fn done_also_with_changes_in_a_plan() {
    let world = world();
    world.run(&["plan"]).exits(0).says("1 to create");
    world.applied();
    world.plan().exits(0);
}

#[test]
fn the_world_failed() {
    let mut world = world();
    world.set("PORT_CLIENT_SECRET", "wrong");
    world.apply().exits(1);
    assert!(world.of_port("blueprints", "a").is_null());
}

#[test]
fn there_are_changes() {
    world().plan().exits(2);
}

#[test]
fn findings_in_the_files() {
    let world = world();
    world.edit("a.yaml", "title", "titel");
    for command in ["validate", "plan"] {
        world.run(&[command]).exits(3);
    }
    world.apply().exits(3);
    for command in [vec!["test"], vec!["simulate", "--sample", "finished"]] {
        world.run(&command).exits(3);
    }
}

#[test]
fn a_test_of_the_wiring_failed() {
    let world = world();
    let test = "kind: test\nname: t\nevent: { internal_error: { error: x } }\nexpect: { entities: [{}] }\n";
    world.write("t.yaml", test);
    world.run(&["test"]).exits(3).says("1 failed");
    world.edit("t.yaml", "entities: [{}]", "nothing: true");
    world.run(&["test"]).exits(0).says("passed");
    // What can be followed was followed, whatever comes of it.
    let simulated = world.run(&["simulate", "--sample", "finished"]);
    simulated.exits(0).says("Nothing comes of it");
}

#[test]
fn ended_incomplete() {
    let world = world();
    world.write("b.yaml", &blueprint("b", "B"));
    let refusal = status(422, When::Before)
        .method("POST")
        .path("/v1/blueprints");
    world.sandbox.fault(refusal);
    world.apply().exits(4);
}

#[test]
fn blocked_by_a_guard() {
    let world = world();
    world.write(
        "b.yaml",
        &format!("{}lifecycle: {{ protect: true }}\n", blueprint("b", "B")),
    );
    world.applied();
    world.remove("b.yaml");
    world.run(&["plan"]).exits(5);
    world.apply().exits(5);
}

#[test]
fn wrong_usage() {
    let world = world();
    world.run(&["plan", "--no-such-flag"]).exits(64);
    world.run(&["apply"]).exits(64).says("no terminal");
}

/// The codes of runs of actions; 130 is in `run`, and a success that is none in `event_path`.
#[test]
fn a_run_that_did_not_do_well() {
    let world = world();
    world.write("make.yaml", crate::run::MAKE);
    world.applied();
    world.run(&["run", "make", "-i", "name=a"]).exits(0);
    world.run(&["run", "make"]).exits(64);
    let run = ["run", "make", "-i", "name=a", "--follow", "--timeout", "0"];
    world.run(&run).exits(1).says("the run goes on");
}

/// The codes of ingests.
#[test]
fn an_ingest_that_did_not_do_all() {
    let mut world = World::of("port-config").elsewhere(Options {
        stacks: vec![StartingStack::ai_agent(), StartingStack::named("gone")],
        ..Options::default()
    });
    world.applied();
    let refused = Effect::RefuseItems {
        every: 2,
        identifiers: Vec::new(),
        status: 422,
        error: "invalid_request".into(),
        message: "no such thing".into(),
        when: When::Before,
    };
    world.sandbox.fault(Fault::new(refused).forever());
    let some = world.run(&["ingest"]).exits(4);
    some.says("no such thing")
        .says("1 created")
        .says("1 failed");
    world.sandbox.clear_faults();
    world.run(&["ingest"]).exits(0).says("1 unchanged");

    world.run(&["ingest", "stack"]).exits(64).says("`stacks`");
    world.set("PORT_CLIENT_SECRET", "wrong");
    world.run(&["ingest"]).exits(1);
    world.set("PORT_CLIENT_SECRET", CLIENT_SECRET);

    world.edit(
        "ingest.yaml",
        "prune: keep",
        "prune: delete\nlimits: { deletes: 0 }",
    );
    world.spacelift("mutation { stackDelete(id: \"gone\") { id } }", json!({}));
    for only_plan in [true, false] {
        let words = ["ingest", "--plan"];
        let words = if only_plan { &words[..] } else { &words[..1] };
        world.run(words).exits(5).says("--allow-deletes 1");
    }
    let allowed = world.run(&["ingest", "--allow-deletes", "1"]).exits(0);
    allowed.says("1 deleted");

    world.edit("ingest.yaml", ".item.name", ".item.nmae");
    world.run(&["ingest"]).exits(3).says("`name`");
    world.remove("ingest.yaml");
    world.run(&["ingest"]).exits(64).says("explain ingest");
}

#[cfg(unix)]
#[test]
fn interrupted() {
    let world = world();
    world
        .sandbox
        .fault(held().method("POST").path("/v1/blueprints"));
    let mut run = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    run.interrupt();
    run.until_it_says("stopping:");
    run.interrupt();
    run.end().exits(130);
}
