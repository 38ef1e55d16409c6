//! Showing: findings, plans and reports as text.
//!
//! Renderers take data and return text. They decide nothing and read no environment, clock or
//! terminal: width, colour and verbosity are parameters, so the same data gives the same bytes
//! (law 7). Output is complete without colour, and is where hostile input ends: control
//! characters are shown, keys and header values are redacted (law 5). Deliberately not here:
//! printing.
//!
//! | room | noun |
//! |---|---|
//! | [`style`] | width, colour and verbosity, and what each colour means |
//! | [`text`] | texts made harmless, measured, cut and wrapped |
//! | [`redact`] | what of a value must not be shown |
//! | [`header`] | the lines that plan and apply begin with |
//! | [`document`] | plans, reports and drift as JSON, which plans can be made of again |
//! | [`findings`] | problems in the user's files |
//! | [`graph`] | what is wired to what, as Mermaid and as DOT |
//! | [`journey`] | an event hop by hop |
//! | [`verdict`] | what became of the project's tests |
//! | [`snippet`] | the lines of those files that may be shown beside them |
//! | [`checkup`] | what was looked at, and whether it is well |
//! | [`mod@manual`] | what a kind or a field is |
//! | [`export`] | live objects as documents |
//! | [`render`] | plans and reports, one room per format |
//! | [`run`] | runs of actions for people |
//! | [`ingest`] | ingests for people |

pub mod checkup;
pub mod document;
pub mod export;
pub mod findings;
pub mod graph;
pub mod header;
pub mod ingest;
pub mod journey;
pub mod manual;
pub mod redact;
pub mod render;
pub mod run;
pub mod snippet;
pub mod style;
pub mod text;
pub mod verdict;

pub use header::Header;
pub use style::{Meaning, Style};
