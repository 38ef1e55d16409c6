//! Values in a document: JSON, with the leaves that JSON lacks as objects with one reserved key.
//!
//! `{"$knownAfterApply": "port.webhook.a.url"}` is known after apply; with text around it, a list of
//! `{"text": …}` and `{"reference": …}`. `{"$secret": "${env.A}"}` is a secret by where it comes from, with
//! `…` for every text of its own. A user's object with such a key alone has one `$` more in front of it.
//! What must not be shown reads `(redacted)`; of two such texts that differ the second reads
//! `(redacted-2)`. Whatever is read here is shown like what was written: redaction hides it again.

use serde_json::{Value as Json, json};

use crate::show::redact::{self, Hidden, REDACTED};
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Pointer, Template, Value};

/// The key of what is known after apply.
pub const DEFERRED: &str = "$knownAfterApply";
/// The key of a secret.
pub const SECRET: &str = "$secret";

/// Stands for texts of a secret's own.
const OWN: &str = "…";
/// The second of two hidden texts that differ. No word of it ends a URL.
const REDACTED_2: &str = "(redacted-2)";

/// A value as it may be shown. `beside` is what it is compared with, if anything.
pub fn encode(at: &Pointer, value: &Value, beside: Option<&Value>) -> Json {
    let other = |shown: Json, second: &dyn Fn() -> Json| match beside {
        Some(beside) if beside != value && encode(at, beside, None) == shown => second(),
        _ => shown,
    };
    match value {
        Value::Null => Json::Null,
        Value::Bool(_) | Value::Number(_) if redact::authorises(at) => {
            other(REDACTED.into(), &|| REDACTED_2.into())
        }
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => Json::Number(n.clone()),
        Value::Text(text) if redact::hides(at, text) => {
            other(REDACTED.into(), &|| REDACTED_2.into())
        }
        Value::Text(text) => other(redact::text(text).into(), &|| second(text).into()),
        Value::List(list) => list
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let beside = beside.and_then(|beside| beside.as_list()?.get(index));
                encode(&at.join(index), item, beside)
            })
            .collect(),
        Value::Map(map) => {
            let alone = map.len() == 1;
            let entries = map.iter().map(|(key, value)| {
                let beside = beside.and_then(|beside| beside.get(key));
                let name = match alone && is_reserved(key) {
                    true => format!("${key}"),
                    false => key.to_string(),
                };
                (name, encode(&at.join(key), value, beside))
            });
            Json::Object(entries.collect())
        }
        Value::Deferred(template) => json!({ DEFERRED: deferred(at, template) }),
        Value::Secret(source) => {
            let shown = |more: &str| json!({ SECRET: format!("{}{more}", origin(source)) });
            other(shown(""), &|| shown(OWN))
        }
    }
}

/// A value that was read from a document.
pub fn decode(json: Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => Value::Number(n),
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::List(items.into_iter().map(decode).collect::<Result<_, _>>()?),
        Json::Object(map) => {
            let alone = map.len() == 1;
            let mut entries = crate::words::value::Map::new();
            for (key, json) in map {
                if alone && key == DEFERRED {
                    return Ok(Value::Deferred(waiting(json)?));
                }
                if alone && key == SECRET {
                    return secret(&json);
                }
                let name = match key.strip_prefix('$') {
                    Some(name) if alone && is_reserved(name) => name.to_owned(),
                    _ => key,
                };
                entries.insert(name, decode(json)?);
            }
            Value::Map(entries)
        }
    })
}

/// Whether a key is reserved, however often it was escaped.
fn is_reserved(key: &str) -> bool {
    let name = key.trim_start_matches('$');
    key.starts_with('$') && [DEFERRED, SECRET].iter().any(|word| word[1..] == *name)
}

/// A text with hidden parts, unlike another one that is shown the same.
fn second(text: &str) -> String {
    redact::text_with(text, &mut |hidden, _| match hidden {
        Hidden::Userinfo => REDACTED_2.to_owned(),
        Hidden::Intake => "…2".to_owned(),
    })
}

fn origin(source: &SecretSource) -> String {
    let parts = source.template().parts.iter();
    parts
        .map(|part| match part {
            Part::Text(_) => OWN.to_owned(),
            Part::Reference(reference) => format!("${{{reference}}}"),
        })
        .collect()
}

fn secret(json: &Json) -> Result<Value, String> {
    let text = json.as_str().ok_or_else(|| unlike(SECRET, json))?;
    let template = Template::parse(text).map_err(|_| unlike(SECRET, json))?;
    // Nothing but where it comes from is ever in a document; a text that is there is not believed.
    let own = |part: &Part| match part {
        Part::Text(text) => text.chars().all(|c| OWN.contains(c)),
        Part::Reference(_) => true,
    };
    match template.parts.iter().all(own) {
        true => Ok(Value::Secret(SecretSource::new(template))),
        false => Err(unlike(SECRET, &Json::String("another text".into()))),
    }
}

/// The parts of a text that waits, each as it may be shown.
fn deferred(at: &Pointer, template: &Template) -> Json {
    let reference = |reference: &Reference| json!({ "reference": reference.to_string() });
    if let Some(single) = template.single() {
        return single.to_string().into();
    }
    let all: Vec<&Reference> = template.references().collect();
    if redact::authorises(at) {
        return match all.as_slice() {
            [one] => one.to_string().into(),
            several => several.iter().copied().map(reference).collect(),
        };
    }
    // Redacting goes first and must see one word where something unknown stands.
    let mut index = 0;
    let marked = template.render(&mut |_| {
        index += 1;
        Some(format!("{MARK}{index}{MARK}"))
    });
    let text = redact::text(&marked.unwrap_or_default());
    let mut parts: Vec<Json> = Vec::new();
    let mut literal = String::new();
    let mut pieces = text.split(MARK).peekable();
    while let Some(piece) = pieces.next() {
        let known = piece
            .parse::<usize>()
            .ok()
            .filter(|_| pieces.peek().is_some());
        match known.and_then(|index| all.get(index.checked_sub(1)?)) {
            Some(known) => {
                push(&mut parts, &mut literal);
                parts.push(reference(known));
            }
            None => literal.push_str(piece),
        }
    }
    push(&mut parts, &mut literal);
    Json::Array(parts)
}

/// Stands around the number of a reference; no character, so no text has it.
const MARK: char = '\u{fdd0}';

fn push(parts: &mut Vec<Json>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(json!({ "text": std::mem::take(literal) }));
    }
}

fn waiting(json: Json) -> Result<Template, String> {
    let reference = |text: &str| {
        let template = Template::parse(&format!("${{{text}}}")).ok();
        template.and_then(|template| Some(Part::Reference(template.single()?.clone())))
    };
    let parts = match &json {
        Json::String(text) => reference(text).map(|part| vec![part]),
        Json::Array(items) => {
            let part = |item: &Json| match (item.get("text"), item.get("reference")) {
                (Some(Json::String(text)), None) => Some(Part::Text(text.clone())),
                (None, Some(Json::String(text))) => reference(text),
                _ => None,
            };
            items.iter().map(part).collect()
        }
        _ => None,
    };
    let parts = parts.ok_or_else(|| unlike(DEFERRED, &json))?;
    Ok(Template { parts })
}

fn unlike(key: &str, json: &Json) -> String {
    let shown: String = json.to_string().chars().take(60).collect();
    format!("`{key}` says nothing that is a reference: {shown}")
}
