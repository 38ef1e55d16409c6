//! What the contract page promises of blueprints and their permissions.

use serde_json::{Value, json};
use spaceport::sandbox::{Options, Quirks};

use crate::world::World;

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
    // The null that the server made is no reason to refuse the next change.
    assert_eq!(
        world
            .patch("/v1/blueprints/space", json!({"icon": "Box"}))
            .await
            .0,
        200
    );

    // Mirrors are read through relations; `exclude_calculated_properties` leaves them out.
    let space = json!({"identifier": "root", "title": "Root", "properties": {"state": "open"}});
    assert_eq!(
        world.post("/v1/blueprints/space/entities", space).await.0,
        201
    );
    let entity = json!({"identifier": "s", "relations": {"space": "root"}});
    let (_, answer) = world.post("/v1/blueprints/stack/entities", entity).await;
    let properties = &answer["entity"]["properties"];
    assert_eq!(
        (&properties["where"], &properties["who"]),
        (&json!("open"), &json!("Root"))
    );
    let (_, answer) = world
        .get("/v1/blueprints/stack/entities/s?exclude_calculated_properties=true")
        .await;
    assert!(answer["entity"]["properties"].get("where").is_none());

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
