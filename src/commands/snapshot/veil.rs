//! The veil: what stands in a snapshot for texts that must not be in it.
//!
//! What is hidden is what no output shows (see `show::redact`), and the bare keys of intakes. In
//! its place stands a mark that redaction hides just as it hid the text, so that a plan is shown
//! the same.
//!
//! The mark of a key of an intake is a hash: nobody guesses a key that Port made, and a document
//! that holds the same URL must not look different. So is the mark of a text that the project
//! itself holds, which whoever plans it can read there. Any other text, a live `Authorization`
//! header for one, may be short enough to be guessed; its mark is a number that says nothing but
//! which texts are equal. The price: such a text, when a branch brings it into the project, counts
//! as another one until a snapshot is taken with it.
//!
//! Who plans knows the project, hashes its texts, and puts them back where their marks stand.
//! Deliberately not here: which parts of a snapshot there are.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::decide::ledger::hex;
use crate::show::redact::{self, Hidden};
use crate::want::desired::Desired;
use crate::words::{Pointer, Value};

/// Begins every mark: one word that no URL, header or template gives a meaning to.
const MARK: &str = "spaceport-hidden-";

/// Digits of a hash.
const DIGITS: usize = 32;

/// A key of an intake, where it stands alone (PA section 4).
const KEY: &str = "webhookKey";

/// Divides the path of an intake's URL, of which the key is one piece.
const DIVIDES: &[char] = &['/', '?', '#', '&', '='];

/// A text that must not be in a snapshot.
enum Secret<'a> {
    /// The key of an intake.
    Intake(&'a str),
    /// What stands before the `@` of a URL.
    Userinfo(&'a str),
    /// A whole value, as JSON.
    Whole(String),
}

/// Hides texts.
#[derive(Debug)]
pub struct Veil {
    public: Public,
    numbers: BTreeMap<String, usize>,
}

/// The hidden texts that a project holds itself, by their marks.
#[derive(Debug, Default)]
pub struct Public {
    parts: BTreeMap<String, String>,
    wholes: BTreeMap<String, Json>,
}

impl Veil {
    /// A veil over what this project does not hold.
    pub fn over(desired: &Desired) -> Veil {
        Veil {
            public: Public::of(desired),
            numbers: BTreeMap::new(),
        }
    }

    /// Puts marks in place of all texts that must not be seen.
    pub fn draw(&mut self, json: &mut Json) {
        rewrite(json, &mut Pointer::root(), &mut |secret| self.mark(secret));
    }

    fn mark(&mut self, secret: Secret) -> String {
        let (text, hash) = match secret {
            Secret::Intake(text) => return hashed(text),
            Secret::Userinfo(text) => (text.to_owned(), hashed(text)),
            Secret::Whole(json) => {
                let hash = hashed(&json);
                (json, hash)
            }
        };
        if self.public.parts.contains_key(&hash) || self.public.wholes.contains_key(&hash) {
            return hash;
        }
        let next = self.numbers.len() + 1;
        let number = self.numbers.entry(text).or_insert(next);
        format!("{MARK}no-{number}")
    }
}

impl Public {
    /// The texts of a project.
    pub fn of(desired: &Desired) -> Public {
        let mut public = Public::default();
        for object in desired.objects.values() {
            object.spec.leaves(&mut |at, leaf| public.collect(at, leaf));
        }
        public
    }

    fn collect(&mut self, at: &Pointer, leaf: &Value) {
        let mut json = match leaf {
            // What is known only later stands between texts that may hold userinfo.
            Value::Deferred(template) => match template.render(&mut |_| Some("\0".to_owned())) {
                Some(text) => Json::String(text),
                None => return,
            },
            Value::Secret(_) => return,
            plain => plain.to_json_with(&mut |_| Json::Null),
        };
        rewrite(&mut json, &mut at.clone(), &mut |secret| {
            match &secret {
                Secret::Intake(text) | Secret::Userinfo(text) if !text.contains('\0') => {
                    self.parts.insert(hashed(text), (*text).to_owned());
                }
                Secret::Whole(text) if !text.contains("\\u0000") => {
                    if let Ok(json) = serde_json::from_str(text) {
                        self.wholes.insert(hashed(text), json);
                    }
                }
                _ => {}
            }
            String::new()
        });
    }

    /// Puts the project's texts back where their marks stand.
    pub fn lift(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                if let Some(whole) = self.wholes.get(text.as_str()) {
                    *json = whole.clone();
                } else if let Some(lifted) = self.lifted(text) {
                    *text = lifted;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.lift(item)),
            Json::Object(map) => {
                let lifted = std::mem::take(map).into_iter().map(|(key, mut value)| {
                    self.lift(&mut value);
                    (self.lifted(&key).unwrap_or(key), value)
                });
                *map = lifted.collect();
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn lifted(&self, text: &str) -> Option<String> {
        let mut lifted = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(MARK) {
            let end = at + MARK.len() + DIGITS;
            let known = rest.get(at..end).and_then(|mark| self.parts.get(mark));
            let (before, after) = match known {
                Some(_) => (&rest[..at], &rest[end..]),
                None => rest.split_at(at + MARK.len()),
            };
            lifted.push_str(before);
            lifted.push_str(known.map_or("", String::as_str));
            rest = after;
        }
        (rest.len() < text.len()).then(|| lifted + rest)
    }
}

/// The text without what must not be seen, where all of it counts as the project's own.
pub fn hash_of(text: &str) -> String {
    let mut json = Json::String(text.to_owned());
    rewrite(
        &mut json,
        &mut Pointer::root(),
        &mut |secret| match secret {
            Secret::Intake(text) | Secret::Userinfo(text) => hashed(text),
            Secret::Whole(text) => hashed(&text),
        },
    );
    hashed(&json.to_string())
}

/// The mark of a text; a mark stays what it is.
fn hashed(text: &str) -> String {
    if text.starts_with(MARK) {
        return text.to_owned();
    }
    let digest = Sha256::digest(format!("spaceport snapshot 1\n{text}"));
    format!("{MARK}{}", hex(&digest, DIGITS / 2))
}

/// Replaces all texts that must not be seen, in keys too. Places are those of redaction, which
/// asks for neighbours only, so that they may lie anywhere.
fn rewrite(json: &mut Json, at: &mut Pointer, hide: &mut dyn FnMut(Secret) -> String) {
    match json {
        Json::String(text) if text.starts_with(MARK) => {}
        Json::String(text) if at.parts().last().is_some_and(|key| key == KEY) => {
            *text = pieces(text, hide);
        }
        Json::String(text) if redact::hides(at, text) => {
            let whole = Json::String(std::mem::take(text)).to_string();
            *text = hide(Secret::Whole(whole));
        }
        Json::String(text) => *text = inside(text, hide),
        Json::Number(_) | Json::Bool(_) if redact::authorises(at) => {
            *json = Json::String(hide(Secret::Whole(json.to_string())));
        }
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                at.push(index);
                rewrite(item, at, hide);
                at.pop();
            }
        }
        Json::Object(map) => {
            let mut kept = serde_json::Map::new();
            for (key, mut value) in std::mem::take(map) {
                at.push(&key);
                rewrite(&mut value, at, hide);
                at.pop();
                kept.insert(inside(&key, hide), value);
            }
            *map = kept;
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn inside(text: &str, hide: &mut dyn FnMut(Secret) -> String) -> String {
    redact::text_with(text, &mut |what, hidden| match what {
        Hidden::Userinfo => hide(Secret::Userinfo(hidden)),
        Hidden::Intake => pieces(hidden, hide),
    })
}

fn pieces(text: &str, hide: &mut dyn FnMut(Secret) -> String) -> String {
    let mut shown = String::new();
    for piece in text.split_inclusive(DIVIDES) {
        let (word, end) = match piece.strip_suffix(DIVIDES) {
            Some(word) => piece.split_at(word.len()),
            None => (piece, ""),
        };
        if !word.is_empty() {
            shown.push_str(&hide(Secret::Intake(word)));
        }
        shown.push_str(end);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn veil() -> Veil {
        Veil {
            public: Public::default(),
            numbers: BTreeMap::new(),
        }
    }

    fn live() -> Json {
        json!({
            "url": "https://ingest.port.io/KEY0123456789",
            "webhookKey": "KEY0123456789",
            "https://ann:canary@host/": 1,
            "headers": {
                "Authorization": "Bearer canary",
                "X-Token": 12345,
                "Cookie": "{{ .secrets.COOKIE }}",
                "Accept": "text/plain",
            },
            "body": "see https://bob:canary@host/x and https://bob:canary@host/y",
        })
    }

    #[test]
    fn what_is_hidden_is_gone_and_equal_texts_stay_equal() {
        let mut json = live();
        veil().draw(&mut json);
        let text = json.to_string();
        for gone in ["KEY0123456789", "canary", "12345"] {
            assert!(!text.contains(gone), "{text}");
        }
        let (url, key) = (json["url"].as_str(), json["webhookKey"].as_str());
        assert_eq!(url.unwrap().rsplit_once('/').unwrap().1, key.unwrap());
        let headers = &json["headers"];
        assert_eq!(headers["Cookie"], "{{ .secrets.COOKIE }}");
        assert_eq!(headers["Accept"], "text/plain");
        assert_eq!(
            json["body"],
            "see https://spaceport-hidden-no-4@host/x and https://spaceport-hidden-no-4@host/y"
        );
        let mut again = json.clone();
        veil().draw(&mut again);
        // Numbers are given in the order of sight, and marks are hidden texts of no further use.
        assert_eq!(again["url"], json["url"]);
        assert_eq!(again["headers"], json["headers"]);
    }

    #[test]
    fn what_the_project_holds_is_put_back() {
        let at = |text: &str| Pointer::parse(text).unwrap();
        let mut public = Public::default();
        for (place, leaf) in [
            ("/headers/Authorization", Value::text("Bearer canary")),
            ("/headers/X-Token", Value::from(json!(12345))),
            ("/x", Value::text("https://bob:canary@host")),
            ("/x", Value::text("https://ingest.port.io/KEY0123456789")),
        ] {
            public.collect(&at(place), &leaf);
        }
        let mut veil = Veil {
            public,
            numbers: BTreeMap::new(),
        };
        let mut json = live();
        veil.draw(&mut json);
        veil.public.lift(&mut json);
        let mut hoped = live();
        let hidden = "https://spaceport-hidden-no-1@host/";
        let map = hoped.as_object_mut().unwrap();
        map.remove("https://ann:canary@host/");
        map.insert(hidden.to_owned(), json!(1));
        assert_eq!(json, hoped);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whoever reads a plan sees the same with and without a veil.
        #[test]
        fn a_veiled_text_is_shown_as_the_text(
            text in "(https?://|://|ingest\\.|[a-zA-Z]|[:@/?#&= {}\"<.-]|ab@|port\\.io/){0,20}",
            header in any::<bool>(),
        ) {
            let name = if header { "Authorization" } else { "Accept" };
            let place = Pointer::root().join("headers").join(name);
            let mut json = json!({ "headers": { name: text } });
            veil().draw(&mut json);
            let veiled = json["headers"][name].as_str().unwrap_or_default();
            prop_assert_eq!(redact::at(&place, veiled), redact::at(&place, &text));
        }

        #[test]
        fn lifting_never_fails(text in "(spaceport-hidden-|[0-9a-fé]|no-){0,40}") {
            let mut json = json!({ text.as_str(): [text.as_str()] });
            Public::default().lift(&mut json);
            prop_assert_eq!(json, json!({ text.as_str(): [text.as_str()] }));
        }
    }
}
