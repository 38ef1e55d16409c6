//! What an account begins with, and what it goes on with after its process was killed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use spaceport::sandbox::{Options, StartingStack};

use super::account::Account;
use super::receiver::Receiver;

fn kept_in(folder: &Path) -> Options {
    Options {
        data: Some(folder.to_owned()),
        stacks: vec![StartingStack::ai_agent()],
        ..Options::default()
    }
}

#[tokio::test]
async fn a_new_account_begins_with_its_stacks_and_an_old_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = Account::with(kept_in(folder.path())).await;
    let query = "{ stacks { id name namespace repository branch space labels state } }";
    let stack = json!({"id": "ai-agent", "name": "ai-agent", "namespace": "acme", "repository": "ai-agent",
        "branch": "main", "space": "root", "labels": ["node"], "state": "NONE"});
    assert_eq!(
        account.data(query, json!({})).await,
        json!({"stacks": [stack]})
    );
    account
        .data(
            "mutation { stackDelete(id: \"ai-agent\") { id } }",
            json!({}),
        )
        .await;
    account.sandbox.stop().await;

    let account = Account::with(kept_in(folder.path())).await;
    assert_eq!(account.data(query, json!({})).await, json!({"stacks": []}));
    account.sandbox.stop().await;
}

#[tokio::test]
async fn whoever_stops_waits_for_no_pause() {
    let receiver = Receiver::new().await;
    let account = Account::with(Options {
        pace: Duration::from_secs(3600),
        allow_origins: vec![receiver.origin.parse().expect("an origin")],
        stacks: vec![StartingStack::ai_agent()],
        ..Options::default()
    })
    .await;
    let again = json!({"retryOnFailure": true});
    account.webhook("busy", receiver.url("/503"), again).await;
    let rule =
        r#"webhook contains {"endpoint_id": "busy"} if input.run_updated.state == "FINISHED""#;
    account.policy("finished", rule, json!({})).await;
    account.trigger("ai-agent").await;
    account.sandbox.stop().await;
    assert_eq!(receiver.take().len(), 4);
}

#[tokio::test]
async fn a_killed_process_goes_on_where_it_was() {
    let receiver = Receiver::new().await;
    let allow_origins = vec![receiver.origin.parse().expect("an origin")];
    let (first, second) = (tempfile::tempdir(), tempfile::tempdir());
    let (first, second) = (first.expect("a folder"), second.expect("a folder"));
    let account = Account::with(Options {
        // No step is taken while this test looks.
        pace: Duration::from_secs(3600),
        allow_origins: allow_origins.clone(),
        ..kept_in(first.path())
    })
    .await;
    account
        .webhook("port", receiver.url("/in"), json!({}))
        .await;
    let rule =
        r#"webhook contains {"endpoint_id": "port"} if input.run_updated.state == "FINISHED""#;
    account.policy("finished", rule, json!({})).await;
    let run = account.trigger("ai-agent").await;
    // What lies in the folder now is what a killed process leaves.
    for name in ["port.json", "port.journal", "spacelift.json"] {
        let copied = fs::copy(first.path().join(name), second.path().join(name));
        copied.expect("a file");
    }
    assert_eq!(account.history(&run).await, "QUEUED");

    let account = Account::with(Options {
        allow_origins,
        ..kept_in(second.path())
    })
    .await;
    account.settle().await;
    assert!(account.history(&run).await.ends_with("PLANNING FINISHED"));
    assert_eq!(receiver.states(), ["FINISHED"]);
    account.sandbox.stop().await;
}
