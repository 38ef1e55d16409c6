//! One value in one line, with what must not be shown left out.
//!
//! Deliberately not here: texts of several lines (see `block`).

use crate::show::{redact, text};
use crate::words::{Pointer, Value};

/// A value at its place, in one line.
pub fn inline(at: &Pointer, value: &Value) -> String {
    match value {
        Value::Deferred(template) => {
            format!("(known after apply: {})", text::escape(&template.needs()))
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
    let text = value.as_text()?;
    let several = text.trim_end_matches('\n').contains('\n');
    several.then(|| redact::at(at, text)).flatten()
}
