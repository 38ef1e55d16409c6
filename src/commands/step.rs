//! The step of a GitHub workflow that a command runs in: its summary, and where the repository is.
//!
//! Outside of a workflow there is no summary, and files are named as the command line names them.
//! Deliberately not here: what is written (see `show::render`).

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Component, Path};

use crate::exit::{self, Stop};

/// Names the file that the summary of a step is appended to.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// Names the folder that the repository is checked out in.
const WORKSPACE: &str = "GITHUB_WORKSPACE";

/// Appends Markdown to the summary of the step, when there is one.
pub fn summarise(markdown: &str) -> Result<(), Stop> {
    let Some(path) = env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    // What another step left there may lack its line end.
    let written = opened.and_then(|mut file| file.write_all(format!("\n{markdown}").as_bytes()));
    written.map_err(|error| {
        let path = Path::new(&path).display();
        Stop::new(
            exit::WORLD,
            format!("`{path}` of {SUMMARY} cannot be written: {error}"),
        )
    })
}

/// A project's folder as annotations name it, with a `/` at its end: from the repository on.
pub fn folder(config: &Path) -> String {
    let workspace = env::var_os(WORKSPACE).filter(|path| !path.is_empty());
    let inside = workspace.and_then(|workspace| {
        let workspace = Path::new(&workspace).canonicalize().ok()?;
        let config = config.canonicalize().ok()?;
        Some(config.strip_prefix(workspace).ok()?.to_owned())
    });
    slashed(inside.as_deref().unwrap_or(config))
}

/// A folder before the paths of its files, with `/` between its parts.
fn slashed(folder: &Path) -> String {
    let parts = folder
        .components()
        .filter(|part| *part != Component::CurDir);
    let parts = parts.map(|part| match part {
        Component::RootDir => String::new(),
        part => part.as_os_str().to_string_lossy().into_owned(),
    });
    parts.map(|part| format!("{part}/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_before_the_paths_of_its_files() {
        for (folder, shown) in [
            ("port-config", "port-config/"),
            ("./a/../b/", "a/../b/"),
            (".", ""),
            ("/srv/a", "/srv/a/"),
        ] {
            assert_eq!(slashed(Path::new(folder)), shown);
        }
    }
}
