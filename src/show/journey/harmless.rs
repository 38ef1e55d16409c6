//! Values and sentences as they may be shown: what authorises is hidden, stand-ins are not (law 5).

use serde_json::Value as Json;

use crate::show::redact::{self, REDACTED};
use crate::words::Pointer;

/// The value at a place of a journey, with everything hidden that authorises somebody.
pub fn harmless(at: &Pointer, value: &Json) -> Json {
    match value {
        Json::String(text) if redact::authorises(at) => match is_stand_in(text) {
            true => text.clone().into(),
            false => REDACTED.into(),
        },
        Json::Null | Json::Bool(_) => value.clone(),
        Json::Number(_) if redact::authorises(at) => REDACTED.into(),
        Json::Number(_) => value.clone(),
        Json::String(text) => sentence(text).into(),
        Json::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(n, item)| harmless(&at.join(n), item)).collect()
        }
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), harmless(&at.join(key), value)))
                .collect(),
        ),
    }
}

/// A text of a journey. A sample that somebody took from life may hold a token.
pub fn sentence(text: &str) -> String {
    let shown = redact::text_with(text, &mut |what, hidden| match what {
        redact::Hidden::Intake if hidden.starts_with("key-of-") => hidden.to_owned(),
        redact::Hidden::Intake => "…".to_owned(),
        redact::Hidden::Userinfo => REDACTED.to_owned(),
    });
    redact::tokens(&shown)
}

/// Whether a text is made of stand-ins and at most one word before them, as `Bearer <secret TOKEN>`.
fn is_stand_in(text: &str) -> bool {
    let mut words = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some(start) = rest.find('<') {
        let known = [
            "<secret ",
            "<random ",
            "<env ",
            "<encrypted ",
            "<runtime token",
        ];
        let tail = &rest[start..];
        let end = tail.find('>');
        let (true, Some(end)) = (known.iter().any(|k| tail.starts_with(k)), end) else {
            return false;
        };
        words.push_str(&rest[..start]);
        rest = &tail[end + 1..];
        any = true;
    }
    words.push_str(rest);
    let word = words.trim();
    any && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-') && word.len() <= 12
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stand_in_may_be_shown_and_a_credential_may_not() {
        let value = json!({
            "url": "https://user:pass@example.com/x",
            "intake": ["https://ingest.port.io/key-of-mapper", "https://ingest.port.io/AbC123"],
            "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
            "headers": {
                "Authorization": "Bearer <secret TOKEN>", "X-Token": "abc", "Cookie": 5,
                "X-Api-Key": "<secret A> and abcdefghijklmnop", "Accept": "text/plain",
            },
        });
        assert_eq!(
            harmless(&Pointer::root(), &value),
            json!({
                "url": "https://(redacted)@example.com/x",
                "intake": ["https://ingest.port.io/key-of-mapper", "https://ingest.port.io/…"],
                "jwt": "(redacted)",
                "headers": {
                    "Authorization": "Bearer <secret TOKEN>", "X-Token": "(redacted)",
                    "Cookie": "(redacted)", "X-Api-Key": "(redacted)", "Accept": "text/plain",
                },
            })
        );
    }
}
