//! Who may ask the sandbox anything: programs of this machine, which name it as such, and pages that come
//! from it. So neither a name that was made to lead here nor a page in somebody's browser reaches it.
//!
//! Credentials are checked by the services themselves.

use axum::http::{HeaderMap, HeaderName, header};

/// The header `Host` of a request that may be answered: it names this machine, and so does `Origin` if a
/// browser sent one.
pub(crate) fn admitted(headers: &HeaderMap) -> Option<&str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let host = text(header::HOST).filter(|host| is_loopback(host))?;
    match text(header::ORIGIN).map(|origin| origin.split_once("://")) {
        None => Some(host),
        Some(Some((_, page))) if is_loopback(page) => Some(host),
        Some(_) => None,
    }
}

/// Whether `HOST:PORT` is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "127.0.0.1" || name == "::1" || name.eq_ignore_ascii_case("localhost")
}
