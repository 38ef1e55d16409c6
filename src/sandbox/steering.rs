//! `/_sandbox/…`: how a test looks at the sandbox and lets things go wrong. Needs no token.
//!
//! | route | does |
//! |---|---|
//! | `GET /_sandbox/requests` | `{"total", "writes", "entries": [{"by"?, "service", "method", "path", "query"?, "operation", "status"}]}`; calls of the sandbox itself have `"by": "sandbox"` and are not in the numbers |
//! | `DELETE /_sandbox/requests` | forgets them |
//! | `POST /_sandbox/settle` | answers when everything that was caused has happened, or 504 after 60 s |
//! | `GET /_sandbox/deliveries` | the latest deliveries to the intake: `{"deliveries": [{"webhook", "at", "verdict": "mapped" or "dropped", "why"?, "help"?, "faults"?, "steps": [{"mapping", "item", "blueprint"?, "identifier"?, "outcome", "why"?, "faults"}]}]}`; several identifiers are a list |
//! | `POST /_sandbox/timers` | fires the timer properties that have run out; no clock does it, but moving it with `clock_offset` does |
//! | `GET /_sandbox/state` | everything, secret texts as `{"sha256": hex}` |
//! | `GET`, `POST`, `DELETE /_sandbox/faults` | shows, adds (one [`Fault`] or a list), clears and lets go what is held |
//! | `GET`, `POST /_sandbox/quirks` | shows, replaces [`Quirks`] |
//!
//! What is about the Spacelift account is answered by `spacelift::steering`.

use std::time::Duration;

use serde_json::{Value, json};

use super::fault::Fault;
use super::port::{self, quirks::Quirks};
use super::server::Shared;
use super::spacelift;

/// How long a settling is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers one steering call: status and body.
pub(crate) async fn answer(shared: &Shared, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let done = (200, json!({"ok": true}));
    match (method, path) {
        ("GET", "/_sandbox/requests") => (200, shared.journal.report()),
        ("DELETE", "/_sandbox/requests") => {
            shared.journal.reset();
            done
        }
        ("POST", "/_sandbox/settle") => {
            match tokio::time::timeout(PATIENCE, shared.events.settle()).await {
                Ok(()) => done,
                Err(_) => (
                    504,
                    json!({"ok": false, "message": "something is still going on after 60 s"}),
                ),
            }
        }
        ("GET", "/_sandbox/deliveries") => {
            let deliveries = port::deliveries(&shared.port());
            (200, json!({"deliveries": deliveries}))
        }
        ("POST", "/_sandbox/timers") => (
            200,
            json!({"ok": true, "fired": port::expire_timers(shared)}),
        ),
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
                // The clock may have moved past some of them.
                port::expire_timers(shared);
                done
            }
            Err(error) => refused(&error),
        },
        _ => spacelift::steering::answer(shared, method, path, body).unwrap_or_else(|| {
            let message = format!("no steering call {method} {path}");
            (404, json!({"ok": false, "message": message}))
        }),
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
