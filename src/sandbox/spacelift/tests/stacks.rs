//! Stacks, and what people ask of runs (SA sections 3, 5 and 13). Nobody works here, so no run walks.

use serde_json::json;

use super::*;

const CREATE: &str = "mutation($input: StackInput!, $slug: String) { stackCreate(input: $input, manageState: true, slug: $slug) { id state space } }";

fn input(name: &str) -> Value {
    json!({"name": name, "repository": "infra", "branch": "main"})
}

#[test]
fn a_stack_may_wish_for_its_slug() {
    let account = Account::signed_in();
    let made = account.data(CREATE, json!({"input": input("My stack")}));
    assert_eq!(
        made["stackCreate"],
        json!({"id": "my-stack", "state": "NONE", "space": "legacy"})
    );
    let refusal = account.refusal(CREATE, json!({"input": input("My stack")}));
    assert!(
        refusal.contains("with this slug already exists"),
        "{refusal}"
    );
    let made = account.data(CREATE, json!({"input": input("My stack"), "slug": "other"}));
    assert_eq!(made["stackCreate"]["id"], "other");
}

#[test]
fn the_administrative_flag_is_retired() {
    let account = Account::signed_in();
    let mut flagged = input("s");
    flagged["administrative"] = json!(true);
    let text = "could not update stack: the administrative flag is no longer supported on stacks";
    assert!(
        account
            .refusal(CREATE, json!({"input": flagged}))
            .starts_with(text)
    );
    flagged["administrative"] = json!(false);
    account.data(CREATE, json!({"input": flagged}));
    flagged["administrative"] = json!(true);
    let update = "mutation($input: StackInput!) { stackUpdate(id: \"s\", input: $input) { id } }";
    assert!(
        account
            .refusal(update, json!({"input": flagged}))
            .starts_with(text)
    );
}

#[test]
fn a_rename_keeps_the_slug_until_it_is_made_anew() {
    let account = Account::signed_in();
    account.stack("before", "root", &["a"]);
    account.data(
        "mutation { runTrigger(stack: \"before\") { id } }",
        json!({}),
    );
    let update = "mutation($input: StackInput!) { stackUpdate(id: \"before\", input: $input) { id name labels space } }";
    let after = account.data(update, json!({"input": input("After")}));
    assert_eq!(
        after["stackUpdate"],
        json!({"id": "before", "name": "After", "labels": [], "space": "root"})
    );
    let again = account.data(
        "mutation { stackReslug(id: \"before\") { id state runs { id isMostRecent } } }",
        json!({}),
    );
    assert_eq!(again["stackReslug"]["id"], "after");
    assert_eq!(again["stackReslug"]["state"], "QUEUED");
    assert_eq!(again["stackReslug"]["runs"][0]["isMostRecent"], true);
    assert_eq!(
        account.data("{ stack(id: \"before\") { id } }", json!({})),
        json!({"stack": null})
    );
    let mut repeated = input("After");
    repeated["labels"] = json!(["a", "a"]);
    let update =
        "mutation($input: StackInput!) { stackUpdate(id: \"after\", input: $input) { id } }";
    assert!(
        account
            .refusal(update, json!({"input": repeated}))
            .contains("unique")
    );
}

#[test]
fn each_trigger_makes_a_run_that_waits() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    let trigger = "mutation { runTrigger(stack: \"s\", commitSha: \"abc\") { id type state triggeredBy branch title finished commit { hash url } history { state stateVersion terminal } } }";
    let first = account.data(trigger, json!({}))["runTrigger"].clone();
    let second = account.data(trigger, json!({}))["runTrigger"].clone();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["state"], "QUEUED");
    assert_eq!(first["type"], "TRACKED");
    assert_eq!(first["triggeredBy"], format!("api::{KEY_ID}"));
    assert_eq!(first["commit"]["hash"], "abc");
    assert_eq!(
        first["history"],
        json!([{"state": "QUEUED", "stateVersion": 1, "terminal": false}])
    );
    let task = account.data(
        "mutation { taskCreate(stack: \"s\", command: \"ls\") { type command } }",
        json!({}),
    );
    assert_eq!(task["taskCreate"], json!({"type": "TASK", "command": "ls"}));
    let stack = account.data(
        "{ stack(id: \"s\") { state blocked blocker { id } } }",
        json!({}),
    );
    assert_eq!(
        stack["stack"],
        json!({"state": "QUEUED", "blocked": true, "blocker": {"id": first["id"]}})
    );
    assert_eq!(
        account.refusal("mutation { runTrigger(stack: \"x\") { id } }", json!({})),
        "not found"
    );
}

#[test]
fn people_decide_about_runs_where_the_state_allows_it() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    let trigger = || {
        text(
            &account.data("mutation { runTrigger(stack: \"s\") { id } }", json!({}))["runTrigger"]
                ["id"],
        )
    };
    let judge = |verb: &str, run: &str| {
        let query = format!(
            "mutation($run: ID!) {{ {verb}(stack: \"s\", run: $run, note: \"n\") {{ state history {{ state note username stateVersion }} }} }}"
        );
        account
            .answer(&json!({"query": query, "variables": {"run": run}}))
            .body
    };
    let push = |run: &str, state: &str| {
        account
            .state
            .lock()
            .expect("not poisoned")
            .move_run(run, state, 1_700_000_100_000)
    };
    let run = trigger();
    assert!(judge("runConfirm", &run)["errors"].is_array());
    assert!(push(&run, "UNCONFIRMED"));
    let confirmed = judge("runConfirm", &run);
    let top = json!({"state": "CONFIRMED", "note": "n", "username": format!("api::{KEY_ID}"), "stateVersion": 3});
    assert_eq!(confirmed["data"]["runConfirm"]["history"][0], top);
    assert!(push(&run, "APPLYING"));
    assert_eq!(
        judge("runStop", &run)["data"]["runStop"]["state"],
        "STOPPED"
    );
    assert!(!push(&run, "PLANNING"));
    let run = trigger();
    assert_eq!(
        judge("runCancel", &run)["data"]["runCancel"]["state"],
        "CANCELED"
    );
    let run = trigger();
    assert!(push(&run, "UNCONFIRMED"));
    let discarded = account.data(
        "mutation { runDiscard(stack: \"s\") { id state } }",
        json!({}),
    );
    assert_eq!(
        discarded["runDiscard"],
        json!({"id": run, "state": "DISCARDED"})
    );
    assert_eq!(judge("runStop", "x")["errors"][0]["message"], "not found");
}

#[test]
fn runs_are_paged_backwards_until_an_empty_page() {
    let mut account = Account::signed_in();
    account.stack("s", "root", &[]);
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(text(
            &account.data("mutation { runTrigger(stack: \"s\") { id } }", json!({}))["runTrigger"]
                ["id"],
        ));
    }
    account.data(
        "mutation { runTrigger(stack: \"s\", runType: PROPOSED) { id } }",
        json!({}),
    );
    made.reverse();
    account.paging.limit = Some(2);
    let mut seen: Vec<String> = Vec::new();
    loop {
        let query = "query($before: ID) { stack(id: \"s\") { runs(before: $before) { id } proposedRuns { id } } }";
        let page = account.data(query, json!({"before": seen.last()}));
        assert_eq!(
            page["stack"]["proposedRuns"].as_array().map(Vec::len),
            Some(1)
        );
        let runs = page["stack"]["runs"].as_array().expect("a page");
        if runs.is_empty() {
            break;
        }
        seen.extend(runs.iter().map(|run| text(&run["id"])));
    }
    assert_eq!(seen, made);
}

#[test]
fn a_run_knows_its_stack() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    let run = account.data("mutation { runTrigger(stack: \"s\") { id } }", json!({}))["runTrigger"]
        ["id"]
        .clone();
    let query = "query($id: ID!) { runStack(runId: $id) { id run(id: $id) { id } } }";
    assert_eq!(
        account.data(query, json!({"id": run})),
        json!({"runStack": {"id": "s", "run": {"id": run}}})
    );
    assert_eq!(account.refusal(query, json!({"id": "x"})), "not found");
    let gone = account.data(
        "mutation { stackDelete(id: \"s\", destroyResources: false) { id deleted } }",
        json!({}),
    );
    assert_eq!(gone["stackDelete"]["deleted"], true);
    assert_eq!(account.refusal(query, json!({"id": run})), "not found");
}
