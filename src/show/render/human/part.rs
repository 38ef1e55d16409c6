//! Parts of somebody else's objects, as a plan tells them.
//!
//! Deliberately not here: the places that differ (see `fields`).

use crate::decide::plan::{Action, Change, Part, Plan, Reason};
use crate::show::render::human::symbol;
use crate::show::text::{escape, wrap};
use crate::show::{Meaning, Style};
use crate::words::Pointer;

/// Places that are named without `-v`.
const NAMED: usize = 5;
/// Columns before the lines below an address.
const BELOW: &str = "      ";

/// Which places a change is about, below its head.
pub fn lines(change: &Change, style: &Style) -> Vec<String> {
    let Some(part) = &change.part else {
        return Vec::new();
    };
    let mut words = Vec::new();
    if !part.places.is_empty() {
        words.push(format!("manages {}", list(&part.places, style)));
    }
    if !part.given_up.is_empty() {
        words.push(format!("gives up {}", list(&part.given_up, style)));
    }
    painted(wrap(BELOW, &escape(&words.join("; ")), style.width), style)
}

/// Places that are as they are wanted and only noted in the ledger, a line for each object.
pub fn noted(plan: &Plan, style: &Style) -> Option<String> {
    let mut text = String::new();
    for (change, part) in equal(plan) {
        let first = format!("  {} ", symbol(Action::Adopt));
        let words = format!(
            "{} manages {}; they are equal, only the ledger changes",
            change.addr,
            list(&part.places, style)
        );
        for line in painted(wrap(&first, &escape(&words), style.width), style) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    (!text.is_empty()).then_some(text)
}

/// How many of these there are, as a sentence after a space.
pub fn counted(plan: &Plan) -> String {
    match equal(plan).count() {
        0 => String::new(),
        1 => " Parts of 1 object become ours.".to_owned(),
        n => format!(" Parts of {n} objects become ours."),
    }
}

fn equal(plan: &Plan) -> impl Iterator<Item = (&Change, &Part)> {
    let noted =
        |change: &&Change| change.action == Action::Adopt && change.reason != Reason::Protection;
    let changes = plan.changes.iter().filter(noted);
    changes.filter_map(|change| Some((change, change.part.as_ref()?)))
}

/// Places in a sentence; many are cut short unless verbose.
pub(super) fn list(places: &[Pointer], style: &Style) -> String {
    // Cutting must save more than the word that says so.
    let shown = match style.verbose {
        0 if places.len() > NAMED + 1 => NAMED,
        _ => places.len(),
    };
    let mut names: Vec<String> = places[..shown].iter().map(Pointer::to_string).collect();
    match places.len() - shown {
        0 => {}
        more => names.push(format!("{more} more")),
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn painted(lines: Vec<String>, style: &Style) -> Vec<String> {
    let paint = |line: &String| style.paint(Meaning::Detail, line);
    lines.iter().map(paint).collect()
}
