//! `spaceport validate`: checks the project's files, without network or credentials.

use clap::Args;

use crate::cli::Global;
use crate::commands::format::Format;
use crate::commands::project::{self, Stream, style};
use crate::commands::{environment, print, tell};
use crate::exit::{self, Stop};
use crate::show::findings;

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print the findings; json is one object with the list `findings`
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let (desired, found) = project::read(global, &environment());
    let errors = found.has_errors();
    let list = found.sorted();
    match arguments.format {
        Format::Json => print(&format!("{:#}\n", findings::json(&list, &desired.sources))),
        Format::Human => {
            if !list.is_empty() {
                tell(
                    findings::human(&list, &desired.sources, &style(global, Stream::Err))
                        .trim_end(),
                );
            }
            if !errors && !global.quiet {
                let count = desired.objects.len();
                let plural = if count == 1 { "" } else { "s" };
                let environment = match &desired.config.environment {
                    Some(name) => format!(" in environment `{name}`"),
                    None => String::new(),
                };
                print(&format!(
                    "{}: {count} object{plural}{environment}, valid\n",
                    desired.config.project
                ));
            }
        }
    }
    // The process ends here; taking large trees apart leaf by leaf would only take time.
    std::mem::forget(desired);
    Ok(if errors { exit::FINDINGS } else { exit::DONE })
}
