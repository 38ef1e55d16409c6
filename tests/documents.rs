//! What the documents say is true: every command in a `console` block runs and ends well, and
//! the plan that the README shows is a piece of the real one.
#![cfg(feature = "sandbox")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's documents that hold commands.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md"), root.join("port-config/README.md")];
    for entry in fs::read_dir(root.join("examples")).expect("there are examples") {
        let readme = entry
            .expect("the folder can be read")
            .path()
            .join("README.md");
        assert!(readme.exists(), "{} is missing", readme.display());
        found.push(readme);
    }
    found.sort();
    found
}

/// The commands of a document: lines that begin with `$ ` in `console` blocks.
fn commands(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside => found.extend(line.strip_prefix("$ ").map(str::to_owned)),
            _ => {}
        }
    }
    found
}

/// A copy of the projects, so that nothing is left behind in the repository.
fn copy() -> tempfile::TempDir {
    fn folder(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("the copy can be made");
        for entry in fs::read_dir(from).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("it has a name");
            if name == ".spaceport" {
                continue;
            }
            match path.is_dir() {
                true => folder(&path, &to.join(name)),
                false => {
                    fs::copy(&path, to.join(name)).expect("the file can be copied");
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().expect("there is room");
    for name in ["port-config", "examples"] {
        folder(&root.join(name), &copy.path().join(name));
    }
    copy
}

/// Runs what follows `spaceport` in a command, without anything of our environment.
fn spaceport(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spaceport"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the binary can be run")
}

#[test]
fn every_command_in_the_documents_ends_well() {
    let mut ran = 0;
    for document in documents() {
        let copy = copy();
        let text = fs::read_to_string(&document).expect("the document can be read");
        for command in commands(&text) {
            let arguments = match command.as_str() {
                // The tests are running already, and this file is one of them.
                "cargo test" => continue,
                command => command
                    .strip_prefix("cargo run --release -- ")
                    .or_else(|| command.strip_prefix("spaceport "))
                    .unwrap_or_else(|| panic!("`{command}` is a command of another kind")),
            };
            let output = spaceport(copy.path(), arguments);
            assert!(
                output.status.success(),
                "{}: `{command}` ended with {}\n{}",
                document.display(),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
            ran += 1;
        }
    }
    assert!(ran > 10, "only {ran} commands were found");
}

#[test]
fn the_readme_begins_with_two_commands_and_the_second_run_changes_nothing() {
    let readme = include_str!("../README.md");
    assert_eq!(
        commands(readme)[..2],
        ["cargo run --release -- apply --sandbox --yes", "cargo test"]
    );
    let copy = copy();
    let first = spaceport(copy.path(), "apply --sandbox --yes");
    assert!(String::from_utf8_lossy(&first.stdout).contains("converged: 0 changes"));
    let second = spaceport(copy.path(), "apply --sandbox --yes");
    assert!(second.status.success());
    assert!(String::from_utf8_lossy(&second.stdout).contains("No changes"));
}

#[test]
fn the_plan_in_the_readme_is_a_piece_of_the_real_one() {
    let readme = include_str!("../README.md");
    let shown = readme
        .split_once("<!-- plan: begin -->\n```text\n")
        .and_then(|(_, rest)| rest.split_once("```\n<!-- plan: end -->"))
        .map(|(shown, _)| shown)
        .expect("the README shows a plan");
    let copy = copy();
    let output = spaceport(copy.path(), "plan --sandbox");
    let real = String::from_utf8_lossy(&output.stdout);
    for block in shown.split("\n\n") {
        assert!(
            real.contains(block.trim_end()),
            "not in the real plan:\n{block}\n\nreal:\n{real}"
        );
    }
}
