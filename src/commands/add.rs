//! `spaceport add`: makes documents of what vendors' pages print. Reads no project and no service.
//!
//! Never overwrites a file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Global;
use crate::commands::{notice, outfile, print};
use crate::exit::{self, Stop};
use crate::show::export::paste;
use crate::show::redact;
use crate::want::source::LARGEST;
use crate::want::yaml::layout;

/// Arguments of `add`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// JSON, YAML, or a page in Markdown with code blocks; `-` is stdin
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    pub file: PathBuf,
    /// The name in addresses, for objects that come without one
    #[arg(long = "ref", value_name = "NAME")]
    pub reference: Option<String>,
    /// Write the documents to this new file [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let text = read(&arguments.file)?;
    let made = paste::paste(&text, arguments.reference.as_deref());
    if !global.quiet {
        made.notes
            .iter()
            .for_each(|note| notice(&redact::text(note)));
    }
    made.problems
        .iter()
        .for_each(|problem| notice(&redact::text(problem)));
    if made.documents.is_empty() {
        return match made.problems.is_empty() {
            true => Err(Stop::new(exit::FINDINGS, "there is no object in it").help(
                "paste a blueprint, an action, a webhook or the like, as the vendor's page prints it"
                    .to_owned(),
            )),
            false => Err(Stop::quiet(exit::FINDINGS)),
        };
    }
    let text = layout::stream(&made.documents);
    match &arguments.to {
        None => print(&text),
        Some(path) if outfile::create(path, &text)? => {}
        Some(path) => {
            let message = format!("`{}` exists already", path.display());
            return Err(Stop::new(exit::FINDINGS, message)
                .help("nothing was written; name another file".to_owned()));
        }
    }
    Ok(match made.problems.is_empty() {
        true => exit::DONE,
        false => exit::FINDINGS,
    })
}

fn read(path: &Path) -> Result<String, Stop> {
    let fail = |error: std::io::Error| {
        let (what, help) = match path.as_os_str() == "-" {
            true => ("stdin".to_owned(), "pipe a text in UTF-8 into it"),
            false => (
                format!("`{}`", path.display()),
                "name one file of text in UTF-8, or pipe the text into `spaceport add`",
            ),
        };
        Stop::new(exit::WORLD, format!("{what} cannot be read: {error}")).help(help.to_owned())
    };
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_string(&mut text),
        false => {
            let file = fs::File::open(path).map_err(fail)?;
            file.take(LARGEST + 1).read_to_string(&mut text)
        }
    };
    read.map_err(fail)?;
    match text.len() as u64 > LARGEST {
        true => Err(Stop::new(
            exit::FINDINGS,
            format!("`{}` is larger than 1 MiB", path.display()),
        )),
        false => Ok(text),
    }
}
