//! `spaceport graph`: draws what is wired to what in the project, without network or credentials.

use clap::{Args, ValueEnum};

use crate::cli::{Global, NO_HELP};
use crate::commands::{environment, notice, print, project};
use crate::exit::{self, Stop};
use crate::show::graph::{DRAWN, Diagram};

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to write it: for Markdown and mermaid.live, or for Graphviz
    #[arg(long, value_enum, default_value_t = Form::Mermaid)]
    pub format: Form,
}

/// How a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A Mermaid flowchart.
    #[value(help = NO_HELP)]
    Mermaid,
    /// DOT, the language of Graphviz.
    #[value(help = NO_HELP)]
    Dot,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let desired = project::open(global, &environment())?;
    let diagram = Diagram::of_project(&desired);
    let lines = match arguments.format {
        Form::Mermaid => diagram.mermaid(),
        Form::Dot => diagram.dot(),
    };
    print(&format!("{}\n", lines.join("\n")));
    if arguments.format == Form::Mermaid && diagram.lines() > DRAWN && !global.quiet {
        notice(&format!(
            "Mermaid draws at most {DRAWN} edges and this graph has {}; `--format dot` has no such limit.",
            diagram.lines()
        ));
    }
    Ok(exit::DONE)
}
