//! `fmt`: our own files are formatted, real objects keep their data, and `--check` writes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use spaceport::want::yaml::{self, format::format};

use crate::world::{World, blueprint};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with one of these endings.
fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ends, found);
        } else if path
            .extension()
            .is_some_and(|end| ends.iter().any(|one| end == *one))
        {
            found.push(path);
        }
    }
}

fn data(text: &str) -> Vec<serde_json::Value> {
    use serde::Deserialize;
    let documents = serde_yaml::Deserializer::from_str(text);
    let read = documents.map(serde_json::Value::deserialize);
    read.map_while(Result::ok).collect()
}

#[track_caller]
fn keeps(text: &str, name: &str) -> String {
    let done = format(text);
    assert_eq!(data(&done), data(text), "{name}");
    assert_eq!(format(&done), done, "{name}");
    let comments = |text: &str| text.lines().filter(|line| line.contains('#')).count();
    assert_eq!(comments(&done), comments(text), "{name}");
    done
}

/// Our own projects are formatted already.
#[test]
fn the_projects_here_are_formatted() {
    let mut found = Vec::new();
    for folder in ["port-config", "examples"] {
        files(&repository().join(folder), &["yaml", "yml"], &mut found);
    }
    assert!(found.len() > 20);
    for path in found {
        let text = fs::read_to_string(&path).expect("text");
        let done = keeps(&text, &path.display().to_string());
        assert_eq!(done, text, "{}", path.display());
    }
}

/// Real objects, in three spellings that need work.
#[test]
fn real_objects_keep_their_data() {
    let Some(root) = std::env::var_os("SPACEPORT_CORPUS") else {
        return;
    };
    let mut found = Vec::new();
    files(Path::new(&root), &["json", "yaml", "yml"], &mut found);
    assert!(found.len() > 100, "only {} files", found.len());
    let mut moved = 0;
    for path in found {
        let name = path.display().to_string();
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if text.len() > 200_000 {
            continue;
        }
        keeps(&text, &name);
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else {
            continue;
        };
        let spelled = serde_yaml::to_string(&json).expect("JSON is YAML");
        if yaml::read(0, &spelled).1.has_errors() {
            continue;
        }
        keeps(&spelled, &name);
        let wide: String = spelled
            .lines()
            .map(|line| {
                let rest = line.trim_start_matches(' ');
                let indent = line.len() - rest.len();
                format!("{}{rest}\n", " ".repeat(indent * 2))
            })
            .collect();
        let done = keeps(&wide, &name);
        moved += usize::from(done != wide);
    }
    assert!(moved > 50, "only {moved} were moved");
}

/// `--check` names what would change; without it the files change, and JSON never.
#[test]
fn the_command_writes_what_the_check_names() {
    let world = World::new();
    let text = blueprint("a", "A").replace("  ", "    ") + "  \n\n";
    world.write("sub/a.yaml", &text);
    world.write("b.yaml", &blueprint("b", "B"));
    world.write("c.json", "{ \"kind\": \"port.secret\"  }\n\n");
    let checked = world.run(&["fmt", "--check"]).exits(3);
    assert_eq!(checked.out, "sub/a.yaml\n");
    assert_eq!(world.read("sub/a.yaml"), text);
    let path = world.path("b.yaml").display().to_string();
    assert_eq!(world.run(&["fmt", "--check", &path]).exits(0).out, "");
    assert_eq!(world.run(&["fmt"]).exits(0).out, "sub/a.yaml\n");
    assert_eq!(world.read("sub/a.yaml"), blueprint("a", "A"));
    assert_eq!(world.read("c.json"), "{ \"kind\": \"port.secret\"  }\n\n");
    world.run(&["fmt", "--check"]).exits(0);
    world.run(&["fmt", "no-such-file.yaml"]).exits(64);
    world.write("d.yaml", "a: [\n");
    world.run(&["fmt"]).exits(3).says("yaml::");
}
