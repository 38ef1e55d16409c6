//! What policies see and leave behind (SA sections 8 and 9).

use serde_json::{Value, json};

use super::account::{Account, text};
use super::receiver::Receiver;

#[tokio::test]
async fn a_sampled_policy_is_recorded_with_its_input() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({"labels": ["eu"]}))
        .await;
    let rules = "sample if input.run_updated.state == \"UNCONFIRMED\"";
    account.policy("watch", rules, json!({})).await;
    let delta = json!({"added": 1, "deleted": 1, "resources": 4});
    let run = account
        .start(json!({"delta": delta, "commit": "abc", "triggered_by": "octo"}))
        .await;
    account.settle().await;

    let query = "{ policy(id: \"watch\") { evaluationRecords { key outcome timestamp } searchEvaluationRecords(input: {first: 5}) { edges { node { key } } } } }";
    let seen = account.data(query, json!({})).await;
    let records = seen["policy"]["evaluationRecords"]
        .as_array()
        .expect("records");
    let [record] = records.as_slice() else {
        panic!("one record: {records:?}");
    };
    let edges = &seen["policy"]["searchEvaluationRecords"]["edges"];
    assert_eq!(edges[0]["node"]["key"], record["key"]);
    let query = "query($key: String!) { policy(id: \"watch\") { evaluationSample(key: $key) { input body } } }";
    let sample = account.data(query, json!({"key": record["key"]})).await;
    let sample = &sample["policy"]["evaluationSample"];
    assert_eq!(sample["body"], format!("package spacelift\n{rules}\n"));
    let input: Value = serde_json::from_str(&text(&sample["input"])).expect("JSON text");

    assert_eq!(input["account"], json!({"name": "sandbox"}));
    assert_eq!(
        input["webhook_endpoints"],
        json!([{"id": "port", "labels": ["eu"]}])
    );
    let updated = &input["run_updated"];
    assert_eq!(updated["state"], "UNCONFIRMED");
    assert_eq!(updated["stack"]["state"], "UNCONFIRMED");
    assert_eq!(updated["stack"]["space"]["id"], "root");
    assert_eq!(updated["run"]["id"], run.as_str());
    assert_eq!(updated["run"]["commit"]["hash"], "abc");
    assert_eq!(updated["run"]["creator_session"]["login"], "octo");
    assert_eq!(updated["run"]["creator_session"]["machine"], false);
    let changes = updated["run"]["changes"].as_array().expect("changes");
    let actions: Vec<String> = changes
        .iter()
        .map(|change| text(&change["action"]))
        .collect();
    assert_eq!(actions, ["added", "deleted"]);
    // Nanoseconds: far beyond the seconds of a webhook's body.
    assert!(updated["run"]["created_at"].as_i64() > Some(1_000_000_000_000_000_000));
    let timed = updated["timing"].as_array().expect("timing");
    let timed: Vec<String> = timed.iter().map(|entry| text(&entry["state"])).collect();
    assert_eq!(
        timed,
        ["QUEUED", "READY", "PREPARING", "INITIALIZING", "PLANNING"]
    );
}

#[tokio::test]
async fn a_simulation_asks_the_engine_over_http_too() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let query = "mutation($input: PolicySimulateInput!) { policySimulatev2(input: $input) }";
    let body = "package spacelift\ninbox[{\"title\": input.internal_error.error}] { true }\n";
    let data = json!({"internal_error": {"error": "boom"}}).to_string();
    let input = json!({"type": "NOTIFICATION", "body": body, "data": data});
    let answer = account.data(query, json!({ "input": input })).await;
    let decision: Value = serde_json::from_str(&text(&answer["policySimulatev2"])).expect("JSON");
    assert_eq!(decision["inbox"], json!([{"title": "boom"}]));
    assert!(account.inbox().await.is_empty());
}
