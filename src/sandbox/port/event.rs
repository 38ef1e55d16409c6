//! What follows from an event in Port's half: invocations, automations, mappings.

use std::sync::Arc;

use crate::sandbox::events::Event;
use crate::sandbox::server::Shared;

/// Handles one event to which `depth` automations led.
pub(crate) async fn handle(shared: &Arc<Shared>, event: Event, depth: u32) {
    let _ = (shared, event, depth);
}
