//! Accounts with many stacks: by the page, all at once, and while something changes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, Options, StartingStack};

use super::account::Account;

const PAGE: &str = "query Page($input: SearchInput!) { viewer { id } searchStacks(input: $input) { edges { node { id } } pageInfo { endCursor hasNextPage hasPreviousPage } } }";

async fn account(stacks: usize) -> Account {
    Account::with(Options {
        stacks: (0..stacks).map(StartingStack::varied).collect(),
        ..Options::default()
    })
    .await
}

/// Reads all pages, three stacks at a time; what each page had.
async fn pages(account: &Account, order: Value) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), Value::Null);
    loop {
        let input = json!({"first": 3, "after": after, "orderBy": order});
        let data = account.data(PAGE, json!({"input": input})).await;
        let found = &data["searchStacks"];
        let edges = found["edges"].as_array().expect("edges").iter();
        pages.push(edges.map(|edge| text(&edge["node"]["id"])).collect());
        assert_eq!(found["pageInfo"]["hasPreviousPage"], pages.len() > 1);
        if found["pageInfo"]["hasNextPage"] == false {
            return pages;
        }
        after = found["pageInfo"]["endCursor"].clone();
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn pages_add_up_to_the_list_in_every_order() {
    let account = account(10).await;
    let list = account.data("{ stacks { id } }", json!({})).await;
    let list = list["stacks"].as_array().expect("a list").iter();
    let list: Vec<String> = list.map(|stack| text(&stack["id"])).collect();
    assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), 10);
    assert_eq!(pages(&account, Value::Null).await.concat(), list);
    // An order by something that the sandbox has no opinion on.
    let backwards = json!({"field": "starred", "direction": "DESC"});
    let mut turned = pages(&account, backwards).await.concat();
    turned.reverse();
    assert_eq!(turned, list);
    for field in ["name", "space", "createdAt", "state"] {
        let rising = pages(&account, json!({"field": field, "direction": "ASC"})).await;
        let mut falling = pages(&account, json!({"field": field, "direction": "DESC"}))
            .await
            .concat();
        falling.reverse();
        assert_eq!(rising.concat(), falling, "{field}");
    }
}

#[tokio::test]
async fn a_page_that_moves_shows_a_stack_again_or_never() {
    let account = account(7).await;
    let straight = pages(&account, Value::Null).await;
    let all = straight.concat();
    let shift = |by| Fault::new(Effect::ShiftPage { by }).operation("searchStacks");
    for order in [Value::Null, json!({"field": "name", "direction": "DESC"})] {
        let all = match order.is_null() {
            true => all.clone(),
            false => pages(&account, order.clone()).await.concat(),
        };
        account.sandbox.fault(shift(-1).skip(1));
        let again = pages(&account, order.clone()).await;
        assert_eq!(again, [&all[..3], &all[2..5], &all[5..]]);
        account.sandbox.fault(shift(1).skip(1));
        let skipped = pages(&account, order.clone()).await;
        assert_eq!(skipped, [&all[..3], &all[4..]]);
    }
    account.sandbox.fault(shift(-9).forever());
    assert_eq!(pages(&account, Value::Null).await.len(), 5);
}

#[tokio::test]
async fn a_stack_that_changes_stays_where_it_was_and_one_that_goes_leaves_no_hole() {
    let account = account(8).await;
    let all = pages(&account, Value::Null).await.concat();
    let input = json!({"name": "Renamed", "repository": "other", "branch": "next", "labels": ["b", "a"], "space": "legacy"});
    let update =
        "mutation($id: ID!, $input: StackInput!) { stackUpdate(id: $id, input: $input) { id } }";
    account
        .data(update, json!({"id": all[4], "input": input}))
        .await;
    assert_eq!(pages(&account, Value::Null).await.concat(), all);
    let one =
        "query($id: ID!) { stack(id: $id) { name branch repository space description namespace } }";
    let changed = account.data(one, json!({"id": all[4]})).await;
    assert_eq!(
        changed["stack"],
        json!({"name": "Renamed", "branch": "next", "repository": "other", "space": "legacy", "description": null, "namespace": ""})
    );

    let delete = "mutation($id: ID!) { stackDelete(id: $id) { id } }";
    account.data(delete, json!({"id": all[1]})).await;
    account.stack("New one", "root").await;
    let now = pages(&account, Value::Null).await.concat();
    let expected: BTreeSet<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|id| *id != all[1])
        .chain(["new-one"])
        .collect();
    assert_eq!(now.len(), 8);
    assert_eq!(
        now.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
    let reslug = "mutation($id: ID!) { stackReslug(id: $id) { id } }";
    account.data(reslug, json!({"id": all[4]})).await;
    let now = pages(&account, Value::Null).await.concat();
    assert!(now.contains(&"renamed".to_owned()) && !now.contains(&all[4]));
}

#[tokio::test]
async fn without_a_session_there_is_no_stack_and_no_error() {
    let account = account(5).await;
    account
        .sandbox
        .fault(Fault::new(Effect::DeadSession).operation("searchStacks"));
    let input = json!({"input": {"first": 3}});
    let data = account.data(PAGE, input.clone()).await;
    let info = json!({"endCursor": "", "hasNextPage": false, "hasPreviousPage": false});
    let nothing = json!({"viewer": null, "searchStacks": {"edges": [], "pageInfo": info}});
    assert_eq!(data, nothing);

    // A list that came back empty although the session is good says that nothing follows.
    account.sandbox.fault(Fault::new(Effect::EmptyLists));
    let data = account.data(PAGE, input.clone()).await;
    assert_eq!(data["searchStacks"]["edges"], json!([]));
    assert_eq!(data["searchStacks"]["pageInfo"]["hasNextPage"], false);
    assert!(data["viewer"].is_object());

    account
        .sandbox
        .fault(Fault::new(Effect::ExpireTokens).skip(1));
    assert!(account.data(PAGE, input.clone()).await["viewer"].is_object());
    assert!(account.data(PAGE, input).await["viewer"].is_null());
    let list = account
        .data("{ viewer { id } stacks { id } }", json!({}))
        .await;
    assert_eq!(list, json!({"viewer": null, "stacks": []}));
}

#[tokio::test]
async fn spaces_that_stacks_begin_in_are_there_and_states_are_those_of_their_runs() {
    let account = account(40).await;
    let data = account
        .data(
            "{ spaces { id parentSpace } stacks { space state spaceDetails { id } runs { state } } }",
            json!({}),
        )
        .await;
    let spaces = data["spaces"].as_array().expect("a list").iter();
    let spaces: BTreeSet<String> = spaces.map(|space| text(&space["id"])).collect();
    let expected = ["legacy", "platform", "production", "root"];
    assert!(spaces.iter().eq(expected), "{spaces:?}");
    for stack in data["stacks"].as_array().expect("a list") {
        assert!(spaces.contains(&text(&stack["space"])));
        let last = &stack["runs"][0]["state"];
        let state = last.as_str().unwrap_or("NONE");
        assert_eq!(stack["state"], state);
    }
}
