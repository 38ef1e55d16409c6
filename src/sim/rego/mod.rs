//! Spacelift's policies (SA sections 9 and 10), by regorus.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Fault;

/// A policy's text and the engine that is asked to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The body as stored in Spacelift.
    pub body: String,
    /// The engine type.
    pub engine: EngineType,
    /// The type of policy, `NOTIFICATION` for example.
    pub policy_type: String,
}

/// Which Rego an engine reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EngineType {
    /// `webhook[obj] { … }`.
    RegoV0,
    /// `webhook contains obj if { … }`.
    RegoV1,
}

/// A policy and an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The policy.
    pub policy: Policy,
    /// The input document (SA section 9).
    pub input: Value,
}

/// What a notification policy decides: the objects of each result rule, in a stable order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What goes to webhooks.
    pub webhook: Vec<Value>,
    /// What goes to Slack.
    pub slack: Vec<Value>,
    /// What goes to the inbox.
    pub inbox: Vec<Value>,
    /// What is said in pull requests.
    pub pull_request: Vec<Value>,
    /// Whether the evaluation is recorded.
    pub sample: bool,
    /// Objects that Spacelift would not act on, and why.
    pub faults: Vec<Fault>,
}

/// Whether a policy loads.
pub fn load(_policy: &Policy) -> Result<(), Fault> {
    Ok(())
}

/// What a notification policy decides about an event.
pub fn decide(_request: &Request) -> Result<Decision, Fault> {
    Ok(Decision::default())
}
