//! `doctor`: everything at once, without a write and without a secret's text.

use serde_json::json;
use spaceport::sandbox::{CLIENT_SECRET, Effect, Fault, KEY_SECRET, When};

use crate::world::{Ran, World, blueprint, secret, status};

fn doctor(world: &World) -> Ran {
    let ran = world
        .run(&["doctor"])
        .hides(CLIENT_SECRET)
        .hides(KEY_SECRET);
    assert_eq!(world.writes(), [""; 0]);
    let wide = ran.out.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
    ran
}

/// A world in which all is well.
#[test]
fn all_is_well() {
    let mut world = World::in_port();
    world.set("TEXT", "canary-text");
    world.write("a.yaml", &blueprint("a", "A"));
    world.write("s.yaml", &secret("TOKEN", "TEXT"));
    world.applied();
    world.forget_requests();
    let ran = doctor(&world).exits(0).hides("canary-text").hides("✗");
    for said in [
        "✓ `stories`: 2 objects, valid",
        "✓ PORT_CLIENT_ID and PORT_CLIENT_SECRET are set",
        "overridden by PORT_BASE_URL",
        "✓ the log-in works; the token ends in",
        "✓ the clocks of Port and this machine agree",
        "port.blueprint (",
        "✓ spaces seen: ",
        "in Port, stories: 2 objects are ours, last apply just now",
        "✓ nobody holds it",
        "✓ TEXT is set",
        "ledger format 1",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
}

/// What is wrong with one thing keeps nothing else from being looked at.
#[test]
fn a_wrong_secret_is_one_line_among_others() {
    let mut world = World::new();
    world.set("PORT_CLIENT_SECRET", "canary-wrong");
    world.write("s.yaml", &secret("TOKEN", "TEXT"));
    let ran = doctor(&world).exits(1).hides("canary-wrong");
    ran.says("refused the credentials")
        .says("Spacelift takes us for")
        .says("! TEXT is not set; port.secret.TOKEN /secretValue is sent with it");
    world.unset("PORT_CLIENT_ID");
    let ran = doctor(&world).exits(1);
    ran.says("✗ PORT_CLIENT_ID is not set")
        .says("Spacelift takes us for");
}

/// A member may not list webhooks, which matters when the project has some.
#[test]
fn a_refused_list_is_named() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    let member = || status(403, When::Before).method("GET").path("/v1/webhooks");
    world.sandbox.fault(member().forever());
    let ran = doctor(&world).exits(0);
    let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("! port.webhook may not be read"), "{said}");
    assert!(said.contains("the project has none"), "{said}");
    let bootstrap = World::of("port-config");
    bootstrap.sandbox.fault(member().forever());
    doctor(&bootstrap)
        .exits(1)
        .says("✗ port.webhook may not be read");
}

/// Clocks that differ, and a session that sees nothing.
#[test]
fn clocks_and_dead_sessions_are_told() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.quirks(json!({"clock_offset": 900}));
    let ran = doctor(&world).exits(1);
    let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("behind Port's"), "{said}");
    world.quirks(json!({}));
    world.sandbox.fault(
        Fault::new(Effect::DeadSession)
            .path("/graphql")
            .skip(1)
            .forever(),
    );
    doctor(&world).exits(1).says("viewer");
}

/// A token that has ended cannot be renewed.
#[test]
fn a_token_that_ended_is_told() {
    let mut world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.unset("SPACELIFT_API_KEY_ID");
    world.unset("SPACELIFT_API_KEY_SECRET");
    let token = world.token();
    world.set("SPACELIFT_API_TOKEN", &token);
    let ran = doctor(&world).exits(0).hides(&token);
    ran.says("✓ SPACELIFT_API_TOKEN is set");
    world
        .sandbox
        .fault(Fault::new(Effect::ExpireTokens).path("/graphql"));
    doctor(&world).exits(1).says("viewer");
}

/// Files with findings are said and the rest is looked at; without a project there is little.
#[test]
fn findings_do_not_hide_the_world() {
    let world = World::new();
    world.write("a.yaml", "kind: port.blueprnt\nspec: {}\n");
    doctor(&world)
        .exits(3)
        .says("did you mean")
        .says("organization");
    world.remove("spaceport.yaml");
    doctor(&world)
        .exits(3)
        .says("PORT_CLIENT_ID and PORT_CLIENT_SECRET are set");
}

/// The embedded sandbox is as well as can be, and needs nothing of the environment.
#[test]
fn the_sandbox_is_well() {
    let world = World::of("port-config");
    world
        .run(&["doctor", "--sandbox"])
        .exits(0)
        .says("the sandbox has its own")
        .says("✓ the embedded sandbox")
        .hides("127.0.0.1");
}
