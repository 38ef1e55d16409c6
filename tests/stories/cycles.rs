//! Objects that need each other: written in passes, as few as possible, and deleted again.

use serde_json::{Value, json};
use spaceport::sandbox::{Quirks, When};

use crate::world::{PROJECT, World, blueprint, status};

/// The example's circle of three, with mirrors and aggregations over each other.
fn circle() -> World {
    let world = World::of("examples/blueprint-cycle");
    world.write("spaceport.yaml", PROJECT);
    // Nobody's business in here, so that a project is left when the rest goes.
    world.write("other.yaml", &blueprint("other", "Other"));
    world
}

const FILES: [&str; 3] = ["crew.yaml", "ship.yaml", "mission.yaml"];

/// The writes to blueprints: creates, and replacements of their bodies.
fn blueprint_writes(world: &World) -> (usize, usize) {
    let writes = world.writes();
    let count = |method: &str| {
        let wanted = format!("{method} /v1/blueprints");
        writes
            .iter()
            .filter(|write| write.starts_with(&wanted))
            .count()
    };
    (count("POST"), count("PUT"))
}

fn filter(world: &World, blueprint: &str) -> Value {
    world.of_port("blueprints", blueprint)["aggregationProperties"]["hours"]["pathFilter"].clone()
}

/// Bootstrap converges with two writes more than objects, which no order could do without: that is
/// proven for this very example beside the search. Port lost no filter on the way.
#[test]
fn a_circle_of_three_is_made_with_as_few_writes_as_can_be() {
    let world = circle();
    world
        .plan()
        .exits(2)
        .says("create; in 2 writes: mirrorProperties");
    world
        .applied()
        .says("converged: 0 changes")
        .hides("once more");
    assert_eq!(blueprint_writes(&world), (5, 2));
    for name in ["ship", "mission"] {
        assert!(filter(&world, name).is_array(), "{name}");
    }
    world.forget_requests();
    world.plan().exits(0);
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
}

/// An edit inside of the circle costs one write for each blueprint that it touches, whatever they
/// need of each other, as long as what they need is there.
#[test]
fn an_edit_inside_of_the_circle_is_not_split() {
    let world = circle();
    world.applied();
    world.forget_requests();
    world.edit("crew.yaml", "title: Rank,", "title: Grade,");
    world.edit("ship.yaml", "title: Ship\n", "title: Vessel\n");
    world.edit("mission.yaml", "title: Mission\n", "title: Errand\n");
    world.plan().exits(2).hides(" writes");
    world.applied();
    assert_eq!(blueprint_writes(&world), (0, 3));
    world.plan().exits(0);
}

/// What is new on one side is there before what is made of it on the other.
#[test]
fn an_edit_across_the_circle_comes_in_order() {
    let world = circle();
    world.applied();
    world.forget_requests();
    world.edit(
        "crew.yaml",
        "      hours:",
        "      age: { type: number, title: Age }\n      hours:",
    );
    world.edit("ship.yaml", "property: hours", "property: age");
    world.edit(
        "mission.yaml",
        "      goal: {",
        "      budget: { type: number, title: Budget }\n      goal: {",
    );
    world.edit("crew.yaml", "path: mission.goal", "path: mission.budget");
    world.applied().hides("once more");
    assert_eq!(blueprint_writes(&world), (0, 3));
    world.plan().exits(0);
}

/// A later write is refused: what it would have completed is told as failed, what needs it is
/// skipped, and the next run ends it.
#[test]
fn a_refused_pass_fails_its_object_and_what_needs_it() {
    let world = circle();
    let refused = status(422, When::Before)
        .method("PUT")
        .path("/v1/blueprints");
    world.sandbox.fault(refused);
    let ran = world.apply().exits(4);
    assert!(ran.out.contains("failed"), "{}", ran.out);
    assert!(!world.of_port("blueprints", "crew_member").is_null());
    assert!(!world.entry("port.blueprint.crew_member").is_null());
    world.applied();
    world.plan().exits(0);
    world.remove("crew.yaml");
    world.remove("ship.yaml");
    world.remove("mission.yaml");
    world
        .run(&["apply", "--yes", "--allow-deletes", "9"])
        .exits(0);
    assert!(world.of_port("blueprints", "crew_member").is_null());
}

/// Its files are removed: as few as needed let go of the others first, then all are deleted.
#[test]
fn a_doomed_circle_is_deleted() {
    let world = circle();
    world.applied();
    world.forget_requests();
    FILES.iter().for_each(|file| world.remove(file));
    world
        .run(&["plan", "--allow-deletes", "9"])
        .exits(0)
        .says("in 2 writes: first without");
    world
        .run(&["apply", "--yes", "--allow-deletes", "9"])
        .exits(0);
    let state = world.state()["port"]["blueprints"].clone();
    for name in ["crew_member", "ship", "mission", "log_entry"] {
        assert!(state[name].is_null(), "{name}");
    }
    assert!(!state["other"].is_null());
    // Ship and crew member need each other, and so do mission and crew member: one is enough.
    assert_eq!(blueprint_writes(&world), (0, 1));
    world.plan().exits(0);
}

/// What stays and refers to what goes is changed before that goes.
#[test]
fn what_stays_lets_go_before_the_rest_is_deleted() {
    let world = World::new();
    world.write("a.yaml", &related("a", "b"));
    world.write("b.yaml", &related("b", "a"));
    world.applied();
    assert_eq!(blueprint_writes(&world), (2, 1));
    world.forget_requests();
    world.remove("b.yaml");
    world.write("a.yaml", &blueprint("a", "A"));
    world.applied();
    assert_eq!(
        world.writes(),
        ["PUT /v1/blueprints/a", "DELETE /v1/blueprints/b"]
    );
    world.plan().exits(0);
}

/// A blueprint may relate to itself: in one write.
#[test]
fn a_relation_to_itself_costs_nothing() {
    let world = World::new();
    world.write("a.yaml", &related("a", "a"));
    world.applied();
    assert_eq!(world.writes(), ["POST /v1/blueprints"]);
    world.forget_requests();
    world.remove("a.yaml");
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    assert_eq!(blueprint_writes(&world), (1, 0));
}

/// A chain is written once each, whatever its order, and edited across a link that does not change.
#[test]
fn a_chain_costs_no_extra_write() {
    let world = World::new();
    world.write("a.yaml", &related("a", "b"));
    world.write("b.yaml", &related("b", "c"));
    world.write("c.yaml", &blueprint("c", "C"));
    world.applied();
    assert_eq!(blueprint_writes(&world), (3, 0));
    world.forget_requests();

    // The way leads over `b`, which stays as it is.
    let far = "  mirrorProperties:\n    age: { path: other.other.age }\n";
    world.write("a.yaml", &format!("{}{far}", related("a", "b")));
    world.edit(
        "c.yaml",
        "      language:",
        "      age: { type: number }\n      language:",
    );
    world.applied();
    assert_eq!(
        world.writes(),
        ["PUT /v1/blueprints/c", "PUT /v1/blueprints/a"]
    );
}

/// `--target` takes the whole circle, and nothing else.
#[test]
fn a_target_takes_its_whole_circle() {
    let world = circle();
    world
        .run(&["apply", "--yes", "--target", "port.blueprint.ship"])
        .exits(0);
    assert_eq!(blueprint_writes(&world), (3, 2));
    assert!(world.of_port("blueprints", "log_entry").is_null());
    world.applied();
    assert_eq!(blueprint_writes(&world), (5, 2));
}

/// Port drops a filter without a word: one more round puts it back, and only one is tried.
#[test]
fn a_lost_filter_is_put_back_in_one_round() {
    let late = |times| Quirks {
        late_path_filters: times,
        ..Quirks::default()
    };
    let world = circle();
    // The ship's first write loses its filter, which its second brings again; the mission's only one.
    world.sandbox.set_quirks(late(2));
    world.applied().says("once more");
    assert_eq!(blueprint_writes(&world), (5, 3));
    for name in ["ship", "mission"] {
        assert!(filter(&world, name).is_array(), "{name}");
    }
    world.plan().exits(0);

    let world = circle();
    world.sandbox.set_quirks(late(99));
    world
        .apply()
        .exits(4)
        .says("the services do not hold what was written");
    world.sandbox.set_quirks(Quirks::default());
    world.applied();
    world.plan().exits(0);
    assert_eq!(
        filter(&world, "ship"),
        json!([{ "fromBlueprint": "ship", "path": ["captain"] }])
    );
}

/// A blueprint that relates to another.
fn related(name: &str, other: &str) -> String {
    format!(
        "{}  relations:\n    other: {{ target: {other} }}\n",
        blueprint(name, name)
    )
}
