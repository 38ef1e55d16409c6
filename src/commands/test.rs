//! `spaceport test`: runs the project's tests, without network or credentials.

use clap::{Args, ValueEnum};

use crate::cli::{Global, NO_HELP};
use crate::commands::output::json;
use crate::commands::project::{Stream, style};
use crate::commands::{notice, print, step, wired};
use crate::exit::{self, Stop};
use crate::follow::trial;
use crate::follow::wiring::Wiring;
use crate::show::render::github;
use crate::show::verdict;
use crate::want::trial::Trial;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only tests whose names hold this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// How to print what became of them
    #[arg(long, value_enum, default_value_t = Form::Human)]
    pub format: Form,
}

/// How verdicts are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    #[value(help = NO_HELP)]
    Human,
    /// One JSON value.
    #[value(help = NO_HELP)]
    Json,
    /// Annotations for GitHub's runner.
    #[value(help = NO_HELP)]
    Github,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let desired = wired::open(global)?;
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let named = |trial: &&Trial| trial.name.contains(filter);
    let trials: Vec<&Trial> = desired.trials.iter().filter(named).collect();
    if trials.is_empty() && !desired.trials.is_empty() {
        let count = desired.trials.len();
        let message = format!("none of the {count} tests has `{filter}` in its name");
        return Err(Stop::new(exit::USAGE, message));
    }
    let wiring = Wiring::of(&desired);
    let verdicts = trial::run(&wiring, &wired::engines()?, &trials);
    let sources = &desired.sources;
    match arguments.format {
        Form::Human => print(&verdict::human(
            &verdicts,
            sources,
            &style(global, Stream::Out),
        )),
        Form::Json => print(&json(&verdict::json(&verdicts, sources))),
        Form::Github => {
            let findings = verdict::findings(&verdicts, sources);
            let folder = step::folder(&global.config);
            print(&github::findings(&findings, sources, &folder));
            print(&format!("{}\n", verdict::closing(&verdicts)));
        }
    }
    if verdicts.is_empty() {
        notice(
            "warning: the project has no tests, so nothing was tested. A test is a document with `kind: test`; `spaceport explain test` shows one.",
        );
    }
    let failed = verdicts.iter().any(|verdict| !verdict.failures.is_empty());
    Ok(if failed { exit::FINDINGS } else { exit::DONE })
}
