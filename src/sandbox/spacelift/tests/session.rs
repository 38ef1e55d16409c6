//! Tokens: who gets one, what it looks like, what happens without one (SA section 15, trap 1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const LOGIN: &str = "mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { id jwt validUntil } }";

#[test]
fn an_unknown_key_is_null_and_a_wrong_secret_is_refused() {
    let account = Account::anonymous();
    let unknown = json!({"id": "01AAAAAAAAAAAAAAAAAAAAAAAA", "secret": KEY_SECRET});
    assert_eq!(account.data(LOGIN, unknown), json!({"apiKeyUser": null}));
    let wrong = json!({"id": KEY_ID, "secret": "6".repeat(64)});
    assert_eq!(account.refusal(LOGIN, wrong), "unauthorized");
}

#[test]
fn a_token_reads_as_a_jwt_for_the_origin_that_was_called() {
    let account = Account::signed_in();
    let token = account.bearer.as_deref().expect("a token");
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let claims: Value = serde_json::from_slice(&decode(parts[1])).expect("claims");
    assert_eq!(claims["aud"], json!([ORIGIN]));
    assert_eq!(claims["iss"], "api-key");
    assert_eq!(claims["sub"], format!("api::{KEY_ID}"));
    for time in ["iat", "nbf", "exp"] {
        let time = claims[time].as_f64().expect("a number");
        assert!(time.fract() > 0.0);
    }
    assert!(claims["jti"].is_string() && claims["adm"].is_boolean() && claims["avt"].is_string());
    decode(parts[2]);
}

#[test]
fn a_token_ends_when_valid_until_says_so() {
    let account = Account::signed_in();
    let user = account.data(LOGIN, json!({"id": KEY_ID, "secret": KEY_SECRET}));
    let until = user["apiKeyUser"]["validUntil"].as_i64().expect("seconds");
    account.now.set(until - 1);
    let viewer = account.data("{ viewer { id name jwt } }", json!({}));
    assert_eq!(viewer["viewer"]["name"], "sandbox");
    assert_eq!(viewer["viewer"]["jwt"], Value::Null);
    account.now.set(until);
    assert_eq!(
        account.data("{ viewer { id } }", json!({})),
        json!({"viewer": null})
    );
}

#[test]
fn an_earlier_token_stays_good_beside_a_newer_one() {
    let mut account = Account::signed_in();
    let earlier = account.bearer.clone();
    let newer = account.token();
    assert_ne!(earlier.as_deref(), Some(newer.as_str()));
    for token in [earlier, Some(newer)] {
        account.bearer = token;
        assert!(account.data("{ viewer { id } }", json!({}))["viewer"].is_object());
    }
}

#[test]
fn without_a_session_lists_are_empty_and_writes_are_refused() {
    let mut account = Account::signed_in();
    account.webhook("port");
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "NOTIFICATION", "space": "root"}));
    account.stack("s", "root", &[]);
    let read = "query($page: SearchInput!) { viewer { id } spaces { id } policies { id } stacks { id }
        policy(id: \"p\") { id } stack(id: \"s\") { id } space(id: \"root\") { id }
        searchNamedWebhooksIntegrations(input: $page) { edges { node { id } } pageInfo { hasNextPage endCursor } }
        searchPolicies(input: $page) { edges { node { id } } } searchStacks(input: $page) { edges { node { id } } } }";
    let empty = json!({
        "viewer": null, "spaces": [], "policies": [], "stacks": [],
        "policy": null, "stack": null, "space": null,
        "searchNamedWebhooksIntegrations": {"edges": [], "pageInfo": {"hasNextPage": false, "endCursor": ""}},
        "searchPolicies": {"edges": []}, "searchStacks": {"edges": []},
    });
    account.state.lock().expect("not poisoned").expire_tokens();
    for bearer in [
        account.bearer.clone(),
        None,
        Some("some.foreign.token".to_owned()),
    ] {
        account.bearer = bearer;
        assert_eq!(account.data(read, json!({"page": {"first": 50}})), empty);
        assert_eq!(
            account.refusal("mutation { policyDelete(id: \"p\") { id } }", json!({})),
            "unauthorized"
        );
        assert_eq!(
            account.refusal("mutation { stackDelete(id: \"s\") { id } }", json!({})),
            "unauthorized"
        );
    }
    account.bearer = Some(account.token());
    assert_ne!(account.data(read, json!({"page": {"first": 50}})), empty);
}

#[test]
fn signing_out_ends_one_token() {
    let mut account = Account::signed_in();
    let other = account.token();
    assert!(account.data("mutation { logout { id } }", json!({}))["logout"].is_object());
    assert_eq!(
        account.data("{ viewer { id } }", json!({})),
        json!({"viewer": null})
    );
    account.bearer = Some(other);
    assert!(account.data("{ viewer { id } }", json!({}))["viewer"].is_object());
}

#[test]
fn the_dump_and_debug_show_no_secret() {
    let account = Account::signed_in();
    account.webhook("port");
    account.data(
        "mutation { namedWebhooksIntegrationUpdate(id: \"port\", input: {name: \"port\", endpoint: \"https://example.com\", enabled: true, space: \"root\", labels: [], secret: \"hush-hush\"}) { id } }",
        json!({}),
    );
    let state = account.state.lock().expect("not poisoned");
    let dump = state.dump();
    let sha = "fbdc077454d782ba39d400e06e741b56c14b0a8cf122348c98fe1e91634c5a81";
    let shown = &dump["webhooks"]["port"]["secret"];
    assert_eq!(shown, &json!({ "sha256": sha }));
    let token = account.bearer.as_deref().expect("a token");
    for shown in [dump.to_string(), format!("{state:?}")] {
        for hidden in ["hush-hush", KEY_SECRET, token] {
            assert!(!shown.contains(hidden));
        }
    }
}

#[test]
fn the_state_survives_being_saved() {
    let account = Account::signed_in();
    account.webhook("port");
    account.stack("s", "root", &["a"]);
    account.data("mutation { runTrigger(stack: \"s\") { id } }", json!({}));
    let mut state = account.state.lock().expect("not poisoned");
    // Tasks are not saved; they are made anew of the rest.
    assert_eq!(state.take_tasks().len(), 2);
    let saved = serde_json::to_string(&*state).expect("serializes");
    assert_eq!(
        serde_json::from_str::<SpaceliftState>(&saved).expect("reads"),
        *state
    );
}
