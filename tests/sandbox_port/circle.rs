//! The whole way round, over HTTP: an action of Port starts a run of Spacelift, whose states come back
//! through a policy, a signed webhook and a mapping as an entity.

use serde_json::{Value, json};
use spaceport::sandbox::{KEY_ID, KEY_SECRET, Options, StartingStack};

use crate::world::World;

const LOGIN: &str =
    "mutation ($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";

/// A call of Spacelift's GraphQL; its data.
async fn graphql(world: &World, token: &str, query: &str, variables: Value) -> Value {
    let url = format!("{}/graphql", world.sandbox.url());
    let asked = world.client.post(url).bearer_auth(token);
    let asked = asked.json(&json!({"query": query, "variables": variables}));
    let answer: Value = asked
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

/// Both services wired to each other; Spacelift signs with `secret`, Port asks for `shared`.
async fn wired(secret: &str) -> World {
    let world = World::with(Options {
        stacks: vec![StartingStack::ai_agent()],
        ..Options::default()
    })
    .await;
    let properties = json!({"state": {"type": "string"}, "branch": {"type": "string"}});
    world
        .blueprint("stack", json!({"schema": {"properties": properties}}))
        .await;
    let mapping = json!({
        "blueprint": "stack", "filter": ".body.run.type == 'TRACKED'",
        "entity": {
            "identifier": ".body.stack.id", "title": ".body.stack.name",
            "properties": {"state": ".body.state", "branch": ".body.run.branch"},
        },
    });
    let security = json!({
        "secret": "shared", "signatureAlgorithm": "sha256",
        "signatureHeaderName": "X-Signature-256", "signaturePrefix": "sha256=",
        "requestIdentifierPath": ".body.run.id + ':' + (.body.stateVersion | tostring)",
    });
    let webhook = json!({
        "identifier": "mapper", "title": "Mapper", "enabled": true, "security": security, "mappings": [mapping],
    });
    let (_, answer) = world.post("/v1/webhooks", webhook).await;
    let endpoint = answer["integration"]["url"].as_str().expect("a URL");

    let user = graphql(
        &world,
        "",
        LOGIN,
        json!({"id": KEY_ID, "secret": KEY_SECRET}),
    )
    .await;
    let token = user["apiKeyUser"]["jwt"].as_str().expect("a token");
    let create = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    let input = json!({
        "name": "port", "endpoint": endpoint, "enabled": true, "space": "root", "labels": [], "secret": secret,
    });
    graphql(&world, token, create, json!({"input": input})).await;
    let body = "package spacelift\n\nwebhook contains {\"endpoint_id\": \"port\"} if input.run_updated.run.type == \"TRACKED\"\n";
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let input = json!({
        "name": "notify", "type": "NOTIFICATION", "engineType": "REGO_V1", "space": "root", "body": body,
    });
    graphql(&world, token, create, json!({"input": input})).await;

    world.secret("SPACELIFT_TOKEN", token).await;
    let form = json!({"properties": {
        "stack": {"type": "string", "format": "entity", "blueprint": "stack"},
    }});
    let invocation = json!({
        "type": "WEBHOOK", "synchronized": true, "url": "https://acme.app.spacelift.io/graphql",
        "headers": {"Authorization": "Bearer {{.secrets.SPACELIFT_TOKEN}}"},
        "body": {
            "query": "mutation ($stackId: ID!) { runTrigger(stack: $stackId) { id state } }",
            "variables": {"stackId": "{{.inputs.stack.identifier}}"},
        },
    });
    world
        .action_with("trigger", form, invocation, json!({}))
        .await;
    world
}

/// The run of the action, after a stack of the catalog was triggered with it.
async fn triggered(world: &World) -> Value {
    world
        .put_entity(
            "stack",
            json!({"identifier": "ai-agent", "properties": {"state": "NONE"}}),
        )
        .await;
    let run = world.ran("trigger", json!({"stack": "ai-agent"})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    run
}

#[tokio::test]
async fn a_triggered_stack_comes_back_as_a_finished_entity() {
    let world = wired("shared").await;
    let run = triggered(&world).await;
    assert!(
        run["response"]["data"]["runTrigger"]["id"].is_string(),
        "{run}"
    );

    let entity = world.entity("stack", "ai-agent").await;
    assert_eq!(
        entity["properties"],
        json!({"state": "FINISHED", "branch": "main"})
    );
    assert_eq!(entity["updatedBy"], "mapper");
    let (_, answer) = world.get("/_sandbox/deliveries").await;
    let deliveries = answer["deliveries"].as_array().expect("a list");
    assert!(deliveries.len() > 2, "each state is told: {answer}");
    assert!(
        deliveries.iter().all(|one| one["verdict"] == "mapped"),
        "{answer}"
    );
}

#[tokio::test]
async fn with_a_secret_on_one_side_nothing_arrives_and_the_reason_is_kept() {
    let world = wired("other").await;
    triggered(&world).await;
    assert_eq!(
        world.entity("stack", "ai-agent").await["properties"]["state"],
        "NONE"
    );
    let (_, answer) = world.get("/_sandbox/deliveries").await;
    let deliveries = answer["deliveries"].as_array().expect("a list");
    assert!(!deliveries.is_empty());
    for delivery in deliveries {
        assert_eq!(delivery["verdict"], "dropped", "{delivery}");
        assert!(
            delivery["why"]
                .as_str()
                .expect("a text")
                .contains("X-Signature-256")
        );
    }
}
