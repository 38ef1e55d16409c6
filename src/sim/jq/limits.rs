//! How long, deep and large things may be before the engine says no.
//!
//! Lengths and nesting are checked before anything is parsed, because parsers use the stack. Time
//! and memory are limited by the process around the engine (see `sim::child`).

/// The longest program, in bytes.
pub const LONGEST_PROGRAM: usize = 32 * 1024;

/// How deep brackets, and programs inside of texts, may be nested.
pub const DEEPEST_BRACKETS: usize = 64;

/// How many words and operators a program may have that nest without a bracket, such as `|`, `if`
/// and `as`.
pub const LONGEST_CHAIN: usize = 300;

/// How many outputs a program may have for one input.
pub const MOST_OUTPUTS: usize = 10_000;

/// How large all outputs may be together, in bytes of text plus number of values.
pub const LARGEST_OUTPUT: usize = 4 * 1024 * 1024;

/// How deep outputs may be nested; an answer has to cross a pipe as JSON.
pub const DEEPEST_OUTPUT: usize = 100;

/// The longest text that a program may make, in bytes.
pub const LARGEST_TEXT: usize = 8 * 1024 * 1024;

/// The largest index that may be assigned to.
pub const LONGEST_ARRAY: usize = 1_000_000;

/// How long the message of an error may be, in characters; the rest is left out.
pub const LONGEST_MESSAGE: usize = 300;

/// How errors begin that say that a value is larger than allowed.
pub const TOO_LARGE: &str = "too large: ";
