//! The whole way of an event, over HTTP: an action in Port, a run in Spacelift, a policy, a signed
//! delivery, an entity in Port. The guides' "Let's test it".

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault};

use crate::world::{Ran, World};

const TRIGGER: [&str; 4] = [
    "run",
    "trigger_spacelift_stack",
    "--input",
    "stack=ai-agent",
];
const REFRESH: [&str; 2] = ["run", "refresh_spacelift_token"];

/// Runs an action to its end, and lets everything happen that it causes.
fn followed(world: &World, action: &[&str]) -> Ran {
    let ran = world.run(&[action, &["--follow", "--timeout", "60"]].concat());
    world.settle();
    // Tokens begin so, wherever they are said.
    ran.hides("eyJ").hides(spaceport::sandbox::KEY_SECRET)
}

/// The states that the runs of the guides' stack are in.
fn runs(world: &World) -> Vec<String> {
    let state = world.state();
    let runs = state["spacelift"]["runs"]["ai-agent"].as_array().cloned();
    let state = |run: Value| run["state"].as_str().unwrap_or_default().to_owned();
    runs.unwrap_or_default().into_iter().map(state).collect()
}

/// Every token of before is dead: what the guides call 401.
fn time_passes(world: &World) {
    world.sandbox.fault(Fault::new(Effect::ExpireTokens));
    world.run(&["plan"]).exits(0);
}

/// The tour of the README without its ingest: an event alone brings the entity, and nothing is left to
/// be changed.
#[test]
fn the_guides_work_from_end_to_end() {
    let world = World::with_a_stack("port-config");
    world.applied();
    let seeded = world.secret("SPACELIFT_TOKEN");

    followed(&world, &REFRESH).exits(0).says("ended as SUCCESS");
    let refreshed = world.secret("SPACELIFT_TOKEN");
    assert!(!refreshed.is_empty() && refreshed != seeded);
    world.plan().exits(0);

    followed(&world, &TRIGGER).exits(0).says("ended as SUCCESS");
    assert_eq!(runs(&world), ["FINISHED"]);
    let entity = world.entity("space_lift_stack", "ai-agent");
    assert_eq!(entity["properties"]["state"], "FINISHED");
    assert_eq!(entity["properties"]["branch"], "main");
    assert_eq!(entity["createdBy"], "spacelift_stack_mapper");
    world.plan().exits(0);

    // What the entity is chosen from is there now, and another run updates it.
    followed(&world, &TRIGGER).exits(0);
    assert_eq!(runs(&world), ["FINISHED", "FINISHED"]);
}

/// A dead token is answered with HTTP 200, which Port takes for a success. We do not, and the token
/// that the refresh brings is a living one.
#[test]
fn a_dead_token_is_told_and_refreshed() {
    let world = World::with_a_stack("port-config");
    world.applied();
    time_passes(&world);
    let ran = followed(&world, &TRIGGER).exits(1);
    ran.says("ended as SUCCESS")
        .says("unauthorized")
        .says("HTTP 200");
    assert!(runs(&world).is_empty());

    followed(&world, &REFRESH).exits(0);
    followed(&world, &TRIGGER).exits(0);
    assert_eq!(runs(&world), ["FINISHED"]);
}

/// A key that Spacelift does not know is answered with HTTP 200 and no token. The good token stays,
/// and whoever fires the refresh hears of it.
#[test]
fn a_refresh_without_a_token_is_told_and_loses_nothing() {
    let world = World::with_a_stack("port-config");
    world.applied();
    let before = world.secret("SPACELIFT_TOKEN");
    let revoked = json!({"secretValue": "01REVOKED00000000000000000"});
    world.port(
        Method::PATCH,
        "/v1/organization/secrets/SPACELIFT_API_KEY_ID",
        revoked,
    );
    let ran = followed(&world, &REFRESH).exits(1);
    ran.says("ended as SUCCESS")
        .says("`apiKeyUser` came back empty");
    assert_eq!(world.secret("SPACELIFT_TOKEN"), before);
}

/// With another signature secret on one side nothing arrives, although all look well; `simulate`
/// says why, offline.
#[test]
fn with_a_wrong_signature_nothing_arrives() {
    let mut world = World::with_a_stack("port-config");
    let (mapper, hook) = split(&world.read("webhook.yaml"), "kind: spacelift.webhook");
    let other = hook.replace("${random.webhook_signature}", "${env.ANOTHER}");
    assert_ne!(other, hook);
    world.write("webhook.yaml", &(mapper + &other));
    world.set("ANOTHER", "another");
    world.applied();
    followed(&world, &TRIGGER).exits(0);
    assert_eq!(runs(&world), ["FINISHED"]);
    assert!(world.entity("space_lift_stack", "ai-agent").is_null());

    let simulated = world.run(&["simulate", "--sample", "finished"]).exits(0);
    let said = simulated
        .out
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        said.contains("because `spacelift.webhook.port` signs with another secret"),
        "{said}"
    );
    assert!(said.contains("Nothing comes of it."), "{said}");
    world.run(&["test"]).exits(3);
}

fn split(text: &str, at: &str) -> (String, String) {
    let at = text.find(at).expect("it is there");
    (text[..at].to_owned(), text[at..].to_owned())
}

/// The guide's wiring as it is printed: its refresh reads a secret that the guide never creates and
/// is refused. Port takes that for a success and starts the automation, which has no token to bring.
#[test]
fn the_guide_as_it_is_printed_cannot_refresh_its_token() {
    let world = World::with_a_stack("examples/guide-verbatim");
    world.applied();
    followed(&world, &TRIGGER).exits(0);
    let entity = world.entity("space_lift_stack", "ai-agent");
    assert_eq!(entity["properties"]["state"], "FINISHED");

    let before = world.secret("SPACELIFT_TOKEN");
    let ran = followed(&world, &REFRESH).exits(1);
    ran.says("ended as SUCCESS").says("unauthorized");
    assert_eq!(world.secret("SPACELIFT_TOKEN"), before);
    let state = world.state();
    let runs = state["port"]["runs"].as_object().into_iter().flatten();
    let automation = runs
        .map(|(_, run)| run)
        .find(|run| run["source"] == "AUTOMATION");
    assert_eq!(automation.expect("it ran")["status"], "FAILURE");
}

/// The guide's own way, request by request: stacks are ingested as its script does it, the action is
/// executed as the form in Port does it, and the sample event is posted to the webhook.
#[test]
fn the_guides_own_requests_do_the_same() {
    let world = World::with_a_stack("examples/guide-verbatim");
    world.applied();
    let stacks = "{ stacks { id name space administrative state description repository repositoryURL provider labels branch namespace entityCount } }";
    let stacks = world.spacelift(stacks, json!({}));
    for stack in stacks["stacks"].as_array().expect("stacks") {
        let entity = json!({
            "identifier": stack["id"],
            "title": stack["name"],
            "properties": {
                "space": stack["space"], "label": stack["labels"], "description": stack["description"],
                "repository": stack["repository"], "state": stack["state"],
                "git_provider": stack["provider"], "branch": stack["branch"],
            },
            "relations": {},
        });
        let path = "/v1/blueprints/space_lift_stack/entities?upsert=true";
        world.port(Method::POST, path, entity);
    }
    let entity = |world: &World| world.entity("space_lift_stack", "ai-agent");
    let ingested = entity(&world);
    assert_eq!(ingested["properties"]["space"], "root");

    let run = json!({"properties": {"stack": "ai-agent"}});
    let answer = world.port(
        Method::POST,
        "/v1/actions/trigger_spacelift_stack/runs",
        run,
    );
    world.settle();
    let id = answer["run"]["id"].as_str().expect("an id");
    assert_eq!(world.of_port("runs", id)["status"], "SUCCESS");
    assert_eq!(runs(&world), ["FINISHED"]);
    let updated = entity(&world);
    assert_eq!(updated["properties"]["state"], "FINISHED");
    assert_eq!(updated["updatedBy"], "spacelift_stack_mapper");
    // What a delivery does not carry stays as the script found it.
    assert_eq!(updated["properties"]["space"], "root");
    assert_eq!(updated["createdBy"], ingested["createdBy"]);

    // An event like the guide's sample, posted as anybody could: this webhook is not signed.
    let key = world.of_port("webhooks", "spacelift_stack_mapper")["webhookKey"].clone();
    let path = format!("/ingest/{}", key.as_str().expect("a key"));
    let (status, _) = world.post(&path, sample());
    assert_eq!(status, 202);
    world.settle();
    let found = world.entity("space_lift_stack", "payments");
    let properties = json!({
        "label": ["node"], "description": "Pays", "link": "https://acme.app.spacelift.io/stack/payments",
        "git_provider": "GITHUB", "repository": "acme/payments", "branch": "main", "state": "FINISHED",
    });
    for (name, value) in properties.as_object().expect("a map") {
        assert_eq!(&found["properties"][name], value, "{name}");
    }
}

/// What Spacelift posts when a tracked run has finished, as far as the mapping reads it.
fn sample() -> Value {
    json!({
        "account": "acme", "state": "FINISHED", "stateVersion": 5, "timestamp": 1745599888,
        "run": {"id": "01RUN", "branch": "main", "type": "TRACKED", "driftDetection": false},
        "stack": {
            "id": "payments", "name": "payments", "description": "Pays", "labels": ["node"],
            "repository": "acme/payments", "vcs": "GITHUB",
            "url": "https://acme.app.spacelift.io/stack/payments",
        },
        "event_source": "spacelift", "event_type": "run_state_changed_event",
    })
}

/// An environment comes when it was approved, and goes with its stack; what somebody deletes in the
/// catalog alone keeps its stack.
#[test]
fn environments_come_and_go_on_demand() {
    let world = World::of("examples/environments-on-demand");
    world.applied();
    let stack = |name: &str| world.state()["spacelift"]["stacks"][name].clone();
    let state = |name: &str| world.entity("environment", name)["properties"]["state"].clone();

    let create = [
        "run",
        "create_environment",
        "--input",
        "name=qa-1",
        "-i",
        "kind=qa",
    ];
    let waiting = world.run(&create).exits(0).says("waits for approval by");
    let id = waiting.out.split(' ').nth(1).expect("an id").to_owned();
    world.settle();
    assert!(stack("env-qa-1").is_null());
    world.run(&["run", "approve", &id]).exits(0);
    world.run(&["run", "follow", &id]).exits(0);
    world.settle();
    assert!(!stack("env-qa-1").is_null());
    assert_eq!(state("env-qa-1"), "FINISHED");
    assert_eq!(
        world.entity("environment", "env-qa-1")["properties"]["kind"],
        "qa"
    );
    // The name is taken, which Port does not notice.
    let again = [&create[..], &["--approve"]].concat();
    followed(&world, &again).exits(1).says("already exists");

    let other = [
        "run",
        "create_environment",
        "--input",
        "name=kept",
        "--approve",
    ];
    followed(&world, &other).exits(0);
    let path = "/v1/blueprints/environment/entities/env-kept";
    world.port(Method::DELETE, path, Value::Null);
    world.settle();
    assert!(!stack("env-kept").is_null());

    let destroy = ["run", "destroy_environment", "--approve"];
    world.run(&destroy).exits(64).says("--entity ID");
    followed(&world, &[&destroy[..], &["--entity", "env-qa-1"]].concat()).exits(0);
    assert!(state("env-qa-1").is_null());
    assert!(stack("env-qa-1").is_null());
    world.plan().exits(0);
}
