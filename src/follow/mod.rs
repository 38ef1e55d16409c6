//! Follow: the project as the way of an event, from Spacelift to an entity in Port and back.
//!
//! Pure but for the engines that it calls through [`crate::sim::child::Engines`]. Deliberately not
//! here: text for people (see `show`), and looking for what will go wrong (see `lint`).
//!
//! | room | noun |
//! |---|---|
//! | [`wiring`] | the stations of the project, and what each is wired to |
//! | [`writer`] | who writes an entity, and where that is said |
//! | [`stand_in`] | what references and secrets read as where no service is asked |
//! | [`journey`] | one event, hop by hop, as data |
//! | [`paths`] | what a program of JQ reads, key by key |
//! | [`ingest`] | which fields of Spacelift an ingest reads, and the entities that it makes |
//! | [`sample`] | events to look at a project with |
//! | [`trial`] | `kind: test` documents, run |
//! | `story` | what the tests are told with |

pub mod ingest;
pub mod journey;
pub mod paths;
pub mod sample;
pub mod stand_in;
#[cfg(test)]
mod story;
pub mod trial;
pub mod wiring;
pub mod writer;

pub use journey::{Given, Journey, Start, follow};
pub use wiring::{Station, Wiring};
