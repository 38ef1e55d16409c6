//! One collapsed section for a change: its diff, and what is to be known besides.
//!
//! Deliberately not here: which sections there is room for (see the room above).

use crate::decide::plan::{Change, Part};
use crate::show::render::human::drift::words;
use crate::show::render::human::symbol;
use crate::show::render::markdown::diff;
use crate::show::render::markdown::escape::{fence, html, prose};
use crate::words::Pointer;

/// Lines of one diff that are shown.
const LINES: usize = 400;
/// Bytes of one diff that are shown.
const BYTES: usize = 16_000;
/// Places that are named.
const NAMED: usize = 8;

/// The section of a change; `None` when there is nothing to be seen in it.
pub fn section(change: &Change, command: &str) -> Option<String> {
    let lines = diff::lines(change);
    let remarks = remarks(change);
    if lines.is_empty() && remarks.is_empty() {
        return None;
    }
    let mut shown = format!(
        "<details>\n<summary>{} {}</summary>\n\n",
        html(&format!("{} {}", symbol(change.action), change.addr)),
        change.action.word()
    );
    if !remarks.is_empty() {
        shown.push_str(&remarks.concat());
        shown.push('\n');
    }
    if !lines.is_empty() {
        shown.push_str(&fence("diff", &cut(lines, command)));
        shown.push('\n');
    }
    shown.push_str("</details>\n");
    Some(shown)
}

/// The first lines, and how many more there are.
fn cut(mut lines: Vec<String>, command: &str) -> Vec<String> {
    let mut bytes = 0;
    let fits = lines.iter().take(LINES).take_while(|line| {
        bytes += line.len() + 1;
        bytes <= BYTES
    });
    let shown = fits.count();
    let more = lines.len() - shown;
    // Cutting must be worth the line that says so.
    if more > 1 {
        lines.truncate(shown);
        lines.push(format!("@@ … {more} more lines; {command} shows them @@"));
    }
    lines
}

fn remarks(change: &Change) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(Part {
        places, given_up, ..
    }) = &change.part
    {
        for (verb, places) in [("manages", places), ("gives up", given_up)] {
            if !places.is_empty() {
                remarks.push(format!("- {verb} {}\n", list(places)));
            }
        }
    }
    if let Some(drifted) = &change.drift {
        let words = words(drifted, &|places| plain(places)).join("; ");
        let all = std::iter::once(words).chain(drifted.remarks.iter().cloned());
        remarks.extend(all.map(|words| format!("- {}\n", prose(&words))));
    }
    if !change.unknown.is_empty() {
        remarks.push(format!(
            "- live has fields that this version does not know and the write leaves out: {}\n",
            list(&change.unknown)
        ));
    }
    remarks
}

/// Some places as words, and how many more there are.
fn plain(places: &[Pointer]) -> String {
    let mut names: Vec<String> = places.iter().take(NAMED).map(ToString::to_string).collect();
    if places.len() > NAMED {
        names.push(format!("{} more", places.len() - NAMED));
    }
    names.join(", ")
}

fn list(places: &[Pointer]) -> String {
    let named = if places.len() > NAMED + 1 {
        NAMED
    } else {
        places.len()
    };
    let mut names: Vec<String> = places[..named]
        .iter()
        .map(|at| prose(&at.to_string()))
        .collect();
    if places.len() > named {
        names.push(format!("{} more", places.len() - named));
    }
    names.join(", ")
}
