//! Another reader of YAML reads our own files as ours does.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;
use spaceport::want::yaml;

/// All YAML files below a folder, folders that begin with a dot left out.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            found.push(path);
        }
    }
}

#[test]
fn our_own_files_read_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["port-config", "examples", ".github"] {
        files(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 20, "only {} files were found", paths.len());
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("the file is text");
        let (nodes, findings) = yaml::read(0, &text);
        assert!(findings.is_empty(), "{}: {findings:?}", path.display());
        let ours: Vec<Json> = nodes
            .iter()
            .map(|node| {
                node.to_value()
                    .to_json_with(&mut |leaf| leaf.to_string().into())
            })
            .collect();
        let theirs: Vec<Json> = serde_yaml::Deserializer::from_str(&text)
            .map(|document| Json::deserialize(document).expect("it is YAML"))
            .collect();
        assert_eq!(ours, theirs, "{}", path.display());
    }
}
