//! Automations that fire: conditions, and the runs that they make (PA section 3).
//!
//! What they listen to is in `triggers`, what a run does in `invocation`.

use serde_json::{Map, Value, json};

use super::request::{Hand, Stamp};
use super::tables::Table;
use super::triggers::{self, Trigger};
use super::{guesses, runs};
use crate::sandbox::events::Event;
use crate::sandbox::server::Shared;
use crate::sim::job::{Answer, Fault, Job};

/// Starts a run of every automation that a change means and whose condition holds.
pub(super) async fn fire(shared: &Shared, trigger: &Trigger, depth: u32) {
    let listening: Vec<Value> = {
        let state = shared.port();
        let actions = state.tables.rows(Table::Actions).map(|(_, action)| action);
        actions
            .filter(|one| triggers::is_active(one) && trigger.is_meant_by(&one["trigger"]["event"]))
            .cloned()
            .collect()
    };
    for automation in listening {
        if holds(shared, &automation["trigger"]["condition"], &trigger.event).await {
            start(shared, &automation, trigger, depth);
        }
    }
}

/// Whether a condition is met; one that fails is not (`guesses`).
async fn holds(shared: &Shared, condition: &Value, event: &Value) -> bool {
    let expressions = condition["expressions"].as_array().into_iter().flatten();
    let now = seconds(shared.now());
    let jobs: Vec<Job> = expressions
        .filter_map(Value::as_str)
        .map(|program| Job::Jq {
            program: program.to_owned(),
            input: event.clone(),
            now,
        })
        .collect();
    if jobs.is_empty() {
        return true;
    }
    let answers = shared.engine(jobs).await;
    let mut met = answers.iter().map(is_met);
    match condition["combinator"] == "or" {
        true => met.any(|met| met),
        false => met.all(|met| met),
    }
}

fn is_met(answer: &Result<Answer, Fault>) -> bool {
    match answer {
        Ok(Answer::Values(values)) => values.first() == Some(&Value::Bool(true)),
        _ => false,
    }
}

/// Makes the run; one to which too many automations led is not invoked, and says so.
fn start(shared: &Shared, automation: &Value, trigger: &Trigger, depth: u32) {
    let now = shared.now();
    let hand = Hand {
        stamp: Stamp {
            now,
            user: guesses::AUTOMATION_USER,
        },
        dice: &shared.dice,
        origin: "AUTOMATION",
    };
    let mut state = shared.port();
    let mut run = runs::new(hand, automation, guesses::AUTOMATION_SOURCE);
    for (key, value) in [
        ("status", json!("IN_PROGRESS")),
        ("properties", json!({})),
        ("requiredApproval", json!(false)),
    ] {
        run.insert(key.to_owned(), value);
    }
    let (id, run) = (text(&run, "id"), Value::Object(run));
    state.tables.put(Table::Runs, &id, run.clone());
    if depth >= guesses::LONGEST_CHAIN {
        let why = format!(
            "not invoked: {depth} automations have led to each other, and the chain ends here"
        );
        runs::note(&mut state, hand, &id, &why);
        let mut end = Map::new();
        end.insert("status".to_owned(), "FAILURE".into());
        // It was made just now and has not ended.
        let _ended = runs::update(&mut state, hand, &id, end);
    } else {
        triggers::run_changed(&mut state, hand, None, &run);
        let event = trigger.event.clone();
        state.happened.push(Event::RunStarted { run: id, event });
    }
    shared.keep_or_warn(&mut state, depth.saturating_add(1));
}

fn text(run: &Map<String, Value>, key: &str) -> String {
    run.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// What `now` is in programs.
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
