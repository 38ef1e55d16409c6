//! Errors of the service, and versions of modules (SA sections 9 to 11).

use serde_json::json;

use super::account::Account;
use super::receiver::Receiver;

#[tokio::test]
async fn an_internal_error_is_in_the_inbox_and_policies_hear_of_it() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let error = json!({
        "title": "Invalid Stack Slug Triggered",
        "message": "policy tried to trigger Stack 'nothing'",
        "error": "policy triggered for Stack that doesn't exist",
    });
    assert_eq!(
        account
            .post("/_sandbox/internal_errors", error.clone())
            .await
            .0,
        200
    );
    account.settle().await;
    assert_eq!(account.inbox().await, ["Invalid Stack Slug Triggered"]);

    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let rule =
        r#"webhook contains {"endpoint_id": "port"} if input.internal_error.severity == "ERROR""#;
    account.policy("errors", rule, json!({})).await;
    account.post("/_sandbox/internal_errors", error).await;
    account.settle().await;
    let [arrived] = receiver.take().try_into().expect("one delivery");
    let expected = json!({
        "title": "Invalid Stack Slug Triggered",
        "body": "policy tried to trigger Stack 'nothing'",
        "error": "policy triggered for Stack that doesn't exist",
        "severity": "ERROR",
        "account": "sandbox",
    });
    assert_eq!(arrived.json().to_string(), expected.to_string());
}

#[tokio::test]
async fn a_webhook_out_of_reach_is_an_error_and_no_delivery() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    let team = account.space("team", "root", true).await;
    let island = account.space("island", "root", false).await;
    account.stack("near", &team).await;
    account.stack("far", &island).await;
    account
        .webhook("port", receiver.url("/root"), json!({}))
        .await;
    account
        .webhook("team", receiver.url("/team"), json!({"space": team}))
        .await;
    let rule = r#"webhook contains {"endpoint_id": id} if {
        input.run_updated.state == "FINISHED"
        some id in ["port", "team"]
    }"#;
    account.policy("both", rule, json!({})).await;

    let paths = || -> Vec<String> { receiver.take().into_iter().map(|one| one.path).collect() };
    account.trigger("near").await;
    account.settle().await;
    assert_eq!(paths(), ["/root", "/team"]);
    // The island inherits nothing, the policy neither.
    account.trigger("far").await;
    account.settle().await;
    assert_eq!(paths(), [""; 0]);
    assert!(account.inbox().await.is_empty());
    // From the root nothing of the team can be used.
    account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(paths(), ["/root"]);
    let state = account.state().await;
    let message = &state["inbox"][0];
    assert_eq!(message["title"], "Invalid Webhook Endpoint Notified");
    let body = message["body"].as_str().expect("a text");
    assert!(
        body.contains("webhook `team`, which cannot be used"),
        "{body}"
    );
}

#[tokio::test]
async fn errors_about_errors_end() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    // No guard: it fires for the errors that it makes.
    let rule = r#"webhook contains {"endpoint_id": "nobody"}"#;
    account.policy("unguarded", rule, json!({})).await;
    account.start(json!({"path": ["QUEUED", "FAILED"]})).await;
    account.settle().await;
    // One for each state, and one more about each of them.
    assert_eq!(account.inbox().await.len(), 4);
    assert_eq!(account.state().await["happenings"], json!([]));
}

#[tokio::test]
async fn a_policy_that_fails_is_an_error_and_the_others_go_on() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let conflict = "message := \"a\" if input.run_updated\nmessage := \"b\" if input.run_updated\ninbox contains {\"title\": message} if input.run_updated";
    account.policy("broken", conflict, json!({})).await;
    let good = r#"webhook contains {"endpoint_id": "port"} if input.run_updated"#;
    account.policy("good", good, json!({})).await;
    account.start(json!({"path": ["FAILED"]})).await;
    account.settle().await;
    assert_eq!(receiver.states(), ["FAILED"]);
    assert_eq!(account.inbox().await, ["Policy Evaluation Failed"]);
}

#[tokio::test]
async fn a_version_of_a_module_is_told() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let rule = r#"webhook contains {"endpoint_id": "port"} if input.module_version.version.state == "ACTIVE""#;
    account.policy("modules", rule, json!({})).await;
    for (state, status) in [("ACTIVE", 200), ("FAILED", 200), ("BROKEN", 422)] {
        let made = json!({"module": "network", "number": "1.2.3", "state": state});
        assert_eq!(
            account.post("/_sandbox/module_versions", made).await.0,
            status
        );
    }
    account.settle().await;
    let [arrived] = receiver.take().try_into().expect("one delivery");
    let body = arrived.json();
    assert_eq!(body["module"]["id"], "network");
    assert_eq!(body["version"]["number"], "1.2.3");
}
