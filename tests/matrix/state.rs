//! Both services and the ledger as runs left them, without what every run makes new.
//!
//! Nothing is picked out: whole tables are compared, so that an object that nobody thought of is
//! seen, too. What is left out stands in the three lists below, each with its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::world::{World, sha256};

/// Tables that tell what has happened. What is there now is compared instead.
const HISTORY: [&str; 9] = [
    "token",
    "sessions",
    "migrations",
    "lagging",
    "happenings",
    "deliveries",
    "delivery_ids",
    "inbox",
    "fired_timers",
];

/// When something was written: no two runs say the same.
const STAMPS: [&str; 4] = ["createdAt", "updatedAt", "created_at", "updated_at"];

/// What of a ledger tells of the way to it: how often it was saved, when, and into which slots.
const WAY: [&str; 8] = [
    "serial",
    "salt",
    "applied_at",
    "chunks",
    "intents",
    "touched",
    "organization",
    "generation",
];

/// The blueprint of ledgers.
pub const LEDGER: &str = "spaceport_project";

/// The digests that the ledger keeps of what was applied. One of a random text is another each time.
const DIGESTS: &str = "/digests/";

/// Everything that is there, leaf by leaf: `port/blueprints/service/title` is `"Service"`.
#[derive(Debug, Clone, PartialEq)]
pub struct State(BTreeMap<String, String>);

/// Names for secret texts. One that has none is new, and two places that share it are told so.
#[derive(Debug, Clone)]
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    /// The texts of the environment, and those that the services held before the run.
    pub fn known(env: &BTreeMap<String, String>, before: &Value) -> Texts {
        let mut names = BTreeMap::new();
        for_each_text(before, "", &mut |at, digest| {
            names
                .entry(digest.to_owned())
                .or_insert(format!("as before at {at}"));
        });
        for (name, text) in env {
            names.insert(sha256(text), format!("${name}"));
        }
        Texts(names)
    }
}

impl State {
    /// The state of a world whose ledger lies in Port, or in a file of the project.
    pub fn of(world: &World, ledger: Option<&str>, texts: &Texts) -> State {
        let mut state = world.state();
        let ledgers = match ledger {
            None => shelved(&state),
            Some(path) if world.path(path).exists() => {
                let text = world.read(path);
                json!({ "file": serde_json::from_str::<Value>(&text).expect("JSON") })
            }
            Some(_) => Value::Null,
        };
        state["ledgers"] = ledgers;
        for table in HISTORY {
            for service in ["port", "spacelift"] {
                if let Some(service) = state[service].as_object_mut() {
                    service.remove(table);
                }
            }
        }
        if let Some(entities) = state["port"]["entities"].as_object_mut() {
            entities.retain(|key, _| key.split(' ').next() != Some(LEDGER));
        }
        let names = ids(&state);
        rekey(&mut state);
        settle(&mut state);
        let mut texts = texts.clone();
        name_texts(&mut state, &mut texts);
        let mut leaves = BTreeMap::new();
        flatten(&state, String::new(), &names, &mut leaves);
        State(leaves)
    }

    /// Where this state is another than it should be, but for `loose` places.
    pub fn differences(&self, right: &State, loose: &BTreeSet<String>) -> Vec<String> {
        let none = "nothing".to_owned();
        let places: BTreeSet<&String> = self.0.keys().chain(right.0.keys()).collect();
        let mut found = Vec::new();
        for place in places {
            let (is, should) = (self.0.get(place), right.0.get(place));
            let both = is.is_some() && should.is_some();
            if is != should && !(both && loose.contains(place)) {
                let (is, should) = (is.unwrap_or(&none), should.unwrap_or(&none));
                found.push(format!("{place}: is {is}, should be {should}"));
            }
        }
        found
    }

    /// Where two undisturbed runs do not leave the same.
    ///
    /// Fails where that cannot be the digest of a random text.
    pub fn loose(&self, other: &State) -> Result<BTreeSet<String>, String> {
        let differs = self.differences(other, &BTreeSet::new());
        let places = differs.iter().filter_map(|line| line.split_once(": is "));
        let places: BTreeSet<String> = places.map(|(place, _)| place.to_owned()).collect();
        match places.iter().all(|place| place.contains(DIGESTS)) {
            true => Ok(places),
            false => Err(format!(
                "two undisturbed runs leave different states\n{}",
                differs.join("\n")
            )),
        }
    }
}

/// The objects of Port that were written although that changed nothing.
pub fn idle_writes(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["blueprints", "actions", "scorecards", "entities"] {
        let rows = before["port"][table].as_object();
        for (key, row) in rows.into_iter().flatten() {
            let now = &after["port"][table][key];
            if key.split(' ').next() == Some(LEDGER) || now.is_null() {
                continue;
            }
            let bare = |row: &Value| {
                let mut row = row.clone();
                settle(&mut row);
                row
            };
            if bare(row) == bare(now) && row["updatedAt"] != now["updatedAt"] {
                found.push(format!("port/{table}/{key}"));
            }
        }
    }
    found
}

/// The ledgers in Port, each as one, with the leases on them.
fn shelved(state: &Value) -> Value {
    let parse = |entity: &Value| -> Value {
        let content = entity["properties"]["content"].as_str().unwrap_or_default();
        serde_json::from_str(content).expect("what a ledger's entity holds is JSON")
    };
    let entities = state["port"]["entities"].as_object();
    let rows: BTreeMap<&str, &Value> = entities
        .into_iter()
        .flatten()
        .filter_map(|(key, row)| Some((key.strip_prefix(LEDGER)?.trim_start(), row)))
        .collect();
    let mut ledgers = Map::new();
    for (id, row) in &rows {
        if let Some((_, part)) = id.split_once('=') {
            // Parts are found by their heads; nobody should hold a lease any more.
            if part.starts_with("lease-") {
                ledgers.insert((*id).to_owned(), "a lease".into());
            }
            continue;
        }
        let mut head = parse(row);
        let mut entries = Map::new();
        for (bucket, named) in head["chunks"].as_object().into_iter().flatten() {
            let slot = named["slot"].as_str().unwrap_or_default();
            let part = format!("{id}=chunk-{bucket}-{slot}");
            let chunk = rows.get(part.as_str()).map(|row| parse(row));
            let chunk = chunk.unwrap_or_else(|| json!({ part: "is missing" }));
            entries.extend(chunk.as_object().cloned().unwrap_or_default());
        }
        head["entries"] = entries.into();
        ledgers.insert((*id).to_owned(), head);
    }
    ledgers.into()
}

/// What made identifiers stand for, by the identifier.
fn ids(state: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let tables = state["port"].as_object().into_iter().flatten();
    let rows = tables.filter_map(|(_, rows)| rows.as_object()).flatten();
    for (key, row) in rows {
        for field in ["id", "_id", "webhookKey"] {
            if let Some(id) = row[field].as_str().filter(|id| id != key) {
                names.insert(id.to_owned(), format!("<{field} of {key}>"));
            }
        }
    }
    name_ids(&state["spacelift"], &mut names);
    names.remove("");
    names
}

/// Rows of Spacelift whose key is a random one are known by their names.
fn name_ids(value: &Value, names: &mut BTreeMap<String, String>) {
    let Value::Object(rows) = value else { return };
    for (key, row) in rows {
        if let Some(name) = known_as(key, row)
            && key.chars().any(|letter| letter.is_ascii_uppercase())
        {
            names.insert(key.clone(), format!("<id of {name}>"));
        }
        name_ids(row, names);
    }
}

/// What people know a row by that lies under its own id.
fn known_as<'a>(key: &str, row: &'a Value) -> Option<&'a str> {
    if row["id"] != key {
        return None;
    }
    row["name"].as_str().or_else(|| row["endpoint"].as_str())
}

/// Puts rows under the names that people know them by; of two with one name both are there.
fn rekey(value: &mut Value) {
    let Value::Object(rows) = value else { return };
    let all = std::mem::take(rows);
    for (key, mut row) in all {
        rekey(&mut row);
        let mut name = known_as(&key, &row).unwrap_or(&key).to_owned();
        while rows.contains_key(&name) {
            name.push_str(" (another)");
        }
        rows.insert(name, row);
    }
}

/// Takes out what every run makes new.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_ledger = fields.contains_key("entries") && fields.contains_key("salt");
            if is_ledger || fields.contains_key("digests") {
                fields.retain(|key, _| !WAY.contains(&key.as_str()));
            }
            fields.retain(|key, _| !STAMPS.contains(&key.as_str()));
            // The salt differs, and with it each fingerprint; that there is one is the point.
            for name in ["key_id", "mac"] {
                if fields.contains_key("key_id") && fields.contains_key(name) {
                    fields.insert(name.to_owned(), "of the salt".into());
                }
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

/// Puts names in the places of secret texts.
fn name_texts(state: &mut Value, texts: &mut Texts) {
    let mut new = 0;
    for_each_text(&state.clone(), "", &mut |_, digest| {
        texts.0.entry(digest.to_owned()).or_insert_with(|| {
            new += 1;
            format!("new text {new}")
        });
    });
    rename_texts(state, texts);
}

fn rename_texts(value: &mut Value, texts: &Texts) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = digest(fields).and_then(|digest| texts.0.get(digest)) {
                *value = name.as_str().into();
                return;
            }
            fields
                .values_mut()
                .for_each(|value| rename_texts(value, texts));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_texts(item, texts)),
        _ => {}
    }
}

/// The secret texts of a state by the places that hold them, in the order of these.
fn for_each_text(value: &Value, at: &str, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            if let Some(digest) = digest(fields) {
                return each(at, digest);
            }
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            for (key, value) in sorted {
                for_each_text(value, &format!("{at}/{key}"), each);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_text(item, at, each)),
        _ => {}
    }
}

/// How the sandbox shows a secret text.
fn digest(fields: &Map<String, Value>) -> Option<&str> {
    match fields.len() {
        1 => fields.get("sha256")?.as_str(),
        _ => None,
    }
}

fn flatten(
    value: &Value,
    at: String,
    names: &BTreeMap<String, String>,
    leaves: &mut BTreeMap<String, String>,
) {
    let below = |key: &str| match at.is_empty() {
        true => key.to_owned(),
        false => format!("{at}/{key}"),
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(value, below(key), names, leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (nth, item) in items.iter().enumerate() {
                flatten(item, below(&nth.to_string()), names, leaves);
            }
        }
        // What is null is not there, for both services (design, section 5.1).
        Value::Null => {}
        leaf => {
            let mut text = leaf.to_string();
            for (id, name) in names {
                text = text.replace(id.as_str(), name);
            }
            leaves.insert(at, text);
        }
    }
}
