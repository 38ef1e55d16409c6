//! Automations: what fires them, and what they do (PA section 3).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spaceport::sandbox::{KEY_ID, KEY_SECRET};

use crate::world::World;

/// What an automation does that only remembers what it saw.
fn remembers(what: Value) -> Value {
    json!({"type": "KAFKA", "payload": what})
}

/// What the runs of an automation saw.
async fn seen(world: &World, automation: &str) -> Vec<Value> {
    world.sandbox.settle().await;
    let runs = world.runs(automation).await;
    runs.iter()
        .map(|run| run["payload"]["payload"].clone())
        .collect()
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The guide's action and automation that keep a token of Spacelift fresh (its wiring, our words).
async fn refreshing(world: &World, key: &str) {
    world.secret("SPACELIFT_TOKEN", "first").await;
    world.secret("KEY_ID", KEY_ID).await;
    world.secret("KEY_SECRET", key).await;
    let login =
        "mutation ($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";
    world
        .action(
            "refresh",
            json!({
                "type": "WEBHOOK", "synchronized": true, "method": "POST",
                "url": "https://acme.app.spacelift.io/graphql",
                "headers": {"Content-Type": "application/json"},
                "body": {
                    "query": login,
                    "variables": {"id": "{{.secrets.KEY_ID}}", "secret": "{{.secrets.KEY_SECRET}}"},
                },
            }),
        )
        .await;
    world
        .automation(
            "keep",
            json!({"type": "RUN_UPDATED", "actionIdentifier": "refresh"}),
            json!({
                "condition": {"type": "JQ", "combinator": "and", "expressions": [
                    ".diff.after.status == \"SUCCESS\"",
                    ".diff.after.response.data.apiKeyUser.jwt != null",
                ]},
                "publish": true,
            }),
            json!({
                "type": "WEBHOOK", "synchronized": true, "method": "PATCH", "headers": {},
                "url": "https://api.port.io/v1/organization/secrets/SPACELIFT_TOKEN",
                "body": {"secretValue": "{{ .event.diff.after.response.data.apiKeyUser.jwt  }}"},
            }),
        )
        .await;
}

#[tokio::test]
async fn the_guides_refresh_puts_the_new_token_into_the_secret() {
    let world = World::new().await;
    refreshing(&world, KEY_SECRET).await;
    let run = world.ran("refresh", json!({})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    let token = run["response"]["data"]["apiKeyUser"]["jwt"]
        .as_str()
        .expect("a token");

    let kept = world.runs("keep").await;
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0]["status"], &kept[0]["source"]),
        (&json!("SUCCESS"), &json!("AUTOMATION"))
    );
    let state = world.sandbox.state();
    assert_eq!(
        state["port"]["secret_values"]["SPACELIFT_TOKEN"]["sha256"],
        sha256(token)
    );
    // Nowhere but in the answer that the API shows as the service does.
    assert!(!state.to_string().contains(token));
    assert_eq!(kept[0]["payload"]["body"]["secretValue"], "*****");
    assert!(!kept[0].to_string().contains(token));

    // The token is one.
    let query = json!({"query": "{ viewer { id } }"});
    let asked = world
        .client
        .post(format!("{}/graphql", world.sandbox.url()));
    let answer = asked
        .bearer_auth(token)
        .json(&query)
        .send()
        .await
        .expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    assert!(answer["data"]["viewer"]["id"].is_string(), "{answer}");
}

#[tokio::test]
async fn a_key_that_spacelift_does_not_know_is_a_success_without_a_token() {
    let world = World::new().await;
    refreshing(&world, &"6".repeat(64)).await;
    // GraphQL answers 200 with errors, and that is all that Port looks at.
    let run = world.ran("refresh", json!({})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    assert!(run["response"]["errors"].is_array());
    assert!(
        world.runs("keep").await.is_empty(),
        "the second expression guards"
    );
    let state = world.sandbox.state();
    assert_eq!(
        state["port"]["secret_values"]["SPACELIFT_TOKEN"]["sha256"],
        sha256("first")
    );
}

#[tokio::test]
async fn each_change_of_an_entity_fires_what_listens_to_it() {
    let world = World::new().await;
    world.blueprint("service", json!({})).await;
    world.blueprint("other", json!({})).await;
    let what = json!({
        "before": "{{ .event.diff.before.properties.state }}",
        "after": "{{ .event.diff.after.properties.state }}",
        "of": "{{ .event.context.blueprintIdentifier + \"/\" + .event.context.entityIdentifier }}",
        "action": "{{ .event.action }}",
    });
    for (name, kind) in [
        ("created", "ENTITY_CREATED"),
        ("updated", "ENTITY_UPDATED"),
        ("deleted", "ENTITY_DELETED"),
        ("any", "ANY_ENTITY_CHANGE"),
    ] {
        let event = json!({"type": kind, "blueprintIdentifier": "service"});
        world
            .automation(name, event, json!({}), remembers(what.clone()))
            .await;
    }
    let event = json!({"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "service"});
    world
        .automation("silent", event, json!({"publish": false}), remembers(what))
        .await;

    world
        .put_entity(
            "service",
            json!({"identifier": "a", "properties": {"state": "new"}}),
        )
        .await;
    world
        .put_entity(
            "service",
            json!({"identifier": "a", "properties": {"state": "old"}}),
        )
        .await;
    // A write that changes nothing is none.
    world
        .put_entity(
            "service",
            json!({"identifier": "a", "properties": {"state": "old"}}),
        )
        .await;
    world
        .put_entity(
            "other",
            json!({"identifier": "a", "properties": {"state": "x"}}),
        )
        .await;
    assert_eq!(
        world.delete("/v1/blueprints/service/entities/a").await.0,
        200
    );

    let created = json!({"before": null, "after": "new", "of": "service/a", "action": "CREATE"});
    let updated = json!({"before": "new", "after": "old", "of": "service/a", "action": "UPDATE"});
    let deleted = json!({"before": "old", "after": null, "of": "service/a", "action": "DELETE"});
    assert_eq!(
        seen(&world, "created").await,
        std::slice::from_ref(&created)
    );
    assert_eq!(
        seen(&world, "updated").await,
        std::slice::from_ref(&updated)
    );
    assert_eq!(
        seen(&world, "deleted").await,
        std::slice::from_ref(&deleted)
    );
    let mut any = seen(&world, "any").await;
    any.sort_by_key(|one| one["action"].to_string());
    assert_eq!(any, [created, deleted, updated]);
    assert!(seen(&world, "silent").await.is_empty());
}

#[tokio::test]
async fn conditions_are_joined_and_one_that_fails_is_not_met() {
    let world = World::new().await;
    world.blueprint("service", json!({})).await;
    let (yes, no, broken) = (
        ".diff.after.properties.size > 3",
        ".diff.before != null",
        ".diff.after | error",
    );
    for (name, combinator, expressions, fires) in [
        (
            "and-yes",
            "and",
            vec![yes, ".context.entityIdentifier == 'a'"],
            true,
        ),
        ("and-no", "and", vec![yes, no], false),
        ("or-yes", "or", vec![no, yes], true),
        ("or-no", "or", vec![no, no], false),
        ("broken", "and", vec![yes, broken], false),
        ("or-broken", "or", vec![broken, yes], true),
        ("no-program", "and", vec!["}{"], false),
        ("truthy", "and", vec![".diff.after.properties.size"], false),
    ] {
        let event = json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "service"});
        let condition = json!({"type": "JQ", "expressions": expressions, "combinator": combinator});
        let more = json!({"condition": condition});
        world
            .automation(name, event, more, remembers(json!({"a": 1})))
            .await;
        assert_eq!(
            world.delete("/v1/blueprints/service/entities/a").await.0 == 200,
            name != "and-yes"
        );
        world
            .put_entity(
                "service",
                json!({"identifier": "a", "properties": {"size": 4}}),
            )
            .await;
        assert_eq!(seen(&world, name).await.len(), usize::from(fires), "{name}");
    }
}

#[tokio::test]
async fn runs_fire_automations_when_they_start_and_are_reported_on_but_not_by_log_lines() {
    let world = World::new().await;
    world
        .action_with(
            "make",
            json!({"properties": {}}),
            remembers(json!({})),
            json!({"requiredApproval": true}),
        )
        .await;
    let what = json!({
        "status": "{{ .event.diff.before.status }}", "to": "{{ .event.diff.after.status }}",
        "action": "{{ .event.context.action.identifier }}", "run": "{{ .run }}",
        "inputs": "{{ .inputs }}", "entity": "{{ .entity }}",
    });
    for (name, kind) in [
        ("created", "RUN_CREATED"),
        ("updated", "RUN_UPDATED"),
        ("any", "ANY_RUN_CHANGE"),
    ] {
        let event = json!({"type": kind, "actionIdentifier": "make"});
        world
            .automation(name, event, json!({}), remembers(what.clone()))
            .await;
    }
    // An automation may listen to the runs of another.
    let event = json!({"type": "RUN_CREATED", "actionIdentifier": "updated"});
    world
        .automation(
            "second",
            event,
            json!({}),
            remembers(json!({"a": "{{ .event.diff.after.source }}"})),
        )
        .await;

    let id = world.execute("make", json!({})).await;
    world
        .patch(
            &format!("/v1/actions/runs/{id}/approval"),
            json!({"status": "APPROVE"}),
        )
        .await;
    world
        .post(
            &format!("/v1/actions/runs/{id}/logs"),
            json!({"message": "hm"}),
        )
        .await;
    let log = json!({"message": "done", "terminationStatus": "SUCCESS"});
    world
        .post(&format!("/v1/actions/runs/{id}/logs"), log)
        .await;

    let created = seen(&world, "created").await;
    assert_eq!(created.len(), 1);
    let run = &world.runs("created").await[0];
    // An automation sees of its own run the id only.
    assert_eq!(created[0]["run"], json!({"id": run["id"]}));
    assert_eq!(
        (
            &created[0]["to"],
            &created[0]["action"],
            &created[0]["inputs"],
            &created[0]["entity"]
        ),
        (
            &json!("WAITING_FOR_APPROVAL"),
            &json!("make"),
            &Value::Null,
            &Value::Null
        )
    );
    let updated = seen(&world, "updated").await;
    assert_eq!(updated.len(), 1, "{updated:?}");
    assert_eq!(
        (&updated[0]["status"], &updated[0]["to"]),
        (&json!("WAITING_FOR_APPROVAL"), &json!("IN_PROGRESS"))
    );
    assert_eq!(seen(&world, "any").await.len(), 2);
    assert_eq!(seen(&world, "second").await, [json!({"a": "AUTOMATION"})]);
}

#[tokio::test]
async fn automations_that_fire_each_other_come_to_an_end() {
    let world = World::new().await;
    world.blueprint("counter", json!({})).await;
    // By Port's own API, so that the loop goes over HTTP as well.
    world
        .automation(
            "count",
            json!({"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "counter"}),
            json!({}),
            json!({
                "type": "WEBHOOK", "synchronized": true, "method": "PATCH",
                "url": "https://api.port.io/v1/blueprints/counter/entities/a",
                "body": {"properties": {"size": "{{ .event.diff.after.properties.size + 1 }}"}},
            }),
        )
        .await;
    world
        .put_entity(
            "counter",
            json!({"identifier": "a", "properties": {"size": 0}}),
        )
        .await;
    let runs = world.runs("count").await;
    let (last, done): (Vec<&Value>, Vec<&Value>) =
        runs.iter().partition(|run| run["status"] == "FAILURE");
    assert_eq!((done.len(), last.len()), (8, 1));
    assert_eq!(world.entity("counter", "a").await["properties"]["size"], 8);
    let logs = world.logs(last[0]["id"].as_str().expect("an id")).await;
    assert_eq!(
        logs,
        ["not invoked: 8 automations have led to each other, and the chain ends here"]
    );

    // Somebody else's change begins anew.
    world
        .put_entity(
            "counter",
            json!({"identifier": "a", "properties": {"size": 100}}),
        )
        .await;
    assert_eq!(
        world.entity("counter", "a").await["properties"]["size"],
        108
    );
}

#[tokio::test]
async fn an_upsert_of_an_automation_fires_others() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    world.blueprint("copy", json!({})).await;
    let mapping = json!({
        "identifier": "{{ .event.context.entityIdentifier }}-copy",
        "properties": {"{{ spreadValue() }}": "{{ .event.diff.after.properties }}"},
    });
    world
        .automation(
            "copy",
            json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "stack"}),
            json!({}),
            json!({"type": "UPSERT_ENTITY", "blueprintIdentifier": "copy", "mapping": mapping}),
        )
        .await;
    let event = json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "copy"});
    world
        .automation(
            "told",
            event,
            json!({}),
            remembers(json!({"a": "{{ .event.diff.after.identifier }}"})),
        )
        .await;
    world
        .put_entity(
            "stack",
            json!({"identifier": "s", "properties": {"state": "x", "size": 1}}),
        )
        .await;
    assert_eq!(
        world.entity("copy", "s-copy").await["properties"],
        json!({"state": "x", "size": 1})
    );
    assert_eq!(seen(&world, "told").await, [json!({"a": "s-copy"})]);
}

#[tokio::test]
async fn timers_fire_once_when_the_clock_has_passed_them() {
    let world = World::new().await;
    let properties =
        json!({"ttl": {"type": "string", "format": "timer"}, "state": {"type": "string"}});
    world
        .blueprint("environment", json!({"schema": {"properties": properties}}))
        .await;
    let what = json!({
        "entity": "{{ .event.diff.after.identifier }}", "before": "{{ .event.diff.before }}",
        "property": "{{ .event.context.propertyIdentifier }}",
    });
    let event = json!({"type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "environment", "propertyIdentifier": "ttl"});
    world
        .automation("expire", event, json!({}), remembers(what))
        .await;
    world
        .put_entity(
            "environment",
            json!({"identifier": "old", "properties": {"ttl": "2020-01-01T00:00:00.000Z"}}),
        )
        .await;
    world
        .put_entity(
            "environment",
            json!({"identifier": "new", "properties": {"ttl": "2200-01-01T00:00:00.000Z"}}),
        )
        .await;
    assert!(
        seen(&world, "expire").await.is_empty(),
        "no clock runs by itself"
    );

    let (_, answer) = world.post("/_sandbox/timers", json!({})).await;
    assert_eq!(answer["fired"], 1);
    let expected = json!({"entity": "old", "before": null, "property": "ttl"});
    assert_eq!(seen(&world, "expire").await, [expected]);
    let (_, answer) = world.post("/_sandbox/timers", json!({})).await;
    assert_eq!(answer["fired"], 0);

    // Two centuries later; the token of this client has ended by then.
    let world = {
        let mut world = world;
        let later = json!({"clock_offset": 200_i64 * 366 * 24 * 60 * 60});
        world.post("/_sandbox/quirks", later).await;
        world.login().await;
        world
    };
    assert_eq!(seen(&world, "expire").await.len(), 2);
}

#[tokio::test]
async fn a_program_that_never_ends_holds_nobody_up() {
    let world = World::new().await;
    world.blueprint("service", json!({})).await;
    let event = || json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "service"});
    let condition = json!({"type": "JQ", "combinator": "and", "expressions": ["[range(infinite)] | length > 0"]});
    let more = json!({"condition": condition});
    world
        .automation("endless", event(), more, remembers(json!({})))
        .await;
    world
        .automation(
            "plain",
            event(),
            json!({}),
            remembers(json!({"a": "{{ .event.action }}"})),
        )
        .await;
    world
        .put_entity("service", json!({"identifier": "a"}))
        .await;
    assert!(seen(&world, "endless").await.is_empty());
    assert_eq!(seen(&world, "plain").await, [json!({"a": "CREATE"})]);
}
