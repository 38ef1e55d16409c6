//! Laws 7 and 8: the same inputs give the same bytes, and plans of all sizes ask the same.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;

use crate::bed::{config, holds, lay, ran, reword, shown, world};
use crate::project::{Project, edits, project};
use crate::world::World;

/// Everything that a plan asks, in any order.
fn asked(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests();
    let mut asked: Vec<String> = requests
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry.method,
                entry.path,
                entry.operation.as_deref().unwrap_or_default()
            )
        })
        .collect();
    asked.sort();
    asked
}

/// What a plan of the smallest project asks, for each kind of settings; asked once.
fn least(project: &Project) -> Result<Vec<String>, TestCaseError> {
    static KNOWN: Mutex<BTreeMap<(bool, bool), Vec<String>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("nobody fails with it");
    let settings = (project.in_port, project.environments);
    if let Some(least) = known.get(&settings) {
        return Ok(least.clone());
    }
    let world = world();
    lay(&world, &project.smallest());
    ran(&world, &["apply", "--yes"], &[0])?;
    world.forget_requests();
    ran(&world, &["plan"], &[0])?;
    let least = asked(&world);
    known.insert(settings, least.clone());
    Ok(least)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_same_project_gives_the_same_bytes_and_no_more_requests(
        project in project(),
        edits in edits(),
        seeds in any::<[u64; 2]>(),
    ) {
        let world = world();
        let least = least(&project)?;
        lay(&world, &project);
        ran(&world, &["apply", "--yes"], &[0])?;
        let mut next = project.edited(&edits);
        lay(&world, &next);
        world.forget_requests();
        let first = ran(&world, &["plan"], &[0])?;
        let mut asked = asked(&world);
        // One count for each blueprint that guards look at, which the plan shows then.
        let counts: Vec<String> = asked.extract_if(.., |one| one.contains("entities-count")).collect();
        holds(counts.len() <= shown(&first.out).len(), || format!("law 8: {counts:?}"))?;
        // One for each action whose permissions are declared, or were.
        let each: Vec<String> = asked.extract_if(.., |one| one.ends_with("/permissions ")).collect();
        let declared = [&project, &next].map(|project| {
            let documents = project.documents();
            documents.values().filter(|document| document.kind == "port.action_permissions").count()
        });
        holds(each.len() <= declared.iter().sum(), || format!("law 8: {each:?}"))?;
        // The webhooks of stacks are read when there is one of ours, at once.
        let costly = [&project, &next].iter().any(|project| project.has("spacelift.stack_webhook"));
        let more = if costly { 1 } else { 0 };
        holds(asked.len() <= least.len() + more, || format!("law 8: a plan asks {asked:#?}, the smallest {least:#?}"))?;
        asked.dedup();
        holds(asked == least && least.len() <= 9, || format!("law 8: {asked:#?} is not {least:#?}"))?;
        let files = next.files();
        for seed in seeds {
            // Other files in another order, answers in other words.
            next.spelling = seed;
            lay(&world, &next);
            let others = next.files();
            holds(files != others || next.spelling == 0, || "the files are the same".into())?;
            reword(&world, seed);
            let again = ran(&world, &["plan"], &[0])?;
            world.sandbox.clear_faults();
            holds(first.out == again.out, || format!("law 7:\n{}\n{}", first.out, again.out))?;
        }
    }
}
