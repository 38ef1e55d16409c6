//! What a notification policy yields, held against the keys that Spacelift reads (SA section 10).
//!
//! Deliberately not here: whether an endpoint exists; that is known where webhooks are.

use std::ops::Range;

use serde_json::{Map, Value};

use super::dialect::Dialect;
use super::tokens::Tokens;
use super::{Decision, Policy};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::near::{did_you_mean, nearest};

/// What a key holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    /// A number or a text: `run.commit.pull_request_id` is a number.
    Id,
    Texts,
    Object,
    TextMap,
    Flag,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// The keys of a result rule; `true` for those that must be there.
type Keys = &'static [(&'static str, Holds, bool)];

const WEBHOOK: Keys = &[
    ("endpoint_id", Holds::Text, true),
    ("payload", Holds::Object, false),
    ("headers", Holds::TextMap, false),
    ("method", Holds::Text, false),
];
const SLACK: Keys = &[
    ("channel_id", Holds::Text, true),
    ("message", Holds::Text, false),
    ("mention_users", Holds::Texts, false),
    ("mention_groups", Holds::Texts, false),
    ("thread_key", Holds::Text, false),
];
const INBOX: Keys = &[
    ("title", Holds::Text, false),
    ("body", Holds::Text, false),
    (
        "severity",
        Holds::OneOf(&["INFO", "WARNING", "ERROR"]),
        false,
    ),
];
const PULL_REQUEST: Keys = &[
    ("id", Holds::Id, false),
    ("commit", Holds::Text, false),
    ("branch", Holds::Text, false),
    ("body", Holds::Text, false),
    ("deduplication_key", Holds::Text, false),
    ("truncate_body", Holds::Flag, false),
];

/// Logs that take the place of a text when the notification is sent.
const LOGS: &str = "spacelift::logs::";
const PHASES: [&str; 4] = ["initializing", "preparing", "planning", "applying"];

/// A decision of what the rules yielded.
pub(super) fn decision(document: Value, policy: &Policy, dialect: &Dialect) -> Decision {
    let mut decision = Decision {
        sample: document["sample"] == true,
        ..Decision::default()
    };
    let tokens = Tokens::of(&policy.body);
    let mut checker = Checker {
        tokens,
        dialect,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    decision.webhook = checker.rule("webhook", WEBHOOK, &document);
    decision.slack = checker.rule("slack", SLACK, &document);
    decision.inbox = checker.rule("inbox", INBOX, &document);
    decision.pull_request = checker.rule("pull_request", PULL_REQUEST, &document);
    decision.faults = checker.faults;
    decision.notes = checker.notes;
    decision.document = document;
    decision
}

struct Checker<'a> {
    tokens: Tokens<'a>,
    dialect: &'a Dialect,
    faults: Vec<Fault>,
    notes: Vec<Fault>,
}

impl Checker<'_> {
    /// The objects of a rule on which Spacelift acts.
    fn rule(&mut self, name: &str, keys: Keys, document: &Value) -> Vec<Value> {
        let objects = document[name].as_array().cloned().unwrap_or_default();
        objects
            .into_iter()
            .filter(|object| self.object(name, keys, object))
            .collect()
    }

    /// Whether Spacelift acts on an object.
    fn object(&mut self, rule: &str, keys: Keys, object: &Value) -> bool {
        let before = self.faults.len();
        let mut meant = Vec::new();
        let Some(map) = object.as_object() else {
            let message = format!(
                "`{rule}` yields {}, and Spacelift reads objects",
                kind(object)
            );
            self.fault(message, self.head(rule), None);
            return false;
        };
        for (key, holds, needed) in keys {
            match map.get(*key) {
                None if *needed => {
                    let message = format!("an object of `{rule}` has no `{key}`: nothing is sent");
                    let near = misspelt(key, map, keys);
                    let place = self.place(rule, near.unwrap_or_default());
                    let help = near.map(|near| format!("rename `{near}` to `{key}`"));
                    self.fault(message, place, help);
                    meant.extend(near);
                }
                Some(value) if !holds.is(value) => {
                    let message = format!(
                        "`{key}` of `{rule}` is {}, and Spacelift reads {}: nothing is sent",
                        kind(value),
                        holds.name()
                    );
                    self.fault(message, self.place(rule, key), None);
                }
                _ => {}
            }
        }
        let acts = self.faults.len() == before;
        for key in unknown(map, keys).filter(|key| !meant.contains(key)) {
            let message =
                format!("Spacelift reads no `{key}` in an object of `{rule}`: it is ignored");
            let help = did_you_mean(key, keys.iter().map(|(known, ..)| *known));
            self.fault(message, self.place(rule, key), help);
        }
        // Placeholders are replaced in what is sent as a body, and nowhere else (SA section 10).
        let body = match rule {
            "webhook" => object.get("payload"),
            "pull_request" => object.get("body"),
            _ => None,
        };
        if acts && let Some(body) = body {
            self.logs(rule, body);
        }
        acts
    }

    /// Says that placeholders are replaced when the notification is sent, and which are none.
    fn logs(&mut self, rule: &str, value: &Value) {
        match value {
            Value::String(text) => {
                for (at, _) in text.match_indices(LOGS) {
                    let rest = &text[at + LOGS.len()..];
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let phase = &rest[..end.unwrap_or(rest.len())];
                    let placeholder = format!("{LOGS}{phase}");
                    if PHASES.contains(&phase) {
                        let message =
                            format!("Spacelift puts logs in the place of `{placeholder}`");
                        self.notes.push(Fault::new(FaultKind::Runtime, message));
                    } else {
                        let message =
                            format!("there are no logs `{placeholder}`: it stays as it is");
                        let near = nearest(phase, PHASES);
                        let help = near.map(|near| format!("did you mean `{LOGS}{near}`?"));
                        self.fault(message, self.head(rule), help);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.logs(rule, item)),
            Value::Object(map) => map.values().for_each(|item| self.logs(rule, item)),
            _ => {}
        }
    }

    fn fault(&mut self, message: String, place: Option<Range<usize>>, help: Option<String>) {
        let mut fault = Fault::new(FaultKind::Runtime, message);
        fault.span = place;
        fault.help = help;
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Where a key is written as a text: the first place behind the rule's first head.
    fn place(&self, rule: &str, key: &str) -> Option<Range<usize>> {
        let head = self.head(rule)?;
        let written =
            (0..self.tokens.list.len()).filter(|at| self.tokens.plain_text(*at) == Some(key));
        let spans = written.map(|at| self.tokens.list[at].span.clone());
        let behind = spans.clone().find(|span| span.start >= head.start);
        behind.or_else(|| spans.clone().next()).or(Some(head))
    }

    fn head(&self, rule: &str) -> Option<Range<usize>> {
        self.dialect
            .rules(rule)
            .next()
            .map(|head| head.span.clone())
    }
}

/// The keys of an object that Spacelift does not read.
fn unknown(map: &Map<String, Value>, keys: Keys) -> impl Iterator<Item = &str> {
    let known = |key: &str| keys.iter().any(|(known, ..)| *known == key);
    map.keys()
        .map(String::as_str)
        .filter(move |key| !known(key))
}

/// The unknown key that was meant to be a needed one.
fn misspelt<'a>(needed: &str, map: &'a Map<String, Value>, keys: Keys) -> Option<&'a str> {
    nearest(needed, unknown(map, keys))
}

impl Holds {
    fn is(self, value: &Value) -> bool {
        match self {
            Holds::Text => value.is_string(),
            Holds::Id => value.is_string() || value.is_number(),
            Holds::Texts => value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            Holds::Object => value.is_object(),
            Holds::TextMap => value
                .as_object()
                .is_some_and(|all| all.values().all(Value::is_string)),
            Holds::Flag => value.is_boolean(),
            Holds::OneOf(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
        }
    }

    fn name(self) -> String {
        match self {
            Holds::Text => "a text".to_owned(),
            Holds::Id => "a number or a text".to_owned(),
            Holds::Texts => "a list of texts".to_owned(),
            Holds::Object => "an object".to_owned(),
            Holds::TextMap => "an object with texts".to_owned(),
            Holds::Flag => "true or false".to_owned(),
            Holds::OneOf(texts) => format!("one of {}", texts.join(", ")),
        }
    }
}

/// A value's type, for a sentence.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        // Not the text: a policy may have put anything into it.
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
