//! Services: the clients of Port and Spacelift.
//!
//! A [`Reader`] cannot write (law 2); a [`Writer`] is made from one. Deliberately not here: what a
//! kind's requests look like (see `kinds`), what should be sent and when (see `act`).
//!
//! | room | noun |
//! |---|---|
//! | `read` | the reader: two round trips to [`Live`](crate::there::Live) |
//! | `write` | the writer: one object at a time, creates never repeated blindly |
//! | `port` | Port's tokens, answers and envelopes |
//! | `items` | a list of Port, item by item |
//! | `spacelift` | Spacelift's tokens and GraphQL answers |
//! | `document` | the one reading document of Spacelift |
//! | `http` | one client per service: retries, limits, time-outs |
//! | `pace` | how long to wait between tries |
//! | `vault` | secret texts and their fingerprints |
//! | `error` | what a service did not do |

mod document;
mod error;
mod http;
mod items;
mod pace;
mod port;
mod read;
mod spacelift;
mod vault;
mod write;

#[cfg(all(test, feature = "sandbox"))]
mod sandboxed;
#[cfg(test)]
mod script;

pub use error::{Failure, Problem, ServiceError, TookEffect};
pub use http::{Options, Repeat};
pub use read::{Counts, Reader};
pub use vault::{FingerprintKey, RuntimeKey, Vault, VaultError};
pub use write::Writer;
