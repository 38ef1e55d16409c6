//! Reports: what a backend says about its run, and what those who may approve decide.
//!
//! Port's guides call it the last step of a backend: lines in the log, links, and how it ended.
//! Deliberately not here: waiting for a run.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::cli::NO_HELP;
use crate::commands::run::Common;
use crate::commands::run::reach::{Reach, failed};
use crate::commands::session::world;
use crate::commands::{line, read_text};
use crate::exit::{self, Stop};
use crate::there::run::Status;
use crate::there::services::Report;

/// Arguments of `run log`.
#[derive(Debug, Args)]
pub struct LogArguments {
    /// The id of the run, such as `r_k86OUzq80jRlxFV0`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// What to say; `-` reads it from stdin
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,
    /// End the run with this line
    #[arg(long, value_enum)]
    pub status: Option<Ending>,
    /// What to call where the run stands
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// An address to look at, such as the job that works on it; may be repeated
    #[arg(long = "link", value_name = "URL")]
    pub links: Vec<String>,
    /// How and where.
    #[command(flatten)]
    pub common: Common,
}

/// Arguments of `run finish`.
#[derive(Debug, Args)]
pub struct FinishArguments {
    /// The id of the run, such as `r_k86OUzq80jRlxFV0`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// How it ended
    #[arg(long, value_enum)]
    pub status: Ending,
    /// What to call that
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// An address to look at; may be repeated
    #[arg(long = "link", value_name = "URL")]
    pub links: Vec<String>,
    /// A summary for people, in Markdown
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,
    /// What the run is called where it ran
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// How and where.
    #[command(flatten)]
    pub common: Common,
}

/// Arguments of `run approve`.
#[derive(Debug, Args)]
pub struct ApproveArguments {
    /// The id of the run, such as `r_k86OUzq80jRlxFV0`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Decline it instead
    #[arg(long)]
    pub decline: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How and where.
    #[command(flatten)]
    pub common: Common,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ending {
    /// Well.
    #[value(help = NO_HELP)]
    Success,
    /// Not well.
    #[value(help = NO_HELP)]
    Failure,
}

impl Ending {
    fn status(self) -> Status {
        match self {
            Ending::Success => Status::Success,
            Ending::Failure => Status::Failure,
        }
    }
}

/// Adds a line to a run's log.
pub(super) async fn log(reach: &Reach<'_>, arguments: &LogArguments) -> Result<u8, Stop> {
    let text = match arguments.text.as_str() {
        "-" => stdin()?,
        text => text.to_owned(),
    };
    if text.trim().is_empty() {
        return Err(Stop::new(exit::USAGE, "there is nothing to say")
            .help("give the line as an argument, or by stdin with `-`".to_owned()));
    }
    let writer = reach.writer();
    // A line may end the run, after which nothing of it can be changed.
    if !arguments.links.is_empty() {
        let links = Report {
            links: arguments.links.clone(),
            ..Report::default()
        };
        let linked = writer.report(&arguments.run, &links).await;
        linked.map_err(|failure| failed(failure, UNKNOWN))?;
    }
    let report = Report {
        status: arguments.status.map(Ending::status),
        label: arguments.label.clone(),
        ..Report::default()
    };
    let said = writer
        .log_line(&arguments.run, text.trim_end(), &report)
        .await;
    said.map_err(|failure| failed(failure, UNKNOWN))?;
    match (reach.is_human(), arguments.status) {
        (true, None) => line(&format!("The log of run {} has the line.", arguments.run)),
        _ => {
            let run = reach.reader().run(&arguments.run).await.map_err(world)?;
            reach.status(&run, None);
        }
    }
    Ok(exit::DONE)
}

/// Ends a run.
pub(super) async fn finish(reach: &Reach<'_>, arguments: &FinishArguments) -> Result<u8, Stop> {
    let report = Report {
        status: Some(arguments.status.status()),
        label: arguments.label.clone(),
        links: arguments.links.clone(),
        summary: arguments.summary.clone(),
        external_id: arguments.external_id.clone(),
    };
    let ended = reach.writer().report(&arguments.run, &report).await;
    let run = ended.map_err(|failure| failed(failure, UNKNOWN))?;
    reach.status(&run, None);
    Ok(exit::DONE)
}

/// Approves a run, or declines it.
pub(super) async fn approve(reach: &Reach<'_>, arguments: &ApproveArguments) -> Result<u8, Stop> {
    let reason = arguments.reason.as_deref();
    let writer = reach.writer();
    let decided = writer
        .decide(&arguments.run, !arguments.decline, reason)
        .await;
    let run = decided.map_err(|failure| failed(failure, UNKNOWN))?;
    reach.status(&run, None);
    Ok(exit::DONE)
}

/// What to do when an answer was lost.
const UNKNOWN: &str = "it is not known whether Port took it; look at the run, then try again";

fn stdin() -> Result<String, Stop> {
    read_text(Path::new("-"))
        .map_err(|error| Stop::new(exit::USAGE, format!("stdin cannot be used: {error}")))
}
