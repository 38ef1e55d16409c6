//! What no published page settles about Spacelift's policies.

use regorus::Value as Rego;
use sha2::{Digest, Sha256};

use super::Form;

/// The form in which plan policies see a sensitive text. Spacelift's page says "the last 8 bytes of the
/// hash" and names neither the hash nor how it is written: taken as SHA-256 and hexadecimal digits.
pub(super) fn sanitized(values: &[Rego]) -> Rego {
    match values {
        [Rego::String(text)] => {
            let hash = Sha256::digest(text.as_bytes());
            let last: String = hash[24..]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            Rego::from(last)
        }
        [other] => other.clone(),
        _ => Rego::Undefined,
    }
}

/// The result rules of the other types of policies, which a body may read without defining them: taken
/// as defined by Spacelift wherever the body leaves them out. Spacelift says that it puts definitions in
/// front of every body; the list is ours, from the rules that its pages name for each type.
pub(super) fn result_rules(policy_type: &str) -> Vec<(&'static str, Form)> {
    let values = |names: &[&'static str]| names.iter().map(|name| (*name, Form::Value)).collect();
    let sets = |names: &[&'static str]| names.iter().map(|name| (*name, Form::Set)).collect();
    match policy_type {
        "GIT_PUSH" => values(&[
            "track",
            "propose",
            "ignore",
            "ignore_track",
            "notify",
            "prioritize",
            "allow_fork",
        ]),
        "PLAN" => sets(&["deny", "warn"]),
        "INITIALIZATION" | "TASK" | "TASK_RUN" => sets(&["deny"]),
        "TRIGGER" => sets(&["trigger"]),
        "APPROVAL" => values(&["approve", "reject"]),
        "LOGIN" => values(&["allow", "admin", "deny", "deny_admin"]),
        "ACCESS" => values(&["read", "write", "deny", "deny_write"]),
        _ => Vec::new(),
    }
}
