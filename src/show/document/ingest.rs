//! Ingests as JSON: what became of each, or would become of it.
//!
//! No times are in it, so that the same inputs give the same bytes. Deliberately not here: ingests for
//! people (see `show::ingest`).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::ingest::{Done, Report, Sample};
use crate::show::Header;
use crate::show::document::FORMAT_VERSION;
use crate::show::document::value::encode;
use crate::show::ingest::{is_complete, place};
use crate::show::redact;
use crate::words::Value;

/// What `spaceport ingest --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngestsDocument {
    /// Version of this format.
    pub format_version: u32,
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// The id of Port's organization.
    pub organization: Option<String>,
    /// Spacelift's account.
    pub account: Option<String>,
    /// Whether nothing was written because only a plan was asked for.
    pub planned: bool,
    /// Whether all of them did all that was to be done.
    pub complete: bool,
    /// The ingests in the order in which they ran. One that was interrupted is the last.
    pub ingests: Vec<IngestDocument>,
}

/// What became of one ingest. In a plan the counts are of what would happen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngestDocument {
    /// Its name.
    pub name: String,
    /// What was read: `spacelift.stacks`.
    pub from: String,
    /// The blueprint of its entities.
    pub blueprint: String,
    /// Items that were read.
    pub read: u64,
    /// Those of them that `filter` left out.
    pub filtered: u64,
    /// Entities that were created.
    pub created: u64,
    /// Entities that were changed.
    pub updated: u64,
    /// Entities that were as they should be.
    pub unchanged: u64,
    /// Entities that were deleted.
    pub deleted: u64,
    /// Entities of items that are gone, and that stay.
    pub left: u64,
    /// Why these stay.
    pub stay: Vec<StayDocument>,
    /// Items that became nothing.
    pub failed: u64,
    /// Those of them with the smallest identifiers, 1,000 at most.
    pub failures: Vec<FailedDocument>,
    /// Fields that were left as they are, because a program could not fill them.
    pub unfilled: Vec<UnfilledDocument>,
    /// Of a plan: five of what would be created, updated and deleted each, by identifier.
    pub samples: Vec<SampleDocument>,
    /// Why nothing is deleted although something is gone. The exit code is 5 then.
    pub refused: Option<String>,
    /// What allows it.
    pub allowed_by: Option<String>,
    /// Why it ended before its end.
    pub broken: Option<String>,
    /// What can be done about that.
    pub help: Option<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// Why entities of items that are gone stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StayDocument {
    /// Why.
    pub reason: String,
    /// How many of them.
    pub entities: u64,
}

/// An item that became nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedDocument {
    /// The identifier of its entity, or else the item's own.
    pub identifier: String,
    /// Why.
    pub reason: String,
}

/// A field that a program could not fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnfilledDocument {
    /// Which: `title`, `properties.state`.
    pub field: String,
    /// What the program said.
    pub message: String,
    /// For how many items.
    pub times: u64,
    /// The smallest identifier among their entities.
    pub identifier: String,
}

/// What happens to one entity.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SampleDocument {
    /// Its identifier.
    pub identifier: String,
    /// What is done.
    pub action: ActionDocument,
    /// The fields that change.
    pub fields: Vec<FieldDocument>,
}

/// What is done to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionDocument {
    /// It is new.
    Create,
    /// Some fields change.
    Update,
    /// It goes.
    Delete,
}

/// A field of an entity that changes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldDocument {
    /// Which: `title`, `properties.state`.
    pub field: String,
    /// What it was; null where nothing was.
    pub from: Json,
    /// What it becomes; null where it is cleared.
    pub to: Json,
}

impl IngestsDocument {
    /// The document of ingests that ended.
    pub fn of(header: &Header, planned: bool, reports: &[Report]) -> IngestsDocument {
        IngestsDocument {
            format_version: FORMAT_VERSION,
            project: header.project.clone(),
            environment: header.environment.clone(),
            organization: header.organization.clone(),
            account: header.account.clone(),
            planned,
            complete: reports.iter().all(is_complete),
            ingests: reports.iter().map(IngestDocument::of).collect(),
        }
    }
}

impl IngestDocument {
    fn of(report: &Report) -> IngestDocument {
        let failures = report.failures.iter().map(|failed| FailedDocument {
            identifier: redact::text(&failed.identifier),
            reason: redact::foreign(&failed.reason),
        });
        let stay = report.stay.iter().map(|(why, entities)| StayDocument {
            reason: (*why).to_owned(),
            entities: *entities,
        });
        let unfilled = report.unfilled.iter().map(|one| UnfilledDocument {
            field: one.field.clone(),
            message: redact::foreign(&one.message),
            times: one.times,
            identifier: redact::text(&one.identifier),
        });
        let shown = |text: &Option<String>| text.as_deref().map(redact::text);
        IngestDocument {
            name: report.name.clone(),
            from: report.from.to_owned(),
            blueprint: report.blueprint.clone(),
            read: report.read,
            filtered: report.filtered,
            created: report.created,
            updated: report.changed,
            unchanged: report.unchanged,
            deleted: report.deleted,
            left: report.left,
            stay: stay.collect(),
            failed: report.failed,
            failures: failures.collect(),
            unfilled: unfilled.collect(),
            samples: report.samples.iter().map(SampleDocument::of).collect(),
            refused: shown(&report.refused),
            allowed_by: shown(&report.allow),
            broken: report.broken.as_deref().map(redact::foreign),
            help: shown(&report.help),
            interrupted: report.interrupted,
        }
    }
}

impl SampleDocument {
    fn of(sample: &Sample) -> SampleDocument {
        let fields = sample.fields.iter().map(|(field, from, to)| {
            let (before, after) = (Value::from(from), Value::from(to));
            let at = place(field);
            FieldDocument {
                field: field.clone(),
                from: encode(&at, &before, None),
                to: encode(&at, &after, Some(&before)),
            }
        });
        SampleDocument {
            identifier: redact::text(&sample.identifier),
            action: match sample.what {
                Done::Created => ActionDocument::Create,
                Done::Changed => ActionDocument::Update,
                Done::Deleted => ActionDocument::Delete,
            },
            fields: fields.collect(),
        }
    }
}
