//! Shapes as JSON Schema (2020-12) for editors, from the same definitions as the checks.
