//! Laws 1, 2, 3 and 5 along the way that every project goes: plan, apply, edit, plan, apply.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

use crate::bed::{
    arrived, config, disguise, hides_canaries, holds, lay, looked, objects, owners, ran, shown,
    world,
};
use crate::project::{Project, edits, project};
use crate::world::World;

/// Objects that others made, some of which differ from nothing of ours.
pub fn strangers(world: &World) {
    let blueprint =
        json!({"identifier": "stranger", "title": "Not ours", "schema": {"properties": {}}});
    world.port(Method::POST, "/v1/blueprints", blueprint);
    let secret = json!({"secretName": "STRANGER", "secretValue": "theirs"});
    world.port(Method::POST, "/v1/organization/secrets", secret);
}

/// An apply does what its plan showed, or less, and every value arrives unchanged.
fn exact(world: &World, before: &Project, now: &Project) -> Result<(), TestCaseError> {
    let plan = looked(world, &["plan"], &[0])?;
    let planned = shown(&plan.out);
    let old = objects(world);
    let applied = ran(world, &["apply", "--yes"], &[0])?;
    // Only a secret whose fingerprint tells nothing may still become a line of its own.
    let undecided = plan.out.contains("decided at apply");
    holds(undecided || applied.out.contains(&plan.out), || {
        format!(
            "law 3: apply shows another plan\n{}\n{}",
            plan.out, applied.out
        )
    })?;
    let new = objects(world);
    let owners = owners(&[before, now]);
    for (place, row) in old.iter().chain(&new) {
        if old.get(place) == new.get(place) {
            continue;
        }
        let ours = owners.get(place);
        let is_shown =
            ours.is_some_and(|owners| owners.iter().any(|addr| planned.contains_key(addr)));
        holds(is_shown, || {
            format!(
                "law 3: {place:?} changed and was not shown\n{row}\n{}",
                plan.out
            )
        })?;
    }
    for document in now.documents().values() {
        let (table, key) = document.place();
        let row = new.get(&(table.to_owned(), key));
        let row =
            row.ok_or_else(|| TestCaseError::fail(format!("{} is not there", document.address())))?;
        arrived(document, row)
            .map_err(|what| TestCaseError::fail(format!("law 3: {} {what}", document.address())))?;
    }
    let file = std::fs::read_to_string(world.path("ledger.json")).unwrap_or_default();
    holds(now.in_port == file.is_empty(), || {
        "the ledger is elsewhere".into()
    })?;
    hides_canaries(&[&file, &world.state().to_string()])
}

/// Nothing is left to do, in whatever words the services answer.
fn empty(world: &World, seed: u64) -> Result<(), TestCaseError> {
    disguise(world, seed);
    let plan = looked(world, &["plan", "--detailed-exitcode"], &[0]);
    world.sandbox.clear_faults();
    plan.map(|_| ())
        .map_err(|error| TestCaseError::fail(format!("law 1: {error}")))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn projects_converge_as_planned(project in project(), edits in edits(), seed in any::<u64>()) {
        let world = world();
        strangers(&world);
        lay(&world, &project);
        looked(&world, &["validate"], &[0])?;
        exact(&world, &project, &project)?;
        empty(&world, seed)?;
        let next = project.edited(&edits);
        lay(&world, &next);
        exact(&world, &project, &next)?;
        empty(&world, seed ^ 1)?;
    }
}
