//! `spaceport explain`: what a finding code, a kind or a field means.

use clap::Args;

use crate::cli::Global;
use crate::commands::print;
use crate::commands::project::{Stream, style};
use crate::exit::{self, Stop};
use crate::kinds::{self, ingest, manual, trial};
use crate::show::{self, Style, text};
use crate::words::Service;
use crate::words::codes::{CODES, LINT};
use crate::words::finding::did_you_mean;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A finding code (`yaml::duplicate_key`), a kind (`port.blueprint`) or a field
    /// (`port.blueprint.schema.properties`); without one, all codes and kinds are listed
    #[arg(value_name = "CODE|KIND[.PATH]")]
    pub name: Option<String>,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let Some(wanted) = &arguments.name else {
        let codes = CODES.iter().map(|code| (code.code, code.means));
        let kinds = kinds::ALL.iter().map(|kind| (kind.name(), kind.doc()));
        let width = codes.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<String> = codes
            .chain(kinds)
            .chain([(ingest::KIND, ingest::DOC), (trial::KIND, trial::DOC)])
            .flat_map(|(name, means)| {
                let first = format!("{name:width$}  ");
                text::wrap(&first, means, Style::default().width)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        print(&lines.concat());
        return Ok(exit::DONE);
    };
    let page = match wanted.as_str() {
        ingest::KIND => Some(show::manual::ingest(&style(global, Stream::Out))),
        trial::KIND => Some(show::manual::test(&style(global, Stream::Out))),
        _ => None,
    };
    if let Some(page) = page {
        print(&page);
        return Ok(exit::DONE);
    }
    // Codes have `::`, and services come first in the names of kinds.
    let service = Service::ALL.into_iter().find(|service| {
        let rest = wanted.strip_prefix(&service.to_string());
        rest.is_some_and(|rest| rest.starts_with('.'))
    });
    if service.is_some() {
        let entry = manual::find(wanted)
            .map_err(|lost| Stop::new(exit::USAGE, lost.message).help(lost.help))?;
        print(&show::manual::human(&entry, &style(global, Stream::Out)));
        return Ok(exit::DONE);
    }
    match CODES.iter().find(|code| code.code == wanted) {
        Some(code) => {
            let part = |first, words| text::wrap(first, words, Style::default().width).join("\n");
            let mut shown = format!(
                "{}\n\n{}\n{}\n",
                code.code,
                part("  means  ", code.means),
                part("  mend   ", code.mend)
            );
            if code.code.starts_with(LINT) {
                let level = format!(
                    "`lints: {{ {0}: LEVEL }}` in `spaceport.yaml` with error, warning, hint or allow; `# spaceport: allow({0})` on the line or above it.",
                    code.code
                );
                shown.push_str(&part("  level  ", &level));
                shown.push('\n');
            }
            print(&shown);
            Ok(exit::DONE)
        }
        None => Err(Stop::new(
            exit::USAGE,
            format!("there is no finding code or kind `{wanted}`"),
        )
        .help(
            did_you_mean(
                wanted,
                CODES
                    .iter()
                    .map(|code| code.code)
                    .chain(kinds::ALL.iter().map(|kind| kind.name()))
                    .chain([ingest::KIND, trial::KIND]),
            )
            .or(Some("`spaceport explain` lists all".into())),
        )),
    }
}
