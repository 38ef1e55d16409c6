//! What the command line chooses: targets, variables, environments, and whether to go on.

use crate::stub::nobody;
use crate::world::{PROJECT, World, blueprint, policy};

/// Only the target and what it needs are applied; the rest waits.
#[test]
fn a_target_takes_what_it_needs_along() {
    let world = World::of("port-config");
    world
        .run(&["apply", "--yes", "--target", "spacelift.webhook.port"])
        .exits(0);
    assert!(!world.of_port("blueprints", "space_lift_stack").is_null());
    assert!(
        !world
            .of_port("webhooks", "spacelift_stack_mapper")
            .is_null()
    );
    assert!(!world.of_spacelift("webhooks", "Port Webhook").is_null());
    assert!(
        world
            .of_spacelift("policies", "Port Webhook Notification")
            .is_null()
    );
    assert!(
        world
            .of_port("actions", "trigger_spacelift_stack")
            .is_null()
    );
    world.plan().exits(2);
    world.applied();
}

/// A target that does not exist is wrong usage, with the nearest name.
#[test]
fn an_unknown_target_is_wrong_usage() {
    let world = World::of("port-config");
    world
        .run(&["plan", "--target", "spacelift.webhook.prot"])
        .exits(64)
        .says("spacelift.webhook.port");
    world
        .run(&["apply", "--yes", "--target", "not an address"])
        .exits(64);
    assert_eq!(world.writes(), [""; 0]);
}

/// Without a terminal and without `--yes` nothing is applied.
#[test]
fn without_a_terminal_nobody_is_asked() {
    let world = World::of("port-config");
    world.run(&["apply"]).exits(64).says("--yes");
    assert!(world.sandbox.requests().is_empty());
}

/// Variables have defaults, and the command line sets them.
#[test]
fn variables_are_set_on_the_command_line() {
    let world = World::new();
    let variables = "variables:\n  title: { default: Plain }\n";
    world.write("spaceport.yaml", &format!("{PROJECT}{variables}"));
    world.write("service.yaml", &blueprint("service", "\"${var.title}\""));
    world.applied();
    assert_eq!(world.of_port("blueprints", "service")["title"], "Plain");
    world
        .run(&["apply", "--yes", "--var", "title=Fancy"])
        .exits(0);
    assert_eq!(world.of_port("blueprints", "service")["title"], "Fancy");
    world
        .run(&["plan", "--var", "tilte=x"])
        .exits(3)
        .says("title");
}

/// Flags for the hosts win over the environment.
#[test]
fn flags_for_the_hosts_win() {
    let mut world = World::of("port-config");
    world.set("PORT_BASE_URL", &nobody());
    world.set("SPACELIFT_API_KEY_ENDPOINT", &nobody());
    let url = world.sandbox.url();
    world
        .run(&["apply", "--yes", "--port-url", url, "--spacelift-url", url])
        .exits(0)
        .says("converged: 0 changes");
}

/// A project may have one of the services only, and needs no credentials of the other.
#[test]
fn one_service_is_enough() {
    let mut world = World::new();
    world.edit("spaceport.yaml", "port: { region: eu }\n", "");
    world.write("gate.yaml", &policy("Gate"));
    world.unset("PORT_CLIENT_ID");
    world.unset("PORT_CLIENT_SECRET");
    world.applied();
    assert!(!world.of_spacelift("policies", "Gate").is_null());
    world.plan().exits(0).says("No changes");
}

/// What looks like a reference and is none arrives as it is meant (law 3).
#[test]
fn escapes_and_foreign_templates_arrive_unchanged() {
    let world = World::new();
    let title = r#"'$${var.x} {{ .inputs.a }} ${{ secrets.B }} "q" \n é'"#;
    world.write("service.yaml", &blueprint("service", title));
    world.applied();
    assert_eq!(
        world.of_port("blueprints", "service")["title"],
        r#"${var.x} {{ .inputs.a }} ${{ secrets.B }} "q" \n é"#
    );
    world.plan().exits(0);
}

/// An environment overrides settings and has objects of its own; each has its ledger.
#[test]
fn environments_differ_in_settings_and_objects() {
    let mut world = environments("");
    world.run(&["apply", "--yes", "-e", "staging"]).exits(0);
    assert_eq!(world.of_port("blueprints", "service")["title"], "Staging");
    assert!(!world.of_port("blueprints", "probe").is_null());
    assert!(world.path("staging.json").exists());
    assert!(!world.path("prod.json").exists());

    // Another world for production; the variable chooses as the flag does.
    world = world.elsewhere(spaceport::sandbox::Options::default());
    world.set("SPACEPORT_ENVIRONMENT", "prod");
    world.apply().exits(0);
    assert_eq!(
        world.of_port("blueprints", "service")["title"],
        "Production"
    );
    assert!(world.of_port("blueprints", "probe").is_null());
    world.plan().exits(0);
}

/// The default environment is the one that is meant without `-e`.
#[test]
fn a_default_environment_is_chosen() {
    let world = environments("default_environment: prod\n");
    world.applied();
    assert_eq!(
        world.of_port("blueprints", "service")["title"],
        "Production"
    );
}

/// With environments, somebody has to choose one before anything is read.
#[test]
fn no_chosen_environment_is_wrong_usage() {
    let world = environments("");
    world.apply().exits(64).says("staging").says("prod");
    world.plan().exits(64);
    assert!(world.sandbox.requests().is_empty());
}

/// An environment that is not declared is a finding with the nearest name.
#[test]
fn an_unknown_environment_is_a_finding() {
    let world = environments("");
    world
        .run(&["apply", "--yes", "-e", "stagign"])
        .exits(3)
        .says("staging");
    assert!(world.sandbox.requests().is_empty());
}

/// Two environments, one object for both and one for staging only.
fn environments(more: &str) -> World {
    let world = World::new();
    let settings = format!(
        "version: 1
project: stories
port: {{ region: eu }}
variables:
  title: {{ default: Nowhere }}
environments:
  staging:
    ledger: {{ file: staging.json }}
    variables: {{ title: {{ default: Staging }} }}
  prod:
    ledger: {{ file: prod.json }}
    variables: {{ title: {{ default: Production }} }}
{more}"
    );
    world.write("spaceport.yaml", &settings);
    world.write("service.yaml", &blueprint("service", "\"${var.title}\""));
    let probe = format!("environments: [staging]\n{}", blueprint("probe", "Probe"));
    world.write("probe.yaml", &probe);
    world
}
