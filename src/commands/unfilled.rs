//! Unfilled: blueprints that an apply has just created, and that an ingest of the project fills.
//!
//! Entities are nobody's object, so no apply brings them, and what offers them is empty until they are
//! there. Told from the project alone, without a request. Deliberately not here: how it reads (see
//! `show::ingest`).

use crate::cli::Global;
use crate::commands::again;
use crate::decide::plan::{Action, Change};
use crate::kinds::Role;
use crate::show::ingest::Waiting;
use crate::want::desired::{Desired, Object};

/// The blueprints among these changes that wait for an ingest, in the order of the changes.
pub fn unfilled(global: &Global, desired: &Desired, written: &[Change]) -> Vec<Waiting> {
    let new = |change: &&Change| matches!(change.action, Action::Create | Action::Replace);
    let objects = written.iter().filter(new);
    let objects = objects.filter_map(|change| desired.objects.get(&change.addr));
    let blueprints = objects.filter(|object| object.kind.role() == Some(Role::Blueprint));
    blueprints
        .filter_map(|blueprint| {
            let fill = desired.ingests.iter();
            let fill = fill.filter(|ingest| ingest.blueprint == blueprint.name);
            let names: Vec<&str> = fill.map(|ingest| ingest.name.as_str()).collect();
            (!names.is_empty()).then(|| Waiting {
                blueprint: blueprint.name.clone(),
                actions: offering(desired, blueprint),
                command: again(global, &format!("ingest {}", names.join(" "))),
            })
        })
        .collect()
}

/// The actions whose form offers the entities of a blueprint.
fn offering(desired: &Desired, blueprint: &Object) -> Vec<String> {
    let actions = desired.objects.values();
    let actions = actions.filter(|object| object.kind.role() == Some(Role::Action));
    let offers = |action: &&Object| {
        action.mentions.iter().any(|(mention, _)| {
            let within = mention.at.parts();
            within.iter().any(|part| part == "userInputs")
                && within.last().is_some_and(|last| last == "blueprint")
                && mention.addr.kind_name() == blueprint.addr.kind_name()
                && mention.addr.name == blueprint.name
        })
    };
    actions
        .filter(offers)
        .map(|action| action.name.clone())
        .collect()
}
