//! One change of a plan in a document.
//!
//! Deliberately not here: how values are written (see `value`).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::decide::diff::FieldChange;
use crate::decide::plan::{Action, Change, Part, Pass, Reason};
use crate::kinds::{self, Observed, Rename};
use crate::show::document::drift::DriftedDocument;
use crate::show::document::loss::{CountDocument, LossDocument};
use crate::show::document::value::{decode, encode};
use crate::show::redact;
use crate::want::document::Lifecycle;
use crate::words::value::Map;
use crate::words::{Addr, Pointer, Value};

/// One object that would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeDocument {
    /// The object's address.
    #[schemars(with = "String")]
    pub address: Addr,
    /// Its kind, `port.blueprint`.
    pub kind: String,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: ReasonDocument,
    /// The name in the service.
    pub name: String,
    /// The id of the live object, when there is one.
    pub id: Option<String>,
    /// What the digest of the plan says about this change; absent when it is about secrets alone.
    pub digest: Option<String>,
    /// Which places differ; of a create all places, of a delete none.
    pub fields: Vec<FieldDocument>,
    /// Fields that live has and this version does not know, and that the write leaves out.
    #[schemars(with = "Vec<String>")]
    pub unknown: Vec<Pointer>,
    /// The whole spec to be written; absent for a delete.
    pub want: Option<Json>,
    /// The objects of the project that it needs.
    #[schemars(with = "Vec<String>")]
    pub needs: BTreeSet<Addr>,
    /// The places whose secrets are sent.
    #[schemars(with = "Vec<String>")]
    pub sends: BTreeSet<Pointer>,
    /// Whether the object becomes ours although somebody else made it.
    pub adopts: bool,
    /// Whether it may not be deleted or replaced.
    pub protect: bool,
    /// The managed places of somebody else's object; absent for a whole object.
    pub part: Option<PartDocument>,
    /// Its writes in order, when objects need each other.
    pub passes: Vec<PassDocument>,
    /// The address that the ledger has it under, when it is another one.
    #[schemars(with = "Option<String>")]
    pub moved_from: Option<Addr>,
    /// Keys that get another name and keep their data.
    pub renames: Vec<RenameDocument>,
    /// What it would take from the data under the object.
    pub losses: Vec<LossDocument>,
    /// How much data that is; absent when it was not counted.
    pub counted: Option<CountDocument>,
    /// What of it is not as the last apply left it; all else that differs are edits.
    pub drift: Option<DriftedDocument>,
}

/// Why an object changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum ReasonDocument {
    /// The project wants it and live does not have it.
    Missing,
    /// Live differs in these places.
    Differs {
        /// The places.
        #[schemars(with = "Vec<String>")]
        at: Vec<Pointer>,
    },
    /// It reads an attribute of an object that is created or replaced.
    DependsOn {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
        /// The attribute.
        attribute: String,
    },
    /// The ledger says it is ours, and the project no longer wants it.
    NotInConfig,
    /// The text of a secret is another one than the last that was sent.
    SecretChanged,
    /// It shares the text of a secret with an object that gets a new one.
    RotatedWith {
        /// That object.
        #[schemars(with = "String")]
        address: Addr,
    },
    /// It is equal and becomes ours.
    Equal,
    /// It is equal and ours, and its protection is another than the ledger has.
    Protection,
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldDocument {
    /// Where, as a JSON pointer from the spec on.
    #[schemars(with = "String")]
    pub path: Pointer,
    /// What live has; absent when it has nothing there.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub before: Option<Json>,
    /// What the project wants; absent when it wants nothing there.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub after: Option<Json>,
}

/// The managed places of somebody else's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartDocument {
    /// The places that stay managed, with `*` for any key.
    #[schemars(with = "Vec<String>")]
    pub places: Vec<Pointer>,
    /// The places that something of ours stands at.
    #[schemars(with = "Vec<String>")]
    pub placed: Vec<Pointer>,
    /// The places that are given up.
    #[schemars(with = "Vec<String>")]
    pub given_up: Vec<Pointer>,
}

/// One write of an object that is written several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PassDocument {
    /// The places that this write does not have yet.
    #[schemars(with = "Vec<String>")]
    pub without: BTreeSet<Pointer>,
    /// The writes of others that come before it.
    pub after: Vec<WriteDocument>,
}

/// One write of another object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteDocument {
    /// The object.
    #[schemars(with = "String")]
    pub address: Addr,
    /// Which of its writes, from 0 on.
    pub write: usize,
}

/// One key that gets another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenameDocument {
    /// Where the key stands, itself included.
    #[schemars(with = "String")]
    pub at: Pointer,
    /// The name that it gets.
    pub to: String,
}

/// A value that is there, though it be `null`.
pub(super) fn there<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl ChangeDocument {
    /// A change as it may be shown.
    pub fn of(change: &Change, digest: Option<String>) -> ChangeDocument {
        let root = Pointer::root();
        let field = |field: &FieldChange| {
            let (before, after) = (field.before.as_ref(), field.after.as_ref());
            FieldDocument {
                path: field.path.clone(),
                before: before.map(|value| encode(&field.path, value, None)),
                after: after.map(|value| encode(&field.path, value, before)),
            }
        };
        let pass = |pass: &Pass| PassDocument {
            without: pass.without.keys().cloned().collect(),
            after: pass
                .after
                .iter()
                .map(|(address, write)| WriteDocument {
                    address: address.clone(),
                    write: *write,
                })
                .collect(),
        };
        ChangeDocument {
            address: change.addr.clone(),
            kind: change.kind.name().to_owned(),
            action: change.action,
            reason: ReasonDocument::of(&change.reason),
            name: redact::text(&change.name),
            id: change.seen.as_ref().map(|seen| redact::text(&seen.id)),
            digest,
            fields: change.differences().iter().map(field).collect(),
            unknown: change.unknown.clone(),
            want: change.want.as_ref().map(|want| encode(&root, want, None)),
            needs: change.needs.clone(),
            sends: change.sends.clone(),
            adopts: change.adopts,
            protect: change.lifecycle.protect,
            part: change.part.as_ref().map(|part| PartDocument {
                places: part.places.clone(),
                placed: part.placed.clone(),
                given_up: part.given_up.clone(),
            }),
            passes: change.passes.iter().map(pass).collect(),
            moved_from: change.from.clone(),
            renames: change
                .renames
                .iter()
                .map(|rename| RenameDocument {
                    at: rename.at.clone(),
                    to: rename.to.clone(),
                })
                .collect(),
            losses: change.losses.iter().map(LossDocument::of).collect(),
            counted: change.counted.as_ref().map(CountDocument::of),
            drift: change.drift.as_deref().map(DriftedDocument::of),
        }
    }

    /// The change as renderers take it, without what is not in a document: what live has besides.
    pub fn change(self) -> Result<Change, String> {
        let unknown = || {
            format!(
                "`{}` is of a kind that this version does not know",
                self.address
            )
        };
        let kind = kinds::of(&self.address).ok_or_else(unknown)?;
        if kind.name() != self.kind {
            return Err(format!("`{}` is no `{}`", self.address, self.kind));
        }
        let field = |field: FieldDocument| -> Result<FieldChange, String> {
            Ok(FieldChange {
                path: field.path,
                before: field.before.map(decode).transpose()?,
                after: field.after.map(decode).transpose()?,
            })
        };
        let pass = |pass: PassDocument| Pass {
            without: pass.without.into_iter().map(|at| (at, None)).collect(),
            after: pass
                .after
                .into_iter()
                .map(|write| (write.address, write.write))
                .collect(),
        };
        let rename = |rename: RenameDocument| Rename {
            at: rename.at,
            to: rename.to,
        };
        Ok(Change {
            addr: self.address,
            kind,
            action: self.action,
            reason: self.reason.reason(),
            fields: self
                .fields
                .into_iter()
                .map(field)
                .collect::<Result<_, _>>()?,
            unknown: self.unknown,
            needs: self.needs,
            seen: self.id.map(|id| Observed {
                id,
                name: self.name.clone(),
                value: Value::Null,
                exports: Map::new(),
                born: Default::default(),
                touched: Default::default(),
            }),
            name: self.name,
            want: self.want.map(decode).transpose()?,
            lifecycle: Lifecycle {
                protect: self.protect,
                ..Lifecycle::default()
            },
            sends: self.sends,
            adopts: self.adopts,
            part: self.part.map(|part| Part {
                places: part.places,
                placed: part.placed,
                given_up: part.given_up,
            }),
            passes: self.passes.into_iter().map(pass).collect(),
            from: self.moved_from,
            renames: self.renames.into_iter().map(rename).collect(),
            label: None,
            losses: self
                .losses
                .into_iter()
                .map(LossDocument::loss)
                .collect::<Result<_, _>>()?,
            counted: self.counted.map(CountDocument::population),
            drift: self
                .drift
                .map(DriftedDocument::drifted)
                .transpose()?
                .map(Box::new),
        })
    }
}

impl ReasonDocument {
    fn of(reason: &Reason) -> ReasonDocument {
        match reason.clone() {
            Reason::Missing => ReasonDocument::Missing,
            Reason::Differs(at) => ReasonDocument::Differs { at },
            Reason::DependsOn(address, attribute) => {
                ReasonDocument::DependsOn { address, attribute }
            }
            Reason::NotInConfig => ReasonDocument::NotInConfig,
            Reason::SecretChanged => ReasonDocument::SecretChanged,
            Reason::RotatedWith(address) => ReasonDocument::RotatedWith { address },
            Reason::Equal => ReasonDocument::Equal,
            Reason::Protection => ReasonDocument::Protection,
        }
    }

    fn reason(self) -> Reason {
        match self {
            ReasonDocument::Missing => Reason::Missing,
            ReasonDocument::Differs { at } => Reason::Differs(at),
            ReasonDocument::DependsOn { address, attribute } => {
                Reason::DependsOn(address, attribute)
            }
            ReasonDocument::NotInConfig => Reason::NotInConfig,
            ReasonDocument::SecretChanged => Reason::SecretChanged,
            ReasonDocument::RotatedWith { address } => Reason::RotatedWith(address),
            ReasonDocument::Equal => Reason::Equal,
            ReasonDocument::Protection => Reason::Protection,
        }
    }
}
