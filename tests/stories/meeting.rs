//! Two applies that are made to meet: the first is held at each of its requests to lease and ledger in turn, the second runs
//! to its end, and then the first goes on. No entry is lost, and nothing is made twice.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;
use spaceport::sandbox::{Effect, Fault};

use crate::world::{World, blueprint, policy};

/// Where lease and ledger are.
const BELOW: &str = "/v1/blueprints/spaceport_project";
const APPLY: [&str; 2] = ["apply", "--yes"];

/// In a new organization, and where there is a ledger already.
#[test]
fn two_applies_meet_at_every_request_of_lease_and_ledger() {
    for start in [first, later] {
        let calm = start();
        calm.forget_requests();
        calm.applied();
        let places = places(&calm);
        assert!(places.len() >= 8, "{places:?}");
        let next = Mutex::new(places.into_iter());
        let met = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some((hold, name)) = { next.lock().expect("nobody failed").next() } {
                        let codes = meet(start(), hold, &name);
                        *met.lock().expect("nobody failed").entry(codes).or_insert(0) += 1;
                    }
                });
            }
        });
        // Both ways of meeting are among them: the second is refused, or the first finds its plan old.
        let met = met.into_inner().expect("nobody failed");
        let refused = met.keys().any(|(_, second)| *second == Some(5));
        let worked = met.keys().any(|(_, second)| *second == Some(0));
        assert!(refused && worked, "{met:?}");
        println!(
            "{} meetings, exit codes of both: {met:?}",
            met.values().sum::<usize>()
        );
    }
}

/// Whatever the two say, one run more finds everything done, and all of it ours.
fn meet(world: World, hold: Fault, name: &str) -> (Option<i32>, Option<i32>) {
    let at = format!("held at {name}, {hold:?}");
    world.sandbox.fault(hold);
    world.forget_requests();
    let one = world.start(&APPLY);
    world.until_faults_have_struck();
    let two = world.apply();
    world.sandbox.clear_faults();
    let one = one.end();
    let told = format!("{at}\n{one:?}\n{two:?}");
    assert!(matches!(two.code, Some(0 | 5)), "{told}");
    assert!(matches!(one.code, Some(0 | 5)), "{told}");
    assert!(one.code == Some(0) || two.code == Some(0), "{told}");
    right(&world, &told);
    world.forget_requests();
    let again = world.apply();
    assert_eq!(again.code, Some(0), "{told}\n{again:?}");
    assert_eq!(world.writes_of_objects(), [""; 0], "{told}\n{again:?}");
    right(&world, &told);
    assert!(
        world.shelf().keys().all(|id| !id.contains("lease")),
        "{told}"
    );
    (one.code, two.code)
}

/// Everything is there once, and in the ledger as what we made.
#[track_caller]
fn right(world: &World, told: &str) {
    let policies = world.state()["spacelift"]["policies"].clone();
    let policies = policies.as_object().expect("a table");
    let named: Vec<&Value> = policies.values().map(|policy| &policy["name"]).collect();
    assert_eq!(named, ["Gate"], "{told}");
    assert!(!world.of_port("blueprints", "more").is_null(), "{told}");
    assert_eq!(
        world.of_port("blueprints", "service")["title"],
        "Second",
        "{told}"
    );
    assert!(world.of_port("blueprints", "gone").is_null(), "{told}");
    let entries = entries(world);
    let addrs: Vec<&str> = entries.keys().map(String::as_str).collect();
    let wanted = [
        "port.blueprint.more",
        "port.blueprint.service",
        "spacelift.policy.gate",
    ];
    assert_eq!(addrs, wanted, "{told}");
    for (addr, entry) in &entries {
        assert!(entry["adopted"].is_null(), "{addr}: {entry}\n{told}");
    }
}

/// What the ledger in Port says, from the chunks that its head speaks for.
fn entries(world: &World) -> BTreeMap<String, Value> {
    let head = world.part("stories");
    assert!(head["intent"].is_null(), "{head}");
    let mut entries = BTreeMap::new();
    for (bucket, named) in head["chunks"].as_object().into_iter().flatten() {
        let slot = named["slot"].as_str().expect("a slot");
        let part = world.part(&format!("stories=chunk-{bucket}-{slot}"));
        entries.extend(part.as_object().expect("entries").clone());
    }
    entries
}

/// What holds each request of an apply to lease and ledger, with what that is.
fn places(calm: &World) -> Vec<(Fault, String)> {
    let requests = calm.sandbox.requests();
    let hold = || Fault::new(Effect::Hold);
    let mut places = Vec::new();
    let (mut below, mut posts) = (0, 0);
    for entry in &requests {
        let name = format!("{} {}", entry.method, entry.path);
        if entry.path.starts_with(BELOW) {
            places.push((hold().path(BELOW).skip(below), name));
            below += 1;
        } else if name == "POST /v1/blueprints" && below < 2 {
            // The ledger's own blueprint comes before all others.
            places.push((
                hold().method("POST").path("/v1/blueprints").skip(posts),
                name,
            ));
        }
        posts += u32::from(entry.method == "POST" && entry.path.starts_with("/v1/blueprints"));
    }
    places
}

/// A project that nothing was done for yet.
fn first() -> World {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Second"));
    world.write("more.yaml", &blueprint("more", "More"));
    world.write("gate.yaml", &policy("Gate"));
    world
}

/// The same after an apply of less: something to make, to change and to delete.
fn later() -> World {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gone.yaml", &blueprint("gone", "Gone"));
    world.applied();
    world.edit("service.yaml", "title: Service", "title: Second");
    world.remove("gone.yaml");
    world.write("more.yaml", &blueprint("more", "More"));
    world.write("gate.yaml", &policy("Gate"));
    world
}
