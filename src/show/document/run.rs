//! A run of an action as JSON: where it stands, and what its backend said.
//!
//! What a backend answered is not in it: it may hold a token. Deliberately not here: runs for
//! people (see `show::run`).

use schemars::JsonSchema;
use serde::Serialize;

use crate::show::document::FORMAT_VERSION;
use crate::show::redact;
use crate::there::run::{Log, Run};
use crate::there::services::Approvers;

/// What `spaceport run … --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDocument {
    /// Version of this format.
    pub format_version: u32,
    /// The id of the run.
    pub id: String,
    /// The identifier of its action.
    pub action: String,
    /// Port's word for where it stands: `IN_PROGRESS`, `SUCCESS`.
    pub status: String,
    /// What its backend calls that.
    pub label: Option<String>,
    /// What its backend wants to be looked at.
    pub links: Vec<String>,
    /// What its backend says at its end.
    pub summary: Option<String>,
    /// Whether it is over.
    pub ended: bool,
    /// Whether it did what it was started for: it ended as `SUCCESS`, and nothing was refused.
    pub did_well: bool,
    /// What a GraphQL backend refused in an answer that Port takes for a success.
    pub refusals: Vec<String>,
    /// Its log, where it was followed.
    pub log: Vec<LogDocument>,
    /// Who may approve it, while it waits for that.
    pub approvers: Option<ApproversDocument>,
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogDocument {
    /// When it was written, RFC 3339.
    pub at: String,
    /// What it says.
    pub message: String,
}

/// Who may approve a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApproversDocument {
    /// Names of roles.
    pub roles: Vec<String>,
    /// Names of teams.
    pub teams: Vec<String>,
    /// E-mail addresses.
    pub users: Vec<String>,
}

impl RunDocument {
    /// The document of a run, with as much of its log as was seen.
    pub fn of(run: &Run, log: &[Log], approvers: Option<&Approvers>) -> RunDocument {
        let shown = |texts: &[String]| texts.iter().map(|text| redact::foreign(text)).collect();
        RunDocument {
            format_version: FORMAT_VERSION,
            id: run.id.clone(),
            action: run.action.clone(),
            status: run.status.word().to_owned(),
            label: run.label.as_deref().map(redact::foreign),
            links: shown(&run.links),
            summary: run.summary.as_deref().map(redact::foreign),
            ended: run.ended,
            did_well: run.did_well(),
            refusals: shown(&run.refusals),
            log: log.iter().map(LogDocument::of).collect(),
            approvers: approvers.map(|who| ApproversDocument {
                roles: who.roles.clone(),
                teams: who.teams.clone(),
                users: who.users.clone(),
            }),
        }
    }
}

impl LogDocument {
    fn of(log: &Log) -> LogDocument {
        LogDocument {
            at: log.at.clone(),
            message: redact::foreign(&log.message),
        }
    }
}
