//! What other people's clients send, line by line, and what they demand of the answer.

use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_answered(query in "[a-z{}()\":$!,. \n#]*", body in "\\PC*|[a-z{}\\[\\]\"`#=\n\\\\ ]*") {
        let account = Account::signed_in();
        let answer = account.answer(&json!({ "query": query })).body;
        prop_assert!(answer["errors"].is_array() || answer["data"].is_object());
        let input = json!({"name": "p", "body": format!("package x\n{body}"), "type": "PLAN"});
        let create = "mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { body } }";
        let answer = account.answer(&json!({"query": create, "variables": {"input": input}}));
        let stored = &answer.body["data"]["policyCreatev2"]["body"];
        prop_assert!(answer.body["errors"].is_array() || *stored == input["body"]);
    }
}

#[test]
fn variable_definitions_come_without_commas() {
    let account = Account::anonymous();
    let query =
        "mutation($id:ID!$secret:String!){apiKeyUser(id: $id, secret: $secret){jwt,validUntil}}";
    let user = account.data(query, json!({"id": KEY_ID, "secret": KEY_SECRET}));
    let keys: Vec<_> = user["apiKeyUser"]
        .as_object()
        .expect("a user")
        .keys()
        .collect();
    assert_eq!(keys, ["jwt", "validUntil"]);
    assert!(user["apiKeyUser"]["validUntil"].is_i64());
}

#[test]
fn the_vendors_cli_asks_what_it_talks_to_before_it_signs_in() {
    let account = Account::anonymous();
    let about = account.data("{debugInfo{selfHostedVersion}}", json!({}));
    assert_eq!(about, json!({"debugInfo": {"selfHostedVersion": null}}));
    assert_eq!(
        account.data("{viewer{id,name}}", json!({})),
        json!({"viewer": null})
    );
    let account = Account::signed_in();
    let viewer = account.data("{viewer{id,name}}", json!({}));
    assert_eq!(
        viewer["viewer"].as_object().map(|viewer| viewer.len()),
        Some(2)
    );
}

#[test]
fn the_providers_webhook_comes_with_an_empty_secret_and_nulls() {
    let account = Account::signed_in();
    let create = "mutation($input:NamedWebhooksIntegrationInput!){namedWebhooksIntegrationCreate(input: $input){id,enabled}}";
    let input = json!({"name": "hook", "endpoint": "https://example.com", "enabled": true, "space": "root", "labels": ["b", "a"], "secret": "", "retryOnFailure": null});
    let made = account.data(create, json!({ "input": input }));
    assert_eq!(
        made,
        json!({"namedWebhooksIntegrationCreate": {"id": "hook", "enabled": true}})
    );
    let read = "query($id:ID!){namedWebhooksIntegration(id: $id){id,name,enabled,endpoint,labels,secret,secretHeaders,retryOnFailure,space{id}}}";
    let found = account.data(read, json!({"id": "hook"}))["namedWebhooksIntegration"].clone();
    assert_eq!(sorted(&found["labels"]), ["a", "b"]);
    assert_eq!(found["space"], json!({"id": "root"}));
    assert_eq!(found["retryOnFailure"], false);
    assert_eq!(found["secretHeaders"], json!([]));
}

#[test]
fn searching_with_explicit_nulls_is_searching_without() {
    let account = Account::signed_in();
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": "root"}));
    let query = "query($input:SearchInput!){searchPolicies(input: $input){edges{node{id,name,description,body,spaceDetails{id,name,accessLevel},createdAt,updatedAt,type,labels}},pageInfo{endCursor,hasNextPage,hasPreviousPage}}}";
    let nulls = json!({"first": 50, "after": null, "fullTextSearch": null, "predicates": null, "orderBy": null});
    let found = account.data(query, json!({ "input": nulls }));
    let node = &found["searchPolicies"]["edges"][0]["node"];
    assert_eq!(
        node["spaceDetails"],
        json!({"id": "root", "name": "root", "accessLevel": "ADMIN"})
    );
    assert_eq!(found["searchPolicies"]["pageInfo"]["hasNextPage"], false);
}

#[test]
fn the_answer_holds_exactly_what_was_selected() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    let query = "query { stacks { id name: branch ... on Stack { spaceDetails { id } } ...More __typename } } fragment More on Stack { state }";
    let found = account.data(query, json!({}));
    let stack = json!({"id": "s", "name": "main", "spaceDetails": {"id": "root"}, "state": "NONE", "__typename": "Stack"});
    assert_eq!(found, json!({ "stacks": [stack] }));
    let skipped = account.data(
        "query($no: Boolean!) { stacks { id name @include(if: $no) } }",
        json!({"no": false}),
    );
    assert_eq!(skipped, json!({"stacks": [{"id": "s"}]}));
}

#[test]
fn our_own_read_is_one_request() {
    let account = Account::signed_in();
    account.webhook("port");
    let read = "query Read($page: SearchInput!) {
      viewer { id name }
      spaces { id name description parentSpace inheritEntities labels }
      policies { id name type engineType body description labels space updatedAt }
      searchNamedWebhooksIntegrations(input: $page) {
        edges { node { id name endpoint enabled labels retryOnFailure secretHeaders createdAt space { id } } }
        pageInfo { endCursor hasNextPage } } }";
    let body =
        json!({"query": read, "operationName": "Read", "variables": {"page": {"first": 50}}});
    let answer = account.answer(&body);
    assert_eq!(answer.body.get("errors"), None);
    assert_eq!(
        (answer.operation.as_str(), answer.is_write),
        ("Read", false)
    );
    let node = &answer.body["data"]["searchNamedWebhooksIntegrations"]["edges"][0]["node"];
    assert_eq!(node["createdAt"], 1_700_000_000);
}

#[test]
fn an_answer_says_what_was_asked() {
    let account = Account::signed_in();
    let told = |query: &str, name: Value| {
        let answer = account.answer(&json!({"query": query, "operationName": name}));
        (answer.operation, answer.is_write)
    };
    assert_eq!(
        told("{ alias: policies { id } }", Value::Null),
        ("policies".to_owned(), false)
    );
    assert_eq!(
        told("mutation { logout { id } }", Value::Null),
        ("logout".to_owned(), false)
    );
    assert_eq!(
        told(
            "mutation { oauthUser(token: \"x\") { id } policyDelete(id: \"x\") { id } }",
            Value::Null
        ),
        ("oauthUser".to_owned(), true)
    );
    let two = "query A { viewer { id } } mutation B { spaceDelete(space: \"x\") { id } }";
    assert_eq!(told(two, json!("B")), ("B".to_owned(), true));
    assert_eq!(told(two, json!("A")), ("A".to_owned(), false));
    let neither = account.answer(&json!({ "query": two }));
    assert!(neither.body["errors"].is_array() && neither.body["data"].is_null());
}

#[test]
fn what_the_schema_does_not_know_is_refused_whole() {
    let account = Account::signed_in();
    let unknown = account.answer(&json!({"query": "{ policies { id colour } }"}));
    assert_eq!(unknown.status, 200);
    assert_eq!(unknown.body["data"], Value::Null);
    assert_eq!(
        unknown.body["errors"][0]["message"],
        "Cannot query field \"colour\" on type \"Policy\"."
    );
    let create = "mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let extra = json!({"name": "p", "body": BODY_V0, "type": "PLAN", "colour": "red"});
    assert!(
        account
            .refusal(create, json!({"input": extra}))
            .contains("colour")
    );
    let wrong = json!({"name": "p", "body": BODY_V0, "type": "PLANNED"});
    assert!(
        account
            .refusal(create, json!({"input": wrong}))
            .contains("PLANNED")
    );
    assert!(account.answer(&json!({"query": "{ policies { id"})).body["errors"].is_array());
    assert_eq!(
        account
            .answer(&json!({"quarry": "{ viewer { id } }"}))
            .status,
        400
    );
    assert_eq!(account.answer(&json!([])).status, 400);
    assert_eq!(
        account.data("{ policies { id } }", json!({})),
        json!({"policies": []})
    );
}

#[test]
fn refusals_come_in_the_services_own_words() {
    let account = Account::signed_in();
    let answer =
        account.answer(&json!({"query": "mutation { gone: policyDelete(id: \"x\") { id } }"}));
    assert_eq!(answer.body["errors"][0]["message"], "not found");
    assert_eq!(answer.body["errors"][0]["path"], json!(["gone"]));
    assert_eq!(answer.body["data"], json!({"gone": null}));
}

#[test]
fn several_writes_in_one_request_see_each_other() {
    let account = Account::signed_in();
    let query = "mutation($p: PolicyCreateInput!) { policyCreatev2(input: $p) { id spaceDetails { id } } policyDelete(id: \"p\") { name } }";
    let answer = account.data(
        query,
        json!({"p": {"name": "p", "body": BODY_V0, "type": "PLAN", "space": "root"}}),
    );
    assert_eq!(answer["policyDelete"]["name"], "p");
    assert_eq!(answer["policyCreatev2"]["spaceDetails"]["id"], "root");
}
