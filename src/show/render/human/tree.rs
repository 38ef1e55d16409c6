//! A whole spec as the user wrote it: nested like YAML, short maps in one line.
//!
//! For objects that are created, where every place is new and pointers would only repeat
//! themselves. Deliberately not here: differences (see `fields`).

use crate::show::render::human::{block, value};
use crate::show::text::{cut, escape, fold, line as escaped_line, width};
use crate::show::{Meaning, Style, redact};
use crate::want::yaml::emit;
use crate::words::value::Map;
use crate::words::{Pointer, Value};

/// Columns per level.
const STEP: usize = 2;
/// The fewest columns worth writing a value in.
const ROOM: usize = 24;

/// How texts of several lines stand in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// Behind a gutter, where a text could pass for a line of ours.
    Gutter,
    /// As YAML writes them, where each line is marked already.
    Literal,
}

/// The lines of a spec from `indent` on. Empty maps and lists are left out unless verbose.
pub fn human(spec: &Value, indent: usize, style: &Style) -> Vec<String> {
    tree(spec, indent, style, Blocks::Gutter)
}

/// The same, with texts of several lines as asked.
pub fn tree(spec: &Value, indent: usize, style: &Style, blocks: Blocks) -> Vec<String> {
    let mut lines = Vec::new();
    if let Value::Map(map) = spec {
        let look = Look { style, blocks };
        entries(map, &Pointer::root(), indent, look, &mut lines);
    }
    lines
}

#[derive(Clone, Copy)]
struct Look<'a> {
    style: &'a Style,
    blocks: Blocks,
}

fn entries(map: &Map, at: &Pointer, indent: usize, look: Look, lines: &mut Vec<String>) {
    for (key, value) in map {
        if is_empty(value) && look.style.verbose == 0 {
            continue;
        }
        let start = format!("{}{}:", " ".repeat(indent), escape(&emit::quote(key)));
        put(&start, &at.join(key), value, indent + STEP, look, lines);
    }
}

/// One value after `start`, in its line when it fits, else below.
fn put(
    start: &str,
    at: &Pointer,
    value: &Value,
    indent: usize,
    look: Look,
    lines: &mut Vec<String>,
) {
    let room = look.style.width.saturating_sub(width(start) + 1);
    if let Some(text) = value::block(at, value) {
        match look.blocks {
            Blocks::Gutter => {
                lines.push(start.to_owned());
                lines.extend(block::block(&text, Meaning::Plain, indent, look.style));
            }
            Blocks::Literal => literal(start, &text, indent, lines),
        }
        return;
    }
    if let Some(short) = inline(at, value).filter(|short| width(short) <= room) {
        lines.push(format!("{start} {short}"));
        return;
    }
    match value {
        Value::Map(map) => {
            lines.push(start.to_owned());
            entries(map, at, indent, look, lines);
        }
        Value::List(items) => {
            lines.push(start.to_owned());
            for (index, item) in items.iter().enumerate() {
                list_item(&at.join(index), item, indent, look, lines);
            }
        }
        scalar => long(start, &self::scalar(at, scalar), indent, look, lines),
    }
}

/// An item of a list: what stands below its dash is indented as far as what follows the dash.
fn list_item(at: &Pointer, item: &Value, indent: usize, look: Look, lines: &mut Vec<String>) {
    let dash = format!("{}-", " ".repeat(indent));
    let Value::Map(map) = item else {
        return put(&dash, at, item, indent + STEP, look, lines);
    };
    let mut below = Vec::new();
    entries(map, at, indent + STEP, look, &mut below);
    if let Some(first) = below.first_mut() {
        first.replace_range(..dash.len(), &dash);
    }
    lines.extend(below);
}

/// A text of several lines as a block of YAML; how it ends stands in its first line.
fn literal(start: &str, text: &str, indent: usize, lines: &mut Vec<String>) {
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    let (mark, shown) = match ends {
        0 => ("|-", text),
        1 => ("|", body),
        _ => ("|+", &text[..text.len() - 1]),
    };
    lines.push(format!("{start} {mark}"));
    let indent = " ".repeat(indent);
    let shown = shown.split('\n');
    lines.extend(shown.map(|line| format!("{indent}{}", escaped_line(line, false))));
}

/// A text that its line has no room for: cut with a count, or folded when verbose. Where each line
/// is marked already, a page is as wide as it has to be.
fn long(start: &str, shown: &str, indent: usize, look: Look, lines: &mut Vec<String>) {
    if look.blocks == Blocks::Literal {
        return lines.push(format!("{start} {shown}"));
    }
    let style = look.style;
    let room = style.width.saturating_sub(width(start) + 1);
    // What is known after apply is short enough for a line of its own.
    let whole = shown.starts_with('(');
    if style.verbose == 0 && !whole && room >= ROOM {
        lines.push(format!("{start} {}", cut(shown, room)));
        return;
    }
    lines.push(start.to_owned());
    let room = style.width.saturating_sub(indent).max(ROOM);
    for piece in fold(&[((), shown.to_owned())], room) {
        let piece: String = piece.into_iter().map(|(_, text)| text).collect();
        lines.push(format!("{}{piece}", " ".repeat(indent)));
    }
}

/// A value in one line; `None` when it holds a text of several lines or a list of maps.
fn inline(at: &Pointer, value: &Value) -> Option<String> {
    match value {
        Value::Map(map) if !map.is_empty() => {
            let entries: Option<Vec<String>> = map
                .iter()
                .map(|(key, value)| {
                    Some(format!(
                        "{}: {}",
                        escape(&emit::quote(key)),
                        inline(&at.join(key), value)?
                    ))
                })
                .collect();
            Some(format!("{{ {} }}", entries?.join(", ")))
        }
        Value::List(items) if !items.is_empty() => {
            let plain = items
                .iter()
                .all(|item| !matches!(item, Value::Map(_) | Value::List(_)));
            let items: Option<Vec<String>> = items
                .iter()
                .enumerate()
                .map(|(i, item)| inline(&at.join(i), item))
                .collect();
            plain.then_some(format!("[{}]", items?.join(", ")))
        }
        scalar if value::block(at, scalar).is_some() => None,
        scalar => Some(self::scalar(at, scalar)),
    }
}

fn scalar(at: &Pointer, value: &Value) -> String {
    match value {
        Value::Text(text) => match redact::at(at, text) {
            Some(shown) => escape(&emit::quote(&shown)),
            None => redact::REDACTED.to_owned(),
        },
        Value::Map(_) => "{}".into(),
        Value::List(_) => "[]".into(),
        other => value::inline(at, other),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}
