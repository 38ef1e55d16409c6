//! Trace: what `-vvv` shows of an exchange, namely its headers and bodies without what is secret.
//!
//! What may be shown is decided by path: a header by its name, a body by its route, a member of a
//! body by its key. Headers that are not known to be harmless, whole exchanges of credentials, and
//! everything about runs that is not known to be harmless are hidden; so is what an address has
//! after its host, as that may be a key. On top of that, known secret texts and what looks like a
//! token are replaced wherever they stand. Deliberately not here: the line about each request
//! (see `http`).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use reqwest::header::HeaderMap;
use serde_json::{Map, Value as Json};
use tracing::Level;

use crate::kinds::{ALL, Picks};
use crate::there::services::discreet::{Discreet, SECRET, shorten};
use crate::there::services::http::Request;
use crate::words::{Service, redact};

/// Headers whose values are shown.
const HARMLESS: &[&str] = &[
    "accept",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "transfer-encoding",
    "vary",
    "x-request-id",
    "x-trace-id",
];

/// Members that bear secrets, besides those that are write-only in some kind and those whose name
/// says so (`redact::is_credential`); in lower case.
const SECRETS: &[&str] = &["jwt", "passphrase", "privatekey", "signature", "webhookkey"];

/// Members that sound like secrets and are none; in lower case.
const NAMES: &[&str] = &["secretname", "secrets", "tokentype"];

/// What is shown of a run: neither what it was given nor what its backend said.
const OF_RUNS: &[&str] = &[
    "_id",
    "action",
    "createdAt",
    "endedAt",
    "error",
    "id",
    "identifier",
    "next",
    "ok",
    "run",
    "runLogs",
    "runs",
    "source",
    "status",
    "terminationStatus",
    "updatedAt",
];

/// Larger bodies are only counted, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How much of a body is shown, in characters.
const BODY: usize = 2000;
/// How much of a text in it.
const TEXT: usize = 200;
/// How many items of a list in it.
const ITEMS: usize = 20;
/// How deep JSON in texts of JSON is looked into.
const NESTED: u8 = 2;

/// The last keys of all places that are secret in some kind, in lower case.
static WRITE_ONLY: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let picks = ALL.iter().flat_map(|kind| {
        let places = Picks::of(*kind).write_only.clone();
        places.into_iter().filter_map(|place| {
            let key = place.parts().iter().rfind(|part| *part != "*");
            key.map(|key| key.to_lowercase())
        })
    });
    picks.collect()
});

/// Logs a request that is about to be sent.
pub(super) fn request(
    service: Service,
    request: &Request<'_>,
    headers: &HeaderMap,
    discreet: &Discreet,
) {
    let Some(headers) = self::headers(headers, discreet) else {
        return;
    };
    let body = request.body.map_or_else(
        || "-".to_owned(),
        |json| Veil::over(request, discreet).json(json),
    );
    tracing::trace!(%service, call = request.call, %headers, %body, "sends");
}

/// Logs an answer.
pub(super) fn answer(
    service: Service,
    request: &Request<'_>,
    status: u16,
    headers: Option<String>,
    body: &[u8],
    discreet: &Discreet,
) {
    if let Some(headers) = headers {
        let body = Veil::over(request, discreet).bytes(body);
        tracing::trace!(%service, call = request.call, status, %headers, %body, "got");
    }
}

/// The headers in one line; `None` when nobody listens.
pub(super) fn headers(headers: &HeaderMap, discreet: &Discreet) -> Option<String> {
    if !tracing::enabled!(Level::TRACE) {
        return None;
    }
    let mut line = String::new();
    for (name, value) in headers {
        let name = name.as_str();
        let harmless = HARMLESS.contains(&name) && !value.is_sensitive();
        let value = match harmless {
            true => discreet.first_line(value.as_bytes()),
            false => SECRET.to_owned(),
        };
        let comma = if line.is_empty() { "" } else { ", " };
        // Writing into a text cannot fail.
        let _ = write!(line, "{comma}{name}: {value}");
    }
    Some(line)
}

/// What hides the secrets of one exchange.
struct Veil<'a> {
    discreet: &'a Discreet,
    route: Route,
}

/// What is known about the bodies of a route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// Credentials as a whole.
    Credentials,
    /// Runs of actions.
    Runs,
    /// Anything else.
    Open,
}

impl<'a> Veil<'a> {
    fn over(request: &Request<'_>, discreet: &'a Discreet) -> Self {
        let path = request.path.split('?').next().unwrap_or_default();
        let mut parts = path.split('/');
        // Said twice, so that a call that forgets to say it shows nothing either.
        let route = if request.credentials || path.contains("/auth/") {
            Route::Credentials
        } else if parts.any(|part| part == "runs") {
            Route::Runs
        } else {
            Route::Open
        };
        Veil { discreet, route }
    }

    /// A body that was received.
    fn bytes(&self, body: &[u8]) -> String {
        let count = body.len();
        let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
        match (self.route, start) {
            (_, None) => "-".into(),
            (Route::Credentials, _) => SECRET.into(),
            _ if count > LARGEST => format!("({count} bytes)"),
            // What breaks off has no paths to tell by.
            (_, Some(b'{' | b'[' | b'"')) => match serde_json::from_slice(body) {
                Ok(json) => self.json(&json),
                Err(_) => format!("({count} bytes that are no JSON)"),
            },
            (Route::Runs, _) => format!("({count} bytes)"),
            (Route::Open, _) => redact::foreign(&redact::hosts(&self.discreet.first_line(body))),
        }
    }

    /// A body in one line.
    fn json(&self, body: &Json) -> String {
        match self.route {
            Route::Credentials => SECRET.into(),
            _ => shorten(&self.value(body, NESTED).to_string(), BODY),
        }
    }

    fn value(&self, value: &Json, nested: u8) -> Json {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
            Json::String(text) => self.text(text, nested).into(),
            Json::Array(items) => {
                let mut shown: Vec<Json> = items
                    .iter()
                    .take(ITEMS)
                    .map(|item| self.value(item, nested))
                    .collect();
                if items.len() > ITEMS {
                    shown.push(format!("… {} more", items.len() - ITEMS).into());
                }
                shown.into()
            }
            Json::Object(members) => Json::Object(self.members(members, nested)),
        }
    }

    fn members(&self, members: &Map<String, Json>, nested: u8) -> Map<String, Json> {
        // `{key: X-Api-Key, value: …}` is how headers and variables come in lists.
        let pair = ["key", "name"].iter().any(|key| members.contains_key(*key));
        let shown = members.iter().map(|(key, value)| {
            let hidden = match self.route {
                Route::Runs => !OF_RUNS.contains(&key.as_str()),
                _ => is_secret(key) || (pair && key == "value"),
            };
            let value = match value {
                // Neither tells a text, and `null` keeps what is there.
                Json::Null | Json::Bool(_) => value.clone(),
                _ if hidden => SECRET.into(),
                _ => self.value(value, nested),
            };
            (self.plain(key), value)
        });
        shown.collect()
    }

    /// A text; one that is JSON has paths as well.
    fn text(&self, text: &str, nested: u8) -> String {
        if text.trim_start().starts_with(['{', '[']) {
            let json = match nested {
                0 => None,
                _ => serde_json::from_str::<Json>(text).ok(),
            };
            if let Some(json) = json {
                return shorten(&self.value(&json, nested - 1).to_string(), TEXT);
            }
        }
        self.plain(text)
    }

    fn plain(&self, text: &str) -> String {
        let text = redact::foreign(&redact::hosts(&self.discreet.hide(text)));
        match text.chars().nth(TEXT) {
            None => text,
            Some(_) => text.chars().take(TEXT).chain(['…']).collect(),
        }
    }
}

/// Whether what a member holds is secret, told by its key.
fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    let told = || SECRETS.contains(&key.as_str()) || WRITE_ONLY.contains(&key);
    !NAMES.contains(&key.as_str()) && (redact::is_credential(&key) || told())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use crate::there::services::http::Repeat;

    fn shown(path: &str, credentials: bool, body: &Json) -> String {
        let request = Request {
            method: "POST",
            path,
            call: "POST",
            body: Some(body),
            bearer: None,
            repeat: Repeat::Always,
            writes: true,
            credentials,
        };
        let known = SecretString::from("canary-known");
        let discreet = Discreet::new([&known]);
        let veil = Veil::over(&request, &discreet);
        let text = veil.json(body);
        assert_eq!(text, veil.bytes(body.to_string().as_bytes()));
        text
    }

    #[test]
    fn secrets_are_hidden_by_path() {
        let body = json!({
            "secretName": "A",
            "secretValue": "canary",
            "description": "say canary-known",
            "security": {"secret": "canary", "signatureHeaderName": "X-Signature"},
            "invocationMethod": {
                "url": "https://bob:canary@example.org/hooks/canary?k=canary",
                "headers": {"Authorization": "Bearer canary", "Accept": "text/plain"},
            },
            "webhookKey": "canary",
            "input": {"secret": null, "clientSecret": ["canary"], "API_TOKEN": 12345},
            "secretHeaders": {"X-One": "canary"},
            "list": [{"key": "X-One", "value": "canary"}],
            "content": "{\"apiKey\": \"canary\", \"a\": 1}",
        });
        insta::assert_snapshot!(shown("/v1/x", false, &body).replace(",\"", ",\n\""), @r#"
        {"secretName":"A",
        "secretValue":"(secret)",
        "description":"say (secret)",
        "security":{"secret":"(secret)",
        "signatureHeaderName":"X-Signature"},
        "invocationMethod":{"url":"https://(redacted)@example.org/…",
        "headers":{"Authorization":"(secret)",
        "Accept":"text/plain"}},
        "webhookKey":"(secret)",
        "input":{"secret":null,
        "clientSecret":"(secret)",
        "API_TOKEN":"(secret)"},
        "secretHeaders":"(secret)",
        "list":[{"key":"X-One",
        "value":"(secret)"}],
        "content":"{\"apiKey\":\"(secret)\",\"a\":1}"}
        "#);
    }

    #[test]
    fn exchanges_of_credentials_are_hidden_as_a_whole() {
        let body = json!({"anything": "canary"});
        assert_eq!(shown("/graphql", true, &body), SECRET);
        assert_eq!(shown("/v1/auth/access_token", false, &body), SECRET);
    }

    #[test]
    fn a_run_shows_what_it_is_and_not_what_it_was_given() {
        let body = json!({"ok": true, "run": {
            "id": "r_1", "status": "SUCCESS", "properties": {"id": "canary"}, "response": "canary",
        }});
        assert_eq!(
            shown("/v1/actions/runs/r_1?version=v2", false, &body),
            r#"{"ok":true,"run":{"id":"r_1","status":"SUCCESS","properties":"(secret)","response":"(secret)"}}"#
        );
    }

    #[test]
    fn a_body_is_never_long() {
        let long = "a b ".repeat(1000);
        let body = json!({"items": vec![long.as_str(); 50], "end": 1});
        let text = shown("/v1/x", false, &body);
        assert!(text.chars().count() <= BODY + 1, "{text}");
        let few = json!(vec![1; 50]);
        assert!(shown("/v1/x", false, &few).ends_with(r#"1,"… 30 more"]"#));
    }

    #[test]
    fn what_is_no_json_shows_its_first_line_unless_it_may_be_broken_json() {
        let request = Request {
            method: "GET",
            path: "/v1/x",
            call: "GET",
            body: None,
            bearer: None,
            repeat: Repeat::Always,
            writes: false,
            credentials: false,
        };
        let discreet = Discreet::default();
        let veil = Veil::over(&request, &discreet);
        assert_eq!(veil.bytes(b"<h1>502</h1>\nmore"), "<h1>502</h1>");
        assert_eq!(veil.bytes(b" \n"), "-");
        let broken = veil.bytes(b"{\"secretValue\": \"cana");
        assert_eq!(broken, "(21 bytes that are no JSON)");
        let large = vec![b'x'; LARGEST + 1];
        assert_eq!(veil.bytes(&large), "(1048577 bytes)");
    }

    #[test]
    fn every_write_only_field_of_every_kind_is_known() {
        for key in ["secretValue", "secret", "secretHeaders"] {
            assert!(WRITE_ONLY.contains(&key.to_lowercase()), "{key}");
            assert!(is_secret(key));
        }
        for key in ["secretName", "identifier", "title", "endpoint"] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
