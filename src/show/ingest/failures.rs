//! Failures: items that became nothing, and fields that could not be filled, by reason.
//!
//! The reasons are somebody else's words. Deliberately not here: what broke an ingest off.

use crate::ingest::{Failed, Report};
use crate::show::ingest::{BELOW, lines, listed, said};
use crate::show::text::{count, wrap};
use crate::show::{Meaning, Style, redact};
use crate::want::ingest::Ingest;

/// Reasons that are shown without `-v`, and items that are named with each.
const REASONS: usize = 10;
const NAMED: usize = 3;
/// How much of a reason is shown without `-v`.
const SHOWN: usize = 300;

/// Fields that programs could not fill, with what they said.
pub(super) fn unfilled(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let shown = match style.verbose {
        0 => REASONS,
        _ => report.unfilled.len(),
    };
    let mut block = String::new();
    for one in report.unfilled.iter().take(shown) {
        let identifier = said(&one.identifier);
        let whose = match one.times {
            1 => identifier,
            n => format!("{n} {}, {identifier} among them", ingest.from.items()),
        };
        let words = format!("{} cannot be filled for {whose}", said(&one.field));
        block.push_str(&lines(
            &wrap("  ! ", &words, style.width),
            Meaning::Change,
            style,
        ));
        block.push_str(&below(&one.message, style));
    }
    let more = report.unfilled.len() - shown.min(report.unfilled.len());
    if more > 0 {
        let words = format!("  … and {more} more; `-v` shows them");
        block.push_str(&lines(&[words], Meaning::Detail, style));
    }
    block
}

/// What became nothing, by reason.
pub(super) fn failures(report: &Report, style: &Style) -> String {
    let verbose = style.verbose > 0;
    let mut groups: Vec<(&str, Vec<&Failed>)> = Vec::new();
    for failed in &report.failures {
        match groups
            .iter_mut()
            .find(|(reason, _)| *reason == failed.reason)
        {
            Some((_, items)) => items.push(failed),
            None => groups.push((&failed.reason, vec![failed])),
        }
    }
    let shown = if verbose { groups.len() } else { REASONS };
    let mut block = String::new();
    let mut told = 0;
    for (reason, items) in groups.iter().take(shown) {
        let named = match items.len() {
            // One more takes no more room than that there is one.
            n if verbose || n == NAMED + 1 => n,
            _ => NAMED,
        };
        let mut names: Vec<String> = items
            .iter()
            .take(named)
            .map(|f| said(&f.identifier))
            .collect();
        if items.len() > named {
            names.push(format!("{} more", items.len() - named));
        }
        told += items.len() as u64;
        block.push_str(&lines(
            &wrap("  failed: ", &listed(&names), style.width),
            Meaning::Remove,
            style,
        ));
        block.push_str(&below(reason, style));
    }
    let more = report.failed.saturating_sub(told);
    if more > 0 {
        // What was not kept cannot be shown either.
        let how = match groups.len() > shown {
            true => "; `-v` shows them",
            false => "",
        };
        let words = format!(
            "  … and {}{how}",
            count_of(more, "more failure", "more failures")
        );
        block.push_str(&lines(&[words], Meaning::Detail, style));
    }
    block
}

/// What somebody else said, below what it is about.
fn below(words: &str, style: &Style) -> String {
    let words = said(&redact::foreign(words));
    let words = match words.char_indices().nth(SHOWN) {
        Some((end, _)) if style.verbose == 0 => format!("{}…", &words[..end]),
        _ => words,
    };
    let wrapped = wrap(&" ".repeat(BELOW), &words, style.width);
    lines(&wrapped, Meaning::Plain, style)
}

fn count_of(n: u64, one: &str, several: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, several)
}
