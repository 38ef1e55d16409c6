//! `policySimulatev2`: a policy evaluated without being saved (SA section 8). Nothing of the account is looked
//! at and nothing follows from the decision.

use serde_json::Value;

use super::arguments::Arguments;
use super::decisions::engine_type;
use super::guesses;
use super::policies::current_name;
use super::refusal::Refusal;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::rego;

/// The decision as JSON text. `policySimulatev2` has its arguments in an input object, and the document
/// under `data`; the older form has it under `input`.
pub(super) fn simulate(
    arguments: Arguments<'_>,
    document: &str,
    ask: &dyn Fn(Job) -> Result<Answer, Fault>,
) -> Result<String, Refusal> {
    let policy_type = current_name(arguments.needed_text("type")?);
    if policy_type != "NOTIFICATION" {
        return Err(guesses::simulates_notifications_alone(policy_type).into());
    }
    let input: Value = match serde_json::from_str(document) {
        Ok(input) => input,
        Err(error) => return Err(guesses::bad_simulation_input(&error.to_string()).into()),
    };
    let policy = rego::Policy {
        body: arguments.needed_text("body")?.to_owned(),
        engine: engine_type(arguments.text("engineType").unwrap_or("REGO_V0")),
        policy_type: policy_type.to_owned(),
    };
    let body = policy.body.clone();
    match ask(Job::Rego(rego::Request { policy, input })) {
        Ok(Answer::Decided(decision)) => Ok(decision.document.to_string()),
        Ok(_) => Err(guesses::bad_simulation_input("no decision").into()),
        Err(fault) => Err(guesses::bad_body(&fault, &body).into()),
    }
}
