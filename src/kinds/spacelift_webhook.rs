//! `spacelift.webhook`: a named webhook, the receiver that notification policies name (SA
//! sections 5, 7 and 14).
//!
//! The per-stack webhooks of the older guides are a kind of their own. Deliberately not here:
//! which events arrive, which the policies decide.

use std::sync::LazyLock;

use url::{Host, Url};

use crate::kinds::call::{Call, List};
use crate::kinds::shape::{Charset, Limits, Shape, field};
use crate::kinds::{Identity, Kind, Observed, Role, label, slug};
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
            "Text that deliveries are signed with, `${random.NAME}` or `${env.NAME}`. Never read back.",
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

    fn role(&self) -> Option<Role> {
        Some(Role::Endpoint)
    }

    /// The id is made from the name (SA section 5).
    fn stand_in(&self, name: &str, export: &str) -> Option<String> {
        (export == "id").then(|| slug(name))
    }

    fn doc(&self) -> &'static str {
        "A named webhook of Spacelift; notification policies send events to it by its id."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a Spacelift webhook", "endpoint")
    }

    fn identity(&self) -> Identity {
        Identity::Name("name")
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[("id", "the id that Spacelift assigned")]
    }

    fn labels(&self) -> Option<&'static str> {
        Some("labels")
    }

    /// SA section 7.
    fn by_itself(&self, at: &Pointer, live: Option<&Value>) -> Option<&'static str> {
        let off = at.parts() == ["enabled"] && live == Some(&Value::Bool(false));
        off.then_some(
            "Spacelift switches a webhook off after ten failed deliveries in a row: look at its deliveries before it is switched on again",
        )
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
    fn observe(&self, item: &Value) -> Option<Observed> {
        let id = item.get("id")?.as_text()?;
        let name = item.get("name")?.as_text()?;
        let mut value: Map = ["name", "endpoint", "enabled", "labels", "retryOnFailure"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), item.get(key)?.clone())))
            .collect();
        if let Some(space) = item.get("space").and_then(|space| space.get("id"))
            && space.as_text().is_some()
        {
            value.insert("space", space.clone());
        }
        let headers: Map = item
            .get("secretHeaders")
            .and_then(Value::as_list)
            .into_iter()
            .flatten()
            .filter_map(|key| {
                let unknown = SecretSource::new(Template::default());
                Some((key.as_text()?.to_owned(), Value::Secret(unknown)))
            })
            .collect();
        if !headers.is_empty() {
            value.insert("secretHeaders", Value::Map(headers));
        }
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
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
            // Deleting comes first: should keys be compared without case, a key that is only
            // spelled differently is not lost.
            calls.extend(delete_headers(seen, want));
            calls.extend(set_headers(Some(&seen.id), want));
        }
        calls
    }

    fn receives_events(&self) -> bool {
        true
    }

    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation WebhookDelete($id: ID!) { namedWebhooksIntegrationDelete(id: $id) { id } }",
            variables: Value::Map(members([("id", Value::text(id))])),
            id_from_create: None,
        }
    }

    fn reach<'a>(&self, spec: &'a Value) -> Option<&'a Value> {
        spec.get("space")
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
            input.insert(key, absent);
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
                ("key", Value::Text(key.clone())),
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
        .filter(|key| headers(want).is_none_or(|wanted| !wanted.contains_key(key)))
        .map(|key| Value::Text(key.clone()))
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

/// Checks the address that events are posted to.
pub(super) fn check_endpoint(endpoint: &Node, findings: &mut Findings) {
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
                // The text may hold a password or the key of an intake.
                "`endpoint` is not an http or https URL",
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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::check::check;
    use crate::words::Place;

    fn codes(spec: Json) -> Vec<&'static str> {
        let node = Node::from_json(Place::new(0, 0, 0), &spec);
        let mut findings = Findings::default();
        check(Webhook.shape(), &node, "spec", &mut findings);
        Webhook.check(&node, &mut findings);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn spec(endpoint: &str) -> Json {
        json!({ "name": "Port Webhook", "endpoint": endpoint, "space": "root" })
    }

    /// The documents' names and variables, secrets shown as such.
    fn shown(calls: &[Call]) -> Vec<(String, Json)> {
        calls
            .iter()
            .map(|call| match call {
                Call::Spacelift {
                    document,
                    variables,
                    ..
                } => {
                    let name = document.split([' ', '(']).nth(1).unwrap();
                    let json = variables.to_json_with(&mut |leaf| leaf.to_string().into());
                    (name.to_owned(), json)
                }
                Call::Port { .. } => panic!("a request to the wrong service"),
            })
            .collect()
    }

    fn secret(text: &str) -> Value {
        Value::Secret(SecretSource::new(Template::parse(text).unwrap()))
    }

    fn live() -> Observed {
        Webhook
            .observe(
                &json!({
                    "id": "port-webhook", "name": "Port Webhook", "endpoint": "https://a.example/x",
                    "enabled": false, "labels": ["a"], "retryOnFailure": null, "createdAt": 1,
                    "secretHeaders": ["X-Old", "X-Kept"], "space": { "id": "root" },
                })
                .into(),
            )
            .unwrap()
    }

    #[test]
    fn what_is_listed_has_a_plain_space_and_headers_of_unknown_text() {
        let seen = live();
        assert_eq!(
            (seen.id.as_str(), seen.name.as_str()),
            ("port-webhook", "Port Webhook")
        );
        assert_eq!(seen.exports.get("id"), Some(&Value::text("port-webhook")));
        assert_eq!(seen.value.get_text("space"), Some("root"));
        assert!(seen.value.get("createdAt").is_none() && seen.value.get("id").is_none());
        let headers = headers(&seen.value).unwrap();
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["X-Old", "X-Kept"]);
        assert!(headers.values().all(|text| *text == secret("")));

        let bare = json!({ "id": "a", "name": "a", "secretHeaders": [], "space": null });
        let bare = Webhook.observe(&bare.clone().into()).unwrap();
        assert!(bare.value.get("secretHeaders").is_none());
        assert!(
            Webhook
                .observe(&json!({ "name": "no id" }).into())
                .is_none()
        );
    }

    #[test]
    fn the_secret_is_never_asked_for() {
        let List::Spacelift { selection, .. } = Webhook.list() else {
            panic!("listed by the wrong service");
        };
        let mut words = selection.split([' ', '{', '}']);
        assert!(words.all(|word| word != "secret"));
    }

    #[test]
    fn creating_sends_every_field_and_headers_in_a_second_call() {
        let mut want = Value::from(spec("https://a.example/x"));
        let fields = want.as_map_mut().unwrap();
        fields.insert(
            "secretHeaders",
            Value::Map(members([("X-Key", secret("${env.KEY}"))])),
        );
        let calls = Webhook.create(&want);
        assert_eq!(
            shown(&calls),
            [
                (
                    "WebhookCreate".to_owned(),
                    json!({ "input": {
                        "name": "Port Webhook", "endpoint": "https://a.example/x", "space": "root",
                        "enabled": true, "labels": [], "retryOnFailure": false,
                    } })
                ),
                (
                    "HeadersSet".to_owned(),
                    json!({ "id": null, "input": { "entries": [
                        { "key": "X-Key", "value": "(secret)" },
                    ] } })
                ),
            ]
        );
        let Call::Spacelift { id_from_create, .. } = &calls[1] else {
            panic!("a request to the wrong service");
        };
        assert_eq!(*id_from_create, Pointer::parse("/id"));
        assert_eq!(
            Webhook
                .create(&Value::from(spec("https://a.example")))
                .len(),
            1
        );
    }

    #[test]
    fn an_update_neither_erases_the_secret_nor_touches_headers() {
        let changed = ["enabled".to_owned()];
        for kept in [Value::Null, Value::text("")] {
            let mut want = Value::from(spec("https://a.example/x"));
            want.as_map_mut().unwrap().insert("secret", kept);
            let calls = shown(&Webhook.update(&live(), &want, &changed));
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].1["id"], "port-webhook");
            assert_eq!(calls[0].1["input"]["enabled"], true);
            assert!(calls[0].1["input"].get("secret").is_none());
        }
        let mut want = Value::from(spec("https://a.example/x"));
        want.as_map_mut()
            .unwrap()
            .insert("secret", secret("${env.KEY}"));
        let calls = shown(&Webhook.update(&live(), &want, &["secret".to_owned()]));
        assert_eq!(calls[0].1["input"]["secret"], "(secret)");
    }

    #[test]
    fn headers_are_kept_set_and_deleted_one_by_one() {
        let mut want = Value::from(spec("https://a.example/x"));
        let headers = members([("X-Kept", Value::Null), ("X-New", secret("${env.KEY}"))]);
        want.as_map_mut()
            .unwrap()
            .insert("secretHeaders", Value::Map(headers));
        let changed = ["secretHeaders".to_owned()];
        assert_eq!(
            shown(&Webhook.update(&live(), &want, &changed)),
            [
                (
                    "HeadersDelete".to_owned(),
                    json!({ "id": "port-webhook", "keys": ["X-Old"] })
                ),
                (
                    "HeadersSet".to_owned(),
                    json!({ "id": "port-webhook", "input": { "entries": [
                        { "key": "X-New", "value": "(secret)" },
                    ] } })
                ),
            ]
        );
        let without = Value::from(spec("https://a.example/x"));
        assert_eq!(
            shown(&Webhook.update(&live(), &without, &changed))[0].1["keys"],
            json!(["X-Old", "X-Kept"])
        );
    }

    #[test]
    fn endpoints_are_web_addresses_and_plain_http_is_for_loopback() {
        for (endpoint, expected) in [
            ("https://ingest.port.io/abc", &[][..]),
            ("http://127.0.0.1:8080/x", &[]),
            ("http://[::1]/x", &[]),
            ("http://localhost:1/x", &[]),
            ("http://ingest.port.io/abc", &["lint::plain_http"]),
            ("http://localhost.evil.example/", &["lint::plain_http"]),
            ("ftp://a.example/", &["config::url"]),
            ("ingest.port.io/abc", &["config::url"]),
            ("", &["config::out_of_range"]),
        ] {
            assert_eq!(codes(spec(endpoint)), expected, "{endpoint}");
        }
    }

    #[test]
    fn secrets_are_not_empty_headers_have_names_and_our_labels_are_ours() {
        let mut wrong = spec("https://a.example");
        wrong["secret"] = json!("");
        wrong["secretHeaders"] = json!({ "X Key": "a", "X-Key": "b" });
        wrong["labels"] = json!(["team:a", "spaceport:other/prod"]);
        wrong["createdAt"] = json!(1);
        assert_eq!(
            codes(wrong),
            [
                "config::out_of_range",
                "config::pattern",
                "lint::computed_field",
                "config::reserved_label"
            ]
        );
    }
}
