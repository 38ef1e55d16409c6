//! `spacelift.webhook`: a named webhook, the receiver that notification policies name (SA
//! sections 5, 7 and 14).
//!
//! The per-stack webhooks of the older guides are a kind of their own. Deliberately not here:
//! which events arrive, which the policies decide.

use std::sync::LazyLock;

use serde_json::Value as Json;
use url::{Host, Url};

use crate::kinds::call::{Call, List};
use crate::kinds::shape::{Charset, Limits, Shape, field};
use crate::kinds::{Identity, Kind, Observed, label};
use crate::words::value::{Map, SecretSource};
use crate::words::{Finding, Findings, Node, Pointer, Template, Value};

/// The kind `spacelift.webhook`.
#[derive(Debug)]
pub struct Webhook;

/// The secret is never selected and headers come as keys only. A macro because documents are
/// put together at compile time.
macro_rules! selection {
    () => {
        "{ id name endpoint enabled labels retryOnFailure secretHeaders createdAt space { id } }"
    };
}

/// Names of HTTP headers (RFC 9110, "token").
const HEADER: Charset = Charset {
    words: "ASCII letters, digits and ``! # $ % & ' * + - . ^ _ ` | ~``",
    pattern: r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
    holds: |text| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    },
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let header = Limits {
        min: 1,
        charset: Some(HEADER),
        ..Limits::default()
    };
    Shape::closed(vec![
        field(
            "name",
            Shape::text_of(1, 0),
            "Name; the id is made from it once, at creation.",
        )
        .required(),
        field(
            "endpoint",
            Shape::text_of(1, 0),
            "Address that events are posted to, usually `${port.webhook.NAME.url}`.",
        )
        .required(),
        field(
            "enabled",
            Shape::Bool,
            "Whether events are sent. Spacelift sets it to false after ten failed deliveries in a row.",
        )
        .default("true"),
        field(
            "space",
            Shape::text_of(1, 0),
            "Space that holds it: an id, or the unique name of one.",
        )
        .required()
        .reference("spacelift.space")
        .by_name(),
        field("labels", Shape::list(Shape::text_of(1, 0)), "Labels.")
            .unordered()
            .default("[]"),
        field(
            "secret",
            Shape::text_of(1, 0),
            "Text that deliveries are signed with, usually `${env.NAME}`. Never read back.",
        )
        .write_only(),
        field(
            "secretHeaders",
            Shape::map_with(header, Shape::text()),
            "Headers sent with each delivery, by name. Their texts are never read back.",
        )
        .write_only()
        .default("{}"),
        field(
            "retryOnFailure",
            Shape::Bool,
            "Whether failed deliveries are sent again.",
        )
        .default("false"),
        field("id", Shape::Any, "Set by the server.").computed(),
        field("createdAt", Shape::Any, "Set by the server.").computed(),
    ])
});

impl Kind for Webhook {
    fn name(&self) -> &'static str {
        "spacelift.webhook"
    }

    fn doc(&self) -> &'static str {
        "A named webhook of Spacelift; notification policies send events to it by its id."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn identity(&self) -> Identity {
        Identity::Name("name")
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[("id", "the id that Spacelift assigned")]
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(endpoint) = spec.get("endpoint") {
            check_endpoint(endpoint, findings);
        }
        label::check(spec, findings);
    }

    /// The search is the only list of named webhooks (SA section 4).
    fn list(&self) -> List {
        List::Spacelift {
            field: "searchNamedWebhooksIntegrations",
            selection: selection!(),
            paged: true,
        }
    }

    /// `space` is an object here and a plain id in the input; headers come as keys whose texts
    /// are set and unknown (SA sections 6 and 7).
    fn observe(&self, item: &Json) -> Option<Observed> {
        let id = item.get("id")?.as_str()?;
        let name = item.get("name")?.as_str()?;
        let mut value: Map = ["name", "endpoint", "enabled", "labels", "retryOnFailure"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), Value::from(item.get(key)?.clone()))))
            .collect();
        if let Some(space) = item.pointer("/space/id").and_then(Json::as_str) {
            value.insert("space".into(), Value::text(space));
        }
        let headers: Map = item
            .get("secretHeaders")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|key| {
                let unknown = SecretSource::new(Template::default());
                Some((key.as_str()?.to_owned(), Value::Secret(unknown)))
            })
            .collect();
        if !headers.is_empty() {
            value.insert("secretHeaders".into(), Value::Map(headers));
        }
        Some(Observed {
            id: id.into(),
            name: name.into(),
            value: Value::Map(value),
            exports: members([("id", Value::text(id))]),
        })
    }

    /// Headers are a second call; a run that dies in between finds them missing and adds them.
    fn create(&self, want: &Value) -> Vec<Call> {
        let mut calls = vec![Call::Spacelift {
            document: concat!(
                "mutation WebhookCreate($input: NamedWebhooksIntegrationInput!) ",
                "{ namedWebhooksIntegrationCreate(input: $input) ",
                selection!(),
                " }"
            ),
            variables: Value::Map(members([("input", input(want))])),
            id_from_create: None,
        }];
        calls.extend(set_headers(None, want));
        calls
    }

    /// The input replaces everything but an absent secret (SA section 7). There is no call that
    /// replaces all headers: those that `want` has a text for are set, those that it lacks are
    /// deleted, and those that are `null` there are kept as they are.
    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call> {
        let mut calls = Vec::new();
        if changed.iter().any(|key| key != "secretHeaders") {
            calls.push(Call::Spacelift {
                document: "mutation WebhookUpdate($id: ID!, $input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: $id, input: $input) { id } }",
                variables: Value::Map(members([
                    ("id", Value::text(&seen.id)),
                    ("input", input(want)),
                ])),
                id_from_create: None,
            });
        }
        if changed.iter().any(|key| key == "secretHeaders") {
            calls.extend(set_headers(Some(&seen.id), want));
            calls.extend(delete_headers(seen, want));
        }
        calls
    }

    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation WebhookDelete($id: ID!) { namedWebhooksIntegrationDelete(id: $id) { id } }",
            variables: Value::Map(members([("id", Value::text(id))])),
            id_from_create: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/data/namedWebhooksIntegrationCreate"
    }
}

/// All fields, because the input replaces; `secret` only when there is one, because null keeps
/// and `""` erases (SA section 7).
fn input(want: &Value) -> Value {
    let mut input = want.as_map().cloned().unwrap_or_default();
    input.shift_remove("secretHeaders");
    if input
        .get("secret")
        .is_some_and(|secret| secret.is_null() || secret.as_text() == Some(""))
    {
        input.shift_remove("secret");
    }
    for (key, absent) in [
        ("enabled", Value::Bool(true)),
        ("labels", Value::List(Vec::new())),
        ("retryOnFailure", Value::Bool(false)),
    ] {
        if input.get(key).is_none_or(Value::is_null) {
            input.insert(key.into(), absent);
        }
    }
    Value::Map(input)
}

/// Without an id, the id of the object that the call before has created.
fn set_headers(id: Option<&str>, want: &Value) -> Option<Call> {
    let entries: Vec<Value> = headers(want)?
        .iter()
        .filter(|(_, text)| !text.is_null())
        .map(|(key, text)| {
            Value::Map(members([
                ("key", Value::text(key)),
                ("value", text.clone()),
            ]))
        })
        .collect();
    if entries.is_empty() {
        return None;
    }
    let entries = Value::Map(members([("entries", Value::List(entries))]));
    Some(Call::Spacelift {
        document: "mutation HeadersSet($id: ID!, $input: NamedWebhookHeaderInput!) { namedWebhooksIntegrationSetHeaders(id: $id, input: $input) { secretHeaders } }",
        variables: Value::Map(members([
            ("id", id.map_or(Value::Null, Value::text)),
            ("input", entries),
        ])),
        id_from_create: id.is_none().then(|| Pointer::root().join("id")),
    })
}

fn delete_headers(seen: &Observed, want: &Value) -> Option<Call> {
    let keys: Vec<Value> = headers(&seen.value)?
        .keys()
        .filter(|key| headers(want).is_none_or(|wanted| !wanted.contains_key(*key)))
        .map(Value::text)
        .collect();
    if keys.is_empty() {
        return None;
    }
    Some(Call::Spacelift {
        document: "mutation HeadersDelete($id: ID!, $keys: [String!]!) { namedWebhooksIntegrationDeleteHeaders(id: $id, headerKeys: $keys) { secretHeaders } }",
        variables: Value::Map(members([
            ("id", Value::text(&seen.id)),
            ("keys", Value::List(keys)),
        ])),
        id_from_create: None,
    })
}

fn headers(spec: &Value) -> Option<&Map> {
    spec.get("secretHeaders")?.as_map()
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map {
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn check_endpoint(endpoint: &Node, findings: &mut Findings) {
    // Texts with open references are checked by whoever settles them; empty ones by the shape.
    let Some(text) = endpoint.text().filter(|text| !text.is_empty()) else {
        return;
    };
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => {}
        Ok(url) if url.scheme() == "http" => {
            if !is_loopback(&url) {
                findings.push(
                    Finding::warning(
                        "lint::plain_http",
                        endpoint.place,
                        "events and their signature travel unencrypted to this `http://` endpoint",
                    )
                    .help("use `https://`"),
                );
            }
        }
        _ => findings.push(
            Finding::error(
                "config::url",
                endpoint.place,
                format!("`endpoint` is not an http or https URL: `{text}`"),
            )
            .help("write it whole, `https://HOST/PATH`, or refer to `${port.webhook.NAME.url}`"),
        ),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
