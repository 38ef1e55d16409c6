//! The Spacelift half of the sandbox: GraphQL over a small store, schema first.
//!
//! `sim/spacelift.graphql` is the single truth about shapes: requests are parsed and validated against it and
//! answers hold exactly what was selected. Behaviour follows the contract page ("SA"); what no source
//! shows is decided in [`guesses`]. It deliberately knows nothing of the rest of the crate, opens no
//! socket, reads no clock and draws no random number: those come in with the call.
//!
//! | file | noun |
//! |---|---|
//! | `execute` | one request: parse, validate, run, answer |
//! | `query`, `mutation` | the two root types |
//! | `view` | what a resolver hands back: an object borrowed from the store |
//! | `state` | the store |
//! | `policies`, `attachments`, `webhooks`, `stack_webhooks`, `spaces`, `stacks`, `runs` | one noun each: its record, its writes, its fields |
//! | `search` | pages, predicates, order |
//! | `session` | keys and tokens |
//! | `dialect` | which Rego a policy body is written in |
//! | `arguments`, `refusal`, `secret` | small words |

mod arguments;
mod attachments;
mod dialect;
mod execute;
pub mod guesses;
mod mutation;
mod policies;
mod query;
mod refusal;
mod runs;
mod search;
mod secret;
mod session;
mod spaces;
mod stack_webhooks;
mod stacks;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod webhooks;

pub use attachments::Attachment;
pub use execute::execute;
pub use policies::Policy;
pub use runs::{Delta, Run, Transition};
pub use secret::Secret;
pub use session::{ApiKey, Session};
pub use spaces::Space;
pub use stack_webhooks::StackWebhook;
pub use stacks::Stack;
pub use state::SpaceliftState;
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
    /// The time of the call in Unix seconds.
    pub now: i64,
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
