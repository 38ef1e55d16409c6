//! No request, however odd, makes the Port half panic or answer anything but JSON with `ok`.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::quirks::Quirks;
use super::{Call, Departure, PortState, handle};
use crate::sandbox::dice::Dice;

const WORDS: [&str; 24] = [
    "identifier",
    "title",
    "schema",
    "properties",
    "relations",
    "target",
    "type",
    "b",
    "x",
    "string",
    "required",
    "many",
    "trigger",
    "self-service",
    "operation",
    "CREATE",
    "userInputs",
    "team",
    "invocationMethod",
    "mirrorProperties",
    "path",
    "b.$title",
    "combinator",
    "rules",
];
const PATHS: [&str; 30] = [
    "blueprints",
    "blueprints/b",
    "blueprints/b/entities",
    "blueprints/b/entities/x",
    "blueprints/b/entities/search",
    "blueprints/b/entities/bulk",
    "blueprints/b/permissions",
    "blueprints/b/bulk/entities/delete",
    "blueprints/b/scorecards",
    "blueprints/b/scorecards/x",
    "blueprints/b/properties/x/rename",
    "blueprints/b/relations/x/rename",
    "blueprints/b/all-entities",
    "blueprints/_team",
    "blueprints/_team/entities",
    "actions",
    "actions/a",
    "actions/a/runs",
    "actions/runs",
    "actions/a/permissions",
    "webhooks",
    "webhooks/w",
    "organization",
    "organization/secrets",
    "organization/secrets/S",
    "scorecards",
    "teams",
    "pages",
    "entities/search",
    "integration",
];

/// JSON that is often nearly right: keys and texts come from the words that the routes know.
fn odd_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS.as_slice());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(members.collect::<Map<String, Value>>())
            }),
        ]
    })
}

/// Something right with one member put wrong.
fn bent_json() -> impl Strategy<Value = Value> {
    let right = prop::sample::select(vec![
        json!({"identifier": "b", "title": "b", "schema": {"properties": {"x": {"type": "string"}}},
            "relations": {"x": {"target": "b"}}}),
        json!({"identifier": "a", "invocationMethod": {"type": "KAFKA"}, "trigger": {
            "type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}}}),
        json!({"identifier": "w", "title": "w", "enabled": true, "mappings": [], "security": {}}),
        json!({"identifier": "x", "properties": {"x": "y"}, "relations": {"x": "x"}}),
        json!({"secretName": "S", "secretValue": "v"}),
        json!({"entities": ["x"]}),
        json!({"name": "team", "users": ["a@b.io"]}),
    ]);
    let key = prop::sample::select(WORDS.as_slice());
    (right, prop::option::of((key, odd_json()))).prop_map(|(mut body, bend)| {
        if let Some((key, value)) = bend {
            body[key] = value;
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_json_with_ok(calls in prop::collection::vec(
        (
            prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE"]),
            prop::sample::select(PATHS.as_slice()),
            prop::sample::select(vec!["", "upsert=true&merge=true", "version=v1", "delete_dependents=true"]),
            prop_oneof![odd_json(), bent_json(), bent_json()],
        ),
        1..40,
    )) {
        let dice = Dice::new(Some(7));
        let mut state = PortState::new(None, Quirks::default(), 0);
        let credentials = json!({"clientId": "sandbox-client", "clientSecret": "sandbox-secret"});
        let mut ask = |method: &str, path: &str, query: &str, token: Option<&str>, body: &Value| {
            let path = format!("/v1/{path}");
            let body = body.to_string().into_bytes();
            let call = Call {
                method, path: &path, query, authorization: token, body: &body, now: 1,
                user: "u", dice: &dice, departure: &Departure::default(),
                evaluated: &Value::Null,
            };
            let answer = handle(&mut state, call);
            let body: Value = serde_json::from_slice(&answer.body).expect("answers are JSON");
            (answer.status, body)
        };
        let (_, answer) = ask("POST", "auth/access_token", "", None, &credentials);
        let token = answer["accessToken"].as_str().expect("a token").to_owned();
        for (method, path, query, body) in calls {
            let (status, answer) = ask(method, path, query, Some(&token), &body);
            prop_assert!((200..500).contains(&status), "{status} {answer}");
            prop_assert_eq!(answer["ok"].as_bool(), Some(status < 300), "{} {}", status, answer);
        }
    }
}
