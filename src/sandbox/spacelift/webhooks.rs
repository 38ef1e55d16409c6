//! Named webhooks: records, writes and fields (SA section 7). Delivering is the work of `deliveries`; this
//! file only keeps count of failures.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};
use url::Url;

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::secret::Secret;
use super::spaces::{LEGACY, labels};
use super::state::SpaceliftState;
use super::view::{Answer, Look, texts, unanswered};

/// Deliveries that fail in a row before the service switches a webhook off (SA section 7).
const FAILURES_UNTIL_OFF: u32 = 10;

/// Attempts after the first when `retryOnFailure` is set and the answer is 5xx (SA section 11).
const RETRIES: u32 = 3;

/// One named webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedWebhook {
    /// The slug of the name at creation; a policy's `endpoint_id`.
    pub id: String,
    /// The name.
    pub name: String,
    /// Where deliveries go.
    pub endpoint: String,
    /// Whether deliveries are made.
    pub enabled: bool,
    /// The id of the space it lies in.
    pub space: String,
    /// Labels as a set.
    pub labels: BTreeSet<String>,
    /// What deliveries are signed with.
    pub secret: Option<Secret>,
    /// Secret headers by name, as stored.
    pub headers: BTreeMap<String, Secret>,
    /// Whether a 5xx answer is tried again.
    pub retry_on_failure: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Deliveries that failed since the last one that did not.
    pub failures: u32,
}

impl NamedWebhook {
    /// How often one delivery is attempted while the answers are 5xx (SA section 11).
    pub fn attempts(&self) -> u32 {
        attempts(self.retry_on_failure)
    }

    pub(super) fn field<'a>(&'a self, look: Look<'a>, info: &ResolveInfo<'_>) -> Answer<'a> {
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "name" => ResolvedValue::leaf(self.name.as_str()),
            "endpoint" => ResolvedValue::leaf(self.endpoint.as_str()),
            "enabled" => ResolvedValue::leaf(self.enabled),
            "space" => return look.space(&self.space),
            "labels" => texts(self.labels.iter()),
            "secret" => ResolvedValue::leaf(guesses::WEBHOOK_SECRET_SHOWN),
            "secretHeaders" => texts(self.headers.keys()),
            "retryOnFailure" => ResolvedValue::leaf(self.retry_on_failure),
            "createdAt" => ResolvedValue::leaf(self.created_at),
            _ => return unanswered(info),
        })
    }
}

impl SpaceliftState {
    /// Notes how a delivery ended; ten failures in a row switch the webhook off (SA section 15, trap 7).
    /// True when this one did. An unknown id is ignored: the webhook may be gone by now.
    pub fn record_delivery(&mut self, webhook: &str, delivered: bool) -> bool {
        let Some(webhook) = self.webhooks.get_mut(webhook) else {
            return false;
        };
        webhook.failures = match delivered {
            true => 0,
            false => webhook.failures.saturating_add(1),
        };
        let is_too_much = webhook.failures >= FAILURES_UNTIL_OFF;
        let was_enabled = webhook.enabled;
        webhook.enabled &= !is_too_much;
        was_enabled && is_too_much
    }

    /// Makes a named webhook.
    pub(super) fn create_webhook(
        &mut self,
        input: Arguments<'_>,
        now: i64,
    ) -> Result<NamedWebhook, Refusal> {
        let name = input.needed_text("name")?;
        let space = self.space_for(input.id("space"), LEGACY)?;
        let endpoint = endpoint(input)?;
        let id = guesses::slug(name);
        if id.is_empty() {
            return Err(guesses::EMPTY_SLUG.into());
        }
        if self.webhooks.contains_key(&id) {
            return Err(Refusal::slug_taken(guesses::WEBHOOK_NOUN));
        }
        let webhook = NamedWebhook {
            id: id.clone(),
            name: name.to_owned(),
            endpoint,
            enabled: input.needed_flag("enabled")?,
            space,
            labels: labels(input),
            secret: secret_after(None, input),
            headers: BTreeMap::new(),
            retry_on_failure: input.flag("retryOnFailure").unwrap_or(false),
            created_at: now,
            failures: 0,
        };
        self.webhooks.insert(id, webhook.clone());
        Ok(webhook)
    }

    /// Replaces a named webhook's fields; id, headers and an unnamed secret stay.
    pub(super) fn update_webhook(
        &mut self,
        id: &str,
        input: Arguments<'_>,
    ) -> Result<NamedWebhook, Refusal> {
        let before = self.webhooks.get(id).ok_or_else(Refusal::not_found)?;
        let enabled = input.needed_flag("enabled")?;
        let after = NamedWebhook {
            name: input.needed_text("name")?.to_owned(),
            endpoint: endpoint(input)?,
            enabled,
            space: self.space_for(input.id("space"), &before.space)?,
            labels: labels(input),
            secret: secret_after(before.secret.clone(), input),
            retry_on_failure: input
                .flag("retryOnFailure")
                .unwrap_or(before.retry_on_failure),
            // Switching it on again starts a new count.
            failures: if enabled && !before.enabled {
                0
            } else {
                before.failures
            },
            ..before.clone()
        };
        self.webhooks.insert(id.to_owned(), after.clone());
        Ok(after)
    }

    /// Removes a named webhook, whatever policies still name it. The slug is free again.
    pub(super) fn delete_webhook(&mut self, id: &str) -> Result<NamedWebhook, Refusal> {
        self.webhooks.remove(id).ok_or_else(Refusal::not_found)
    }

    /// Adds or overwrites the given headers; the others stay (SA section 7).
    pub(super) fn set_webhook_headers(
        &mut self,
        id: &str,
        input: Arguments<'_>,
    ) -> Result<NamedWebhook, Refusal> {
        let webhook = self.webhooks.get_mut(id).ok_or_else(Refusal::not_found)?;
        for entry in input.inputs("entries") {
            let value = Secret::new(entry.needed_text("value")?);
            let key = entry.needed_text("key")?.to_owned();
            webhook.headers.insert(key, value);
        }
        Ok(webhook.clone())
    }

    /// Removes the given headers; unknown names are ignored.
    pub(super) fn delete_webhook_headers(
        &mut self,
        id: &str,
        keys: &[String],
    ) -> Result<NamedWebhook, Refusal> {
        let webhook = self.webhooks.get_mut(id).ok_or_else(Refusal::not_found)?;
        webhook.headers.retain(|name, _| !keys.contains(name));
        Ok(webhook.clone())
    }
}

/// How often one delivery is attempted while the answers are 5xx (SA section 11).
pub(super) fn attempts(retry_on_failure: bool) -> u32 {
    match retry_on_failure {
        true => 1 + RETRIES,
        false => 1,
    }
}

/// The secret after a write: null or absent keeps what there is, `""` erases it (SA section 7).
pub(super) fn secret_after(before: Option<Secret>, input: Arguments<'_>) -> Option<Secret> {
    match input.text("secret") {
        None => before,
        Some("") => None,
        Some(text) => Some(Secret::new(text)),
    }
}

/// The endpoint of an input. `https:/x.com/` is refused although lenient parsers accept it
/// (SA section 3).
pub(super) fn endpoint(input: Arguments<'_>) -> Result<String, Refusal> {
    let endpoint = input.needed_text("endpoint")?;
    let has_scheme = endpoint.starts_with("https://") || endpoint.starts_with("http://");
    let has_host = Url::parse(endpoint).is_ok_and(|url| url.has_host());
    match has_scheme && has_host {
        true => Ok(endpoint.to_owned()),
        false => Err(guesses::BAD_ENDPOINT.into()),
    }
}
