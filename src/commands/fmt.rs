//! `spaceport fmt`: formats the project's YAML; data and comments stay (see `want::yaml::format`).
//!
//! JSON files are left alone, and so is what a document includes with `${file:PATH}`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Global;
use crate::commands::{line, notice, project};
use crate::exit::{self, Stop};
use crate::want::source;
use crate::want::yaml::format::format;
use crate::words::Findings;

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these files or folders of the project
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write nothing; list the files that would change, and exit with 3 if there are some
    #[arg(long)]
    pub check: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let (folder, found) = source::load(&global.config);
    let mut unread = Findings::default();
    // What the files mean is `validate`'s business.
    let unreadable = |code: &str| code.starts_with("yaml::") || code.starts_with("source::");
    unread.extend(found.into_iter().filter(|finding| unreadable(finding.code)));
    project::check(global, unread, &folder.sources)?;
    let root = real(&global.config)?;
    let mut wanted = Vec::new();
    for path in &arguments.paths {
        wanted.push(real(path)?);
    }
    // The text of a file that a document includes may be a value as it is.
    let included = |path: &str| {
        let index = folder.sources.find(path);
        let files = folder.included.values().flatten().map(|one| one.file);
        files.into_iter().any(|file| Some(file) == index)
    };
    let mut met = vec![false; wanted.len()];
    let mut changed = Vec::new();
    for file in folder.sources.iter() {
        let path = root.join(&file.path);
        let mut named = wanted.is_empty();
        for (met, wanted) in met.iter_mut().zip(&wanted) {
            let inside = path.starts_with(wanted);
            *met |= inside;
            named |= inside;
        }
        if !named || !is_yaml(&path) || included(&file.path) {
            continue;
        }
        let text = format(&file.text);
        if text != *file.text {
            changed.push((file.path.clone(), text));
        }
    }
    if let Some((_, path)) = met.iter().zip(&arguments.paths).find(|(met, _)| !**met) {
        let message = format!("`{}` holds no file of the project", path.display());
        return Err(Stop::new(exit::USAGE, message));
    }
    for (name, text) in &changed {
        if !arguments.check {
            source::replace(&root, name, text).map_err(|error| {
                // The error in full names a file with a random name.
                let message = format!("`{name}` cannot be written: {}", error.kind());
                Stop::new(exit::WORLD, message)
                    .help("make the file and its folder yours, or run as their owner".to_owned())
            })?;
        }
        line(name);
    }
    if arguments.check && !changed.is_empty() && !global.quiet {
        notice(match changed.len() {
            1 => "This file is not formatted; `spaceport fmt` does it.",
            _ => "These files are not formatted; `spaceport fmt` does it.",
        });
    }
    Ok(match arguments.check && !changed.is_empty() {
        true => exit::FINDINGS,
        false => exit::DONE,
    })
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|kind| kind == "yaml" || kind == "yml")
}

fn real(path: &Path) -> Result<PathBuf, Stop> {
    path.canonicalize().map_err(|error| {
        Stop::new(
            exit::USAGE,
            format!("`{}` cannot be found: {error}", path.display()),
        )
    })
}
