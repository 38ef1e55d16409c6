//! There: what Port and Spacelift hold, and the only way to ask or tell them anything.
//!
//! Deliberately not here: what the user wants (see `want`), what should change (see `decide`) and
//! in which order (see `act`). The layer imports `words` and `kinds` only.
//!
//! | room | noun |
//! |---|---|
//! | [`live`] | what both services hold, as plain data |
//! | [`endpoints`] | where requests go and with which credentials |
//! | [`claims`] | what a token says about itself |
//! | `hosts` | which addresses may be called |
//! | [`run`] | runs of self-service actions |
//! | [`services`] | the clients: a reader that cannot write, and a writer |

pub mod claims;
pub mod endpoints;
mod hosts;
pub mod live;
pub mod run;
pub mod services;

pub use endpoints::Endpoints;
pub use live::Live;
pub use services::{Reader, ServiceError, Vault, Writer};
