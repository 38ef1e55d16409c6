//! Objects that have another address now, in one calm line because nothing happens to them, and
//! keys inside of objects that get another name.

use crate::decide::plan::{Action, Change, Plan};
use crate::kinds::Rename;
use crate::show::render::human::{plan, symbol};
use crate::show::text::{escape, wrap};
use crate::show::{Meaning, Style};

/// The objects of which only the address changed, in one line.
pub fn human(plan: &Plan, style: &Style) -> Option<String> {
    let is_moved = |change: &&Change| change.action == Action::Move;
    let moved: Vec<String> = plan
        .changes
        .iter()
        .filter(is_moved)
        .map(|change| match &change.from {
            Some(from) => format!("{}  moved from {from}", change.addr),
            None => change.addr.to_string(),
        })
        .collect();
    let words = match moved.as_slice() {
        [] => return None,
        [one] => one.clone(),
        several => format!(
            "{} objects have another address in the project; only the ledger changes",
            several.len()
        ),
    };
    let first = format!("  {} ", symbol(Action::Move));
    let mut lines = wrap(&first, &escape(&words), style.width);
    if style.verbose > 0 && moved.len() > 1 {
        lines.extend(moved.iter().map(|line| format!("      {}", escape(line))));
    }
    for line in &mut lines {
        *line = style.paint(Meaning::Detail, line);
    }
    Some(plan::joined(&lines))
}

/// Where an object that changes was before, after its reason.
pub fn words(change: &Change) -> String {
    match (&change.from, change.action) {
        (None, _) => String::new(),
        (Some(from), Action::Delete) => format!(", it was {from}"),
        (Some(from), _) => format!("; moved from {from}"),
    }
}

/// The keys of an object that get another name, a line each.
pub fn keys(change: &Change, indent: usize, style: &Style) -> Vec<String> {
    let line = |rename: &Rename| {
        let first = format!("{}~ ", " ".repeat(indent));
        let words = format!("{} renamed to {} (keeps the data)", rename.at, rename.to);
        wrap(&first, &escape(&words), style.width)
    };
    let lines = change.renames.iter().flat_map(line);
    lines
        .map(|line| style.paint(Meaning::Change, &line))
        .collect()
}

/// How many only have another address, as a sentence of the summary.
pub fn counted(moved: usize) -> String {
    match moved {
        0 => String::new(),
        1 => " 1 object moves.".to_owned(),
        n => format!(" {n} objects move."),
    }
}
