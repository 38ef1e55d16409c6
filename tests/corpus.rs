//! Real blueprints and actions, wrapped as documents, are valid.
//!
//! They are other people's and not part of this project: `SPACEPORT_CORPUS` names the folder that
//! holds them. Without it there is nothing to see, and the tests say so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use spaceport::want::config::Choice;
use spaceport::want::desired;
use spaceport::words::{Findings, Severity, Sources};

const PROJECT: &str = "version: 1\nproject: corpus\nport: {}\nledger: none\n";

/// The folder of the corpus that has Port's objects.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SPACEPORT_CORPUS");
    if root.is_none() {
        println!("SPACEPORT_CORPUS is not set: real objects are not checked");
    }
    Some(Path::new(&root?).join("port"))
}

/// The objects of a folder by file name; exactly those that the manifest lists.
fn objects(root: &Path, folder: &str) -> BTreeMap<String, Json> {
    let read = |path: PathBuf| -> Json {
        let text = fs::read_to_string(&path).expect("the file is readable");
        serde_json::from_str(&text).expect("the file is JSON")
    };
    let entries = fs::read_dir(root.join(folder)).expect("the corpus has this folder");
    let found: BTreeMap<String, Json> = entries
        .map(|entry| entry.expect("the folder can be listed"))
        .map(|entry| {
            let name = entry.file_name().into_string().expect("the name is text");
            (name, read(entry.path()))
        })
        .collect();
    let prefix = format!("{folder}/");
    let mut listed = BTreeSet::new();
    names(&read(root.join("manifest.json")), &prefix, &mut listed);
    assert!(!found.is_empty(), "{folder} is empty");
    assert_eq!(
        found.keys().cloned().collect::<BTreeSet<_>>(),
        listed,
        "{folder} is not what the manifest lists"
    );
    found
}

/// Every text of the manifest that is a path in a folder.
fn names(manifest: &Json, prefix: &str, found: &mut BTreeSet<String>) {
    match manifest {
        Json::String(text) => found.extend(text.strip_prefix(prefix).map(str::to_owned)),
        Json::Array(items) => items.iter().for_each(|item| names(item, prefix, found)),
        Json::Object(fields) => {
            found.extend(
                fields
                    .keys()
                    .filter_map(|k| Some(k.strip_prefix(prefix)?.to_owned())),
            );
            fields.values().for_each(|item| names(item, prefix, found));
        }
        _ => {}
    }
}

/// What is wrong with a project of these files, errors only.
fn errors(files: &[(&str, String)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("spaceport.yaml"), PROJECT).expect("it can be written");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let (desired, findings) = desired::load(folder.path(), &Choice::default(), &BTreeMap::new());
    let found = shown(findings, &desired.sources);
    assert!(!found.is_empty() || desired.objects.len() == files.len());
    found
}

fn shown(findings: Findings, sources: &Sources) -> Vec<String> {
    let errors = findings.sorted().into_iter();
    errors
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| {
            let at = finding.place.map_or("nowhere".into(), |place| {
                let (line, column) = sources.line_column(place);
                format!("{}:{line}:{column}", sources.file(place.file).path)
            });
            format!("{at} {}: {}", finding.code, finding.message)
        })
        .collect()
}

/// The document as YAML and as JSON.
fn spellings(kind: &str, spec: &Json) -> [(&'static str, String); 2] {
    let document = json!({ "kind": kind, "spec": spec });
    let yaml = serde_yaml::to_string(&document).expect("JSON is YAML");
    [
        ("object.yaml", yaml),
        ("object.json", format!("{document:#}")),
    ]
}

fn each(folder: &str, kind: &str, count: usize) {
    let Some(root) = corpus() else { return };
    let objects = objects(&root, folder);
    assert_eq!(objects.len(), count, "{folder}");
    let mut wrong = Vec::new();
    for (file, spec) in &objects {
        for spelling in spellings(kind, spec) {
            let found = errors(&[(spelling.0, spelling.1)]);
            wrong.extend(found.iter().map(|line| format!("{file}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn real_blueprints_are_valid() {
    each("blueprints", "port.blueprint", 147);
}

#[test]
fn real_actions_are_valid() {
    each("actions", "port.action", 5);
}

/// All of them together, as far as their identifiers differ, those that need each other too.
#[test]
fn real_objects_live_together() {
    let Some(root) = corpus() else { return };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for (folder, kind) in [("blueprints", "port.blueprint"), ("actions", "port.action")] {
        for (file, spec) in objects(&root, folder) {
            if seen.insert((kind, spec["identifier"].to_string())) {
                let document = json!({ "kind": kind, "spec": spec });
                files.push((file, format!("{document:#}")));
            }
        }
    }
    let files: Vec<(&str, String)> = files.iter().map(|(f, t)| (f.as_str(), t.clone())).collect();
    assert!(files.len() > 50, "only {} differ", files.len());
    let found = errors(&files);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
