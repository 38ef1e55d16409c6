//! Discreet: what of an answer may be repeated, as a service may quote the request that it refuses.
//!
//! Known secret texts are hidden in every spelling that a service may quote them in. Deliberately
//! not here: texts that nobody told us are secret (see `words::redact` and `http::trace`).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

/// What must not be repeated from an answer.
#[derive(Default)]
pub(super) struct Discreet {
    secrets: Vec<SecretString>,
}

/// What stands in place of a secret.
pub(super) const SECRET: &str = "(secret)";

/// Stands there until all are hidden, so that none is found in the word that hides another.
const HIDDEN: &str = "\0";
const SHOWN: usize = 120;
const SAID: usize = 600;
/// Shorter texts are not looked for in other alphabets, where they would be found by chance.
const TELLING: usize = 6;

impl Discreet {
    /// Hides these texts, however they are spelled.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let secrets = secrets.into_iter();
        let mut secrets: Vec<SecretString> = secrets
            .filter(|secret| !secret.expose_secret().is_empty())
            .cloned()
            .collect();
        // A secret that contains another one goes first, or its rest would be shown.
        secrets.sort_by_key(|s| std::cmp::Reverse(s.expose_secret().len()));
        Discreet { secrets }
    }

    /// The first line of a body that is not what was expected.
    pub fn first_line(&self, body: &[u8]) -> String {
        let text = self.hide(&String::from_utf8_lossy(body));
        let line = text.trim_start().lines().next().unwrap_or_default();
        shorten(line, SHOWN)
    }

    /// What a refusing body says: the message in its JSON, else its first line.
    pub fn body(&self, body: &[u8]) -> String {
        let json = serde_json::from_slice::<Json>(body).ok();
        match json.as_ref().and_then(said) {
            Some(text) => self.message(&text),
            None if body.is_empty() => "(an empty answer)".into(),
            None => format!("`{}`", self.first_line(body)),
        }
    }

    /// A message of the service.
    pub fn message(&self, text: &str) -> String {
        let text = self.hide(text);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        shorten(&lines.join(" "), SAID)
    }

    /// The text with every known secret replaced.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            for spelling in spellings(secret.expose_secret()) {
                if text.contains(spelling.as_str()) {
                    text = text.replace(spelling.as_str(), HIDDEN);
                }
            }
        }
        text.replace(HIDDEN, SECRET)
    }
}

/// A text as it is, inside of JSON, inside of JSON in JSON, percent-encoded, in hexadecimal, and in
/// Base64 wherever it stands in what was encoded.
fn spellings(secret: &str) -> Vec<Zeroizing<String>> {
    let mut found: Vec<Zeroizing<String>> = Vec::new();
    let mut add = |spelling: String| {
        let spelling = Zeroizing::new(spelling);
        if !found.contains(&spelling) {
            found.push(spelling);
        }
    };
    let mut quoted = secret.to_owned();
    for _ in 0..3 {
        let mut outer = Json::from(quoted.as_str()).to_string();
        add(std::mem::replace(
            &mut quoted,
            outer[1..outer.len() - 1].to_owned(),
        ));
        outer.zeroize();
    }
    quoted.zeroize();
    if secret.len() < TELLING {
        return found;
    }
    add(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
    let hex = |digit: fn(u8) -> String| secret.bytes().map(digit).collect::<String>();
    add(hex(|byte| format!("{byte:02x}")));
    add(hex(|byte| format!("{byte:02X}")));
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3 {
            add(inside_base64(engine, before, secret.as_bytes()));
        }
    }
    found
}

/// The digits that a text surely has in Base64 when `before` bytes, or three times more, come
/// before it: those that hold bits of a neighbour are left out.
fn inside_base64(engine: &impl Engine, before: usize, secret: &[u8]) -> String {
    let mut padded = Zeroizing::new(Vec::with_capacity(before + secret.len()));
    padded.resize(before, 0);
    padded.extend_from_slice(secret);
    let digits = Zeroizing::new(engine.encode(padded.as_slice()));
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    digits.get(first..last).unwrap_or_default().to_owned()
}

/// The words in a refusal: `error` is a code or an object, `message` explains it, `details` may
/// name places (PA section 1); GraphQL servers that refuse a whole request answer `errors`.
pub(super) fn said(body: &Json) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    match body.get("error") {
        Some(Json::String(code)) => words.push(code.clone()),
        Some(Json::Object(error)) => {
            let texts = ["name", "message"]
                .iter()
                .filter_map(|k| error.get(*k)?.as_str());
            words.extend(texts.map(str::to_owned));
        }
        _ => {}
    }
    if let Some(message) = body.get("message").and_then(Json::as_str) {
        words.push(message.to_owned());
    }
    let errors = body
        .get("errors")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    words.extend(errors.filter_map(|e| Some(e.get("message")?.as_str()?.to_owned())));
    if let Some(details) = body.get("details").filter(|d| !d.is_null()) {
        words.push(details.to_string());
    }
    words.dedup();
    (!words.is_empty()).then(|| words.join(": "))
}

/// Shows control characters and cuts after `limit` characters.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.trim_end().chars().enumerate() {
        if index == limit {
            shown.push('…');
            break;
        }
        // Direction marks would turn what follows around on a terminal.
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const TEXT: &str = "canary \"of\" <7>&é/\\";

    #[test]
    fn a_secret_is_hidden_however_it_is_spelled() {
        let secret = SecretString::from(TEXT);
        let discreet = Discreet::new([&secret]);
        let json = Json::from(TEXT).to_string();
        let twice = Json::from(json.as_str()).to_string();
        let hex: String = TEXT.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent = utf8_percent_encode(TEXT, NON_ALPHANUMERIC).to_string();
        for spelled in [TEXT, &json, &twice, &hex, &hex.to_uppercase(), &percent] {
            let shown = discreet.hide(&format!("a {spelled} b"));
            assert_eq!(shown.replace(['"', '\\'], ""), "a (secret) b", "{spelled}");
        }
    }

    #[test]
    fn nothing_of_a_secret_is_left_in_base64_wherever_it_stands() {
        let secret = SecretString::from(TEXT);
        let discreet = Discreet::new([&secret]);
        for before in ["", "a", "ab", "abc", "bob:", "user:name:"] {
            for after in ["", "z", "yz", "xyz"] {
                let encoded = STANDARD.encode(format!("{before}{TEXT}{after}"));
                let shown = discreet.hide(&encoded);
                assert!(shown.contains(SECRET), "{before} {after} {shown}");
                let left = shown.len() - SECRET.len();
                assert!(left <= before.len() * 4 / 3 + after.len() * 4 / 3 + 8);
            }
        }
    }

    #[test]
    fn a_longer_secret_goes_first_and_an_empty_one_hides_nothing() {
        let secrets = ["ab", "abcd", ""].map(SecretString::from);
        assert_eq!(
            Discreet::new(&secrets).hide("abcd ab c"),
            "(secret) (secret) c"
        );
    }

    #[test]
    fn no_secret_is_found_in_the_word_that_hides_another() {
        let secrets = ["secret", "a\"b"].map(SecretString::from);
        let told = Discreet::new(&secrets).hide("secret, a\"b, a\\\"b");
        assert_eq!(told, "(secret), (secret), (secret)");
    }
}
