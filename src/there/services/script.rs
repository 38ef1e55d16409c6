//! A scripted HTTP server for the tests of this folder: real sockets, every answer written by the
//! test, every request kept.
//!
//! It knows nothing of Port or Spacelift. Each connection serves one request.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use url::Url;

use crate::kinds::shape::{Shape, field};
use crate::kinds::{Call, Identity, Kind, List, Observed};
use crate::there::endpoints::{Endpoints, Login, PortEndpoint, SpaceliftEndpoint};
use crate::there::services::{Options, Reader, RuntimeKey, Vault, Writer};
use crate::words::value::{Map, SecretSource};
use crate::words::{Pointer, Template, Value};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET /v1/blueprints`, for GraphQL the operation's name: `Login`.
    pub call: String,
    pub headers: BTreeMap<String, String>,
    pub body: Json,
}

/// What the server does with a request.
pub enum Reply {
    /// A status and a JSON body.
    Json(u16, Json),
    /// The bytes of a whole answer.
    Raw(String),
    /// Closes the connection without an answer.
    Cut,
    /// Waits for as many requests as the barrier counts, then answers.
    Together(Arc<Barrier>, Json),
}

/// A running server.
pub struct Script {
    pub origin: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Answers = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

impl Script {
    /// Starts a server. `answers` gets each request and how many of the same call came before it.
    pub async fn start(answers: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script = Script {
            origin: origin.parse().unwrap(),
            seen: seen.clone(),
        };
        let answers: Arc<Answers> = Arc::new(answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), answers.clone()));
            }
        });
        script
    }

    /// The calls in the order of their arrival.
    pub fn calls(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.call.clone()).collect()
    }

    /// The requests of one call.
    pub fn of(&self, call: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|s| s.call == call).cloned().collect()
    }

    /// Port's endpoint at this server.
    pub fn port(&self) -> PortEndpoint {
        PortEndpoint {
            origin: self.origin.clone(),
            client_id: "client".into(),
            client_secret: CLIENT_SECRET.into(),
            source: "--port-url".into(),
            overridden: true,
        }
    }

    /// Spacelift's endpoint at this server.
    pub fn spacelift(&self) -> SpaceliftEndpoint {
        SpaceliftEndpoint {
            graphql: self.origin.join("graphql").unwrap(),
            origin: self.origin.origin().ascii_serialization(),
            account: "acme".into(),
            login: Login::Key {
                id: "01KEY".into(),
                secret: KEY_SECRET.into(),
            },
            source: "--spacelift-url".into(),
            overridden: true,
        }
    }
}

pub const CLIENT_SECRET: &str = "canary-client-secret";
pub const KEY_SECRET: &str = "canary-key-secret";
pub const BODY_SECRET: &str = "canary-\"body\"-secret";

/// A reader of Port alone.
pub fn port_reader(script: &Script) -> Reader {
    reader(Some(script), None)
}

/// A reader of Spacelift alone.
pub fn spacelift_reader(script: &Script) -> Reader {
    reader(None, Some(script))
}

pub fn reader(port: Option<&Script>, spacelift: Option<&Script>) -> Reader {
    let endpoints = Endpoints {
        port: port.map(Script::port),
        spacelift: spacelift.map(Script::spacelift),
    };
    Reader::new(&endpoints, &options()).unwrap()
}

/// Options under which nothing waits.
pub fn options() -> Options {
    Options {
        ca_bundle: None,
        timeout: Duration::from_secs(20),
        first_delay: Duration::ZERO,
    }
}

/// A writer whose vault has one secret, `CANARY`, and a runtime key.
pub fn writer(reader: Reader) -> Writer {
    let texts = [
        ("CANARY", BODY_SECRET),
        ("RUN_ID", "01RUN"),
        ("RUN_SECRET", "canary-run-secret"),
    ];
    let env = texts.map(|(name, text)| (name.to_owned(), SecretString::from(text)));
    let key = RuntimeKey {
        id: source("${env.RUN_ID}"),
        secret: source("${env.RUN_SECRET}"),
    };
    Writer::new(reader, Vault::new(env.into_iter().collect(), Some(key)))
}

pub fn source(text: &str) -> SecretSource {
    SecretSource::new(Template::parse(text).unwrap())
}

/// Port's answers to a token request and, for an organization, to the read of it; else `None`.
pub fn port_basics(seen: &Seen) -> Option<Reply> {
    match seen.call.as_str() {
        "POST /v1/auth/access_token" => Some(Reply::Json(
            200,
            json!({"ok": true, "accessToken": "canary-port-token", "expiresIn": 10800, "tokenType": "Bearer"}),
        )),
        "GET /v1/organization" => Some(Reply::Json(
            200,
            json!({"ok": true, "organization": {"id": "org_1", "name": "Acme"}}),
        )),
        _ => None,
    }
}

/// Spacelift's answer to an exchange; else `None`.
pub fn spacelift_basics(seen: &Seen) -> Option<Reply> {
    (seen.call == "Login").then(|| {
        Reply::Json(
            200,
            json!({"data": {"apiKeyUser": {"jwt": "canary-jwt", "validUntil": 99_999_999_999_i64}}}),
        )
    })
}

/// An answer of GraphQL with one error.
pub fn complaint(message: &str, field: &str) -> Reply {
    let error = json!({"message": message, "path": [field]});
    Reply::Json(200, json!({"errors": [error], "data": null}))
}

/// A whole answer with extra headers and any body.
pub fn raw(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Raw(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Seen>>>, answers: Arc<Answers>) {
    let Some(seen) = read_request(&mut stream).await else {
        return;
    };
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|s| s.call == seen.call).count();
        log.push(seen.clone());
        before
    };
    let text = match answers(&seen, before) {
        Reply::Json(status, json) => json_answer(status, &json),
        Reply::Raw(text) => text,
        Reply::Cut => return,
        Reply::Together(barrier, json) => {
            barrier.wait().await;
            json_answer(200, &json)
        }
    };
    // The client may be gone already; the test sees that from its side.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn json_answer(status: u16, json: &Json) -> String {
    let body = json.to_string();
    format!(
        "HTTP/1.1 {status} Script\r\ncontent-type: application/json\r\nx-trace-id: t-{status}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?, first.next()?);
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let body: Json = serde_json::from_slice(&body).unwrap_or_default();
    let call = match body["operationName"].as_str() {
        Some(name) => name.to_owned(),
        None => format!("{method} {path}"),
    };
    Some(Seen {
        call,
        headers,
        body,
    })
}

/// A kind with pages and with a second request in its create, as Spacelift's webhooks have.
#[derive(Debug)]
pub struct Badge;

static BADGE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field("name", Shape::text_of(1, 0), "Name.").required(),
        field("pin", Shape::text(), "Pin.").write_only(),
    ])
});

impl Kind for Badge {
    fn name(&self) -> &'static str {
        "spacelift.badge"
    }

    fn doc(&self) -> &'static str {
        "A badge."
    }

    fn shape(&self) -> &Shape {
        &BADGE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a badge", "badge")
    }

    fn identity(&self) -> Identity {
        Identity::Name("name")
    }

    fn list(&self) -> List {
        List::Spacelift {
            field: "searchBadges",
            selection: "{ id name }",
            paged: true,
        }
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
            id: item.get_text("id")?.into(),
            name: item.get_text("name")?.into(),
            value: item.clone(),
            exports: Map::new(),
        })
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        let name = Value::text(want.get_text("name").unwrap_or_default());
        let pin = want.get("pin").cloned().unwrap_or_default();
        let map = |key: &str, value| Value::Map([(key.to_owned(), value)].into_iter().collect());
        vec![
            Call::Spacelift {
                document: "mutation BadgeCreate($name: String!) { badgeCreate(name: $name) { id name } }",
                variables: map("name", name),
                id_from_create: None,
            },
            Call::Spacelift {
                document: "mutation BadgePin($id: ID!, $pin: String!) { badgePin(id: $id, pin: $pin) { id } }",
                variables: map("pin", pin),
                id_from_create: Pointer::parse("/id"),
            },
        ]
    }

    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        let mut calls = self.create(want).split_off(1);
        if let Some(Call::Spacelift { variables, .. }) = calls.first_mut()
            && let Some(map) = variables.as_map_mut()
        {
            map.insert("id", Value::text(&seen.id));
        }
        calls
    }

    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation BadgeDelete($id: ID!) { badgeDelete(id: $id) { id } }",
            variables: Value::Map([("id".to_owned(), Value::text(id))].into_iter().collect()),
            id_from_create: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/data/badgeCreate"
    }
}
