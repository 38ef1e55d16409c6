//! Deliveries to the intake: mapped by an engine, written into the tables, and remembered with what
//! became of them (PA section 4).
//!
//! The answer was 202 long before. An entity that is refused takes no other with it.

use serde_json::{Map, Value, json};

use super::answer::{Checked, Refusal};
use super::automations::seconds;
use super::bodies::entity as bodies;
use super::entities::{self, Mode};
use super::request::{Hand, Stamp};
use super::state::PortState;
use super::tables::Table;
use super::{blueprints, entity_removal, guesses, search};
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
        Some(Err(fault)) => dropped(fault),
        _ => record("dropped", Some("the engine answered something else")),
    };
    remember(&mut state, &id, now, record);
    shared.keep_or_warn(&mut state, depth);
}

/// The latest deliveries, oldest first.
pub(crate) fn deliveries(state: &PortState) -> Vec<Value> {
    let rows = state.tables.rows(Table::Deliveries);
    rows.map(|(_, record)| record.clone()).collect()
}

fn dropped(fault: Fault) -> Map<String, Value> {
    let mut record = record("dropped", Some(&fault.message));
    if let Some(help) = fault.help {
        record.insert("help".to_owned(), help.into());
    }
    record
}

fn record(verdict: &str, why: Option<&str>) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("verdict".to_owned(), verdict.into());
    if let Some(why) = why {
        record.insert("why".to_owned(), why.into());
    }
    record.insert("steps".to_owned(), json!([]));
    record
}

/// Does what a mapped delivery wants, unless it was here before.
fn settle(
    state: &mut PortState,
    hand: Hand<'_>,
    webhook: &str,
    mapped: Mapped,
) -> Map<String, Value> {
    let id = mapped.request_id.as_deref();
    let mut record = if let Some(fault) = mapped.dropped {
        dropped(fault)
    } else if id.is_some_and(|id| !is_new(state, webhook, id)) {
        record("dropped", Some("a delivery with this id was here before"))
    } else {
        let mut record = record("mapped", None);
        let steps = mapped.steps.into_iter();
        let steps: Value = steps.map(|step| done(state, hand, step)).collect();
        record.insert("steps".to_owned(), steps);
        record
    };
    if !mapped.faults.is_empty() {
        record.insert("faults".to_owned(), told_faults(&mapped.faults));
    }
    record
}

fn told_faults(faults: &[(String, Fault)]) -> Value {
    let told = |(at, fault): &(String, Fault)| match &fault.help {
        Some(help) => json!({"at": at, "message": fault.message, "help": help}),
        None => json!({"at": at, "message": fault.message}),
    };
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
            match upserted(state, hand, &blueprint, entity, &mut told) {
                Ok(outcome) => outcome.to_owned(),
                Err(refusal) => {
                    told["why"] = refusal.message.into();
                    "refused".to_owned()
                }
            }
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

/// Writes an entity, or the same into each that its identifier's search finds; tells which.
fn upserted(
    state: &mut PortState,
    hand: Hand<'_>,
    blueprint: &str,
    mut entity: Value,
    told: &mut Value,
) -> Checked<&'static str> {
    blueprints::found(state, blueprint)?;
    resolve(state, blueprint, &mut entity)?;
    let identifiers = match &entity["identifier"] {
        search if mapping::is_search(search) => {
            let found = searched(state, blueprint, search)?;
            if found.is_empty() {
                let message = "no entity matches the search";
                return Err(Refusal::new(404, "not_found", message));
            }
            found.into_iter().map(Value::from).collect()
        }
        identifier => vec![identifier.clone()],
    };
    let mut outcome = Ok("updated");
    for identifier in &identifiers {
        entity["identifier"] = identifier.clone();
        let written = bodies::ENTITY.check(&entity).and_then(|()| {
            let body = entity.as_object().cloned().unwrap_or_default();
            entities::write(state, hand, blueprint, body, Mode::merging())
        });
        match written {
            Ok(written) if written.created => outcome = Ok("created"),
            Ok(_) => {}
            // The others are written all the same.
            Err(refusal) => outcome = Err(refusal),
        }
    }
    told["identifier"] = match <[Value; 1]>::try_from(identifiers) {
        Ok([one]) => one,
        Err(several) => several.into(),
    };
    outcome
}

/// Puts what is found in the place of the searches for a team and for related entities (PA section 4).
fn resolve(state: &PortState, blueprint: &str, entity: &mut Value) -> Checked {
    if let Some(team) = entity.get_mut("team").filter(|it| mapping::is_search(it)) {
        *team = searched(state, "_team", team)?.into();
    }
    let model = &blueprints::found(state, blueprint)?["relations"];
    let relations = entity.get_mut("relations").and_then(Value::as_object_mut);
    for (name, value) in relations.into_iter().flatten() {
        let relation = &model[name.as_str()];
        // A relation that the blueprint lacks is refused when the entity is written.
        if let Some(target) = relation["target"].as_str()
            && mapping::is_search(value)
        {
            let found = searched(state, target, value)?;
            *value = match relation["many"] == true {
                true => found.into(),
                false => found.into_iter().next().into(),
            };
        }
    }
    Ok(())
}

fn searched(state: &PortState, blueprint: &str, query: &Value) -> Checked<Vec<String>> {
    search::of_mapping(state, blueprint, query).map_err(|fault| {
        Refusal::invalid(match fault.help {
            Some(help) => format!("{}: {help}", fault.message),
            None => fault.message,
        })
    })
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
