//! What is in the tree of dependencies, held against `deny.toml` without further tools.
//!
//! Looks at the platform it runs on; `cargo deny` looks at all of them and asks for advisories.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::source::root;

/// What `deny.toml` has to ban: other TLS libraries than rustls with ring, and YAML that is unsound.
const BANNED: &[&str] = &[
    "aws-lc-rs",
    "aws-lc-sys",
    "libyml",
    "native-tls",
    "openssl",
    "openssl-sys",
    "serde_yml",
];

/// The parts of `deny.toml` that are checked here.
struct Rules {
    allow: Vec<String>,
    deny: Vec<String>,
    clarify: BTreeMap<String, String>,
}

fn rules() -> Rules {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml is readable");
    let allow = quoted(between(&text, "\nallow = [", "\n]"));
    let deny = between(&text, "\ndeny = [", "\n]")
        .lines()
        .flat_map(quoted)
        .collect();
    let sections = text.split("\n[[licenses.clarify]]").skip(1);
    let clarify = sections
        .map(|section| {
            let name = quoted(between(section, "\ncrate = ", "\n"));
            let expression = quoted(between(section, "\nexpression = ", "\n"));
            (name[0].clone(), expression[0].clone())
        })
        .collect();
    Rules {
        allow,
        deny,
        clarify,
    }
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(begin)
        .unwrap_or_else(|| panic!("no `{begin}` in deny.toml"));
    rest.split_once(end).map_or(rest, |(inside, _)| inside)
}

fn quoted(text: &str) -> Vec<String> {
    text.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Whether an SPDX expression can be met with the allowed licences alone. `/` is the older `OR`.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = either(&mut words, allow);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut met = both(words, allow);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allow);
    }
    met
}

fn both(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut met = one(words, allow);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allow);
    }
    met
}

fn one(words: &mut Words<'_>, allow: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let met = either(words, allow);
            words.next_if_eq(&")").is_some() && met
        }
        Some(name) => {
            let exception = words.next_if_eq(&"WITH").and_then(|_| words.next());
            let name = exception.map_or(name.to_owned(), |e| format!("{name} WITH {e}"));
            allow.contains(&name)
        }
        None => false,
    }
}

fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc says its host").to_owned()
}

#[test]
fn every_licence_is_allowed_and_every_allowed_one_is_needed() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    assert!(packages.len() > 50, "the packages were not found");

    let rules = rules();
    let mut refused = Vec::new();
    let mut expressions = String::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let own = package["license"].as_str();
        let expression = rules
            .clarify
            .get(name)
            .map(String::as_str)
            .or(own)
            .unwrap_or("none");
        expressions += &format!(" {} ", expression.replace(['/', '(', ')'], " "));
        if !allowed(expression, &rules.allow) {
            refused.push(format!("{name}: {expression}"));
        }
    }
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
    for licence in &rules.allow {
        assert!(
            expressions.contains(&format!(" {licence} ")),
            "nothing needs `{licence}`"
        );
    }
}

#[test]
fn nothing_banned_and_nothing_from_elsewhere_is_locked() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock is readable");
    let rules = rules();
    for name in BANNED {
        assert!(
            rules.deny.iter().any(|other| other == name),
            "deny.toml does not ban `{name}`"
        );
    }
    for name in &rules.deny {
        assert!(
            !lock.contains(&format!("\nname = \"{name}\"\n")),
            "`{name}` is banned"
        );
    }
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        assert!(
            line.contains("\"registry+https://github.com/rust-lang/crates.io-index\""),
            "{line}"
        );
    }
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let allow = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(String::from);
    for met in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(GPL-3.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(allowed(met, &allow), "{met}");
    }
    for unmet in [
        "none",
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "GPL-3.0 OR MIT AND GPL-2.0",
        "(GPL-3.0 OR GPL-2.0) AND MIT",
        "Apache-2.0",
        "MIT extra",
    ] {
        assert!(!allowed(unmet, &allow), "{unmet}");
    }
}
