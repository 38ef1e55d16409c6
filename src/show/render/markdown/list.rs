//! The list of changes: a table of what is written, and sentences about what is only noted.
//!
//! Deliberately not here: the places of a change (see `diff`).

use std::collections::BTreeMap;

use crate::decide::plan::{Action, Change, Plan, Reason};
use crate::kinds::LEDGER_BLUEPRINT;
use crate::show::render::human::plan::{ledger_only, why};
use crate::show::render::human::symbol;
use crate::show::render::markdown::escape::{cell, code, prose};
use crate::show::render::markdown::summary::names;
use crate::show::text::count;

/// The actions that a table of counts has a column for.
const COLUMNS: [Action; 5] = [
    Action::Create,
    Action::Update,
    Action::Replace,
    Action::Delete,
    Action::Forget,
];

/// The list of a plan, each line with its line end, in so many bytes.
pub fn list(plan: &Plan, room: usize) -> String {
    let changes: Vec<&Change> = plan.changes.iter().filter(|c| is_listed(c)).collect();
    let mut shown = String::new();
    let rows: Vec<String> = changes.iter().map(|change| row(change)).collect();
    let noted = noted(plan);
    let head = "| | Object | | |\n|---|---|---|---|\n";
    let setup = match plan.ledger_setup {
        true => format!(
            "| `{}` | `port.blueprint.{LEDGER_BLUEPRINT}` | create | the ledger; once, admins only |\n",
            symbol(Action::Create)
        ),
        false => String::new(),
    };
    let whole: usize = rows.iter().map(String::len).sum();
    if !rows.is_empty() || !setup.is_empty() {
        let left = room.saturating_sub(head.len() + setup.len() + noted.len());
        match whole <= left {
            true => shown = [head, &setup, &rows.concat()].concat(),
            false => {
                let counts = counts(&changes);
                let left = left.saturating_sub(counts.len() + LEFT_OUT);
                let kept = kept(&changes, &rows, left);
                shown.push_str(&counts);
                shown.push('\n');
                shown.push_str(head);
                shown.push_str(&setup);
                let picked = rows.iter().zip(&kept).filter(|(_, kept)| **kept);
                picked.for_each(|(row, _)| shown.push_str(row));
                let out = kept.iter().filter(|kept| !**kept).count();
                shown.push_str(&format!(
                    "\n… and {}, left out for want of room; they are counted above.\n",
                    count(out, "more change", "more changes")
                ));
            }
        }
    }
    if !noted.is_empty() {
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(&noted);
    }
    shown
}

/// Bytes for the sentence about what was left out.
const LEFT_OUT: usize = 120;

/// Whether a change has a row: it is more than a note in the ledger.
pub fn is_listed(change: &Change) -> bool {
    change.action.writes() || change.action == Action::Forget
}

fn row(change: &Change) -> String {
    let why = why(change);
    let why = why.trim_start_matches([',', ';']).trim_start();
    let population = change.population();
    let words = [(!why.is_empty()).then_some(why), population.as_deref()];
    let words: Vec<String> = words.into_iter().flatten().map(prose).collect();
    format!(
        "| `{}` | {} | {} | {} |\n",
        symbol(change.action),
        cell(&code(&change.addr.to_string())),
        change.action.word(),
        cell(&words.join("; "))
    )
}

/// Which rows stay when there is no room for all: what takes away goes first.
fn kept(changes: &[&Change], rows: &[String], mut room: usize) -> Vec<bool> {
    let mut kept = vec![false; rows.len()];
    for destroys in [true, false] {
        for (index, change) in changes.iter().enumerate() {
            if change.action.destroys() == destroys && rows[index].len() <= room {
                room -= rows[index].len();
                kept[index] = true;
            }
        }
    }
    kept
}

/// How many of each kind: short, whatever there is.
fn counts(changes: &[&Change]) -> String {
    let mut table: BTreeMap<&str, BTreeMap<Action, usize>> = BTreeMap::new();
    for change in changes {
        let row = table.entry(change.kind.name()).or_default();
        *row.entry(change.action).or_default() += 1;
    }
    let words: Vec<&str> = COLUMNS.iter().map(|action| action.word()).collect();
    let mut shown = format!(
        "| Kind | {} |\n|---|{}\n",
        words.join(" | "),
        "--:|".repeat(COLUMNS.len())
    );
    for (kind, row) in table {
        let cells = COLUMNS.iter().map(|action| row.get(action).unwrap_or(&0));
        let cells: Vec<String> = cells.map(ToString::to_string).collect();
        shown.push_str(&format!("| `{kind}` | {} |\n", cells.join(" | ")));
    }
    shown
}

/// What changes in the ledger alone, in sentences.
fn noted(plan: &Plan) -> String {
    let mut lines = Vec::new();
    let mut add = |what: &str, changes: Vec<&Change>| {
        if !changes.is_empty() {
            let names = names(changes.iter().map(|change| &change.addr));
            lines.push(format!("- {what}: {names}\n"));
        }
    };
    let adopted = ledger_only(plan, false).collect();
    add("equal already, becomes ours", adopted);
    let of = |action| plan.changes.iter().filter(move |c| c.action == action);
    add("has another address now", of(Action::Move).collect());
    let protects =
        |protect| ledger_only(plan, true).filter(move |c| c.lifecycle.protect == protect);
    add("becomes protected", protects(true).collect());
    add("is no longer protected", protects(false).collect());
    let parts = of(Action::Adopt).filter(|c| c.part.is_some() && c.reason != Reason::Protection);
    add(
        "parts of it are equal already and become ours",
        parts.collect(),
    );
    lines.concat()
}
