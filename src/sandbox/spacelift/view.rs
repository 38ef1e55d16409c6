//! What resolvers hand back: objects borrowed from the store, so that a list of thousands costs no copy.
//! Decides nothing about any noun; each noun's file answers for its own fields.

use std::sync::MutexGuard;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;

use super::guesses;
use super::policies::Policy;
use super::refusal::Refusal;
use super::runs::Run;
use super::samples::Sample;
use super::search::Paging;
use super::session::Session;
use super::spaces::Space;
use super::stack_webhooks::StackWebhook;
use super::stacks::Stack;
use super::state::SpaceliftState;
use super::webhooks::NamedWebhook;

/// What a resolver answers.
pub(super) type Answer<'a> = Result<ResolvedValue<'a>, Refusal>;

/// What every resolver may look at.
#[derive(Clone, Copy)]
pub(super) struct Look<'s> {
    pub(super) state: &'s SpaceliftState,
    /// Whose token it is; without one nothing is visible (SA section 3).
    pub(super) session: Option<&'s Session>,
    /// What is wrong with pages now.
    pub(super) paging: Paging,
}

/// A stored object with a GraphQL type of its own.
#[derive(Clone, Copy)]
pub(super) enum Item<'s> {
    Policy(&'s Policy),
    Webhook(&'s NamedWebhook),
    StackWebhook(&'s StackWebhook),
    Space(&'s Space),
    Stack(&'s Stack),
    Run(&'s Run),
    Sample(&'s Sample),
}

impl<'s> Item<'s> {
    /// The object's id; unique within its kind.
    pub(super) fn id(self) -> &'s str {
        match self {
            Self::Policy(policy) => &policy.id,
            Self::Webhook(webhook) => &webhook.id,
            Self::StackWebhook(webhook) => &webhook.id,
            Self::Space(space) => &space.id,
            Self::Stack(stack) => &stack.id,
            Self::Run(run) => &run.id,
            Self::Sample(sample) => &sample.key,
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Policy(_) => "Policy",
            Self::Webhook(_) => "NamedWebhooksIntegration",
            Self::StackWebhook(_) => "WebhooksIntegration",
            Self::Space(_) => "Space",
            Self::Stack(_) => "Stack",
            Self::Run(_) => "Run",
            Self::Sample(_) => "PolicyEvaluationRecord",
        }
    }

    fn field(self, look: Look<'s>, info: &ResolveInfo<'_>) -> Answer<'s> {
        match self {
            Self::Policy(policy) => policy.field(look, info),
            Self::Webhook(webhook) => webhook.field(look, info),
            Self::StackWebhook(webhook) => webhook.field(info),
            Self::Space(space) => space.field(info),
            Self::Stack(stack) => stack.field(look, info),
            Self::Run(run) => run.field(look, info),
            Self::Sample(sample) => sample.field(info),
        }
    }
}

impl<'s> Look<'s> {
    /// One object.
    pub(super) fn object(self, item: Item<'s>) -> ResolvedValue<'s> {
        ResolvedValue::object(View { look: self, item })
    }

    /// One object or null.
    pub(super) fn nullable(self, item: Option<Item<'s>>) -> ResolvedValue<'s> {
        item.map_or_else(ResolvedValue::null, |item| self.object(item))
    }

    /// Objects in the given order.
    pub(super) fn list(self, items: Vec<Item<'s>>) -> ResolvedValue<'s> {
        ResolvedValue::list(items.into_iter().map(move |item| self.object(item)))
    }

    /// Objects in an order that is not the one of creation.
    pub(super) fn scattered_list(self, mut items: Vec<Item<'s>>) -> ResolvedValue<'s> {
        items.sort_by_cached_key(|item| guesses::scattered(item.id()));
        self.list(items)
    }

    /// The space with this id, as an object.
    pub(super) fn space(self, id: &str) -> Answer<'s> {
        match self.state.spaces.get(id) {
            Some(space) => Ok(self.object(Item::Space(space))),
            None => Err(Refusal::not_found()),
        }
    }
}

/// A stored object during one request.
struct View<'s> {
    look: Look<'s>,
    item: Item<'s>,
}

impl ObjectValue for View<'_> {
    fn type_name(&self) -> &str {
        self.item.type_name()
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(self.item.field(self.look, info)?)
    }
}

/// A small object whose fields are all at hand: leaves, or lists of leaves.
#[derive(Clone)]
pub(super) struct Leaves {
    pub(super) type_name: &'static str,
    pub(super) fields: Vec<(&'static str, JsonValue)>,
}

impl ObjectValue for Leaves {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let mut fields = self.fields.iter();
        match fields.find(|(name, _)| *name == info.field_name()) {
            Some((_, JsonValue::Array(items))) => {
                let leaves = items.iter().map(|item| ResolvedValue::leaf(item.clone()));
                Ok(ResolvedValue::list(leaves))
            }
            Some((_, value)) => Ok(ResolvedValue::leaf(value.clone())),
            None => Err(self.unknown_field_error(info)),
        }
    }
}

/// What a mutation made, changed or removed: a copy of the record, which may be gone from the store.
pub(super) enum Made {
    Policy(Policy),
    Webhook(NamedWebhook),
    StackWebhook(StackWebhook),
    Space(Space),
    Stack(Box<Stack>),
    Run(Run),
    Leaves(Leaves),
    Nothing,
}

/// The answer of a mutation while its selected fields are read.
pub(super) struct Held<'s> {
    pub(super) state: MutexGuard<'s, SpaceliftState>,
    pub(super) session: Option<&'s Session>,
    pub(super) paging: Paging,
    pub(super) made: Made,
}

impl<'s> Held<'s> {
    /// The answer as a value of the schema.
    pub(super) fn resolved(self) -> ResolvedValue<'s> {
        match self.made {
            Made::Leaves(leaves) => ResolvedValue::object(leaves),
            Made::Nothing => ResolvedValue::null(),
            _ => ResolvedValue::object(self),
        }
    }

    fn item(&self) -> Option<Item<'_>> {
        match &self.made {
            Made::Policy(policy) => Some(Item::Policy(policy)),
            Made::Webhook(webhook) => Some(Item::Webhook(webhook)),
            Made::StackWebhook(webhook) => Some(Item::StackWebhook(webhook)),
            Made::Space(space) => Some(Item::Space(space)),
            Made::Stack(stack) => Some(Item::Stack(stack)),
            Made::Run(run) => Some(Item::Run(run)),
            Made::Leaves(_) | Made::Nothing => None,
        }
    }
}

impl ObjectValue for Held<'_> {
    fn type_name(&self) -> &str {
        self.item().map_or("", Item::type_name)
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let look = Look {
            state: &self.state,
            session: self.session,
            paging: self.paging,
        };
        match self.item() {
            Some(item) => Ok(item.field(look, info)?),
            None => Err(self.unknown_field_error(info)),
        }
    }
}

/// A list of texts in an order that nobody chose, as the service answers labels and header names.
pub(super) fn texts<'a, 'b>(texts: impl Iterator<Item = &'b String>) -> ResolvedValue<'a> {
    let mut texts: Vec<&str> = texts.map(String::as_str).collect();
    texts.sort_by_cached_key(|text| guesses::scattered(text));
    let leaves: Vec<_> = texts.into_iter().map(ResolvedValue::leaf).collect();
    ResolvedValue::list(leaves)
}

/// A field that the schema has and no resolver answers: a mistake of ours, which the tests find.
pub(super) fn unanswered<'a>(info: &ResolveInfo<'_>) -> Answer<'a> {
    Err(Refusal(format!(
        "the sandbox has no resolver for `{}`",
        info.field_name()
    )))
}
