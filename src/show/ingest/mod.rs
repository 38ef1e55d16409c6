//! Ingests for people: what became of one, or would become of it.
//!
//! Items and entities are somebody else's texts, and so are refusals: all of them end here. What
//! differs in a sample looks as in a plan. Deliberately not here: ingests as JSON (see
//! `document::ingest`).
//!
//! | room | noun |
//! |---|---|
//! | `samples` | some of what a plan would do |
//! | `failures` | what became nothing, and why |
//! | [`progress`] | how far an ingest has come, in one line |
//! | `waiting` | blueprints that are empty until an ingest has run |

mod failures;
pub mod progress;
mod samples;
mod waiting;

use crate::ingest::Report;
use crate::show::text::{escape, inert, wrap};
use crate::show::{Meaning, Style, redact};
use crate::want::ingest::Ingest;

use failures::{failures, unfilled};
pub(in crate::show) use samples::place;
use samples::{samples, unsampled};
pub use waiting::{Waiting, waiting};

/// Columns before what stands below an identifier.
const BELOW: usize = 6;
/// A space that no line ends at.
const TIED: &str = "\u{a0}";

/// What became of an ingest, each line with its line end.
///
/// Of a plan some of what would be created, changed and deleted is shown.
pub fn human(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let mut blocks = vec![title(report, style)];
    if report.planned {
        blocks.extend(samples(report, style));
        blocks.push(unsampled(report, style));
    }
    blocks.push(unfilled(ingest, report, style));
    blocks.push(left(ingest, report, style));
    blocks.push(refused(report, style));
    blocks.push(failures(report, style));
    blocks.push(broken(report, style));
    blocks.push(summary(ingest, report, style));
    blocks.retain(|block| !block.is_empty());
    match blocks.len() {
        // Nothing is there to be kept apart.
        2 => blocks.concat(),
        _ => blocks.join("\n"),
    }
}

fn title(report: &Report, style: &Style) -> String {
    let words = format!(
        "{}: {} into {}",
        report.name,
        report.from,
        said(&report.blueprint)
    );
    lines(&wrap("", &words, style.width), Meaning::Title, style)
}

/// What is gone from Spacelift and stays in Port.
fn left(ingest: &Ingest, report: &Report, style: &Style) -> String {
    // What a guard keeps is said by the guard.
    if report.left == 0 || report.refused.is_some() {
        return String::new();
    }
    let (entities, stay) = match report.left {
        1 => ("1 entity".to_owned(), "stays"),
        n => (format!("{n} entities"), "stay"),
    };
    let noun = ingest.from.items();
    let words = match ingest.prune {
        false => format!(
            "{entities} of {noun} that are gone {stay}, as `prune: keep` says; `prune: delete` deletes those that this project made"
        ),
        true => {
            let reasons = report
                .stay
                .iter()
                .map(|(why, count)| match report.stay.len() {
                    1 => (*why).to_owned(),
                    _ => format!("{why} ({count})"),
                });
            let reasons: Vec<String> = reasons.collect();
            format!(
                "{entities} of {noun} that are gone {stay}: {}",
                reasons.join(", ")
            )
        }
    };
    lines(
        &wrap("  · ", &said(&words), style.width),
        Meaning::Detail,
        style,
    )
}

/// Why nothing is deleted, and what allows it.
fn refused(report: &Report, style: &Style) -> String {
    let Some(why) = &report.refused else {
        return String::new();
    };
    let words = format!("refused (deletes): {}", said(why));
    let mut block = lines(&wrap("  × ", &words, style.width), Meaning::Remove, style);
    if let Some(allow) = &report.allow {
        let allowed = wrap("    allowed by: ", &said(allow), style.width);
        block.push_str(&lines(&allowed, Meaning::Plain, style));
    }
    block
}

/// Why it ended before its end.
fn broken(report: &Report, style: &Style) -> String {
    let Some(why) = &report.broken else {
        return String::new();
    };
    let words = said(&redact::foreign(why));
    let wrapped = wrap("  × ", &words, style.width);
    let mut block = lines(&wrapped, Meaning::Remove, style);
    if let Some(help) = &report.help {
        let wrapped = wrap("    help: ", &said(help), style.width);
        block.push_str(&lines(&wrapped, Meaning::Plain, style));
    }
    block
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The counts, and what to do next when something is left.
fn summary(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let look = match is_complete(report) {
        true => Meaning::Title,
        false => Meaning::Remove,
    };
    let mut block = tied("", &totals(ingest, report), look, style);
    let next = match report.interrupted || report.broken.is_some() {
        _ if report.planned => None,
        true if report.wrote() => Some("What is written stays; `spaceport ingest` does the rest."),
        true => Some("Nothing was written."),
        false if report.failed > 0 => {
            Some("Mend what failed; `spaceport ingest` then writes that alone.")
        }
        false => None,
    };
    if let Some(next) = next {
        block.push_str(&lines(&wrap("", next, style.width), Meaning::Plain, style));
    }
    block
}

/// Whether all was done that was to be done.
pub fn is_complete(report: &Report) -> bool {
    report.failed == 0 && report.broken.is_none() && report.refused.is_none() && !report.interrupted
}

/// What became of how many, in a sentence of ours alone.
fn totals(ingest: &Ingest, report: &Report) -> String {
    let title = match report {
        Report {
            interrupted: true, ..
        } => "Interrupted",
        Report {
            planned: true,
            broken: Some(_),
            ..
        } => "Incomplete plan",
        Report { planned: true, .. } => "Plan",
        _ if is_complete(report) => "Ingested",
        _ => "Incomplete",
    };
    let verbs = match report.planned {
        true => ["to create", "to update", "to delete"],
        false => ["created", "updated", "deleted"],
    };
    let items = match report.read {
        1 => ingest.from.item(),
        _ => ingest.from.items(),
    };
    let read = format!("{items} read");
    let always = [
        (report.read, read.as_str()),
        (report.created, verbs[0]),
        (report.changed, verbs[1]),
        (report.deleted, verbs[2]),
        (report.unchanged, "unchanged"),
    ];
    let sometimes = [
        (report.filtered, "filtered out"),
        (report.left, "left"),
        (report.failed, "failed"),
    ];
    let sometimes = sometimes.into_iter().filter(|(n, _)| *n > 0);
    let counts = always.into_iter().chain(sometimes);
    let counts: Vec<String> = counts
        .map(|(n, words)| format!("{n} {words}").replace(' ', TIED))
        .collect();
    format!("{title}: {}.", counts.join(", "))
}

/// Prose in lines, none of which ends at a tied space.
fn tied(first: &str, words: &str, look: Meaning, style: &Style) -> String {
    let wrapped = wrap(first, words, style.width);
    let wrapped: Vec<String> = wrapped.iter().map(|line| line.replace(TIED, " ")).collect();
    lines(&wrapped, look, style)
}

/// A text of a service or of another room, harmless and in one line.
fn said(words: &str) -> String {
    escape(&redact::text(words))
}

fn lines(wrapped: &[String], look: Meaning, style: &Style) -> String {
    let painted = wrapped
        .iter()
        .map(|line| style.paint(look, line.trim_end()));
    inert(painted.map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests;
