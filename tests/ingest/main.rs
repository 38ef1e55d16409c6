//! Ingests over both services of the sandbox, with engines in their own processes: what is written, and what is not.
#![cfg(feature = "sandbox")]

mod faults;
mod prune;
mod way;
mod weather;
mod world;
