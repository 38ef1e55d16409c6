//! Services: the clients of Port and Spacelift.
//!
//! A [`Reader`] cannot write (law 2); a [`Writer`] is made from one. Deliberately not here: what a
//! kind's requests look like (see `kinds`), what should be sent and when (see `act`).
//!
//! | room | noun |
//! |---|---|
//! | `read` | the reader: two round trips to [`Live`](crate::there::Live) |
//! | `found` | what the kinds see in an item of a list |
//! | `further` | what a plan needs beyond them |
//! | `write` | the writer: one object at a time, creates never repeated blindly |
//! | `checkup` | one question at a time about our session |
//! | `census` | how much hangs on objects |
//! | `entities` | entities of a blueprint: read by the page, written and deleted by the dozen |
//! | `listing` | lists of Spacelift by the page, none of them without a session |
//! | `removal` | deletes, also of what holds data |
//! | `runs` | runs of actions: started once, looked at, reported on |
//! | `port` | Port's tokens, answers and envelopes |
//! | `items` | a list of a service, item by item |
//! | `spacelift` | Spacelift's tokens and GraphQL answers |
//! | `document` | the one reading document of Spacelift |
//! | `http` | one client per service: retries, limits, time-outs, and what `-vvv` shows of them |
//! | `wiped` | buffers that are overwritten when they are let go |
//! | `gate` | a pause for all requests of a service |
//! | `pace` | how long to wait between tries |
//! | `patience` | objects that come a moment late |
//! | `vault` | secret texts and their fingerprints |
//! | `randoms` | the texts that we make ourselves |
//! | `error` | what a service did not do |
//! | `discreet` | what of an answer may be repeated |

mod census;
mod checkup;
mod discreet;
mod document;
mod entities;
mod error;
mod found;
mod further;
mod gate;
mod http;
mod items;
mod listing;
mod pace;
mod patience;
mod port;
mod randoms;
mod read;
mod removal;
mod runs;
mod spacelift;
mod vault;
mod wiped;
mod write;

#[cfg(all(test, feature = "sandbox"))]
mod sandboxed;
#[cfg(test)]
mod script;

pub use checkup::{Pass, Sight};
pub use entities::{BULK, DELETED, NAMED, PAGE, Written};
pub use error::{Failure, Problem, ServiceError, TookEffect};
pub use found::Known;
pub use further::Had;
pub use http::{Options, Repeat};
pub use items::Each;
pub use listing::Spot;
pub use randoms::Randoms;
pub use read::{Counts, Reader};
pub use runs::{Approvers, Page, Report, Start, Started};
pub use vault::{FingerprintKey, RuntimeKey, Vault, VaultError};
pub use write::Writer;
