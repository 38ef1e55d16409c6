//! The switchable traps of PA section 10 that are a way to behave rather than a fault.

use serde::{Deserialize, Serialize};

use super::guesses;

/// How the Port half behaves where the service is disputed or moody.
///
/// `POST /_sandbox/quirks` takes the same keys as JSON and replaces them all; left out means default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// The payload's name in `GET /v1/webhooks`: `webhooks` or `integrations` (PA section 1).
    pub webhook_list_name: String,
    /// Status when a body refers to an object that does not exist: 404 or 422 (PA section 10.6).
    pub missing_reference_status: u16,
    /// How many reads of the permissions of a new blueprint or action answer 404 (PA section 10.4).
    pub late_permissions: u32,
    /// How many deletions of a blueprint are refused after its last entity is gone (PA section 10.5).
    pub lagging_deletes: u32,
    /// How many reads of a migration say `RUNNING` before it is `COMPLETED` (PA section 2).
    pub slow_migrations: u32,
    /// Whether a deleted blueprint's dependants block by related blueprints too (PA section 2).
    pub relations_block_delete: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            webhook_list_name: guesses::WEBHOOK_LIST_NAME.to_owned(),
            missing_reference_status: guesses::MISSING_REFERENCE_STATUS,
            late_permissions: 0,
            lagging_deletes: 0,
            slow_migrations: 1,
            relations_block_delete: true,
        }
    }
}
