//! The targets of `tests/hostile`, for libFuzzer.

#[path = "../hostile/targets/mod.rs"]
pub mod targets;
