//! What becomes of a policy's decision about a happening (SA section 10): letters to webhooks, messages in the
//! inbox, Slack and pull requests, recorded samples, and errors of the service. It sends nothing and
//! evaluates nothing.

use serde_json::Value;

use super::deliveries::Letter;
use super::guesses;
use super::happenings::{Happening, InternalError, Kind};
use super::inbox::{Message, Told};
use super::logs;
use super::policies::Policy;
use super::reach::Unusable;
use super::samples::Sample;
use super::state::SpaceliftState;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::rego::{self, Decision, EngineType};

/// What writing down a decision needs from outside: fresh ULIDs, and the time in milliseconds.
pub(super) struct Desk<'a> {
    pub(super) ids: &'a dyn Fn() -> String,
    pub(super) now: i64,
}

impl Policy {
    /// The policy as the engine takes it.
    pub(super) fn for_engine(&self) -> rego::Policy {
        rego::Policy {
            body: self.body.clone(),
            engine: engine_type(&self.engine_type),
            policy_type: self.policy_type.clone(),
        }
    }

    /// The question what the policy decides about an input document.
    pub(super) fn question(&self, input: &Value) -> Job {
        Job::Rego(rego::Request {
            policy: self.for_engine(),
            input: input.clone(),
        })
    }
}

/// The engine that is meant by a `PolicyEngineType`.
pub(super) fn engine_type(name: &str) -> EngineType {
    match name {
        "REGO_V1" => EngineType::RegoV1,
        _ => EngineType::RegoV0,
    }
}

impl SpaceliftState {
    /// What a stack's own webhooks are sent (SA section 12).
    pub(super) fn letters_to_stack(&self, happening: &Happening) -> Vec<Letter> {
        let stack = happening.stack.as_ref();
        let Some(stack) = stack.and_then(|id| self.stacks.get(id)) else {
            return Vec::new();
        };
        let webhooks = stack.webhooks.values().filter(|webhook| webhook.enabled);
        webhooks
            .map(|webhook| Letter::to_stacks_own(webhook, &stack.id, happening))
            .collect()
    }

    /// Writes down what a policy has decided; the letters are still to be sent.
    pub(super) fn decided(
        &mut self,
        happening: &Happening,
        policy: &Policy,
        (input, answer): (&Value, Result<Answer, Fault>),
        desk: &Desk<'_>,
    ) -> Vec<Letter> {
        match answer {
            Ok(Answer::Decided(decision)) => {
                self.carried_out(happening, policy, (input, decision), desk)
            }
            Ok(_) => Vec::new(),
            Err(fault) => {
                let error = guesses::evaluation_failed(&policy.name, &fault.message);
                self.policy_failed(happening, policy, error, desk);
                Vec::new()
            }
        }
    }

    fn carried_out(
        &mut self,
        happening: &Happening,
        policy: &Policy,
        (input, decision): (&Value, Decision),
        desk: &Desk<'_>,
    ) -> Vec<Letter> {
        if decision.sample {
            let sample = Sample {
                key: (desk.ids)(),
                timestamp: desk.now.div_euclid(1000),
                outcome: decision.document.to_string(),
                input: input.to_string(),
                body: policy.body.clone(),
            };
            self.record_sample(&policy.id, sample);
        }
        for fault in &decision.faults {
            let mut message = guesses::not_acted_on(&policy.name, &fault.message);
            message.id = (desk.ids)();
            message.at = desk.now;
            message.policy = Some(policy.id.clone());
            self.inform(message);
        }
        for object in decision.inbox {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            let body = text("body").unwrap_or_default();
            self.inform(Message {
                id: (desk.ids)(),
                at: desk.now,
                policy: Some(policy.id.clone()),
                title: text("title").unwrap_or(&policy.name).to_owned(),
                body: body.to_owned(),
                severity: text("severity").unwrap_or("INFO").to_owned(),
            });
        }
        let told = |object: Value| Told {
            at: desk.now,
            policy: policy.id.clone(),
            object,
        };
        for object in decision.slack {
            self.say_in_slack(told(object));
        }
        for mut object in decision.pull_request {
            if let Some(body) = object.get_mut("body") {
                *body = logs::filled(body, &happening.logs);
            }
            self.comment(told(object));
        }
        let mut letters = Vec::new();
        for rule in decision.webhook {
            let endpoint = rule.get("endpoint_id").and_then(Value::as_str);
            let endpoint = endpoint.unwrap_or_default();
            match self.webhook_for(&happening.space, endpoint) {
                Ok(webhook) => {
                    letters.push(Letter::to_named(webhook, happening, &policy.id, &rule));
                }
                Err(unusable) => {
                    let why = match unusable {
                        Unusable::Unknown => "does not exist",
                        Unusable::Disabled => "is disabled",
                        Unusable::OutOfReach => "cannot be used from the space of the event",
                    };
                    let error = guesses::endpoint_unusable(&policy.name, endpoint, why);
                    self.policy_failed(happening, policy, error, desk);
                }
            }
        }
        letters
    }

    /// An error that a policy has made. While an error is being told it ends in the inbox, or errors
    /// would make errors for ever.
    fn policy_failed(
        &mut self,
        happening: &Happening,
        policy: &Policy,
        error: InternalError,
        desk: &Desk<'_>,
    ) {
        let error = InternalError {
            space: Some(policy.space.clone()),
            ..error
        };
        let is_kept_quiet = happening.kind == Kind::InternalError;
        self.depth = happening.depth;
        self.failed(&error, desk.now, (desk.ids)(), is_kept_quiet);
    }
}
