//! The command line as people meet it: the help of every command, and what becomes of a bug.
//!
//! The help is kept in `tests/help`, one file per command. `SPACEPORT_WRITE_HELP=1 cargo test --test
//! command_line` writes it anew.
#![cfg(feature = "sandbox")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What asks for the files to be written instead of compared.
const WRITE: &str = "SPACEPORT_WRITE_HELP";
/// The name of the file for the help without a command.
const ITSELF: &str = "spaceport";

fn help(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spaceport"));
    let output = command.env_clear().args(arguments).arg("--help").output();
    let output = output.expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The names below `Commands:` of the program and, after a space, of its commands; the built-in
/// `help` has none of its own.
fn commands() -> Vec<String> {
    let outer = below(&[]);
    let inner = |name: &String| {
        let names = below(&[name]).into_iter();
        names
            .map(|inner| format!("{name} {inner}"))
            .collect::<Vec<_>>()
    };
    let inner: Vec<String> = outer.iter().flat_map(inner).collect();
    outer.into_iter().chain(inner).collect()
}

fn below(arguments: &[&str]) -> Vec<String> {
    let help = help(arguments);
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let named = list.take_while(|line| !line.is_empty()).filter_map(|line| {
        let line = line.strip_prefix("  ")?;
        (!line.starts_with(' ')).then(|| line.split_whitespace().next())?
    });
    named
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    folder.join(format!("{}.txt", name.replace(' ', "-")))
}

#[test]
fn the_help_of_every_command_is_kept_and_fits() {
    let commands = commands();
    assert!(commands.iter().any(|name| name == "plan"), "{commands:?}");
    let mut wrong = Vec::new();
    let mut kept = BTreeSet::new();
    for name in commands.iter().map(String::as_str).chain([ITSELF]) {
        let words: Vec<&str> = name.split(' ').filter(|word| *word != ITSELF).collect();
        let now = help(&words);
        let wide = now.lines().filter(|line| line.chars().count() > 80);
        wrong.extend(wide.map(|line| format!("{name}: wider than 80 columns: {line}")));
        kept.insert(file(name));
        if std::env::var_os(WRITE).is_some() {
            fs::write(file(name), &now).expect("it can be written");
        }
        match fs::read_to_string(file(name)) {
            Ok(golden) if golden == now => {}
            Ok(_) => wrong.push(format!(
                "{name}: {} says something else",
                file(name).display()
            )),
            Err(_) => wrong.push(format!("{name}: there is no {}", file(name).display())),
        }
    }
    for entry in fs::read_dir(file(ITSELF).parent().expect("a folder")).expect("it is there") {
        let path = entry.expect("an entry").path();
        if !kept.contains(&path) {
            wrong.push(format!("{} is of no command", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n{WRITE}=1 writes them anew",
        wrong.join("\n")
    );
}

/// The way that `main` goes, with a bug of ours in place of a command.
#[test]
fn a_bug_ends_with_its_own_code() {
    assert_eq!(spaceport::commands::guarded(|| spaceport::exit::DONE), 0);
    let code = spaceport::commands::guarded(|| {
        let empty: Vec<u8> = Vec::new();
        empty[std::hint::black_box(0)]
    });
    let _ = std::panic::take_hook();
    assert_eq!(code, spaceport::exit::BUG);
    assert_eq!(code, 70);
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spaceport"));
        let output = command.env_clear().args(["completions", shell]).output();
        let script = String::from_utf8(output.expect("the binary runs").stdout).expect("text");
        for name in commands() {
            let name = name.rsplit(' ').next().unwrap_or_default();
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
}
