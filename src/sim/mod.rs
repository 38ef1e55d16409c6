//! Sim: how Port and Spacelift read the programs in a project's files: JQ, templates, policies,
//! mappings, signatures.
//!
//! Pure but for [`child`], and it imports nothing of ours, so that the sandbox may share it. Programs
//! of users run in a child process with limits; the functions here are what that child calls.
//!
//! | room | noun |
//! |---|---|
//! | [`job`] | what is asked of an engine, its answer, and what can go wrong |
//! | [`child`] | the process that answers jobs: the only room here that does IO |
//! | [`jq`] | JQ in Port's dialect |
//! | [`template`] | Port's `{{ … }}` |
//! | [`rego`] | Spacelift's policies |
//! | [`mapping`] | Port's webhooks: from a delivery to entities |
//! | [`signature`] | how deliveries and action calls are signed |
//! | [`graphql`] | Spacelift's GraphQL, as far as a text can be checked |
//! | `near` | near matches |
//! | `json` | JSON in words |
//! | `guesses` | what no page says |

pub mod child;
pub mod graphql;
mod guesses;
pub mod job;
pub mod jq;
mod json;
pub mod mapping;
pub(crate) mod near;
pub mod rego;
pub mod signature;
pub mod template;
