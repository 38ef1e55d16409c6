//! The output formats: the one list that every command with `--format` takes.
//!
//! Deliberately not here: how anything looks in a format (see `show`).

use clap::ValueEnum;

use crate::cli::NO_HELP;

/// How a command prints its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[value(help = NO_HELP)]
    Human,
    /// One JSON value.
    #[value(help = NO_HELP)]
    Json,
    /// For a comment on a pull request.
    #[value(help = NO_HELP)]
    Markdown,
    /// Annotations for GitHub's runner, and Markdown for the summary of the step.
    #[value(help = NO_HELP)]
    Github,
}
