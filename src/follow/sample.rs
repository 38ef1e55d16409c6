//! Samples: events to look at a project with before one has come.
//!
//! Input documents as SA section 9 describes them, in words of our own. The run is one of a stack
//! that no account has, in the space of the project's first notification policy.

use serde_json::{Value as Json, json};

use crate::follow::wiring::Wiring;
use crate::kinds::Role;

/// 2026-01-01T00:00:00Z in nanoseconds: inputs have those.
const CREATED: i64 = 1_767_225_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// An event that can be asked for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// A tracked run waits for a worker.
    Queued,
    /// A tracked run ended well.
    Finished,
    /// A tracked run failed.
    Failed,
    /// The run of a pull request ended well.
    Proposed,
    /// Something went wrong in Spacelift.
    InternalError,
}

impl Sample {
    /// The input document.
    pub fn input(self, wiring: &Wiring<'_>) -> Json {
        match self {
            Sample::Queued => run(wiring, "QUEUED", "TRACKED", &[]),
            Sample::Finished => run(wiring, "FINISHED", "TRACKED", &AFTER),
            Sample::Failed => run(wiring, "FAILED", "TRACKED", &AFTER[..2]),
            Sample::Proposed => run(wiring, "FINISHED", "PROPOSED", &AFTER[..2]),
            Sample::InternalError => json!({ "internal_error": {
                "error": "timeout",
                "message": "could not reach the worker pool",
                "severity": "ERROR",
            } }),
        }
    }
}

/// The states before the last one.
const AFTER: [&str; 4] = ["QUEUED", "PREPARING", "PLANNING", "APPLYING"];

fn run(wiring: &Wiring<'_>, state: &str, run_type: &str, before: &[&str]) -> Json {
    let policies = wiring.playing(Role::Policy);
    let mut notifying = policies.filter(|p| p.text("/type") == Some("NOTIFICATION"));
    let space = notifying.next().and_then(|policy| policy.text("/space"));
    let space = space.unwrap_or("root");
    let account = wiring.desired().config.account.as_deref();
    let account = account.unwrap_or("account");
    let branch = match run_type {
        "PROPOSED" => "change",
        _ => "main",
    };
    let stack = format!("https://{account}.app.spacelift.io/stack/sample-stack");
    let timing = before
        .iter()
        .map(|state| json!({ "state": state, "duration": 2 * SECOND }));
    json!({ "run_updated": {
        "state": state,
        "username": "sample",
        "note": "",
        "urls": { "run": format!("{stack}/run/01SAMPLERUN") },
        "timing": timing.collect::<Vec<_>>(),
        "policy_receipts": [],
        "run": {
            "id": "01SAMPLERUN",
            "type": run_type,
            "state": state,
            "branch": branch,
            "commit": {
                "author": "sample",
                "branch": branch,
                "created_at": CREATED - 60 * SECOND,
                "hash": "0123456789abcdef0123456789abcdef01234567",
                "message": "A sample commit",
                "url": "https://github.com/sample/infrastructure/commit/0123456",
                "exist_on_tracked_branch": run_type == "TRACKED",
            },
            "created_at": CREATED,
            "updated_at": CREATED + 30 * SECOND,
            "triggered_by": null,
            "drift_detection": false,
            "flags": [],
            "changes": [],
            "policy_receipts": [],
        },
        "stack": {
            "id": "sample-stack",
            "name": "Sample stack",
            "space": { "id": space, "name": space, "labels": [] },
            "labels": ["sample"],
            "namespace": "sample",
            "repository": "infrastructure",
            "branch": "main",
            "state": state,
            "administrative": false,
            "project_root": "",
        },
    } })
}
