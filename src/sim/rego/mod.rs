//! Spacelift's policies (SA sections 9 and 10), by regorus.
//!
//! The dialect of a body and what Spacelift refuses when it is saved are told without an engine; the
//! cargo feature `rego` adds the parser and the evaluation. Spacelift's clock is switched off in
//! policies, so that none is an input here.
//!
//! | room | noun |
//! |---|---|
//! | `tokens` | a body's tokens and their places |
//! | `dialect` | v0 or v1, by heads and imports |
//! | `effort` | how much work a body makes for the parser |
//! | `save` | what Spacelift refuses to save |
//! | `builtins` | the functions that there are |
//! | `engine` | the only room that names regorus |
//! | `fault` | its errors, with places, in our words |
//! | `result` | what the result rules may yield |
//! | `samples` | inputs as Spacelift sends them |
//! | `guesses` | what no page settles |

mod builtins;
mod dialect;
mod effort;
#[cfg(feature = "rego")]
mod engine;
#[cfg(feature = "rego")]
mod fault;
#[cfg(feature = "rego")]
mod guesses;
#[cfg(feature = "rego")]
mod result;
mod samples;
mod save;
#[cfg(all(test, feature = "rego"))]
mod tests;
mod tokens;

pub use dialect::{Dialect, Form, Head, Import, dialect};
pub use samples::samples;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::{Fault, FaultKind};

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

/// What a notification policy decides: the objects of each result rule on which Spacelift acts, in a
/// stable order.
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
    /// Objects that Spacelift would not act on, and keys that it ignores, with the place in the body.
    pub faults: Vec<Fault>,
    /// What happens to an object only in Spacelift: placeholders that become logs.
    pub notes: Vec<Fault>,
    /// All that the rules yielded, as `policySimulatev2` answers it (SA section 8).
    pub document: Value,
}

/// Whether Spacelift would save a policy: the body is one for its engine, parses, and holds nothing that
/// no input could make right.
pub fn load(policy: &Policy) -> Result<(), Fault> {
    loaded(policy).map(drop)
}

/// What a notification policy decides about an event.
pub fn decide(request: &Request) -> Result<Decision, Fault> {
    decided(request)
}

/// What Spacelift refuses of a policy at a look at its text, before a parser sees it: no `package`, the
/// wrong dialect, reserved rules of another type, functions that are switched off or unknown.
pub fn saves(policy: &Policy) -> Result<(), Fault> {
    save::check(policy).map(drop)
}

/// Whether a policy parses, beside what [`saves`] looks at; nothing is evaluated.
pub fn parses(policy: &Policy) -> Result<(), Fault> {
    parsed(policy)
}

#[cfg(feature = "rego")]
fn parsed(policy: &Policy) -> Result<(), Fault> {
    let dialect = save::check(policy)?;
    engine::Loaded::new(policy, &dialect).map(drop)
}

/// Without a parser the look at the text has to do.
#[cfg(not(feature = "rego"))]
fn parsed(policy: &Policy) -> Result<(), Fault> {
    saves(policy)
}

#[cfg(feature = "rego")]
fn loaded(policy: &Policy) -> Result<(engine::Loaded, Dialect), Fault> {
    let dialect = save::check(policy)?;
    let mut loaded = engine::Loaded::new(policy, &dialect)?;
    // Names without a value and unknown functions are found by evaluation only; what else goes wrong
    // with a sample may be the sample's fault.
    for (_, input) in samples() {
        match loaded.everything(&input) {
            Err(fault) if fault::is_static(&fault) => return Err(fault),
            Err(fault) if fault.kind == FaultKind::Limit => return Err(fault),
            _ => {}
        }
    }
    Ok((loaded, dialect))
}

#[cfg(feature = "rego")]
fn decided(request: &Request) -> Result<Decision, Fault> {
    let policy = &request.policy;
    if policy.policy_type != "NOTIFICATION" {
        let message = format!("a policy of type `{}` sends nothing", policy.policy_type);
        return Err(Fault::new(FaultKind::Refused, message));
    }
    let dialect = save::check(policy)?;
    let document = engine::Loaded::new(policy, &dialect)?.result(&request.input)?;
    Ok(result::decision(document, policy, &dialect))
}

#[cfg(not(feature = "rego"))]
fn loaded(policy: &Policy) -> Result<(), Fault> {
    save::check(policy)?;
    Err(absent())
}

#[cfg(not(feature = "rego"))]
fn decided(request: &Request) -> Result<Decision, Fault> {
    save::check(&request.policy)?;
    Err(absent())
}

#[cfg(not(feature = "rego"))]
fn absent() -> Fault {
    let fault = Fault::new(
        FaultKind::Refused,
        "this build of spaceport evaluates no Rego",
    );
    fault.help("build it with the cargo feature `rego`, which is on by default")
}
