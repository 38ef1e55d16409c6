//! Documents that come from elsewhere: whoever wrote them, nothing of them is believed but its form.
//!
//! Deliberately not here: files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::show::document::{FORMAT_VERSION, PlanDocument};
use crate::words::Addr;

/// What every version says about itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: Option<serde_json::Value>,
    /// Only a snapshot says when it was taken.
    taken_at: Option<serde::de::IgnoredAny>,
}

/// Reads a plan; in words why it is none.
pub fn plan(text: &str) -> Result<PlanDocument, String> {
    let versioned: Versioned =
        serde_json::from_str(text).map_err(|error| format!("it is no plan: {error}"))?;
    if versioned.taken_at.is_some() {
        return Err("it is a snapshot; `spaceport plan --live` makes a plan of it".to_owned());
    }
    match versioned.format_version {
        None => return Err("it is no plan: it has no `formatVersion`".to_owned()),
        Some(version) if version != FORMAT_VERSION => {
            return Err(format!(
                "it has format version {version}, and this version of spaceport reads {FORMAT_VERSION}"
            ));
        }
        Some(_) => {}
    }
    serde_json::from_str(text).map_err(|error| format!("it is no plan: {error}"))
}

/// How the changes of two plans differ, a line each: what came, what went, what is another one.
pub fn differences(reviewed: &PlanDocument, fresh: &PlanDocument) -> Vec<String> {
    let (old, new) = (digests(reviewed), digests(fresh));
    let mut lines: BTreeMap<&Addr, &str> = BTreeMap::new();
    for (addr, digest) in &new {
        match old.get(addr) {
            None => lines.insert(addr, "was not to be changed when the plan was reviewed"),
            Some(before) if before != digest => {
                lines.insert(addr, "would be changed otherwise, or is in another state")
            }
            Some(_) => None,
        };
    }
    for addr in old.keys().filter(|addr| !new.contains_key(*addr)) {
        lines.insert(addr, "is no longer to be changed");
    }
    let lines = lines.into_iter();
    let mut told: Vec<String> = lines.map(|(addr, what)| format!("{addr} {what}")).collect();
    let worlds = [
        ("project", Some(&reviewed.project), Some(&fresh.project)),
        (
            "environment",
            reviewed.environment.as_ref(),
            fresh.environment.as_ref(),
        ),
        (
            "organization",
            reviewed.organization.as_ref(),
            fresh.organization.as_ref(),
        ),
        ("account", reviewed.account.as_ref(), fresh.account.as_ref()),
    ];
    for (what, old, new) in worlds.into_iter().filter(|(_, old, new)| old != new) {
        let name =
            |name: Option<&String>| name.map_or("none".to_owned(), |name| format!("`{name}`"));
        told.push(format!(
            "the {what} was {}, and is {}",
            name(old),
            name(new)
        ));
    }
    told
}

fn digests(plan: &PlanDocument) -> BTreeMap<&Addr, &str> {
    let changes = plan.changes.iter();
    changes
        .filter_map(|change| Some((&change.address, change.digest.as_deref()?)))
        .collect()
}
