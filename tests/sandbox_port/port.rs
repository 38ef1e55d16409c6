//! The Port half of the sandbox over real HTTP: what the contract page promises, one story per test.

use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Options, Quirks};

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
async fn a_blueprint_is_completed_replaced_and_merged() {
    let world = World::new().await;
    let made = world.blueprint("stack", json!({"custom": "kept"})).await;
    for map in [
        "relations",
        "mirrorProperties",
        "calculationProperties",
        "aggregationProperties",
    ] {
        assert_eq!(made[map], json!({}), "{map}");
    }
    assert_eq!(made["createdBy"], "sandbox-client");
    assert_eq!(made["custom"], "kept");
    assert!(made.get("description").is_none() && made.get("id").is_none());

    let relation = json!({"relations": {"parent": {"target": "stack"}}});
    let (status, answer) = world.patch("/v1/blueprints/stack", relation).await;
    assert_eq!(status, 200, "{answer}");
    let parent = &answer["blueprint"]["relations"]["parent"];
    assert_eq!(
        parent,
        &json!({"target": "stack", "required": false, "many": false})
    );
    assert_eq!(
        answer["blueprint"]["schema"]["properties"]["state"]["type"],
        "string"
    );
    let added = json!({"schema": {"properties": {"state": {"title": "State"}}}});
    let (_, answer) = world.patch("/v1/blueprints/stack", added).await;
    let state = &answer["blueprint"]["schema"]["properties"]["state"];
    assert_eq!(state, &json!({"type": "string", "title": "State"}));

    // PUT removes what it omits and moves `updatedAt` on every time.
    let body = json!({"title": "Stack", "schema": {"properties": {"state": {"type": "string"}}}});
    let (status, one) = world.put("/v1/blueprints/stack", body.clone()).await;
    assert_eq!(status, 200, "{one}");
    assert_eq!(one["blueprint"]["relations"], json!({}));
    assert!(one["blueprint"].get("custom").is_none());
    let (_, two) = world.put("/v1/blueprints/stack", body).await;
    assert_eq!(one["blueprint"]["createdAt"], two["blueprint"]["createdAt"]);
    let time = |answer: &Value| {
        answer["blueprint"]["updatedAt"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(time(&one) < time(&two));
}

#[tokio::test]
async fn bodies_that_break_the_schema_are_refused_in_ajv_words() {
    let world = World::new().await;
    let body = |more: Value| {
        let mut body = json!({"identifier": "b", "title": "B", "schema": {"properties": {}}});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let cases = [
        (
            body(json!({"identifier": ".."})),
            "body/identifier must match pattern",
        ),
        (
            body(json!({"identifier": "a b"})),
            "body/identifier must match pattern",
        ),
        (
            body(json!({"title": ""})),
            "body/title must NOT have fewer than 1 characters",
        ),
        (
            body(json!({"description": null})),
            "body/description must be string",
        ),
        (
            body(json!({"schema": {"properties": {}, "more": 1}})),
            "must NOT have additional properties: \"more\"",
        ),
        (
            body(json!({"schema": {"properties": {"p": {"type": "integer"}}}})),
            "must be equal to one of the allowed values",
        ),
        (
            body(json!({"relations": {"r": {"target": "b", "title": null}}})),
            "body/relations/r/title must be string",
        ),
        (
            body(json!({"relations": {"r": {}}})),
            "must have required property 'target'",
        ),
        (
            body(json!({"schema": {"properties": {}, "required": ["ghost"]}})),
            "\"ghost\"",
        ),
        (
            body(json!({"relations": {"r": {"target": "b", "required": true, "many": true}}})),
            "both required and many",
        ),
        (
            body(json!({"mirrorProperties": {"m": {"path": "r.x.$title"}}})),
            "The path \"r.x.$title\" do not exists",
        ),
    ];
    for (body, words) in cases {
        let (status, answer) = world.post("/v1/blueprints", body.clone()).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert_eq!(status, 422, "{body} {answer}");
        assert!(message.contains(words), "{message} lacks {words}");
    }
    let (status, answer) = world
        .post(
            "/v1/blueprints",
            body(json!({"relations": {"r": {"target": "ghost"}}})),
        )
        .await;
    assert_eq!(status, 404);
    assert_eq!(
        answer,
        json!({"ok": false, "error": "not_found", "message": "Blueprint with identifier \"ghost\" was not found"})
    );
    assert_eq!(world.post("/v1/blueprints", body(json!({}))).await.0, 201);
    let (status, answer) = world.post("/v1/blueprints", body(json!({}))).await;
    assert_eq!((status, &answer["error"]), (409, &json!("conflict")));
}

#[tokio::test]
async fn derived_properties_follow_relations_to_known_properties() {
    let world = World::new().await;
    world.blueprint("space", json!({})).await;
    world
        .blueprint(
            "stack",
            json!({
                "relations": {"space": {"target": "space"}},
                "mirrorProperties": {"where": {"path": "space.state"}, "who": {"path": "space.$title"}},
            }),
        )
        .await;
    let mirror = json!({"mirrorProperties": {"bad": {"path": "space.ghost"}}});
    let (status, answer) = world.patch("/v1/blueprints/stack", mirror).await;
    assert_eq!(status, 422);
    let text = "The \"space\" Blueprint does not have property with name \"ghost\"";
    assert_eq!(answer["message"], text);

    let aggregation = |property: &str| {
        json!({"aggregationProperties": {"sum": {
            "title": "Sum", "target": "stack",
            "calculationSpec": {"func": "sum", "calculationBy": "property", "property": property},
            "pathFilter": [{"path": ["not_there_yet"]}],
        }}})
    };
    assert_eq!(
        world
            .patch("/v1/blueprints/space", aggregation("ghost"))
            .await
            .0,
        422
    );
    assert_eq!(
        world
            .patch("/v1/blueprints/space", aggregation("state"))
            .await
            .0,
        422
    );
    let (status, answer) = world
        .patch("/v1/blueprints/space", aggregation("size"))
        .await;
    assert_eq!(status, 200, "{answer}");
    let sum = &answer["blueprint"]["aggregationProperties"]["sum"];
    assert_eq!(
        (&sum["type"], &sum["pathFilter"]),
        (&json!("number"), &Value::Null)
    );
    assert!(sum.get("query").is_none());

    let retyped = json!({"title": "S", "schema": {"properties": {"state": {"type": "number"}}}});
    assert_eq!(world.put("/v1/blueprints/space", retyped).await.0, 422);
}

#[tokio::test]
async fn blueprints_go_when_nothing_depends_on_them() {
    let quirks = Quirks {
        lagging_deletes: 1,
        ..Quirks::default()
    };
    let world = World::with(Options {
        quirks,
        ..Options::default()
    })
    .await;
    world.blueprint("space", json!({})).await;
    world
        .blueprint(
            "stack",
            json!({"relations": {"space": {"target": "space"}}}),
        )
        .await;
    assert_eq!(
        world
            .post("/v1/blueprints/stack/entities", json!({"identifier": "a"}))
            .await
            .0,
        201
    );
    for id in ["stack", "space"] {
        let (status, answer) = world.delete(&format!("/v1/blueprints/{id}")).await;
        assert_eq!(
            (status, &answer["error"]),
            (422, &json!("has_dependents")),
            "{id}"
        );
    }
    assert_eq!(world.delete("/v1/blueprints/stack/entities/a").await.0, 200);
    // Deletion of entities lags behind its answer.
    assert_eq!(world.delete("/v1/blueprints/stack").await.0, 422);
    assert_eq!(world.delete("/v1/blueprints/stack").await.0, 200);
    assert_eq!(world.delete("/v1/blueprints/stack").await.0, 404);
    let (status, answer) = world.delete("/v1/blueprints/_team").await;
    assert_eq!(
        (status, &answer["error"]),
        (422, &json!("protected_resource"))
    );

    let (_, pages) = world.get("/v1/pages").await;
    let pages = pages["pages"].as_array().unwrap();
    assert_eq!(
        pages
            .iter()
            .map(|page| &page["blueprint"])
            .collect::<Vec<_>>(),
        ["space"]
    );
    let (_, answer) = world
        .delete("/v1/blueprints/space/all-entities?delete_blueprint=true")
        .await;
    let migration = format!("/v1/migrations/{}", answer["migrationId"].as_str().unwrap());
    assert_eq!(
        world.get(&migration).await.1["migration"]["status"],
        "RUNNING"
    );
    assert_eq!(
        world.get(&migration).await.1["migration"]["status"],
        "COMPLETED"
    );
}

#[tokio::test]
async fn renames_keep_data_and_leave_references_alone() {
    let world = World::new().await;
    world.blueprint("space", json!({})).await;
    world
        .blueprint(
            "stack",
            json!({"relations": {"space": {"target": "space"}}}),
        )
        .await;
    let entity = json!({"identifier": "s", "properties": {"state": "on"}});
    world.post("/v1/blueprints/space/entities", entity).await;
    let (status, answer) = world
        .patch(
            "/v1/blueprints/space/properties/state/rename",
            json!({"newPropertyName": "status"}),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let (_, answer) = world.get("/v1/blueprints/space/entities/s").await;
    assert_eq!(
        answer["entity"]["properties"],
        json!({"status": "on", "size": null})
    );

    let body = json!({"identifier": "area", "title": "Area", "schema": {"properties": {"status": {"type": "string"}}}});
    let (status, answer) = world.put("/v1/blueprints/space", body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(world.get("/v1/blueprints/space").await.0, 404);
    let (_, answer) = world.get("/v1/blueprints/area/entities/s").await;
    assert_eq!(answer["entity"]["blueprint"], "area");
    assert_eq!(answer["entity"]["properties"], json!({"status": "on"}));
    let (_, answer) = world.get("/v1/blueprints/stack").await;
    assert_eq!(answer["blueprint"]["relations"]["space"]["target"], "space");
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
async fn scorecards_are_replaced_one_by_one_or_all_at_once() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let scorecard = |identifier: &str, level: &str| {
        let rule = |name: &str| {
            json!({
                "identifier": name, "title": name, "level": level,
                "query": {"combinator": "and", "conditions": [{"operator": "isNotEmpty", "property": "state"}]},
            })
        };
        json!({"identifier": identifier, "title": identifier, "rules": [rule("a"), rule("b"), rule("c")]})
    };
    let path = "/v1/blueprints/stack/scorecards";
    let (status, answer) = world.post(path, scorecard("one", "Gold")).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(
        answer["scorecard"]["levels"][0],
        json!({"title": "Basic", "color": "paleBlue"})
    );
    assert_eq!(world.post(path, scorecard("two", "Platinum")).await.0, 422);
    assert_eq!(world.post(path, scorecard("one", "Gold")).await.0, 409);
    assert_eq!(
        world
            .put(&format!("{path}/ghost"), scorecard("ghost", "Gold"))
            .await
            .0,
        404
    );
    let all = json!([scorecard("two", "Silver"), scorecard("three", "Gold")]);
    assert_eq!(world.put(path, all).await.0, 200);
    let (_, answer) = world.get("/v1/scorecards").await;
    let mut names: Vec<&str> = answer["scorecards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["identifier"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["three", "two"]);
}

#[tokio::test]
async fn entities_are_created_merged_replaced_and_searched() {
    let world = World::new().await;
    world.blueprint("space", json!({})).await;
    world
        .blueprint(
            "stack",
            json!({
                "schema": {"properties": {"state": {"type": "string", "enum": ["ON", "OFF"]}, "size": {"type": "number"}}, "required": ["state"]},
                "relations": {"space": {"target": "space"}, "needs": {"target": "stack", "many": true}},
            }),
        )
        .await;
    let path = "/v1/blueprints/stack/entities";
    let (status, answer) = world
        .post(path, json!({"identifier": "a", "properties": {}}))
        .await;
    assert_eq!(
        (status, &answer["error"]),
        (422, &json!("blueprint_schema_mismatch"))
    );
    for bad in [
        json!({"state": "MAYBE"}),
        json!({"state": "ON", "size": "x"}),
        json!({"state": "ON", "ghost": 1}),
    ] {
        assert_eq!(
            world
                .post(path, json!({"identifier": "a", "properties": bad}))
                .await
                .0,
            422
        );
    }
    let related =
        json!({"identifier": "a", "properties": {"state": "ON"}, "relations": {"space": "root"}});
    let (status, answer) = world.post(path, related.clone()).await;
    assert_eq!(status, 404);
    assert_eq!(
        answer["message"],
        "Entity \"root\" does not exist in blueprint \"space\""
    );
    let made = world
        .post(
            &format!("{path}?create_missing_related_entities=true"),
            related,
        )
        .await;
    assert_eq!(made.0, 201, "{}", made.1);
    let entity = &made.1["entity"];
    assert_eq!(entity["properties"], json!({"state": "ON", "size": null}));
    assert_eq!(entity["relations"], json!({"space": "root", "needs": []}));

    let size = json!({"identifier": "a", "properties": {"size": 3}});
    assert_eq!(world.post(path, size.clone()).await.0, 409);
    let (status, answer) = world
        .post(&format!("{path}?upsert=true&merge=true"), size)
        .await;
    assert_eq!(status, 201);
    assert_eq!(
        answer["entity"]["properties"],
        json!({"state": "ON", "size": 3})
    );
    let (_, answer) = world
        .put(
            &format!("{path}/a"),
            json!({"properties": {"state": "OFF"}}),
        )
        .await;
    assert_eq!(
        answer["entity"]["properties"],
        json!({"state": "OFF", "size": null})
    );
    assert_eq!(
        world
            .patch(&format!("{path}/a"), json!({"unknown": 1}))
            .await
            .0,
        422
    );
    let checked = json!({"identifier": "b", "properties": {"state": "ON"}});
    assert_eq!(
        world
            .post(&format!("{path}?validation_only=true"), checked)
            .await
            .0,
        201
    );
    assert_eq!(
        world.get("/v1/blueprints/stack/entities-count").await.1["count"],
        1
    );

    // In bulk, each by itself.
    let item = |id: &str, state: &str| json!({"identifier": id, "properties": {"state": state}});
    let items: Vec<Value> = (0..7).map(|n| item(&format!("n{n}"), "ON")).collect();
    let (status, answer) = world
        .post(&format!("{path}/bulk"), json!({"entities": items}))
        .await;
    assert_eq!(
        (status, answer["entities"].as_array().map(Vec::len)),
        (200, Some(7))
    );
    let mixed = json!({"entities": [item("good", "ON"), item("bad", "MAYBE")]});
    let (status, answer) = world.post(&format!("{path}/bulk?upsert=true"), mixed).await;
    assert_eq!(status, 207);
    assert_eq!(
        answer["entities"][0],
        json!({"created": true, "identifier": "good", "index": 0})
    );
    assert_eq!(
        (
            &answer["errors"][0]["index"],
            &answer["errors"][0]["statusCode"]
        ),
        (&json!(1), &json!(422))
    );
    let many: Vec<Value> = (0..21).map(|n| item(&format!("m{n}"), "ON")).collect();
    assert_eq!(
        world
            .post(&format!("{path}/bulk"), json!({"entities": many}))
            .await
            .0,
        422
    );

    // Pages end when `next` is absent.
    let query = json!({"combinator": "and", "rules": [{"property": "state", "operator": "=", "value": "ON"}]});
    let (mut found, mut from) = (Vec::new(), None::<String>);
    loop {
        let mut body = json!({"query": query, "limit": 3, "include": ["state"]});
        if let Some(from) = &from {
            body["from"] = json!(from);
        }
        let (status, answer) = world.post(&format!("{path}/search"), body).await;
        assert_eq!(status, 200, "{answer}");
        let page = answer["entities"].as_array().unwrap();
        assert!(page.len() <= 3);
        assert!(
            page.iter()
                .all(|entity| entity["properties"] == json!({"state": "ON"}))
        );
        found.extend(
            page.iter()
                .map(|entity| entity["identifier"].as_str().unwrap().to_owned()),
        );
        match answer["next"].as_str() {
            Some(next) => from = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found.len(), 8);
    let everywhere = json!({"combinator": "or", "rules": [
        {"property": "$identifier", "operator": "=", "value": "a"},
        {"property": "$blueprint", "operator": "=", "value": "space"},
    ]});
    let (_, answer) = world.post("/v1/entities/search", everywhere).await;
    assert_eq!(answer["matchingBlueprints"], json!(["space", "stack"]));

    // What something relates to stays, unless its dependants go as well.
    let needs = json!({"relations": {"needs": ["n0"]}});
    assert_eq!(world.patch(&format!("{path}/n1"), needs).await.0, 200);
    let (status, answer) = world.delete(&format!("{path}/n0")).await;
    assert_eq!((status, &answer["error"]), (422, &json!("has_dependents")));
    assert_eq!(
        world
            .delete(&format!("{path}/n0?delete_dependents=true"))
            .await
            .0,
        200
    );
    assert_eq!(world.get(&format!("{path}/n1")).await.0, 404);
    let gone = json!({"entities": ["n2", "n3"]});
    let (_, answer) = world
        .post("/v1/blueprints/stack/bulk/entities/delete", gone)
        .await;
    assert_eq!(answer["deletedEntities"], json!(["n2", "n3"]));
    let (status, answer) = world.post("/v1/blueprints/_rule/entities", json!({})).await;
    assert_eq!(
        (status, &answer["error"]),
        (422, &json!("protected_resource"))
    );
}

#[tokio::test]
async fn permissions_come_late_and_sorted() {
    let quirks = Quirks {
        late_permissions: 1,
        ..Quirks::default()
    };
    let world = World::with(Options {
        quirks,
        ..Options::default()
    })
    .await;
    world.blueprint("stack", json!({})).await;
    let path = "/v1/blueprints/stack/permissions";
    assert_eq!(world.get(path).await.0, 404);
    let (status, answer) = world.get(path).await;
    assert_eq!(status, 200);
    assert!(answer["permissions"]["entities"]["updateProperties"]["state"].is_object());
    let change = json!({"entities": {"read": {"roles": ["Member", "Admin"], "users": ["z@a.io", "a@a.io"]}}});
    let (_, answer) = world.patch(path, change).await;
    let read = &answer["permissions"]["entities"]["read"];
    assert_eq!(read["users"], json!(["a@a.io", "z@a.io"]));
    assert_eq!(read["roles"], json!(["Admin", "Member"]));
    let unknown = json!({"entities": {"updateProperties": {"ghost": {"users": []}}}});
    let (status, answer) = world.patch(path, unknown).await;
    assert_eq!(
        (status, &answer["error"]),
        (422, &json!("invalid_permissions"))
    );
    assert_eq!(answer["details"]["invalidProperties"], json!(["ghost"]));
}

#[tokio::test]
async fn runs_are_started_approved_logged_and_ended() {
    let world = World::new().await;
    let action = json!({
        "identifier": "ask", "requiredApproval": true,
        "trigger": {"type": "self-service", "operation": "CREATE",
            "userInputs": {"properties": {"why": {"type": "string"}}, "required": ["why"]}},
        "invocationMethod": {"type": "WEBHOOK", "url": "https://example.com"},
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
