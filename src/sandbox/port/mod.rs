//! The Port half: REST routes over a small store.
