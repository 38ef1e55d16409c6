//! `.github/THREAT-MODEL.md` claims nothing that no test shows: each claim names the code that it is
//! about and tests that exist.
//!
//! Whether a test shows what its claim says is for readers; that it is there and runs is for this file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source::{Source, root};

const MODEL: &str = ".github/THREAT-MODEL.md";

/// A row of a table: what holds, where, and the tests that show it.
struct Claim<'a> {
    line: usize,
    code: Vec<&'a str>,
    tests: Vec<&'a str>,
}

/// The rows of all tables with three columns, without their heads.
fn claims(text: &str) -> Vec<Claim<'_>> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (nth, line) in lines.iter().enumerate() {
        let is_head = lines
            .get(nth + 1)
            .is_some_and(|next| next.starts_with("|-"));
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        if !line.starts_with('|') || line.starts_with("|-") || is_head || cells.len() != 3 {
            continue;
        }
        found.push(Claim {
            line: nth + 1,
            code: quotes(cells[1]),
            tests: quotes(cells[2]),
        });
    }
    found
}

fn quotes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What is wrong with a file's claims. `read` gives the text of a file of the project.
fn unfounded(text: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut known: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for claim in claims(text) {
        let mut say = |what: String| wrong.push(format!("{MODEL}:{}: {what}", claim.line));
        if claim.code.is_empty() || claim.tests.is_empty() {
            say("a claim without code or without a test".into());
        }
        for path in claim.code {
            if read(path).is_none() && !root().join(path).is_dir() {
                say(format!("there is no `{path}`"));
            }
        }
        for test in claim.tests {
            let Some((path, name)) = test.split_once("::") else {
                say(format!("`{test}` is no `FILE::TEST`"));
                continue;
            };
            let path = match path.starts_with("src/") {
                true => format!("{path}.rs"),
                false => format!("tests/{path}.rs"),
            };
            let tests = known
                .entry(path.clone())
                .or_insert_with(|| read(&path).map(|text| tests_in(&text)));
            match tests {
                None => say(format!("there is no `{path}`")),
                Some(tests) if !tests.iter().any(|test| test == name) => {
                    say(format!("`{path}` has no test `{name}`"));
                }
                Some(_) => {}
            }
        }
    }
    wrong
}

/// The functions that an attribute makes tests.
fn tests_in(text: &str) -> Vec<String> {
    let code = Source::new("x.rs", text).code;
    let mut attributed = false;
    let mut found = Vec::new();
    for line in code.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("#[") {
            attributed |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            continue;
        }
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        if let (true, Some(name)) = (attributed, name) {
            found.extend(name.split('(').next().map(str::to_owned));
        }
        attributed = false;
    }
    found
}

fn in_project(path: &str) -> Option<String> {
    fs::read_to_string(root().join(Path::new(path))).ok()
}

#[test]
fn every_claim_names_tests_that_exist() {
    let text = in_project(MODEL).expect("the threat model is readable");
    assert!(claims(&text).len() > 20, "the claims were not found");
    let wrong = unfounded(&text, &in_project);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_not_there_is_seen() {
    let read = |path: &str| {
        match path {
        "tests/stories/a.rs" => Some(
            "#[test]\nfn shown() {}\nfn made() {}\n// #[test]\nfn gone() {}\n#[cfg(unix)]\n#[tokio::test]\nasync fn waited() {}\n"
                .to_owned(),
        ),
        "src/a.rs" => Some(String::new()),
        _ => None,
    }
    };
    let about = |code: &str, tests: &str| {
        let text = format!(
            "| what holds | where | shown by |\n|---|---|---|\n| It holds. | {code} | {tests} |\n"
        );
        unfounded(&text, &read).len()
    };
    assert_eq!(
        about("`src/a.rs`", "`stories/a::shown`, `stories/a::waited`"),
        0
    );
    assert_eq!(
        about("`src/a.rs`", "`stories/a::made`, `stories/a::gone`"),
        2
    );
    assert_eq!(about("`src/a.rs`", "`stories/b::shown`"), 1);
    assert_eq!(about("`src/b.rs`", "`stories/a::shown`"), 1);
    assert_eq!(about("`src/a.rs`", "`shown`"), 1);
    assert_eq!(about("`src/a.rs`", "see there"), 1);
    assert_eq!(about("everywhere", "`stories/a::shown`"), 1);
}
