//! What a run does once it may: its payload is rendered, and its backend is called (PA sections 3
//! and 7).
//!
//! Backends that nobody reaches from here (workflows, pipelines, topics, agents) leave the run in
//! progress with its payload rendered, until somebody reports through the API. The call of a WEBHOOK
//! is in `webhook_call`.

use serde_json::{Map, Value, json};

use super::automations::seconds;
use super::bodies::entity as bodies;
use super::entities::{self, Mode};
use super::request::{Hand, Stamp};
use super::run_data::{self, RunData};
use super::tables::Table;
use super::{blueprints, guesses, runs, webhook_call};
use crate::sandbox::server::Shared;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::{mapping, template};

/// What is to become of a run after its backend was called.
pub(super) struct End {
    /// `SUCCESS`, `FAILURE`, or `None` when somebody else will report.
    pub(super) status: Option<&'static str>,
    /// What the backend answered.
    pub(super) response: Option<Value>,
    /// A line for the log.
    pub(super) line: Option<String>,
}

impl End {
    /// The run failed, and why.
    pub(super) fn failure(line: impl Into<String>) -> Self {
        Self {
            status: Some("FAILURE"),
            response: None,
            line: Some(line.into()),
        }
    }

    /// Somebody else will report.
    pub(super) fn open(line: Option<String>) -> Self {
        Self {
            status: None,
            response: None,
            line,
        }
    }
}

/// Invokes a run; `event` is null unless an automation fired.
pub(super) async fn invoke(shared: &Shared, id: &str, event: &Value, depth: u32) {
    let (template, data, user) = {
        let state = shared.port();
        let Some(run) = state.tables.get(Table::Runs, id) else {
            return;
        };
        // It may have been reported on before anybody looked.
        if runs::has_ended(run) {
            return;
        }
        let user = run["createdBy"].as_str().unwrap_or_default().to_owned();
        (
            run["payload"].clone(),
            run_data::gather(&state, run, event),
            user,
        )
    };
    let RunData { roots, mut notes } = data;
    let hidden = run_data::hidden(&roots);
    let now = seconds(shared.now());
    let job = |roots: &Value| {
        Job::Template(template::Request {
            template: template.clone(),
            roots: roots.clone(),
            now,
        })
    };
    let mut answers = shared.engine(vec![job(&roots), job(&hidden)]).await;
    let (shown, full) = match (rendered(answers.pop()), rendered(answers.pop())) {
        (Ok(shown), Ok(full)) => (shown, full),
        (Err(why), _) | (_, Err(why)) => {
            let end = End::failure(format!("the payload cannot be made: {why}"));
            finish(shared, id, &user, notes, None, end, depth);
            return;
        }
    };
    for name in run_data::unknown_secrets(&template, &roots["secrets"]) {
        notes.push(format!("there is no secret `{name}`"));
    }
    notes.extend(full.failures().map(|failed| {
        // In the words of the one without secrets: a fault may quote what it stumbled over.
        let told = shown.failures().find(|note| note.at == failed.at);
        let why = told.map_or("it fails", |note| note.fault.message.as_str());
        format!("payload {}: {why}", failed.at)
    }));
    let method = &full.value;
    let end = match method["type"].as_str().unwrap_or_default() {
        _ if full.failures().next().is_some() => {
            End::failure("the payload cannot be made from these templates")
        }
        "WEBHOOK" => webhook_call::call(shared, (method, &shown.value), &roots, depth).await,
        "UPSERT_ENTITY" => upsert(shared, method, &user, depth),
        _ => End::open(None),
    };
    finish(shared, id, &user, notes, Some(shown.value), end, depth);
}

fn rendered(answer: Option<Result<Answer, Fault>>) -> Result<template::Rendered, String> {
    match answer {
        Some(Ok(Answer::Rendered(rendered))) => Ok(rendered),
        Some(Err(fault)) => Err(fault.message),
        _ => Err("the engine answered something else".to_owned()),
    }
}

/// Writes down what became of a run.
fn finish(
    shared: &Shared,
    id: &str,
    user: &str,
    notes: Vec<String>,
    payload: Option<Value>,
    end: End,
    depth: u32,
) {
    let now = shared.now();
    let hand = hand(shared, user, now);
    let mut state = shared.port();
    for line in notes.iter().chain(&end.line) {
        runs::note(&mut state, hand, id, line);
    }
    let mut change = Map::new();
    if let Some(payload) = payload {
        change.insert("payload".to_owned(), payload);
    }
    if let Some(response) = end.response {
        change.insert("response".to_owned(), response);
    }
    // The backend may have ended the run before it answered; that counts then.
    let _late = match end.status {
        Some(status) => {
            change.insert("status".to_owned(), status.into());
            runs::report(&mut state, hand, id, change)
        }
        // Rendering is no report.
        None => runs::update(&mut state, hand, id, change).map(|_| ()),
    };
    shared.keep_or_warn(&mut state, depth);
}

/// Creates the entity, or merges into the one that is there.
fn upsert(shared: &Shared, method: &Value, user: &str, depth: u32) -> End {
    let blueprint = method["blueprintIdentifier"].as_str().unwrap_or_default();
    if method["mapping"].get("identifier") == Some(&Value::Null) {
        return End::failure("the identifier of the entity is null");
    }
    let entity: Map<String, Value> = method["mapping"]
        .as_object()
        .into_iter()
        .flatten()
        // The mapping is open, the entity is not.
        .filter(|(key, value)| mapping::PARTS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let now = shared.now();
    let hand = hand(shared, user, now);
    let mut state = shared.port();
    let written = blueprints::found(&state, blueprint)
        .map(|_| ())
        .and_then(|()| bodies::ENTITY.check(&Value::Object(entity.clone())))
        .and_then(|()| entities::write(&mut state, hand, blueprint, entity, Mode::merging()));
    match written {
        Ok(written) => {
            let id = written.entity["identifier"].clone();
            shared.keep_or_warn(&mut state, depth);
            let response = json!({"blueprint": blueprint, "identifier": id});
            End {
                status: Some("SUCCESS"),
                response: Some(response),
                line: None,
            }
        }
        Err(refusal) => End::failure(format!("{}: {}", refusal.error, refusal.message)),
    }
}

fn hand<'a>(shared: &'a Shared, user: &'a str, now: i64) -> Hand<'a> {
    Hand {
        stamp: Stamp { now, user },
        dice: &shared.dice,
        origin: guesses::RUN_ORIGIN,
    }
}
