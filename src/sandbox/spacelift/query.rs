//! The fields of `Query`. Without a session lists are empty and objects are not there, both without an
//! error (SA section 3). Changes nothing.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;

use super::arguments::Arguments;
use super::attachments::autoattachment;
use super::guesses;
use super::refusal::Refusal;
use super::search::{self, Source};
use super::session::Session;
use super::view::{Answer, Item, Leaves, Look, unanswered};

/// The root of every query.
pub(super) struct QueryRoot<'s> {
    pub(super) look: Look<'s>,
}

impl ObjectValue for QueryRoot<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(root_field(self.look, info)?)
    }
}

fn root_field<'a>(look: Look<'a>, info: &ResolveInfo<'_>) -> Answer<'a> {
    let arguments = Arguments::new(info.arguments());
    let input = arguments.input("input");
    Ok(match info.field_name() {
        "viewer" => ResolvedValue::nullable_object(look.session.map(|s| user(s, None))),
        "name" => ResolvedValue::leaf(look.session.map(|_| look.state.account.as_str())),
        "policyRuntime" => ResolvedValue::object(Leaves {
            type_name: "PolicyRuntime",
            fields: vec![(
                "openPolicyAgentVersion",
                guesses::OPEN_POLICY_AGENT_VERSION.into(),
            )],
        }),
        "debugInfo" => ResolvedValue::object(Leaves {
            type_name: "DebugInfo",
            fields: vec![("selfHostedVersion", JsonValue::Null)],
        }),
        "stack" => {
            let stack = look.state.stacks.get(&arguments.needed_id("id")?);
            look.nullable(look.visible(stack).map(Item::Stack))
        }
        "stacks" => {
            let stacks = look.state.stacks.shown();
            let stacks = stacks.filter(|_| look.session.is_some());
            look.list(stacks.map(Item::Stack).collect())
        }
        "searchStacks" => {
            let stacks = match look.session {
                Some(_) => Source::Stacks(&look.state.stacks),
                None => Source::Items(Vec::new()),
            };
            return search::page(look, stacks, input, "SearchStacksOutput");
        }
        "runStack" => {
            let stack = look.state.stack_of_run(&arguments.needed_id("runId")?);
            let stack = look.visible(stack).ok_or_else(Refusal::not_found)?;
            look.object(Item::Stack(stack))
        }
        "space" => {
            let space = look.state.spaces.get(&arguments.needed_id("id")?);
            look.nullable(look.visible(space).map(Item::Space))
        }
        "spaces" => {
            let spaces = look
                .state
                .spaces
                .values()
                .filter(|_| look.session.is_some());
            look.scattered_list(spaces.map(Item::Space).collect())
        }
        "namedWebhooksIntegration" => {
            let webhook = look.state.webhooks.get(&arguments.needed_id("id")?);
            let webhook = look.visible(webhook).ok_or_else(Refusal::not_found)?;
            look.object(Item::Webhook(webhook))
        }
        "searchNamedWebhooksIntegrations" => {
            let webhooks = look.state.webhooks.values();
            let webhooks = webhooks.filter(|_| look.session.is_some());
            let webhooks = Source::Items(webhooks.map(Item::Webhook).collect());
            return search::page(
                look,
                webhooks,
                input,
                "SearchNamedWebhooksIntegrationsOutput",
            );
        }
        "policy" => {
            let policy = look.state.policies.get(&arguments.needed_id("id")?);
            look.nullable(look.visible(policy).map(Item::Policy))
        }
        "policies" => look.scattered_list(look.policies()),
        "searchPolicies" => {
            let policies = Source::Items(look.policies());
            return search::page(look, policies, input, "SearchPoliciesOutput");
        }
        "attachablePoliciesInSpace" => {
            let space = arguments.needed_id("id")?;
            match look.session {
                None => look.list(Vec::new()),
                Some(_) if !look.state.spaces.contains_key(&space) => {
                    return Err(Refusal::unauthorized());
                }
                Some(_) => look.scattered_list(look.state.attachable_policies(&space)),
            }
        }
        "autoattachmentForLabels" => return autoattachment(look, arguments),
        _ => return unanswered(info),
    })
}

impl<'s> Look<'s> {
    /// What a session may see of an object: all of it, or nothing.
    fn visible<T>(self, object: Option<&'s T>) -> Option<&'s T> {
        self.session.and(object)
    }

    fn policies(self) -> Vec<Item<'s>> {
        let policies = self.state.policies.values();
        policies
            .filter(|_| self.session.is_some())
            .map(Item::Policy)
            .collect()
    }
}

/// The owner of a session; `jwt` is there on an exchange alone.
pub(super) fn user(session: &Session, jwt: Option<&str>) -> Leaves {
    Leaves {
        type_name: "User",
        fields: vec![
            ("id", session.login().into()),
            ("name", session.name.as_str().into()),
            ("login", session.login().into()),
            ("type", guesses::VIEWER_TYPE.into()),
            ("jwt", jwt.into()),
            ("validUntil", session.expires_at.into()),
        ],
    }
}
