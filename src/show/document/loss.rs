//! What a change would take from the data under its object, in a document.
//!
//! Deliberately not here: whether that is allowed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::decide::plan::Population;
use crate::kinds::{Loss, Lost};
use crate::show::document::value::{decode, encode};
use crate::show::redact;
use crate::words::Pointer;

/// One thing that a change takes from the data under an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LossDocument {
    /// Where in the spec; the empty text when the object itself goes.
    #[schemars(with = "String")]
    pub at: Pointer,
    /// What happens there.
    pub what: LostDocument,
    /// The key that is new beside it and looks like its new name.
    pub renamed: Option<String>,
}

/// What happens at the place of a loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum LostDocument {
    /// The object goes, and its data with it.
    Object,
    /// What stands there goes, and every value with it.
    Removed,
    /// Values of another type are wanted.
    Type {
        /// The type of the values that there are.
        from: String,
        /// The type that is wanted.
        to: String,
    },
    /// It leads to another object than the values do.
    Target {
        /// Where the values lead.
        from: String,
        /// Where they should lead.
        to: String,
    },
    /// It leads to one where the values may lead to several.
    Single,
    /// These values are no longer allowed; without any, only a list is allowed from now on.
    Values {
        /// The values.
        values: Vec<Json>,
    },
    /// A value is asked for that there need not be.
    Required,
}

/// How much data is under an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum CountDocument {
    /// So many entities.
    Known {
        /// How many.
        entities: u64,
    },
    /// The service would not say.
    Unknown {
        /// What it answered.
        said: String,
    },
}

impl LossDocument {
    pub(super) fn of(loss: &Loss) -> LossDocument {
        LossDocument {
            at: loss.at.clone(),
            what: match &loss.what {
                Lost::Object => LostDocument::Object,
                Lost::Removed => LostDocument::Removed,
                Lost::Type { from, to } => LostDocument::Type {
                    from: from.clone(),
                    to: to.clone(),
                },
                Lost::Target { from, to } => LostDocument::Target {
                    from: from.clone(),
                    to: to.clone(),
                },
                Lost::Single => LostDocument::Single,
                Lost::Values(values) => LostDocument::Values {
                    values: values.iter().map(|v| encode(&loss.at, v, None)).collect(),
                },
                Lost::Required => LostDocument::Required,
            },
            renamed: loss.renamed.clone(),
        }
    }

    pub(super) fn loss(self) -> Result<Loss, String> {
        Ok(Loss {
            at: self.at,
            what: match self.what {
                LostDocument::Object => Lost::Object,
                LostDocument::Removed => Lost::Removed,
                LostDocument::Type { from, to } => Lost::Type { from, to },
                LostDocument::Target { from, to } => Lost::Target { from, to },
                LostDocument::Single => Lost::Single,
                LostDocument::Values { values } => {
                    Lost::Values(values.into_iter().map(decode).collect::<Result<_, _>>()?)
                }
                LostDocument::Required => Lost::Required,
            },
            renamed: self.renamed,
        })
    }
}

impl CountDocument {
    pub(super) fn of(counted: &Population) -> CountDocument {
        match counted {
            Population::Known(count) => CountDocument::Known { entities: *count },
            Population::Unknown(said) => CountDocument::Unknown {
                said: redact::text(said),
            },
        }
    }

    pub(super) fn population(self) -> Population {
        match self {
            CountDocument::Known { entities } => Population::Known(entities),
            CountDocument::Unknown { said } => Population::Unknown(said),
        }
    }
}
