//! Exit codes, documented once (design, section 6), and why a command stops.

use std::fmt;

/// Done; for `plan` also "there are changes" unless `--detailed-exitcode`.
pub const DONE: u8 = 0;
/// The world failed: network, refusal, nothing applied or ingested; `run`: the run did not do what it
/// was started for, or is not over.
pub const WORLD: u8 = 1;
/// `plan --detailed-exitcode`: there are changes; `drift`: live differs from the last apply.
pub const CHANGES: u8 = 2;
/// Findings in the user's files.
pub const FINDINGS: u8 = 3;
/// The apply ended incomplete; `ingest`: some items failed, or it broke off after it had written.
pub const INCOMPLETE: u8 = 4;
/// Blocked by a guard, by a changed plan, by another apply, or by the answer to the question.
pub const BLOCKED: u8 = 5;
/// Wrong usage.
pub const USAGE: u8 = 64;
/// Our bug.
pub const BUG: u8 = 70;
/// Interrupted.
pub const INTERRUPTED: u8 = 130;

/// Why a command stops before its end: a code, what happened, and what to do.
#[derive(Debug)]
pub struct Stop {
    /// The exit code.
    pub code: u8,
    /// What happened; empty when everything was said already.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Stop {
    /// A stop with a message.
    pub fn new(code: u8, message: impl fmt::Display) -> Self {
        Stop {
            code,
            message: message.to_string(),
            help: None,
        }
    }

    /// A stop after everything was said.
    pub fn quiet(code: u8) -> Self {
        Stop {
            code,
            message: String::new(),
            help: None,
        }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }
}
