//! `/_sandbox/…`: how a test looks at the sandbox and lets things go wrong. Needs no token.
//!
//! | route | does |
//! |---|---|
//! | `GET /_sandbox/requests` | `{"total", "writes", "entries": [{"service", "method", "path", "query"?, "operation", "status"}]}` |
//! | `DELETE /_sandbox/requests` | forgets them |
//! | `GET /_sandbox/state` | everything, secret texts as `{"sha256": hex}` |
//! | `GET`, `POST`, `DELETE /_sandbox/faults` | shows, adds (one [`Fault`] or a list), clears |
//! | `GET`, `POST /_sandbox/quirks` | shows, replaces [`Quirks`] |

use serde_json::{Value, json};

use super::fault::Fault;
use super::port::quirks::Quirks;
use super::server::Shared;

/// Answers one steering call: status and body.
pub(crate) fn answer(shared: &Shared, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let done = (200, json!({"ok": true}));
    match (method, path) {
        ("GET", "/_sandbox/requests") => (200, shared.journal.report()),
        ("DELETE", "/_sandbox/requests") => {
            shared.journal.reset();
            done
        }
        ("GET", "/_sandbox/state") => (200, shared.dump()),
        ("GET", "/_sandbox/faults") => (200, json!({"faults": shared.faults.snapshot()})),
        ("DELETE", "/_sandbox/faults") => {
            shared.faults.clear();
            done
        }
        ("POST", "/_sandbox/faults") => match faults(body) {
            Ok(faults) => {
                for fault in faults {
                    shared.faults.push(fault);
                }
                done
            }
            Err(error) => refused(&error),
        },
        ("GET", "/_sandbox/quirks") => (200, json!(shared.port().quirks)),
        ("POST", "/_sandbox/quirks") => match serde_json::from_slice::<Quirks>(body) {
            Ok(quirks) => {
                shared.port().quirks = quirks;
                done
            }
            Err(error) => refused(&error),
        },
        _ => (
            404,
            json!({"ok": false, "message": format!("no steering call {method} {path}")}),
        ),
    }
}

fn faults(body: &[u8]) -> serde_json::Result<Vec<Fault>> {
    match serde_json::from_slice(body)? {
        Value::Array(items) => items.into_iter().map(serde_json::from_value).collect(),
        item => Ok(vec![serde_json::from_value(item)?]),
    }
}

fn refused(error: &serde_json::Error) -> (u16, Value) {
    (422, json!({"ok": false, "message": error.to_string()}))
}
