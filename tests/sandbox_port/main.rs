//! The sandbox's shell and its Port half over real HTTP.
#![cfg(feature = "sandbox")]

mod port;
mod real_clients;
mod shell;
mod world;
