//! Deliveries to the intake: mapped by an engine, written into the tables, and remembered with what
//! became of them (PA section 4).
//!
//! The answer was 202 long before. An entity that is refused takes no other with it.

use serde_json::{Map, Value, json};

use super::automations::seconds;
use super::bodies::entity as bodies;
use super::entities::{self, Mode};
use super::request::{Hand, Stamp};
use super::state::PortState;
use super::tables::Table;
use super::{blueprints, entity_removal, guesses};
use crate::sandbox::dice::spelled;
use crate::sandbox::server::Shared;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::mapping::{self, Delivery, Mapped, Step, Wants};

/// Maps one delivery and does what its mappings want.
pub(super) async fn take(
    shared: &Shared,
    key: &str,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: String,
    depth: u32,
) {
    let now = shared.now();
    let (id, webhook, secret) = {
        let state = shared.port();
        // It was there when the delivery came; it may be gone by now.
        let Some((id, webhook)) = state.webhook_of(key) else {
            return;
        };
        let secret = state.tables.get(Table::WebhookSecrets, id);
        let secret = secret.and_then(Value::as_str).map(str::to_owned);
        (id.to_owned(), webhook.clone(), secret)
    };
    let delivery = Delivery {
        body,
        headers,
        query,
    };
    let request = mapping::Request {
        webhook,
        secret,
        delivery,
        now: seconds(now),
    };
    let answer = shared.engine(vec![Job::Mapping(request)]).await.pop();
    let hand = Hand {
        stamp: Stamp { now, user: &id },
        dice: &shared.dice,
        origin: guesses::INTAKE_ORIGIN,
    };
    let mut state = shared.port();
    let record = match answer {
        Some(Ok(Answer::Mapped(mapped))) => settle(&mut state, hand, &id, mapped),
        Some(Err(fault)) => dropped(&fault.message),
        _ => dropped("the engine answered something else"),
    };
    remember(&mut state, &id, now, record);
    shared.keep_or_warn(&mut state, depth);
}

/// The latest deliveries, oldest first.
pub(crate) fn deliveries(state: &PortState) -> Vec<Value> {
    let rows = state.tables.rows(Table::Deliveries);
    rows.map(|(_, record)| record.clone()).collect()
}

fn dropped(why: &str) -> Map<String, Value> {
    record("dropped", Some(why), Vec::new())
}

fn record(verdict: &str, why: Option<&str>, steps: Vec<Value>) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("verdict".to_owned(), verdict.into());
    if let Some(why) = why {
        record.insert("why".to_owned(), why.into());
    }
    record.insert("steps".to_owned(), steps.into());
    record
}

/// Does what a mapped delivery wants, unless it was here before.
fn settle(
    state: &mut PortState,
    hand: Hand<'_>,
    webhook: &str,
    mapped: Mapped,
) -> Map<String, Value> {
    if let Some(fault) = mapped.dropped {
        return dropped(&fault.message);
    }
    if let Some(id) = &mapped.request_id
        && !is_new(state, webhook, id)
    {
        return record(
            "dropped",
            Some("a delivery with this id was here before"),
            Vec::new(),
        );
    }
    let steps = mapped.steps.into_iter();
    let steps = steps.map(|step| done(state, hand, step)).collect();
    let mut record = record("mapped", None, steps);
    if !mapped.faults.is_empty() {
        record.insert("faults".to_owned(), told_faults(&mapped.faults));
    }
    record
}

fn told_faults(faults: &[(String, Fault)]) -> Value {
    let told = |(at, fault): &(String, Fault)| json!({"at": at, "message": fault.message});
    faults.iter().map(told).collect()
}

/// Whether an id was not seen yet among the latest of a webhook; remembers it.
fn is_new(state: &mut PortState, webhook: &str, id: &str) -> bool {
    let seen = state.tables.get(Table::DeliveryIds, webhook);
    let mut seen = seen.and_then(Value::as_array).cloned().unwrap_or_default();
    if seen.iter().any(|one| one == id) {
        return false;
    }
    seen.push(id.into());
    let surplus = seen.len().saturating_sub(guesses::DELIVERY_IDS_KEPT);
    seen.drain(..surplus);
    state.tables.put(Table::DeliveryIds, webhook, seen.into());
    true
}

/// Does one step and says what came of it.
fn done(state: &mut PortState, hand: Hand<'_>, step: Step) -> Value {
    let mut told = json!({
        "mapping": step.mapping, "item": step.item, "faults": told_faults(&step.faults),
    });
    let outcome = match step.wants {
        Wants::Nothing => "filtered out".to_owned(),
        Wants::Failed => "failed".to_owned(),
        Wants::Upsert { blueprint, entity } => {
            told["blueprint"] = blueprint.as_str().into();
            told["identifier"] = entity["identifier"].clone();
            upserted(state, hand, &blueprint, entity, &mut told)
        }
        Wants::Delete {
            blueprint,
            identifier,
            delete_dependents,
        } => {
            told["blueprint"] = blueprint.as_str().into();
            told["identifier"] = identifier.as_str().into();
            let ids = [identifier.as_str()];
            let removed = entities::found(state, &blueprint, &identifier)
                .map(|_| ())
                .and_then(|()| {
                    entity_removal::remove_all(state, hand, &blueprint, &ids, delete_dependents)
                });
            match removed {
                Ok(()) => "deleted".to_owned(),
                Err(refusal) => {
                    told["why"] = refusal.message.into();
                    "refused".to_owned()
                }
            }
        }
    };
    told["outcome"] = outcome.into();
    told
}

fn upserted(
    state: &mut PortState,
    hand: Hand<'_>,
    blueprint: &str,
    entity: Value,
    told: &mut Value,
) -> String {
    let written = blueprints::found(state, blueprint)
        .map(|_| ())
        .and_then(|()| bodies::ENTITY.check(&entity))
        .and_then(|()| {
            let entity = entity.as_object().cloned().unwrap_or_default();
            entities::write(state, hand, blueprint, entity, Mode::merging())
        });
    match written {
        Ok(written) => {
            told["identifier"] = written.entity["identifier"].clone();
            let outcome = if written.created {
                "created"
            } else {
                "updated"
            };
            outcome.to_owned()
        }
        Err(refusal) => {
            told["why"] = refusal.message.into();
            "refused".to_owned()
        }
    }
}

/// Keeps the record of a delivery among the latest.
fn remember(state: &mut PortState, webhook: &str, now: i64, mut record: Map<String, Value>) {
    let rows = state.tables.rows(Table::Deliveries);
    let keys: Vec<String> = rows.map(|(key, _)| key.to_owned()).collect();
    let last = keys.last().and_then(|key| key.parse::<u64>().ok());
    let surplus = (keys.len() + 1).saturating_sub(guesses::DELIVERIES_KEPT);
    for key in &keys[..surplus] {
        state.tables.remove(Table::Deliveries, key);
    }
    record.insert("webhook".to_owned(), webhook.into());
    record.insert("at".to_owned(), spelled(now).into());
    let key = format!("{:012}", last.map_or(0, |last| last + 1));
    state
        .tables
        .put(Table::Deliveries, &key, Value::Object(record));
}
