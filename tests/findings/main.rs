//! Bad projects: what is found in them, and where.
//!
//! A case is text: see `case`. The cases stand in the `*.txt` files beside this one, one file for
//! each area; a new case is a new paragraph there. Wording is tested in `wording`.

mod case;
mod corpus;
mod disk;
mod guide;
mod wording;

use std::collections::BTreeSet;

use case::Case;
use spaceport::words::codes::CODES;

/// The cases by area.
const AREAS: &[(&str, &str)] = &[
    ("yaml", include_str!("yaml.txt")),
    ("documents", include_str!("documents.txt")),
    ("fields", include_str!("fields.txt")),
    ("references", include_str!("references.txt")),
    ("project", include_str!("project.txt")),
    ("files", include_str!("files.txt")),
    ("lints", include_str!("lints.txt")),
    ("event_path", include_str!("event_path.txt")),
    ("tests", include_str!("tests.txt")),
    ("ingests", include_str!("ingests.txt")),
];

/// Codes that need live services, or secrets that must be sent, or a test that runs: nothing that reads
/// files provokes them.
const LIVE: [&str; 7] = [
    "live::ambiguous_name",
    "live::another_object",
    "live::not_found",
    "live::nothing_to_manage",
    "live::unknown_space",
    "ref::unset_secret",
    "test::failed",
];

fn cases() -> Vec<Case> {
    AREAS
        .iter()
        .flat_map(|(area, text)| Case::all(area, text))
        .collect()
}

/// Runs an area's cases through the library and reports every difference at once.
fn area(name: &str) {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|case| case.area == name)
        .filter_map(|case| {
            let (found, expected) = (case.found(), case.expected(true));
            (found != expected).then(|| {
                format!(
                    "== {}\nexpected\n  {}\nfound\n  {}\n",
                    case.title,
                    expected.join("\n  "),
                    found.join("\n  ")
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn malformed_yaml() {
    area("yaml");
}

#[test]
fn bad_documents() {
    area("documents");
}

#[test]
fn bad_fields() {
    area("fields");
}

#[test]
fn bad_references() {
    area("references");
}

#[test]
fn bad_project_files() {
    area("project");
}

#[test]
fn bad_files_and_folders() {
    area("files");
}

/// Whoever may read everything cannot see this.
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let text = "\n== closed\n-- nowhere source::unreadable\n-- secret.yaml\nkind: port.secret\n";
    let case = &Case::all("files", text)[0];
    let folder = disk::write(case);
    let path = folder.project().join("secret.yaml");
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&path, closed).expect("the file is ours");
    if std::fs::read(&path).is_ok() {
        println!("this user reads files without permission: nothing to see");
        return;
    }
    assert_eq!(case.found_in(&folder.project()), case.expected(true));
}

#[test]
fn lints() {
    area("lints");
}

#[test]
fn the_path_of_an_event() {
    area("event_path");
}

#[test]
fn bad_tests() {
    area("tests");
}

#[test]
fn bad_ingests() {
    area("ingests");
}

#[test]
fn every_code_is_provoked() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len(), "two cases have one title");
    let provoked: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.codes())
        .chain(LIVE)
        .collect();
    let known: BTreeSet<&str> = CODES.iter().map(|code| code.code).collect();
    let missing: Vec<&&str> = known.difference(&provoked).collect();
    assert!(missing.is_empty(), "no case provokes {missing:?}");
    let unknown: Vec<&&str> = provoked.difference(&known).collect();
    assert!(unknown.is_empty(), "no such code: {unknown:?}");
}

/// The binary says the same as the library, and its exit code whether it is an error.
#[test]
fn the_binary_says_the_same() {
    let cases = cases();
    // One of each area and then some: a process for each case would take long.
    for case in cases.iter().step_by(9) {
        let (found, exit) = case.found_by_binary();
        assert_eq!(found, case.expected(false), "== {}", case.title);
        assert_eq!(exit, if case.fails() { 3 } else { 0 }, "== {}", case.title);
    }
}
