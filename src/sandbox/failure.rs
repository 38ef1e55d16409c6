//! What a fault makes of an answer: errors of all sorts.
//!
//! Which request it hits is decided in `fault`; cutting connections is in `cut`, answers that
//! are right but unusual in `disguise`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::json;

use super::fault::{Effect, Reset, Service, When};
use super::reply::{json_response, response};

/// Whether an effect replaces the answer.
pub(crate) fn is_failure(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Status { .. }
            | Effect::Cut { .. }
            | Effect::RateLimit { .. }
            | Effect::BadGateway { .. }
    )
}

/// Whether the request took effect all the same.
pub(crate) fn when(effect: &Effect) -> When {
    match effect {
        Effect::Status { when, .. } | Effect::Cut { when } | Effect::BadGateway { when } => *when,
        _ => When::Before,
    }
}

/// The size of pages, if they are cut short.
pub(crate) fn page_limit(effects: &[Effect]) -> Option<usize> {
    effects.iter().find_map(|effect| match effect {
        Effect::Pages { size } => Some((*size).max(1)),
        _ => None,
    })
}

/// The answer that a failure puts in place of the service's own.
pub(crate) fn answer(effect: &Effect, service: Service, now: i64) -> Response {
    match effect {
        Effect::Status { status, .. } => {
            let body = match service {
                Service::Spacelift => json!({"errors": [{"message": "sandbox fault"}]}),
                _ => {
                    json!({"ok": false, "error": "internal_error", "message": "sandbox fault"})
                }
            };
            json_response(*status, &body)
        }
        Effect::RateLimit { reset, seconds } => limited(*reset, *seconds, now),
        Effect::BadGateway { .. } => {
            let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                        <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
            response(502, "text/html", page.as_bytes().to_vec())
        }
        // The connection is cut before this is written.
        _ => Response::new(Body::empty()),
    }
}

fn limited(reset: Reset, seconds: u64, now: i64) -> Response {
    let body = json!({"ok": false, "error": "too_many_requests", "message": "Too many requests"});
    let mut limited = json_response(429, &body);
    let seconds_now = u64::try_from(now / 1000).unwrap_or(0);
    let (name, value) = match reset {
        Reset::Epoch => ("x-ratelimit-reset", seconds_now + seconds),
        Reset::Delay => ("x-ratelimit-reset", seconds),
        Reset::RetryAfter => ("retry-after", seconds),
        Reset::Silent => return limited,
    };
    let headers = limited.headers_mut();
    headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    if reset != Reset::RetryAfter {
        headers.insert("x-ratelimit-remaining", HeaderValue::from(0));
    }
    limited
}
