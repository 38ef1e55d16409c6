//! The placeholders `spacelift::logs::PHASE` in the texts of payloads and comments, which are replaced by
//! the log of that phase (SA section 10). Keys are left alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// How a placeholder begins.
const PREFIX: &str = "spacelift::logs::";

/// A value with every placeholder in its texts replaced.
pub(super) fn filled(value: &Value, logs: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(filled_text(text, logs)),
        Value::Array(items) => items.iter().map(|item| filled(item, logs)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), filled(value, logs)))
            .collect(),
        other => other.clone(),
    }
}

fn filled_text(text: &str, logs: &BTreeMap<String, String>) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let (before, from) = rest.split_at(at);
        let name = &from[PREFIX.len()..];
        done.push_str(before);
        let phase = logs
            .iter()
            .find(|(phase, _)| name.starts_with(phase.as_str()));
        match phase {
            Some((phase, log)) => {
                done.push_str(log);
                rest = &name[phase.len()..];
            }
            // Not one of the phases that have logs.
            None => {
                done.push_str(PREFIX);
                rest = name;
            }
        }
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_replaced_in_texts_and_not_in_keys() {
        let logs = BTreeMap::from([
            ("planning".to_owned(), "no changes".to_owned()),
            ("applying".to_owned(), String::new()),
        ]);
        let payload = json!({
            "spacelift::logs::planning": 1,
            "deep": [{"log": "> spacelift::logs::planning <spacelift::logs::applying>"}],
            "other": "spacelift::logs::destroying spacelift::logs::",
        });
        let expected = json!({
            "spacelift::logs::planning": 1,
            "deep": [{"log": "> no changes <>"}],
            "other": "spacelift::logs::destroying spacelift::logs::",
        });
        assert_eq!(filled(&payload, &logs), expected);
    }
}
