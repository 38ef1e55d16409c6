//! Attachments of policies to stacks, by hand and by `autoattach:` labels (SA section 8). Notification
//! policies work without any; the label has no effect on them.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::policies::Policy;
use super::refusal::Refusal;
use super::stacks::Stack;
use super::state::SpaceliftState;
use super::view::{Item, Leaves, Look};

/// An attachment made by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// A ULID; what `policyDetach` takes.
    pub id: String,
    /// The policy's slug.
    pub policy: String,
    /// The stack's slug.
    pub stack: String,
}

impl SpaceliftState {
    /// Attaches a policy to a stack.
    pub(super) fn attach_policy(
        &mut self,
        policy: &str,
        stack: &str,
        id: String,
    ) -> Result<Leaves, Refusal> {
        let policy = self.policies.get(policy).ok_or_else(Refusal::not_found)?;
        let stack = self.stacks.get(stack).ok_or_else(Refusal::not_found)?;
        if policy.policy_type == "LOGIN" {
            return Err(guesses::LOGIN_NOT_ATTACHABLE.into());
        }
        if !self.reaches(&stack.space, &policy.space) {
            return Err(guesses::OUT_OF_REACH.into());
        }
        let mut made = self.attachments.values();
        if made.any(|a| a.policy == policy.id && a.stack == stack.id) {
            return Err(guesses::ALREADY_ATTACHED.into());
        }
        let leaves = on_policy(&id, stack, false);
        let attachment = Attachment {
            id: id.clone(),
            policy: policy.id.clone(),
            stack: stack.id.clone(),
        };
        self.attachments.insert(id, attachment);
        Ok(leaves)
    }

    /// Removes an attachment by ITS id.
    pub(super) fn detach_policy(&mut self, id: &str) -> Result<Leaves, Refusal> {
        let attachment = self.attachments.remove(id).ok_or_else(Refusal::not_found)?;
        match self.stacks.get(&attachment.stack) {
            Some(stack) => Ok(on_policy(id, stack, false)),
            None => Err(Refusal::not_found()),
        }
    }

    /// The stacks a policy is attached to.
    pub(super) fn attachments_of_policy(&self, policy: &Policy) -> Vec<Leaves> {
        let mut stacks: Vec<&Stack> = self.stacks.values().collect();
        stacks.sort_by_cached_key(|stack| guesses::scattered(&stack.id));
        let attachments = stacks.into_iter();
        attachments
            .filter_map(|stack| {
                self.attachment(policy, stack)
                    .map(|(id, auto)| on_policy(&id, stack, auto))
            })
            .collect()
    }

    /// The attachment of a policy to one stack.
    pub(super) fn attachment_to_stack(&self, policy: &Policy, stack: &str) -> Option<Leaves> {
        let stack = self.stacks.get(stack)?;
        let (id, auto) = self.attachment(policy, stack)?;
        Some(on_policy(&id, stack, auto))
    }

    /// The policies that are attached to a stack, as `StackPolicyAttachment`s.
    pub(super) fn attachments_of_stack<'a>(&'a self, stack: &'a Stack) -> ResolvedValue<'a> {
        let mut policies: Vec<&Policy> = self.policies.values().collect();
        policies.sort_by_cached_key(|policy| guesses::scattered(&policy.id));
        let attachments = policies.into_iter().filter_map(move |policy| {
            let (id, auto) = self.attachment(policy, stack)?;
            Some(ResolvedValue::object(on_stack(&id, policy, auto)))
        });
        ResolvedValue::list(attachments)
    }

    /// The policies that could be attached by hand in a space.
    pub(super) fn attachable_policies(&self, space: &str) -> Vec<Item<'_>> {
        let policies = self.policies.values();
        policies
            .filter(|policy| policy.is_for_stacks() && self.reaches(space, &policy.space))
            .map(Item::Policy)
            .collect()
    }

    /// Refuses a state in which an attachment made by hand has lost its access (SA section 6).
    pub(super) fn check_reach(&self) -> Result<(), Refusal> {
        let lost = self.attachments.values().any(|attachment| {
            match (
                self.policies.get(&attachment.policy),
                self.stacks.get(&attachment.stack),
            ) {
                (Some(policy), Some(stack)) => !self.reaches(&stack.space, &policy.space),
                _ => false,
            }
        });
        match lost {
            true => Err(guesses::OUT_OF_REACH.into()),
            false => Ok(()),
        }
    }

    /// The attachment's id and whether labels made it.
    fn attachment(&self, policy: &Policy, stack: &Stack) -> Option<(String, bool)> {
        let mut made = self.attachments.values();
        if let Some(a) = made.find(|a| a.policy == policy.id && a.stack == stack.id) {
            return Some((a.id.clone(), false));
        }
        let attached = policy.is_for_stacks()
            && self.reaches(&stack.space, &policy.space)
            && wants(policy.labels.iter(), stack);
        attached.then(|| (guesses::label_attachment_id(&policy.id, &stack.id), true))
    }
}

/// `autoattachmentForLabels`: which stacks a policy in `space` with these labels would reach.
pub(super) fn autoattachment<'a>(
    look: Look<'a>,
    arguments: Arguments<'_>,
) -> Result<ResolvedValue<'a>, Refusal> {
    let space = arguments.needed_id("space")?;
    let labels = arguments.texts("labels").unwrap_or_default();
    if look.session.is_some() && !look.state.spaces.contains_key(&space) {
        return Err(Refusal::unauthorized());
    }
    let mut stacks = look.state.stacks.values().collect::<Vec<_>>();
    stacks.retain(|stack| {
        look.session.is_some()
            && look.state.reaches(&stack.space, &space)
            && wants(labels.iter(), stack)
    });
    stacks.sort_by_cached_key(|stack| guesses::scattered(&stack.id));
    Ok(ResolvedValue::object(Autoattachment(stacks)))
}

/// Whether one of a policy's labels attaches it to the stack: `autoattach:L` or `autoattach:*`.
fn wants<'b>(mut labels: impl Iterator<Item = &'b String>, stack: &Stack) -> bool {
    labels.any(|label| match label.strip_prefix("autoattach:") {
        Some("*") => true,
        Some(wanted) => stack.labels.contains(wanted),
        None => false,
    })
}

/// The stacks that labels would attach a policy to.
struct Autoattachment<'s>(Vec<&'s Stack>);

impl ObjectValue for Autoattachment<'_> {
    fn type_name(&self) -> &str {
        "AutoattachmentForLabels"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "count" => Ok(ResolvedValue::leaf(self.0.len())),
            "sample" => {
                let sample = self.0.iter().take(guesses::AUTOATTACH_SAMPLE);
                Ok(ResolvedValue::list(
                    sample.map(|stack| ResolvedValue::object(target(stack))),
                ))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn target(stack: &Stack) -> Leaves {
    Leaves {
        type_name: "AutoattachmentTarget",
        fields: vec![
            ("id", stack.id.as_str().into()),
            ("name", stack.name.as_str().into()),
            ("isModule", false.into()),
            ("labels", stack.labels.iter().map(String::as_str).collect()),
        ],
    }
}

fn on_stack(id: &str, policy: &Policy, auto: bool) -> Leaves {
    Leaves {
        type_name: "StackPolicyAttachment",
        fields: vec![
            ("id", id.into()),
            ("policyId", policy.id.as_str().into()),
            ("policyName", policy.name.as_str().into()),
            ("policyType", policy.policy_type.as_str().into()),
            (
                "policyLabels",
                policy.labels.iter().map(String::as_str).collect(),
            ),
            ("isAutoattached", auto.into()),
        ],
    }
}

fn on_policy(id: &str, stack: &Stack, auto: bool) -> Leaves {
    Leaves {
        type_name: "PolicyStackAttachment",
        fields: vec![
            ("id", id.into()),
            ("stackId", stack.id.as_str().into()),
            ("stackName", stack.name.as_str().into()),
            ("isModule", false.into()),
            ("isAutoattached", auto.into()),
        ],
    }
}
