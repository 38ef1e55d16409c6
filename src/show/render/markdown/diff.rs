//! The places of one change as the lines of a diff.
//!
//! Every line that holds a text of others begins with its sign and a space, `+ `, `- ` or two
//! spaces; lines that begin with `@@` are ours. Deliberately not here: the fence around it.

use similar::{ChangeTag, TextDiff};

use crate::decide::plan::{Action, Change};
use crate::show::Style;
use crate::show::render::human::fields::{Row, rows, without_common};
use crate::show::render::human::{block, said, tree, value};
use crate::show::text::{count, cut, line};
use crate::words::{Pointer, Value};

/// Equal lines around a difference.
const CONTEXT: usize = 3;
/// Columns up to which a value stands in one line.
const WIDE: usize = 100;
/// Columns from which on of two long texts only the part that differs is shown.
const LONG: usize = 400;
/// The longest line in columns.
const LONGEST: usize = 2_000;

/// The lines of a change.
pub fn lines(change: &Change) -> Vec<String> {
    if let (Action::Create, Some(want)) = (change.action, &change.want) {
        let style = Style {
            width: WIDE,
            ..Style::default()
        };
        let lines = tree::tree(want, 0, &style, tree::Blocks::Literal);
        let lines = lines.iter().map(|line| format!("+ {line}"));
        return lines.map(|line| cut(&line, LONGEST)).collect();
    }
    let mut page = Page::default();
    for rename in &change.renames {
        page.lines
            .push(format!("- {}", said(&rename.at.to_string())));
        page.lines
            .push(format!("+ {} (renamed, keeps the data)", said(&rename.to)));
    }
    for row in rows(change) {
        page.row(&row);
    }
    page.lines.append(&mut page.below);
    page.lines
}

/// The lines so far. What has a heading of its own stands below the places of one line each.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
    below: Vec<String>,
}

impl Page {
    fn row(&mut self, row: &Row) {
        let at = &row.at;
        match (row.before, row.after) {
            (Some(before), Some(after)) => self.changed(at, before, after),
            (None, Some(after)) => self.single('+', at, after),
            (Some(before), None) => self.single('-', at, before),
            (None, None) => {}
        }
    }

    fn single(&mut self, sign: char, at: &Pointer, value: &Value) {
        match value::block(at, value) {
            Some(text) => {
                self.heading(at);
                let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
                for text in lines {
                    self.below.push(format!("{sign} {}", line(text, false)));
                }
            }
            None => self.line(sign, at, &value::inline(at, value)),
        }
    }

    fn changed(&mut self, at: &Pointer, before: &Value, after: &Value) {
        let texts = (value::text_of(at, before), value::text_of(at, after));
        let several = value::block(at, before).is_some() || value::block(at, after).is_some();
        if let (Some(old), Some(new)) = &texts
            && several
            && old != new
        {
            self.heading(at);
            return difference(old, new, &mut self.below);
        }
        let (old, new) = (value::inline(at, before), value::inline(at, after));
        if let (Value::List(before), Value::List(after)) = (before, after)
            && old.len().max(new.len()) > WIDE
        {
            return self.items(at, before, after);
        }
        if old == new {
            // What differs must not be shown, or is a secret that is sent anew.
            let made = matches!(after, Value::Secret(source) if source.random().is_some());
            let words = match after {
                Value::Secret(_) if made => new,
                Value::Secret(_) => format!("{new}, sent anew"),
                _ => format!("{new}, changed"),
            };
            return self.line('+', at, &words);
        }
        let (old, new) = match texts {
            (Some(before), Some(after)) if old.len().min(new.len()) > LONG => {
                without_common(&before, &after)
            }
            _ => (old, new),
        };
        self.line('-', at, &old);
        self.line('+', at, &new);
    }

    /// The items of a list that come and go.
    fn items(&mut self, at: &Pointer, old: &[Value], new: &[Value]) {
        let lines = |list: &[Value]| -> String {
            let items = list.iter().map(|item| value::inline(at, item) + "\n");
            items.collect()
        };
        self.heading(at);
        difference(&lines(old), &lines(new), &mut self.below);
    }

    fn line(&mut self, sign: char, at: &Pointer, shown: &str) {
        let at = said(&at.to_string());
        self.lines
            .push(cut(&format!("{sign} {at} = {shown}"), LONGEST));
    }

    fn heading(&mut self, at: &Pointer) {
        let at = cut(&said(&at.to_string()), WIDE);
        self.below.push(format!("@@ {at} @@"));
    }
}

/// The lines of two texts that differ, with equal ones around them.
fn difference(before: &str, after: &str, lines: &mut Vec<String>) {
    let (old, new) = (before.lines().count(), after.lines().count());
    if old + new > block::COMPARED {
        lines.push(format!(
            "@@ {} before, {} after: too long to be compared here @@",
            count(old, "line", "lines"),
            count(new, "line", "lines")
        ));
        return;
    }
    let diff = TextDiff::from_lines(before, after);
    let mut seen = 0;
    for group in diff.grouped_ops(CONTEXT) {
        if let Some(first) = group.first() {
            skipped(first.old_range().start.saturating_sub(seen), lines);
        }
        for op in &group {
            let spaces = block::differs_in_spaces(&diff, op);
            for change in diff.iter_changes(op) {
                let (sign, differs) = match change.tag() {
                    ChangeTag::Equal => (' ', false),
                    ChangeTag::Delete => ('-', true),
                    ChangeTag::Insert => ('+', true),
                };
                let value = change.value();
                let body = value.strip_suffix('\n').unwrap_or(value);
                let mut shown = vec![(false, line(body, differs && spaces))];
                if differs {
                    block::show_trailing_spaces(&mut shown);
                }
                let shown: String = shown.into_iter().map(|(_, text)| text).collect();
                lines.push(cut(&format!("{sign} {shown}"), LONGEST));
                if differs && value.len() == body.len() {
                    lines.push("@@ no line end at the end @@".to_owned());
                }
            }
            seen = op.old_range().end;
        }
    }
    skipped(diff.old_len().saturating_sub(seen), lines);
}

fn skipped(equal: usize, lines: &mut Vec<String>) {
    if equal > 0 {
        let equal = count(equal, "equal line", "equal lines");
        lines.push(format!("@@ {equal} @@"));
    }
}
