//! Entities by the page and by the dozen, and what goes wrong with them on purpose.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_ID, Effect, Fault, Reset, When};

use crate::world::World;

const ENTITIES: &str = "/v1/blueprints/stack/entities";
const SEARCH: &str = "/v1/blueprints/stack/entities/search";
const BULK: &str = "/v1/blueprints/stack/entities/bulk?upsert=true&merge=true";

/// A blueprint with `count` entities, `e00` and so on.
async fn world(count: usize) -> World {
    let world = World::new().await;
    let relations = json!({"relations": {"needs": {"target": "stack", "many": true}}});
    world.blueprint("stack", relations).await;
    let items: Vec<Value> = (0..count).map(|n| item(&format!("e{n:02}"))).collect();
    for items in items.chunks(20) {
        let (status, answer) = world.post(BULK, json!({"entities": items})).await;
        assert_eq!(status, 200, "{answer}");
    }
    world
}

fn item(identifier: &str) -> Value {
    json!({"identifier": identifier, "title": "T", "properties": {"state": "ON", "size": 1}})
}

/// Reads all pages of three; what each page had.
async fn pages(world: &World) -> Vec<Vec<String>> {
    let (mut pages, mut from) = (Vec::new(), None::<String>);
    loop {
        let mut body = json!({"limit": 3, "include": ["$identifier"]});
        if let Some(from) = &from {
            body["from"] = json!(from);
        }
        let (status, answer) = world.post(SEARCH, body).await;
        assert_eq!(status, 200, "{answer}");
        let page = answer["entities"].as_array().expect("a list").iter();
        pages.push(page.map(|one| text(&one["identifier"])).collect());
        match &answer["next"] {
            Value::Null => return pages,
            next => from = Some(text(next)),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn count(world: &World) -> u64 {
    let (_, answer) = world.get("/v1/blueprints/stack/entities-count").await;
    answer["count"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_page_that_moves_shows_an_item_again_or_never() {
    let world = world(7).await;
    let straight = [
        vec!["e00", "e01", "e02"],
        vec!["e03", "e04", "e05"],
        vec!["e06"],
    ];
    assert_eq!(pages(&world).await, straight);

    let shift = |by| Fault::new(Effect::ShiftPage { by }).path(SEARCH);
    world.sandbox.fault(shift(-1).skip(1));
    let again = [
        vec!["e00", "e01", "e02"],
        vec!["e02", "e03", "e04"],
        vec!["e05", "e06"],
    ];
    assert_eq!(pages(&world).await, again);

    world.sandbox.fault(shift(2).skip(1));
    let skipped = [vec!["e00", "e01", "e02"], vec!["e05", "e06"]];
    assert_eq!(pages(&world).await, skipped);
    assert_eq!(count(&world).await, 7);

    // However far back, reading comes to an end; before the first page there is nothing.
    world.sandbox.fault(shift(-100).forever());
    let slow = pages(&world).await;
    assert_eq!(slow.len(), 5);
    assert_eq!(slow[1], ["e01", "e02", "e03"]);
}

#[tokio::test]
async fn some_items_of_a_bulk_are_refused_and_the_others_take_effect() {
    let world = world(0).await;
    let steered = json!({"path": ENTITIES, "effect": {
        "kind": "refuse_items", "every": 3, "identifiers": ["e00"],
        "status": 429, "error": "too_many_requests", "message": "Too many requests",
    }});
    assert_eq!(world.post("/_sandbox/faults", steered).await.0, 200);
    let items: Vec<Value> = (0..7).map(|n| item(&format!("e{n:02}"))).collect();
    let body = json!({"entities": items});
    let (status, answer) = world.post(BULK, body.clone()).await;
    assert_eq!((status, &answer["ok"]), (207, &json!(true)));
    let refused = |index: usize| {
        json!({
            "identifier": format!("e{index:02}"), "index": index, "statusCode": 429,
            "error": "too_many_requests", "message": "Too many requests",
        })
    };
    assert_eq!(
        answer["errors"],
        json!([refused(0), refused(2), refused(5)])
    );
    let written = answer["entities"].as_array().expect("a list").iter();
    let written: Vec<&Value> = written.map(|one| &one["index"]).collect();
    assert_eq!(written, [1, 3, 4, 6]);
    assert_eq!(count(&world).await, 4);
    assert_eq!(world.entity("stack", "e02").await, Value::Null);

    // Once more: those that are there are not created.
    let (status, answer) = world.post(BULK, body).await;
    assert_eq!((status, &answer["errors"]), (200, &json!([])));
    let created = answer["entities"].as_array().expect("a list").iter();
    let created: Vec<&Value> = created.map(|one| &one["created"]).collect();
    assert_eq!(created, [true, false, true, false, false, true, false]);
}

#[tokio::test]
async fn an_item_may_be_told_as_refused_and_be_there_all_the_same() {
    let world = world(0).await;
    world.sandbox.fault(Fault::new(Effect::RefuseItems {
        every: 1,
        identifiers: Vec::new(),
        status: 500,
        error: "internal_error".to_owned(),
        message: "who knows".to_owned(),
        when: When::After,
    }));
    let (status, answer) = world.post(BULK, json!({"entities": [item("e")]})).await;
    assert_eq!((status, &answer["entities"]), (207, &json!([])));
    assert_eq!(answer["errors"][0]["statusCode"], 500);
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn faults_of_other_routes_reach_these_too() {
    let mut world = world(7).await;
    let bulk = json!({"entities": [item("cut")]});
    world
        .sandbox
        .fault(Fault::new(Effect::Cut { when: When::After }).path(ENTITIES));
    let url = format!("{}{BULK}", world.sandbox.url());
    let request = world.client.post(url).bearer_auth(&world.token).json(&bulk);
    assert!(request.send().await.is_err());
    assert_eq!(count(&world).await, 8);

    world.sandbox.fault(Fault::new(Effect::EmptyLists));
    let (_, empty) = world.post(SEARCH, json!({"limit": 3})).await;
    assert_eq!(empty, json!({"ok": true, "entities": []}));

    world.sandbox.fault(Fault::new(Effect::Pages { size: 2 }));
    let (_, short) = world.post(SEARCH, json!({"limit": 1000})).await;
    assert_eq!(short["entities"].as_array().map(Vec::len), Some(2));
    assert!(short["next"].is_string());

    world
        .sandbox
        .fault(Fault::new(Effect::ExpireTokens).path(SEARCH).skip(1));
    assert_eq!(world.post(SEARCH, json!({})).await.0, 200);
    assert_eq!(world.post(SEARCH, json!({})).await.0, 401);
    world.login().await;

    let fat = json!({"identifier": "fat", "title": "x".repeat(1024 * 1024)});
    let (status, answer) = world.post(BULK, json!({"entities": [fat]})).await;
    assert_eq!(
        (status, &answer["error"]),
        (413, &json!("payload_too_large"))
    );
    assert_eq!(count(&world).await, 8);
}

#[tokio::test]
async fn an_answer_may_be_the_last_of_its_window() {
    let world = world(1).await;
    for (reset, header, least) in [
        (Reset::Epoch, "x-ratelimit-reset", 1_000_000_000),
        (Reset::Delay, "x-ratelimit-reset", 1),
        (Reset::RetryAfter, "retry-after", 1),
    ] {
        let last = Effect::LastOfWindow { reset, seconds: 1 };
        world.sandbox.fault(Fault::new(last));
        let answer = world.send(Method::POST, SEARCH, Some(json!({}))).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-ratelimit-remaining"], "0");
        let told = answer.headers()[header].to_str().expect("a text");
        assert!(told.parse::<u64>().expect("a number") >= least, "{told}");
    }
    let answer = world.send(Method::POST, SEARCH, Some(json!({}))).await;
    assert_ne!(answer.headers()["x-ratelimit-remaining"], "0");
}

#[tokio::test]
async fn a_bulk_write_merges_or_replaces_item_by_item() {
    let world = world(2).await;
    let whole = json!({
        "identifier": "e00", "title": "Old", "icon": "Git",
        "properties": {"state": "ON", "size": 1}, "relations": {"needs": ["e01"]},
    });
    assert_eq!(world.post(BULK, json!({"entities": [whole]})).await.0, 200);

    // Merged: what is not named stays, null clears.
    let part = json!({"identifier": "e00", "properties": {"size": 2, "state": null}});
    assert_eq!(world.post(BULK, json!({"entities": [part]})).await.0, 200);
    let entity = world.entity("stack", "e00").await;
    assert_eq!(entity["properties"], json!({"state": null, "size": 2}));
    assert_eq!(entity["relations"], json!({"needs": ["e01"]}));
    assert_eq!(
        (&entity["title"], &entity["icon"]),
        (&json!("Old"), &json!("Git"))
    );
    assert_eq!(
        (&entity["createdBy"], &entity["updatedBy"]),
        (&json!(CLIENT_ID), &json!(CLIENT_ID))
    );

    // Replaced: everything that is not named is gone, but for whose it is.
    let part = json!({"identifier": "e00", "properties": {"size": 3}});
    let replacing = "/v1/blueprints/stack/entities/bulk?upsert=true";
    assert_eq!(
        world.post(replacing, json!({"entities": [part]})).await.0,
        200
    );
    let replaced = world.entity("stack", "e00").await;
    assert_eq!(replaced["properties"], json!({"state": null, "size": 3}));
    assert_eq!(replaced["relations"], json!({"needs": []}));
    assert_eq!(
        (&replaced["title"], &replaced["icon"]),
        (&json!("e00"), &Value::Null)
    );
    assert_eq!(replaced["createdAt"], entity["createdAt"]);

    // Each by itself: taken, unknown to the blueprint, related to nobody, fine.
    let mixed = json!({"entities": [
        item("e00"),
        {"identifier": "n1", "properties": {"ghost": 1}},
        {"identifier": "n2", "relations": {"needs": ["nobody"]}},
        item("n3"),
    ]});
    let plain = "/v1/blueprints/stack/entities/bulk";
    let (status, answer) = world.post(plain, mixed).await;
    assert_eq!(status, 207);
    let errors = answer["errors"].as_array().expect("a list").iter();
    let errors: Vec<Value> = errors
        .map(|one| {
            json!([
                one["index"],
                one["identifier"],
                one["statusCode"],
                one["error"]
            ])
        })
        .collect();
    let expected = json!([
        [0, "e00", 409, "conflict"],
        [1, "n1", 422, "blueprint_schema_mismatch"],
        [2, "n2", 404, "not_found"],
    ]);
    assert_eq!(json!(errors), expected);
    assert_eq!(
        answer["entities"],
        json!([{"created": true, "identifier": "n3", "index": 3}])
    );
    assert_eq!(count(&world).await, 3);
}

#[tokio::test]
async fn a_search_shows_what_is_included_and_who_made_it() {
    let world = world(1).await;
    let asked = json!({"include": ["$identifier", "$createdBy", "state", "needs"]});
    let (_, answer) = world.post(SEARCH, asked).await;
    let shown = json!({
        "identifier": "e00", "blueprint": "stack", "createdBy": CLIENT_ID,
        "properties": {"state": "ON"}, "relations": {"needs": []},
    });
    assert_eq!(answer, json!({"ok": true, "entities": [shown]}));

    // By name, however many are asked for; a page holds a name once.
    let rule = |value: Value| json!({"property": "$identifier", "operator": "in", "value": value});
    let query = |rule: Value| json!({"query": {"combinator": "and", "rules": [rule]}});
    let (_, answer) = world
        .post(SEARCH, query(rule(json!(["nobody", "e00", "e00"]))))
        .await;
    assert_eq!(answer["entities"].as_array().map(Vec::len), Some(1));
    let (_, answer) = world.post(SEARCH, query(rule(json!([])))).await;
    assert_eq!(answer, json!({"ok": true, "entities": []}));
}

#[tokio::test]
async fn entities_are_deleted_together_or_not_at_all() {
    let world = world(4).await;
    let needs = json!({"identifier": "e03", "relations": {"needs": ["e01"]}});
    assert_eq!(world.post(BULK, json!({"entities": [needs]})).await.0, 200);
    let delete = "/v1/blueprints/stack/bulk/entities/delete";
    let (status, answer) = world
        .post(delete, json!({"entities": ["e00", "e01", "e02"]}))
        .await;
    assert_eq!((status, &answer["error"]), (422, &json!("has_dependents")));
    assert_eq!(
        answer["message"],
        "Entity \"e01\" has dependents: \"stack e03\""
    );
    assert_eq!(count(&world).await, 4);
    // Whoever goes too keeps nobody.
    let (status, answer) = world
        .post(delete, json!({"entities": ["e01", "e03", "gone"]}))
        .await;
    assert_eq!(
        (status, &answer["deletedEntities"]),
        (200, &json!(["e01", "e03"]))
    );
    assert_eq!(count(&world).await, 2);
}
