//! The sandbox's shell and its Port half over real HTTP.
#![cfg(feature = "sandbox")]

mod automations;
mod backend;
mod blueprints;
mod circle;
mod entities;
mod guide;
mod intake;
mod many;
mod outbound;
mod real_clients;
mod runs;
mod shell;
mod wiring;
mod world;
