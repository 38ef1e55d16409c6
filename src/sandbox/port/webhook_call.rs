//! The call of a WEBHOOK: what is sent, and what the answer makes of the run (PA sections 3 and 7).

use serde_json::{Value, json};
use url::Url;

use super::invocation::End;
use super::{guesses, token};
use crate::sandbox::CLIENT_SECRET;
use crate::sandbox::outbound::Outgoing;
use crate::sandbox::server::Shared;
use crate::sim::signature;

/// Sends what a rendered invocation says; `shown` is the same without secrets.
pub(super) async fn call(
    shared: &Shared,
    (method, shown): (&Value, &Value),
    roots: &Value,
    depth: u32,
) -> End {
    if is_true(&method["agent"]) {
        return End::open(Some("the call waits for an agent".to_owned()));
    }
    let Some(url) = method["url"].as_str() else {
        return End::failure("the URL is not a text");
    };
    let verb = method["method"].as_str().unwrap_or("POST");
    let body = match method.get("body").filter(|body| !body.is_null()) {
        Some(body) => body.to_string().into_bytes(),
        None if verb == "GET" => Vec::new(),
        None => guesses::default_body(method, roots)
            .to_string()
            .into_bytes(),
    };
    let outgoing = Outgoing {
        method: verb.to_owned(),
        url: url.to_owned(),
        headers: headers(shared, method, url, &body),
        body,
        depth,
    };
    let is_awaited = is_true(&method["synchronized"]);
    match shared.outbound.send(outgoing).await {
        Err(unsent) if is_public(method, shown) => End::failure(unsent.to_string()),
        Err(unsent) => End::failure(unsent.without_names().to_string()),
        Ok(received) if !is_awaited => End::open(Some(format!(
            "the backend answered {}; it will report by itself",
            received.status
        ))),
        Ok(received) => {
            let is_success = (200..300).contains(&received.status);
            let response = serde_json::from_slice(&received.body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&received.body).into());
            End {
                status: Some(if is_success { "SUCCESS" } else { "FAILURE" }),
                response: Some(response),
                line: Some(format!("the backend answered {}", received.status)),
            }
        }
    }
}

/// The headers of the invocation, the signature, and for Port's own API a token of the organization.
fn headers(shared: &Shared, method: &Value, url: &str, body: &[u8]) -> Vec<(String, String)> {
    let given = method["headers"].as_object().into_iter().flatten();
    let mut headers: Vec<(String, String)> = given
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name.clone(), text.clone())),
            other => Some((name.clone(), other.to_string())),
        })
        .collect();
    let has = |headers: &[(String, String)], name: &str| {
        headers
            .iter()
            .any(|(one, _)| one.eq_ignore_ascii_case(name))
    };
    if !has(&headers, "content-type") && !body.is_empty() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let now = shared.now();
    if shared.outbound.is_port_api(url) && !has(&headers, "authorization") {
        let mut state = shared.port();
        let token = token::of_organization(&mut state, &shared.dice, now);
        shared.keep_or_warn(&mut state, 0);
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    let seconds = u64::try_from(now / 1000).unwrap_or(0);
    let signature = signature::port(CLIENT_SECRET, seconds, body);
    headers.extend(signature.map(|(name, value)| (name.to_owned(), value)));
    headers
}

/// Whether no secret stands in the origin or in the names of headers, which failures tell.
fn is_public(method: &Value, shown: &Value) -> bool {
    let origin = |method: &Value| {
        let url = Url::parse(method["url"].as_str()?).ok()?;
        Some(url.origin())
    };
    let names = |method: &Value| -> Vec<String> {
        let headers = method["headers"].as_object();
        headers.map_or_else(Vec::new, |headers| headers.keys().cloned().collect())
    };
    origin(method) == origin(shown) && names(method) == names(shown)
}

/// `true`, or a template that became it.
fn is_true(flag: &Value) -> bool {
    flag == &json!(true) || flag == "true"
}
