//! The input document of notification policies (SA section 9): `account` and `webhook_endpoints` with every
//! event, and one key that says what happened. Names are in snake_case and times in nanoseconds, unlike
//! in the bodies of webhooks.

use serde_json::{Map, Value, json};

use super::bodies;
use super::commits::Commit;
use super::guesses;
use super::happenings::{Happening, InternalError};
use super::runs::{Run, Transition};
use super::stacks::Stack;
use super::state::SpaceliftState;

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;
const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// The whole document for a happening, with the webhooks as they are now.
pub(super) fn document(state: &SpaceliftState, happening: &Happening) -> Value {
    let webhooks = state.webhooks_usable_from(&happening.space);
    let endpoints: Vec<Value> = webhooks
        .into_iter()
        .map(|webhook| json!({"id": webhook.id, "labels": webhook.labels}))
        .collect();
    let mut document = Map::new();
    document.insert("account".into(), json!({"name": state.account}));
    document.insert("webhook_endpoints".into(), Value::from(endpoints));
    document.insert(happening.kind.key().into(), happening.input.clone());
    Value::Object(document)
}

/// What stands under `run_updated` when a run has come into the state it is in.
pub(super) fn run_updated(state: &SpaceliftState, stack: &Stack, run: &Run) -> Value {
    let last = run.history.last();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    json!({
        "state": run.state,
        "username": text(last.and_then(|last| last.username.as_ref())),
        "note": text(last.and_then(|last| last.note.as_ref())),
        "urls": {"run": bodies::run_url(&state.account, &stack.id, &run.id)},
        "timing": timing(&run.history),
        // The sandbox evaluates notification policies alone, so no other policy leaves a receipt.
        "policy_receipts": [],
        "plan_policy_decision": {"deny": [], "warn": []},
        "run": run_of(state, stack, run),
        "stack": stack_of(state, stack),
    })
}

/// What stands under `internal_error`.
pub(super) fn internal_error(error: &InternalError) -> Value {
    json!({"error": error.error, "message": error.message, "severity": error.severity})
}

fn run_of(state: &SpaceliftState, stack: &Stack, run: &Run) -> Value {
    let commit = Commit::of(stack, run.commit_sha.as_deref());
    let mut commit = commit_of(&commit, &run.branch);
    commit["exist_on_tracked_branch"] = json!(run.branch == stack.branch);
    commit["tag"] = json!("");
    commit["pull_request_id"] = Value::Null;
    let history: Vec<Value> = run
        .history
        .iter()
        .map(|t| json!({"state": t.state, "timestamp": nanoseconds(t)}))
        .collect();
    json!({
        "id": run.id,
        "type": run.run_type,
        "state": run.state,
        "branch": run.branch,
        "command": run.command.as_deref().unwrap_or(""),
        "commit": commit,
        "created_at": run.history.first().map(nanoseconds),
        "updated_at": run.history.last().map(nanoseconds),
        "triggered_by": run.triggered_by,
        "drift_detection": run.drift_detection,
        "flags": [],
        "based_on_local_workspace": false,
        "creator_session": creator_session(state, stack, run),
        "runtime_config": runtime_config(stack),
        "changes": changes(run),
        "policy_receipts": [],
        "states_history": history,
        "user_provided_metadata": [],
    })
}

fn stack_of(state: &SpaceliftState, stack: &Stack) -> Value {
    let commit = Commit::of(stack, None);
    // A stack's own state, after this very change (SA section 13).
    let deciding = state.deciding_run(&stack.id);
    json!({
        "id": stack.id,
        "name": stack.name,
        "space": space_of(state, &stack.space),
        "labels": stack.labels,
        "repository": stack.repository,
        "namespace": stack.namespace,
        "branch": stack.branch,
        "state": deciding.map_or("NONE", |run| run.state.as_str()),
        "administrative": false,
        "autodeploy": stack.autodeploy,
        "autoretry": false,
        "locked_by": null,
        "project_root": stack.project_root,
        "roles": [],
        "terraform_version": null,
        "tracked_commit": commit_of(&commit, &stack.branch),
        "worker_pool": guesses::worker_pool(),
    })
}

/// A space as policies see it.
pub(super) fn space_of(state: &SpaceliftState, id: &str) -> Value {
    match state.spaces.get(id) {
        Some(space) => json!({"id": space.id, "name": space.name, "labels": space.labels}),
        None => json!({"id": id, "name": id, "labels": []}),
    }
}

/// A commit as policies see it.
pub(super) fn commit_of(commit: &Commit, branch: &str) -> Value {
    json!({
        "author": commit.author_login,
        "branch": branch,
        "created_at": commit.timestamp.saturating_mul(NANOSECONDS_PER_SECOND),
        "hash": commit.hash,
        "message": commit.message,
        "url": commit.url,
    })
}

/// Who started the run; null for a git push (guess).
fn creator_session(state: &SpaceliftState, stack: &Stack, run: &Run) -> Value {
    let Some(login) = &run.triggered_by else {
        return Value::Null;
    };
    let key = login.strip_prefix("api::");
    let key = key.and_then(|id| state.api_keys.get(id));
    json!({
        "account_name": state.account,
        "admin": true,
        "creator_ip": guesses::CREATOR_IP,
        "login": login,
        "machine": key.is_some(),
        "member": key.is_none(),
        "name": key.map_or(login.as_str(), |key| key.name.as_str()),
        "stack_id": stack.id,
        "teams": [],
    })
}

fn runtime_config(stack: &Stack) -> Value {
    json!({
        "after_apply": [],
        "after_destroy": [],
        "after_init": [],
        "after_perform": [],
        "after_plan": [],
        "after_run": [],
        "before_apply": [],
        "before_destroy": [],
        "before_init": [],
        "before_perform": [],
        "before_plan": [],
        "environment": {},
        "project_root": stack.project_root.as_deref().unwrap_or(""),
        "runner_image": guesses::RUNNER_IMAGE,
        "terraform_version": guesses::TERRAFORM_VERSION,
    })
}

/// The resources that the run's plan has found, as far as they fit.
fn changes(run: &Run) -> Value {
    let Some(delta) = run.delta else {
        return json!([]);
    };
    let was_applied = run.history.iter().any(|t| t.state == "APPLYING");
    let phase = if was_applied { "apply" } else { "plan" };
    let kinds = [
        ("added", delta.added),
        ("changed", delta.changed),
        ("deleted", delta.deleted),
    ];
    let all = kinds
        .into_iter()
        .flat_map(|(action, count)| (0..count).map(move |number| (action, number)));
    all.take(guesses::CHANGES_SHOWN)
        .map(|(action, number)| {
            json!({
                "action": action,
                "moved": false,
                "phase": phase,
                "entity": guesses::entity(action, number),
            })
        })
        .collect()
}

/// How long the run was in each state that it has left.
fn timing(history: &[Transition]) -> Vec<Value> {
    let pairs = history.iter().zip(history.iter().skip(1));
    pairs
        .map(|(entered, left)| {
            let duration = nanoseconds(left).saturating_sub(nanoseconds(entered));
            json!({"state": entered.state, "duration": duration})
        })
        .collect()
}

fn nanoseconds(transition: &Transition) -> i64 {
    let seconds = transition.at.saturating_mul(NANOSECONDS_PER_SECOND);
    let rest = transition
        .millisecond
        .saturating_mul(NANOSECONDS_PER_MILLISECOND);
    seconds.saturating_add(rest)
}
