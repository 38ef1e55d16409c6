//! The fields of `Mutation`: who may, which arguments, which noun. Top-level fields run in order, each
//! sees what the one before did; a later refusal takes nothing back, as GraphQL has no transaction.

use std::sync::Mutex;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};

use super::GraphqlCall;
use super::arguments::Arguments;
use super::execute::{Means, lock};
use super::policies::UpdateForm;
use super::query::user;
use super::refusal::Refusal;
use super::session::Session;
use super::simulation::simulate;
use super::state::SpaceliftState;
use super::view::{Held, Made};

/// The mutations that change nothing an account holds.
pub(super) const NOT_WRITES: [&str; 5] = [
    "apiKeyUser",
    "oauthUser",
    "logout",
    "policySimulate",
    "policySimulatev2",
];

/// The root of every mutation. Each field has the store for itself while it writes and while its answer is
/// read; a simulation does not touch it.
pub(super) struct MutationRoot<'s> {
    pub(super) state: &'s Mutex<SpaceliftState>,
    pub(super) session: Option<&'s Session>,
    pub(super) call: &'s GraphqlCall<'s>,
    pub(super) means: Means<'s>,
}

impl ObjectValue for MutationRoot<'_> {
    fn type_name(&self) -> &str {
        "Mutation"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = Arguments::new(info.arguments());
        let field = info.field_name();
        let document = match field {
            "policySimulatev2" => Some((arguments.input("input"), "data")),
            "policySimulate" => Some((arguments, "input")),
            _ => None,
        };
        if let Some((arguments, document)) = document {
            self.session.ok_or_else(Refusal::unauthorized)?;
            let document = arguments.needed_text(document)?;
            let decision = simulate(arguments, document, self.means.ask)?;
            return Ok(ResolvedValue::leaf(decision));
        }
        let mut state = lock(self.state);
        state.depth = self.means.depth;
        let made = match self.session_mutation(&mut state, field, arguments)? {
            Some(made) => made,
            None => self.write(&mut state, field, arguments)?,
        };
        let held = Held {
            state,
            session: self.session,
            paging: self.means.paging,
            made,
        };
        Ok(held.resolved())
    }
}

impl MutationRoot<'_> {
    /// The mutations that need no session: signing in and out (SA section 2).
    fn session_mutation(
        &self,
        state: &mut SpaceliftState,
        field: &str,
        arguments: Arguments<'_>,
    ) -> Result<Option<Made>, Refusal> {
        Ok(match field {
            "apiKeyUser" => {
                let issued = state.exchange_key(
                    &arguments.needed_id("id")?,
                    arguments.needed_text("secret")?,
                    (self.call.origin, self.call.seconds()),
                    (self.means.ids)(),
                )?;
                Some(issued.map_or(Made::Nothing, |issued| {
                    Made::Leaves(user(&issued.session, Some(&issued.jwt)))
                }))
            }
            // The sandbox's account has no GitHub login, so no such token is known.
            "oauthUser" => Some(Made::Nothing),
            "logout" => {
                let ended = state.end_session(self.call.bearer);
                Some(ended.map_or(Made::Nothing, |session| Made::Leaves(user(&session, None))))
            }
            _ => None,
        })
    }

    fn write(
        &self,
        state: &mut SpaceliftState,
        field: &str,
        arguments: Arguments<'_>,
    ) -> Result<Made, Refusal> {
        let session = self.session.ok_or_else(Refusal::unauthorized)?;
        let now = self.call.seconds();
        let input = arguments.input("input");
        let id = || arguments.needed_id("id");
        let stack = || arguments.needed_id("stack");
        let space = || arguments.needed_id("space");
        Ok(match field {
            "namedWebhooksIntegrationCreate" => Made::Webhook(state.create_webhook(input, now)?),
            "namedWebhooksIntegrationUpdate" => Made::Webhook(state.update_webhook(&id()?, input)?),
            "namedWebhooksIntegrationDelete" => Made::Webhook(state.delete_webhook(&id()?)?),
            "namedWebhooksIntegrationSetHeaders" => {
                Made::Webhook(state.set_webhook_headers(&id()?, input)?)
            }
            "namedWebhooksIntegrationDeleteHeaders" => {
                let keys = arguments.texts("headerKeys").unwrap_or_default();
                Made::Webhook(state.delete_webhook_headers(&id()?, &keys)?)
            }
            "webhooksIntegrationCreate" => {
                let made = state.create_stack_webhook(&stack()?, input, (self.means.ids)())?;
                Made::StackWebhook(made)
            }
            "webhooksIntegrationUpdate" => {
                Made::StackWebhook(state.update_stack_webhook(&stack()?, &id()?, input)?)
            }
            "webhooksIntegrationDelete" => {
                Made::StackWebhook(state.delete_stack_webhook(&stack()?, &id()?)?)
            }
            "policyCreatev2" => Made::Policy(state.create_policy(input, now)?),
            "policyCreate" => Made::Policy(state.create_policy(arguments, now)?),
            "policyUpdatev2" => {
                Made::Policy(state.update_policy(&id()?, input, UpdateForm::Input, now)?)
            }
            "policyUpdate" => {
                let form = UpdateForm::Deprecated;
                Made::Policy(state.update_policy(&id()?, arguments, form, now)?)
            }
            "policyDelete" => {
                let force = arguments.flag("force").unwrap_or(false);
                Made::Policy(state.delete_policy(&id()?, force)?)
            }
            "policyAttach" => {
                Made::Leaves(state.attach_policy(&id()?, &stack()?, (self.means.ids)())?)
            }
            "policyDetach" => Made::Leaves(state.detach_policy(&id()?)?),
            "spaceCreate" => Made::Space(state.create_space(input, &(self.means.ids)())?),
            "spaceUpdate" => Made::Space(state.update_space(&space()?, input)?),
            "spaceDelete" => Made::Space(state.delete_space(&space()?)?),
            "stackCreate" => Made::Stack(Box::new(state.create_stack(arguments, now)?)),
            "stackUpdate" => Made::Stack(Box::new(state.update_stack(&id()?, input)?)),
            "stackDelete" => Made::Stack(Box::new(state.delete_stack(&id()?)?)),
            "stackReslug" => Made::Stack(Box::new(state.reslug_stack(&id()?)?)),
            "runTrigger" | "taskCreate" => {
                let id = (self.means.ids)();
                Made::Run(state.queue_run(stack()?, arguments, (session, self.call.now), id)?)
            }
            "runConfirm" | "runDiscard" | "runCancel" | "runStop" => {
                Made::Run(state.judge_run(field, arguments, (session, self.call.now))?)
            }
            _ => {
                return Err(Refusal(format!(
                    "the sandbox has no resolver for `{field}`"
                )));
            }
        })
    }
}
