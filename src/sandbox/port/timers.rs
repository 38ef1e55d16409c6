//! Timer properties that ran out (PA section 3, `TIMER_PROPERTY_EXPIRED`).
//!
//! No clock runs here: timers are looked at when somebody asks for it, by `POST /_sandbox/timers` or by
//! moving the clock. A timer fires once for each value.

use jiff::Timestamp;
use serde_json::Value;

use super::request::{Hand, Stamp};
use super::tables::{self, Table};
use super::{guesses, triggers};
use crate::sandbox::server::Shared;

/// Fires every timer that has run out by the sandbox's clock and has not fired yet; says how many.
pub(crate) fn expire(shared: &Shared) -> usize {
    let now = shared.now();
    let mut state = shared.port();
    let mut due = Vec::new();
    for (id, blueprint) in state.tables.rows(Table::Blueprints) {
        let properties = blueprint["schema"]["properties"]
            .as_object()
            .into_iter()
            .flatten();
        for (name, _) in properties.filter(|(_, property)| property["format"] == "timer") {
            for (key, entity) in state.tables.within(Table::Entities, id) {
                let value = &entity["properties"][name.as_str()];
                let mark = tables::joined(key, name);
                let is_new = state.tables.get(Table::FiredTimers, &mark) != Some(value);
                if is_new && has_passed(value, now) {
                    due.push((mark, value.clone(), entity.clone(), name.clone()));
                }
            }
        }
    }
    let hand = Hand {
        stamp: Stamp {
            now,
            user: guesses::SYSTEM_USER,
        },
        dice: &shared.dice,
        origin: guesses::TIMER_ORIGIN,
    };
    for (mark, value, entity, property) in &due {
        state.tables.put(Table::FiredTimers, mark, value.clone());
        triggers::timer_expired(&mut state, hand, entity, property);
    }
    shared.keep_or_warn(&mut state, 0);
    due.len()
}

fn has_passed(value: &Value, now: i64) -> bool {
    let time = value
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    time.is_some_and(|time| time.as_millisecond() <= now)
}
