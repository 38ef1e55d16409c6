//! Inputs of notification policies with every field that Spacelift documents (SA section 9), to evaluate
//! a policy without an event at hand.
//!
//! Deliberately not here: events of a project; `follow` makes those.

use serde_json::{Value, json};

/// The webhook that the samples offer.
const ENDPOINT: &str = "sample-webhook";

/// 2026-01-01T00:00:00Z, in nanoseconds.
const TIME: u64 = 1_767_225_600_000_000_000;

/// One input of each kind, with what it is called: a run, a version of a module, an internal error.
pub fn samples() -> Vec<(&'static str, Value)> {
    vec![
        ("run_updated", run("FINISHED", "TRACKED")),
        ("module_version", module("ACTIVE")),
        ("internal_error", error("ERROR")),
    ]
}

/// A run of a type that comes into a state.
pub fn run(state: &str, run_type: &str) -> Value {
    let failed = state == "FAILED";
    let pull_request = run_type == "PROPOSED";
    let branch = if pull_request { "feature" } else { "main" };
    let commit = json!({
        "author": "octocat", "branch": branch, "created_at": TIME, "message": "Add a bucket",
        "hash": "87c5ffdcf063445657c7082a447cb6a7d60f2c9d", "tag": "",
        "url": "https://github.com/acme/infra/commit/87c5ffd",
        "exist_on_tracked_branch": !pull_request, "pull_request_id": pull_request.then_some(7),
    });
    let receipts = json!([{
        "type": "PLAN", "name": "guard", "flags": ["sample"],
        "outcome": if failed { "deny" } else { "allow" },
    }]);
    let space = json!({"id": "root", "name": "root", "labels": ["sample"]});
    event(
        "run_updated",
        json!({
            "state": state, "username": "octocat", "note": "",
            "urls": {"run": "https://acme.app.spacelift.io/stack/sample/run/01SAMPLE"},
            "timing": [{"state": "PLANNING", "duration": 2_000_000_000_u64}],
            "policy_receipts": receipts,
            "plan_policy_decision": {"deny": if failed { vec!["no"] } else { vec![] }, "warn": ["careful"]},
            "run": {
                "id": "01SAMPLE", "type": run_type, "state": state, "branch": branch,
                "command": "", "commit": commit, "created_at": TIME, "updated_at": TIME,
                "triggered_by": "octocat", "drift_detection": false, "flags": ["sample"],
                "based_on_local_workspace": false, "policy_receipts": receipts,
                "creator_session": {
                    "admin": false, "creator_ip": "192.0.2.1", "login": "octocat", "name": "Octo Cat",
                    "teams": ["platform"], "machine": false, "member": true,
                },
                "runtime_config": {
                    "environment": {}, "project_root": "", "runner_image": "", "terraform_version": "1.5.7",
                },
                "changes": [{
                    "action": "added", "moved": false, "phase": "plan",
                    "entity": {
                        "address": "aws_s3_bucket.logs", "name": "logs", "type": "aws_s3_bucket",
                        "entity_type": "resource", "entity_vendor": "terraform", "data": {},
                    },
                }],
                "user_provided_metadata": ["sample"],
            },
            "stack": {
                "id": "sample", "name": "sample", "space": space, "labels": ["sample"],
                "repository": "infra", "namespace": "acme", "branch": "main", "state": state,
                "administrative": false, "autodeploy": true, "autoretry": false, "locked_by": null,
                "project_root": "", "terraform_version": "1.5.7", "tracked_commit": commit,
                "roles": [], "worker_pool": {"public": true, "id": "", "name": "", "labels": []},
            },
        }),
    )
}

/// A version of a module in a state: `ACTIVE` or `FAILED`.
pub fn module(state: &str) -> Value {
    let commit = json!({
        "author": "octocat", "branch": "main", "created_at": TIME, "message": "Release",
        "hash": "87c5ffdcf063445657c7082a447cb6a7d60f2c9d",
        "url": "https://github.com/acme/module/commit/87c5ffd",
    });
    let test_state = if state == "ACTIVE" {
        "FINISHED"
    } else {
        "FAILED"
    };
    event(
        "module_version",
        json!({
            "module": {
                "id": "sample", "administrative": false, "branch": "main", "labels": ["sample"],
                "namespace": "acme", "name": "sample", "project_root": "", "repository": "module",
                "terraform_provider": "aws",
                "space": {"id": "root", "name": "root", "labels": ["sample"]},
                "worker_pool": {"public": true, "id": "", "name": "", "labels": []},
            },
            "version": {
                "id": "01VERSION", "number": "1.0.0", "state": state, "latest": true,
                "commit": commit, "created_at": TIME,
                "test_runs": [{
                    "id": "01TEST", "title": "sample", "state": test_state,
                    "created_at": TIME, "updated_at": TIME,
                }],
            },
        }),
    )
}

/// An internal error of a severity: `INFO`, `WARNING` or `ERROR`.
pub fn error(severity: &str) -> Value {
    event(
        "internal_error",
        json!({"error": "policy evaluation failed", "message": "sample", "severity": severity}),
    )
}

fn event(kind: &str, content: Value) -> Value {
    let mut input = json!({
        "account": {"name": "acme"},
        "webhook_endpoints": [{"id": ENDPOINT, "labels": ["sample"]}],
    });
    input[kind] = content;
    input
}
