//! Deliveries: what the intake makes of them after its 202 (PA section 4).

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use spaceport::sandbox::Options;

use crate::world::World;

/// A mapping of `.body` into `stack`.
fn mapping() -> Value {
    json!({
        "blueprint": "stack", "filter": ".body.kind == \"run\"",
        "entity": {
            "identifier": ".body.id", "title": ".body.title",
            "properties": {"state": ".body.state", "size": ".body.size"},
        },
    })
}

/// Creates a webhook; its URL on this machine.
async fn webhook(world: &World, security: Value, mappings: Value) -> String {
    let body = json!({
        "identifier": "mapper", "title": "Mapper", "enabled": true, "security": security, "mappings": mappings,
    });
    let (status, answer) = world.post("/v1/webhooks", body).await;
    assert_eq!(status, 201, "{answer}");
    let key = answer["integration"]["webhookKey"].as_str().expect("a key");
    format!("{}/ingest/{key}", world.sandbox.url())
}

/// Posts a delivery, which is always answered 202, and lets everything happen; what became of it.
async fn deliver(world: &World, url: &str, body: &Value, headers: &[(&str, String)]) -> Value {
    let mut request = world.client.post(url).body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    assert_eq!(request.send().await.expect("an answer").status(), 202);
    world.sandbox.settle().await;
    last(world).await
}

async fn last(world: &World) -> Value {
    let (_, answer) = world.get("/_sandbox/deliveries").await;
    let deliveries = answer["deliveries"].as_array().expect("a list");
    deliveries.last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_delivery_creates_an_entity_and_the_next_one_merges_into_it() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let url = webhook(&world, json!({}), json!([mapping()])).await;
    let first = json!({"kind": "run", "id": "s1", "title": "One", "state": "READY", "size": 3});
    let told = deliver(&world, &url, &first, &[]).await;
    assert_eq!(
        (&told["webhook"], &told["verdict"]),
        (&json!("mapper"), &json!("mapped"))
    );
    assert_eq!(
        told["steps"],
        json!([{
            "mapping": 0, "item": null, "faults": [],
            "blueprint": "stack", "identifier": "s1", "outcome": "created",
        }])
    );
    let entity = world.entity("stack", "s1").await;
    assert_eq!(
        (&entity["createdBy"], &entity["updatedBy"]),
        (&json!("mapper"), &json!("mapper"))
    );

    world
        .patch("/v1/blueprints/stack/entities/s1", json!({"icon": "Git"}))
        .await;
    let second = json!({"kind": "run", "id": "s1", "title": "One", "state": "FINISHED", "size": 3});
    let told = deliver(&world, &url, &second, &[]).await;
    assert_eq!(told["steps"][0]["outcome"], "updated");
    let entity = world.entity("stack", "s1").await;
    assert_eq!(
        entity["properties"],
        json!({"state": "FINISHED", "size": 3})
    );
    assert_eq!(entity["icon"], "Git", "what is not mapped stays");

    let told = deliver(&world, &url, &json!({"kind": "ping"}), &[]).await;
    assert_eq!(told["steps"][0]["outcome"], "filtered out");
}

#[tokio::test]
async fn an_entity_that_its_blueprint_refuses_takes_no_other_with_it() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let mut items = mapping();
    items["itemsToParse"] = json!(".body.all");
    items["filter"] = json!("true");
    items["entity"] = json!({"identifier": ".item.id", "properties": {"size": ".item.size"}});
    let mut nowhere = mapping();
    nowhere["blueprint"] = json!("nothing");
    nowhere["entity"] = json!({"identifier": "'x'"});
    nowhere["filter"] = json!("true");
    let url = webhook(&world, json!({}), json!([items, nowhere])).await;
    let all =
        json!([{"id": "a", "size": 1}, {"id": "b", "size": "large"}, {"id": "c d"}, {"id": "e"}]);
    let told = deliver(&world, &url, &json!({"all": all}), &[]).await;
    let steps = told["steps"].as_array().expect("a list");
    let outcomes: Vec<(&str, &str)> = steps
        .iter()
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap_or_default();
            (text("outcome"), text("why"))
        })
        .collect();
    assert_eq!(outcomes[0], ("created", ""));
    assert_eq!(outcomes[1], ("refused", "properties/size must be number"));
    assert_eq!(outcomes[2].0, "refused");
    assert_eq!(outcomes[3], ("created", ""));
    assert_eq!(
        outcomes[4],
        (
            "refused",
            "Blueprint with identifier \"nothing\" was not found"
        )
    );
    assert!(world.entity("stack", "e").await.is_object());
    assert!(world.entity("stack", "b").await.is_null());
}

#[tokio::test]
async fn relations_are_looked_up_and_must_lead_somewhere() {
    let world = World::new().await;
    world.blueprint("space", json!({})).await;
    world
        .blueprint(
            "stack",
            json!({"relations": {
                "space": {"target": "space", "required": false, "many": false, "title": "Space"},
            }}),
        )
        .await;
    world
        .put_entity(
            "space",
            json!({"identifier": "sp-1", "title": "root", "properties": {"state": "root-id"}}),
        )
        .await;
    let by_name = json!({
        "combinator": "'and'",
        "rules": [{"property": "'state'", "operator": "'='", "value": ".body.space"}],
    });
    let (mut searched, mut named) = (mapping(), mapping());
    searched["filter"] = json!(".body.space");
    searched["entity"]["relations"] = json!({"space": by_name});
    named["filter"] = json!(".body.direct");
    named["entity"]["relations"] = json!({"space": ".body.direct"});
    for mapping in [&mut searched, &mut named] {
        let filter = mapping["filter"].as_str().expect("a text");
        mapping["filter"] = format!("{filter} != null").into();
    }
    let url = webhook(&world, json!({}), json!([searched, named])).await;

    deliver(&world, &url, &json!({"id": "a", "space": "root-id"}), &[]).await;
    assert_eq!(
        world.entity("stack", "a").await["relations"]["space"],
        "sp-1"
    );
    deliver(&world, &url, &json!({"id": "b", "direct": "sp-1"}), &[]).await;
    assert_eq!(
        world.entity("stack", "b").await["relations"]["space"],
        "sp-1"
    );
    let told = deliver(&world, &url, &json!({"id": "c", "direct": "sp-2"}), &[]).await;
    assert_eq!(told["steps"][1]["outcome"], "refused");
    assert_eq!(
        told["steps"][1]["why"],
        "Entity \"sp-2\" does not exist in blueprint \"space\""
    );
    assert!(world.entity("stack", "c").await.is_null());
}

#[tokio::test]
async fn an_identifier_may_be_a_search() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    world
        .put_entity(
            "stack",
            json!({"identifier": "s1", "title": "One", "properties": {"state": "old"}}),
        )
        .await;
    let mut found = mapping();
    found["filter"] = json!("true");
    found["entity"] = json!({
        "identifier": {"combinator": "'and'", "rules": [{"property": "'$title'", "operator": "'='", "value": ".body.name"}]},
        "properties": {"state": "'new'"},
    });
    let url = webhook(&world, json!({}), json!([found])).await;
    let told = deliver(&world, &url, &json!({"name": "One"}), &[]).await;
    assert_eq!(
        (
            &told["steps"][0]["outcome"],
            &told["steps"][0]["identifier"]
        ),
        (&json!("updated"), &json!("s1"))
    );
    assert_eq!(
        world.entity("stack", "s1").await["properties"]["state"],
        "new"
    );
    let told = deliver(&world, &url, &json!({"name": "Two"}), &[]).await;
    assert_eq!(
        (&told["steps"][0]["outcome"], &told["steps"][0]["why"]),
        (&json!("refused"), &json!("no entity matches the search"))
    );
}

/// A search by one rule, every part of it a program.
fn search(property: &str, operator: &str, value: &str) -> Value {
    json!({
        "combinator": "'and'",
        "rules": [{"property": format!("'{property}'"), "operator": format!("'{operator}'"), "value": value}],
    })
}

#[tokio::test]
async fn searches_of_mappings_may_ask_for_less_than_those_of_the_api() {
    let world = World::new().await;
    let space = json!({
        "relations": {"above": {"target": "space", "required": false, "many": false, "title": "Above"}},
        "mirrorProperties": {
            "near": {"path": "above.state", "title": "Near"},
            "far": {"path": "above.above.state", "title": "Far"},
        },
        "calculationProperties": {"twice": {"type": "number", "calculation": ".properties.size * 2", "title": "Twice"}},
    });
    world.blueprint("space", space).await;
    let space = json!({"target": "space", "required": false, "many": false, "title": "Space"});
    world
        .blueprint("stack", json!({"relations": {"space": space}}))
        .await;
    let top = json!({"identifier": "top", "properties": {"state": "high", "size": 2}});
    world.put_entity("space", top).await;
    let low = json!({"identifier": "low", "relations": {"above": "top"}});
    world.put_entity("space", low).await;
    let searches = [
        ("found by a mirror", search("near", "=", ".body.value")),
        ("no value", search("state", "=", ".body.nothing")),
        ("operator", search("state", "beginsWith", ".body.value")),
        ("calculation", search("twice", "=", "4")),
        ("far mirror", search("far", "=", ".body.value")),
    ];
    let mappings: Value = searches
        .iter()
        .map(|(name, search)| {
            let entity = json!({"identifier": format!("{:?}", name.replace(' ', "-")), "relations": {"space": search}});
            json!({"blueprint": "stack", "filter": "true", "entity": entity})
        })
        .collect();
    let url = webhook(&world, json!({}), mappings).await;
    let told = deliver(&world, &url, &json!({"value": "high"}), &[]).await;
    let steps = told["steps"].as_array().expect("a list");
    let said: Vec<&str> = steps
        .iter()
        .map(|step| step["why"].as_str().unwrap_or("created"))
        .collect();
    assert_eq!(
        said,
        [
            "created",
            "created",
            "searches of mappings have no operator `beginsWith`: there are `=`, `in` and `contains`",
            "searches of mappings cannot ask for the calculation `twice`",
            "searches of mappings see mirrors of one level, and `far` mirrors `above.above.state`",
        ]
    );
    let found = world.entity("stack", "found-by-a-mirror").await;
    assert_eq!(found["relations"]["space"], "low");
    // A payload without the value does not mean every entity without one.
    let none = world.entity("stack", "no-value").await;
    assert!(none["relations"]["space"].is_null(), "{none}");
}

#[tokio::test]
async fn a_search_may_find_several_entities_and_one_that_is_refused_takes_none_with_it() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    for id in ["a", "b", "c"] {
        let entity = json!({"identifier": id, "title": if id == "c" { "Other" } else { "Same" }});
        world.put_entity("stack", entity).await;
    }
    let entity = json!({"identifier": search("$title", "=", ".body.title"), "properties": {"size": ".body.size"}});
    let mapping = json!({"blueprint": "stack", "filter": "true", "entity": entity});
    let url = webhook(&world, json!({}), json!([mapping])).await;
    let told = deliver(&world, &url, &json!({"title": "Same", "size": 7}), &[]).await;
    let step = &told["steps"][0];
    assert_eq!(
        (&step["outcome"], &step["identifier"]),
        (&json!("updated"), &json!(["a", "b"]))
    );
    for (id, size) in [("a", json!(7)), ("b", json!(7)), ("c", Value::Null)] {
        assert_eq!(world.entity("stack", id).await["properties"]["size"], size);
    }
}

#[tokio::test]
async fn a_delete_takes_dependants_along_unless_it_says_otherwise() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    world
        .blueprint(
            "run",
            json!({"relations": {
                "stack": {"target": "stack", "required": false, "many": false, "title": "Stack"},
            }}),
        )
        .await;
    let delete = |operation: Value, filter: &str| json!({"blueprint": "stack", "operation": operation, "filter": filter, "entity": {"identifier": ".body.id"}});
    let url = webhook(
        &world,
        json!({}),
        json!([
            delete(
                json!({"type": "delete", "deleteDependents": false}),
                ".body.kind == 'careful'"
            ),
            delete(json!("delete"), ".body.kind == 'all'"),
        ]),
    )
    .await;
    world.put_entity("stack", json!({"identifier": "s1"})).await;
    world
        .put_entity(
            "run",
            json!({"identifier": "r1", "relations": {"stack": "s1"}}),
        )
        .await;
    let told = deliver(&world, &url, &json!({"kind": "careful", "id": "s1"}), &[]).await;
    assert_eq!(told["steps"][0]["outcome"], "refused");
    assert!(
        told["steps"][0]["why"]
            .as_str()
            .expect("a text")
            .contains("has dependents")
    );
    let told = deliver(&world, &url, &json!({"kind": "all", "id": "s1"}), &[]).await;
    assert_eq!(told["steps"][1]["outcome"], "deleted");
    assert!(world.entity("run", "r1").await.is_null());
    let told = deliver(&world, &url, &json!({"kind": "all", "id": "s1"}), &[]).await;
    assert_eq!(
        told["steps"][1]["why"],
        "Entity with identifier \"s1\" was not found"
    );
}

#[tokio::test]
async fn a_wrong_signature_is_answered_202_all_the_same_and_nothing_arrives() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let security = json!({
        "secret": "shared-secret", "signatureAlgorithm": "sha256",
        "signatureHeaderName": "X-Signature-256", "signaturePrefix": "sha256=",
    });
    let url = webhook(&world, security, json!([mapping()])).await;
    let body = json!({"kind": "run", "id": "s1", "title": "One"});
    let signed = |secret: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
        mac.update(body.to_string().as_bytes());
        let bytes = mac.finalize().into_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        [("X-Signature-256", format!("sha256={hex}"))]
    };
    for headers in [&[][..], &signed("other")] {
        let told = deliver(&world, &url, &body, headers).await;
        assert_eq!(told["verdict"], "dropped");
        let why = told["why"].as_str().expect("a text");
        assert!(why.contains("X-Signature-256"), "{why}");
        assert!(!told.to_string().contains("shared-secret"));
        if !headers.is_empty() {
            let help = told["help"].as_str().unwrap_or_default();
            assert!(help.contains("`security.secret`"), "{told}");
        }
        assert!(world.entity("stack", "s1").await.is_null());
    }
    let told = deliver(&world, &url, &body, &signed("shared-secret")).await;
    assert_eq!(told["verdict"], "mapped", "{told}");
    assert!(world.entity("stack", "s1").await.is_object());
}

#[tokio::test]
async fn a_webhook_that_is_switched_off_drops_what_comes() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let url = webhook(&world, json!({}), json!([mapping()])).await;
    world
        .patch("/v1/webhooks/mapper", json!({"enabled": false}))
        .await;
    let body = json!({"kind": "run", "id": "s1", "title": "One"});
    let told = deliver(&world, &url, &body, &[]).await;
    assert_eq!(
        (&told["verdict"], &told["why"]),
        (&json!("dropped"), &json!("the webhook is not enabled"))
    );
    assert!(world.entity("stack", "s1").await.is_null());
}

#[tokio::test]
async fn repeats_are_dropped_also_by_the_next_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let world = World::with(options()).await;
    world.blueprint("stack", json!({})).await;
    let security = json!({"requestIdentifierPath": ".headers.\"x-delivery\""});
    let url = webhook(&world, security, json!([mapping()])).await;
    let body = |state: &str| json!({"kind": "run", "id": "s1", "title": "One", "state": state});
    let id = |id: &str| [("X-Delivery", id.to_owned())];
    deliver(&world, &url, &body("one"), &id("1")).await;
    let told = deliver(&world, &url, &body("two"), &id("1")).await;
    assert_eq!(told["why"], "a delivery with this id was here before");
    assert_eq!(told["steps"], json!([]));
    assert_eq!(
        world.entity("stack", "s1").await["properties"]["state"],
        "one"
    );
    deliver(&world, &url, &body("three"), &id("2")).await;
    assert_eq!(
        world.entity("stack", "s1").await["properties"]["state"],
        "three"
    );

    let key = url.rsplit('/').next().expect("a key").to_owned();
    world.sandbox.stop().await;
    let world = World::with(options()).await;
    assert_eq!(
        last(&world).await["verdict"],
        "mapped",
        "the record is kept"
    );
    let url = format!("{}/ingest/{key}", world.sandbox.url());
    let told = deliver(&world, &url, &body("four"), &id("2")).await;
    assert_eq!(told["why"], "a delivery with this id was here before");
}

#[tokio::test]
async fn the_intakes_public_url_is_routed_inside_and_what_it_maps_fires_automations() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    webhook(&world, json!({}), json!([mapping()])).await;
    let (_, answer) = world.get("/v1/webhooks/mapper").await;
    let url = answer["integration"]["url"].as_str().expect("a URL");
    assert!(url.starts_with("https://ingest.port.io/"));
    let body = json!({"kind": "run", "id": "{{ .inputs.id }}", "title": "One", "state": "'x'"});
    let form = json!({"properties": {"id": {"type": "string"}}});
    world
        .action_with(
            "post",
            form,
            json!({"type": "WEBHOOK", "url": url, "synchronized": true, "body": body}),
            json!({}),
        )
        .await;
    let event = json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "stack"});
    let what =
        json!({"by": "{{ .event.trigger.by.userId }}", "origin": "{{ .event.trigger.origin }}"});
    world
        .automation(
            "told",
            event,
            json!({}),
            json!({"type": "KAFKA", "payload": what}),
        )
        .await;

    let run = world.ran("post", json!({"id": "s9"})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    assert_eq!(
        world.entity("stack", "s9").await["properties"]["state"],
        "'x'"
    );
    let told = &world.runs("told").await[0]["payload"]["payload"];
    assert_eq!(*told, json!({"by": "mapper", "origin": "WEBHOOK"}));
}

#[tokio::test]
async fn the_headers_that_mappings_see_have_nothing_of_the_sandboxs_own() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    let mut all = mapping();
    all["filter"] = json!("true");
    all["entity"] =
        json!({"identifier": "'h'", "properties": {"state": ".headers | keys | join(\" \")"}});
    webhook(&world, json!({}), json!([all])).await;
    let (_, answer) = world.get("/v1/webhooks/mapper").await;
    let url = answer["integration"]["url"].as_str().expect("a URL");
    let invocation = json!({"type": "WEBHOOK", "url": url, "body": {}, "headers": {"X-Sandbox-Call": "x 0", "X-Other": "1"}});
    world.action("post", invocation).await;
    world.ran("post", json!({})).await;
    let seen = world.entity("stack", "h").await["properties"]["state"].to_string();
    assert!(
        seen.contains("x-other") && seen.contains("x-port-signature"),
        "{seen}"
    );
    assert!(!seen.contains("x-sandbox-call"), "{seen}");
}

#[tokio::test]
async fn only_the_latest_deliveries_are_kept() {
    let world = World::new().await;
    let url = webhook(&world, json!({}), json!([])).await;
    for _ in 0..203 {
        world
            .client
            .post(&url)
            .body("{}")
            .send()
            .await
            .expect("an answer");
    }
    world.sandbox.settle().await;
    let (_, answer) = world.get("/_sandbox/deliveries").await;
    assert_eq!(answer["deliveries"].as_array().expect("a list").len(), 200);
}
