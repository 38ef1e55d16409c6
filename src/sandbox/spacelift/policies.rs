//! Policies: records, writes and fields (SA section 8). Rules are never run here; `live` and `simulation` ask
//! the engine.

use std::collections::BTreeSet;

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::decisions;
use super::guesses;
use super::refusal::Refusal;
use super::samples::Sample;
use super::search;
use super::spaces::{LEGACY, ROOT, labels};
use super::state::SpaceliftState;
use super::view::{Answer, Item, Look, texts, unanswered};
use crate::sim::rego;

/// The refusal of a LOGIN policy elsewhere (SA section 3, verbatim).
const LOGIN_OUTSIDE_ROOT: &str = "login policies cannot be moved out of root space";

/// One policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The slug of the name at creation.
    pub id: String,
    /// The name.
    pub name: String,
    /// The Rego text, exactly as sent.
    pub body: String,
    /// A `PolicyType`, never one of the old names.
    pub policy_type: String,
    /// `REGO_V0` or `REGO_V1`.
    pub engine_type: String,
    /// The description as sent.
    pub description: Option<String>,
    /// Labels as a set.
    pub labels: BTreeSet<String>,
    /// The id of the space it lies in.
    pub space: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
}

/// Which of the two update mutations is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum UpdateForm {
    /// `policyUpdatev2`.
    Input,
    /// `policyUpdate`, which knows neither description nor engine.
    Deprecated,
}

impl Policy {
    pub(super) fn field<'a>(&'a self, look: Look<'a>, info: &ResolveInfo<'_>) -> Answer<'a> {
        let arguments = Arguments::new(info.arguments());
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "name" => ResolvedValue::leaf(self.name.as_str()),
            "body" => ResolvedValue::leaf(self.body.as_str()),
            "type" => ResolvedValue::leaf(self.policy_type.as_str()),
            "engineType" => ResolvedValue::leaf(self.engine_type.as_str()),
            "description" => {
                ResolvedValue::leaf(guesses::description_shown(self.description.as_deref()))
            }
            "labels" => texts(self.labels.iter()),
            "space" => ResolvedValue::leaf(self.space.as_str()),
            "spaceDetails" => return look.space(&self.space),
            "createdAt" => ResolvedValue::leaf(self.created_at),
            "updatedAt" => ResolvedValue::leaf(self.updated_at),
            "attachedStack" => {
                let stack = arguments.needed_id("id")?;
                ResolvedValue::nullable_object(look.state.attachment_to_stack(self, &stack))
            }
            "attachedStacks" => {
                let attachments = look.state.attachments_of_policy(self);
                ResolvedValue::list(attachments.into_iter().map(ResolvedValue::object))
            }
            "evaluationRecords" => {
                look.list(look.state.samples_of(self).map(Item::Sample).collect())
            }
            "evaluationSample" => {
                let key = arguments.needed_text("key")?;
                let mut samples = look.state.samples_of(self);
                let sample = samples.find(|sample| sample.key == key);
                ResolvedValue::nullable_object(sample.map(Sample::evaluated))
            }
            "searchEvaluationRecords" => {
                let items = look.state.samples_of(self).map(Item::Sample);
                let items = search::Source::Items(items.collect());
                let name = "SearchPolicyEvaluationRecordsOutput";
                return search::page(look, items, arguments.input("input"), name);
            }
            _ => return unanswered(info),
        })
    }

    /// Whether the policy may be attached to stacks at all, by hand or by label (SA section 8).
    pub(super) fn is_for_stacks(&self) -> bool {
        !matches!(self.policy_type.as_str(), "LOGIN" | "NOTIFICATION")
    }
}

impl SpaceliftState {
    /// Makes a policy, from `policyCreatev2`'s input or `policyCreate`'s arguments.
    pub(super) fn create_policy(
        &mut self,
        input: Arguments<'_>,
        now: i64,
    ) -> Result<Policy, Refusal> {
        let name = input.needed_text("name")?;
        let body = input.needed_text("body")?;
        let policy_type = current_name(input.needed_text("type")?);
        let engine_type = input.text("engineType").unwrap_or("REGO_V0");
        // A LOGIN policy has nowhere else to go (SA section 3), so `legacy` cannot be its default.
        let default = if policy_type == "LOGIN" { ROOT } else { LEGACY };
        let space = self.space_for(input.id("space"), default)?;
        if policy_type == "LOGIN" && space != ROOT {
            return Err(LOGIN_OUTSIDE_ROOT.into());
        }
        check_body(body, engine_type, policy_type)?;
        let id = guesses::slug(name);
        if id.is_empty() {
            return Err(guesses::EMPTY_SLUG.into());
        }
        if self.policies.contains_key(&id) {
            return Err(Refusal::slug_taken("policy"));
        }
        let policy = Policy {
            id: id.clone(),
            name: name.to_owned(),
            body: body.to_owned(),
            policy_type: policy_type.to_owned(),
            engine_type: engine_type.to_owned(),
            description: input.text("description").map(str::to_owned),
            labels: labels(input),
            space,
            created_at: now,
            updated_at: now,
        };
        self.policies.insert(id, policy.clone());
        Ok(policy)
    }

    /// Changes a policy; its id and type stay.
    pub(super) fn update_policy(
        &mut self,
        id: &str,
        input: Arguments<'_>,
        form: UpdateForm,
        now: i64,
    ) -> Result<Policy, Refusal> {
        let before = self.policies.get(id).ok_or_else(Refusal::not_found)?;
        let before = before.clone();
        let body = input.needed_text("body")?;
        let engine_type = input.text("engineType").unwrap_or(&before.engine_type);
        let space = self.space_for(input.id("space"), &before.space)?;
        if before.policy_type == "LOGIN" && space != ROOT {
            return Err(LOGIN_OUTSIDE_ROOT.into());
        }
        check_body(body, engine_type, &before.policy_type)?;
        let description = input.text("description").map(str::to_owned);
        let keeps = !guesses::POLICY_UPDATE_CLEARS_ABSENT;
        let after = Policy {
            name: input.needed_text("name")?.to_owned(),
            body: body.to_owned(),
            engine_type: engine_type.to_owned(),
            description: match description {
                None if keeps || form == UpdateForm::Deprecated => before.description.clone(),
                sent => sent,
            },
            labels: match input.texts("labels") {
                None if keeps => before.labels.clone(),
                sent => sent.into_iter().flatten().collect(),
            },
            space,
            updated_at: now,
            ..before.clone()
        };
        self.policies.insert(id.to_owned(), after.clone());
        if let Err(refusal) = self.check_reach() {
            self.policies.insert(id.to_owned(), before);
            return Err(refusal);
        }
        Ok(after)
    }

    /// Removes a policy; with attachments only by force. The slug is free again (SA section 5).
    pub(super) fn delete_policy(&mut self, id: &str, force: bool) -> Result<Policy, Refusal> {
        if !self.policies.contains_key(id) {
            return Err(Refusal::not_found());
        }
        if !force && self.attachments.values().any(|a| a.policy == id) {
            return Err(guesses::POLICY_ATTACHED.into());
        }
        self.attachments
            .retain(|_, attachment| attachment.policy != id);
        self.samples.remove(id);
        self.policies.remove(id).ok_or_else(Refusal::not_found)
    }
}

/// Old type names are accepted and answered with the new ones (SA section 5).
pub(super) fn current_name(policy_type: &str) -> &str {
    match policy_type {
        "STACK_ACCESS" => "ACCESS",
        "TASK_RUN" => "TASK",
        "TERRAFORM_PLAN" => "PLAN",
        current => current,
    }
}

/// Refuses a body that its engine would not load (SA sections 8 and 10).
fn check_body(body: &str, engine_type: &str, policy_type: &str) -> Result<(), Refusal> {
    let policy = rego::Policy {
        body: body.to_owned(),
        engine: decisions::engine_type(engine_type),
        policy_type: policy_type.to_owned(),
    };
    rego::parses(&policy).map_err(|fault| guesses::bad_body(&fault, body).into())
}
