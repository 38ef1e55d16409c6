//! Lints over other people's objects: what is found in them is counted, and nothing that works for them
//! is called an error.
//!
//! `SPACEPORT_CORPUS` names the folder that holds them; without it there is nothing to see.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use spaceport::lint;
use spaceport::sim::child::Engines;
use spaceport::sim::rego::{self, EngineType};
use spaceport::want::config::Choice;
use spaceport::want::desired;

const PROJECT: &str = "\
version: 1
project: corpus
port: {}
spacelift: { account: acme }
ledger: none
";

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SPACEPORT_CORPUS");
    if root.is_none() {
        println!("SPACEPORT_CORPUS is not set: real objects are not looked at");
    }
    root.map(PathBuf::from)
}

/// The files of a folder with this ending, in the order of their names, those in folders below too.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the corpus has this folder") {
            let path = entry.expect("it can be listed").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing ends in {ending}");
    found
}

/// What lints find in one object: `file code place message`, errors marked.
fn found(path: &Path, kind: &str, spec: &Json, engines: &Engines) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let document = json!({ "kind": kind, "spec": spec });
    fs::write(folder.path().join("spaceport.yaml"), PROJECT).expect("written");
    fs::write(folder.path().join("object.json"), document.to_string()).expect("written");
    let (desired, findings) =
        desired::load_kept(folder.path(), &Choice::default(), &BTreeMap::new());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lints = lint::run(&desired, &findings, engines).sorted().into_iter();
    lints
        .map(|finding| {
            let text = finding
                .place
                .map_or("", |place| desired.sources.text(place));
            let severity = finding.severity.word();
            let said = format!("{name}: {severity}: {} [{text}]", finding.message);
            (finding.code.to_owned(), said)
        })
        .collect()
}

/// Prints how often each lint finds something, and returns what is called an error.
fn counted(found: Vec<(String, String)>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (code, _) in &found {
        *counts.entry(code).or_default() += 1;
    }
    for (code, count) in counts {
        println!("{count:4} {code}");
    }
    for (code, said) in &found {
        println!("{code} {said}");
    }
    let errors = found
        .into_iter()
        .filter(|(_, said)| said.contains(": error: "));
    errors
        .map(|(code, said)| format!("{code} {said}"))
        .collect()
}

fn engines() -> Engines {
    Engines::new(env!("CARGO_BIN_EXE_spaceport").into())
}

#[test]
fn real_blueprints_and_actions_have_no_errors() {
    let Some(root) = corpus() else { return };
    let engines = engines();
    let mut all = Vec::new();
    for (folder, kind) in [("blueprints", "port.blueprint"), ("actions", "port.action")] {
        for path in files(&root.join("port").join(folder), ".json") {
            let text = fs::read_to_string(&path).expect("it can be read");
            let spec = serde_json::from_str(&text).expect("it is JSON");
            all.extend(found(&path, kind, &spec, &engines));
        }
    }
    let errors = counted(all);
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Halves of policies: some leave rules out ("see above"), others have `<condition>` in them.
const HALVES: [&str; 8] = [
    "028ccbb115ee",
    "34a90f974c27",
    "3bc556ccb44d",
    "4f894aa3e2f0",
    "a7237c4bdfa2",
    "a8ed4afe43d3",
    "b0044bae0774",
    "b110542fa858",
];

/// Policies of the vendor's documents and library, each in the dialect of its text. Only what has no
/// package, or is half of a policy, is refused.
#[test]
fn real_policies_are_mostly_right() {
    let Some(root) = corpus() else { return };
    let engines = engines();
    let mut all = Vec::new();
    for path in files(&root.join("rego"), ".rego") {
        if path.to_string_lossy().ends_with("_test.rego") {
            continue;
        }
        let body = fs::read_to_string(&path).expect("it can be read");
        let engine = match rego::dialect(&body).suggests() {
            Some(EngineType::RegoV1) => "REGO_V1",
            _ => "REGO_V0",
        };
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let policy_type = folder.to_string_lossy().to_uppercase();
        // `${` of Rego's own is none of ours.
        let body = body.replace("${", "$${");
        let spec = json!({
            "name": "P", "type": policy_type, "space": "root", "engineType": engine, "body": body,
        });
        all.extend(found(&path, "spacelift.policy", &spec, &engines));
    }
    let errors = counted(all);
    let other = |said: &&String| {
        let half = HALVES.iter().any(|name| said.contains(name));
        !said.starts_with("lint::rego_package") && !half
    };
    let other: Vec<&String> = errors.iter().filter(other).collect();
    assert!(other.is_empty(), "{other:#?}");
}
