//! The Spacelift half of the sandbox: GraphQL over a small store, schema first.
//!
//! `sim/spacelift.graphql` is the single truth about shapes: requests are parsed and validated against it and
//! answers hold exactly what was selected. Behaviour follows the contract page ("SA"); what no source
//! shows is decided in [`guesses`]. It deliberately knows nothing of the rest of the crate, and of the rest
//! of the sandbox only in `live` and `steering`; everywhere else nothing opens a socket, reads a clock or
//! draws a random number: those come in with the call.
//!
//! It behaves: a run that is started walks to its end (`walk`), each of its states is a happening
//! (`happenings`), and a happening is told to the notification policies in reach (`reach`, `input`), whose
//! decisions (`decisions`) become deliveries, messages and errors. Walks and happenings are part of the saved
//! state: a process that is killed goes on with them at its next start, and tells at most one happening
//! twice.
//!
//! | file | noun |
//! |---|---|
//! | `execute` | one request: parse, validate, run, answer |
//! | `query`, `mutation` | the two root types |
//! | `view` | what a resolver hands back: an object borrowed from the store |
//! | `state` | the store |
//! | `policies`, `attachments`, `webhooks`, `stack_webhooks`, `spaces`, `stacks`, `runs` | one noun each: its record, its writes, its fields |
//! | `search` | pages, predicates, order |
//! | `roster` | the stacks in the order of lists |
//! | `starting` | the stacks that an account begins with |
//! | `session` | keys and tokens |
//! | `simulation` | a policy evaluated without being saved |
//! | `walk` | how a run goes from state to state |
//! | `happenings` | what has happened and is still to be told |
//! | `reach` | what can be seen from a space |
//! | `input`, `bodies`, `logs` | what policies and webhooks are told |
//! | `decisions` | what becomes of a policy's decision |
//! | `deliveries` | requests to webhooks, and their log |
//! | `inbox`, `samples` | messages that nobody is sent, and recorded evaluations |
//! | `modules` | versions of modules, as events |
//! | `live` | the worker's side: the only file that asks engines and sends |
//! | `steering` | its part of `/_sandbox/…` |
//! | `arguments`, `commits`, `refusal`, `secret` | small words |

mod arguments;
mod attachments;
mod bodies;
mod commits;
mod decisions;
mod deliveries;
mod execute;
pub mod guesses;
mod happenings;
mod inbox;
mod input;
pub(crate) mod live;
mod logs;
mod modules;
mod mutation;
mod policies;
mod query;
mod reach;
mod refusal;
mod roster;
mod runs;
mod samples;
mod search;
mod secret;
mod session;
mod simulation;
mod spaces;
mod stack_webhooks;
mod stacks;
mod starting;
mod state;
pub(crate) mod steering;
#[cfg(test)]
mod tests;
mod view;
mod walk;
mod webhooks;

pub use attachments::Attachment;
pub use deliveries::{Attempt, Delivery};
pub use execute::{Means, execute};
pub(crate) use happenings::Task;
pub use happenings::{Happening, Kind};
pub use inbox::{Message, Told};
pub use policies::Policy;
pub use roster::Roster;
pub use runs::{Delta, Run, Transition};
pub use samples::Sample;
pub use search::Paging;
pub use secret::Secret;
pub use session::{ApiKey, Session};
pub use spaces::Space;
pub use stack_webhooks::StackWebhook;
pub use stacks::Stack;
pub use starting::StartingStack;
pub use state::SpaceliftState;
pub use walk::Course;
pub use webhooks::NamedWebhook;

/// The id of the one API key of a fresh sandbox, a well-formed ULID (SA section 2).
pub const KEY_ID: &str = "01SANDBX000000000000000000";

/// The secret of [`KEY_ID`]: 64 hexadecimal characters (SA section 2).
pub const KEY_SECRET: &str = "5555555555555555555555555555555555555555555555555555555555555555";

/// One GraphQL request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct GraphqlCall<'a> {
    /// The text after `Bearer ` of the `Authorization` header, when there is one.
    pub bearer: Option<&'a str>,
    /// The origin by which the client reached us, such as `http://127.0.0.1:4000`; it becomes the only
    /// `aud` of a token (SA section 2).
    pub origin: &'a str,
    /// The decoded body: `{query, variables?, operationName?}` (SA section 1).
    pub body: &'a serde_json::Value,
    /// The time of the call in Unix milliseconds.
    pub now: i64,
}

impl GraphqlCall<'_> {
    /// The time of the call in Unix seconds, as most of the service counts.
    fn seconds(&self) -> i64 {
        self.now.div_euclid(1000)
    }
}

/// What one GraphQL request was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphqlAnswer {
    /// The HTTP status; refusals of GraphQL itself come with 200 as well (SA section 3).
    pub status: u16,
    /// The JSON body: `{data, errors?}`.
    pub body: serde_json::Value,
    /// The operation's name, else its first root field, else empty.
    pub operation: String,
    /// Whether the request asked to change something: any mutation field besides signing in, signing
    /// out and simulating a policy.
    pub is_write: bool,
}
