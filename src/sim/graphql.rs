//! Spacelift's GraphQL: the schema text, as far as it is known (SA), and checks of operations against it.

/// The schema text.
pub const SCHEMA: &str = include_str!("spacelift.graphql");
