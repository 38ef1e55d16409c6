//! Drift as Markdown: the sentence, what is to be known, and the objects as people see them in a
//! terminal, inside of a fence.
//!
//! It always fits into one comment: whole objects are left out with a count. Deliberately not here:
//! how an object is shown (see `human::drift`).

use crate::decide::drift::Drift;
use crate::show::Style;
use crate::show::header::Header;
use crate::show::render::human::drift::{HELP, accepted_words, limited, object, totals};
use crate::show::render::markdown::LIMIT;
use crate::show::render::markdown::escape::{fence, prose};
use crate::show::text::cut;

/// Bytes for what stands around the objects.
const AROUND: usize = 16_000;

/// Notes that are named.
const NOTES: usize = 10;

/// Characters of one sentence.
const LONGEST: usize = 500;

/// Drift, each line with its line end.
pub fn drift(drift: &Drift, header: &Header) -> String {
    let project = match &header.environment {
        Some(environment) => format!("{} · {environment}", header.project),
        None => header.project.clone(),
    };
    let mut shown = format!("**{}** {}\n", prose(&project), prose(&totals(drift)));
    let known: Vec<String> = limited(drift)
        .into_iter()
        .chain(accepted_words(drift))
        .chain(drift.notes.iter().take(NOTES).cloned())
        .collect();
    for words in &known {
        shown.push_str(&format!("\n- {}", prose(&cut(words, LONGEST))));
    }
    if !known.is_empty() {
        shown.push('\n');
    }
    let mut lines: Vec<String> = Vec::new();
    let (mut bytes, mut told) = (0, 0);
    for drifted in &drift.objects {
        let text = object(drifted, 0, &Style::default());
        bytes += text.len();
        if bytes + AROUND > LIMIT {
            break;
        }
        lines.extend(text.lines().map(str::to_owned));
        told += 1;
    }
    if !lines.is_empty() {
        shown.push('\n');
        shown.push_str(&fence("text", &lines));
    }
    match drift.objects.len() - told {
        0 => {}
        more => shown.push_str(&format!("\n… and {more} more, left out for want of room\n")),
    }
    if !drift.objects.is_empty() {
        shown.push_str(&format!("\n{}\n", prose(HELP)));
    }
    shown
}
