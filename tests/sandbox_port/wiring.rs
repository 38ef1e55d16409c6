//! What the contract page promises of tokens, actions, runs, webhooks, secrets and routes at large.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn the_same_token_comes_back_and_wrong_credentials_do_not_work() {
    let mut world = World::new().await;
    let first = world.token.clone();
    world.login().await;
    assert_eq!(world.token, first);

    let wrong = json!({"clientId": "sandbox-client", "clientSecret": "guess"});
    let (status, answer) = world.post("/v1/auth/access_token", wrong).await;
    assert_eq!(
        (status, &answer["error"]),
        (401, &json!("invalid_credentials"))
    );
    let (status, _) = world
        .post(
            "/v1/auth/access_token",
            json!({"clientId": "a", "clientSecret": "b", "extra": 1}),
        )
        .await;
    assert_eq!(status, 422);

    // The word `Bearer` may be missing; any other token is refused.
    let url = format!("{}/v1/blueprints", world.sandbox.url());
    let bare = world
        .client
        .get(&url)
        .header("authorization", &first)
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 200);
    assert!(bare.headers().contains_key("x-trace-id"));
    world.token = "another".to_owned();
    assert_eq!(world.get("/v1/blueprints").await.0, 401);
}

#[tokio::test]
async fn actions_are_closed_checked_and_filtered() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let action = |identifier: &str| {
        json!({
            "identifier": identifier,
            "trigger": {
                "type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "stack",
                "userInputs": {"properties": {"why": {"type": "string"}}, "required": ["why"]},
            },
            "invocationMethod": {"type": "WEBHOOK", "url": "https://example.com/<hook>&more"},
        })
    };
    let (status, answer) = world.post("/v1/actions", action("deploy")).await;
    assert_eq!(status, 201, "{answer}");
    let made = &answer["action"];
    let invocation = json!({"type": "WEBHOOK", "url": "https://example.com/<hook>&more"});
    assert_eq!(made["invocationMethod"], invocation);
    assert!(made.get("requiredApproval").is_none() && made.get("publish").is_none());
    assert!(made["id"].is_string());

    // What comes back can not be sent back as it is.
    let (status, answer) = world.put("/v1/actions/deploy", made.clone()).await;
    assert_eq!(status, 422);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("must NOT have additional properties")
    );
    assert_eq!(world.patch("/v1/actions/deploy", json!({})).await.0, 404);

    let mut both = action("both");
    both["trigger"]["userInputs"]["order"] = json!(["why"]);
    both["trigger"]["userInputs"]["steps"] = json!([{"title": "One"}]);
    assert_eq!(world.post("/v1/actions", both).await.0, 422);
    let mut create = action("create");
    create["trigger"]["operation"] = json!("CREATE");
    create["trigger"]["condition"] = json!({"type": "SEARCH", "combinator": "and", "rules": []});
    assert_eq!(world.post("/v1/actions", create).await.0, 422);

    let automation = |on: &str| {
        json!({
            "identifier": "follow",
            "trigger": {"type": "automation", "event": {"type": "RUN_UPDATED", "actionIdentifier": on}},
            "invocationMethod": {"type": "KAFKA"},
            "publish": false,
        })
    };
    let (status, answer) = world.post("/v1/actions", automation("ghost")).await;
    assert_eq!(status, 404);
    assert_eq!(
        answer["message"],
        "Action with identifier \"ghost\" was not found"
    );
    assert_eq!(world.post("/v1/actions", automation("deploy")).await.0, 201);

    for (query, expected) in [
        ("version=v2", vec!["deploy", "follow"]),
        ("trigger_type=automation", vec!["follow"]),
        (
            "trigger_type=self-service&blueprint_identifier[]=stack",
            vec!["deploy"],
        ),
        ("published=true", vec!["deploy"]),
        ("trigger_event_action_identifier[]=deploy", vec!["follow"]),
        ("operation[]=CREATE", vec![]),
        ("version=v1", vec!["deploy"]),
    ] {
        let (_, answer) = world.get(&format!("/v1/actions?{query}")).await;
        let list = answer["actions"].as_array().unwrap();
        let mut names: Vec<&str> = list
            .iter()
            .map(|action| action["identifier"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{query}");
    }
    assert_eq!(world.delete("/v1/actions/deploy").await.0, 200);
    assert_eq!(world.get("/v1/actions/follow").await.0, 200);
}

#[tokio::test]
async fn webhooks_keep_their_key_and_hide_their_secret() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let mapping = |operation: Value| json!({"blueprint": "stack", "operation": operation, "entity": {"identifier": ".body.id"}});
    let body = json!({
        "identifier": "hook", "title": "Hook", "enabled": true,
        "security": {"secret": "hush", "signatureHeaderName": "X-Signature-256"},
        "mappings": [mapping(json!("create")), mapping(json!({"type": "delete", "deleteDependents": false})),
            {"blueprint": "stack", "filter": "true", "entity": {"identifier": {"combinator": "'and'", "rules": []}}}],
    });
    let (status, answer) = world.post("/v1/webhooks", body.clone()).await;
    assert_eq!(status, 201, "{answer}");
    let made = answer["integration"].clone();
    assert_eq!(
        made["security"],
        json!({"signatureHeaderName": "X-Signature-256"})
    );
    assert_eq!(made["mappings"], body["mappings"]);
    let key = made["webhookKey"].as_str().unwrap();
    assert_eq!(made["url"], format!("https://ingest.port.io/{key}"));
    let digest = world.sandbox.state()["port"]["webhook_secrets"]["hook"]["sha256"].clone();
    assert_eq!(digest.as_str().map(str::len), Some(64));

    // PATCH without security keeps the secret, PUT without it drops it; the key stays over a rename.
    let (status, answer) = world
        .patch("/v1/webhooks/hook", json!({"title": "New"}))
        .await;
    assert_eq!(
        (status, &answer["integration"]["title"]),
        (200, &json!("New"))
    );
    assert_eq!(
        world.sandbox.state()["port"]["webhook_secrets"]["hook"]["sha256"],
        digest
    );
    let renamed = json!({"identifier": "crook", "title": "Crook", "enabled": false});
    let (status, answer) = world.put("/v1/webhooks/hook", renamed).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["integration"]["webhookKey"], made["webhookKey"]);
    assert_eq!(answer["integration"]["security"], json!({}));
    assert!(answer["integration"].get("mappings").is_none());
    assert_eq!(world.sandbox.state()["port"]["webhook_secrets"], json!({}));
    assert_eq!(world.get("/v1/webhooks/hook").await.0, 404);

    for (refused, words) in [
        (json!({"title": "T"}), "'enabled'"),
        (
            json!({"title": "T", "enabled": true, "url": "x"}),
            "\"url\"",
        ),
        (
            json!({"title": "a title of more than thirty letters", "enabled": true}),
            "30",
        ),
        (
            json!({"title": "T", "enabled": true, "mappings": [mapping(json!("upsert"))]}),
            "operation",
        ),
    ] {
        let (status, answer) = world.post("/v1/webhooks", refused).await;
        assert_eq!(status, 422);
        assert!(
            answer["message"].as_str().unwrap().contains(words),
            "{answer}"
        );
    }
    let (_, answer) = world.get("/v1/webhooks").await;
    assert_eq!(answer["webhooks"].as_array().map(Vec::len), Some(1));

    // The intake says 202 before anything has happened.
    let delivered = world
        .post(&format!("/ingest/{key}"), json!({"id": 1}))
        .await;
    assert_eq!(delivered.0, 202);
    assert_eq!(world.post("/ingest/unknown", json!({})).await.0, 404);
}

#[tokio::test]
async fn secrets_never_come_back() {
    let world = World::new().await;
    let body = json!({"secretName": "TOKEN", "secretValue": "hush-hush", "description": "d"});
    let (status, answer) = world.post("/v1/organization/secrets", body).await;
    assert_eq!(status, 201);
    let first = answer["secret"].clone();
    let mut names: Vec<&String> = first.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        ["createdAt", "description", "secretName", "updatedAt"]
    );
    let (status, answer) = world
        .patch("/v1/organization/secrets/TOKEN", json!({}))
        .await;
    assert_eq!(status, 200);
    assert!(first["updatedAt"].as_str() < answer["secret"]["updatedAt"].as_str());
    let named = json!({"secretName": "TOKEN"});
    assert_eq!(
        world.patch("/v1/organization/secrets/TOKEN", named).await.0,
        422
    );
    let (_, answer) = world.get("/v1/organization/secrets").await;
    assert_eq!(answer["secrets"].as_array().map(Vec::len), Some(1));
    assert!(!world.sandbox.state().to_string().contains("hush"));
}

#[tokio::test]
async fn runs_are_started_approved_logged_and_ended() {
    let world = World::new().await;
    let action = json!({
        "identifier": "ask", "requiredApproval": true,
        "trigger": {"type": "self-service", "operation": "CREATE",
            "userInputs": {"properties": {"why": {"type": "string"}}, "required": ["why"]}},
        "invocationMethod": {"type": "KAFKA", "payload": {}},
    });
    assert_eq!(world.post("/v1/actions", action).await.0, 201);
    let start = "/v1/actions/ask/runs";
    assert_eq!(world.post(start, json!({"properties": {}})).await.0, 422);
    let (status, answer) = world.post(start, json!({"properties": {"why": "x"}})).await;
    assert_eq!(
        (status, &answer["run"]["status"]),
        (202, &json!("WAITING_FOR_APPROVAL"))
    );
    let run = format!("/v1/actions/runs/{}", answer["run"]["id"].as_str().unwrap());
    let (status, answer) = world
        .patch(&format!("{run}/approval"), json!({"status": "APPROVE"}))
        .await;
    assert_eq!(
        (status, &answer["run"]["status"]),
        (201, &json!("IN_PROGRESS"))
    );
    assert_eq!(world.get(&run).await.1["run"]["action"], "ask");
    let (_, answer) = world.get(&format!("{run}?version=v2")).await;
    assert_eq!(answer["run"]["action"]["identifier"], "ask");
    let log = json!({"message": "done", "terminationStatus": "SUCCESS"});
    assert_eq!(world.post(&format!("{run}/logs"), log).await.0, 201);
    assert_eq!(
        world.get(&format!("{run}/logs")).await.1["runLogs"][0]["message"],
        "done"
    );
    assert_eq!(world.patch(&run, json!({"status": "FAILURE"})).await.0, 422);
    let (_, answer) = world.get("/v1/actions/runs?active=false").await;
    assert_eq!(answer["runs"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn odd_identifiers_large_bodies_and_unknown_routes() {
    let world = World::new().await;
    world.blueprint("team/é.b", json!({})).await;
    assert_eq!(world.get("/v1/blueprints/team%2F%C3%A9.b").await.0, 200);
    assert_eq!(world.get("/v1/blueprints/team/x").await.0, 404);
    assert_eq!(world.get("/v1/nothing").await.0, 404);
    assert_eq!(world.get("/elsewhere").await.0, 404);
    let large = json!({"identifier": "large", "title": "L", "schema": {"properties": {}}, "x": "y".repeat(1 << 20)});
    assert_eq!(world.post("/v1/blueprints", large).await.0, 413);
    let url = format!("{}/v1/blueprints", world.sandbox.url());
    let foreign = world
        .client
        .get(&url)
        .header("host", "example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    let broken = world.send(Method::POST, "/v1/blueprints", None).await;
    assert_eq!(broken.status(), 422);
}
