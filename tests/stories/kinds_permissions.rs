//! `port.action_permissions` from file to service and back.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::Quirks;

use crate::world::World;

const ACTION: &str = "\
kind: port.action
spec:
  identifier: deploy
  title: Deploy
  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {} } }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/deploy\" }
";

const PERMISSIONS: &str = "\
kind: port.action_permissions
spec:
  action: deploy
  execute: { teams: [zeta, alpha], roles: [Admin] }
";

const ADDR: &str = "port.action_permissions.deploy";
const ROUTE: &str = "/v1/actions/deploy/permissions";

fn world() -> World {
    let world = World::new();
    world.write("action.yaml", ACTION);
    world.write("permissions.yaml", PERMISSIONS);
    world
}

fn execute(world: &World) -> Value {
    world.of_port("action_permissions", "deploy")["execute"].clone()
}

fn asked(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|r| r.path == ROUTE).count()
}

/// Written after the action, read back sorted, and asked for once by each plan.
#[test]
fn permissions_are_written_once_and_then_equal() {
    let world = world();
    world.plan().exits(2).says(ADDR);
    assert_eq!(asked(&world), 0, "there is no action yet");
    world.applied();
    assert_eq!(
        world.writes(),
        ["POST /v1/actions".to_owned(), format!("PATCH {ROUTE}")]
    );
    assert_eq!(execute(&world)["teams"], json!(["alpha", "zeta"]));
    assert_eq!(execute(&world)["roles"], json!(["Admin"]));
    world.forget_requests();
    world.plan().exits(0);
    assert_eq!(asked(&world), 1);
    assert!(world.sandbox.requests().len() <= 10);
}

/// Port makes permissions a moment after their action: the first requests answer 404.
#[test]
fn late_permissions_are_waited_for() {
    let world = world();
    world.sandbox.set_quirks(Quirks {
        late_permissions: 2,
        ..Quirks::default()
    });
    world.applied();
    assert_eq!(execute(&world)["roles"], json!(["Admin"]));
    world.plan().exits(0);
}

/// A scope that the document does not speak of belongs to others; the rest is repaired.
#[test]
fn drift_is_healed_and_what_is_not_spoken_of_stays() {
    let world = world();
    world.applied();
    let clicked =
        json!({"execute": {"roles": ["Admin", "Member"]}, "approve": {"users": ["a@b.c"]}});
    world.port(Method::PATCH, ROUTE, clicked);
    world.plan().exits(2).says("Member").hides("a@b.c");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [format!("PATCH {ROUTE}")]);
    assert_eq!(execute(&world)["roles"], json!(["Admin"]));
    let approve = &world.of_port("action_permissions", "deploy")["approve"];
    assert_eq!(approve["users"], json!(["a@b.c"]));
}

/// Permissions of an action of ours are ours: no adoption is asked for. Those of others are not.
#[test]
fn permissions_belong_to_whom_the_action_belongs() {
    let world = world();
    world.remove("permissions.yaml");
    world.applied();
    world.write("permissions.yaml", PERMISSIONS);
    world.applied();
    assert_eq!(execute(&world)["roles"], json!(["Admin"]));

    let strange = ACTION.replace("identifier: deploy", "identifier: strange");
    world.write("action.yaml", &strange);
    world.write(
        "permissions.yaml",
        &PERMISSIONS.replace("deploy", "strange"),
    );
    world.port(Method::POST, "/v1/actions", json!({
        "identifier": "strange", "title": "Deploy",
        "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
        "invocationMethod": {"type": "WEBHOOK", "url": "https://example.com/deploy"},
    }));
    world
        .apply()
        .exits(5)
        .says("port.action_permissions.strange")
        .says("--adopt");
}

/// Leaving the project opens nothing: they stay, and the plan says so.
#[test]
fn permissions_that_leave_the_project_stay() {
    let world = world();
    world.applied();
    let before = execute(&world);
    world.remove("permissions.yaml");
    world.plan().says("Port cannot delete");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(execute(&world), before);
    assert_eq!(world.entry(ADDR), Value::Null);
    world.plan().exits(0).hides("Port cannot delete");
}

/// With the action they go, and nothing is said about them.
#[test]
fn permissions_go_with_their_action() {
    let world = world();
    world.write(
        "keep.yaml",
        &ACTION.replace("identifier: deploy", "identifier: keep"),
    );
    world.applied();
    world.remove("permissions.yaml");
    world.remove("action.yaml");
    world.plan().exits(2).hides("Port cannot delete");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["DELETE /v1/actions/deploy"]);
    world.plan().exits(0);
}

/// The action may be meant by reference; then the document needs a name of its own.
#[test]
fn the_action_may_be_a_reference() {
    let world = world();
    let referring = PERMISSIONS
        .replace(
            "action_permissions\n",
            "action_permissions\nref: deployers\n",
        )
        .replace(
            "action: deploy",
            "action: \"${port.action.deploy.identifier}\"",
        );
    world.write("permissions.yaml", &referring);
    world.applied();
    assert_eq!(
        world.entry("port.action_permissions.deployers")["id"],
        "deploy"
    );
    world.plan().exits(0);
}

/// The action is renamed in place, and its permissions are written under the new name.
#[test]
fn permissions_follow_a_renamed_action() {
    let world = world();
    let named = |text: &str, from: &str| {
        let kind = text.lines().next().expect("a kind").to_owned();
        text.replace(&kind, &format!("{kind}\nref: mine"))
            .replace("deploy", from)
    };
    world.write("action.yaml", &named(ACTION, "deploy"));
    world.write("permissions.yaml", &named(PERMISSIONS, "deploy"));
    world.applied();
    world.write("action.yaml", &named(ACTION, "ship"));
    world.write("permissions.yaml", &named(PERMISSIONS, "ship"));
    world.applied();
    let permissions = world.of_port("action_permissions", "ship");
    assert_eq!(permissions["execute"]["teams"], json!(["alpha", "zeta"]));
    world.plan().exits(0);
}
