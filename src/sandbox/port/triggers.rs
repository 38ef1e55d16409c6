//! What automations listen to: changes of entities and runs, and timers that ran out, in the shape that
//! conditions and payloads see (PA section 3).
//!
//! A change becomes an event only when an automation listens to it, so that nobody else pays. Who
//! listens and what follows is in `automations`.

use serde_json::{Map, Value, json};

use super::entity_view::{EntityView, Selection};
use super::guesses;
use super::request::Hand;
use super::state::PortState;
use super::tables::Table;
use crate::sandbox::dice::spelled;
use crate::sandbox::events::Event;
use crate::sim::mapping;

/// A change that at least one automation listens to.
#[derive(Clone)]
pub(crate) struct Trigger {
    /// `ENTITY_CREATED`, `RUN_UPDATED`, …
    pub(super) kind: &'static str,
    /// The blueprint or the action.
    pub(super) of: String,
    /// The timer property that ran out.
    pub(super) property: Option<String>,
    /// What conditions see as their root.
    pub(super) event: Value,
}

impl Trigger {
    /// Whether an automation's `trigger.event` means this.
    pub(super) fn is_meant_by(&self, event: &Value) -> bool {
        means(event, self.kind, &self.of, self.property.as_deref())
    }
}

/// An entity was created (`before` is absent), changed, or deleted (`after` is absent).
pub(super) fn entity_changed(
    state: &mut PortState,
    hand: Hand<'_>,
    before: Option<&Value>,
    after: Option<&Value>,
) {
    let Some(entity) = after.or(before) else {
        return;
    };
    let (kind, action) = match (before, after) {
        (None, _) => ("ENTITY_CREATED", "CREATE"),
        (_, None) => ("ENTITY_DELETED", "DELETE"),
        (Some(before), Some(after)) => {
            if !guesses::NO_OP_UPDATES_FIRE && is_same(before, after) {
                return;
            }
            ("ENTITY_UPDATED", "UPDATE")
        }
    };
    let blueprint = entity["blueprint"].as_str().unwrap_or_default();
    if !is_listened_to(state, kind, blueprint, None) {
        return;
    }
    let view = |entity: Option<&Value>| entity.map_or(Value::Null, |one| viewed(state, one));
    let event = entity_event(state, hand, entity, None, action, view(before), view(after));
    push(state, kind, blueprint.to_owned(), None, event);
}

/// A timer property of an entity ran out; there is no `before` then.
pub(super) fn timer_expired(state: &mut PortState, hand: Hand<'_>, entity: &Value, property: &str) {
    let kind = "TIMER_PROPERTY_EXPIRED";
    let blueprint = entity["blueprint"].as_str().unwrap_or_default();
    if !is_listened_to(state, kind, blueprint, Some(property)) {
        return;
    }
    let (action, after) = (guesses::TIMER_ACTION, viewed(state, entity));
    let event = entity_event(
        state,
        hand,
        entity,
        Some(property),
        action,
        Value::Null,
        after,
    );
    push(
        state,
        kind,
        blueprint.to_owned(),
        Some(property.to_owned()),
        event,
    );
}

/// A run was created (`before` is absent), reported on, approved or declined.
pub(super) fn run_changed(
    state: &mut PortState,
    hand: Hand<'_>,
    before: Option<&Value>,
    after: &Value,
) {
    let (kind, action) = match before {
        None => ("RUN_CREATED", "CREATE"),
        Some(_) => ("RUN_UPDATED", "UPDATE"),
    };
    let of = after["action"]["identifier"].as_str().unwrap_or_default();
    if !is_listened_to(state, kind, of, None) {
        return;
    }
    let context = json!({"action": state.tables.get(Table::Actions, of)});
    let before = before.cloned().unwrap_or(Value::Null);
    let mut event = event(state, hand, "run", action, context, before, after.clone());
    event.insert(
        "id".to_owned(),
        format!("event_{}", hand.dice.word(16)).into(),
    );
    push(state, kind, of.to_owned(), None, Value::Object(event));
}

/// An entity as the API shows it: that is how events show it, too.
pub(super) fn viewed(state: &PortState, entity: &Value) -> Value {
    let blueprint = entity["blueprint"].as_str().unwrap_or_default();
    let blueprint = state.tables.get(Table::Blueprints, blueprint);
    let view = EntityView {
        state,
        entity,
        blueprint: blueprint.unwrap_or(&Value::Null),
        selection: &Selection::default(),
    };
    // Only maps with keys that are not texts fail to serialise, and there are none here.
    serde_json::to_value(view).unwrap_or_default()
}

fn entity_event(
    state: &PortState,
    hand: Hand<'_>,
    entity: &Value,
    property: Option<&str>,
    action: &str,
    before: Value,
    after: Value,
) -> Value {
    let context = json!({
        "blueprintIdentifier": entity["blueprint"],
        "entityIdentifier": entity["identifier"],
        "propertyIdentifier": property,
    });
    Value::Object(event(state, hand, "entity", action, context, before, after))
}

fn event(
    state: &PortState,
    hand: Hand<'_>,
    resource: &str,
    action: &str,
    context: Value,
    before: Value,
    after: Value,
) -> Map<String, Value> {
    let mut event = Map::new();
    for (key, value) in [
        ("action", json!(action)),
        ("resourceType", json!(resource)),
        (
            "trigger",
            json!({
                "by": {"orgId": state.organization_id(), "userId": hand.stamp.user},
                "origin": hand.origin,
                "at": spelled(hand.stamp.now),
            }),
        ),
        ("context", context),
        ("diff", json!({"before": before, "after": after})),
    ] {
        event.insert(key.to_owned(), value);
    }
    event
}

fn push(
    state: &mut PortState,
    kind: &'static str,
    of: String,
    property: Option<String>,
    event: Value,
) {
    state.happened.push(Event::Triggered(Trigger {
        kind,
        of,
        property,
        event,
    }));
}

fn is_listened_to(state: &PortState, kind: &str, of: &str, property: Option<&str>) -> bool {
    let mut actions = state.tables.rows(Table::Actions).map(|(_, action)| action);
    actions
        .any(|action| is_active(action) && means(&action["trigger"]["event"], kind, of, property))
}

/// Whether an action is an automation that fires; `publish: false` is switched off.
pub(super) fn is_active(action: &Value) -> bool {
    action["trigger"]["type"] == "automation" && action["publish"] != false
}

fn means(event: &Value, kind: &str, of: &str, property: Option<&str>) -> bool {
    let wanted = event["type"].as_str().unwrap_or_default();
    let is_kind = match wanted {
        "ANY_ENTITY_CHANGE" => kind.starts_with("ENTITY_"),
        "ANY_RUN_CHANGE" => kind.starts_with("RUN_"),
        wanted => wanted == kind,
    };
    let place = match kind.starts_with("RUN_") {
        true => &event["actionIdentifier"],
        false => &event["blueprintIdentifier"],
    };
    is_kind
        && place == of
        && property.is_none_or(|property| event["propertyIdentifier"] == property)
}

/// Whether an entity says the same but for when and by whom it was written.
fn is_same(before: &Value, after: &Value) -> bool {
    let mut parts = mapping::PARTS.into_iter();
    parts.all(|part| before.get(part) == after.get(part))
}
