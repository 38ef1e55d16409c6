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
    /// Whose name goes on what is written: a client id, or a user id such as `auth0|ann` for somebody
    /// who clicks in the web application.
    pub user: String,
    /// Seconds by which the sandbox's clock is ahead: stamps, lives of tokens and the header `Date`.
    pub clock_offset: i64,
    /// Whether relations of other blueprints keep a blueprint from being deleted (PA section 2).
    pub relations_block_delete: bool,
    /// How many writes of blueprints store the filters of their aggregations as null although the
    /// relations are there, as if those had come a moment too late (PA section 2).
    pub late_path_filters: u32,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            webhook_list_name: guesses::WEBHOOK_LIST_NAME.to_owned(),
            missing_reference_status: guesses::MISSING_REFERENCE_STATUS,
            late_permissions: 0,
            lagging_deletes: 0,
            slow_migrations: 1,
            user: guesses::MACHINE_USER.to_owned(),
            clock_offset: 0,
            relations_block_delete: true,
            late_path_filters: 0,
        }
    }
}
