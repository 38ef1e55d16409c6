//! What other people's clients of Port send, line by line: the sandbox serves them as they are.

use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_are_asked_for_several_times_and_a_get_may_carry_null() {
    let mut world = World::new().await;
    for _ in 0..3 {
        let before = world.token.clone();
        world.login().await;
        assert_eq!(world.token, before);
    }
    let answer = world
        .send(Method::GET, "/v1/blueprints", Some(Value::Null))
        .await;
    assert_eq!(answer.status(), 200);
    let payload = world
        .token
        .split('.')
        .nth(1)
        .expect("three parts")
        .to_owned();
    assert!(!payload.is_empty());
}

#[tokio::test]
async fn the_terraform_provider_creates_and_reads_back() {
    let world = World::new().await;
    let body = json!({
        "identifier": "tf", "title": "TF", "schema": {"properties": {"a": {"type": "string"}}, "required": []},
        "mirrorProperties": {}, "calculationProperties": {}, "relations": {},
    });
    let (status, answer) = world
        .post("/v1/blueprints?create_catalog_page=true", body)
        .await;
    assert_eq!((status, &answer["ok"]), (201, &json!(true)));
    let secret = json!({"secretName": "tf", "secretValue": "v"});
    let (status, answer) = world.post("/v1/organization/secrets", secret).await;
    assert_eq!((status, &answer["ok"]), (201, &json!(true)));
    let webhook = json!({"title": "tf", "enabled": false});
    let (_, answer) = world.post("/v1/webhooks", webhook).await;
    let id = answer["integration"]["identifier"]
        .as_str()
        .expect("made by the server")
        .to_owned();

    // After every write it reads the object alone, and needs it complete.
    let (_, single) = world.get("/v1/blueprints/tf").await;
    let (_, list) = world.get("/v1/blueprints").await;
    let listed = list["blueprints"].as_array().unwrap();
    assert!(listed.contains(&single["blueprint"]));
    let (_, answer) = world.get("/v1/organization/secrets/tf").await;
    assert_eq!(answer["secret"]["secretName"], "tf");
    let (_, answer) = world.get(&format!("/v1/webhooks/{id}")).await;
    assert!(answer["integration"]["security"].is_object());
    assert!(answer["integration"]["url"].is_string());
}

#[tokio::test]
async fn an_export_of_everything_meets_no_404() {
    let world = World::new().await;
    world.blueprint("b", json!({})).await;
    for (path, name) in [
        ("/v1/blueprints", "blueprints"),
        ("/v1/actions", "actions"),
        ("/v1/scorecards", "scorecards"),
        ("/v1/pages", "pages"),
        ("/v1/teams", "teams"),
        ("/v1/users", "users"),
        ("/v1/integration", "integrations"),
        ("/v1/webhooks", "webhooks"),
        ("/v1/data-sources", "dataSources"),
        ("/v1/organization/secrets", "secrets"),
        ("/v1/migrations", "migrations"),
        ("/v1/actions/runs?version=v2", "runs"),
        ("/v1/blueprints/b/scorecards", "scorecards"),
        ("/v1/blueprints/b/entities", "entities"),
    ] {
        let (status, answer) = world.get(path).await;
        assert_eq!(
            (status, answer["ok"].as_bool()),
            (200, Some(true)),
            "{path}"
        );
        assert!(answer[name].is_array(), "{path}: {answer}");
    }
    for path in ["/v1/blueprints/b/permissions", "/v1/pages/bs/permissions"] {
        assert_eq!(world.get(path).await.0, 200, "{path}");
    }
    assert!(world.get("/v1/organization").await.1["organization"]["name"].is_string());
    assert!(world.get("/v1/sidebars/catalog").await.1["sidebar"].is_object());
}

#[tokio::test]
async fn headers_of_other_clients_are_ignored() {
    let world = World::new().await;
    let url = format!("{}/v1/blueprints", world.sandbox.url());
    let answer = world
        .client
        .get(url)
        .bearer_auth(&world.token)
        .header("user-agent", "port-ocean/spacelift/0.1.0")
        .header("x-port-reserved-usage", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn ocean_registers_itself_and_upserts_entities() {
    let world = World::new().await;
    let path = "/v1/integration/my-ocean?byField=installationId";
    assert_eq!(world.get(path).await.0, 404);
    let body = json!({
        "installationId": "my-ocean", "installationAppType": "spacelift", "version": "0.1.0",
        "changelogDestination": {}, "config": {"resources": []},
    });
    assert_eq!(world.post("/v1/integration", body).await.0, 201);
    let (status, answer) = world.get(path).await;
    assert_eq!(
        (status, &answer["integration"]["config"]),
        (200, &json!({"resources": []}))
    );
    let mapping = json!({"identifier": ".id", "blueprint": "\"stack\""});
    let config = json!({"config": {"resources": [{
        "kind": "stack", "selector": {"query": "true"},
        "port": {"entity": {"mappings": mapping}},
    }]}});
    let (_, answer) = world
        .patch("/v1/integration/my-ocean", config.clone())
        .await;
    assert_eq!(answer["integration"]["config"], config["config"]);

    // Blueprints in three passes, then entities with all four flags of its query.
    world.blueprint("stack", json!({})).await;
    let relations =
        json!({"relations": {"parent": {"target": "stack", "required": false, "many": false}}});
    assert_eq!(world.patch("/v1/blueprints/stack", relations).await.0, 200);
    let mirrors = json!({"mirrorProperties": {"up": {"path": "parent.state"}}});
    assert_eq!(world.patch("/v1/blueprints/stack", mirrors).await.0, 200);
    let query = "upsert=true&validation_only=false&create_missing_related_entities=true&merge=true";
    let entity = json!({"identifier": "s", "relations": {"parent": "p"}});
    let (status, _) = world
        .post(&format!("/v1/blueprints/stack/entities?{query}"), entity)
        .await;
    assert_eq!(status, 201);
    assert_eq!(
        world.get("/v1/blueprints/stack/entities-count").await.1["count"],
        2
    );
}
