//! The Port half: REST routes over a small store.
//!
//! A request comes in as bytes and leaves as bytes; nothing that answers one knows of sockets, faults or
//! files, waits for an engine or calls anybody. Of derived properties it follows mirrors only.
//!
//! - `routes` picks the function; one file per family of routes has the functions.
//! - `event` is what follows from an answer: `invocation` and `webhook_call` of a run (whose templates see
//!   `run_data`), `automations` of what `triggers` and `timers` noticed, `intake` of a delivery. These
//!   hold the state only while they read and write it.
//! - `bodies` holds the schemas of bodies, `schema` checks them, `model` checks what needs a look at
//!   other objects.
//! - `tables` remembers, `answer` words, `guesses` holds every choice that no page settles.

mod actions;
mod answer;
mod automations;
mod blueprint_removal;
mod blueprints;
mod bodies;
mod bulk;
mod derived;
mod entities;
mod entity_model;
mod entity_removal;
mod entity_view;
mod event;
pub(crate) mod guesses;
mod inputs;
mod intake;
mod integrations;
mod invocation;
mod model;
mod organization;
mod pages;
mod permissions;
pub mod quirks;
mod request;
#[cfg(test)]
mod robustness;
mod routes;
mod run_data;
mod runs;
mod schema;
mod scorecards;
mod search;
mod secrets;
mod state;
mod system;
mod tables;
mod teams;
mod timers;
mod token;
mod triggers;
mod webhook_call;
mod webhooks;

pub(crate) use answer::Refusal;
pub(crate) use event::handle as handle_event;
pub(crate) use inputs::evaluate as evaluate_inputs;
pub(crate) use intake::deliveries;
pub(crate) use request::{Call, Departure, ItemRefusal};
pub(crate) use routes::{handle, is_write};
pub(crate) use state::PortState;
pub(crate) use tables::Tables;
pub(crate) use timers::expire as expire_timers;
pub(crate) use triggers::Trigger;
