//! Stories told through `execute`, as a client would live them. This file holds the account they happen
//! in; it checks nothing itself.

mod clients;
mod policies;
mod schema;
mod search;
mod session;
mod shapes;
mod spaces;
mod stacks;
mod webhooks;

use std::cell::Cell;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::{
    GraphqlAnswer, GraphqlCall, KEY_ID, KEY_SECRET, Means, Paging, SpaceliftState, execute,
};
use crate::sim::child::Engines;
use crate::sim::job::Job;

const ORIGIN: &str = "http://127.0.0.1:4000";
const BODY_V0: &str = "package spacelift\nwebhook[{\"endpoint_id\": \"port\"}] { true }\n";
const BODY_V1: &str =
    "package spacelift\nwebhook contains {\"endpoint_id\": \"port\"} if { true }\n";
const BODY_BOTH: &str = "package spacelift\nsample := true\n";

/// A sandboxed account with a client in front of it.
struct Account {
    state: Mutex<SpaceliftState>,
    made: Cell<u32>,
    now: Cell<i64>,
    bearer: Option<String>,
    paging: Paging,
}

impl Account {
    /// A fresh account and a client without a token.
    fn anonymous() -> Self {
        Self {
            state: Mutex::default(),
            made: Cell::new(0),
            now: Cell::new(1_700_000_000),
            bearer: None,
            paging: Paging::default(),
        }
    }

    /// A fresh account and a client with a good token.
    fn signed_in() -> Self {
        let mut account = Self::anonymous();
        account.bearer = Some(account.token());
        account
    }

    fn token(&self) -> String {
        let user = self.data(
            "mutation Login($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt validUntil } }",
            json!({"id": KEY_ID, "secret": KEY_SECRET}),
        );
        user["apiKeyUser"]["jwt"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    fn answer(&self, body: &Value) -> GraphqlAnswer {
        let call = GraphqlCall {
            bearer: self.bearer.as_deref(),
            origin: ORIGIN,
            body,
            now: self.now.get() * 1000,
        };
        let ids = || {
            self.made.set(self.made.get() + 1);
            format!("01TEST{:020}", self.made.get())
        };
        let engines = Engines::same_process();
        let ask = |job: Job| engines.run(&[job]).remove(0);
        let means = Means {
            ids: &ids,
            ask: &ask,
            paging: self.paging,
            depth: 0,
        };
        execute(&self.state, &call, means)
    }

    /// The `data` of an answer that has no errors.
    #[track_caller]
    fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.answer(&json!({"query": query, "variables": variables}));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.get("errors"), None, "{query}");
        answer.body["data"].clone()
    }

    /// The only error message of an answer.
    #[track_caller]
    fn refusal(&self, query: &str, variables: Value) -> String {
        let answer = self.answer(&json!({"query": query, "variables": variables}));
        let errors = answer.body["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0]["message"].as_str().expect("a message").to_owned()
    }

    #[track_caller]
    fn policy(&self, input: Value) -> Value {
        let query = "mutation PolicyCreate($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id name type engineType description labels space createdAt updatedAt } }";
        self.data(query, json!({ "input": input }))["policyCreatev2"].clone()
    }

    #[track_caller]
    fn policy_refused(&self, input: Value) -> String {
        let query = "mutation PolicyCreate($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
        self.refusal(query, json!({ "input": input }))
    }

    #[track_caller]
    fn webhook(&self, name: &str) -> String {
        let input = json!({"name": name, "endpoint": "https://example.com/in", "enabled": true, "space": "root", "labels": []});
        let query = "mutation($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
        let made = self.data(query, json!({ "input": input }));
        text(&made["namedWebhooksIntegrationCreate"]["id"])
    }

    #[track_caller]
    fn stack(&self, name: &str, space: &str, labels: &[&str]) -> String {
        let input = json!({"name": name, "repository": "infra", "branch": "main", "space": space, "labels": labels});
        let query = "mutation($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
        text(&self.data(query, json!({ "input": input }))["stackCreate"]["id"])
    }

    #[track_caller]
    fn space(&self, name: &str, parent: &str, inherit: bool) -> String {
        let input = json!({"name": name, "description": "", "parentSpace": parent, "inheritEntities": inherit, "labels": []});
        let query = "mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
        text(&self.data(query, json!({ "input": input }))["spaceCreate"]["id"])
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A list of texts as a set, because lists come in any order.
#[track_caller]
fn sorted(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    let mut texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    texts.sort_unstable();
    texts
}
