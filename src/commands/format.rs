//! The output formats that commands share: for plans, and for what nobody reviews.
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

/// How a command prints one thing that nobody puts into a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Plain {
    /// For people.
    #[value(help = NO_HELP)]
    Human,
    /// One JSON value.
    #[value(help = NO_HELP)]
    Json,
}
