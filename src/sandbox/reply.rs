//! HTTP answers, as the shell sends them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::port::guesses;

/// The body of a 413.
pub(crate) fn too_large(limit: usize) -> Value {
    let message = format!("the body has more than {limit} bytes");
    json!({"ok": false, "error": guesses::TOO_LARGE, "message": message})
}

/// An answer of JSON.
pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    response(status, "application/json", body.to_string().into_bytes())
}

/// An answer of any kind.
pub(crate) fn response(status: u16, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
