//! Stories: the real binary against a sandbox over real HTTP, from the files of a project to the
//! state of both services.
//!
//! Each test has a sandbox in memory and a project folder of its own, so tests run at once and in
//! any order.
#![cfg(feature = "sandbox")]

mod adoption;
mod bootstrap;
mod deletes;
mod drift;
mod ownership;
mod world;
