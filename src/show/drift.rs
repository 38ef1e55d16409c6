//! Drift as data: one JSON document, with its format's version and a schema.
//!
//! Texts are redacted as everywhere; beyond that nothing is cut. What is not known is absent.
//! Deliberately not here: drift for people (see `render::human`).

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value as Json;

use crate::decide::drift::{Before, Drift, Drifted, DriftedPlace, Fate, How};
use crate::decide::ledger::Ledger;
use crate::show::redact;
use crate::show::render::human::value::inline;
use crate::words::{Pointer, Value};

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// What `spaceport drift --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "spaceport drift")]
pub struct Document {
    /// Version of this format.
    format_version: u32,
    /// The project.
    project: String,
    /// The environment, when the project declares some.
    environment: Option<String>,
    /// The apply that live is compared with.
    last_apply: LastApply,
    /// Whether anything is not as it was applied. The exit code is 2 then.
    drifted: bool,
    /// The objects that are not as they were applied, by address.
    objects: Vec<Object>,
    /// How many objects are as they were applied, or as the project wants them by now.
    same: usize,
    /// Of these, the addresses of those that are not as they were applied.
    accepted: Vec<String>,
    /// The addresses that it was limited to; empty means all.
    targets: Vec<String>,
    /// Sentences that a reader should know.
    notes: Vec<String>,
}

/// The apply that live is compared with.
#[derive(Debug, Serialize, JsonSchema)]
struct LastApply {
    /// When it ended, RFC 3339.
    at: Option<String>,
    /// The commit of its checkout.
    commit: Option<String>,
}

/// An object that is not as it was applied.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Object {
    /// Its address.
    address: String,
    /// Its id in its service when it was applied.
    id: String,
    /// What became of it.
    state: State,
    /// The id of the object that has its name now, when it was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    /// The name that it was applied with, when it has another one now.
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<String>,
    /// Whether somebody else wrote what cannot be read, as the text of a secret.
    rewritten: bool,
    /// The last write of it, by whomever.
    last_write: LastWrite,
    /// What its service does by itself, where that is what happened.
    remarks: Vec<String>,
    /// Its places that are not as they were applied.
    places: Vec<Place>,
}

/// What became of an object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is there and was changed.
    Changed,
    /// It is gone, and another object has its name.
    Replaced,
    /// It is gone.
    Gone,
}

/// The last write of an object, as far as its service tells.
#[derive(Debug, Serialize, JsonSchema)]
struct LastWrite {
    /// When, RFC 3339.
    at: Option<String>,
    /// By whom: a user, or the client of a machine.
    by: Option<String>,
}

/// A place that is not as it was applied.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// A JSON pointer, from the spec on.
    path: String,
    /// What became of it.
    change: Change,
    /// What stands there now, redacted; absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Json>,
    /// What the project wants there, redacted; absent when it wants nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Json>,
    /// Whether what the project wants is what was applied; absent when the project does not have
    /// the object any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_applied: Option<bool>,
}

/// What became of a place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Change {
    /// Something else stands there.
    Changed,
    /// Nothing stood there.
    Came,
    /// Nothing stands there any more.
    Went,
}

/// Drift as a JSON document.
pub fn json(drift: &Drift, ledger: &Ledger) -> Document {
    let texts = |addrs: &mut dyn Iterator<Item = String>| addrs.collect::<Vec<String>>();
    Document {
        format_version: FORMAT,
        project: ledger.project.clone(),
        environment: ledger.environment.clone(),
        last_apply: LastApply {
            at: ledger.applied_at.clone(),
            commit: ledger.commit.clone(),
        },
        drifted: !drift.objects.is_empty(),
        objects: drift.objects.iter().map(object).collect(),
        same: drift.same,
        accepted: texts(&mut drift.accepted.iter().map(ToString::to_string)),
        targets: texts(&mut drift.targets.iter().map(ToString::to_string)),
        notes: texts(&mut drift.notes.iter().map(|note| redact::text(note))),
    }
}

/// The schema of that document.
pub fn schema() -> Schema {
    schemars::schema_for!(Document)
}

fn object(drifted: &Drifted) -> Object {
    let replaced_by = match &drifted.fate {
        Fate::Replaced(id) => Some(id.clone()),
        Fate::Changed | Fate::Gone => None,
    };
    Object {
        address: drifted.addr.to_string(),
        id: drifted.id.clone(),
        state: match drifted.fate {
            Fate::Changed => State::Changed,
            Fate::Replaced(_) => State::Replaced,
            Fate::Gone => State::Gone,
        },
        replaced_by,
        renamed_from: drifted.renamed.as_deref().map(redact::text),
        rewritten: drifted.rewritten,
        last_write: LastWrite {
            at: drifted.touched.at.as_deref().map(redact::text),
            by: drifted.touched.by.as_deref().map(redact::text),
        },
        remarks: drifted.remarks.iter().map(|r| (*r).to_owned()).collect(),
        places: drifted.places.iter().map(place).collect(),
    }
}

fn place(place: &DriftedPlace) -> Place {
    let (project, as_applied) = match &place.before {
        Before::Applied(value) => (value.as_ref(), Some(true)),
        Before::Edited(value) => (value.as_ref(), Some(false)),
        Before::Unknown => (None, None),
    };
    Place {
        path: place.path.to_string(),
        change: match place.how {
            How::Changed => Change::Changed,
            How::Came => Change::Came,
            How::Went => Change::Went,
        },
        live: place.live.as_ref().map(|value| shown(&place.path, value)),
        project: project.map(|value| shown(&place.path, value)),
        as_applied,
    }
}

/// A value as it may be shown, as JSON. What is no data is a text in words.
fn shown(at: &Pointer, value: &Value) -> Json {
    match value {
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), shown(&at.join(key), value)))
            .collect(),
        Value::List(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(nth, item)| shown(&at.join(nth), item))
                .collect()
        }
        Value::Text(text) => redact::at(at, text)
            .unwrap_or_else(|| redact::REDACTED.to_owned())
            .into(),
        Value::Bool(_) | Value::Number(_) if redact::authorises(at) => redact::REDACTED.into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_json_with(&mut |_| Json::Null),
        Value::Deferred(_) | Value::Secret(_) => inline(at, value).into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::Touch;
    use crate::words::value::SecretSource;
    use crate::words::{Addr, Template};

    fn drift() -> Drift {
        let at = |text: &str| Pointer::parse(text).expect("a pointer");
        let addr: Addr = "port.action.a".parse().expect("an address");
        let secret = Template::parse("${env.TOKEN}").expect("a template");
        Drift {
            objects: vec![Drifted {
                addr,
                id: "a".into(),
                fate: Fate::Changed,
                renamed: None,
                places: vec![
                    DriftedPlace {
                        path: at("/invocationMethod/headers"),
                        how: How::Changed,
                        live: Some(json!({ "Authorization": "Bearer canary", "X": 1 }).into()),
                        before: Before::Edited(Some(Value::Secret(SecretSource::new(secret)))),
                    },
                    DriftedPlace {
                        path: at("/url"),
                        how: How::Went,
                        live: None,
                        before: Before::Applied(Some(Value::text("https://ingest.port.io/canary"))),
                    },
                    DriftedPlace {
                        path: at("/title"),
                        how: How::Came,
                        live: Some(Value::text("\u{1b}[2J")),
                        before: Before::Unknown,
                    },
                ],
                rewritten: false,
                remarks: vec!["It does so."],
                touched: Touch {
                    at: Some("2026-11-20T10:00:00.000Z".into()),
                    by: Some("auth0|ann".into()),
                },
            }],
            same: 2,
            ..Drift::default()
        }
    }

    #[test]
    fn a_document_fits_its_schema_and_shows_nothing_that_is_hidden() {
        let ledger = Ledger::new("acme", None, "00".into());
        let document = serde_json::to_value(json(&drift(), &ledger)).expect("it is data");
        assert!(!document.to_string().contains("canary"), "{document:#}");
        let schema = schema().to_value();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(validator.is_valid(&document), "{document:#}");
        assert!(!validator.is_valid(&json!({ "formatVersion": 1 })));
        insta::assert_json_snapshot!(document["objects"][0]["places"], @r#"
        [
          {
            "path": "/invocationMethod/headers",
            "change": "changed",
            "live": {
              "Authorization": "(redacted)",
              "X": 1
            },
            "project": "(secret) from ${env.TOKEN}",
            "asApplied": false
          },
          {
            "path": "/url",
            "change": "went",
            "project": "https://ingest.port.io/…",
            "asApplied": true
          },
          {
            "path": "/title",
            "change": "came",
            "live": "\u001b[2J"
          }
        ]
        "#);
    }
}
