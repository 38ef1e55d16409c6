//! From a run in Spacelift to an entity in Port, through both halves: the signed delivery arrives at the
//! intake, is checked and mapped.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_ID, CLIENT_SECRET};

use super::account::{Account, text};
use super::receiver::Receiver;

/// The account's sandbox with a blueprint and a webhook in Port; the webhook's URL and Port's token.
async fn with_port(account: &Account) -> (String, String) {
    let login = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
    let (_, answer) = account.post("/v1/auth/access_token", login).await;
    let token = text(&answer["accessToken"]);
    let blueprint = json!({
        "identifier": "stack", "title": "Stack",
        "schema": {"properties": {"state": {"type": "string"}, "branch": {"type": "string"}}},
    });
    let mapping = json!({
        "blueprint": "stack", "filter": ".body.event_type == \"run_state_changed_event\"",
        "entity": {
            "identifier": ".body.stack.id", "title": ".body.stack.name",
            "properties": {"state": ".body.state", "branch": ".body.run.branch"},
        },
    });
    let webhook = json!({
        "identifier": "mapper", "title": "Mapper", "enabled": true, "mappings": [mapping],
        "security": {
            "secret": "s3cr3t", "signatureHeaderName": "X-Signature-256",
            "signatureAlgorithm": "sha256", "signaturePrefix": "sha256=",
        },
    });
    let made = account
        .with_token(&token, Method::POST, "/v1/blueprints", Some(blueprint))
        .await;
    assert_eq!(made.0, 201, "{}", made.1);
    let made = account
        .with_token(&token, Method::POST, "/v1/webhooks", Some(webhook))
        .await;
    assert_eq!(made.0, 201, "{}", made.1);
    (text(&made.1["integration"]["url"]), token)
}

async fn entity(account: &Account, token: &str) -> (u16, Value) {
    let path = "/v1/blueprints/stack/entities/ai-agent";
    let (status, answer) = account.with_token(token, Method::GET, path, None).await;
    (status, answer["entity"]["properties"].clone())
}

#[tokio::test]
async fn a_finished_run_becomes_an_entity_when_both_sides_share_a_secret() {
    let account = Account::telling(&Receiver::new().await).await;
    let (url, token) = with_port(&account).await;
    assert!(url.starts_with("https://ingest.port.io/"), "{url}");
    account
        .webhook("port", url.clone(), json!({"secret": "other"}))
        .await;
    let rule = r#"webhook contains {"endpoint_id": "port"} if input.run_updated"#;
    account.policy("all", rule, json!({})).await;

    account.trigger("ai-agent").await;
    account.settle().await;
    // Spacelift sees a 202 all the same; Port drops it afterwards.
    let log = account.deliveries().await;
    assert!(
        log.iter()
            .all(|one| one["attempts"] == json!([{"status": 202}])),
        "{log:?}"
    );
    assert_eq!(entity(&account, &token).await.0, 404);

    let update = "mutation($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: \"port\", input: $input) { id } }";
    let input = json!({"name": "port", "endpoint": url, "enabled": true, "space": "root", "labels": [], "secret": "s3cr3t"});
    account.data(update, json!({ "input": input })).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    let found = entity(&account, &token).await;
    assert_eq!(found, (200, json!({"state": "FINISHED", "branch": "main"})));
    let log = account.deliveries().await;
    let last = log.last().expect("a delivery");
    assert_eq!(last["url"], url);
    let headers = last["headers"].as_array().expect("headers");
    assert!(
        headers.contains(&json!(["User-Agent", "Go-http-client/2.0"])),
        "{headers:?}"
    );
}
