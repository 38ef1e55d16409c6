//! Layers import downwards only, and some crates are named in one room only.

use crate::source::{Source, sources, words};

/// Who may import whom; design, section 4. `cli` and `exit` are files of `src` itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("words", &[]),
    ("kinds", &["words"]),
    ("want", &["words", "kinds"]),
    ("there", &["words", "kinds"]),
    // Engines: pure, and shared with the island.
    ("sim", &[]),
    ("follow", &["words", "kinds", "want", "sim"]),
    (
        "ingest",
        &["words", "kinds", "want", "there", "sim", "follow"],
    ),
    ("lint", &["words", "kinds", "want", "follow", "sim"]),
    ("decide", &["words", "kinds", "want", "there"]),
    ("act", &["words", "kinds", "want", "there", "decide"]),
    (
        "show",
        &[
            "words", "kinds", "want", "there", "decide", "act", "follow", "sim", "ingest",
        ],
    ),
    ("exit", &[]),
    (
        "commands",
        &[
            "words", "kinds", "want", "there", "decide", "act", "show", "exit", "cli", "sandbox",
            "follow", "lint", "sim", "ingest",
        ],
    ),
    ("cli", &["commands", "exit"]),
    // The engines' child comes before the command line.
    ("main", &["cli", "commands", "exit", "sim"]),
    // Declares the others and uses none.
    ("lib", &[]),
    // The island: it must not share a mistake with us.
    ("sandbox", &["sim"]),
];

/// Where a crate may be named, and whether tests are held to it too.
const HOMES: &[(&str, &[&str], bool)] = &[
    (
        "reqwest",
        &["there/services/http/", "sandbox/outbound.rs"],
        true,
    ),
    (
        "rustls",
        &["there/services/http/", "sandbox/outbound.rs"],
        true,
    ),
    ("clap_complete", &["commands/completions.rs"], true),
    ("granit_parser", &["want/yaml/"], true),
    ("miette", &["show/"], true),
    ("mimalloc", &["main.rs"], true),
    ("apollo_compiler", &["sandbox/", "sim/graphql"], true),
    ("axum", &["sandbox/"], true),
    ("jaq_core", &["sim/jq/"], true),
    ("jaq_std", &["sim/jq/"], true),
    ("jsonschema", &["sandbox/", "sim/mapping"], false),
    ("regorus", &["sim/rego/"], true),
    ("rustix", &["sim/child"], true),
    ("serde_yaml", &[], false),
    ("smol_str", &["words/text.rs"], true),
];

/// The layers that a file's code names, with lines.
fn edges(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate::", "spaceport::"] {
        for (at, _) in source.code.match_indices(root) {
            let before = source.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &source.code[at + root.len()..];
            let line = line_of(&source.code, at);
            found.extend(first_names(rest).into_iter().map(|name| (line, name)));
        }
    }
    // `super` that climbs out of the layer.
    let chain = "super::".repeat(source.depth());
    for (at, _) in source.code.match_indices(&chain) {
        let rest = source.code[at + chain.len()..].trim_start_matches("super::");
        let line = line_of(&source.code, at);
        let names = first_names(rest).into_iter();
        let layers = names.filter(|name| ALLOWED.iter().any(|(layer, _)| layer == name));
        found.extend(layers.map(|name| (line, name)));
    }
    found
}

/// The first name of a path, or of each path of a group.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return words(rest)
            .first()
            .map(|w| (*w).to_owned())
            .into_iter()
            .collect();
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut part = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut part)),
            c if depth == 0 => part.push(c),
            _ => {}
        }
    }
    names.push(part);
    names
        .iter()
        .filter_map(|part| words(part).first().map(|w| (*w).to_owned()))
        .collect()
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The imports that the table does not allow.
fn forbidden(source: &Source) -> Vec<String> {
    let layer = source.layer();
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("src/{}: `{layer}` is no layer", source.path)];
    };
    edges(source)
        .into_iter()
        .filter(|(_, name)| name != layer && !allowed.contains(&name.as_str()))
        // Tests may use the sandbox everywhere; it is what they test against.
        .filter(|(line, name)| name != "sandbox" || !source.in_tests[line - 1])
        .map(|(line, name)| {
            format!(
                "src/{}:{line}: `{layer}` may not import `{name}`",
                source.path
            )
        })
        .collect()
}

/// The crates that are named outside of their home.
fn strays(source: &Source) -> Vec<String> {
    let product = source.product();
    let stray = |(name, homes, tests): &&(&str, &[&str], bool)| {
        let code = if *tests { &source.code } else { &product };
        !homes.iter().any(|home| source.path.starts_with(home)) && words(code).contains(name)
    };
    HOMES
        .iter()
        .filter(stray)
        .map(|(name, homes, _)| format!("src/{}: `{name}` belongs into {homes:?}", source.path))
        .collect()
}

#[test]
fn layers_import_downwards_only() {
    let found: Vec<String> = sources().iter().flat_map(forbidden).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn some_crates_have_one_home() {
    let found: Vec<String> = sources().iter().flat_map(strays).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_table_has_no_circle_and_knows_every_folder() {
    for (layer, allowed) in ALLOWED {
        for other in *allowed {
            let back = ALLOWED.iter().find(|(name, _)| name == other);
            let (_, back) = back.unwrap_or_else(|| panic!("`{other}` is no layer"));
            // The command line and its commands are one layer in two places.
            let pair = [*layer, *other];
            let one = pair.contains(&"cli") && pair.contains(&"commands");
            assert!(one || !back.contains(layer), "`{layer}` and `{other}`");
        }
    }
}

#[test]
fn every_way_to_import_is_seen() {
    let seen = |path: &str, text: &str| forbidden(&Source::new(path, text)).len();
    assert_eq!(seen("kinds/x.rs", "use crate::words::Addr;"), 0);
    assert_eq!(seen("kinds/x.rs", "use crate::want::source;"), 1);
    assert_eq!(
        seen("kinds/x.rs", "fn f() -> crate::want::source::Folder {}"),
        1
    );
    assert_eq!(
        seen(
            "kinds/x.rs",
            "use crate::{\n    show::{a, b},\n    words,\n    act,\n};"
        ),
        2
    );
    assert_eq!(seen("kinds/x.rs", "use super::super::want;"), 1);
    assert_eq!(seen("kinds/x.rs", "use super::call;\n// crate::want\n"), 0);
    assert_eq!(seen("sandbox/port/x.rs", "use crate::words::Value;"), 1);
    assert_eq!(seen("sandbox/port/x.rs", "use super::super::fault;"), 0);
    assert_eq!(seen("decide/x.rs", "use crate::sandbox::Sandbox;"), 1);
    assert_eq!(seen("decide/tests/x.rs", "use crate::sandbox::Sandbox;"), 0);
    assert_eq!(seen("decide/tests/x.rs", "use crate::show::Style;"), 1);
    assert_eq!(seen("extras/x.rs", ""), 1);

    let strays = |path: &str, text: &str| strays(&Source::new(path, text)).len();
    assert_eq!(strays("act/x.rs", "use reqwest::Client;"), 1);
    assert_eq!(
        strays("there/services/http/mod.rs", "use reqwest::Client;"),
        0
    );
    assert_eq!(strays("act/x.rs", "// reqwest\nlet a = \"reqwest\";"), 0);
    let tested = "#[cfg(test)]\nmod tests {\n    use jsonschema::X;\n}\n";
    assert_eq!(strays("kinds/x.rs", tested), 0);
    assert_eq!(strays("kinds/x.rs", "use jsonschema::X;"), 1);
}
