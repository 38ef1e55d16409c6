//! Real blueprints and actions, wrapped as documents, are valid; the engines read real templates and
//! deliveries.
//!
//! They are other people's and not part of this project: `SPACEPORT_CORPUS` names the folder that
//! holds them. Without it there is nothing to see, and the tests say so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use spaceport::sim::jq::Program;
use spaceport::sim::mapping::{self, Delivery, Wants};
use spaceport::sim::template::{self, Piece};
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

/// The texts and keys of a tree.
fn texts<'a>(value: &'a Json, found: &mut Vec<&'a str>) {
    match value {
        Json::String(text) => found.push(text),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::Object(fields) => fields.iter().for_each(|(key, value)| {
            found.push(key);
            texts(value, found);
        }),
        _ => {}
    }
}

#[test]
fn the_templates_of_real_actions_are_programs() {
    let Some(root) = corpus() else { return };
    let (mut compiled, mut refused) = (0, Vec::new());
    for (name, action) in objects(&root, "actions") {
        let mut found = Vec::new();
        texts(&action, &mut found);
        for text in found {
            for piece in template::pieces(text) {
                match piece {
                    Piece::Literal(_) => {}
                    Piece::Open(_) => refused.push(format!("{name}: {text:?} is not closed")),
                    Piece::Program { program, .. } => {
                        match Program::compile(&text[program.clone()]) {
                            Ok(_) => compiled += 1,
                            Err(fault) => refused
                                .push(format!("{name}: {:?}: {}", &text[program], fault.message)),
                        }
                    }
                }
            }
        }
    }
    println!("{compiled} templates compile, {} do not", refused.len());
    assert_eq!(refused, [""; 0]);
    assert!(compiled > 0);
}

/// Documents of the project's own `port-config`.
fn own(file: &str, kind: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("port-config")
        .join(file);
    let text = fs::read_to_string(path).expect("the project has this file");
    let documents = serde_yaml::Deserializer::from_str(&text);
    let mut documents =
        documents.map(|one| <Json as serde::Deserialize>::deserialize(one).expect("YAML"));
    let document = documents.find(|document| document["kind"] == kind);
    document.expect("the file has a document of this kind")["spec"].clone()
}

/// What the project's mapper makes of a real payload: the entity, or what it says.
fn mapped(payload: &Json) -> Result<Json, String> {
    let headers = payload.get("headers").and_then(Json::as_object);
    let headers = headers.into_iter().flatten();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let request = mapping::Request {
        webhook: own("webhook.yaml", "port.webhook"),
        // What was captured is not what was signed (SA section 11).
        secret: None,
        delivery: Delivery {
            body: payload
                .get("headers")
                .map_or(payload, |_| &payload["body"])
                .to_string(),
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            query: Vec::new(),
        },
        now: 0.0,
    };
    let mut mapped = mapping::map(&request).map_err(|fault| fault.message)?;
    assert_eq!(mapped.dropped, None);
    match mapped.steps.remove(0).wants {
        Wants::Upsert { entity, .. } => Ok(entity),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn the_mapper_of_this_project_reads_real_deliveries() {
    let Some(root) = corpus() else { return };
    let blueprint = own("blueprint.yaml", "port.blueprint");
    let root = root.join("../spacelift-payloads");
    let mut seen = BTreeMap::new();
    for folder in ["delivered-request", "webhook-run", "webhook-internal-error"] {
        for entry in fs::read_dir(root.join(folder)).expect("the corpus has this folder") {
            let path = entry.expect("the folder can be listed").path();
            let text = fs::read_to_string(path).expect("the file is readable");
            let result = mapped(&serde_json::from_str(&text).expect("the file is JSON"));
            println!(
                "{folder}: {}",
                result
                    .as_ref()
                    .map_or_else(Clone::clone, ToString::to_string)
            );
            if let Ok(entity) = &result {
                assert_eq!(mapping::check(entity, &blueprint), [], "{folder}");
            }
            seen.insert(folder, result);
        }
    }
    let run = seen["delivered-request"]
        .as_ref()
        .expect("a tracked run is mapped");
    assert_eq!(run["properties"]["state"], "FINISHED");
    assert_eq!(run["properties"]["branch"], "main");
    assert!(run["identifier"].is_string());
    assert!(seen["webhook-run"].is_ok());
    assert_eq!(seen["webhook-internal-error"], Err("Nothing".to_owned()));
}
