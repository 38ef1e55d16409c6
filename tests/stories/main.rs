//! Stories: the real binary against a sandbox over real HTTP, from the files of a project to the
//! state of both services.
//!
//! Each test has a sandbox in memory and a project folder of its own, so tests run at once and in
//! any order.
#![cfg(feature = "sandbox")]

mod adoption;
mod bootstrap;
mod choices;
mod crashes;
mod deletes;
mod discretion;
mod drift;
mod input;
mod ledger;
mod names;
mod ownership;
mod secrets;
mod starting;
mod stub;
mod thieves;
mod weather;
mod wiring;
mod world;
