//! A Spacelift account in a sandbox, with a stack `ai-agent` and a client that is signed in.

use std::sync::Once;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use spaceport::sandbox::{KEY_ID, KEY_SECRET, Options, Sandbox, StartingStack};

use super::receiver::Receiver;

/// A running sandbox with a token for its account.
pub struct Account {
    pub sandbox: Sandbox,
    client: Client,
    token: String,
}

impl Account {
    /// An account that may call the receiver.
    pub async fn telling(receiver: &Receiver) -> Self {
        Self::with(Options {
            allow_origins: vec![receiver.origin.parse().expect("an origin")],
            stacks: vec![StartingStack::ai_agent()],
            ..Options::default()
        })
        .await
    }

    pub async fn with(mut options: Options) -> Self {
        options.engines = Some(env!("CARGO_BIN_EXE_spaceport").into());
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        let mut account = Self {
            sandbox,
            client: client(),
            token: String::new(),
        };
        let query =
            "mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";
        let user = account
            .data(query, json!({"id": KEY_ID, "secret": KEY_SECRET}))
            .await;
        account.token = text(&user["apiKeyUser"]["jwt"]);
        account
    }

    /// Sends any request; status and JSON body.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.with_token(&self.token, method, path, body).await
    }

    /// The same with somebody else's token, such as one of Port.
    pub async fn with_token(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.url());
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("a JSON answer"))
    }

    pub async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.1
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    /// The `data` of an answer without errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        let (status, answer) = self.post("/graphql", body).await;
        assert_eq!((status, &answer["errors"]), (200, &Value::Null), "{query}");
        answer["data"].clone()
    }

    /// Makes a named webhook in `root`, with the given further fields.
    pub async fn webhook(&self, name: &str, endpoint: String, more: Value) {
        let input = json!({"name": name, "endpoint": endpoint, "enabled": true, "space": "root", "labels": []});
        let query = "mutation($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
        self.data(query, json!({"input": merged(input, more)}))
            .await;
    }

    /// Makes a notification policy in `root`, in Rego v1 unless `more` says otherwise.
    pub async fn policy(&self, name: &str, rules: &str, more: Value) {
        let input = json!({
            "name": name, "type": "NOTIFICATION", "engineType": "REGO_V1", "space": "root",
            "body": format!("package spacelift\n{rules}\n"),
        });
        let query = "mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
        self.data(query, json!({"input": merged(input, more)}))
            .await;
    }

    /// Makes a space; its id.
    pub async fn space(&self, name: &str, parent: &str, inherits: bool) -> String {
        let input = json!({"name": name, "description": "", "parentSpace": parent, "inheritEntities": inherits, "labels": []});
        let query = "mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
        let made = self.data(query, json!({ "input": input })).await;
        text(&made["spaceCreate"]["id"])
    }

    /// Makes a stack in a space.
    pub async fn stack(&self, name: &str, space: &str) {
        let input = json!({"name": name, "repository": "infra", "branch": "main", "space": space});
        let query = "mutation($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
        self.data(query, json!({ "input": input })).await;
    }

    /// Triggers a stack as Port's action does; the run's id.
    pub async fn trigger(&self, stack: &str) -> String {
        let query = "mutation($stack: ID!) { runTrigger(stack: $stack) { id } }";
        let made = self.data(query, json!({ "stack": stack })).await;
        text(&made["runTrigger"]["id"])
    }

    /// Starts a run of `ai-agent` by steering; the run's id.
    pub async fn start(&self, more: Value) -> String {
        let new = merged(json!({"stack": "ai-agent"}), more);
        let (status, answer) = self.post("/_sandbox/runs", new).await;
        assert_eq!(status, 200, "{answer}");
        text(&answer["run"]["id"])
    }

    /// Waits until nothing is going on any more.
    pub async fn settle(&self) {
        self.sandbox.settle().await;
    }

    /// The delivery log.
    pub async fn deliveries(&self) -> Vec<Value> {
        let log = self.get("/_sandbox/spacelift/deliveries").await;
        log["deliveries"].as_array().expect("a log").clone()
    }

    /// The account as `/_sandbox/state` shows it.
    pub async fn state(&self) -> Value {
        self.get("/_sandbox/state").await["spacelift"].clone()
    }

    /// The titles in the inbox, oldest first.
    pub async fn inbox(&self) -> Vec<String> {
        let state = self.state().await;
        let inbox = state["inbox"].as_array().expect("an inbox");
        inbox
            .iter()
            .map(|message| text(&message["title"]))
            .collect()
    }

    /// The states a run went through.
    pub async fn history(&self, run: &str) -> String {
        let query =
            "query($run: ID!) { runStack(runId: $run) { run(id: $run) { history { state } } } }";
        let seen = self.data(query, json!({ "run": run })).await;
        let history = seen["runStack"]["run"]["history"].as_array();
        let states = history.expect("a history").iter().rev();
        let states: Vec<String> = states.map(|entry| text(&entry["state"])).collect();
        states.join(" ")
    }

    /// The state of `ai-agent`.
    pub async fn stack_state(&self) -> String {
        let seen = self
            .data("{ stack(id: \"ai-agent\") { state } }", json!({}))
            .await;
        text(&seen["stack"]["state"])
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn merged(mut base: Value, more: Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        base[key] = value.clone();
    }
    base
}

fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test binary's provider is as good as ours.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy().build().expect("a client")
}
