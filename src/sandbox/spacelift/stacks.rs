//! Stacks: records, writes and fields (SA sections 5 and 13). They hold no infrastructure; they exist so
//! that runs have somewhere to happen.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::commits::Commit;
use super::guesses;
use super::refusal::Refusal;
use super::runs::is_terminal;
use super::spaces::LEGACY;
use super::stack_webhooks::StackWebhook;
use super::state::SpaceliftState;
use super::view::{Answer, Item, Look, texts, unanswered};

/// The refusal of the retired flag, as far as the sources show it (SA section 3).
const ADMINISTRATIVE_REFUSAL: &str =
    "could not update stack: the administrative flag is no longer supported on stacks";

/// One stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// The slug.
    pub id: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The id of the space it lies in.
    pub space: String,
    /// Whether runs are applied without confirmation.
    pub autodeploy: bool,
    /// The tracked branch.
    pub branch: String,
    /// The repository's owner.
    pub namespace: String,
    /// The repository, without its owner.
    pub repository: String,
    /// The repository's URL, where given.
    pub repository_url: Option<String>,
    /// A `VCSProvider`.
    pub provider: String,
    /// The folder inside the repository.
    pub project_root: Option<String>,
    /// Labels as a set.
    pub labels: BTreeSet<String>,
    /// Legacy webhooks by id.
    pub webhooks: BTreeMap<String, StackWebhook>,
    /// Unix seconds.
    pub created_at: i64,
    /// True in the answer to the deletion alone.
    pub deleted: bool,
}

impl Stack {
    /// A stack of which nothing but its name is known.
    pub(super) fn empty(id: String, name: &str, now: i64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            description: None,
            space: LEGACY.to_owned(),
            autodeploy: false,
            branch: String::new(),
            namespace: String::new(),
            repository: String::new(),
            repository_url: None,
            provider: String::new(),
            project_root: None,
            labels: BTreeSet::new(),
            webhooks: BTreeMap::new(),
            created_at: now,
            deleted: false,
        }
    }

    pub(super) fn field<'a>(&'a self, look: Look<'a>, info: &ResolveInfo<'_>) -> Answer<'a> {
        let arguments = Arguments::new(info.arguments());
        let last = || look.state.deciding_run(&self.id);
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "name" => ResolvedValue::leaf(self.name.as_str()),
            "description" => ResolvedValue::leaf(self.description.as_deref()),
            "space" => ResolvedValue::leaf(self.space.as_str()),
            "spaceDetails" => return look.space(&self.space),
            "autodeploy" => ResolvedValue::leaf(self.autodeploy),
            "branch" => ResolvedValue::leaf(self.branch.as_str()),
            "namespace" => ResolvedValue::leaf(self.namespace.as_str()),
            "repository" => ResolvedValue::leaf(self.repository.as_str()),
            "repositoryURL" => ResolvedValue::leaf(self.repository_url.as_deref()),
            "provider" => ResolvedValue::leaf(self.provider.as_str()),
            "projectRoot" => ResolvedValue::leaf(self.project_root.as_deref()),
            "labels" => texts(self.labels.iter()),
            "state" => ResolvedValue::leaf(last().map_or("NONE", |run| run.state.as_str())),
            "stateSetAt" => ResolvedValue::leaf(last().map(|run| run.updated_at)),
            "stateIsTerminal" => ResolvedValue::leaf(last().is_some_and(|r| is_terminal(&r.state))),
            "createdAt" => ResolvedValue::leaf(self.created_at),
            "deleted" => ResolvedValue::leaf(self.deleted),
            "entityCount" => ResolvedValue::leaf(0),
            // Nothing in the sandbox retries, disables, protects, locks or slowly deletes a stack.
            "administrative" | "autoretry" | "isDisabled" | "deleting" | "protectFromDeletion" => {
                ResolvedValue::leaf(false)
            }
            "terraformVersion" | "lockedBy" | "lockedAt" | "lockNote" => ResolvedValue::null(),
            "blocked" => ResolvedValue::leaf(look.state.blocking_run(&self.id).is_some()),
            "blocker" => look.nullable(look.state.blocking_run(&self.id).map(Item::Run)),
            "trackedCommit" => ResolvedValue::object(Commit::of(self, None).leaves()),
            "integrations" => ResolvedValue::object(Integrations { look, stack: self }),
            "attachedPolicies" => look.state.attachments_of_stack(self),
            "attachablePolicies" => {
                look.scattered_list(look.state.attachable_policies(&self.space))
            }
            "runs" => look.list(look.runs_before(self, arguments.id("before"), false)),
            "proposedRuns" => look.list(look.runs_before(self, arguments.id("before"), true)),
            "run" => {
                let id = arguments.needed_id("id")?;
                look.nullable(look.state.run_of(&self.id, &id).map(Item::Run))
            }
            _ => return unanswered(info),
        })
    }
}

impl SpaceliftState {
    /// Makes a stack; `slug` is the one wish the service grants (SA section 5).
    pub(super) fn create_stack(
        &mut self,
        arguments: Arguments<'_>,
        now: i64,
    ) -> Result<Stack, Refusal> {
        let input = arguments.input("input");
        let name = input.needed_text("name")?;
        let id = guesses::slug(arguments.text("slug").unwrap_or(name));
        if id.is_empty() {
            return Err(guesses::EMPTY_SLUG.into());
        }
        let empty = Stack::empty(id.clone(), name, now);
        let stack = self.written(empty, input)?;
        if self.stacks.contains_key(&id) {
            return Err(Refusal::slug_taken("stack"));
        }
        self.stacks.insert(id, stack.clone());
        Ok(stack)
    }

    /// Replaces a stack's fields; its id, webhooks and runs stay.
    pub(super) fn update_stack(
        &mut self,
        id: &str,
        input: Arguments<'_>,
    ) -> Result<Stack, Refusal> {
        let before = self.stacks.get(id).ok_or_else(Refusal::not_found)?.clone();
        let after = self.written(before.clone(), input)?;
        self.stacks.insert(id.to_owned(), after.clone());
        if let Err(refusal) = self.check_reach() {
            self.stacks.insert(id.to_owned(), before);
            return Err(refusal);
        }
        Ok(after)
    }

    /// Removes a stack with its runs, webhooks and attachments.
    pub(super) fn delete_stack(&mut self, id: &str) -> Result<Stack, Refusal> {
        let stack = self.stacks.remove(id).ok_or_else(Refusal::not_found)?;
        self.runs.remove(id);
        self.attachments
            .retain(|_, attachment| attachment.stack != id);
        Ok(Stack {
            deleted: true,
            ..stack
        })
    }

    /// Gives a stack the id that its current name makes (SA section 5).
    pub(super) fn reslug_stack(&mut self, id: &str) -> Result<Stack, Refusal> {
        let stack = self.stacks.get(id).ok_or_else(Refusal::not_found)?;
        let slug = guesses::slug(&stack.name);
        if slug.is_empty() {
            return Err(guesses::EMPTY_SLUG.into());
        }
        if slug != id && self.stacks.contains_key(&slug) {
            return Err(Refusal::slug_taken("stack"));
        }
        let mut stack = self.stacks.remove(id).ok_or_else(Refusal::not_found)?;
        stack.id.clone_from(&slug);
        let mut runs = self.runs.remove(id).unwrap_or_default();
        for run in &mut runs {
            run.stack.clone_from(&slug);
        }
        self.runs.insert(slug.clone(), runs);
        for happening in &mut self.happenings {
            if happening.stack.as_deref() == Some(id) {
                happening.stack = Some(slug.clone());
            }
        }
        for attachment in self.attachments.values_mut().filter(|a| a.stack == id) {
            attachment.stack.clone_from(&slug);
        }
        self.stacks.insert(slug, stack.clone());
        Ok(stack)
    }

    /// The stack after a write with this input.
    fn written(&self, before: Stack, input: Arguments<'_>) -> Result<Stack, Refusal> {
        if input.flag("administrative") == Some(true) {
            let tail = guesses::ADMINISTRATIVE_REFUSAL_TAIL;
            return Err(format!("{ADMINISTRATIVE_REFUSAL}{tail}").into());
        }
        let sent = input.texts("labels").unwrap_or_default();
        let labels: BTreeSet<String> = sent.iter().cloned().collect();
        if labels.len() != sent.len() {
            return Err(guesses::STACK_LABELS_REPEAT.into());
        }
        Ok(Stack {
            name: input.needed_text("name")?.to_owned(),
            description: input.text("description").map(str::to_owned),
            space: self.space_for(input.id("space"), &before.space)?,
            autodeploy: input.flag("autodeploy").unwrap_or(false),
            branch: input.needed_text("branch")?.to_owned(),
            namespace: input.text("namespace").unwrap_or("").to_owned(),
            repository: input.needed_text("repository")?.to_owned(),
            repository_url: input.text("repositoryURL").map(str::to_owned),
            provider: input
                .text("provider")
                .unwrap_or(guesses::STACK_PROVIDER)
                .to_owned(),
            project_root: input.text("projectRoot").map(str::to_owned),
            labels,
            ..before
        })
    }
}

/// `stack { integrations }`.
struct Integrations<'s> {
    look: Look<'s>,
    stack: &'s Stack,
}

impl ObjectValue for Integrations<'_> {
    fn type_name(&self) -> &str {
        "StackIntegrations"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "webhooks" => {
                let webhooks = self.stack.webhooks.values().map(Item::StackWebhook);
                Ok(self.look.scattered_list(webhooks.collect()))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}
