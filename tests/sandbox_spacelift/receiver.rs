//! Somebody who gets deliveries: records them, and answers with the status at the end of the path.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Arrived {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no header `{name}`"), |(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// A listener of its own.
pub struct Receiver {
    pub origin: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    pub async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new().fallback(record).with_state(arrived.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            origin: format!("http://{address}"),
            arrived,
        }
    }

    /// A URL of the receiver: `/in` is answered with 200, `/404` with 404.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What arrived since the last call.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut *self.arrived.lock().expect("not poisoned"))
    }

    /// The `state`s of what arrived since the last call.
    #[track_caller]
    pub fn states(&self) -> Vec<String> {
        let states = self.take().into_iter().map(|arrived| arrived.json());
        states
            .map(|body| body["state"].as_str().expect("a state").to_owned())
            .collect()
    }
}

async fn record(State(arrived): State<Arc<Mutex<Vec<Arrived>>>>, request: Request) -> StatusCode {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let path = head.uri.path().to_owned();
    let status = path.rsplit('/').next().and_then(|last| last.parse().ok());
    let one = Arrived {
        method: head.method.as_str().to_owned(),
        headers: headers.collect(),
        path,
        body: to_bytes(body, usize::MAX).await.expect("a body").to_vec(),
    };
    arrived.lock().expect("not poisoned").push(one);
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.unwrap_or(StatusCode::OK)
}
