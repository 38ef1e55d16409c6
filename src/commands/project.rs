//! Opening a project: reading it, saying what is wrong with it, stopping when it cannot be used.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use crate::cli::{Color, Global};
use crate::commands::tell;
use crate::exit::{self, Stop};
use crate::follow::ingest;
use crate::lint::{self, levels};
use crate::show::findings;
use crate::show::style::Style;
use crate::sim::child::Engines;
use crate::want::config::Choice;
use crate::want::desired::{self, Desired, EMPTY_PROJECT};
use crate::words::{Findings, Sources};

/// Reads the project that the command line names.
pub fn read(global: &Global, env: &BTreeMap<String, String>) -> (Desired, Findings) {
    let (desired, mut findings) = desired::load(&global.config, &choice(global), env);
    findings.extend(ingest::findings(&desired));
    let findings = levels::settle(&desired, findings);
    (desired, findings)
}

/// The same with the places of everything in it, and with its tests.
pub fn read_kept(global: &Global, env: &BTreeMap<String, String>) -> (Desired, Findings) {
    let (desired, mut findings) = desired::load_kept(&global.config, &choice(global), env);
    findings.extend(ingest::findings(&desired));
    let findings = levels::settle(&desired, findings);
    (desired, findings)
}

/// The same, and has all lints look at it.
pub fn read_and_lint(global: &Global, env: &BTreeMap<String, String>) -> (Desired, Findings) {
    let (desired, mut findings) = desired::load_kept(&global.config, &choice(global), env);
    // Without a program to run there are no engines, and this very program is running.
    if let Ok(program) = std::env::current_exe() {
        let found = lint::run(&desired, &findings, &Engines::new(program));
        findings.extend(found);
    }
    let findings = levels::settle_all(&desired, findings);
    (desired, findings)
}

fn choice(global: &Global) -> Choice {
    Choice {
        environment: global.environment.clone(),
        variables: global.variables.iter().cloned().collect(),
    }
}

/// Reads the project and stops when a finding is an error; warnings are said.
pub fn open(global: &Global, env: &BTreeMap<String, String>) -> Result<Desired, Stop> {
    let (desired, findings) = read(global, env);
    let findings = levels::without_hints(findings);
    check(global, findings, &desired.sources)?;
    Ok(desired)
}

/// The same for commands that fill a project: one without objects will do.
pub fn open_even_empty(global: &Global, env: &BTreeMap<String, String>) -> Result<Desired, Stop> {
    let (desired, findings) = read(global, env);
    let mut kept = Findings::default();
    let told = levels::without_hints(findings).into_iter();
    kept.extend(told.filter(|f| f.code != EMPTY_PROJECT));
    check(global, kept, &desired.sources)?;
    Ok(desired)
}

/// Says what was found, and stops when it holds an error.
pub fn check(global: &Global, found: Findings, sources: &Sources) -> Result<(), Stop> {
    let errors = found.has_errors();
    let list = found.sorted();
    if !list.is_empty() && (errors || !global.quiet) {
        tell(findings::human(&list, sources, &style(global, Stream::Err)).trim_end());
    }
    if errors {
        Err(Stop::quiet(exit::FINDINGS))
    } else {
        Ok(())
    }
}

/// Where something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Data.
    Out,
    /// Everything else.
    Err,
}

/// How to print on a stream: colors only where they are wanted.
pub fn style(global: &Global, stream: Stream) -> Style {
    let terminal = match stream {
        Stream::Out => std::io::stdout().is_terminal(),
        Stream::Err => std::io::stderr().is_terminal(),
    };
    let colour = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    Style {
        width: 80,
        colour,
        verbose: global.verbose,
    }
}
