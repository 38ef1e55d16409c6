//! `spaceport show`: a plan that `plan --out` wrote, shown again in every format. Reads no project
//! and asks nobody.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Global;
use crate::commands::expected::{open, unfit};
use crate::commands::format::Format;
use crate::commands::output::json;
use crate::commands::project::{Stream, style};
use crate::commands::{print, step};
use crate::exit::{self, Stop};
use crate::show::graph::Diagram;
use crate::show::render::{github, human, markdown};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let document = open(&arguments.file)?;
    let (plan, header) = document
        .clone()
        .into_plan()
        .map_err(|why| unfit(&arguments.file, &why))?;
    let markdown = || {
        let wiring = Diagram::of_plan(&plan);
        markdown::plan(&plan, &header, header.digest.as_deref(), &wiring)
    };
    print(&match arguments.format {
        Format::Human => human::plan(&plan, &header, &style(global, Stream::Out)),
        Format::Json => json(&document),
        Format::Markdown => markdown(),
        Format::Github => {
            step::summarise(&markdown())?;
            github::plan(&plan, &header, &|_| None)
        }
    });
    Ok(exit::DONE)
}
