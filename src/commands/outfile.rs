//! Files that a command leaves for its user. What holds a plan or a snapshot is written whole or not
//! at all, for the user alone, and never where a link leads; another command reads it, whoever
//! wrote it. What becomes part of a project is a new file, and nothing is overwritten.
//!
//! Deliberately not here: what is in it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use crate::exit::{self, Stop};

/// The most that is read of a file. Ten thousand objects take a tenth of it.
const LONGEST: u64 = 256 << 20;

/// Reads a file, or says in words why that cannot be.
pub fn read(path: &Path) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    let mut text = String::new();
    let file = File::open(path).map_err(words)?;
    file.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(words)?;
    match text.len() as u64 > LONGEST {
        true => Err(format!("it is longer than {} MiB", LONGEST >> 20)),
        false => Ok(text),
    }
}

/// Writes a file in place of the one that is there, if there is one.
pub fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let refused = |why: &str, help: &str| {
        let message = format!("`{}` cannot be written: {why}", path.display());
        Stop::new(exit::WORLD, message).help(help.to_owned())
    };
    match std::fs::symlink_metadata(path) {
        // The text would lie where somebody else chose, or a device would become a file.
        Ok(there) if !there.is_file() => {
            return Err(refused(
                "there is something that is no regular file",
                "name another file",
            ));
        }
        _ => {}
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(refused(
            "its folder is not there",
            "make the folder, or name a file in another one",
        ));
    }
    let replace = || -> std::io::Result<()> {
        // Such a file is its owner's alone from the start (mode 0600).
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    replace().map_err(|error| {
        // The error in full names a file with a random name, which says nothing to anybody.
        refused(
            &error.kind().to_string(),
            "name a file in a folder that can be written to",
        )
    })
}

/// Writes a new file, and folders for it; whether it was not there yet. One that is there stays.
pub fn create(path: &Path, text: &str) -> Result<bool, Stop> {
    let fail = |error: std::io::Error| unwritable(path, &error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    match File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(fail).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(fail(error)),
    }
}

/// The world would not take a file.
pub fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let message = format!("`{}` cannot be written: {error}", path.display());
    Stop::new(exit::WORLD, message).help("name a place that can be written to".to_owned())
}

/// Refuses a file that would be read as one of the project's own from then on, and `-`, by which
/// people mean a stream.
pub fn beside(root: &Path, path: &Path) -> Result<(), Stop> {
    if path.as_os_str() == "-" {
        let message = "`-` is not the name of a file".to_owned();
        return Err(Stop::new(exit::USAGE, message)
            .help("`./-` is one; without `--out` a snapshot goes to stdout, and a plan with `--format json`".to_owned()));
    }
    let reads = ["yaml", "yml", "json"];
    let ends = path.extension().and_then(|end| end.to_str());
    let inside = || {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        let below = folder.join(path.file_name()?);
        let below = below
            .strip_prefix(root.canonicalize().ok()?)
            .ok()?
            .to_owned();
        let hidden = |part: &std::ffi::OsStr| part.to_string_lossy().starts_with('.');
        (!below.iter().any(hidden)).then_some(())
    };
    if ends.is_some_and(|end| reads.contains(&end)) && inside().is_some() {
        let message = format!(
            "`{}` would be read as a file of the project from then on",
            path.display()
        );
        return Err(Stop::new(exit::USAGE, message).help(
            "name a file outside of the project's folder, or in one that begins with a dot"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_the_project_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("project");
        for inner in ["sub", ".kept"] {
            std::fs::create_dir_all(root.join(inner)).expect("a folder");
        }
        for (path, fits) in [
            ("project/snapshot.json", false),
            ("project/sub/snapshot.yml", false),
            ("project/sub/../snapshot.json", false),
            ("project/snapshot", true),
            ("project/.snapshot.json", true),
            ("project/.kept/snapshot.json", true),
            ("snapshot.json", true),
            ("project/none/snapshot.json", true),
        ] {
            let found = beside(&root, &folder.path().join(path));
            assert_eq!(found.is_ok(), fits, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_for_its_owner_alone_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("old"), "old").expect("it can be written");
        write(&at("old"), "new").expect("it is a file");
        write(&at("fresh"), "new").expect("nothing is there");
        for name in ["old", "fresh"] {
            let mode = std::fs::metadata(at(name))
                .expect("it is there")
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
            assert_eq!(std::fs::read_to_string(at(name)).expect("a text"), "new");
        }
        symlink(at("elsewhere"), at("link")).expect("a link");
        for name in ["link", ".", "none/there"] {
            assert!(write(&at(name), "new").is_err(), "{name}");
        }
        assert!(!at("elsewhere").exists());
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 3, "nothing half-written is left");
    }
}
