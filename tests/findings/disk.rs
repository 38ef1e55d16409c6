//! Cases on disk: each in a folder of its own that goes when it is dropped.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::case::Case;

/// A case's files.
pub struct Folder {
    root: TempDir,
}

impl Folder {
    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }
}

/// Writes a case's files.
pub fn write(case: &Case) -> Folder {
    let root = tempfile::tempdir().expect("a folder can be made");
    let folder = Folder { root };
    let project = folder.project();
    fs::create_dir(&project).expect("a folder can be made");
    let outside = "kind: port.secret\nspec: { secretName: OUT, secretValue: \"${env.OUT}\" }\n";
    fs::create_dir(folder.root.path().join("outside")).expect("a folder can be made");
    for path in ["outside.yaml", "outside/inner.yaml"] {
        fs::write(folder.root.path().join(path), outside).expect("a file can be written");
    }
    let file = |path: &str| {
        let path = project.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("it can be made");
        path
    };
    for (path, text) in &case.files {
        fs::write(file(path), text).expect("a file can be written");
    }
    for (word, argument) in &case.unusual {
        match word.as_str() {
            "folder" => fs::create_dir_all(file(argument)).expect("a folder can be made"),
            "large" => fs::write(file(argument), "#".repeat(1024 * 1024 + 1)).expect("written"),
            "latin" => fs::write(file(argument), b"kind: caf\xe9\n").expect("written"),
            "link" => {
                let (path, target) = argument.split_once(" -> ").expect("PATH -> TARGET");
                std::os::unix::fs::symlink(target, file(path)).expect("a link can be made");
            }
            _ => unreachable!("a case knows no other word"),
        }
    }
    folder
}
