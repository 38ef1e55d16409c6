//! Named webhooks and the older ones of a stack (SA section 15, traps 2, 3, 4, 7).

use serde_json::json;

use super::*;

const UPDATE: &str = "mutation WebhookUpdate($id: ID!, $input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: $id, input: $input) { id name enabled retryOnFailure secret space { id } labels } }";
const HEADERS_SET: &str = "mutation HeadersSet($id: ID!, $input: NamedWebhookHeaderInput!) { namedWebhooksIntegrationSetHeaders(id: $id, input: $input) { secretHeaders } }";
const HEADERS_DELETE: &str = "mutation HeadersDelete($id: ID!, $keys: [String!]!) { namedWebhooksIntegrationDeleteHeaders(id: $id, headerKeys: $keys) { secretHeaders } }";

fn input() -> Value {
    json!({"name": "Port", "endpoint": "https://example.com/in", "enabled": true, "space": "root", "labels": []})
}

#[test]
fn an_unknown_webhook_is_an_error_unlike_anything_else() {
    let account = Account::signed_in();
    let unknown =
        account.answer(&json!({"query": "{ namedWebhooksIntegration(id: \"x\") { id } }"}));
    assert_eq!(unknown.body["errors"][0]["message"], "not found");
    assert_eq!(
        unknown.body["data"],
        json!({"namedWebhooksIntegration": null})
    );
    let others = "{ policy(id: \"x\") { id } stack(id: \"x\") { id } space(id: \"x\") { id } }";
    assert_eq!(
        account.data(others, json!({})),
        json!({"policy": null, "stack": null, "space": null})
    );
    let delete =
        "mutation WebhookDelete($id: ID!) { namedWebhooksIntegrationDelete(id: $id) { id } }";
    assert_eq!(account.refusal(delete, json!({"id": "x"})), "not found");
    assert_eq!(
        account.refusal(UPDATE, json!({"id": "x", "input": input()})),
        "not found"
    );
}

#[test]
fn a_slug_stays_through_a_rename_and_is_free_after_a_delete() {
    let account = Account::signed_in();
    assert_eq!(account.webhook("Port (EU)"), "port-eu");
    let mut renamed = input();
    renamed["name"] = json!("Somewhere else");
    let after = account.data(UPDATE, json!({"id": "port-eu", "input": renamed}));
    assert_eq!(after["namedWebhooksIntegrationUpdate"]["id"], "port-eu");
    let create = "mutation($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    let mut again = input();
    again["name"] = json!("Port EU");
    let refusal = account.refusal(create, json!({ "input": again }));
    assert!(
        refusal.contains("with this slug already exists"),
        "{refusal}"
    );
    account.data(
        "mutation { namedWebhooksIntegrationDelete(id: \"port-eu\") { id } }",
        json!({}),
    );
    assert_eq!(account.webhook("Port EU"), "port-eu");
}

#[test]
fn a_secret_is_kept_by_null_erased_by_empty_and_never_returned() {
    let account = Account::signed_in();
    let id = account.webhook("port");
    let secret = || {
        let state = account.state.lock().expect("not poisoned");
        let secret = state.webhooks["port"].secret.clone();
        secret.map(|secret| secret.reveal().to_owned())
    };
    let update = |change: &dyn Fn(&mut Value)| {
        let mut input = input();
        change(&mut input);
        let after = account.data(UPDATE, json!({"id": id, "input": input}));
        assert_eq!(
            after["namedWebhooksIntegrationUpdate"]["secret"],
            Value::Null
        );
    };
    update(&|input| input["secret"] = json!("s3cr3t"));
    assert_eq!(secret().as_deref(), Some("s3cr3t"));
    update(&|_| {});
    update(&|input| input["secret"] = Value::Null);
    assert_eq!(secret().as_deref(), Some("s3cr3t"));
    update(&|input| input["secret"] = json!(""));
    assert_eq!(secret(), None);
}

#[test]
fn setting_headers_merges_and_only_names_come_back() {
    let account = Account::signed_in();
    let id = account.webhook("port");
    let set = |entries: Value| {
        account.data(
            HEADERS_SET,
            json!({"id": id, "input": {"entries": entries}}),
        )
    };
    set(json!([{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]));
    let after = set(json!([{"key": "B", "value": "3"}, {"key": "C", "value": "4"}]));
    let names = &after["namedWebhooksIntegrationSetHeaders"]["secretHeaders"];
    assert_eq!(sorted(names), ["A", "B", "C"]);
    let after = account.data(HEADERS_DELETE, json!({"id": id, "keys": ["A", "unknown"]}));
    let names = &after["namedWebhooksIntegrationDeleteHeaders"]["secretHeaders"];
    assert_eq!(sorted(names), ["B", "C"]);
    let state = account.state.lock().expect("not poisoned");
    assert_eq!(state.webhooks["port"].headers["B"].reveal(), "3");
}

#[test]
fn inputs_are_checked() {
    let account = Account::signed_in();
    let id = account.webhook("port");
    for (key, value, message) in [
        ("endpoint", "https:/x.com/", "endpoint must be a valid URL"),
        ("endpoint", "x.com", "endpoint must be a valid URL"),
        ("endpoint", "ftp://x.com", "endpoint must be a valid URL"),
        ("space", "Production", "unauthorized"),
    ] {
        let mut input = input();
        input[key] = json!(value);
        assert_eq!(
            account.refusal(UPDATE, json!({"id": id, "input": input})),
            message
        );
    }
}

#[test]
fn retry_on_failure_is_off_by_default_and_kept_when_null() {
    let account = Account::signed_in();
    let id = account.webhook("port");
    let mut input = input();
    let update = |input: &Value| {
        account.data(UPDATE, json!({"id": id, "input": input}))["namedWebhooksIntegrationUpdate"]["retryOnFailure"].clone()
    };
    assert_eq!(update(&input), false);
    input["retryOnFailure"] = json!(true);
    assert_eq!(update(&input), true);
    input["retryOnFailure"] = Value::Null;
    assert_eq!(update(&input), true);
    let state = account.state.lock().expect("not poisoned");
    assert_eq!(state.webhooks["port"].attempts(), 4);
}

#[test]
fn ten_failures_in_a_row_switch_a_webhook_off() {
    let account = Account::signed_in();
    let id = account.webhook("port");
    let enabled = |deliveries: &[bool]| {
        let mut state = account.state.lock().expect("not poisoned");
        for delivered in deliveries {
            state.record_delivery(&id, *delivered);
        }
        state.webhooks[&id].enabled
    };
    assert!(enabled(&[false; 9]));
    assert!(enabled(&[true]));
    assert!(enabled(&[false; 9]));
    assert!(!enabled(&[false]));
    account.data(UPDATE, json!({"id": id, "input": input()}));
    assert!(enabled(&[false; 9]));
}

#[test]
fn a_stack_has_webhooks_of_its_own_with_readable_secrets() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    let create = "mutation($stack: ID!, $input: WebhooksIntegrationInput!) { webhooksIntegrationCreate(stack: $stack, input: $input) { id deleted } }";
    let input = json!({"enabled": true, "endpoint": "https://example.com/1", "secret": "readable"});
    let made = account.data(create, json!({"stack": "s", "input": input}));
    let id = text(&made["webhooksIntegrationCreate"]["id"]);
    let refusal = account.refusal(create, json!({"stack": "s", "input": input}));
    assert!(refusal.contains("endpoint must be unique"), "{refusal}");
    assert_eq!(
        account.refusal(create, json!({"stack": "x", "input": input})),
        "not found"
    );

    let update = "mutation($id: ID!, $input: WebhooksIntegrationInput!) { webhooksIntegrationUpdate(stack: \"s\", id: $id, input: $input) { enabled secret } }";
    let off = json!({"enabled": false, "endpoint": "https://example.com/1"});
    let after = account.data(update, json!({"id": id, "input": off}));
    assert_eq!(
        after["webhooksIntegrationUpdate"],
        json!({"enabled": false, "secret": "readable"})
    );

    let list = "{ stacks { integrations { webhooks { id endpoint retryOnFailure } } } }";
    let webhook = json!({"id": id, "endpoint": "https://example.com/1", "retryOnFailure": false});
    assert_eq!(
        account.data(list, json!({})),
        json!({"stacks": [{"integrations": {"webhooks": [webhook]}}]})
    );
    let delete =
        "mutation($id: ID!) { webhooksIntegrationDelete(stack: \"s\", id: $id) { deleted } }";
    assert_eq!(
        account.data(delete, json!({"id": id}))["webhooksIntegrationDelete"]["deleted"],
        true
    );
    assert_eq!(account.refusal(delete, json!({"id": id})), "not found");
}
