//! `spaceport validate`: checks the project's files, without network or credentials.

use clap::Args;

use crate::cli::Global;
use crate::commands::format::Format;
use crate::commands::output::json;
use crate::commands::project::{self, Stream, style};
use crate::commands::{environment, print, step, tell};
use crate::exit::{self, Stop};
use crate::show::render::markdown::escape;
use crate::show::render::{github, markdown};
use crate::show::{findings, text};
use crate::want::desired::Desired;
use crate::words::{Finding, Severity};

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let (desired, found) = project::read_and_lint(global, &environment());
    let errors = found.has_errors();
    let list = found.sorted();
    match arguments.format {
        Format::Json => print(&json(&findings::json(&list, &desired.sources))),
        Format::Human => {
            if !list.is_empty() {
                tell(
                    findings::human(&list, &desired.sources, &style(global, Stream::Err))
                        .trim_end(),
                );
            }
            if !errors && !global.quiet {
                print(&format!("{}\n", valid(&desired)));
            }
        }
        Format::Markdown => {
            print(&markdown(&list, &desired, global));
        }
        Format::Github => {
            let folder = step::folder(&global.config);
            print(&github::findings(&list, &desired.sources, &folder));
            step::summarise(&markdown(&list, &desired, global))?;
        }
    }
    // The process ends here; taking large trees apart leaf by leaf would only take time.
    std::mem::forget(desired);
    Ok(if errors { exit::FINDINGS } else { exit::DONE })
}

/// The findings as Markdown, or that all is well.
fn markdown(list: &[Finding], desired: &Desired, global: &Global) -> String {
    let folder = step::folder(&global.config);
    let shown = markdown::findings(list, &desired.sources, &folder);
    let errors = list.iter().any(|found| found.severity == Severity::Error);
    match (errors, shown.is_empty()) {
        (true, _) => shown,
        (false, true) => format!("{}\n", escape::prose(&valid(desired))),
        (false, false) => format!("{}\n\n{shown}", escape::prose(&valid(desired))),
    }
}

/// What is said of a project without errors.
fn valid(desired: &Desired) -> String {
    let objects = text::count(desired.objects.len(), "object", "objects");
    let environment = match &desired.config.environment {
        Some(name) => format!(" in environment `{name}`"),
        None => String::new(),
    };
    format!("{}: {objects}{environment}, valid", desired.config.project)
}
