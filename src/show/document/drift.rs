//! Drift as JSON: what of ours is not as the last apply left it, and the same of one object inside
//! of a plan.
//!
//! What is not known is absent. Deliberately not here: drift for people (see `render::human`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::decide::drift::{Before, Drift, Drifted, DriftedPlace, Fate, How};
use crate::decide::ledger::Ledger;
use crate::kinds::Touch;
use crate::show::document::FORMAT_VERSION;
use crate::show::document::change::there;
use crate::show::document::value::{decode, encode};
use crate::show::redact;
use crate::words::{Addr, Pointer};

/// What `spaceport drift --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftDocument {
    /// Version of this format.
    pub format_version: u32,
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// The apply that live is compared with.
    pub last_apply: LastApply,
    /// Whether anything is not as it was applied. The exit code is 2 then.
    pub drifted: bool,
    /// The objects that are not as they were applied, by address.
    pub objects: Vec<DriftedDocument>,
    /// How many objects are as they were applied, or as the project wants them by now.
    pub same: usize,
    /// Of these, the addresses of those that are not as they were applied.
    pub accepted: Vec<String>,
    /// The addresses that it was limited to; empty means all.
    pub targets: Vec<String>,
    /// Sentences that a reader should know.
    pub notes: Vec<String>,
}

/// The apply that live is compared with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LastApply {
    /// When it ended, RFC 3339.
    pub at: Option<String>,
    /// The commit of its checkout.
    pub commit: Option<String>,
}

/// An object that is not as it was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftedDocument {
    /// The address that the ledger has it under.
    #[schemars(with = "String")]
    pub address: Addr,
    /// Its id in its service when it was applied.
    pub id: String,
    /// What became of it.
    pub state: State,
    /// The id of the object that has its name now, when it was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The name that it was applied with, when it has another one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Whether somebody else wrote what cannot be read, as the text of a secret.
    pub rewritten: bool,
    /// The last write of it, by whomever.
    pub last_write: LastWrite,
    /// What its service does by itself, where that is what happened.
    pub remarks: Vec<String>,
    /// Its places that are not as they were applied.
    pub places: Vec<PlaceDocument>,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is there and was changed.
    Changed,
    /// It is gone, and another object has its name.
    Replaced,
    /// It is gone.
    Gone,
}

/// The last write of an object, as far as its service tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LastWrite {
    /// When, RFC 3339.
    pub at: Option<String>,
    /// By whom: a user, or the client of a machine.
    pub by: Option<String>,
}

/// A place that is not as it was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceDocument {
    /// A JSON pointer, from the spec on.
    #[schemars(with = "String")]
    pub path: Pointer,
    /// What became of it.
    pub change: Became,
    /// What stands there now; absent when there is nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub live: Option<Json>,
    /// What the project wants there; absent when it wants nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub project: Option<Json>,
    /// Whether what the project wants is what was applied: then it is drift alone, else the project
    /// was edited, too. Absent when the project does not have the object any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_applied: Option<bool>,
}

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// Something else stands there.
    Changed,
    /// Nothing stood there.
    Came,
    /// Nothing stands there any more.
    Went,
}

impl DriftDocument {
    /// Drift as it may be shown.
    pub fn of(drift: &Drift, ledger: &Ledger) -> DriftDocument {
        DriftDocument {
            format_version: FORMAT_VERSION,
            project: ledger.project.clone(),
            environment: ledger.environment.clone(),
            last_apply: LastApply {
                at: ledger.applied_at.clone(),
                commit: ledger.commit.clone(),
            },
            drifted: !drift.objects.is_empty(),
            objects: drift.objects.iter().map(DriftedDocument::of).collect(),
            same: drift.same,
            accepted: drift.accepted.iter().map(ToString::to_string).collect(),
            targets: drift.targets.iter().map(ToString::to_string).collect(),
            notes: drift.notes.iter().map(|note| redact::text(note)).collect(),
        }
    }
}

impl DriftedDocument {
    /// An object as it may be shown.
    pub fn of(drifted: &Drifted) -> DriftedDocument {
        let (state, replaced_by) = match &drifted.fate {
            Fate::Changed => (State::Changed, None),
            Fate::Replaced(id) => (State::Replaced, Some(redact::text(id))),
            Fate::Gone => (State::Gone, None),
        };
        DriftedDocument {
            address: drifted.addr.clone(),
            id: redact::text(&drifted.id),
            state,
            replaced_by,
            renamed_from: drifted.renamed.as_deref().map(redact::text),
            rewritten: drifted.rewritten,
            last_write: LastWrite {
                at: drifted.touched.at.as_deref().map(redact::text),
                by: drifted.touched.by.as_deref().map(redact::text),
            },
            remarks: drifted.remarks.clone(),
            places: drifted.places.iter().map(PlaceDocument::of).collect(),
        }
    }

    /// The object as renderers take it.
    pub fn drifted(self) -> Result<Drifted, String> {
        Ok(Drifted {
            fate: match self.state {
                State::Changed => Fate::Changed,
                State::Replaced => Fate::Replaced(self.replaced_by.ok_or_else(|| {
                    format!("`{}` is replaced, and nothing says by what", self.address)
                })?),
                State::Gone => Fate::Gone,
            },
            addr: self.address,
            id: self.id,
            renamed: self.renamed_from,
            places: self
                .places
                .into_iter()
                .map(PlaceDocument::place)
                .collect::<Result<_, _>>()?,
            rewritten: self.rewritten,
            remarks: self.remarks,
            touched: Touch {
                at: self.last_write.at,
                by: self.last_write.by,
            },
        })
    }
}

impl PlaceDocument {
    fn of(place: &DriftedPlace) -> PlaceDocument {
        let (project, as_applied) = match &place.before {
            Before::Applied(value) => (value.as_ref(), Some(true)),
            Before::Edited(value) => (value.as_ref(), Some(false)),
            Before::Unknown => (None, None),
        };
        let live = place.live.as_ref();
        PlaceDocument {
            path: place.path.clone(),
            change: match place.how {
                How::Changed => Became::Changed,
                How::Came => Became::Came,
                How::Went => Became::Went,
            },
            live: live.map(|value| encode(&place.path, value, None)),
            project: project.map(|value| encode(&place.path, value, live)),
            as_applied,
        }
    }

    fn place(self) -> Result<DriftedPlace, String> {
        let project = self.project.map(decode).transpose()?;
        Ok(DriftedPlace {
            path: self.path,
            how: match self.change {
                Became::Changed => How::Changed,
                Became::Came => How::Came,
                Became::Went => How::Went,
            },
            live: self.live.map(decode).transpose()?,
            before: match self.as_applied {
                Some(true) => Before::Applied(project),
                Some(false) => Before::Edited(project),
                None => Before::Unknown,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::value::SecretSource;
    use crate::words::{Template, Value};

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
                remarks: vec!["It does so.".into()],
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
        let document =
            serde_json::to_value(DriftDocument::of(&drift(), &ledger)).expect("it is data");
        assert!(!document.to_string().contains("canary"), "{document:#}");
        let schema = schemars::schema_for!(DriftDocument).to_value();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(validator.is_valid(&document), "{document:#}");
        assert!(!validator.is_valid(&json!({ "formatVersion": 1 })));
        let one = DriftedDocument::of(&drift().objects[0]);
        let again = one
            .clone()
            .drifted()
            .map(|drifted| DriftedDocument::of(&drifted));
        assert_eq!(again, Ok(one.clone()));
        let nobody = DriftedDocument {
            state: State::Replaced,
            ..one
        };
        assert!(nobody.drifted().is_err_and(|why| why.contains("by what")));
        insta::assert_json_snapshot!(document["objects"][0]["places"], @r#"
        [
          {
            "path": "/invocationMethod/headers",
            "change": "changed",
            "live": {
              "Authorization": "(redacted)",
              "X": 1
            },
            "project": {
              "$secret": "${env.TOKEN}"
            },
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
