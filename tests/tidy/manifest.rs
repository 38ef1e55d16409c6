//! What `Cargo.toml` asks for: no dependency that nothing names, and a package that holds what
//! `cargo install` builds and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::source::{Source, root, rust_files, sources, words};

/// The names under a heading of `Cargo.toml`, as code spells them.
fn dependencies(manifest: &str, heading: &str) -> BTreeSet<String> {
    let (_, rest) = manifest
        .split_once(&format!("\n[{heading}]\n"))
        .unwrap_or_else(|| panic!("no [{heading}] in Cargo.toml"));
    let section = rest.split("\n[").next().unwrap_or_default();
    let lines = section.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

/// The dependencies that no code names.
fn unused(names: &BTreeSet<String>, code: &[String]) -> Vec<String> {
    let named: BTreeSet<&str> = code.iter().flat_map(|text| words(text)).collect();
    let unused = names.iter().filter(|name| !named.contains(name.as_str()));
    unused.cloned().collect()
}

#[test]
fn every_dependency_is_used() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml is readable");
    let sources = sources();
    let product: Vec<String> = sources.iter().map(Source::product).collect();
    let mut all: Vec<String> = sources.into_iter().map(|source| source.code).collect();
    for folder in ["tests", "benches"] {
        all.extend(rust_files(&root().join(folder)).into_iter().map(|s| s.code));
    }
    let normal = dependencies(&manifest, "dependencies");
    let dev = dependencies(&manifest, "dev-dependencies");
    assert!(normal.contains("clap_complete") && dev.contains("proptest"));
    assert_eq!(unused(&normal, &product), [""; 0], "not in src");
    assert_eq!(unused(&dev, &all), [""; 0], "not in any test");
    let both: Vec<&String> = normal.intersection(&dev).collect();
    assert!(both.is_empty(), "{both:?} are asked for twice");

    let manifest = "[package]\n[dependencies]\n# c = 1\na-b = \"1\"\nd = { version = \"1\" }\n\n[dev-dependencies]\ne = \"1\"\n";
    let names = dependencies(manifest, "dependencies");
    assert_eq!(names.iter().collect::<Vec<_>>(), ["a_b", "d"]);
    let code = Source::new("act/x.rs", "use a_b::X; // d\nlet t = \"d\";");
    assert_eq!(unused(&names, &[code.code]), ["d"]);
}

/// What must not be in a package, of its list of files.
fn strangers(list: &str) -> Vec<&str> {
    let cargos = [
        ".cargo_vcs_info.json",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
    ];
    let ends = [".rs", ".md", ".jq", ".graphql", ".yaml", ".rego"];
    let known = |path: &str| {
        let inside = path.starts_with("src/") || path.starts_with("port-config/");
        let hidden = path.split('/').any(|part| part.starts_with('.'));
        cargos.contains(&path) || (inside && !hidden && ends.iter().any(|end| path.ends_with(end)))
    };
    list.lines().filter(|path| !known(path)).collect()
}

#[test]
fn the_package_is_the_crate_and_nothing_else() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--locked",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let list = String::from_utf8_lossy(&output.stdout).replace('\\', "/");
    assert_eq!(strangers(&list), [""; 0]);
    assert_eq!(
        strangers(
            "src/a.rs\nsrc/.a.rs\nport-config/.spaceport/a.yaml\nport-config/a.env\nspaceport-plan.md\n"
        ),
        [
            "src/.a.rs",
            "port-config/.spaceport/a.yaml",
            "port-config/a.env",
            "spaceport-plan.md"
        ]
    );

    // What is compiled in must be there to be compiled.
    let listed: BTreeSet<&str> = list.lines().collect();
    let mut needed = 0;
    for source in sources() {
        for path in compiled_in(&source) {
            assert!(
                listed.contains(path.as_str()),
                "`{path}` is not in the package"
            );
            needed += 1;
        }
    }
    assert!(needed > 5, "{needed}");
}

/// The files that a file compiles in.
fn compiled_in(source: &Source) -> Vec<String> {
    let folder = source
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (line, code) in source.code.lines().enumerate() {
        let mut texts = source.literals.iter().filter(|(at, _)| *at == line);
        // Texts are empty in the code, and come in its order.
        for before in code.split("\"\"") {
            let Some((_, text)) = texts.next() else { break };
            if before.ends_with("include_str!(") {
                found.push(normal(&format!("src/{folder}/{text}")));
            }
        }
    }
    found
}

/// A path without `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn what_is_compiled_in_is_seen() {
    let text = "const A: &[(&str, &str)] = &[(\"b.yaml\", include_str!(\"../../c/d.yaml\"))];\n\
                // include_str!(\"e\")\nconst F: &str = include_str!(\"f.txt\");\n";
    let source = Source::new("act/x.rs", text);
    assert_eq!(compiled_in(&source), ["c/d.yaml", "src/act/f.txt"]);
}
