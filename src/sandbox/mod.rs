//! The embedded sandbox of both services.

pub mod port;
pub mod spacelift;
