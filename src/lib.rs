//! `spaceport` keeps the wiring between Port and Spacelift as YAML in git: the library behind the
//! command line. `src/ARCHITECTURE.md` is the map.

pub mod act;
pub mod cli;
pub mod commands;
pub mod decide;
pub mod exit;
pub mod follow;
pub mod ingest;
pub mod kinds;
pub mod lint;
pub mod show;
pub mod sim;
pub mod there;
pub mod want;
pub mod words;

#[cfg(feature = "sandbox")]
pub mod sandbox;
