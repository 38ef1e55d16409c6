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
//! - a proposed run changes neither the stack's state nor `runs`, which lists all others;
//! - `parentSpace: ""` means `root`; a LOGIN policy without a space goes to `root`;
//! - several values in one constraint are "any of", several predicates are "and"; ordering by an unknown
//!   field is no order; `after: ""` is the beginning;
//! - labels are sets: repeated ones are stored once, except on stacks, which refuse them.

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

/// Refusal of a policy body without a `package` line (SA section 8: the text is unknown).
pub const BODY_WITHOUT_PACKAGE: &str =
    "could not persist policy: invalid policy body: rego_parse_error: package expected";

/// Refusal of a v0 body under `REGO_V1` (SA section 8: the text is unknown).
pub const BODY_NOT_V1: &str = "could not persist policy: invalid policy body: rego_parse_error: `if` keyword is required before rule body";

/// Refusal of a v1 body under `REGO_V0` (SA section 8: the text is unknown).
pub const BODY_NOT_V0: &str = "could not persist policy: invalid policy body: rego_parse_error: var cannot be used for rule name";

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
