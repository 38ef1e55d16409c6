//! The lease on a ledger in Port: one apply at a time, and nobody has to clean up after a crash.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, When};

use crate::world::{Running, World, blueprint, cut, hanging, held, policy};

const LEASES: &str = "/v1/blueprints/spaceport_project/entities/stories%3Dlease";

/// Two applies started together: one works, the other ends well or is refused, and nothing is done
/// twice.
#[test]
fn of_two_applies_one_works() {
    let world = applied();
    world.write("gate.yaml", &policy("Gate"));
    world.write("more.yaml", &blueprint("more", "More"));
    world.forget_requests();
    let both = [world.start(&APPLY), world.start(&APPLY)];
    let codes = both.map(|running| running.end().code);
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 5))),
        "{codes:?}"
    );
    let writes = world.writes_of_objects();
    assert_eq!(writes.len(), 2, "{writes:?}");
    world.applied();
    assert_eq!(leases(&world), 0);
    world.plan().exits(0);
}

/// Killed with nothing left to do but to give its lease back: the next run has nothing to do but that.
#[test]
fn the_last_lease_of_the_dead_is_cleared_away() {
    let world = applied();
    world.write("more.yaml", &blueprint("more", "More"));
    let back = hanging(When::Before).method("DELETE").path(LEASES);
    world.sandbox.fault(back);
    let running = world.start(&APPLY);
    assert!(world.until_one_hangs_or(|| false));
    running.kill();
    assert_eq!(leases(&world), 1);
    world.forget_requests();
    world.apply().exits(0).says("No changes");
    assert_eq!(leases(&world), 0);
    assert_eq!(world.writes().len(), 1);
}

/// While one works, another is told who it is, and may wait.
#[test]
fn a_second_apply_is_refused_or_waits() {
    let world = applied();
    let first = stuck(&world);
    world.forget_requests();
    let ran = world.apply().exits(5);
    let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "process ",
        " works on this ledger since 20",
        "--wait",
        "spaceport unlock",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(world.writes_of_objects(), [""; 0]);
    // A plan only looks, so it may.
    world.plan().exits(2);

    let mut second = world.start(&["apply", "--yes", "--wait", "60"]);
    second.until_it_says("waiting");
    first.kill();
    second.end().exits(0);
    world.plan().exits(0);
}

/// A process of this machine that is dead holds nothing.
#[test]
fn a_dead_process_of_this_machine_is_taken_over_at_once() {
    let world = applied();
    stuck(&world).kill();
    assert_eq!(leases(&world), 1);
    world.applied();
    assert_eq!(leases(&world), 0);
}

/// In CI another machine goes on with the same run at once.
#[test]
fn the_same_run_goes_on_at_once() {
    let mut world = applied();
    world.set("GITHUB_RUN_ID", "7");
    world.set("GITHUB_RUN_ATTEMPT", "1");
    stuck(&world).kill();
    elsewhere(&world);
    world.set("GITHUB_RUN_ATTEMPT", "2");
    world.apply().exits(5).says("GitHub run 7/1");
    world.set("GITHUB_RUN_ATTEMPT", "1");
    world.applied();
    assert_eq!(leases(&world), 0);
}

/// Anybody else waits until it was not renewed for 90 s, by the server's clock.
#[test]
fn a_silent_holder_loses_its_lease_in_time() {
    let world = applied();
    stuck(&world).kill();
    elsewhere(&world);
    world.quirks(json!({"clock_offset": 80}));
    world.apply().exits(5);
    world.quirks(json!({"clock_offset": 100}));
    world.applied();
    assert_eq!(leases(&world), 0);
}

/// Whatever becomes of the requests around a lease, the next run needs no help.
#[test]
fn a_lease_survives_lost_answers() {
    for when in [When::Before, When::After] {
        for method in ["POST", "DELETE"] {
            let world = applied();
            world.write("more.yaml", &blueprint("more", "More"));
            let path = match method {
                "POST" => "/v1/blueprints/spaceport_project/entities",
                _ => LEASES,
            };
            // The search comes first.
            let skip = u32::from(method == "POST");
            world
                .sandbox
                .fault(cut(when).method(method).path(path).skip(skip));
            world.applied();
            assert_eq!(leases(&world), 0, "{method} {when:?}");
        }
    }
}

/// Ctrl-C gives the lease back.
#[cfg(unix)]
#[test]
fn ctrl_c_gives_the_lease_back() {
    let world = applied();
    world.write("more.yaml", &blueprint("more", "More"));
    let slow = Fault::new(Effect::Slow {
        milliseconds: 2_000,
    });
    // The search, the lease, the search again and the intents come first.
    let below = "/v1/blueprints";
    world.sandbox.fault(slow.method("POST").path(below).skip(4));
    let running = world.start(&APPLY);
    world.until_faults_have_struck();
    running.interrupt();
    running.end().exits(130);
    assert_eq!(leases(&world), 0);
}

/// By hand it can be taken away; who lost it writes no ledger any more.
#[test]
fn unlock_takes_the_lease_away() {
    let world = applied();
    world.run(&["unlock"]).exits(0).says("Nobody holds");
    let first = stuck(&world);
    world
        .run(&["unlock"])
        .exits(64)
        .says("works on this ledger");
    assert_eq!(leases(&world), 1);
    world
        .run(&["unlock", "--yes"])
        .exits(0)
        .says("The lease is gone");
    assert_eq!(leases(&world), 0);
    world.applied();
    first.kill();
    world.plan().exits(0);
}

/// Who waited for a run that was killed looks at everything anew: what that one did last is not done
/// twice.
#[test]
fn what_a_killed_holder_did_last_is_not_done_twice() {
    let world = applied();
    let first = stuck(&world);
    let mut second = world.start(&["apply", "--yes", "--wait", "60"]);
    second.until_it_says("waiting");
    // The service did what the first asked for, and the first never heard of it.
    world.spacelift(CREATE, json!({}));
    first.kill();
    second.end().exits(5).says("run `spaceport apply` again");
    assert_eq!(policies(&world), 1);
    world.applied();
    assert_eq!(policies(&world), 1);
    world.plan().exits(0);
}

/// A holder that slept is pushed aside in time, or by hand. What it wakes up to is another run's
/// ledger, which it leaves alone, also when the number of its lease was given to others meanwhile.
#[cfg(unix)]
#[test]
fn a_holder_that_slept_writes_no_ledger() {
    for (unlock, others) in [(false, 0), (false, 1), (true, 0)] {
        let world = applied();
        world.edit("service.yaml", "title: Service", "title: First");
        let slow = Fault::new(Effect::Slow {
            milliseconds: 2_000,
        });
        let put = "/v1/blueprints/service";
        world.sandbox.fault(slow.method("PUT").path(put));
        let first = world.start(&APPLY);
        world.until_faults_have_struck();
        first.pause();
        match unlock {
            true => drop(world.run(&["unlock", "--yes"]).exits(0)),
            false => world.quirks(json!({"clock_offset": 100})),
        }
        for _ in 0..others {
            world.write("other.yaml", &blueprint("other", "Other"));
            world.applied();
        }
        // The last one works while the first wakes up.
        world.edit("service.yaml", "title: First", "title: Last");
        world.sandbox.fault(held().method("PUT").path(put));
        let last = world.start(&APPLY);
        world.until_faults_have_struck();
        let there = parts(&world);
        first.resume();
        let ran = first.end().exits(4);
        ran.says("the lease on the ledger was taken over")
            .says("apply again");
        assert_eq!(parts(&world), there);
        assert_eq!(leases(&world), 1, "the other's lease stays");
        last.kill();
        world.applied();
        world.plan().exits(0);
    }
}

/// A takeover that was killed halfway leaves a higher number: the holder that it meant to push
/// aside holds on, and nobody comes between.
#[cfg(unix)]
#[test]
fn a_takeover_killed_halfway_pushes_nobody_aside() {
    let world = applied();
    let first = stuck(&world);
    first.pause();
    world.quirks(json!({"clock_offset": 100}));
    world.sandbox.fault(held().method("DELETE").path(LEASES));
    let second = world.start(&APPLY);
    world.until_faults_have_struck();
    second.kill();
    assert_eq!(leases(&world), 2);
    first.resume();
    // The first renews, as it does twice a minute.
    let lease = format!("{LEASES}-1");
    let renewal = json!({"properties": {"generation": 1}});
    world.port(reqwest::Method::PATCH, &lease, renewal);
    world.apply().exits(5).says("works on this ledger");
    assert_eq!(leases(&world), 2);
    first.kill();
    world.applied();
    assert_eq!(leases(&world), 0);
}

/// A ledger file has a lock instead.
#[test]
fn a_ledger_file_has_nothing_to_unlock() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.run(&["unlock", "--yes"]).exits(64);
}

/// What is given up stays as it is and is no longer ours to delete.
#[test]
fn forget_gives_an_object_up() {
    for world in [World::in_port(), World::new()] {
        world.write("service.yaml", &blueprint("service", "Service"));
        world.write("other.yaml", &blueprint("other", "Other"));
        world.applied();
        let near = world.run(&["forget", "--yes", "port.blueprint.servis"]);
        near.exits(64).says("port.blueprint.service");
        world.run(&["forget", "port.blueprint.service"]).exits(64);
        world.forget_requests();
        let ran = world.run(&["forget", "--yes", "port.blueprint.service"]);
        ran.exits(0).says("no longer ours");
        assert_eq!(world.writes_of_objects(), [""; 0]);
        world.remove("service.yaml");
        world.plan().exits(0);
        world.applied();
        assert!(!world.of_port("blueprints", "service").is_null());
    }
}

const CREATE: &str = "mutation { policyCreatev2(input: { name: \"Stuck\", type: NOTIFICATION, engineType: REGO_V1, space: \"root\", body: \"package spacelift\\n\\nsample := true\\n\" }) { id } }";

fn policies(world: &World) -> usize {
    let state = world.state();
    let policies = state["spacelift"]["policies"].as_object();
    let named = policies.into_iter().flatten();
    named.filter(|(_, one)| one["name"] == "Stuck").count()
}

const APPLY: [&str; 2] = ["apply", "--yes"];

fn applied() -> World {
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world
}

/// An apply that holds the lease and does not get on.
fn stuck(world: &World) -> Running {
    world.write("stuck.yaml", &policy("Stuck"));
    world.sandbox.fault(held().operation("PolicyCreate"));
    let running = world.start(&APPLY);
    world.until_faults_have_struck();
    running
}

/// Makes the lease one of a machine that this one knows nothing of.
fn elsewhere(world: &World) {
    let id = world.shelf().into_keys().find(|id| id.contains("lease"));
    let id = id.expect("a lease");
    let mut holder = world.part(&id);
    holder["boot"] = json!("another");
    world.port(
        reqwest::Method::PATCH,
        &format!(
            "/v1/blueprints/spaceport_project/entities/{}",
            id.replace('=', "%3D")
        ),
        json!({"properties": {"content": holder.to_string()}}),
    );
}

/// The ledger in Port, without leases.
fn parts(world: &World) -> BTreeMap<String, Value> {
    let mut shelf = world.shelf();
    shelf.retain(|id, _| !id.contains("lease"));
    shelf
}

fn leases(world: &World) -> usize {
    world
        .shelf()
        .keys()
        .filter(|id| id.contains("lease"))
        .count()
}
