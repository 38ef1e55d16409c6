//! Lists and pages (SA section 15, traps 8 and 9).

use serde_json::json;

use super::*;

const SEARCH: &str = "query($input: SearchInput!) { searchPolicies(input: $input) { edges { cursor node { id } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }";

fn account(policies: usize) -> Account {
    let account = Account::signed_in();
    for number in 0..policies {
        let kind = if number % 2 == 0 {
            "PLAN"
        } else {
            "NOTIFICATION"
        };
        let labels = if number == 3 {
            json!(["three"])
        } else {
            json!([])
        };
        account
            .now
            .set(1_700_000_000 + i64::try_from(number).expect("small"));
        account.policy(json!({"name": format!("Policy {number:02}"), "body": BODY_BOTH, "type": kind, "space": "root", "labels": labels}));
    }
    account
}

#[track_caller]
fn ids(account: &Account, input: Value) -> Vec<String> {
    let page = account.data(SEARCH, json!({ "input": input }));
    let edges = page["searchPolicies"]["edges"]
        .as_array()
        .expect("edges")
        .clone();
    edges.iter().map(|edge| text(&edge["node"]["id"])).collect()
}

/// Follows the pages as every client does.
fn walk(account: &Account, first: u32, mut between: impl FnMut(usize)) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = Value::Null;
    for page in 0.. {
        let page_of = account.data(SEARCH, json!({"input": {"first": first, "after": after}}));
        let found = &page_of["searchPolicies"];
        let edges = found["edges"].as_array().expect("edges");
        seen.extend(edges.iter().map(|edge| text(&edge["node"]["id"])));
        assert_eq!(found["pageInfo"]["hasPreviousPage"], page > 0);
        assert_eq!(
            edges.last().expect("an edge")["cursor"],
            found["pageInfo"]["endCursor"]
        );
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = found["pageInfo"]["endCursor"].clone();
        between(page);
    }
    seen
}

#[test]
fn pages_add_up_whatever_their_length() {
    let mut account = account(7);
    let whole = walk(&account, 50, |_| {});
    assert_eq!(whole.len(), 7);
    assert_eq!(walk(&account, 3, |_| {}), whole);
    account.paging.limit = Some(1);
    assert_eq!(walk(&account, 50, |_| {}), whole);
    account.paging.limit = Some(0);
    assert_eq!(walk(&account, 50, |_| {}), whole);
}

#[test]
fn lists_are_stable_and_not_in_the_order_of_creation() {
    let account = account(7);
    let list = account.data("{ policies { id } }", json!({}));
    assert_eq!(account.data("{ policies { id } }", json!({})), list);
    let ids: Vec<_> = list["policies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| text(&p["id"]))
        .collect();
    assert!(!ids.is_sorted());
}

#[test]
fn a_cursor_outlives_the_object_it_was_made_for() {
    let account = account(6);
    let whole = walk(&account, 50, |_| {});
    let seen = walk(&account, 2, |page| {
        if page == 0 {
            account.data(
                "mutation($id: ID!) { policyDelete(id: $id) { id } }",
                json!({"id": whole[1]}),
            );
        }
    });
    assert_eq!(seen, whole);
    let refused = account.refusal(SEARCH, json!({"input": {"after": "nonsense"}}));
    assert_eq!(refused, "invalid cursor");
}

#[test]
fn pages_have_a_default_and_a_longest_length() {
    let account = account(120);
    assert_eq!(ids(&account, json!({})).len(), 50);
    assert_eq!(ids(&account, json!({"first": 0})).len(), 50);
    assert_eq!(ids(&account, json!({"first": 1000})).len(), 100);
}

#[test]
fn an_empty_page_has_empty_cursors() {
    let account = Account::signed_in();
    let page = account.data(SEARCH, json!({"input": {"first": 50}}));
    let info =
        json!({"startCursor": "", "endCursor": "", "hasNextPage": false, "hasPreviousPage": false});
    assert_eq!(
        page["searchPolicies"],
        json!({"edges": [], "pageInfo": info})
    );
}

#[test]
fn order_text_and_predicates_choose() {
    let account = account(5);
    let ordered = |direction: &str, field: &str| {
        ids(
            &account,
            json!({"orderBy": {"field": field, "direction": direction}, "first": 2}),
        )
    };
    assert_eq!(ordered("ASC", "name"), ["policy-00", "policy-01"]);
    assert_eq!(ordered("DESC", "createdAt"), ["policy-04", "policy-03"]);
    assert_eq!(ordered("DESC", "starred").len(), 2);
    assert_eq!(
        ids(&account, json!({"fullTextSearch": "POLICY 02"})),
        ["policy-02"]
    );
    let mut plans = ids(
        &account,
        json!({"predicates": [{"field": "type", "constraint": {"enumEquals": ["PLAN", "TRIGGER"]}}]}),
    );
    plans.sort();
    assert_eq!(plans, ["policy-00", "policy-02", "policy-04"]);
    let labelled = json!({"field": "label", "constraint": {"stringMatches": ["three"]}});
    assert_eq!(
        ids(&account, json!({"predicates": [labelled]})),
        ["policy-03"]
    );
    let mut not = labelled.clone();
    not["exclude"] = json!(true);
    assert_eq!(ids(&account, json!({"predicates": [not]})).len(), 4);
    let unknown = json!({"predicates": [{"field": "mood", "constraint": {}}]});
    assert!(
        account
            .refusal(SEARCH, json!({"input": unknown}))
            .contains("mood")
    );
}

#[test]
fn descending_pages_go_on_where_they_stopped() {
    let account = account(5);
    let order = json!({"field": "name", "direction": "DESC"});
    let first = account.data(SEARCH, json!({"input": {"first": 2, "orderBy": order}}));
    let after = &first["searchPolicies"]["pageInfo"]["endCursor"];
    let rest = ids(
        &account,
        json!({"first": 50, "after": after, "orderBy": order}),
    );
    assert_eq!(rest, ["policy-02", "policy-01", "policy-00"]);
}

#[test]
fn webhooks_and_stacks_are_searched_too() {
    let account = Account::signed_in();
    account.webhook("port");
    account.stack("s", "root", &[]);
    let enabled =
        json!({"predicates": [{"field": "enabled", "constraint": {"booleanEquals": [true]}}]});
    let webhooks = "query($input: SearchInput!) { searchNamedWebhooksIntegrations(input: $input) { edges { node { id } } } }";
    assert_eq!(
        account.data(webhooks, json!({"input": enabled}))["searchNamedWebhooksIntegrations"]["edges"],
        json!([{"node": {"id": "port"}}])
    );
    let state = json!({"predicates": [{"field": "state", "constraint": {"enumEquals": ["NONE"]}}]});
    let stacks =
        "query($input: SearchInput!) { searchStacks(input: $input) { edges { node { id } } } }";
    assert_eq!(
        account.data(stacks, json!({"input": state}))["searchStacks"]["edges"],
        json!([{"node": {"id": "s"}}])
    );
}
