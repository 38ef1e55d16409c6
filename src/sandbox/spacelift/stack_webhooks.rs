//! The older webhook that belongs to one stack (SA section 12): same deliveries, readable secret, no
//! policy needed. There is no list over all stacks.

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::secret::Secret;
use super::state::SpaceliftState;
use super::view::{Answer, unanswered};
use super::webhooks::{endpoint, secret_after};

/// One legacy webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackWebhook {
    /// Opaque.
    pub id: String,
    /// Where deliveries go; unique within the stack.
    pub endpoint: String,
    /// Whether deliveries are made.
    pub enabled: bool,
    /// What deliveries are signed with.
    pub secret: Option<Secret>,
    /// Whether a 5xx answer is tried again.
    pub retry_on_failure: bool,
    /// True in the answer to the deletion alone.
    pub deleted: bool,
}

impl StackWebhook {
    pub(super) fn field<'a>(&'a self, info: &ResolveInfo<'_>) -> Answer<'a> {
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "endpoint" => ResolvedValue::leaf(self.endpoint.as_str()),
            "enabled" => ResolvedValue::leaf(self.enabled),
            // Unlike a named webhook's secret this one is readable (SA section 12).
            "secret" => ResolvedValue::leaf(self.secret.as_ref().map_or("", Secret::reveal)),
            "retryOnFailure" => ResolvedValue::leaf(self.retry_on_failure),
            "deleted" => ResolvedValue::leaf(self.deleted),
            _ => return unanswered(info),
        })
    }
}

impl SpaceliftState {
    /// Adds a webhook to a stack.
    pub(super) fn create_stack_webhook(
        &mut self,
        stack: &str,
        input: Arguments<'_>,
        id: String,
    ) -> Result<StackWebhook, Refusal> {
        let before = StackWebhook {
            id,
            endpoint: String::new(),
            enabled: false,
            secret: None,
            retry_on_failure: false,
            deleted: false,
        };
        self.write_stack_webhook(stack, before, input)
    }

    /// Replaces the fields of a stack's webhook; an unnamed secret stays.
    pub(super) fn update_stack_webhook(
        &mut self,
        stack: &str,
        id: &str,
        input: Arguments<'_>,
    ) -> Result<StackWebhook, Refusal> {
        let known = self.stacks.get(stack).ok_or_else(Refusal::not_found)?;
        let before = known.webhooks.get(id).ok_or_else(Refusal::not_found)?;
        self.write_stack_webhook(stack, before.clone(), input)
    }

    /// Removes a webhook from a stack.
    pub(super) fn delete_stack_webhook(
        &mut self,
        stack: &str,
        id: &str,
    ) -> Result<StackWebhook, Refusal> {
        let stack = self.stacks.get_mut(stack).ok_or_else(Refusal::not_found)?;
        let webhook = stack.webhooks.remove(id).ok_or_else(Refusal::not_found)?;
        Ok(StackWebhook {
            deleted: true,
            ..webhook
        })
    }

    fn write_stack_webhook(
        &mut self,
        stack: &str,
        before: StackWebhook,
        input: Arguments<'_>,
    ) -> Result<StackWebhook, Refusal> {
        let stack = self.stacks.get_mut(stack).ok_or_else(Refusal::not_found)?;
        let endpoint = endpoint(input)?;
        let mut others = stack.webhooks.values().filter(|w| w.id != before.id);
        if others.any(|other| other.endpoint == endpoint) {
            return Err(guesses::STACK_ENDPOINT_TAKEN.into());
        }
        let after = StackWebhook {
            endpoint,
            enabled: input.needed_flag("enabled")?,
            secret: secret_after(before.secret, input),
            retry_on_failure: input
                .flag("retryOnFailure")
                .unwrap_or(before.retry_on_failure),
            ..before
        };
        stack.webhooks.insert(after.id.clone(), after.clone());
        Ok(after)
    }
}
