//! What the contract page promises of entities and scorecards.

use serde_json::{Value, json};

use crate::world::World;

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
