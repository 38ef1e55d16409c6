//! What a fault makes of an answer: errors of all sorts, and answers of which only a half arrives.
//!
//! Which request it hits is decided in `fault`; cutting connections is in `cut`, answers that
//! are right but unusual in `disguise`.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::fault::{Effect, Promise, Reset, Service, When};
use super::port::{Departure, ItemRefusal};
use super::reply::{json_response, response};
use super::spacelift::Paging;

/// How many requests are left, and when there are more (PA section 1).
const REMAINING: &str = "x-ratelimit-remaining";
/// See [`REMAINING`].
const RESET: &str = "x-ratelimit-reset";

/// Whether an effect replaces the answer.
pub(crate) fn is_failure(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Status { .. }
            | Effect::Cut { .. }
            | Effect::RateLimit { .. }
            | Effect::BadGateway { .. }
            | Effect::Html { .. }
    )
}

/// Whether the request took effect all the same.
pub(crate) fn when(effect: &Effect) -> When {
    match effect {
        Effect::Status { when, .. }
        | Effect::Html { when, .. }
        | Effect::Cut { when }
        | Effect::BadGateway { when } => *when,
        _ => When::Before,
    }
}

/// What is wrong with pages.
pub(crate) fn paging(effects: &[Effect]) -> Paging {
    let mut paging = Paging::default();
    for effect in effects {
        match effect {
            Effect::Pages { size } => paging.limit = Some((*size).max(1)),
            Effect::ShiftPage { by } => paging.shift = *by,
            _ => {}
        }
    }
    paging
}

/// What Port does differently.
pub(crate) fn departure(effects: &[Effect]) -> Departure {
    let paging = paging(effects);
    let refusals = effects.iter().filter_map(|effect| match effect {
        Effect::RefuseItems {
            every,
            identifiers,
            status,
            error,
            message,
            when,
        } => Some(ItemRefusal {
            every: *every,
            identifiers: identifiers.clone(),
            status: *status,
            error: error.clone(),
            message: message.clone(),
            is_written: *when == When::After,
        }),
        _ => None,
    });
    Departure {
        page_limit: paging.limit,
        page_shift: paging.shift,
        refusals: refusals.collect(),
    }
}

/// Says in the headers of an answer that it was the last of its window, if it was.
pub(crate) fn end_window(response: &mut Response, effects: &[Effect], now: i64) {
    for effect in effects {
        if let Effect::LastOfWindow { reset, seconds } = effect {
            response.headers_mut().remove(RESET);
            tell_reset(response, *reset, *seconds, now);
            let remaining = HeaderName::from_static(REMAINING);
            response
                .headers_mut()
                .insert(remaining, HeaderValue::from(0));
        }
    }
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
        Effect::BadGateway { .. } => page(502),
        Effect::Html { status, .. } => page(*status),
        // The connection is cut before this is written.
        _ => Response::new(Body::empty()),
    }
}

/// A page as proxies answer with it.
fn page(status: u16) -> Response {
    let name = StatusCode::from_u16(status).ok();
    let name = name.and_then(|status| status.canonical_reason());
    let title = format!("{status} {}", name.unwrap_or("Error"));
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    response(status, "text/html", page.into_bytes())
}

/// What arrives of an answer that breaks off in the middle, and whether the rest was promised.
pub(crate) async fn half(said: Response, effects: &[Effect]) -> (Response, bool) {
    let promises = effects.iter().find_map(|effect| match effect {
        Effect::Half { promises } => Some(*promises),
        _ => None,
    });
    match promises {
        None => (said, false),
        Some(Promise::Whole) => (said, true),
        Some(Promise::Half) => {
            let (head, body) = said.into_parts();
            // Answers are in memory as a whole, so that reading them does not fail.
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let kept = body.slice(..body.len() / 2);
            (Response::from_parts(head, Body::from(kept)), false)
        }
    }
}

fn limited(reset: Reset, seconds: u64, now: i64) -> Response {
    let body = json!({"ok": false, "error": "too_many_requests", "message": "Too many requests"});
    let mut limited = json_response(429, &body);
    tell_reset(&mut limited, reset, seconds, now);
    if matches!(reset, Reset::Epoch | Reset::Delay) {
        let remaining = HeaderName::from_static(REMAINING);
        limited
            .headers_mut()
            .insert(remaining, HeaderValue::from(0));
    }
    limited
}

fn tell_reset(response: &mut Response, reset: Reset, seconds: u64, now: i64) {
    let seconds_now = u64::try_from(now / 1000).unwrap_or(0);
    let (name, value) = match reset {
        Reset::Epoch => (RESET, seconds_now + seconds),
        Reset::Delay => (RESET, seconds),
        Reset::RetryAfter => ("retry-after", seconds),
        Reset::Silent => return,
    };
    let name = HeaderName::from_static(name);
    response
        .headers_mut()
        .insert(name, HeaderValue::from(value));
}
