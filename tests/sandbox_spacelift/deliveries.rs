//! What a receiver gets (SA sections 11 and 12).

use serde_json::{Value, json};
use spaceport::sandbox::KEY_ID;

use super::account::{Account, text};
use super::receiver::Receiver;

/// The two rules of the vendors' guide, as they stand there.
const OPTION_1: &str = r#"webhook[{"endpoint_id": "port"}] {
input.run_updated.run.type == "TRACKED"
input.run_updated.run.state == "FINISHED"
}"#;
const OPTION_2: &str = r#"webhook[{"endpoint_id": "port"}] {
input.run_updated != null
}"#;

/// Tells webhook `port` of every finished run.
const FINISHED: &str =
    r#"webhook contains {"endpoint_id": "port"} if input.run_updated.state == "FINISHED""#;

const ALL: [&str; 6] = [
    "QUEUED",
    "READY",
    "PREPARING",
    "INITIALIZING",
    "PLANNING",
    "FINISHED",
];

fn v0() -> Value {
    json!({"engineType": "REGO_V0"})
}

#[tokio::test]
async fn both_options_of_the_guide_deliver_what_they_say() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    account.policy("guide", OPTION_1, v0()).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.states(), ["FINISHED"]);

    let update = "mutation($body: String!) { policyUpdatev2(id: \"guide\", input: {name: \"guide\", body: $body, space: \"root\", engineType: REGO_V0}) { id } }";
    let body = format!("package spacelift\n{OPTION_2}\n");
    account.data(update, json!({ "body": body })).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.states(), ALL);

    // Together they yield the same object, and a set holds it once.
    let body = format!("package spacelift\n{OPTION_1}\n{OPTION_2}\n");
    account.data(update, json!({ "body": body })).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.states(), ALL);
}

#[tokio::test]
async fn the_usual_request_is_the_documented_one() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    account.policy("guide", FINISHED, json!({})).await;
    let id = account.trigger("ai-agent").await;
    account.settle().await;
    let [arrived] = receiver.take().try_into().expect("one delivery");
    assert_eq!(
        (arrived.method.as_str(), arrived.path.as_str()),
        ("POST", "/in")
    );
    assert_eq!(arrived.header("content-type"), "application/json");
    assert_eq!(arrived.header("user-agent"), "Go-http-client/1.1");

    let body = arrived.json();
    let seconds = body["timestamp"].as_i64().expect("seconds");
    let millis = body["timestamp_millis"].as_i64().expect("milliseconds");
    assert_eq!(millis / 1000, seconds);
    let commit = &body["run"]["commit"];
    assert_eq!(text(&commit["hash"]).len(), 40);
    let expected = json!({
        "account": "sandbox",
        "state": "FINISHED",
        "stateVersion": 6,
        "timestamp": seconds,
        "timestamp_millis": millis,
        "run": {
            "id": id,
            "branch": "main",
            "commit": {
                "authorLogin": "octo-sandbox",
                "authorName": "Octo Sandbox",
                "hash": commit["hash"],
                "message": "a commit of the sandbox",
                "timestamp": commit["timestamp"],
                "url": format!("https://github.com/acme/ai-agent/commit/{}", text(&commit["hash"])),
            },
            "createdAt": body["run"]["createdAt"],
            "delta": {"added": 0, "changed": 0, "deleted": 0, "resources": 0},
            "driftDetection": false,
            "triggeredBy": format!("api::{KEY_ID}"),
            "type": "TRACKED",
            "url": format!("https://sandbox.app.spacelift.io/stack/ai-agent/run/{id}"),
        },
        "stack": {
            "id": "ai-agent",
            "name": "ai-agent",
            "description": "A stack to try things with",
            "labels": ["node"],
            "repository": "acme/ai-agent",
            "url": "https://sandbox.app.spacelift.io/stack/ai-agent",
            "vcs": "GITHUB",
        },
        "workerPool": {"public": true, "labels": [], "id": "", "name": ""},
        "event_source": "spacelift",
        "event_type": "run_state_changed_event",
    });
    // As texts, so that the order of keys counts, too.
    assert_eq!(body.to_string(), expected.to_string());
}

#[tokio::test]
async fn a_rule_may_say_body_headers_and_method() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let more = json!({"secret": "s3cr3t"});
    account.webhook("port", receiver.url("/in"), more).await;
    let headers = "mutation($input: NamedWebhookHeaderInput!) { namedWebhooksIntegrationSetHeaders(id: \"port\", input: $input) { id } }";
    let entries =
        json!([{"key": "X-Token", "value": "hidden-1"}, {"key": "X-Kind", "value": "hidden-2"}]);
    account
        .data(headers, json!({"input": {"entries": entries}}))
        .await;
    let rule = r#"webhook contains {
        "endpoint_id": "port",
        "payload": {"state": input.run_updated.state},
        "method": "PUT",
        "headers": {"x-kind": "mine", "Content-Type": "text/plain"},
    } if input.run_updated.state == "FINISHED""#;
    account.policy("own", rule, json!({})).await;
    account.trigger("ai-agent").await;
    account.settle().await;

    let [arrived] = receiver.take().try_into().expect("one delivery");
    assert_eq!(arrived.method, "PUT");
    assert_eq!(arrived.body, br#"{"state":"FINISHED"}"#);
    assert_eq!(arrived.header("x-token"), "hidden-1");
    assert_eq!(arrived.header("x-kind"), "mine");
    assert_eq!(arrived.header("content-type"), "text/plain");
    // The vector of SA section 11.
    assert_eq!(
        arrived.header("x-signature"),
        "sha1=316598e473214ac13032d18e5419fdc436ef68e2"
    );
    assert_eq!(
        arrived.header("x-signature-256"),
        "sha256=e63249ee4757b1304a361fb89e9cea03987bb547a93407b56117238150ba9ed7"
    );

    let log = account.deliveries().await;
    assert_eq!(log.len(), 1);
    let url = receiver.url("/in");
    for (key, expected) in [
        ("webhook", json!("port")),
        ("policy", json!("own")),
        ("event", json!("run_updated")),
        ("method", json!("PUT")),
        ("url", json!(url)),
        ("body", json!("{\"state\":\"FINISHED\"}")),
        ("attempts", json!([{"status": 200}])),
        ("delivered", json!(true)),
    ] {
        assert_eq!(log[0][key], expected, "{key}");
    }
    let shown = log[0]["headers"].as_array().expect("headers");
    assert!(shown.contains(&json!(["X-Token", "(secret)"])), "{shown:?}");
    assert!(shown.contains(&json!(["x-kind", "mine"])), "{shown:?}");

    // No secret text is shown anywhere.
    let everything = account.get("/_sandbox/state").await.to_string();
    let requests = account.get("/_sandbox/requests").await.to_string();
    for secret in ["s3cr3t", "hidden-1", "hidden-2"] {
        for shown in [&everything, &requests, &json!(log).to_string()] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn webhooks_are_chosen_by_label_and_by_id() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    for (name, more) in [
        ("by label", json!({"labels": ["port", "eu"]})),
        ("by id", json!({})),
        ("neither", json!({"labels": ["slack"]})),
        ("off", json!({"labels": ["port"], "enabled": false})),
    ] {
        account
            .webhook(
                name,
                receiver.url(&format!("/{}", name.replace(' ', "-"))),
                more,
            )
            .await;
    }
    let rules = r#"
        finished if input.run_updated.state == "FINISHED"
        webhook contains {"endpoint_id": e.id} if { finished; some e in input.webhook_endpoints; "port" in e.labels }
        webhook contains {"endpoint_id": e.id} if { finished; some e in input.webhook_endpoints; e.id == "by-id" }
    "#;
    account.policy("choose", rules, json!({})).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    let mut paths: Vec<String> = receiver.take().into_iter().map(|one| one.path).collect();
    paths.sort();
    assert_eq!(paths, ["/by-id", "/by-label"]);
    assert!(account.inbox().await.is_empty());
}

#[tokio::test]
async fn only_answers_of_5xx_are_tried_again_and_only_when_asked() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let again = json!({"retryOnFailure": true});
    account
        .webhook("busy", receiver.url("/503"), again.clone())
        .await;
    account.webhook("gone", receiver.url("/404"), again).await;
    account
        .webhook("once", receiver.url("/500"), json!({}))
        .await;
    let rule = r#"webhook contains {"endpoint_id": e.id} if {
        input.run_updated.state == "FINISHED"
        some e in input.webhook_endpoints
    }"#;
    account.policy("all", rule, json!({})).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    let log = account.deliveries().await;
    let attempts = |webhook: &str| {
        let one = log.iter().find(|one| one["webhook"] == webhook);
        one.expect("a delivery")["attempts"].clone()
    };
    let answered = |status: u16| json!({ "status": status });
    assert_eq!(attempts("busy"), json!(vec![answered(503); 4]));
    assert_eq!(attempts("gone"), json!([answered(404)]));
    assert_eq!(attempts("once"), json!([answered(500)]));
    assert_eq!(receiver.take().len(), 6);
}

#[tokio::test]
async fn ten_failures_in_a_row_switch_a_webhook_off() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/404"), json!({}))
        .await;
    account.policy("all", OPTION_2, v0()).await;
    // Six states, and four of the next run.
    for _ in 0..2 {
        account.trigger("ai-agent").await;
    }
    account.settle().await;
    assert_eq!(receiver.take().len(), 10);
    let query = "{ namedWebhooksIntegration(id: \"port\") { enabled } }";
    let seen = account.data(query, json!({})).await;
    assert_eq!(seen["namedWebhooksIntegration"]["enabled"], false);
    let inbox = account.inbox().await;
    assert_eq!(inbox[0], "Webhook Disabled");
    // What the policy still names cannot be used; that the webhook went off was told to nobody.
    assert_eq!(inbox.len(), 3, "{inbox:?}");
    assert!(
        inbox[1..]
            .iter()
            .all(|title| title == "Invalid Webhook Endpoint Notified")
    );
}

#[tokio::test]
async fn each_policy_makes_deliveries_of_its_own() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    account.policy("one", FINISHED, json!({})).await;
    account.policy("two", OPTION_1, v0()).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.states(), ["FINISHED", "FINISHED"]);
    let log = account.deliveries().await;
    assert_eq!(
        (&log[0]["policy"], &log[1]["policy"]),
        (&json!("one"), &json!("two"))
    );
}

#[tokio::test]
async fn a_stacks_own_webhook_needs_no_policy_and_tells_twice_beside_one() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let create = "mutation($input: WebhooksIntegrationInput!) { webhooksIntegrationCreate(stack: \"ai-agent\", input: $input) { id } }";
    let own = json!({"enabled": true, "endpoint": receiver.url("/in"), "secret": "s3cr3t"});
    account.data(create, json!({"input": own})).await;
    let off = json!({"enabled": false, "endpoint": receiver.url("/off")});
    account.data(create, json!({"input": off})).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.states(), ALL);

    account
        .webhook("port", receiver.url("/in"), json!({"secret": "s3cr3t"}))
        .await;
    account.policy("guide", FINISHED, json!({})).await;
    account.start(json!({"path": ["FINISHED"]})).await;
    account.settle().await;
    let [own, named] = receiver.take().try_into().expect("two deliveries");
    assert_eq!(own.body, named.body);
    assert_eq!(
        own.header("x-signature-256"),
        named.header("x-signature-256")
    );
    let log = account.deliveries().await;
    let stacks: Vec<&Value> = log.iter().rev().take(2).map(|one| &one["stack"]).collect();
    assert_eq!(stacks, [&Value::Null, &json!("ai-agent")]);
}

#[tokio::test]
async fn nobody_is_called_whom_the_owner_did_not_name() {
    let receiver = Receiver::new().await;
    let account = Account::with(spaceport::sandbox::Options {
        stacks: vec![spaceport::sandbox::StartingStack::ai_agent()],
        ..Default::default()
    })
    .await;
    let endpoint = receiver
        .url("/in?key=hidden")
        .replace("http://", "http://me:word@");
    account.webhook("port", endpoint, json!({})).await;
    account.policy("guide", FINISHED, json!({})).await;
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(receiver.take().len(), 0);
    let log = account.deliveries().await;
    let error = text(&log[0]["attempts"][0]["error"]);
    assert!(
        error.contains("--allow-origin") && !error.contains("hidden"),
        "{error}"
    );
    assert!(!json!(log).to_string().contains("word"), "{log:?}");
    assert_eq!(log[0]["delivered"], false);
}

#[tokio::test]
async fn the_log_of_a_phase_takes_the_place_of_its_name() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let rules = r#"
        webhook contains {"endpoint_id": "port", "payload": {"plan": "<spacelift::logs::planning>", "apply": "<spacelift::logs::applying>"}} if input.run_updated.state == "FINISHED"
        pull_request contains {"body": "spacelift::logs::planning"} if input.run_updated.state == "FINISHED"
        slack contains {"channel_id": "C1", "message": "done"} if input.run_updated.state == "FINISHED"
        inbox contains {"title": "Done", "body": "it is", "severity": "INFO"} if input.run_updated.state == "FINISHED"
    "#;
    account.policy("say", rules, json!({})).await;
    let run = account.trigger("ai-agent").await;
    account.settle().await;
    let [arrived] = receiver.take().try_into().expect("one delivery");
    let log = format!("sandbox: planning of run {run} did nothing");
    assert_eq!(
        arrived.json(),
        json!({"plan": format!("<{log}>"), "apply": "<>"})
    );
    let state = account.state().await;
    assert_eq!(state["pull_requests"][0]["object"], json!({ "body": log }));
    let slack = json!({"channel_id": "C1", "message": "done"});
    assert_eq!(state["slack"][0]["object"], slack);
    assert_eq!(account.inbox().await, ["Done"]);
}
