//! What a webhook is sent when no rule says otherwise (SA section 11). Names are in camelCase and times in
//! seconds, unlike in the policies' input document. The order of keys is the one of the captured body.

use serde_json::{Value, json};

use super::commits::Commit;
use super::guesses;
use super::happenings::InternalError;
use super::runs::Run;
use super::stacks::Stack;
use super::state::SpaceliftState;

/// The body when a run has come into the state it is in; `now` in milliseconds. There is no space in it
/// and no branch of the stack.
pub(super) fn run_state_changed(
    state: &SpaceliftState,
    stack: &Stack,
    run: &Run,
    now: i64,
) -> Value {
    let commit = Commit::of(stack, run.commit_sha.as_deref());
    let delta = run.delta.map(|delta| {
        json!({
            "added": delta.added,
            "changed": delta.changed,
            "deleted": delta.deleted,
            "resources": delta.resources,
        })
    });
    let mut body = json!({
        "account": state.account,
        "state": run.state,
        "stateVersion": run.version(),
        "timestamp": now.div_euclid(1000),
        "timestamp_millis": now,
        "run": {
            "id": run.id,
            "branch": run.branch,
            "commit": {
                "authorLogin": commit.author_login,
                "authorName": commit.author_name,
                "hash": commit.hash,
                "message": commit.message,
                "timestamp": commit.timestamp,
                "url": commit.url,
            },
            "createdAt": run.created_at,
            "delta": delta,
            "driftDetection": run.drift_detection,
            "triggeredBy": run.triggered_by,
            "type": run.run_type,
            "url": run_url(&state.account, &stack.id, &run.id),
        },
        "stack": {
            "id": stack.id,
            "name": stack.name,
            "description": stack.description.as_deref().unwrap_or(""),
            "labels": stack.labels,
            "repository": full_repository(stack),
            "url": stack_url(&state.account, &stack.id),
            "vcs": stack.provider,
        },
        "workerPool": guesses::worker_pool(),
        "event_source": "spacelift",
        "event_type": "run_state_changed_event",
    });
    // The vendor's own client knows two more keys; the captured body of a run without them has neither.
    if let Some(command) = &run.command {
        body["run"]["command"] = json!(command);
    }
    if let Some(note) = run.history.last().and_then(|last| last.note.as_ref()) {
        body["run"]["note"] = json!(note);
    }
    body
}

/// The body of an error of the service.
pub(super) fn internal_error(state: &SpaceliftState, error: &InternalError) -> Value {
    json!({
        "title": error.title,
        "body": error.message,
        "error": error.error,
        "severity": error.severity,
        "account": state.account,
    })
}

/// The page of a run.
pub(super) fn run_url(account: &str, stack: &str, run: &str) -> String {
    format!("{}/run/{run}", stack_url(account, stack))
}

fn stack_url(account: &str, stack: &str) -> String {
    format!("https://{account}.app.spacelift.io/stack/{stack}")
}

/// Owner and name, which GraphQL keeps apart.
fn full_repository(stack: &Stack) -> String {
    match stack.namespace.as_str() {
        "" => stack.repository.clone(),
        owner => format!("{owner}/{}", stack.repository),
    }
}
