//! Evaluation by regorus: the only room that names it.
//!
//! Deliberately not here: what Spacelift makes of the result.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::{Engine, PolicyLengthConfig, Value as Rego};
use serde_json::Value;

use super::dialect::{Dialect, Form};
use super::{EngineType, Policy};
use super::{fault, guesses};
use crate::sim::job::{Fault, FaultKind};

/// How long one evaluation may take. Spacelift allows 10 s; what needs a tenth of them here is a mistake.
/// Less than the process around it has, so that we are the ones who say it.
const TIME: Duration = Duration::from_millis(800);

/// Steps between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// Rules that Spacelift puts in front of a notification policy (SA section 10).
const SETS: [&str; 5] = ["webhook", "slack", "inbox", "pull_request", "flag"];

/// A policy in an engine, ready to be asked.
pub(super) struct Loaded {
    engine: Engine,
    body: String,
}

impl Loaded {
    /// Parses a body, with Spacelift's definitions in front of it.
    pub(super) fn new(policy: &Policy, dialect: &Dialect) -> Result<Self, Fault> {
        let mut engine = Engine::new();
        engine.set_execution_timer_config(regorus::utils::limits::ExecutionTimerConfig {
            limit: TIME,
            check_interval: STEPS,
        });
        // Lines may be as long as the text; the text itself has its own limit.
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZeroU32::MAX,
            ..PolicyLengthConfig::default()
        });
        // Open Policy Agent takes a function that fails as undefined, and so does Spacelift.
        engine.set_strict_builtin_errors(false);
        // `print` would go to our own standard error.
        engine.set_gather_prints(true);
        let ours = |text: String| Fault::new(FaultKind::Runtime, text);
        engine
            .add_policy("spacelift".to_owned(), definitions(policy, dialect))
            .map_err(|error| ours(error.to_string()))?;
        if policy.policy_type == "PLAN" {
            let sanitized = Box::new(|values: Vec<Rego>| Ok(guesses::sanitized(&values)));
            engine
                .add_extension("spaceport.sanitized".to_owned(), 1, sanitized)
                .map_err(|error| ours(error.to_string()))?;
        }
        engine.set_rego_v0(policy.engine == EngineType::RegoV0);
        engine
            .add_policy(fault::FILE.to_owned(), policy.body.clone())
            .map_err(|error| fault::of(&error.to_string(), &policy.body, FaultKind::Syntax))?;
        Ok(Loaded {
            engine,
            body: policy.body.clone(),
        })
    }

    /// What Spacelift reads after an evaluation: the rule `result`.
    pub(super) fn result(&mut self, input: &Value) -> Result<Value, Fault> {
        self.ask("result", input)
    }

    /// Evaluates every rule of the package.
    pub(super) fn everything(&mut self, input: &Value) -> Result<Value, Fault> {
        let failed = |body: &str, text: String| fault::of(&text, body, FaultKind::Runtime);
        self.engine.set_input(read(input)?);
        let results = self
            .engine
            .eval_query("data.spacelift".to_owned(), false)
            .map_err(|error| failed(&self.body, error.to_string()))?;
        let value = results.result.first().and_then(|r| r.expressions.first());
        value.map_or(Ok(Value::Null), |e| written(&e.value))
    }

    /// Evaluates one rule of the package.
    fn ask(&mut self, rule: &str, input: &Value) -> Result<Value, Fault> {
        self.engine.set_input(read(input)?);
        let value = self
            .engine
            .eval_rule(format!("data.spacelift.{rule}"))
            .map_err(|error| fault::of(&error.to_string(), &self.body, FaultKind::Runtime))?;
        written(&value)
    }
}

/// Spacelift's own definitions: empty sets, defaults, and the rule that is evaluated.
fn definitions(policy: &Policy, dialect: &Dialect) -> String {
    let mut text = "package spacelift\nimport rego.v1\n".to_owned();
    let default = |name: &str| dialect.rules(name).any(|head| head.form == Form::Default);
    if !default("sample") {
        text.push_str("default sample := false\n");
    }
    if policy.policy_type == "PLAN" {
        // A function in Rego, so that the form with a second argument for the result works, too.
        text.push_str("sanitized(value) := spaceport.sanitized(value)\n");
    }
    for (name, form) in guesses::result_rules(&policy.policy_type) {
        if dialect.rules(name).next().is_none() {
            text.push_str(&match form {
                Form::Set => format!("{name} contains x if {{ x := 0; x == 1 }}\n"),
                _ => format!("default {name} := false\n"),
            });
        }
    }
    if policy.policy_type == "NOTIFICATION" {
        for set in SETS {
            text.push_str(&format!("{set} contains x if {{ x := 0; x == 1 }}\n"));
        }
        let parts = [
            "flag",
            "sample",
            "inbox",
            "slack",
            "webhook",
            "pull_request",
        ];
        let pairs: Vec<String> = parts
            .iter()
            .map(|name| format!("{name:?}: {name}"))
            .collect();
        text.push_str(&format!("result := {{{}}}\n", pairs.join(", ")));
    }
    text
}

fn read(input: &Value) -> Result<Rego, Fault> {
    let unread = |error: String| Fault::new(FaultKind::Runtime, format!("the input: {error}"));
    Rego::from_json_str(&input.to_string()).map_err(|error| unread(error.to_string()))
}

/// A result as JSON: sets as lists in the engine's order.
fn written(value: &Rego) -> Result<Value, Fault> {
    if *value == Rego::Undefined {
        return Ok(Value::Null);
    }
    let unread = |error: String| Fault::new(FaultKind::Runtime, format!("the result: {error}"));
    let text = value
        .to_json_str()
        .map_err(|error| unread(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unread(error.to_string()))
}
