//! The embedded sandbox: one listener that serves Port (`/v1/…`), Spacelift (`/graphql`) and the
//! webhook intake (`/ingest/KEY`) from a small store in memory.
//!
//! It is an independent witness. It is written from what the two services publish, and of the rest of
//! this crate it imports the engines of `sim` alone, so that a mistake in our client cannot hide behind
//! the same mistake here.
//!
//! It behaves: runs call their backends, automations fire, deliveries become entities, all of it after
//! the request that caused it was answered ([`Sandbox::settle`] waits for it). It calls itself and the
//! origins of [`Options::allow_origins`], and never anybody else.
//!
//! - `server` starts and stops it; `guard` says who may ask, `shell` answers one request; `steering` is
//!   `/_sandbox/…`.
//! - `events` is what happens after an answer, `outbound` the one way to call somebody (at an `origin`).
//! - `catalog` gives names to all that can go wrong; `fault` says what goes wrong when, `failure`, `cut` and `disguise` carry it out; `journal` logs requests;
//!   `reply` makes HTTP answers.
//! - `store` keeps the state in a folder, `dice` gives identifiers and the time.
//! - `port` and `spacelift` are the two services.

pub mod catalog;
mod cut;
mod dice;
mod disguise;
mod events;
mod failure;
mod fault;
mod guard;
mod journal;
mod origin;
mod outbound;
pub mod port;
mod reply;
mod server;
mod shell;
pub mod spacelift;
mod steering;
mod store;

pub use catalog::Trouble;
pub use fault::{Effect, Fault, Promise, Reset, Service, When};
pub use journal::{By, Entry};
pub use origin::Origin;
pub use port::quirks::Quirks;
pub use server::{Options, Sandbox, banner};
pub use spacelift::StartingStack;

/// The client id that the Port half accepts.
pub const CLIENT_ID: &str = "sandbox-client";
/// The client secret that the Port half accepts.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// The API key id that the Spacelift half accepts.
pub const KEY_ID: &str = "01SANDBX000000000000000000";
/// The API key secret that the Spacelift half accepts: 64 times the digit 5.
pub const KEY_SECRET: &str = "5555555555555555555555555555555555555555555555555555555555555555";
