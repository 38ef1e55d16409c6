//! Stories: the real binary against a sandbox over real HTTP, from the files of a project to the
//! state of both services.
//!
//! Each test has a sandbox in memory and a project folder of its own, so tests run at once and in
//! any order.
#![cfg(feature = "sandbox")]

mod add;
mod adoption;
mod bootstrap;
mod canaries;
mod choices;
mod clicked;
mod crashes;
mod cycles;
mod data_loss;
mod deletes;
mod destroy;
#[path = "../contract/dice.rs"]
mod dice;
mod discretion;
mod doctor;
mod drift;
mod drift_command;
mod event_path;
mod exit_codes;
mod export;
mod fleet;
mod formatting;
mod ingest;
mod ingest_crashes;
mod ingest_origins;
mod ingest_output;
mod ingest_prune;
mod ingest_weather;
mod input;
mod kinds_permissions;
mod kinds_scorecard;
mod kinds_space;
mod kinds_stack_webhook;
mod lease;
mod ledger;
mod manage;
mod moves;
mod names;
mod neighbours;
mod ownership;
mod plan_files;
mod port_ledger;
mod randoms;
mod reach;
mod reading;
mod renames;
mod reviews;
mod run;
mod secrets;
mod simulated;
mod skip_refused;
mod snapshots;
mod sockets;
mod stale_branch;
mod starting;
mod stub;
mod tenure;
mod thieves;
mod weather;
mod week;
mod wiretap;
mod wiring;
mod world;
mod write_back;
