//! One value in one line, with what must not be shown left out.
//!
//! Deliberately not here: texts of several lines (see `block`).

use crate::show::{redact, text};
use crate::words::{Pointer, Template, Value};

/// A value at its place, in one line.
pub fn inline(at: &Pointer, value: &Value) -> String {
    match value {
        Value::Deferred(template) => match around(at, value) {
            Some(shown) => text::quoted(&shown),
            None => waits(template),
        },
        // Nobody can know the text before it is sent.
        Value::Secret(source) if source.random().is_some() => {
            format!("(secret) {}, made at apply", text::escape(&source.origin()))
        }
        Value::Secret(source) => match source.origin() {
            origin if origin.is_empty() => "(secret)".to_owned(),
            origin => format!("(secret) from {}", text::escape(&origin)),
        },
        Value::List(items) => {
            let items = items
                .iter()
                .enumerate()
                .map(|(index, item)| inline(&at.join(index), item));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| {
                format!("{}: {}", text::escape(key), inline(&at.join(key), value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Text(value) => match redact::at(at, value) {
            Some(shown) => text::quoted(&shown),
            None => redact::REDACTED.to_owned(),
        },
        Value::Bool(_) | Value::Number(_) if redact::authorises(at) => redact::REDACTED.to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The text of a value that needs several lines, as it may be shown.
pub fn block(at: &Pointer, value: &Value) -> Option<String> {
    text_of(at, value).filter(|text| text.trim_end_matches('\n').contains('\n'))
}

/// The text of a value as it may be shown, with what is known after apply named in its place.
pub fn text_of(at: &Pointer, value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => redact::at(at, text),
        Value::Deferred(_) => around(at, value),
        _ => None,
    }
}

/// The known text around what is deferred; `None` when there is none or it must not be shown.
///
/// Literal parts of a `Deferred` are as public as any text: those of secrets are `Secret`.
fn around(at: &Pointer, value: &Value) -> Option<String> {
    let Value::Deferred(template) = value else {
        return None;
    };
    if template.single().is_some() || redact::authorises(at) {
        return None;
    }
    // Redacting goes first and must see one word where something unknown stands.
    let mark = |index: usize| format!("\u{fdd0}{index}\u{fdd0}");
    let mut waiting = Vec::new();
    let text = template.render(&mut |reference| {
        waiting.push(Template::of(reference.clone()));
        Some(mark(waiting.len()))
    })?;
    let mut shown = redact::text(&text);
    for (index, template) in waiting.iter().enumerate() {
        shown = shown.replace(&mark(index + 1), &waits(template));
    }
    Some(shown)
}

fn waits(template: &Template) -> String {
    format!("(known after apply: {})", text::escape(&template.needs()))
}
