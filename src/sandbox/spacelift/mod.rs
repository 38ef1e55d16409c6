//! The Spacelift half: GraphQL execution over a small store, schema first.
