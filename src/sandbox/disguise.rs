//! Answers that say the same in other words: what a client must not take for a difference.
//!
//! Which request is answered so is decided in `fault`. Errors are in `failure`.

use std::fmt::Write as _;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Map, Value, json};

use super::fault::Effect;

/// Whether an effect is a disguise.
pub(crate) fn is_one(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Reorder { .. }
            | Effect::ExtraFields
            | Effect::ShuffleKeys { .. }
            | Effect::FillDefaults
            | Effect::Reescape
            | Effect::EmptyLists
            | Effect::Enlarge { .. }
    )
}

/// Disguises an answer of Port.
pub(crate) fn of_port(body: &mut Value, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::ExtraFields => add_extra_fields(body),
            Effect::FillDefaults => fill_defaults(body),
            Effect::Enlarge { bytes } => enlarge(body, *bytes),
            _ => {}
        }
    }
    of_any(body, effects);
}

/// Disguises the data of any service.
pub(crate) fn of_any(body: &mut Value, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Reorder { seed } => shuffle_members(body, *seed),
            Effect::ShuffleKeys { seed } => shuffle_keys(body, *seed),
            Effect::EmptyLists => empty_lists(body),
            _ => {}
        }
    }
}

/// Disguises a whole answer of Spacelift; beside `data` a server may say what it likes in `extensions`.
pub(crate) fn of_graphql(answer: &mut Value, effects: &[Effect]) {
    if let Some(data) = answer.get_mut("data") {
        of_any(data, effects);
    }
    for effect in effects {
        if let Effect::Enlarge { bytes } = effect
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("extensions".to_owned(), json!({PADDING: padding(*bytes)}));
        }
    }
}

/// The bytes of an answer.
pub(crate) fn written(body: &Value, effects: &[Effect]) -> Vec<u8> {
    if effects.contains(&Effect::Reescape) {
        reescaped(body)
    } else {
        body.to_string().into_bytes()
    }
}

/// Shuffles each list that is a direct member of an object.
fn shuffle_members(body: &mut Value, seed: u64) {
    let mut generator = StdRng::seed_from_u64(seed);
    for list in body
        .as_object_mut()
        .into_iter()
        .flat_map(|body| body.values_mut())
    {
        if let Some(items) = list.as_array_mut() {
            items.shuffle(&mut generator);
        }
    }
}

/// Adds a field that nobody knows to each object of an answer.
fn add_extra_fields(body: &mut Value) {
    let add = |object: &mut Value| {
        if let Some(object) = object.as_object_mut() {
            object.insert("sandboxExtra".to_owned(), json!({"since": "tomorrow"}));
        }
    };
    for member in body
        .as_object_mut()
        .into_iter()
        .flat_map(|body| body.values_mut())
    {
        match member {
            Value::Array(items) => items.iter_mut().for_each(add),
            member => add(member),
        }
    }
}

/// The field that holds what means nothing.
const PADDING: &str = "sandboxPadding";
/// What only objects in closed bodies have: actions, scorecards, webhooks.
const CLOSED: [&str; 4] = ["invocationMethod", "rules", "mappings", "webhookKey"];

fn padding(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Adds so many bytes to an answer of Port: half of them beside the payload, half in the objects of closed bodies.
/// An open body is written back with all that it has, and would be too large for that.
fn enlarge(body: &mut Value, bytes: usize) {
    let Some(members) = body.as_object_mut() else {
        return;
    };
    let mut closed: Vec<&mut Map<String, Value>> = members
        .values_mut()
        .flat_map(|member| match member {
            Value::Array(items) => items.iter_mut().collect(),
            member => vec![member],
        })
        .filter_map(Value::as_object_mut)
        .filter(|object| CLOSED.iter().any(|key| object.contains_key(*key)))
        .collect();
    let share = bytes / 2 / closed.len().max(1);
    for object in &mut closed {
        object.insert(PADDING.to_owned(), padding(share).into());
    }
    let rest = bytes - share * closed.len();
    members.insert(PADDING.to_owned(), padding(rest).into());
}

/// Puts the members of every object into another order; JSON gives that order no meaning.
fn shuffle_keys(value: &mut Value, seed: u64) {
    shuffle(value, &mut StdRng::seed_from_u64(seed));
}

fn shuffle(value: &mut Value, generator: &mut StdRng) {
    match value {
        Value::Object(fields) => {
            let mut all: Vec<(String, Value)> = std::mem::take(fields).into_iter().collect();
            all.shuffle(generator);
            all.iter_mut()
                .for_each(|(_, value)| shuffle(value, generator));
            *fields = all.into_iter().collect();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shuffle(item, generator)),
        _ => {}
    }
}

/// Adds what the web application writes into objects that a client left out (PA section 1): nulls,
/// and the documented defaults of actions.
fn fill_defaults(body: &mut Value) {
    for member in body.as_object_mut().into_iter().flat_map(Map::values_mut) {
        match member {
            Value::Array(items) => items.iter_mut().for_each(fill_object),
            member => fill_object(member),
        }
    }
}

fn fill_object(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    if fields.contains_key("invocationMethod") {
        fill_action(fields);
    }
    let known = ["schema", "mappings", "invocationMethod"];
    if known.iter().any(|key| fields.contains_key(*key)) {
        for key in ["description", "icon"] {
            fields.entry(key).or_insert(Value::Null);
        }
    }
}

fn fill_action(fields: &mut Map<String, Value>) {
    fields.entry("requiredApproval").or_insert(json!(false));
    fields.entry("publish").or_insert(json!(true));
    if let Some(Value::Object(method)) = fields.get_mut("invocationMethod")
        && method.get("type") == Some(&json!("WEBHOOK"))
    {
        method.entry("agent").or_insert(json!(false));
        method.entry("synchronized").or_insert(json!(false));
        method.entry("method").or_insert(json!("POST"));
    }
    let inputs = fields
        .get_mut("trigger")
        .and_then(|trigger| trigger.get_mut("userInputs"));
    if let Some(Value::Object(inputs)) = inputs {
        inputs.entry("required").or_insert(json!([]));
        if !inputs.contains_key("steps") {
            inputs.entry("order").or_insert(json!([]));
        }
    }
}

/// Takes the items out of each list that is a direct member of an object, or of a connection there, and with them
/// what says that there are more.
fn empty_lists(body: &mut Value) {
    let Some(members) = body.as_object_mut() else {
        return;
    };
    members.shift_remove("next");
    for member in members.values_mut() {
        match member {
            Value::Array(items) => items.clear(),
            member => {
                if let Some(Value::Array(edges)) = member.get_mut("edges") {
                    edges.clear();
                }
                if let Some(has_next) = member.pointer_mut("/pageInfo/hasNextPage") {
                    *has_next = false.into();
                }
            }
        }
    }
}

/// JSON in which every character of a text that may be escaped is.
fn reescaped(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    write(value, &mut text);
    text.into_bytes()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::String(inner) => quote(inner, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { " , " } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, item)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { " , " } else { "" });
                quote(key, text);
                text.push_str(" : ");
                write(item, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn quote(inner: &str, text: &mut String) {
    text.push('"');
    for unit in inner.encode_utf16() {
        let letter = char::from_u32(u32::from(unit));
        match letter {
            Some('/') => text.push_str("\\/"),
            Some(letter) if letter.is_ascii_alphanumeric() => text.push(letter),
            _ => {
                // Writing into a text never fails.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disguise_changes_the_bytes_and_not_the_meaning() {
        let plain = json!({"a": "x<y>&\"/\\ Größe 😀\n", "b": [1, null, {"c": true, "d": 0.5}]});
        let bytes = reescaped(&plain);
        assert_ne!(bytes, plain.to_string().into_bytes());
        assert!(bytes.is_ascii());
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), plain);
        let mut shuffled = plain.clone();
        shuffle_keys(&mut shuffled, 3);
        assert_eq!(shuffled, plain);
    }

    #[test]
    fn defaults_are_those_of_the_web_application() {
        let mut body = json!({"actions": [{
            "identifier": "a", "trigger": {"userInputs": {"properties": {}}},
            "invocationMethod": {"type": "WEBHOOK", "url": "u"},
        }]});
        fill_defaults(&mut body);
        let action = &body["actions"][0];
        assert_eq!(action["invocationMethod"]["method"], "POST");
        assert_eq!(action["trigger"]["userInputs"]["order"], json!([]));
        assert_eq!(action["requiredApproval"], false);
    }
}
