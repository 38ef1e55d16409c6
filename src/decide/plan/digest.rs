//! The digest of a plan: what a review stands for.
//!
//! Two plans with one digest do the same to the same objects in the same state. It speaks about the
//! world, and per change about the address, the action, what is wanted and what was seen, both in
//! canonical form, so that what servers stamp, order or spell otherwise changes nothing. Secrets stand
//! in it by where they come from, and whether they are to be sent is outside: a pull request plans
//! without any text of them. Deliberately not here: reasons, refusals, notes, times, fingerprints, and
//! what of ours is only noted in the ledger as protected.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sha2::{Digest as _, Sha256};

use crate::decide::canon::canonical;
use crate::decide::ledger::hex;
use crate::decide::plan::{Action, Change, Plan, Reason};
use crate::words::template::Part;
use crate::words::{self, Addr, Pointer, Template, Value};

/// Bytes of the SHA-256 of one change that are shown: enough to tell two states of one object apart.
const SHORT: usize = 8;

/// The world that a plan is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The project.
    pub project: &'a str,
    /// The environment, when the project declares some.
    pub environment: Option<&'a str>,
    /// The id of Port's organization, when the project has Port.
    pub organization: Option<&'a str>,
    /// Spacelift's account, when the project has Spacelift.
    pub account: Option<&'a str>,
}

/// What no output shows, as the layer above knows it. It stands in no digest either: a weak text could
/// be guessed from one, and a snapshot lacks it.
#[derive(Debug, Clone, Copy)]
pub struct Discretion {
    /// A text without the keys and credentials inside of it.
    pub text: fn(&str) -> String,
    /// The same for a text at a place; `None` when nothing of it may be shown.
    pub at: fn(&Pointer, &str) -> Option<String>,
    /// Whether a place holds what authorises.
    pub authorises: fn(&Pointer) -> bool,
}

/// Whose a value is. What authorises and stands in the project is hashed, as whoever plans can read it
/// there; what authorises and is live is left out.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Wanted,
    Seen,
}

/// The digest of a plan: 64 lower-case hexadecimal digits.
pub fn of(subject: &Subject, plan: &Plan, discretion: &Discretion) -> String {
    let mut text = Text::new("spaceport plan 1");
    text.word(subject.project);
    for part in [subject.environment, subject.organization, subject.account] {
        text.maybe(part);
    }
    for (addr, digest) in changes(plan, discretion) {
        text.word(&addr.to_string());
        text.word(&digest);
    }
    text.hex(32)
}

/// The digests of all changes that the plan's digest speaks about, by address.
pub fn changes(plan: &Plan, discretion: &Discretion) -> BTreeMap<Addr, String> {
    let mut all: BTreeMap<Addr, String> = BTreeMap::new();
    let spoken_of = |change| Some((change, of_change(change, discretion)?));
    for (change, digest) in plan.changes.iter().filter_map(spoken_of) {
        match all.entry(change.addr.clone()) {
            Entry::Vacant(place) => {
                place.insert(digest);
            }
            // One object changes once; if ever twice, both count.
            Entry::Occupied(mut place) => place.get_mut().push_str(&digest),
        }
    }
    all
}

/// The digest of one change; `None` when it is about secrets alone.
pub fn of_change(change: &Change, discretion: &Discretion) -> Option<String> {
    let action = action(change)?;
    let mut text = Text::new(action.word());
    text.maybe(change.from.as_ref().map(Addr::to_string).as_deref());
    text.word(if change.adopts { "adopts" } else { "" });
    text.count(change.renames.len());
    for rename in &change.renames {
        text.word(&rename.at.to_string());
        text.word(&rename.to);
    }
    text.maybe(change.seen.as_ref().map(|seen| seen.id.as_str()));
    text.word(&change.name);
    match &change.part {
        // The rest of the object is somebody else's, and may change while a plan is reviewed.
        Some(part) => {
            for places in [&part.places, &part.given_up] {
                text.count(places.len());
                places.iter().for_each(|at| text.word(&at.to_string()));
            }
            text.count(change.fields.len());
            for field in &change.fields {
                text.word(&field.path.to_string());
                let mut side = |side, value: Option<&Value>| {
                    let mut at = field.path.clone();
                    text.value(&(side, discretion), &mut at, value);
                };
                side(Side::Seen, field.before.as_ref());
                side(Side::Wanted, field.after.as_ref());
            }
        }
        None => {
            let ignore = &change.lifecycle.ignore;
            let canon = |value: &Value| canonical(change.kind, value, ignore);
            let seen = change.seen.as_ref().map(|seen| canon(&seen.value));
            // What only the ledger notes writes nothing.
            let want = change.want.as_ref().filter(|_| action.writes());
            let root = &mut Pointer::root();
            text.value(&(Side::Seen, discretion), root, seen.as_ref());
            text.value(&(Side::Wanted, discretion), root, want.map(canon).as_ref());
            // The canonical form has a place for each secret, and not where its text comes from.
            let secrets = want.map(Value::secrets).unwrap_or_default();
            text.count(secrets.len());
            for (at, source) in secrets {
                text.word(&at.to_string());
                text.word(&source.origin());
            }
        }
    }
    Some(text.hex(SHORT))
}

/// What would be done if no secret had to be sent.
fn action(change: &Change) -> Option<Action> {
    let only_secrets = change.action == Action::Update
        && change.fields.is_empty()
        && change.renames.is_empty()
        && change.part.is_none();
    match (only_secrets, change.from.is_some(), change.adopts) {
        (true, true, _) => Some(Action::Move),
        (true, false, true) => Some(Action::Adopt),
        (true, false, false) => None,
        // With a secret to be sent it would be an update, which is none without.
        _ if change.action == Action::Adopt && change.reason == Reason::Protection => None,
        _ => Some(change.action),
    }
}

/// Words that are told apart by their lengths.
struct Text(Sha256);

impl Text {
    fn new(title: &str) -> Text {
        let mut text = Text(Sha256::new());
        text.word(title);
        text
    }

    fn word(&mut self, word: &str) {
        self.count(word.len());
        self.0.update(word);
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn maybe(&mut self, word: Option<&str>) {
        self.count(usize::from(word.is_some()));
        self.word(word.unwrap_or(""));
    }

    fn value(&mut self, how: &(Side, &Discretion), at: &mut Pointer, value: Option<&Value>) {
        let (side, discretion) = *how;
        match value {
            None => self.word("absent"),
            Some(Value::Text(text)) => match (side, (discretion.at)(at, text)) {
                (Side::Seen, None) => self.word("hidden"),
                (Side::Seen, Some(shown)) => self.text(&shown),
                (Side::Wanted, _) => self.text(&(discretion.text)(text)),
            },
            Some(Value::List(list)) => {
                self.word("list");
                self.count(list.len());
                for (index, item) in list.iter().enumerate() {
                    at.push(index);
                    self.value(how, at, Some(item));
                    at.pop();
                }
            }
            Some(Value::Map(map)) => {
                self.word("map");
                self.count(map.len());
                let sorted: BTreeMap<&words::Text, &Value> = map.iter().collect();
                for (key, value) in sorted {
                    self.word(key);
                    at.push(key);
                    self.value(how, at, Some(value));
                    at.pop();
                }
            }
            Some(Value::Deferred(template)) => self.deferred(template, discretion),
            Some(Value::Secret(source)) => {
                self.word("secret");
                self.word(&source.origin());
            }
            Some(Value::Bool(_) | Value::Number(_))
                if side == Side::Seen && (discretion.authorises)(at) =>
            {
                self.word("hidden");
            }
            Some(scalar @ (Value::Null | Value::Bool(_) | Value::Number(_))) => {
                self.word("json");
                self.word(&scalar.to_string());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.word("text");
        self.word(text);
    }

    fn deferred(&mut self, template: &Template, discretion: &Discretion) {
        self.word("deferred");
        self.count(template.parts.len());
        for part in &template.parts {
            match part {
                Part::Text(literal) => self.text(&(discretion.text)(literal)),
                Part::Reference(reference) => {
                    self.word("reference");
                    self.word(&reference.to_string());
                }
            }
        }
    }

    fn hex(self, bytes: usize) -> String {
        hex(&self.0.finalize(), bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::decide::diff;
    use crate::decide::drift::{Drifted, Fate};
    use crate::kinds::{self, Observed};
    use crate::words::value::SecretSource;

    const OPEN: Discretion = Discretion {
        text: str::to_owned,
        at: |_, text| Some(text.to_owned()),
        authorises: |_| false,
    };

    const SUBJECT: Subject = Subject {
        project: "acme",
        environment: Some("staging"),
        organization: Some("org_1"),
        account: Some("acme"),
    };

    /// An update of a policy from one spec to another.
    fn update(seen: Json, want: Json) -> Change {
        let addr: Addr = "spacelift.policy.notify".parse().expect("an address");
        let kind = kinds::of(&addr).expect("a kind");
        let (seen, want) = (Value::from(seen), Value::from(want));
        let found = diff::compare(kind, &want, &seen, &[]);
        Change {
            fields: found.fields,
            want: Some(want),
            seen: Some(Observed {
                born: Default::default(),
                touched: Default::default(),
                id: "notify".into(),
                name: "notify".into(),
                value: seen,
                exports: Default::default(),
            }),
            ..Change::bare(&addr, kind, Action::Update, Reason::Differs(Vec::new()))
        }
    }

    fn digest(changes: Vec<Change>) -> String {
        let plan = Plan {
            changes,
            ..Plan::default()
        };
        of(&SUBJECT, &plan, &OPEN)
    }

    fn policy(body: &str, labels: &[&str]) -> Json {
        json!({ "name": "notify", "type": "NOTIFICATION", "body": body, "labels": labels })
    }

    #[test]
    fn it_speaks_about_what_is_wanted_what_was_seen_and_the_world() {
        let plain = || update(policy("a", &["x", "y"]), policy("b", &["x", "y"]));
        let one = digest(vec![plain()]);
        assert_eq!(one.len(), 64);
        assert_eq!(one, digest(vec![plain()]));
        for other in [
            update(policy("a", &["x", "y"]), policy("c", &["x", "y"])),
            update(policy("0", &["x", "y"]), policy("b", &["x", "y"])),
            Change {
                action: Action::Replace,
                ..plain()
            },
            Change {
                addr: "spacelift.policy.other".parse().expect("an address"),
                ..plain()
            },
        ] {
            assert_ne!(one, digest(vec![other]));
        }
        let plan = Plan {
            changes: vec![plain()],
            ..Plan::default()
        };
        for subject in [
            Subject {
                account: Some("other"),
                ..SUBJECT
            },
            Subject {
                organization: None,
                ..SUBJECT
            },
            Subject {
                environment: None,
                ..SUBJECT
            },
        ] {
            assert_ne!(one, of(&subject, &plan, &OPEN));
        }
    }

    #[test]
    fn drift_and_who_wrote_last_is_nothing_to_it() {
        let plain = update(policy("a", &[]), policy("b", &[]));
        let mut told = plain.clone();
        if let Some(seen) = &mut told.seen {
            seen.touched.by = Some("ann".into());
        }
        told.drift = Some(Box::new(Drifted {
            addr: plain.addr.clone(),
            id: "notify".into(),
            fate: Fate::Gone,
            renamed: None,
            places: Vec::new(),
            rewritten: true,
            remarks: Vec::new(),
            touched: Default::default(),
        }));
        let plan = |change: &Change| Plan {
            changes: vec![change.clone()],
            ..Plan::default()
        };
        assert!(plan(&plain).says_the_same(&plan(&told)));
        assert_eq!(digest(vec![plain.clone()]), digest(vec![told]));
        let other = update(policy("0", &[]), policy("b", &[]));
        assert!(!plan(&plain).says_the_same(&plan(&other)));
    }

    #[test]
    fn order_stamps_and_spellings_are_nothing_to_it() {
        let one = update(policy("a\n", &["x", "y"]), policy("b", &["x", "y"]));
        let mut seen = json!({ "updatedAt": 7, "labels": ["y", "x"] });
        for (key, value) in policy("a", &[]).as_object().into_iter().flatten() {
            if key != "labels" {
                seen[key] = value.clone();
            }
        }
        let other = update(seen, policy("b", &["y", "x"]));
        assert_eq!(digest(vec![one]), digest(vec![other]));
    }

    #[test]
    fn whether_secrets_are_sent_is_outside() {
        let mut secret = update(policy("a", &[]), policy("a", &[]));
        secret.reason = Reason::SecretChanged;
        assert_eq!(digest(vec![secret.clone()]), digest(Vec::new()));
        let moved = Change {
            from: Some("spacelift.policy.old".parse().expect("an address")),
            ..secret
        };
        let only_moved = Change {
            action: Action::Move,
            reason: Reason::Equal,
            ..moved.clone()
        };
        assert_eq!(digest(vec![moved]), digest(vec![only_moved]));
        let with = |template: &str| {
            let mut change = update(policy("a", &[]), policy("b", &[]));
            let template = Template::parse(template).expect("a template");
            if let Some(Value::Map(map)) = &mut change.want {
                let secret = Value::Secret(SecretSource::new(template));
                map.insert("secret".to_owned(), secret);
            }
            digest(vec![change])
        };
        assert_ne!(
            with("${env.A}"),
            with("${env.B}"),
            "where it comes from counts"
        );
        assert_eq!(with("one"), with("two"), "its text does not");
    }

    #[test]
    fn what_is_hidden_of_live_is_left_out() {
        let hiding = Discretion {
            at: |_, text| (!text.contains("key")).then(|| text.to_owned()),
            ..OPEN
        };
        let of = |seen: &str| of_change(&update(policy(seen, &[]), policy("b", &[])), &hiding);
        assert_eq!(of("key 1"), of("key 2"));
        assert_ne!(of("word 1"), of("word 2"));
    }
}
