//! Drift is what others did: right after an apply there is none, in whatever words the services
//! answer, and a change of somebody else is one.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

use crate::bed::{config, disguise, holds, lay, looked, ran, world};
use crate::project::{edits, project};
use crate::world::World;

/// Nothing of ours is told, whatever is added to the answers.
fn none(world: &World, seed: u64) -> Result<(), TestCaseError> {
    disguise(world, seed);
    let drift = looked(world, &["drift"], &[0]);
    world.sandbox.clear_faults();
    let said = drift.map_err(|error| TestCaseError::fail(format!("drift of our own: {error}")))?;
    holds(!said.out.contains("by now"), || {
        format!("taken for somebody else's:\n{}", said.out)
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_apply_leaves_no_drift(project in project(), edits in edits(), seed in any::<u64>()) {
        let world = world();
        lay(&world, &project);
        ran(&world, &["apply", "--yes"], &[0])?;
        none(&world, seed)?;
        let next = project.edited(&edits);
        lay(&world, &next);
        // An edit of the project is no drift either, and no plan takes it for one.
        none(&world, seed ^ 3)?;
        let plan = looked(&world, &["plan"], &[0])?;
        holds(!plan.out.contains("drifted"), || format!("an edit is told as drift:\n{}", plan.out))?;
        ran(&world, &["apply", "--yes"], &[0])?;
        none(&world, seed ^ 1)?;

        // Somebody else's hand is seen in every blueprint of ours.
        let ours = next.documents();
        let Some(document) = ours.values().find(|one| one.kind == "port.blueprint") else {
            return Ok(());
        };
        let (_, id) = document.place();
        let mut live = world.of_port("blueprints", &id);
        live["description"] = json!("somebody else was here");
        world.port(Method::PUT, &format!("/v1/blueprints/{id}"), live);
        let drift = looked(&world, &["drift"], &[2])?;
        let told = drift.out.contains(&document.address()) && drift.out.contains("/description");
        holds(told, || format!("an edit of {id} is not told:\n{}", drift.out))?;
    }
}
