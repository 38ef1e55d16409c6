//! What follows from an event in Port's half: invocations, automations, mappings.

use super::{automations, intake, invocation};
use crate::sandbox::events::Event;
use crate::sandbox::server::Shared;

/// Handles one event to which `depth` automations led.
pub(crate) async fn handle(shared: &Shared, event: Event, depth: u32) {
    match event {
        Event::RunStarted { run, event } => invocation::invoke(shared, &run, &event, depth).await,
        Event::Triggered(trigger) => automations::fire(shared, &trigger, depth).await,
        Event::Delivery {
            key,
            headers,
            query,
            body,
        } => intake::take(shared, &key, headers, query, body, depth).await,
        // The other half's.
        Event::Spacelift(_) => {}
    }
}
