//! The sandbox's shell and its Port half over real HTTP.
#![cfg(feature = "sandbox")]

mod blueprints;
mod entities;
mod real_clients;
mod shell;
mod wiring;
mod world;
