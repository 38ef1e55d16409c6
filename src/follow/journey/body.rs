//! The body that Spacelift sends when a policy gives none (SA section 11).
//!
//! Only a delivery was ever published, never how it is made of the input document. What the input
//! does not say is guessed here, and each guess says so.

use serde_json::{Map, Value as Json, json};

/// The default body for an event, and what had to be guessed of it, in words.
pub(super) fn default(name: &str, input: &Json) -> (Json, Option<&'static str>) {
    let event = input.get(name).unwrap_or(&Json::Null);
    let account = input.pointer("/account/name").cloned().unwrap_or_default();
    match name {
        "run_updated" => (run(event, account), None),
        "internal_error" => (internal_error(event, account), None),
        // Guess: the same in camel case. The body is not documented.
        _ => {
            let mut body = camel(event);
            if let Some(map) = body.as_object_mut() {
                map.insert("account".into(), account);
            }
            (
                body,
                Some("the body of this event is not documented; this one is a guess"),
            )
        }
    }
}

fn run(event: &Json, account: Json) -> Json {
    let at = |path: &str| event.pointer(path).cloned().unwrap_or_default();
    let text = |path: &str| event.pointer(path).and_then(Json::as_str);
    let state = text("/state").or(text("/run/state")).unwrap_or_default();
    // Guess: the number of states so far, this one included; the input has no version. The captured
    // delivery of a finished run, which has four states behind it, says 5.
    let versions = event
        .get("timing")
        .and_then(Json::as_array)
        .map_or(0, Vec::len);
    let changed = nanoseconds(&at("/run/updated_at")).or(nanoseconds(&at("/run/created_at")));
    let mut commit = Map::new();
    // Guess: the input has one author, the body two names of it.
    commit.insert("authorLogin".into(), at("/run/commit/author"));
    commit.insert("authorName".into(), at("/run/commit/author"));
    commit.insert("hash".into(), at("/run/commit/hash"));
    commit.insert("message".into(), at("/run/commit/message"));
    commit.insert("timestamp".into(), seconds(&at("/run/commit/created_at")));
    commit.insert("url".into(), at("/run/commit/url"));
    let account_name = account.as_str().unwrap_or_default();
    let stack = text("/stack/id").unwrap_or_default();
    let url = format!("https://{account_name}.app.spacelift.io/stack/{stack}");
    let run = text("/run/id").unwrap_or_default();
    let run_url = match text("/urls/run") {
        Some(url) => url.to_owned(),
        None => format!("{url}/run/{run}"),
    };
    let repository = match (text("/stack/namespace"), text("/stack/repository")) {
        (Some(owner), Some(name)) if !owner.is_empty() && !name.contains('/') => {
            json!(format!("{owner}/{name}"))
        }
        _ => at("/stack/repository"),
    };
    let or = |path: &str, other: Json| event.pointer(path).cloned().unwrap_or(other);
    json!({
        "account": account,
        "state": state,
        "stateVersion": versions + 1,
        "timestamp": changed.map(|ns| ns / 1_000_000_000),
        "timestamp_millis": changed.map(|ns| ns / 1_000_000),
        "run": {
            "id": at("/run/id"),
            "branch": at("/run/branch"),
            "commit": commit,
            "createdAt": seconds(&at("/run/created_at")),
            "delta": delta(event.pointer("/run/changes")),
            "driftDetection": or("/run/drift_detection", json!(false)),
            "triggeredBy": at("/run/triggered_by"),
            "type": at("/run/type"),
            "url": run_url,
        },
        "stack": {
            "id": at("/stack/id"),
            "name": at("/stack/name"),
            // Guess: neither is in the documented input; what a sample says of them is taken.
            "description": or("/stack/description", json!("")),
            "labels": or("/stack/labels", json!([])),
            "repository": repository,
            "url": url,
            "vcs": or("/stack/vcs", json!("GITHUB")),
        },
        "workerPool": {
            "public": or("/stack/worker_pool/public", json!(true)),
            "labels": or("/stack/worker_pool/labels", json!([])),
            "id": or("/stack/worker_pool/id", json!("")),
            "name": or("/stack/worker_pool/name", json!("")),
        },
        "event_source": "spacelift",
        "event_type": "run_state_changed_event",
    })
}

fn internal_error(event: &Json, account: Json) -> Json {
    let at = |path: &str| event.pointer(path).cloned().unwrap_or_default();
    json!({
        // Guess: the input has no title.
        "title": event.get("title").cloned().unwrap_or_else(|| json!("Internal error")),
        "body": at("/message"),
        "error": at("/error"),
        "severity": at("/severity"),
        "account": account,
    })
}

/// How many resources change: what a run plans, or nothing before it planned.
fn delta(changes: Option<&Json>) -> Json {
    let Some(changes) = changes.and_then(Json::as_array) else {
        return Json::Null;
    };
    let of = |actions: &[&str]| {
        let action = |change: &&Json| {
            let action = change.get("action").and_then(Json::as_str);
            action.is_some_and(|action| actions.contains(&action))
        };
        changes.iter().filter(action).count()
    };
    json!({
        "added": of(&["added", "import"]),
        "changed": of(&["changed", "destroy-Before-create-replaced", "create-Before-destroy-replaced"]),
        "deleted": of(&["deleted", "forget"]),
        "resources": changes.len(),
    })
}

/// Times are nanoseconds in inputs and seconds in bodies.
fn seconds(value: &Json) -> Json {
    match nanoseconds(value) {
        Some(ns) => json!(ns / 1_000_000_000),
        None => Json::Null,
    }
}

fn nanoseconds(value: &Json) -> Option<i64> {
    value.as_i64()
}

/// The same with keys in camel case and times in seconds.
fn camel(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(camel).collect(),
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| {
                    let value = match key.ends_with("_at") {
                        true => seconds(value),
                        false => camel(value),
                    };
                    (camel_key(key), value)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn camel_key(key: &str) -> String {
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}
