//! Every decision of the Spacelift half that no source shows, in one place: somebody with an account
//! can check this file line by line (SA section 16). Documented behaviour is not here.
//!
//! Guesses that have no number or text of their own, and so show as the shape of the code:
//! - without a session single objects are not there (`null`, or `not found` for a named webhook), `name`
//!   is null and attachments by label count nothing;
//! - `oauthUser` is null, because no GitHub token is known; `logout` without a session is null;
//! - an optional setting that a stack update leaves out goes back to its default, the space stays;
//! - a legacy webhook's null secret keeps, `""` erases, as for named webhooks; null `retryOnFailure` keeps;
//! - deleting headers ignores unknown names; names are compared as stored;
//! - switching a webhook on again starts a new count of failures;
//! - a stack's state is the one of the run that others wait for, else of its newest run that is not proposed;
//! - `runTrigger` with `forceApply` applies changes without anybody's word; a run that plans has its `delta`
//!   from the first state on that needs a finished plan;
//! - all policies in reach see one document, whose `webhook_endpoints` are those that are enabled and usable
//!   from the space of the event; several policies yield deliveries each, in the order of their ids, after
//!   those of the stack's own webhooks;
//! - `username` and `note` are `""` where nobody did or said anything, `creator_session` is null for a git
//!   push; `timing` has the states that the run has left;
//! - an `endpoint_id` that cannot be used and an evaluation that fails are internal errors in the space of the
//!   policy; while an internal error is told they end in the inbox;
//! - every answer but 2xx, and none at all, is a failed delivery; a stack's own webhook is never switched off;
//! - a body without a secret is signed with an empty key; a rule cannot set the signatures;
//! - a proposed run changes neither the stack's state nor `runs`, which lists all others;
//! - whatever account a URL names, `https://ACCOUNT.app.spacelift.io/graphql` is the one account there is, so
//!   that projects need not be changed; links name it by its own name, which is `sandbox` unless it was given another;
//! - `parentSpace: ""` means `root`; a LOGIN policy without a space goes to `root`;
//! - several values in one constraint are "any of", several predicates are "and"; ordering by an unknown
//!   field is no order; `after: ""` is the beginning;
//! - labels are sets: repeated ones are stored once, except on stacks, which refuse them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::happenings::InternalError;
use super::inbox::Message;
use super::runs::Delta;
use super::secret::sha256_hex;
use crate::sim::job::Fault;

/// How long a token lives, in seconds. The sources say one hour and ten hours; the shorter one finds
/// more mistakes (SA section 2).
pub const TOKEN_LIFE_SECONDS: i64 = 3600;

/// The fraction of a second in `iat`, `nbf` and `exp`: that they are fractional is known (SA section 2),
/// how much is not.
pub const TOKEN_TIME_FRACTION: f64 = 0.25;

/// The claim `adm` of a token: the sandbox's keys are administrators.
pub const TOKEN_ADMIN: bool = true;

/// The claim `avt` of a token, whose meaning nobody shows.
pub const TOKEN_AVT: &str = "";

/// `viewer { type }` for a key.
pub const VIEWER_TYPE: &str = "api-key";

/// `space { accessLevel }`, by the role names.
pub const ACCESS_LEVEL: &str = "ADMIN";

/// Whether the space `legacy` can use what lies in `root`.
pub const LEGACY_INHERITS: bool = true;

/// The message for a wrong key secret (SA section 2).
pub const WRONG_SECRET: &str = "unauthorized";

/// The HTTP status of a request whose document does not parse or validate. Go servers answer 200 or 422;
/// SA section 3 knows 200 for every other GraphQL error.
pub const INVALID_DOCUMENT_STATUS: u16 = 200;

/// The HTTP status of a body that is not `{"query": text}` at all.
pub const NOT_A_REQUEST_STATUS: u16 = 400;

/// `policyRuntime.openPolicyAgentVersion`.
pub const OPEN_POLICY_AGENT_VERSION: &str = "1.0.0";

/// Page length when `first` is absent, null, or not positive; every client asks for 50 (SA section 4).
pub const PAGE_DEFAULT: usize = 50;

/// The longest page that is served whatever `first` says (SA section 4: unknown).
pub const PAGE_MAXIMUM: usize = 100;

/// The message for an `after` that this service did not issue.
pub const BAD_CURSOR: &str = "invalid cursor";

/// How many runs `stack { runs }` holds at once (SA section 4: the server's own size).
pub const RUNS_PAGE: usize = 50;

/// How many targets `autoattachmentForLabels` samples; "at most 100" is documented.
pub const AUTOATTACH_SAMPLE: usize = 100;

/// What `namedWebhooksIntegration { secret }` shows: never the text; null rather than `""`
/// (SA section 16).
pub const WEBHOOK_SECRET_SHOWN: Option<&str> = None;

/// Refusal of an endpoint; the text is proven for the audit-trail webhook alone (SA section 3).
pub const BAD_ENDPOINT: &str = "endpoint must be a valid URL";

/// How a named webhook is called in `could not persist …` (SA section 16: its text is unknown).
pub const WEBHOOK_NOUN: &str = "named webhooks integration";

/// Refusal of a second legacy webhook with the same endpoint on one stack (SA section 5: "must").
pub const STACK_ENDPOINT_TAKEN: &str =
    "could not persist webhooks integration: endpoint must be unique within the stack";

/// Refusal of a name that has no character a slug can keep.
pub const EMPTY_SLUG: &str = "name must contain at least one letter or digit";

/// Refusal of a policy body that its engine would not load (SA section 8: the text is unknown), with line
/// and column where they can be told.
pub fn bad_body(fault: &Fault, body: &str) -> String {
    let place = fault.span.as_ref().and_then(|span| body.get(..span.start));
    let place = place.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{line}:{column}: ")
    });
    format!(
        "could not persist policy: invalid policy body: {place}{}",
        fault.message
    )
}

/// Whether a policy update without `labels` or `description` clears them. Nobody shows it; clearing finds
/// the client that does not send all (SA section 8). Space and engine have no empty value and are kept.
pub const POLICY_UPDATE_CLEARS_ABSENT: bool = true;

/// Refusal of `policyAttach` for a LOGIN policy (SA section 8: that it is refused is known).
pub const LOGIN_NOT_ATTACHABLE: &str = "login policies cannot be attached to stacks";

/// Refusal of attaching the same policy twice.
pub const ALREADY_ATTACHED: &str = "policy is already attached to this stack";

/// Refusal of a move or attachment that access would not survive (SA section 6: that it is refused is
/// known).
pub const OUT_OF_REACH: &str = "attached policy would not be accessible from the stack's space";

/// Refusal of `policyDelete` without `force` while stacks are attached (SA section 8).
pub const POLICY_ATTACHED: &str =
    "could not delete policy: policy is attached to at least one stack";

/// Refusal of deleting a space that holds anything (SA section 6).
pub const SPACE_NOT_EMPTY: &str = "could not delete space: space is not empty";

/// Refusal of changing `root`, or deleting `root` or `legacy` (SA section 6).
pub const SPACE_FIXED: &str = "could not change space: space is managed by Spacelift";

/// Refusal of putting a space below itself.
pub const SPACE_CYCLE: &str =
    "could not update space: parent space cannot be the space itself or one of its children";

/// What follows the documented head of the refusal of `administrative: true` (SA section 3 cuts it off).
pub const ADMINISTRATIVE_REFUSAL_TAIL: &str = "; attach a role to the stack instead";

/// Refusal of repeated labels on a stack (SA section 8: "must be unique").
pub const STACK_LABELS_REPEAT: &str = "labels must be unique";

/// Refusal of confirming, discarding, cancelling or stopping a run in the wrong state.
pub const WRONG_RUN_STATE: &str = "run is not in a state that allows this operation";

/// The slug of a name: lower case, every run of characters outside `a-z0-9` becomes one `-`, none at the
/// ends (SA section 5: fits all examples).
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

/// The description that is answered for the one that was sent: the service does not tell null from `""`
/// (SA section 8), so the sandbox swaps them and a client that does must notice.
pub fn description_shown(sent: Option<&str>) -> Option<&str> {
    match sent {
        None => Some(""),
        Some("") => None,
        other => other,
    }
}

/// A place in a list for the object `id`: harmless, always the same, and not the order of creation.
/// Lists come in an order that no client keeps (SA section 8).
pub fn scattered(id: &str) -> i64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::from_ne_bytes((hash ^ (hash >> 29)).to_ne_bytes())
}

/// Whether `value` answers a `fullTextSearch` for `wanted`: contained, whatever the case.
pub fn text_matches(value: &str, wanted: &str) -> bool {
    value.to_lowercase().contains(&wanted.to_lowercase())
}

/// The `provider` of a stack that names none.
pub const STACK_PROVIDER: &str = "GITHUB";

/// Login of whoever wrote the commits of repositories that do not exist.
pub const COMMIT_AUTHOR_LOGIN: &str = "octo-sandbox";

/// Name of whoever wrote the commits of repositories that do not exist.
pub const COMMIT_AUTHOR_NAME: &str = "Octo Sandbox";

/// Message of the commits of repositories that do not exist.
pub const COMMIT_MESSAGE: &str = "a commit of the sandbox";

/// The state a run comes into when somebody calls the mutation `verb`, if its present one allows it.
/// That an unconfirmed run is confirmed or discarded is documented (SA section 13); the rest is by the
/// words' meaning.
pub fn run_state_after(verb: &str, state: &str) -> Option<&'static str> {
    match (verb, state) {
        ("runConfirm", "UNCONFIRMED") => Some("CONFIRMED"),
        ("runDiscard", "UNCONFIRMED") => Some("DISCARDED"),
        ("runCancel", "QUEUED" | "READY" | "PENDING") => Some("CANCELED"),
        (
            "runStop",
            "PREPARING" | "INITIALIZING" | "PLANNING" | "PREPARING_APPLY" | "PREPARING_REPLAN"
            | "APPLYING" | "PERFORMING" | "DESTROYING",
        ) => Some("STOPPED"),
        _ => None,
    }
}

/// The states of a task. That it performs is known by the state's name.
pub const TASK_PATH: [&str; 6] = [
    "QUEUED",
    "READY",
    "PREPARING",
    "INITIALIZING",
    "PERFORMING",
    "FINISHED",
];

/// The states of a run that destroys. That it does is known by the state's name.
pub const DESTROY_PATH: [&str; 6] = [
    "QUEUED",
    "READY",
    "PREPARING",
    "INITIALIZING",
    "DESTROYING",
    "FINISHED",
];

/// Changes, for asking where a run goes that has some.
pub const SOME_CHANGE: Delta = Delta {
    added: 1,
    changed: 0,
    deleted: 0,
    resources: 1,
};

/// Phases whose logs have placeholders (SA section 10).
pub const LOGGED_PHASES: [&str; 4] = ["initializing", "preparing", "planning", "applying"];

/// The log of a phase; empty when the run was never in it.
pub fn log_text(phase: &str, run: &str, was_in: bool) -> String {
    match was_in {
        true => format!("sandbox: {phase} of run {run} did nothing"),
        false => String::new(),
    }
}

/// The logs of what is no run.
pub fn no_logs() -> BTreeMap<String, String> {
    let phases = LOGGED_PHASES.iter();
    phases
        .map(|phase| ((*phase).to_owned(), String::new()))
        .collect()
}

/// The worker pool of everything: the public one, as in the captured body.
pub fn worker_pool() -> Value {
    json!({"public": true, "labels": [], "id": "", "name": ""})
}

/// Where whoever started a run was.
pub const CREATOR_IP: &str = "127.0.0.1";

/// `runtime_config.runner_image`.
pub const RUNNER_IMAGE: &str = "public.ecr.aws/spacelift/runner-terraform:latest";

/// `runtime_config.terraform_version`.
pub const TERRAFORM_VERSION: &str = "1.5.7";

/// As many `changes` of a run are in the input document.
pub const CHANGES_SHOWN: usize = 100;

/// A resource that a run of the sandbox changes.
pub fn entity(action: &str, number: u32) -> Value {
    let address = format!("null_resource.{action}[{number}]");
    json!({
        "address": address,
        "name": action,
        "type": "null_resource",
        "entity_type": "resource",
        "entity_vendor": "terraform",
        "data": {},
    })
}

/// The branch, owner, provider and first version of a module that does not exist.
pub const MODULE_BRANCH: &str = "main";
/// See [`MODULE_BRANCH`].
pub const MODULE_NAMESPACE: &str = "acme";
/// See [`MODULE_BRANCH`].
pub const MODULE_PROVIDER: &str = "default";
/// See [`MODULE_BRANCH`].
pub const MODULE_NUMBER: &str = "0.1.0";

/// The commit of a module's version.
pub fn module_commit(version: &str) -> String {
    sha256_hex(version.as_bytes()).chars().take(40).collect()
}

/// The one test run of a module's version, which fails when the version does; `at` in nanoseconds.
pub fn test_run(version: &str, state: &str, at: i64) -> Value {
    let state = match state {
        "FAILED" => "FAILED",
        _ => "FINISHED",
    };
    json!({
        "id": format!("{version}-test"),
        "title": "default",
        "state": state,
        "created_at": at,
        "updated_at": at,
    })
}

/// What a webhook is sent about a module's version (SA section 11: not documented); `now` in milliseconds.
/// Made of what policies see, beside the keys that the body of a run begins and ends with.
pub fn module_version_body(account: &str, input: &Value, now: i64) -> Value {
    json!({
        "account": account,
        "timestamp": now.div_euclid(1000),
        "timestamp_millis": now,
        "module": input["module"],
        "version": input["version"],
        "event_source": "spacelift",
        "event_type": "module_version_event",
    })
}

/// The headline of an internal error for which none is given.
pub const ERROR_TITLE: &str = "Something went wrong";

/// The error of a policy that names a webhook which cannot be used (SA section 10).
pub(super) fn endpoint_unusable(policy: &str, endpoint: &str, why: &str) -> InternalError {
    InternalError {
        title: "Invalid Webhook Endpoint Notified".to_owned(),
        message: format!("policy `{policy}` tried to notify webhook `{endpoint}`, which {why}"),
        error: "policy notified a webhook that cannot be used".to_owned(),
        severity: "ERROR".to_owned(),
        space: None,
    }
}

/// The error of a policy that cannot be evaluated.
pub(super) fn evaluation_failed(policy: &str, why: &str) -> InternalError {
    InternalError {
        title: "Policy Evaluation Failed".to_owned(),
        message: format!("policy `{policy}` could not be evaluated: {why}"),
        error: "policy evaluation failed".to_owned(),
        severity: "ERROR".to_owned(),
        space: None,
    }
}

/// The message about an object of a rule that is not acted on as it stands. Policies do not hear of it.
pub(super) fn not_acted_on(policy: &str, why: &str) -> Message {
    Message {
        id: String::new(),
        at: 0,
        policy: None,
        title: "Invalid Policy Result".to_owned(),
        body: format!("policy `{policy}`: {why}"),
        severity: "WARNING".to_owned(),
    }
}

/// The message about a webhook that was switched off; that there is one which is not forwarded is
/// documented (SA section 7), its text is not. `at` in milliseconds.
pub(super) fn switched_off(webhook: &str, id: String, at: i64) -> Message {
    Message {
        id,
        at,
        policy: None,
        title: "Webhook Disabled".to_owned(),
        body: format!("webhook `{webhook}` was disabled after too many failed deliveries in a row"),
        severity: "WARNING".to_owned(),
    }
}

/// Refusal of simulating a policy of another type, which the sandbox cannot do.
pub fn simulates_notifications_alone(policy_type: &str) -> String {
    format!(
        "the sandbox evaluates policies of type `NOTIFICATION` alone, not of type `{policy_type}`"
    )
}

/// Refusal of a simulation whose input document is none.
pub fn bad_simulation_input(why: &str) -> String {
    format!("could not simulate policy: invalid input: {why}")
}

/// The id of an attachment that a label made.
pub fn label_attachment_id(policy: &str, stack: &str) -> String {
    format!("{policy}/{stack}")
}

/// The title of a run.
pub fn run_title(run_type: &str, command: Option<&str>) -> String {
    match command {
        Some(command) => command.to_owned(),
        None => format!("{} run", run_type.to_lowercase()),
    }
}

/// The page of a commit.
pub fn commit_url(namespace: &str, repository: &str, hash: &str) -> String {
    format!("https://github.com/{namespace}/{repository}/commit/{hash}")
}

/// Refusal of a search predicate over a field that the sandbox cannot search by.
pub fn unknown_search_field(field: &str) -> String {
    format!("unknown search field `{field}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_fit_the_known_examples() {
        assert_eq!(slug("My first policy ab1"), "my-first-policy-ab1");
        assert_eq!(slug("ab1cd"), "ab1cd");
        assert_eq!(slug("  Port (EU) -- Hook! "), "port-eu-hook");
        assert_eq!(slug("日本"), "");
    }

    proptest! {
        #[test]
        fn a_slug_is_its_own_slug(name in ".*") {
            let once = slug(&name);
            prop_assert_eq!(slug(&once), once);
        }
    }
}
