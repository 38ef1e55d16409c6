//! The Spacelift half of the sandbox over real HTTP, with the engines in processes of their own: runs walk,
//! policies decide, and a receiver gets what the contract says.
#![cfg(all(feature = "sandbox", feature = "rego"))]

mod account;
mod deliveries;
mod errors;
mod policies;
mod port;
mod receiver;
mod runs;
mod stacks;
mod start;
