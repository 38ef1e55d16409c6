//! The commands, one file each, and what they share: opening a project, looking at both sides,
//! printing.
//!
//! This is the edge: environment, clock, terminal and network are touched here and handed to the
//! layers below as values.
//!
//! | room | noun |
//! |---|---|
//! | [`project`] | a project, read and checked |
//! | `wired` | a project as the way of an event, and the engines |
//! | [`session`] | both services, looked at |
//! | [`sight`] | what was seen, and the plan on it |
//! | [`stage`] | the world that a command works on: real services or the embedded sandbox |
//! | [`snapshot`] | the same, kept in a file, and looked at later |
//! | [`checkout`] | the git checkout around a project |
//! | [`holder`] | what this process says about itself |
//! | [`turn`] | the right to write, while an apply has it |
//! | [`expected`] | the plan that was reviewed |
//! | [`mod@format`] | the output formats that commands share |
//! | [`outfile`] | files that commands leave for their user |
//! | [`output`] | plans and reports on stdout, in the format that was asked for |
//! | [`step`] | the step of a GitHub workflow that we run in |
//! | `facts` | what is known about secrets before anything is sent |
//! | `doubts` | what is looked up for the guards |
//! | [`counter`] | the line that counts while an apply is under way |
//! | `unfilled` | what an apply has made and an ingest fills |
//! | [`progress`] | the line that says how far an ingest has come |
//! | the others | one command each |

pub mod add;
pub mod apply;
pub mod checkout;
pub mod completions;
pub mod counter;
pub mod destroy;
pub mod doctor;
mod doubts;
pub mod drift;
pub mod expected;
pub mod explain;
pub mod export;
mod facts;
pub mod fmt;
pub mod forget;
pub mod format;
pub mod graph;
pub mod holder;
pub mod ingest;
pub mod init;
pub mod outfile;
pub mod output;
pub mod plan;
pub mod progress;
pub mod project;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod schema;
pub mod session;
pub mod show;
pub mod sight;
pub mod simulate;
pub mod snapshot;
pub mod stage;
pub mod step;
pub mod test;
pub mod turn;
mod unfilled;
pub mod unlock;
pub mod validate;
mod wired;

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::panic::UnwindSafe;
use std::path::Path;

use crate::cli::Global;
use crate::exit::{self, Stop};
use crate::show::{Style, redact, text};
use crate::want::source::LARGEST;

/// The process environment; names and values that are not text are left out.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect()
}

/// The same without some names, whose texts are not even looked at.
pub fn environment_without(names: &[&str]) -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(k, v)| {
            let name = k.into_string().ok()?;
            let read = !names.contains(&name.as_str());
            read.then(|| Some((name, v.into_string().ok()?)))?
        })
        .collect()
}

/// The time, RFC 3339 in whole seconds.
pub fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// All of a file that somebody names, or of stdin for `-`: UTF-8, at most 1 MiB.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    match path.as_os_str() == "-" {
        true => std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_string(&mut text)?,
        false => std::fs::File::open(path)?
            .take(LARGEST + 1)
            .read_to_string(&mut text)?,
    };
    match text.len() as u64 > LARGEST {
        true => Err(std::io::Error::other("it is larger than 1 MiB")),
        false => Ok(text),
    }
}

/// Prints data to stdout. A closed pipe ends the output quietly.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a sentence on stdout, in which nothing steers a terminal or commands a CI system.
pub fn line(sentence: &str) {
    print(&text::inert(text::escape(sentence) + "\n"));
}

/// Says something on stderr, where nothing of it commands a CI system.
pub fn tell(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", text::inert(text.to_owned()));
}

/// Says a sentence on stderr, wrapped at words.
pub fn notice(sentence: &str) {
    let columns = Style::default().width;
    text::wrap("", &text::escape(sentence), columns)
        .into_iter()
        .for_each(|line| tell(&line));
}

/// Says why a command stopped: what happened, and what to do.
pub fn say(stop: &Stop) {
    let columns = Style::default().width;
    let part = |first: &str, text: &str| {
        text::wrap(first, &redact::text(&text::escape(text)), columns)
            .into_iter()
            .for_each(|line| tell(&line));
    };
    if !stop.message.is_empty() {
        part("error: ", &stop.message);
    }
    if let Some(help) = &stop.help {
        part("  help: ", help);
    }
}

/// A command of ours with the options that lead to the same project and the same world.
pub fn again(global: &Global, words: &str) -> String {
    let mut command = "spaceport ".to_owned();
    let folder = global.config.display().to_string();
    if folder != "port-config" {
        command += &format!("-C {folder} ");
    }
    if let Some(environment) = &global.environment {
        command += &format!("-e {environment} ");
    }
    command += words;
    for (flag, url) in [
        ("--port-url", &global.port_url),
        ("--spacelift-url", &global.spacelift_url),
    ] {
        if let Some(url) = url {
            command += &format!(" {flag} {url}");
        }
    }
    match &global.sandbox {
        Some(folder) if folder.is_empty() => command += " --sandbox",
        Some(folder) => command += &format!(" --sandbox={}", folder.display()),
        None => {}
    }
    command
}

/// Asks a question that only `yes` answers with yes.
pub fn consent(question: &str) -> Result<(), Stop> {
    answered(&format!("{question} Type `yes`:"), "yes")
}

/// Asks for a name to be typed, which is harder to do by mistake than `yes`.
pub fn typed(question: &str, name: &str) -> Result<(), Stop> {
    answered(&format!("{question} Type `{name}`:"), name)
}

/// Asks, and stops unless the answer is the one that was named.
fn answered(question: &str, wanted: &str) -> Result<(), Stop> {
    let mut err = anstream::stderr();
    let _ = write!(err, "{question} ").and_then(|()| err.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == wanted {
        return Ok(());
    }
    tell("Nothing was changed.");
    Err(Stop::quiet(exit::BLOCKED))
}

/// The runtime for commands that use the network.
pub fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Stop::new(exit::WORLD, format!("the runtime cannot start: {error}")))
}

/// Runs the command line to its exit code, whatever happens: a panic is our bug.
pub fn guarded(run: impl FnOnce() -> u8 + UnwindSafe) -> u8 {
    on_panic();
    std::panic::catch_unwind(run).unwrap_or(exit::BUG)
}

/// A panic is our bug: says where, and nothing of the data (law 5).
pub fn on_panic() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(|| "unknown place".to_owned(), ToString::to_string);
        tell(&format!(
            "bug: spaceport {} stopped at {place}\n  help: please report this line; running the command again is safe",
            env!("CARGO_PKG_VERSION")
        ));
    }));
}
