//! The rules of the house that a machine can check. Each rule also has a test that it can fail.
//!
//! What the compiler and clippy hold (no `unsafe`, missing docs) is not repeated here.

#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/licences.rs"]
mod licences;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/pipeline.rs"]
mod pipeline;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/threats.rs"]
mod threats;

use std::collections::BTreeSet;
use std::fs;

use source::{Source, root, sources, words};
use spaceport::words::codes::CODES;

/// The longest file, in lines without its test module.
const LONGEST: usize = 450;

/// Everything that may lie at the top of the project.
const TOP: &[&str] = &[
    ".ci",
    ".github",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "deny.toml",
    "examples",
    "port-config",
    "src",
    "tests",
];

/// What others put there: git, cargo, spaceport and editors. None of it is part of the project.
const NOT_OURS: &[&str] = &[".git", ".idea", ".spaceport", ".vscode", "target"];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "handler"];

/// Holds a rule over every source file.
#[track_caller]
fn every_file(rule: fn(&Source) -> Vec<String>) {
    let mut found = Vec::new();
    for source in sources() {
        found.extend(
            rule(&source)
                .into_iter()
                .map(|what| format!("src/{}: {what}", source.path)),
        );
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn no_header(source: &Source) -> Vec<String> {
    let begins = source.text.starts_with("//! ");
    if begins {
        vec![]
    } else {
        vec!["does not begin with `//! `".into()]
    }
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.in_tests.iter().filter(|test| !**test).count();
    let excess = lines > LONGEST;
    if excess {
        vec![format!("{lines} lines, {LONGEST} are allowed")]
    } else {
        vec![]
    }
}

fn leftovers(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["todo!", "unimplemented!", "dbg!", "#[ignore"] {
        if source.code.contains(name) {
            found.push(format!("`{name}`"));
        }
    }
    for mark in ["TODO", "FIXME", "XXX"] {
        if words(&source.text).contains(&mark) {
            found.push(format!("`{mark}`"));
        }
    }
    found
}

/// Names of files, modules, types and functions.
fn empty_names(source: &Source) -> Vec<String> {
    let product = source.product();
    let code = words(&product);
    let defined = code.windows(2).filter_map(|pair| {
        let defines = ["mod", "struct", "enum", "trait", "type", "fn"].contains(&pair[0]);
        defines.then_some(pair[1])
    });
    let file = source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"));
    file.chain(defined)
        .filter(|name| {
            parts(name)
                .iter()
                .any(|part| EMPTY_NAMES.contains(&part.as_str()))
        })
        .map(|name| format!("`{name}` says nothing"))
        .collect()
}

/// `HttpManager` and `http_manager` as `http`, `manager`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            parts.push(String::new());
        }
        if c != '_' {
            parts
                .last_mut()
                .expect("there is a part")
                .extend(c.to_lowercase());
        }
    }
    parts
}

/// A `match` or a comparison over what kind something is; only the kinds may know that.
fn kind_by_kind(source: &Source) -> Vec<String> {
    if source.layer() == "kinds" || source.layer() == "sandbox" {
        return vec![];
    }
    let product = source.product();
    let mut found = Vec::new();
    for line in product.lines() {
        for (at, _) in line.match_indices("match ") {
            let what = line[at + "match ".len()..]
                .split('{')
                .next()
                .unwrap_or_default()
                .trim();
            let asks = [
                ".name()",
                ".word()",
                ".kind_name()",
                ".kind_name().as_str()",
            ];
            let by_name = what.contains("kind") && asks.iter().any(|end| what.ends_with(end));
            if what == "kind"
                || what.ends_with(".kind")
                || what.ends_with("kind.as_str()")
                || by_name
            {
                found.push(format!("`match {what}`"));
            }
        }
        for ask in [".name() == \"", ".word() == \"", ".kind_name() == \""] {
            if line.contains(ask) {
                found.push(format!("`{}`", line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is_for() {
    every_file(no_header);
}

#[test]
fn no_file_is_too_long() {
    every_file(too_long);
}

#[test]
fn nothing_is_left_over() {
    every_file(leftovers);
}

#[test]
fn names_say_something() {
    every_file(empty_names);
}

#[test]
fn only_the_kinds_know_the_kinds() {
    every_file(kind_by_kind);
}

#[test]
fn the_rules_can_fail() {
    let fails = |rule: fn(&Source) -> Vec<String>, path: &str, text: &str| {
        rule(&Source::new(path, text)).len()
    };
    assert_eq!(fails(no_header, "act/x.rs", "use std::fmt;\n"), 1);
    assert_eq!(fails(no_header, "act/x.rs", "//! A noun.\n"), 0);

    let long = "fn f() {}\n".repeat(LONGEST + 1);
    assert_eq!(fails(too_long, "act/x.rs", &long), 1);
    assert_eq!(fails(too_long, "act/tests/x.rs", &long), 0);
    let tested = format!(
        "fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n",
        "    f();\n".repeat(LONGEST)
    );
    assert_eq!(fails(too_long, "act/x.rs", &tested), 0);

    assert_eq!(
        fails(leftovers, "act/x.rs", "todo!(); dbg!(1); // TODO\n"),
        3
    );
    assert_eq!(
        fails(leftovers, "act/x.rs", "let a = \"todo!\"; // todo later\n"),
        0
    );

    assert_eq!(fails(empty_names, "act/utils.rs", ""), 1);
    assert_eq!(
        fails(
            empty_names,
            "act/x.rs",
            "struct HttpManager; fn error_handler() {}"
        ),
        2
    );
    assert_eq!(
        fails(empty_names, "act/x.rs", "struct Managed; // a helper\n"),
        0
    );

    for text in [
        "match kind {",
        "match object.kind.name() {",
        "match addr.kind.as_str() {",
        "if kind.name() == \"port.secret\" {",
    ] {
        assert_eq!(fails(kind_by_kind, "act/x.rs", text), 1, "{text}");
        assert_eq!(fails(kind_by_kind, "kinds/x.rs", text), 0, "{text}");
    }
    for text in [
        "match kind.identity() {",
        "match error.kind() {",
        "// match kind {",
    ] {
        assert_eq!(fails(kind_by_kind, "act/x.rs", text), 0, "{text}");
    }
}

/// The finding codes that the code uses outside of tests.
fn used_codes(sources: &[Source]) -> BTreeSet<String> {
    let families: BTreeSet<&str> = CODES
        .iter()
        .filter_map(|c| c.code.split("::").next())
        .collect();
    sources
        .iter()
        .filter(|source| !source.path.starts_with("words/codes/") && source.layer() != "sandbox")
        .flat_map(|source| {
            source
                .literals
                .iter()
                .filter(|(line, _)| !source.in_tests[*line])
                .map(|(_, text)| text)
        })
        .filter(|text| {
            let lower = |part: &str| {
                let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                !part.is_empty() && part.chars().all(letter)
            };
            let two = text.split_once("::");
            two.is_some_and(|(family, name)| families.contains(family) && lower(name))
        })
        .cloned()
        .collect()
}

#[test]
fn finding_codes_and_their_list_agree() {
    let used = used_codes(&sources());
    let listed: BTreeSet<String> = CODES.iter().map(|c| c.code.to_owned()).collect();
    let missing: Vec<_> = used.difference(&listed).collect();
    let unused: Vec<_> = listed.difference(&used).collect();
    assert!(
        missing.is_empty() && unused.is_empty(),
        "not in src/words/codes: {missing:?}; nowhere used: {unused:?}"
    );

    let tested =
        "let a = \"yaml::a\";\n#[cfg(test)]\nmod tests {\n    \"yaml::b\"\n}\n// \"yaml::c\"\n";
    let seen = used_codes(&[Source::new("act/x.rs", tested)]);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["yaml::a"]);
}

/// The files that a map does not name, and the paths that it names for nothing. A file is named by
/// its path or by a folder below its layer.
fn lost(map: &str, paths: &[String]) -> Vec<String> {
    let named: BTreeSet<&str> = map.split('`').skip(1).step_by(2).collect();
    let is_named = |path: &String| {
        let folders = path.match_indices('/').skip(1).map(|(at, _)| &path[..=at]);
        named.contains(path.as_str()) || folders.into_iter().any(|f| named.contains(f))
    };
    let unnamed = paths.iter().filter(|path| {
        let is_declaration = path.ends_with("/mod.rs") && path.matches('/').count() == 1;
        !is_declaration && !is_named(path)
    });
    let unnamed = unnamed.map(|path| format!("`{path}` is not on the map"));
    let stale = named.iter().filter(|name| {
        let looks = name.ends_with(".rs") || (name.ends_with('/') && !name.contains(['.', ' ']));
        looks
            && !paths
                .iter()
                .any(|path| path == *name || path.starts_with(*name))
    });
    unnamed
        .chain(stale.map(|name| format!("`{name}` is on the map only")))
        .collect()
}

#[test]
fn the_map_names_every_room() {
    let map = fs::read_to_string(root().join("src/ARCHITECTURE.md")).expect("the map is readable");
    let paths: Vec<String> = sources().into_iter().map(|source| source.path).collect();
    let found = lost(&map, &paths);
    assert!(found.is_empty(), "\n{}", found.join("\n"));

    let paths = [
        "want/mod.rs",
        "want/source.rs",
        "want/yaml/mod.rs",
        "want/yaml/key.rs",
    ];
    let paths = paths.map(String::from);
    assert_eq!(
        lost("`want/source.rs` and `want/yaml/`", &paths),
        Vec::<String>::new()
    );
    assert_eq!(
        lost("`want/` and `want/yaml/`", &paths),
        ["`want/source.rs` is not on the map"]
    );
    assert_eq!(
        lost("`want/source.rs`, `want/yaml/`, `act/`", &paths),
        ["`act/` is on the map only"]
    );
}

#[test]
fn the_top_is_tidy() {
    let entries = fs::read_dir(root()).expect("the project is readable");
    let names = entries.map(|e| {
        e.expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let strange: Vec<String> = names
        .filter(|name| !TOP.contains(&name.as_str()) && !NOT_OURS.contains(&name.as_str()))
        .collect();
    assert!(strange.is_empty(), "{strange:?} at the top of the project");
}
