//! Conditions of others.
