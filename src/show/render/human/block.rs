//! Texts of several lines behind a gutter, and the difference of two of them.
//!
//! A difference shows whole lines with `-` and `+`; with colour the changed words stand out.
//! Nothing depends on a clock: the comparison has no deadline, but a size from which on it is
//! left undone and said. Deliberately not here: what may be shown of a text.

use std::collections::BTreeSet;

use similar::{ChangeTag, DiffOp, TextDiff};

use crate::show::text::{self, count, fold};
use crate::show::{Meaning, Style};

/// Lines of a block that are shown without `-v`.
const SHOWN: usize = 20;
/// Equal lines around a difference.
const CONTEXT: usize = 2;
/// Lines of both texts together up to which they are compared.
pub(in crate::show::render) const COMPARED: usize = 20_000;
/// Bytes of a replaced part up to which its words are compared.
const WORDS: usize = 20_000;

/// A text behind a gutter, cut with a count unless verbose.
pub fn block(value: &str, meaning: Meaning, indent: usize, style: &Style) -> Vec<String> {
    let (lines, ended) = lines_of(value);
    // Cutting must be worth the line that says so.
    let shown = match style.verbose {
        0 if lines.len() > SHOWN + 3 => SHOWN,
        _ => lines.len(),
    };
    let mut page = Page::new(indent, style);
    for line in &lines[..shown] {
        page.line("", meaning, &[(false, text::line(line, false))]);
    }
    match lines.len() - shown {
        0 if !ended => page.aside("no line end at the end"),
        0 => {}
        more => page.aside(&format!("… {more} more lines, `-v` shows them")),
    }
    page.lines
}

/// The difference of two texts behind a gutter.
pub fn difference(before: &str, after: &str, indent: usize, style: &Style) -> Vec<String> {
    let mut page = Page::new(indent, style);
    let ((old, _), (new, _)) = (lines_of(before), lines_of(after));
    if old.len() + new.len() > COMPARED {
        page.aside(&format!(
            "{} before, {} after: too long to be compared here",
            count(old.len(), "line", "lines"),
            count(new.len(), "line", "lines")
        ));
        return page.lines;
    }
    let diff = TextDiff::from_lines(before, after);
    let mut seen = 0;
    for group in diff.grouped_ops(CONTEXT) {
        if let Some(first) = group.first() {
            page.skipped(first.old_range().start.saturating_sub(seen));
        }
        for op in &group {
            operation(&diff, op, &mut page);
            seen = op.old_range().end;
        }
    }
    page.skipped(diff.old_len().saturating_sub(seen));
    page.lines
}

fn operation(diff: &TextDiff<'_, '_, str>, op: &DiffOp, page: &mut Page) {
    let spaces = differs_in_spaces(diff, op);
    let bytes: usize = op
        .old_range()
        .filter_map(|i| diff.old_slice(i))
        .map(str::len)
        .sum::<usize>()
        + op.new_range()
            .filter_map(|i| diff.new_slice(i))
            .map(str::len)
            .sum::<usize>();
    if bytes > WORDS {
        for change in diff.iter_changes(op) {
            change_line(change.tag(), &[(false, change.value())], spaces, page);
        }
    } else {
        for change in diff.iter_inline_changes_deadline(op, None) {
            change_line(change.tag(), change.values(), spaces, page);
        }
    }
}

fn change_line(tag: ChangeTag, parts: &[(bool, &str)], spaces: bool, page: &mut Page) {
    let (sign, meaning) = match tag {
        ChangeTag::Equal => ("  ", Meaning::Detail),
        ChangeTag::Delete => ("- ", Meaning::Remove),
        ChangeTag::Insert => ("+ ", Meaning::Add),
    };
    let ended = parts.last().is_some_and(|(_, part)| part.ends_with('\n'));
    let changed = tag != ChangeTag::Equal;
    let mut shown: Vec<(bool, String)> = parts
        .iter()
        .map(|(strong, part)| {
            let part = part.strip_suffix('\n').unwrap_or(part);
            (*strong, text::line(part, changed && spaces))
        })
        .collect();
    if changed {
        show_trailing_spaces(&mut shown);
    }
    page.line(sign, meaning, &shown);
    if changed && !ended {
        page.aside("no line end at the end");
    }
}

/// Spaces at the end of a changed line would be invisible.
pub(in crate::show::render) fn show_trailing_spaces(parts: &mut [(bool, String)]) {
    for (_, part) in parts.iter_mut().rev() {
        let kept = part.trim_end_matches(' ').len();
        let spaces = part.len() - kept;
        part.truncate(kept);
        part.push_str(&"·".repeat(spaces));
        if kept > 0 {
            break;
        }
    }
}

/// Whether some replaced line differs from a new one in white space alone: then tabs are shown.
pub(in crate::show::render) fn differs_in_spaces(
    diff: &TextDiff<'_, '_, str>,
    op: &DiffOp,
) -> bool {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    if !matches!(op, DiffOp::Replace { .. }) {
        return false;
    }
    let old: BTreeSet<String> = op
        .old_range()
        .filter_map(|i| diff.old_slice(i))
        .map(words)
        .collect();
    op.new_range()
        .filter_map(|i| diff.new_slice(i))
        .any(|line| old.contains(&words(line)))
}

fn lines_of(value: &str) -> (Vec<&str>, bool) {
    let ended = value.ends_with('\n');
    let body = value.strip_suffix('\n').unwrap_or(value);
    (body.split('\n').collect(), ended)
}

/// Lines behind a gutter.
struct Page<'a> {
    gutter: String,
    room: usize,
    style: &'a Style,
    lines: Vec<String>,
}

impl<'a> Page<'a> {
    fn new(indent: usize, style: &'a Style) -> Self {
        Page {
            gutter: format!(
                "{}{} ",
                " ".repeat(indent),
                style.paint(Meaning::Detail, "│")
            ),
            room: style.width.saturating_sub(indent + 4),
            style,
            lines: Vec::new(),
        }
    }

    /// One line of a text; too long ones go on below.
    fn line(&mut self, sign: &str, meaning: Meaning, parts: &[(bool, String)]) {
        let below = " ".repeat(sign.len());
        for (index, piece) in fold(parts, self.room).into_iter().enumerate() {
            let sign = if index == 0 { sign } else { &below };
            let mut line = self.style.paint(meaning, sign);
            for (strong, part) in piece {
                line.push_str(&match strong {
                    true => self.style.emphasise(meaning, &part),
                    false => self.style.paint(meaning, &part),
                });
            }
            let plain = format!("{}{line}", self.gutter);
            self.lines.push(plain.trim_end().to_owned());
        }
    }

    /// A remark of ours. It stands without the gutter's space, so no text can imitate it.
    fn aside(&mut self, words: &str) {
        let gutter = self.gutter.trim_end_matches(' ').to_owned();
        self.lines.push(format!(
            "{gutter}{}",
            self.style.paint(Meaning::Detail, &format!("({words})"))
        ));
    }

    fn skipped(&mut self, lines: usize) {
        if lines > 0 {
            self.aside(&count(lines, "equal line", "equal lines"));
        }
    }
}
