//! The JQ in other people's objects compiles: conditions, `jqQuery`, calculations and templates.

use std::path::Path;

use serde_json::Value;
use spaceport::sim::jq::Program;

/// The files below a folder, in order.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of the corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The programs of a tree: expressions of conditions, `jqQuery`, calculations, and `{{ … }}`.
fn programs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| programs(item, found)),
        Value::String(text) => {
            let parts = text.split("{{").skip(1);
            let inner = parts.filter_map(|part| part.split_once("}}"));
            found.extend(inner.map(|(program, _)| program.to_owned()));
        }
        Value::Object(entries) => {
            let is_condition = entries.get("type").and_then(Value::as_str) == Some("JQ");
            for (key, value) in entries {
                match value {
                    Value::String(text) if key == "jqQuery" || key == "calculation" => {
                        found.push(text.clone());
                    }
                    Value::Array(texts) if is_condition && key == "expressions" => {
                        let texts = texts.iter().filter_map(Value::as_str);
                        found.extend(texts.map(str::to_owned));
                    }
                    other => programs(other, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn programs_of_others_compile() {
    let Some(corpus) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("skipped: SPACEPORT_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(&Path::new(&corpus).join("port"), &mut paths);
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a text");
        if let Ok(json) = serde_json::from_str(&text) {
            programs(&json, &mut all);
        } else if let Ok(yaml) = serde_yaml::from_str::<Value>(&text) {
            programs(&yaml, &mut all);
        }
    }
    all.sort();
    all.dedup();
    let mut refused = 0;
    for program in &all {
        if let Err(fault) = Program::compile(program) {
            refused += 1;
            println!("{:?}: {}\n    {program}", fault.kind, fault.message);
        }
    }
    println!("{} of {} programs compile", all.len() - refused, all.len());
    assert!(!all.is_empty(), "the corpus has no programs");
    assert!(
        refused * 20 <= all.len(),
        "{refused} of {} are refused",
        all.len()
    );
}
