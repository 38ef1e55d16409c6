//! Law 4 where it is not the crash matrix (`tests/matrix`) that shows it: runs that are stopped, and
//! writes that are refused.

use std::sync::atomic::{AtomicU32, Ordering};

use spaceport::sandbox::{Effect, Fault, When};

use crate::weather::count;
use crate::world::{World, blueprint, hanging, held, policy, secret, sha256};

/// What a first apply posts below `/v1/blueprints` before its first blueprint: the search for a
/// ledger, the ledger's blueprint, the lease, the search again and the intents.
#[cfg(unix)]
const LEDGER_FIRST: u32 = 5;

/// A create took effect and its answer never comes: killed there, the next run completes. Every other
/// request is tried by the crash matrix (`tests/matrix`).
#[test]
fn killed_while_a_request_hangs_the_next_run_completes() {
    let world = World::of("port-config");
    let hang = Fault::new(Effect::Hang { when: When::After });
    world
        .sandbox
        .fault(hang.method("POST").path("/v1/webhooks"));
    let running = world.start(&["apply", "--yes"]);
    assert!(world.until_one_hangs_or(|| false));
    running.kill();
    assert!(
        !world
            .of_port("webhooks", "spacelift_stack_mapper")
            .is_null()
    );
    world.apply().exits(0).says("converged: 0 changes");
    assert_eq!(count(&world), (3, 1, 3, 1, 1));
}

/// The first Ctrl-C finishes what is in flight, writes the ledger and ends with 130.
#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_in_flight() {
    let world = World::of("port-config");
    let slow = Fault::new(Effect::Slow {
        milliseconds: 3_000,
    });
    world.sandbox.fault(
        slow.method("POST")
            .path("/v1/blueprints")
            .skip(LEDGER_FIRST),
    );
    let running = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    running.interrupt();
    running.end().exits(130);

    // In flight at that time, and ours now; what would have been next was not begun.
    assert!(!world.of_port("blueprints", "space_lift_stack").is_null());
    assert!(world.of_spacelift("webhooks", "Port Webhook").is_null());
    let ledger = world.part("port-spacelift=chunk-0-a");
    assert!(
        ledger.get("port.blueprint.space_lift_stack").is_some(),
        "{ledger}"
    );
    world.apply().exits(0).says("converged: 0 changes");
    assert_eq!(count(&world), (3, 1, 3, 1, 1));
}

/// The second Ctrl-C ends at once, and the next run completes.
#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let world = World::of("port-config");
    world.sandbox.fault(
        held()
            .method("POST")
            .path("/v1/blueprints")
            .skip(LEDGER_FIRST),
    );
    let mut running = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    running.interrupt();
    running.until_it_says("stopping");
    running.interrupt();
    running.end().exits(130);
    world.apply().exits(0).says("converged: 0 changes");
}

/// Two applies at once on one ledger: the second is refused and writes nothing.
#[test]
fn two_applies_at_once_do_not_meet() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world
        .sandbox
        .fault(held().method("POST").path("/v1/blueprints"));
    let first = world.start(&["apply", "--yes"]);
    world.until_faults_have_struck();
    world.forget_requests();

    world.apply().exits(5).says("ledger.json");
    assert_eq!(world.writes(), [""; 0]);
    // A plan only looks, so it may.
    world.plan().exits(2);

    first.kill();
    world.applied();
}

/// What a killed run has written before it could note that has not drifted, whatever is edited next.
#[test]
fn what_a_killed_run_has_written_has_not_drifted() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    world.edit("service.yaml", "title: Service", "title: Once");
    world.write("door.yaml", &policy("Door"));
    let write = hanging(When::After).method("PUT");
    world.sandbox.fault(write.path("/v1/blueprints/service"));
    let running = world.start(&["apply", "--yes"]);
    assert!(world.until_one_hangs_or(|| false));
    running.kill();
    assert_eq!(world.of_port("blueprints", "service")["title"], "Once");

    world.applied();
    world.edit("service.yaml", "title: Once", "title: Twice");
    world.plan().exits(2).hides("drifted");
    world.run(&["drift"]).exits(0);
}

/// Any write of an apply of many edits is refused once: the next run completes.
#[test]
fn refused_in_the_middle_of_edits_the_next_run_completes() {
    let calm = edited();
    calm.forget_requests();
    calm.run(&["apply", "--yes", "--allow-deletes", "3"])
        .exits(0);
    for_each_write(&calm, |request| {
        let world = edited();
        world
            .sandbox
            .fault(crate::world::status(422, When::Before).skip(request));
        let first = world.run(&["apply", "--yes", "--allow-deletes", "3"]);
        assert!(matches!(first.code, Some(0 | 1 | 4)), "{first:?}");
        world
            .run(&["apply", "--yes", "--allow-deletes", "3"])
            .exits(0);
        settled(&world, request);
    });
}

/// A project that was applied and then edited: something new, something renamed, something to
/// replace, something to delete, and a secret with another text.
fn edited() -> World {
    let mut world = World::new();
    world.set("TEXT", "canary-one");
    world.write("key.yaml", &secret("KEY", "TEXT"));
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gone.yaml", &blueprint("gone", "Gone"));
    world.write("leaving.yaml", &policy("Leaving"));
    world.write("hook.yaml", HOOK);
    world.write("gate.yaml", &format!("ref: gate\n{}", policy("Gate")));
    world.write("kept.yaml", &format!("ref: kept\n{}", policy("Kept")));
    world.applied();

    world.set("TEXT", "canary-two");
    world.edit("service.yaml", "title: Service", "title: Renamed");
    world.remove("gone.yaml");
    world.remove("leaving.yaml");
    world.edit("hook.yaml", "name: Hook", "name: Hooked");
    world.edit(
        "hook.yaml",
        "X-One: \"${env.TEXT}\"",
        "X-Two: \"${env.TEXT}\"",
    );
    world.edit("gate.yaml", "type: NOTIFICATION", "type: GIT_PUSH");
    world.edit("kept.yaml", "ref: kept", "ref: moved");
    world.write("new.yaml", &blueprint("new", "New"));
    world.write("door.yaml", &policy("Door"));
    world
}

fn settled(world: &World, request: u32) {
    let text = sha256("canary-two");
    assert_eq!(world.secret("KEY"), text, "request {request}");
    assert_eq!(world.of_port("blueprints", "service")["title"], "Renamed");
    assert!(world.of_port("blueprints", "gone").is_null());
    assert!(!world.of_port("blueprints", "new").is_null());
    let hook = world.of_spacelift("webhooks", "Hooked");
    assert_eq!(hook["id"], "hook", "request {request}");
    let headers = &hook["headers"];
    assert!(headers["X-One"].is_null(), "request {request}: {headers}");
    assert_eq!(headers["X-Two"]["sha256"], text, "request {request}");
    assert_eq!(count(world), (0, 0, 1, 1, 3), "request {request}");
    let gate = world.of_spacelift("policies", "Gate");
    assert_eq!(gate["policy_type"], "GIT_PUSH");
    let entries = world.ledger()["entries"].clone();
    let addrs: Vec<&String> = entries.as_object().expect("entries").keys().collect();
    assert_eq!(
        addrs,
        [
            "port.blueprint.new",
            "port.blueprint.service",
            "port.secret.KEY",
            "spacelift.policy.door",
            "spacelift.policy.gate",
            "spacelift.policy.moved",
            "spacelift.webhook.hook"
        ],
        "request {request}"
    );
    for entry in entries.as_object().expect("entries").values() {
        assert!(entry["adopted"].is_null(), "request {request}: {entries}");
    }
}

const HOOK: &str = "\
kind: spacelift.webhook
ref: hook
spec:
  name: Hook
  endpoint: https://one.example.com/in
  space: root
  secret: \"${env.TEXT}\"
  secretHeaders: { X-One: \"${env.TEXT}\" }
";

/// Tells the story for each request of an apply from its first write to the one after its last:
/// what comes earlier has changed nothing yet.
fn for_each_write(calm: &World, story: impl Fn(u32) + Sync) {
    let requests = calm.sandbox.requests();
    let first = requests.iter().position(|entry| entry.write);
    let last = requests.iter().rposition(|entry| entry.write);
    let first = u32::try_from(first.expect("a write")).expect("few requests");
    let last = u32::try_from(last.expect("a write")).expect("few requests");
    assert!(last - first > 6, "{requests:#?}");
    // With the ledger in Port, giving the lease back is the very last request.
    let end = (last + 1).min(u32::try_from(requests.len()).expect("few requests") - 1);
    let next = AtomicU32::new(first);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let request = next.fetch_add(1, Ordering::SeqCst);
                    if request > end {
                        return;
                    }
                    story(request);
                }
            });
        }
    });
}
