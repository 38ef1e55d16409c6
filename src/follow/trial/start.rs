//! Starts: what a test begins with, from its document.

use serde_json::{Map, Value as Json};

use crate::follow::journey::{Given, Run, Start};
use crate::follow::wiring::Wiring;
use crate::kinds::Role;
use crate::words::{Addr, Node};

/// What a test begins with.
pub(super) fn of(wiring: &Wiring<'_>, node: &Node) -> Start {
    let plain = |node: &Node| wiring.plain(&node.to_value());
    if let Some(event) = node.get("event") {
        return Start::Event(event_of(&plain(event)));
    }
    if let Some(payload) = node.get("payload") {
        let webhook = node.get("webhook").and_then(Node::text);
        let webhook = webhook.and_then(|text| text.parse::<Addr>().ok());
        return Start::payload(wiring, plain(payload), webhook);
    }
    if let Some(action) = node.get("action") {
        let inputs = action.get("inputs").map(plain);
        let inputs = match inputs {
            Some(Json::Object(inputs)) => inputs,
            _ => Map::new(),
        };
        let address = action.get("address").and_then(Node::text);
        return Start::Action(Run {
            action: address.and_then(|text| text.parse().ok()),
            inputs,
            entity: action.get("entity").map(plain),
        });
    }
    if let Some(ingest) = node.get("ingest") {
        let name = ingest.get("name").and_then(Node::text);
        return Start::Item {
            ingest: name.unwrap_or_default().to_owned(),
            item: ingest.get("item").map(plain).unwrap_or_default(),
        };
    }
    Start::Answer(node.get("run").map(plain).unwrap_or_default())
}

/// The input document: a sample may be one already, or only what stands under the event's name.
fn event_of(event: &Json) -> Json {
    let entries = event.as_object().into_iter().flatten();
    for (name, sample) in entries {
        if sample.get(name).is_some() {
            return sample.clone();
        }
    }
    event.clone()
}

/// What is there before.
pub(super) fn given(wiring: &Wiring<'_>, node: &Node) -> Given {
    let entities = node.get("given").and_then(|given| given.get("entities"));
    let entities = entities.and_then(Node::items).unwrap_or(&[]);
    let plain = entities.iter().map(|node| wiring.plain(&node.to_value()));
    Given {
        entities: plain.collect(),
    }
}

impl Start {
    /// A payload, by the webhook that it is posted to or sent by.
    pub fn payload(wiring: &Wiring<'_>, payload: Json, webhook: Option<Addr>) -> Start {
        let role = webhook.as_ref().and_then(|addr| wiring.get(addr));
        match (role.map(|station| station.role), webhook) {
            (Some(Role::StackEndpoint), Some(webhook)) => Start::StackEvent { payload, webhook },
            (_, webhook) => Start::Payload { payload, webhook },
        }
    }
}
