//! The places of one change: what comes, what goes, and what becomes of the rest.
//!
//! Places are JSON pointers, as `lifecycle.ignore` takes them. Deliberately not here: which
//! places differ (see `decide::diff`).

use crate::decide::diff::FieldChange;
use crate::decide::plan::{Action, Change};
use crate::show::render::human::{block, moves, tree, value};
use crate::show::text::{self, cut, fold, pad, width};
use crate::show::{Meaning, Style};
use crate::words::{Pointer, Text, Value};

/// Columns before a place.
const INDENT: usize = 6;
/// The widest place that others are aligned with.
const ALIGNED: usize = 40;
/// The fewest columns worth starting a value in.
const ROOM: usize = 24;
/// Equal characters shown on either side of a difference inside of a long text.
const AROUND: usize = 24;

/// The lines about the places of a change.
pub fn human(change: &Change, style: &Style) -> Vec<String> {
    if let (Action::Create, Some(want)) = (change.action, &change.want) {
        return tree::human(want, INDENT, style);
    }
    let mut lines = moves::keys(change, INDENT, style);
    lines.extend(aligned(&rows(change), style));
    for at in &change.unknown {
        let words = format!(
            "live has a field that this version does not know and the write leaves out: {}",
            text::escape(&at.to_string())
        );
        let wrapped = text::wrap(&format!("{}! ", " ".repeat(INDENT)), &words, style.width);
        lines.extend(
            wrapped
                .iter()
                .map(|line| style.paint(Meaning::Change, line)),
        );
    }
    lines
}

/// The lines about places that differ, whatever it is that they differ from.
pub fn differences(fields: &[FieldChange], style: &Style) -> Vec<String> {
    let mut rows = Vec::new();
    for field in fields {
        let (before, after) = (field.before.as_ref(), field.after.as_ref());
        both_sides(&field.path, before, after, &mut rows);
    }
    aligned(&rows, style)
}

/// The lines about a place of which only one side is known, under any sign.
pub fn alone(
    sign: char,
    meaning: Meaning,
    at: &Pointer,
    value: Option<&Value>,
    style: &Style,
) -> Vec<String> {
    let layout = Layout { column: 0, style };
    match value {
        Some(value) => layout.single(sign, meaning, at, value),
        None => {
            let place = text::escape(&at.to_string());
            let line = format!("{}{place}", layout.margin(sign));
            vec![style.paint(meaning, &line)]
        }
    }
}

/// Neighbours of one parent align; others would only push each other's values away.
fn aligned(rows: &[Row], style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    for group in rows.chunk_by(|a, b| parent(&a.at) == parent(&b.at)) {
        let widths = group
            .iter()
            .map(|row| width(&text::escape(&row.at.to_string())));
        let layout = Layout {
            column: widths.filter(|width| *width <= ALIGNED).max().unwrap_or(0),
            style,
        };
        lines.extend(group.iter().flat_map(|row| layout.row(row)));
    }
    lines
}

fn parent(at: &Pointer) -> Option<&[Text]> {
    at.parts().split_last().map(|(_, above)| above)
}

/// One place that comes, goes or changes.
pub(in crate::show::render) struct Row<'a> {
    /// Where, from the spec on.
    pub at: Pointer,
    /// What is there now.
    pub before: Option<&'a Value>,
    /// What will be there.
    pub after: Option<&'a Value>,
}

/// The places of a change, down to leaves; secrets that are only sent anew have equal sides.
pub(in crate::show::render) fn rows(change: &Change) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    // As in `Change::differences`, without a copy.
    if let Some(want) = &change.want
        && change.action == Action::Create
        && change.fields.is_empty()
    {
        want.leaves(&mut |at, leaf| both_sides(at, None, Some(leaf), &mut rows));
    }
    for FieldChange {
        path,
        before,
        after,
    } in &change.fields
    {
        both_sides(path, before.as_ref(), after.as_ref(), &mut rows);
    }
    for at in &change.sends {
        if !rows.iter().any(|row| row.at == *at)
            && let Some(secret) = change.want.as_ref().and_then(|want| want.at(at))
        {
            rows.push(Row {
                at: at.clone(),
                before: Some(secret),
                after: Some(secret),
            });
        }
    }
    rows
}

/// The leaves of a value; lists of plain values count as leaves.
fn one_side<'a>(at: &Pointer, value: &'a Value, visit: &mut dyn FnMut(Pointer, &'a Value)) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map {
                one_side(&at.join(key), value, visit);
            }
        }
        Value::List(items) if !is_leaf(value) => {
            for (index, item) in items.iter().enumerate() {
                one_side(&at.join(index), item, visit);
            }
        }
        leaf => visit(at.clone(), leaf),
    }
}

fn both_sides<'a>(
    at: &Pointer,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    rows: &mut Vec<Row<'a>>,
) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Map(old)), Some(Value::Map(new))) => {
            for (key, after) in new {
                both_sides(&at.join(key), old.get(key), Some(after), rows);
            }
            for (key, before) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
                both_sides(&at.join(key), Some(before), None, rows);
            }
        }
        (Some(b @ Value::List(old)), Some(a @ Value::List(new))) if !(is_leaf(a) && is_leaf(b)) => {
            for index in 0..old.len().max(new.len()) {
                both_sides(&at.join(index), old.get(index), new.get(index), rows);
            }
        }
        (Some(b), Some(a)) if is_leaf(a) && is_leaf(b) => rows.push(Row {
            at: at.clone(),
            before,
            after,
        }),
        (before, after) => {
            if let Some(before) = before {
                one_side(at, before, &mut |at, before| {
                    rows.push(Row {
                        at,
                        before: Some(before),
                        after: None,
                    })
                });
            }
            if let Some(after) = after {
                one_side(at, after, &mut |at, after| {
                    rows.push(Row {
                        at,
                        before: None,
                        after: Some(after),
                    })
                });
            }
        }
    }
}

/// Whether a value stands in one row: a scalar, an empty container, or a list of plain values.
fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(items) => items.iter().all(|item| match item {
            Value::Text(text) => !text.contains('\n'),
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            _ => false,
        }),
        _ => true,
    }
}

struct Layout<'a> {
    column: usize,
    style: &'a Style,
}

impl Layout<'_> {
    fn row(&self, row: &Row) -> Vec<String> {
        match (row.before, row.after) {
            (Some(before), Some(after)) => self.changed(&row.at, before, after),
            (None, Some(after)) => self.single('+', Meaning::Add, &row.at, after),
            (Some(before), None) => self.single('-', Meaning::Remove, &row.at, before),
            (None, None) => Vec::new(),
        }
    }

    fn single(&self, sign: char, meaning: Meaning, at: &Pointer, value: &Value) -> Vec<String> {
        if let Some(text) = value::block(at, value) {
            let mut lines = vec![self.opening(sign, meaning, at)];
            lines.extend(block::block(&text, meaning, self.inner(), self.style));
            return lines;
        }
        let shown = value::inline(at, value);
        let (start, room) = self.start(sign, at);
        if room < ROOM && width(&shown) > room {
            let mut lines = vec![self.opening(sign, meaning, at)];
            lines.extend(self.hanging(&" ".repeat(self.inner()), meaning, &shown));
            return lines;
        }
        self.hanging(&start, meaning, &shown)
    }

    fn changed(&self, at: &Pointer, before: &Value, after: &Value) -> Vec<String> {
        let opening = || vec![self.opening('~', Meaning::Change, at)];
        let texts = (value::text_of(at, before), value::text_of(at, after));
        if let (Some(old), Some(new)) = &texts
            && (value::block(at, before).is_some() || value::block(at, after).is_some())
            && old != new
        {
            let mut lines = opening();
            lines.extend(block::difference(old, new, self.inner(), self.style));
            return lines;
        }
        if let (Value::List(old), Value::List(new)) = (before, after) {
            let items = self.items(at, old, new);
            if !items.is_empty() {
                return [opening(), items].concat();
            }
        }
        let (old, new) = (value::inline(at, before), value::inline(at, after));
        let (start, room) = self.start('~', at);
        let both = match old == new {
            // What differs must not be shown, or is a secret that is sent anew.
            true if matches!(after, Value::Secret(_)) => {
                // A text that is made at apply is a new one anyway.
                let made = matches!(after, Value::Secret(source) if source.random().is_some());
                Some(if made {
                    new.clone()
                } else {
                    format!("{new}, sent anew")
                })
            }
            true => Some(format!("{new}, changed")),
            false => None,
        };
        if let Some(words) = both {
            if width(&words) <= room {
                return self.hanging(&start, Meaning::Change, &words);
            }
            return [
                opening(),
                self.hanging(&self.below(""), Meaning::Change, &words),
            ]
            .concat();
        }
        if width(&old) + width(&new) + 3 <= room {
            let (old, new) = (
                self.style.paint(Meaning::Remove, &old),
                self.style.paint(Meaning::Add, &new),
            );
            let start = self.style.paint(Meaning::Change, &start);
            return vec![format!("{start}{old} → {new}")];
        }
        let (old, new) = match texts {
            (Some(old), Some(new)) => without_common(&old, &new),
            _ => (old, new),
        };
        let mut lines = opening();
        for (sign, meaning, shown) in [("- ", Meaning::Remove, old), ("+ ", Meaning::Add, new)] {
            lines.extend(self.hanging(&self.below(sign), meaning, &shown));
        }
        lines
    }

    /// The items of a list that come and go.
    fn items(&self, at: &Pointer, old: &[Value], new: &[Value]) -> Vec<String> {
        let shown = |list: &[Value]| -> Vec<String> {
            list.iter().map(|item| value::inline(at, item)).collect()
        };
        let (old, new) = (shown(old), shown(new));
        let mut lines = Vec::new();
        for op in similar::capture_diff_slices(similar::Algorithm::Myers, &old, &new) {
            if let similar::DiffOp::Equal { .. } = op {
                continue;
            }
            let gone = old[op.old_range()]
                .iter()
                .map(|item| ("- ", Meaning::Remove, item));
            let come = new[op.new_range()]
                .iter()
                .map(|item| ("+ ", Meaning::Add, item));
            for (sign, meaning, item) in gone.chain(come) {
                lines.extend(self.hanging(&self.below(sign), meaning, item));
            }
        }
        lines
    }

    /// What stands before a value, and the columns that are left for it.
    fn start(&self, sign: char, at: &Pointer) -> (String, usize) {
        let place = pad(&text::escape(&at.to_string()), self.column);
        let start = format!("{}{place} = ", self.margin(sign));
        let room = self.style.width.saturating_sub(width(&start));
        (start, room)
    }

    /// The line above a value that starts below.
    fn opening(&self, sign: char, meaning: Meaning, at: &Pointer) -> String {
        let place = text::escape(&at.to_string());
        self.style
            .paint(meaning, &format!("{}{place}:", self.margin(sign)))
    }

    fn margin(&self, sign: char) -> String {
        format!("{}{sign} ", " ".repeat(INDENT))
    }

    fn inner(&self) -> usize {
        INDENT + 2
    }

    /// What stands before a part of a value that starts below its place.
    fn below(&self, sign: &str) -> String {
        format!("{}{sign}", " ".repeat(self.inner() + 2))
    }

    /// A value after its start: cut to one line, or folded when verbose.
    fn hanging(&self, start: &str, meaning: Meaning, shown: &str) -> Vec<String> {
        let room = self.style.width.saturating_sub(width(start)).max(ROOM);
        if self.style.verbose == 0 {
            let line = format!("{start}{}", cut(shown, room));
            return vec![self.style.paint(meaning, &line)];
        }
        let indent = " ".repeat(width(start));
        let pieces = fold(&[((), shown.to_owned())], room);
        let lines = pieces.into_iter().enumerate().map(|(index, piece)| {
            let start = if index == 0 { start } else { &indent };
            let piece: String = piece.into_iter().map(|(_, text)| text).collect();
            self.style.paint(meaning, &format!("{start}{piece}"))
        });
        lines.collect()
    }
}

/// Two long texts around the place where they differ, in quotes.
pub(in crate::show::render) fn without_common(old: &str, new: &str) -> (String, String) {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let (before, after) = (start.saturating_sub(AROUND), end.saturating_sub(AROUND));
    let part = |chars: &[char]| {
        let middle: String = chars[before..chars.len() - after].iter().collect();
        let (open, close) = (
            if before > 0 { "…" } else { "" },
            if after > 0 { "…" } else { "" },
        );
        format!("{open}{}{close}", text::quoted(&middle))
    };
    (part(&old), part(&new))
}
