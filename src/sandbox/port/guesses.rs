//! Every choice of the Port half that no page settles, in one place.
//!
//! Each is marked `[?]` in the contract page (PA) or was needed because the page is silent. Settling
//! one against a live account should change this file only, or a line of [`super::quirks`].
//!
//! Guesses that are not a constant but the way a file works:
//!
//! | guess | where |
//! |---|---|
//! | `expiresIn` of a second token answer is what is left | `token` |
//! | `mirrorProperties` and `relations` are filled with `{}`; flags of relations before the check | `blueprints` |
//! | a relation to itself may be in the first POST | `model` |
//! | actions survive their blueprint, automations their action | `blueprint_removal`, `actions` |
//! | references are not rewritten by a rename; rename routes leave derived properties alone | `blueprints` |
//! | references of actions are checked on write; templates are not | `actions` |
//! | mappings of a webhook are replaced as a whole; its key survives PUT, PATCH and rename | `webhooks` |
//! | the secret of a webhook is absent in answers | `webhooks` |
//! | an entity that any relation names has dependants | `entities` |
//! | an absent relation to many reads `[]`, to one null | `entity_view` |
//! | derived properties stand among an entity's `properties`, calculations and aggregations as null | `derived` |
//! | unknown secrets in templates are not refused | `actions`, by checking nothing |
//! | a condition is met when its first output is true; one that fails is not met | `automations` |
//! | a write that only a log line brings fires nothing; rendering a payload neither | `runs`, `invocation` |
//! | whoever has not answered a call after 30 s is not waited for, by Spacelift neither | `outbound` |
//! | a backend that is not awaited may answer what it likes; an unreachable one fails the run | `webhook_call` |
//! | secrets, and answers of backends in events, are hidden in the payload that a run shows | `run_data` |
//! | a delivery's id counts as seen also when none of its entities could be written | `intake` |
//! | a mapping writes into every entity that the search in its `identifier` finds; a relation to one takes the first | `intake` |
//! | a search that asks for too much refuses its entity | `intake` |
//! | an UPSERT_ENTITY whose `identifier` becomes null fails its run; without one the server makes one | `invocation` |
//! | an unknown secret stops no call; inputs with `encryption` are sent as they are and shown nowhere | `invocation`, `inputs` |
//! | programs of a form see `.form`, `.entity` and `.user`; one that fails is no rule | `inputs` |
//! | an input that is not visible is neither required nor filled | `inputs` |
//! | an automation's condition sees entities as the API shows them | `triggers` |
//! | the plain blueprints of new accounts (`service`, …) are not there | `system` |
//! | no `_team` entity follows a team, no `_scorecard` or `_rule` entity a scorecard | `teams`, `scorecards` |

use serde_json::{Value, json};

/// The code word of a 409 (PA section 1).
pub(crate) const CONFLICT: &str = "conflict";
/// Success of the creates whose code is not published: action, webhook, secret, scorecard, page (PA section 1).
pub(crate) const CREATED: u16 = 201;
/// The code word of a refused or missing token; the page gives only the status 401.
pub(crate) const UNAUTHORIZED: &str = "unauthorized";
/// The code word of a body over 1 MiB; the page gives only the status 413.
pub(crate) const TOO_LARGE: &str = "payload_too_large";
/// Status of a body that is not JSON; the page publishes no 400.
pub(crate) const NOT_JSON_STATUS: u16 = 422;
/// The payload's name in `GET /v1/webhooks` (PA section 1, disputed).
pub(crate) const WEBHOOK_LIST_NAME: &str = "webhooks";
/// The payload's name in `GET /v1/organization/secrets` (PA section 1).
pub(crate) const SECRET_LIST_NAME: &str = "secrets";
/// The payload's name in `GET /v1/migrations` (PA section 1).
pub(crate) const MIGRATION_LIST_NAME: &str = "migrations";
/// Status when a body refers to an object that does not exist (PA section 1).
pub(crate) const MISSING_REFERENCE_STATUS: u16 = 404;
/// Status of `has_dependents`; the page gives only the code word (PA section 2).
pub(crate) const HAS_DEPENDENTS_STATUS: u16 = 422;
/// Status of `protected_resource` (PA section 10.13).
pub(crate) const PROTECTED_STATUS: u16 = 422;
/// The code word for a mirror path that leads nowhere (PA section 1 has the text only).
pub(crate) const BAD_PATH: &str = "invalid_mirror_path";
/// The code word for a derived property over an unknown property (PA section 1 has the text only).
pub(crate) const UNKNOWN_PROPERTY: &str = "not_found";
/// Status for the two above.
pub(crate) const MODEL_STATUS: u16 = 422;
/// The code word of `required` naming an unknown property, `required` with `many`, a changed type.
pub(crate) const BAD_MODEL: &str = "invalid_request";
/// Status of `invalid_inherited_ownership_path`.
pub(crate) const OWNERSHIP_STATUS: u16 = 422;
/// Status of `blueprint_schema_mismatch` and `inherited_ownership_enabled`.
pub(crate) const MISMATCH_STATUS: u16 = 422;
/// Whether an entity may carry properties that its blueprint lacks; the page is silent.
pub(crate) const UNKNOWN_ENTITY_PROPERTIES_REFUSED: bool = true;
/// The `ok` of a bulk answer with errors (207).
pub(crate) const PARTLY_OK: bool = true;
/// Whether an automation condition without expressions is dropped (PA section 1 says so of the provider).
pub(crate) const EMPTY_CONDITION_DROPPED: bool = true;
/// Whether a webhook PATCH merges inside `security` (PA section 1): it replaces.
pub(crate) const SECURITY_MERGES: bool = false;
/// Whether a webhook mapping's blueprint must exist; the page asks it of relations and actions only.
pub(crate) const MAPPINGS_REFER: bool = false;
/// The code word when a finished run is changed again; the page says only that it is refused.
pub(crate) const RUN_ENDED: &str = "run_already_ended";
/// The version of `GET /v1/actions` without `version` (PA section 3).
pub(crate) const DEFAULT_ACTION_VERSION: &str = "v2";
/// The version of the run routes without `version` (PA section 7).
pub(crate) const DEFAULT_RUN_VERSION: &str = "v1";
/// Life of a token in seconds (PA section 1: 3 hours).
pub(crate) const TOKEN_SECONDS: i64 = 3 * 60 * 60;
/// `x-ratelimit-limit` and `-remaining`; no numbers are published, and the sandbox never runs out.
pub(crate) const RATE_LIMIT: u32 = 100_000;
/// `x-ratelimit-period` in seconds; no number is published.
pub(crate) const RATE_PERIOD: u32 = 300;
/// Who creates what machine credentials create.
pub(crate) const MACHINE_USER: &str = crate::sandbox::CLIENT_ID;
/// Who made the system blueprints.
pub(crate) const SYSTEM_USER: &str = "auth0|port-system";
/// The organization's id and name unless the options say otherwise.
pub(crate) const ORGANIZATION_ID: &str = "org_SandboxSandbox01";
/// See [`ORGANIZATION_ID`].
pub(crate) const ORGANIZATION_NAME: &str = "Sandbox";
/// Unknown intake keys (PA section 4).
pub(crate) const UNKNOWN_INTAKE_STATUS: u16 = 404;

/// Whether a write that changes nothing of an entity fires `ENTITY_UPDATED`.
pub(crate) const NO_OP_UPDATES_FIRE: bool = false;
/// `action` in the event of a timer that ran out.
pub(crate) const TIMER_ACTION: &str = "TIMER_EXPIRED";
/// `trigger.origin` in the event of a timer.
pub(crate) const TIMER_ORIGIN: &str = "TIMER";
/// `trigger.origin` of what a delivery changes.
pub(crate) const INTAKE_ORIGIN: &str = "WEBHOOK";
/// `trigger.origin` of what a run changes.
pub(crate) const RUN_ORIGIN: &str = "API";
/// The `source` of a run that an automation made.
pub(crate) const AUTOMATION_SOURCE: &str = "AUTOMATION";
/// Who made a run that an automation made.
pub(crate) const AUTOMATION_USER: &str = "auth0|port-automation";
/// So many automations may lead to each other; then a run is made that fails without having called.
///
/// No page says how the service ends a loop.
pub(crate) const LONGEST_CHAIN: u32 = 8;
/// Whether inputs that are not sent get their defaults, as the web form fills them in.
pub(crate) const DEFAULTS_FILLED: bool = true;
/// What stands for a secret in the payload of a run that is shown.
pub(crate) const HIDDEN: &str = "*****";
/// How many entities a search of a mapping finds at the most (PA section 4).
pub(crate) const MAPPING_MATCHES: usize = 100;
/// How many ids of deliveries a webhook remembers to drop repeats (PA section 4 names no number).
pub(crate) const DELIVERY_IDS_KEPT: usize = 1000;
/// How many deliveries are remembered with what became of them.
pub(crate) const DELIVERIES_KEPT: usize = 200;

/// Collections that are not simulated: the path behind `/v1/` and the name of the empty list.
///
/// An exporter of whole organizations stops at the first 404 of a list (real clients, Port CLI).
pub(crate) const EMPTY_LISTS: &[(&str, &str)] = &[
    ("users", "users"),
    ("data-sources", "dataSources"),
    ("audit-log", "audits"),
    ("apps", "apps"),
    ("roles", "roles"),
    ("notifications", "notifications"),
    ("rules-results", "rulesResults"),
    ("folders", "folders"),
];

/// Where an item stands in a list: the order of hashes, stable for a state, sorted for nobody.
///
/// Whether lists have a stable order is an open question (PA section 11).
pub(crate) fn disorder(key: &str) -> u64 {
    // FNV-1a with a last stir, because neighbours differ in their last letter only.
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The identifier of a webhook that was created without one.
pub(crate) fn webhook_identifier(word: &str) -> String {
    format!("webhook_{word}")
}

/// The intake URL of a webhook (PA section 1).
pub(crate) fn intake_url(key: &str) -> String {
    format!("https://ingest.port.io/{key}")
}

/// The catalog page that comes with a blueprint.
pub(crate) fn catalog_page(blueprint: &str) -> String {
    format!("{blueprint}s")
}

/// Whether an identifier in an action may name something that exists only at run time.
pub(crate) fn is_template(identifier: &str) -> bool {
    identifier.contains("{{")
}

/// What templates see of somebody by whom a run was made: no page shows a machine there.
pub(crate) fn user(id: &str) -> Value {
    let email = match id.contains('@') {
        true => id.to_owned(),
        false => "somebody@sandbox.invalid".to_owned(),
    };
    json!({
        "id": id, "email": email, "firstName": "", "lastName": "", "status": "ACTIVE",
    })
}

/// What templates see of an entity that an input names and that does not exist.
pub(crate) fn missing_entity(blueprint: &str, id: &str) -> Value {
    json!({
        "identifier": id, "title": id, "icon": null, "blueprint": blueprint, "team": [],
        "properties": {}, "relations": {},
    })
}

/// The body of a WEBHOOK without one: what actions of the first version sent (PA section 3).
pub(crate) fn default_body(method: &Value, roots: &Value) -> Value {
    json!({
        "action": roots["action"]["identifier"],
        "resourceType": "run",
        "status": "TRIGGERED",
        "trigger": {
            "by": roots["trigger"]["by"],
            "origin": roots["trigger"]["origin"],
            "at": roots["trigger"]["at"],
        },
        "context": {
            "entity": roots["entity"]["identifier"],
            "blueprint": roots["action"]["blueprint"],
            "runId": roots["run"]["id"],
        },
        "payload": {
            "entity": roots["entity"],
            "action": {
                "identifier": roots["action"]["identifier"],
                "invocationMethod": {"type": "WEBHOOK", "url": method["url"]},
                "trigger": roots["trigger"]["operation"],
            },
            "properties": roots["inputs"],
            "censoredProperties": [],
        },
    })
}
