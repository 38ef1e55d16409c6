//! The YAML reader: a text becomes nodes, every key and value with its place.
//!
//! YAML 1.2 with the core schema and nothing of YAML 1.1: `no`, `017`, `1_000`, `12:30` and dates
//! are texts. JSON is YAML. Merge keys (`<<`) are the one addition, because people use them.
//! Deliberately not here: `${…}` in texts, the meaning of keys, and reading files. The parser
//! crate is named in `events` and `syntax` alone.
//!
//! | room | noun |
//! |---|---|
//! | `quick` | plain YAML without the parser, or none of it |
//! | `events` | the parser's events, their byte ranges, and the loop over them |
//! | `build` | nodes from events: open collections and their places |
//! | `key` | keys: duplicates, merge keys |
//! | `alias` | anchors, aliases, and the limits |
//! | `leaf` | a written scalar with its tag becomes data |
//! | `scalar` | what a scalar's text stands for under the core schema |
//! | `spelling` | which bytes of a file spell each byte of a scalar's text |
//! | `syntax` | the parser's errors in our words |
//! | [`mod@format`] | a text laid out anew, its data and comments kept |
//! | `inside` | where a span of a scalar's text stands in the file |
//! | `runs` | where a text must not be taken apart, and its comments |
//! | [`emit`] | the other way: scalars for files that we write |
//! | [`layout`] | whole documents for files that we write |

mod alias;
mod build;
pub mod emit;
mod events;
pub mod format;
mod inside;
mod key;
pub mod layout;
mod leaf;
mod quick;
mod runs;
mod scalar;
mod spelling;
mod syntax;

#[cfg(test)]
mod tests;

pub use inside::{inside, inside_filled};

use crate::words::{Findings, Node};
pub use runs::comments;

/// Reads all documents of a text.
///
/// Documents in which nothing is written are skipped. Problems become findings with codes that
/// begin with `yaml::`. Most of them leave a document that later stages can go on with; a syntax
/// error or a limit ends the reading, and the documents before it are returned.
///
/// Limits: collections may be nested 128 deep, and aliases and merge keys may repeat
/// 100,000 values. The time is linear in the length of the text plus what aliases repeat.
pub fn read(file: u32, text: &str) -> (Vec<Node>, Findings) {
    match quick::read(file, text) {
        Some(documents) => (documents, Findings::default()),
        None => read_by_parser(file, text),
    }
}

/// Reads all documents of a text as [`read`] does, with the parser, whatever is in them.
///
/// The reader that the quick one is held against: both give the same for every text.
pub fn read_by_parser(file: u32, text: &str) -> (Vec<Node>, Findings) {
    events::read(file, text)
}
