//! `spaceport run`: executes a self-service action and follows its run, or reports on a run as its
//! backend does.
//!
//! Needs Port alone, and so only Port's credentials. Of the project it takes where Port is and what
//! is called how; reports work without one. Deliberately not here: what an action would send, which
//! `simulate` shows.
//!
//! | room | noun |
//! |---|---|
//! | `start` | an action that is executed |
//! | `inputs` | what it is executed with |
//! | `follow` | a run until its end |
//! | `report` | what a backend says about its run |
//! | `reach` | the way to Port |

mod follow;
mod inputs;
mod reach;
mod report;
mod start;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::{Global, NO_HELP};
use crate::commands::format::Plain;
use crate::commands::runtime;
use crate::exit::Stop;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    /// What to do with a run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to execute.
    #[command(flatten)]
    pub start: start::StartArguments,
}

/// What can be done with a run that was started.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow a run to its end
    Follow(follow::Arguments),
    /// Add a line to the log of a run, as its backend
    Log(report::LogArguments),
    /// End a run, as its backend
    Finish(report::FinishArguments),
    /// Approve a run that waits for it, or decline it
    Approve(report::ApproveArguments),
}

/// What all of them understand.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// How to print the run
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub format: Plain,
    /// Where the organization lives, when no project says so
    #[arg(long, value_enum, value_name = "REGION")]
    pub region: Option<Region>,
}

/// A region of Port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Region {
    /// `api.port.io`.
    #[value(help = NO_HELP)]
    Eu,
    /// `api.us.port.io`.
    #[value(help = NO_HELP)]
    Us,
}

impl Region {
    fn word(self) -> &'static str {
        match self {
            Region::Eu => "eu",
            Region::Us => "us",
        }
    }
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let common = match &arguments.command {
        None => &arguments.start.common,
        Some(Command::Follow(arguments)) => &arguments.common,
        Some(Command::Log(arguments)) => &arguments.common,
        Some(Command::Finish(arguments)) => &arguments.common,
        Some(Command::Approve(arguments)) => &arguments.common,
    };
    runtime()?.block_on(async {
        let reach = reach::open(global, common).await?;
        let done = match &arguments.command {
            None => start::start(&reach, &arguments.start).await,
            Some(Command::Follow(arguments)) => follow::follow(&reach, arguments).await,
            Some(Command::Log(arguments)) => report::log(&reach, arguments).await,
            Some(Command::Finish(arguments)) => report::finish(&reach, arguments).await,
            Some(Command::Approve(arguments)) => report::approve(&reach, arguments).await,
        };
        reach.close().await;
        done
    })
}
