//! Jobs: what is asked of an engine, its answer, and what can go wrong, as data that crosses a pipe.
//!
//! Deliberately not here: where a program stands in the user's files. Faults say which bytes of the
//! program's own text are meant.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{mapping, rego, template};

/// One question to an engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Does the program compile? Answered with [`Answer::Compiles`].
    JqCheck {
        /// JQ in Port's dialect.
        program: String,
    },
    /// All outputs of a program. Answered with [`Answer::Values`].
    Jq {
        /// JQ in Port's dialect.
        program: String,
        /// What `.` is.
        input: Value,
        /// What `now` is, in seconds since the Unix epoch.
        now: f64,
    },
    /// A tree with `{{ … }}` in its texts and keys. Answered with [`Answer::Rendered`].
    Template(template::Request),
    /// A delivery to a webhook of Port. Answered with [`Answer::Mapped`].
    Mapping(mapping::Request),
    /// Items that become entities. Answered with [`Answer::Items`].
    Items(mapping::Items),
    /// Does a policy load? Answered with [`Answer::Loads`].
    RegoCheck(rego::Policy),
    /// What a notification policy decides about an event. Answered with [`Answer::Decided`].
    Rego(rego::Request),
}

/// The answer to a [`Job`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The program compiles.
    Compiles,
    /// The outputs in order.
    Values(Vec<Value>),
    /// The rendered tree.
    Rendered(template::Rendered),
    /// What became of a delivery.
    Mapped(mapping::Mapped),
    /// What became of each item, in their order.
    Items(Vec<mapping::Made>),
    /// The policy loads.
    Loads,
    /// The decision.
    Decided(rego::Decision),
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The text is not a program of the language.
    Syntax,
    /// It is one, and uses what is not available there.
    Refused,
    /// It failed on this input.
    Runtime,
    /// It took too long, too much memory, or is too large or too deep.
    Limit,
    /// The process that ran it died.
    Crash,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of thing went wrong.
    pub kind: FaultKind,
    /// What is wrong: a lower-case fragment without a period.
    pub message: String,
    /// Which bytes of the program's text are meant, when they can be told.
    pub span: Option<Range<usize>>,
    /// What to do, if there is something better than the message itself.
    pub help: Option<String>,
}

impl Fault {
    /// A fault without a place.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault {
            kind,
            message: message.into(),
            span: None,
            help: None,
        }
    }

    /// Says which bytes are meant.
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Does the work of one job, in this process and without limits: what the child calls.
pub fn work(job: &Job) -> Result<Answer, Fault> {
    match job {
        Job::JqCheck { program } => super::jq::Program::compile(program).map(|_| Answer::Compiles),
        Job::Jq {
            program,
            input,
            now,
        } => super::jq::Program::compile(program)?
            .all(input, *now)
            .map(Answer::Values),
        Job::Template(request) => template::render(request).map(Answer::Rendered),
        Job::Mapping(request) => mapping::map(request).map(Answer::Mapped),
        Job::Items(items) => mapping::items(items).map(Answer::Items),
        Job::RegoCheck(policy) => rego::load(policy).map(|()| Answer::Loads),
        Job::Rego(request) => rego::decide(request).map(Answer::Decided),
    }
}
