//! Runs walk from their first state to their last (SA section 13).

use serde_json::json;

use super::account::{Account, text};
use super::receiver::Receiver;

const PLANNED: &str = "QUEUED READY PREPARING INITIALIZING PLANNING";

async fn account() -> Account {
    Account::telling(&Receiver::new().await).await
}

#[tokio::test]
async fn a_triggered_run_walks_to_its_end() {
    let account = account().await;
    let run = account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(account.history(&run).await, format!("{PLANNED} FINISHED"));
    assert_eq!(account.stack_state().await, "FINISHED");
}

#[tokio::test]
async fn changes_wait_until_somebody_confirms_or_discards_them() {
    let account = account().await;
    let delta = json!({"delta": {"changed": 2}});
    let run = account.start(delta.clone()).await;
    account.settle().await;
    assert_eq!(
        account.history(&run).await,
        format!("{PLANNED} UNCONFIRMED")
    );
    assert_eq!(account.stack_state().await, "UNCONFIRMED");
    let confirm = "mutation($run: ID!) { runConfirm(stack: \"ai-agent\", run: $run, note: \"go\") { state delta { changeCount } } }";
    let confirmed = account.data(confirm, json!({ "run": run })).await;
    assert_eq!(
        confirmed["runConfirm"],
        json!({"state": "CONFIRMED", "delta": {"changeCount": 2}})
    );
    account.settle().await;
    let applied = "CONFIRMED PREPARING_APPLY APPLYING FINISHED";
    assert_eq!(
        account.history(&run).await,
        format!("{PLANNED} UNCONFIRMED {applied}")
    );

    let run = account.start(delta).await;
    account.settle().await;
    account
        .data(
            "mutation { runDiscard(stack: \"ai-agent\") { id } }",
            json!({}),
        )
        .await;
    account.settle().await;
    assert_eq!(
        account.history(&run).await,
        format!("{PLANNED} UNCONFIRMED DISCARDED")
    );
}

#[tokio::test]
async fn a_run_waits_for_the_one_before_it() {
    let account = account().await;
    let first = account.start(json!({"stop_at": "PLANNING"})).await;
    let second = account.trigger("ai-agent").await;
    account.settle().await;
    assert_eq!(account.history(&first).await, PLANNED);
    assert_eq!(account.history(&second).await, "QUEUED");
    let (status, moved) = account
        .post(&format!("/_sandbox/runs/{first}"), json!({}))
        .await;
    assert_eq!((status, &moved["run"]["id"]), (200, &json!(first)));
    account.settle().await;
    assert!(account.history(&first).await.ends_with("FINISHED"));
    assert!(account.history(&second).await.ends_with("FINISHED"));
}

#[tokio::test]
async fn a_proposed_run_is_told_and_does_not_touch_its_stack() {
    let receiver = Receiver::new().await;
    let account = Account::telling(&receiver).await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let rule =
        r#"webhook contains {"endpoint_id": "port"} if input.run_updated.state == "FINISHED""#;
    account.policy("all", rule, json!({})).await;
    let wanted = json!({"type": "PROPOSED", "branch": "feature/x", "commit": "c0ffee", "delta": {"added": 1}});
    let run = account.start(wanted).await;
    account.settle().await;
    assert_eq!(account.history(&run).await, format!("{PLANNED} FINISHED"));
    assert_eq!(account.stack_state().await, "NONE");
    let [arrived] = receiver.take().try_into().expect("one delivery");
    let body = arrived.json();
    assert_eq!(body["run"]["type"], "PROPOSED");
    assert_eq!(body["run"]["branch"], "feature/x");
    assert_eq!(body["run"]["triggeredBy"], json!(null));
    assert_eq!(body["run"]["commit"]["hash"], "c0ffee");
}

#[tokio::test]
async fn a_run_can_be_told_its_way() {
    let account = account().await;
    let run = account
        .start(json!({"path": ["QUEUED", "PREPARING", "FAILED"]}))
        .await;
    account.settle().await;
    assert_eq!(account.history(&run).await, "QUEUED PREPARING FAILED");
    let moved = account
        .post(&format!("/_sandbox/runs/{run}"), json!({"state": "READY"}))
        .await;
    assert_eq!(moved.0, 409);

    let run = account.start(json!({"stop_at": "QUEUED"})).await;
    let to = json!({"state": "INITIALIZING", "stop_at": "INITIALIZING"});
    assert_eq!(
        account.post(&format!("/_sandbox/runs/{run}"), to).await.0,
        200
    );
    account.settle().await;
    assert_eq!(account.history(&run).await, "QUEUED INITIALIZING");

    for (wrong, why) in [
        (json!({"stack": "nothing"}), "no stack `nothing`"),
        (json!({"stack": "ai-agent", "type": "X"}), "`X` is no type"),
        (
            json!({"stack": "ai-agent", "path": ["X"]}),
            "`X` is no state",
        ),
        (json!({"stack": "ai-agent", "path": []}), "no state"),
        (
            json!({"stack": "ai-agent", "path": ["FAILED", "QUEUED"]}),
            "nothing follows",
        ),
        (json!({"stack": "ai-agent", "brnch": "x"}), "`brnch`"),
    ] {
        let (status, answer) = account.post("/_sandbox/runs", wrong).await;
        assert!(status == 422 || status == 404, "{answer}");
        assert!(text(&answer["message"]).contains(why), "{answer}");
    }
    let unknown = account.post("/_sandbox/runs/nobody", json!({})).await;
    assert_eq!(unknown.0, 404);
}
