//! Bad weather: credentials that are refused, services that are gone, answers that are lost. What
//! cannot be done changes nothing; what can be done goes on; the next run ends it.

use serde_json::json;
use spaceport::sandbox::{Effect, Fault, Reset, Service, When};

use crate::stub::{Stub, json as json_answer, nobody};
use crate::world::{Ran, World, blueprint, cut, policy, status};

/// Wrong credentials of Port are told with their variables.
#[test]
fn wrong_credentials_of_port() {
    let mut world = both();
    world.set("PORT_CLIENT_SECRET", "canary-wrong");
    failed(&world, world.apply())
        .says("PORT_CLIENT_ID")
        .says("PORT_CLIENT_SECRET")
        .hides("canary");
}

/// A wrong secret and an unknown key of Spacelift are told with their variables.
#[test]
fn wrong_credentials_of_spacelift() {
    for (variable, text) in [
        ("SPACELIFT_API_KEY_SECRET", "canary-wrong"),
        ("SPACELIFT_API_KEY_ID", "01UNKNOWN00000000000000000"),
    ] {
        let mut world = both();
        world.set(variable, text);
        failed(&world, world.apply())
            .says("SPACELIFT_API_KEY_ID")
            .says("SPACELIFT_API_KEY_SECRET")
            .hides("canary");
    }
}

/// Missing credentials are all named at once, before anything is sent.
#[test]
fn missing_credentials_are_named() {
    let mut world = both();
    for name in ["PORT_CLIENT_SECRET", "SPACELIFT_API_KEY_SECRET"] {
        world.unset(name);
    }
    failed(&world, world.apply())
        .says("PORT_CLIENT_SECRET")
        .says("SPACELIFT_API_KEY_SECRET");
    assert!(world.sandbox.requests().is_empty());
}

/// A dead Spacelift token answers with empty lists: the run stops, and deletes or creates nothing.
#[test]
fn a_dead_token_with_empty_lists_stops_the_run() {
    let world = World::of("port-config");
    world.applied();
    world.edit("webhook.yaml", "name: Port Webhook\n", "name: Portal\n");
    let ledger = world.shelf();
    world.sandbox.fault(
        Fault::new(Effect::DeadSession)
            .service(Service::Spacelift)
            .operation("viewer")
            .forever(),
    );
    world.forget_requests();
    let before = world.state()["spacelift"]["webhooks"].clone();

    world.plan().exits(1);
    world.apply().exits(1).says("viewer");
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.state()["spacelift"]["webhooks"], before);
    assert_eq!(world.shelf(), ledger);
}

/// A list that is empty although the ledger knows better is not believed.
#[test]
fn a_list_that_must_not_be_empty_stops_the_run() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    for name in ["Gate", "Door"] {
        world.write(&format!("{name}.yaml"), &policy(name));
    }
    world.applied();
    let delete = "mutation ($id: ID!) { policyDelete(id: $id) { id } }";
    for name in ["Gate", "Door"] {
        let id = world.of_spacelift("policies", name)["id"].clone();
        world.spacelift(delete, json!({"id": id}));
    }
    world.forget_requests();
    world.apply().exits(5).says("--allow-empty");
    assert_eq!(world.writes(), [""; 0]);
    world.run(&["apply", "--yes", "--allow-empty"]).exits(0);
    assert!(!world.of_spacelift("policies", "Gate").is_null());
}

/// Nobody listens, a proxy answers with HTML, a hotel answers with HTML, answers break off: each is
/// one message that names what to look at, and nothing is changed.
#[test]
fn an_outage_is_one_message_and_no_change() {
    let gateway = || Fault::new(Effect::BadGateway { when: When::Before }).forever();
    let lost = || cut(When::Before).forever();
    let hotel = || {
        let page = json_answer("<html><body>Welcome to the hotel</body></html>");
        Stub::new(move |_| page.replace("application/json", "text/html"))
    };
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"ok\": true";
    let (port, spacelift) = ("PORT_BASE_URL", "SPACELIFT_API_KEY_ENDPOINT");
    let elsewhere = |variable: &'static str, url: String| {
        let mut world = both();
        world.set(variable, &url);
        world
    };
    let faulty = |fault: Fault| {
        let world = both();
        world.sandbox.fault(fault);
        world
    };
    let outages: Vec<(World, &str)> = vec![
        (elsewhere(port, nobody()), port),
        (elsewhere(spacelift, nobody()), spacelift),
        (elsewhere(port, hotel().url().to_owned()), port),
        (elsewhere(spacelift, hotel().url().to_owned()), spacelift),
        (
            elsewhere(port, Stub::new(|_| half.to_owned()).url().to_owned()),
            "Port",
        ),
        (faulty(gateway().service(Service::Port)), "502"),
        (faulty(gateway().service(Service::Spacelift)), "502"),
        (faulty(lost().service(Service::Port).method("GET")), "Port"),
        (faulty(lost().operation("policies")), "Spacelift"),
    ];
    std::thread::scope(|scope| {
        for (world, says) in &outages {
            scope.spawn(move || {
                let ran = failed(world, world.apply()).says(says).hides("<center>");
                assert_eq!(ran.err.matches("error: ").count(), 1, "{}", ran.err);
            });
        }
    });
}

/// Short troubles are waited out: gateways, limits, ended tokens, pages of one.
#[test]
fn short_troubles_are_waited_out() {
    let gateway = Effect::BadGateway { when: When::Before };
    let limit = |reset, seconds| Effect::RateLimit { reset, seconds };
    let troubles = [
        Fault::new(gateway).method("GET").times(2),
        Fault::new(limit(Reset::RetryAfter, 0))
            .method("POST")
            .times(3),
        Fault::new(limit(Reset::Epoch, 0)).method("GET").times(2),
        Fault::new(limit(Reset::Delay, 1)).method("GET"),
        Fault::new(Effect::ExpireTokens)
            .method("POST")
            .path("/v1/webhooks"),
        Fault::new(Effect::ExpireTokens).operation("policyCreatev2"),
        Fault::new(Effect::Pages { size: 1 })
            .service(Service::Spacelift)
            .forever(),
    ];
    std::thread::scope(|scope| {
        for fault in troubles {
            scope.spawn(move || {
                let world = World::of("port-config");
                world.sandbox.fault(fault);
                world.apply().exits(0).says("converged: 0 changes");
            });
        }
    });
}

/// One create is refused: what does not need it is made, what needs it is skipped with the reason,
/// and the next run completes it.
#[test]
fn a_failure_in_the_middle_skips_only_what_needs_it() {
    let world = World::of("port-config");
    let refused = status(422, When::Before)
        .method("POST")
        .path("/v1/webhooks");
    world.sandbox.fault(refused);
    world
        .apply()
        .exits(4)
        .says("port.webhook.spacelift_stack_mapper")
        .says("spacelift.webhook.port");
    assert!(
        !world
            .of_port("actions", "trigger_spacelift_stack")
            .is_null()
    );
    assert!(!world.of_port("secrets", "SPACELIFT_TOKEN").is_null());
    assert!(
        world
            .of_port("webhooks", "spacelift_stack_mapper")
            .is_null()
    );
    assert!(world.of_spacelift("webhooks", "Port Webhook").is_null());
    assert!(
        world
            .of_spacelift("policies", "Port Webhook Notification")
            .is_null()
    );
    world.forget_requests();

    world.apply().exits(0).says("converged: 0 changes");
    assert_eq!(
        world.writes_of_objects(),
        ["POST /v1/webhooks", "WebhookCreate", "PolicyCreate"]
    );
    world.plan().exits(0);
}

/// The answer to any create is lost although the object was made: nothing is made twice.
#[test]
fn a_lost_answer_makes_no_duplicate() {
    let lost = || cut(When::After);
    for fault in [
        lost().method("POST").path("/v1/blueprints"),
        lost().method("POST").path("/v1/actions"),
        lost().method("POST").path("/v1/webhooks"),
        lost().method("POST").path("/v1/organization/secrets"),
        lost().operation("namedWebhooksIntegrationCreate"),
        lost().operation("policyCreatev2"),
        Fault::new(Effect::BadGateway { when: When::After }).operation("policyCreatev2"),
        status(500, When::After).method("POST").path("/v1/webhooks"),
    ] {
        let world = World::of("port-config");
        world.sandbox.fault(fault.clone());
        world.apply().exits(0).says("converged: 0 changes");
        world.until_faults_have_struck();
        assert_eq!(count(&world), (3, 1, 3, 1, 1), "{fault:?}");
    }
}

/// An apply whose proof cannot be read says so and has done its work.
#[test]
fn a_closing_read_that_fails_loses_nothing() {
    let world = both();
    let after_the_write = Fault::new(Effect::Status {
        status: 403,
        when: When::Before,
    });
    // The first reading passes, the one after the writes does not.
    world.sandbox.fault(
        after_the_write
            .method("GET")
            .path("/v1/blueprints")
            .skip(1)
            .forever(),
    );
    world.apply().exits(4);
    assert!(!world.of_port("blueprints", "service").is_null());
    world.sandbox.clear_faults();
    world.apply().exits(0).says("No changes");
}

/// Actions and automations, webhooks and secrets of Port; webhooks and policies of Spacelift.
pub fn count(world: &World) -> (usize, usize, usize, usize, usize) {
    let state = world.state();
    let rows = |service: &str, table: &str| {
        state[service][table]
            .as_object()
            .map_or(0, |rows| rows.len())
    };
    (
        rows("port", "actions"),
        rows("port", "webhooks"),
        rows("port", "secrets"),
        rows("spacelift", "webhooks"),
        rows("spacelift", "policies"),
    )
}

/// A project with one object of each service.
fn both() -> World {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world
}

/// The world failed: exit 1, and nothing was changed, not even the ledger.
#[track_caller]
fn failed(world: &World, ran: Ran) -> Ran {
    let ran = ran.exits(1);
    assert_eq!(world.writes(), [""; 0]);
    assert!(!world.path("ledger.json").exists());
    ran
}
