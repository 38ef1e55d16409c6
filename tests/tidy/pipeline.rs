//! Workflows, actions and the image: others' actions are named by a commit, which nobody can move, and
//! the image holds nothing but the binary.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::root;

/// Who may be named without a commit: in the examples, whoever copies them.
const OURS: &str = "OWNER/spaceport/";

fn workflows(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            workflows(&path, found);
        } else if path.extension().is_some_and(|end| end == "yml") {
            found.push(path);
        }
    }
}

/// The actions of a workflow that are not named by a commit with its version beside it.
fn movable(text: &str) -> Vec<&str> {
    let uses = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "));
    let pinned = |action: &str| {
        let Some((name, version)) = action.split_once(" # v") else {
            return false;
        };
        let commit = name.split_once('@').map_or("", |(_, commit)| commit);
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        commit.len() == 40 && commit.chars().all(hex) && !version.is_empty()
    };
    uses.filter(|action| !action.starts_with(OURS) && !action.starts_with("./"))
        .filter(|action| !pinned(action))
        .collect()
}

#[test]
fn actions_of_others_are_pinned() {
    let mut files = Vec::new();
    for folder in [".github", "examples"] {
        workflows(&root().join(folder), &mut files);
    }
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).expect("a workflow is readable");
        let movable = movable(&text);
        assert!(movable.is_empty(), "{}: {movable:?}", file.display());
    }

    let commit = "0123456789abcdef0123456789abcdef01234567";
    for good in [
        format!("  - uses: a/b@{commit} # v1.2.3\n"),
        "uses: OWNER/spaceport/.github/actions/spaceport@v0\n".to_owned(),
    ] {
        assert_eq!(movable(&good), [""; 0]);
    }
    for bad in [
        "- uses: a/b@v1\n".to_owned(),
        "  uses: a/b@main # v1\n".to_owned(),
        format!("uses: a/b@{commit}\n"),
    ] {
        assert_eq!(movable(&bad).len(), 1, "{bad}");
    }
}

#[test]
fn the_image_has_no_shell_and_no_rights() {
    let path = root().join(".github/Containerfile");
    let text = fs::read_to_string(path).expect("the container file is readable");
    let said = |word: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines
            .filter(|(first, _)| *first == word)
            .map(|(_, rest)| rest.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(said("FROM"), ["scratch"]);
    assert_eq!(said("RUN"), [""; 0]);
    assert_eq!(said("ADD"), [""; 0]);
    let users = said("USER");
    let user = users.last().expect("a user").split(':').next();
    let number = user.and_then(|user| user.parse::<u32>().ok());
    assert!(number.is_some_and(|user| user > 0), "{users:?}");
}
