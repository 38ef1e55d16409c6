//! A sandbox and a client that speaks to it, for the tests that go over real HTTP.

use std::sync::Once;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_ID, CLIENT_SECRET, Options, Sandbox};

/// A running sandbox with a token for it.
pub struct World {
    pub sandbox: Sandbox,
    pub client: Client,
    pub token: String,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(mut options: Options) -> Self {
        options.engines = Some(env!("CARGO_BIN_EXE_spaceport").into());
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        let mut world = Self {
            sandbox,
            client: client(),
            token: String::new(),
        };
        world.login().await;
        world
    }

    /// Exchanges the fixed credentials.
    pub async fn login(&mut self) {
        let body = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
        let (status, answer) = self.post("/v1/auth/access_token", body).await;
        assert_eq!(status, 200, "{answer}");
        self.token = answer["accessToken"].as_str().expect("a token").to_owned();
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.sandbox.url()));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        read(self.send(Method::GET, path, None).await).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.send(Method::POST, path, Some(body)).await).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.send(Method::PUT, path, Some(body)).await).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.send(Method::PATCH, path, Some(body)).await).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        read(self.send(Method::DELETE, path, None).await).await
    }

    /// Creates a blueprint with the given further keys.
    pub async fn blueprint(&self, identifier: &str, more: Value) -> Value {
        let mut body = json!({
            "identifier": identifier, "title": identifier,
            "schema": {"properties": {"state": {"type": "string"}, "size": {"type": "number"}}},
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let (status, answer) = self.post("/v1/blueprints", body).await;
        assert_eq!(status, 201, "{answer}");
        answer["blueprint"].clone()
    }
}

impl World {
    /// Creates a self-service action without inputs that does `invocation`.
    pub async fn action(&self, identifier: &str, invocation: Value) {
        let form = json!({"properties": {}});
        self.action_with(identifier, form, invocation, json!({}))
            .await;
    }

    /// Creates a self-service action with a form and further keys.
    pub async fn action_with(&self, identifier: &str, form: Value, invocation: Value, more: Value) {
        let mut body = json!({
            "identifier": identifier, "title": identifier,
            "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": form},
            "invocationMethod": invocation,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let (status, answer) = self.post("/v1/actions", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Creates an automation.
    pub async fn automation(&self, identifier: &str, event: Value, more: Value, does: Value) {
        let mut body = json!({
            "identifier": identifier, "title": identifier,
            "trigger": {"type": "automation", "event": event},
            "invocationMethod": does,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            match key.as_str() {
                "condition" => body["trigger"]["condition"] = value.clone(),
                key => body[key] = value.clone(),
            }
        }
        let (status, answer) = self.post("/v1/actions", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Executes an action and lets everything happen; the run's id.
    pub async fn execute(&self, action: &str, properties: Value) -> String {
        let path = format!("/v1/actions/{action}/runs");
        let (status, answer) = self.post(&path, json!({"properties": properties})).await;
        assert_eq!(status, 202, "{answer}");
        self.sandbox.settle().await;
        answer["run"]["id"].as_str().expect("an id").to_owned()
    }

    /// Executes an action and lets everything happen; the run as it is then.
    pub async fn ran(&self, action: &str, properties: Value) -> Value {
        let id = self.execute(action, properties).await;
        self.run(&id).await
    }

    /// A run as it is.
    pub async fn run(&self, id: &str) -> Value {
        let (status, answer) = self.get(&format!("/v1/actions/runs/{id}?version=v2")).await;
        assert_eq!(status, 200, "{answer}");
        answer["run"].clone()
    }

    /// The runs of an action or automation, oldest first.
    pub async fn runs(&self, action: &str) -> Vec<Value> {
        let path = format!("/v1/actions/runs?version=v2&action={action}");
        let (_, answer) = self.get(&path).await;
        let mut runs = answer["runs"].as_array().expect("a list").clone();
        runs.reverse();
        runs
    }

    /// The lines in the log of a run.
    pub async fn logs(&self, run: &str) -> Vec<String> {
        let (_, answer) = self.get(&format!("/v1/actions/runs/{run}/logs")).await;
        let logs = answer["runLogs"].as_array().expect("a list").iter();
        logs.map(|log| log["message"].as_str().expect("a text").to_owned())
            .collect()
    }

    /// Creates a secret.
    pub async fn secret(&self, name: &str, text: &str) {
        let body = json!({"secretName": name, "secretValue": text});
        let (status, answer) = self.post("/v1/organization/secrets", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// An entity, or null.
    pub async fn entity(&self, blueprint: &str, id: &str) -> Value {
        let path = format!("/v1/blueprints/{blueprint}/entities/{id}");
        let (_, answer) = self.get(&path).await;
        answer["entity"].clone()
    }

    /// Writes an entity, and lets everything happen.
    pub async fn put_entity(&self, blueprint: &str, body: Value) {
        let path = format!("/v1/blueprints/{blueprint}/entities?upsert=true&merge=true");
        let (status, answer) = self.post(&path, body).await;
        assert!(status < 300, "{answer}");
        self.sandbox.settle().await;
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test binary's provider is as good as ours.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy().build().expect("a client")
}
