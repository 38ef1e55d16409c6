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
