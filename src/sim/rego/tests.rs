//! What policies decide, and which bodies are refused where.

use serde_json::{Value, json};

use super::*;

/// The policy of Port's guide, as its page prints it: options 1 and 2 one below the other.
const GUIDE: &str = r#"# Option 1: Trigger on tracked runs finishing

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated.run.type == "TRACKED"
input.run_updated.run.state == "FINISHED"
}

# Option 2: Trigger on any run update

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated != null
}
"#;

fn policy(engine: EngineType, body: &str) -> Policy {
    Policy {
        body: body.to_owned(),
        engine,
        policy_type: "NOTIFICATION".to_owned(),
    }
}

fn v0(rules: &str) -> Policy {
    policy(EngineType::RegoV0, &format!("package spacelift\n{rules}\n"))
}

fn v1(rules: &str) -> Policy {
    policy(EngineType::RegoV1, &format!("package spacelift\n{rules}\n"))
}

fn decision(policy: &Policy, input: Value) -> Decision {
    let policy = policy.clone();
    decide(&Request { policy, input }).expect("a decision")
}

/// A refusal as `LINE: MESSAGE [the text that is meant] (help)`.
fn refusal(policy: &Policy) -> String {
    match load(policy) {
        Ok(()) => "loads".to_owned(),
        Err(fault) => told(&fault, &policy.body),
    }
}

fn told(fault: &Fault, body: &str) -> String {
    let span = fault.span.clone().unwrap_or(0..0);
    let line = body[..span.start].matches('\n').count() + 1;
    let help = fault.help.as_deref().unwrap_or("no help");
    let kind = fault.kind;
    format!(
        "{kind:?} {line}: {} [{}] ({help})",
        fault.message, &body[span]
    )
}

#[test]
fn the_guides_snippet_needs_a_package_and_is_v0() {
    let bare = policy(EngineType::RegoV0, GUIDE);
    insta::assert_snapshot!(refusal(&bare), @"Refused 3: the body has no `package` line [webhook] (put `package spacelift` above the first rule)");
    assert_eq!(refusal(&v0(GUIDE)), "loads");
    insta::assert_snapshot!(refusal(&v1(GUIDE)), @"");
}

#[test]
fn both_options_of_the_guide_yield_one_object() {
    let tracked = decision(&v0(GUIDE), samples::run("FINISHED", "TRACKED"));
    assert_eq!(
        tracked.webhook,
        [json!({"endpoint_id": "<YOUR-WEBHOOK-ID>"})]
    );
    let proposed = decision(&v0(GUIDE), samples::run("QUEUED", "PROPOSED"));
    assert_eq!(proposed.webhook.len(), 1, "option 2 takes every run");
    let error = decision(&v0(GUIDE), samples::error("ERROR"));
    assert_eq!(error.webhook, Vec::<Value>::new());
}

#[test]
fn a_decision_has_all_rules_and_stays_in_order() {
    let policy = v1(r#"
        webhook contains {"endpoint_id": id} if some id in ["b", "a"]
        slack contains {"channel_id": "C1"} if input.internal_error
        sample if input.run_updated
        "#);
    let decision = decision(&policy, samples::run("FAILED", "TRACKED"));
    let expected = json!({
        "flag": [], "sample": true, "inbox": [], "slack": [], "pull_request": [],
        "webhook": [{"endpoint_id": "a"}, {"endpoint_id": "b"}],
    });
    assert_eq!(decision.document, expected);
    assert!(decision.sample && decision.faults.is_empty() && decision.notes.is_empty());
}
