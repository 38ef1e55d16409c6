//! `spaceport explain`: what a finding code means and what to do about it.

use clap::Args;

use crate::cli::Global;
use crate::commands::print;
use crate::exit::{self, Stop};
use crate::show::{Style, text};
use crate::words::codes::CODES;
use crate::words::finding::did_you_mean;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A finding code, for example `yaml::duplicate_key`; without one, all are listed
    pub code: Option<String>,
}

/// Runs the command.
pub fn run(_global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let Some(wanted) = &arguments.code else {
        let width = CODES.iter().map(|code| code.code.len()).max().unwrap_or(0);
        let lines: Vec<String> = CODES
            .iter()
            .flat_map(|code| {
                let first = format!("{:width$}  ", code.code);
                text::wrap(&first, code.means, Style::default().width)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        print(&lines.concat());
        return Ok(exit::DONE);
    };
    match CODES.iter().find(|code| code.code == wanted) {
        Some(code) => {
            let part = |first, words| text::wrap(first, words, Style::default().width).join("\n");
            print(&format!(
                "{}\n\n{}\n{}\n",
                code.code,
                part("  means  ", code.means),
                part("  mend   ", code.mend)
            ));
            Ok(exit::DONE)
        }
        None => Err(
            Stop::new(exit::USAGE, format!("there is no finding code `{wanted}`")).help(
                did_you_mean(wanted, CODES.iter().map(|code| code.code))
                    .or(Some("`spaceport explain` lists all".into())),
            ),
        ),
    }
}
