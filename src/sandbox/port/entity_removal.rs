//! Entities that go, alone or with what relates to them (PA section 6).
//!
//! Removing all entities of a blueprint at once is in `blueprint_removal`.

use std::collections::BTreeSet;

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::entities::found;
use super::request::{Hand, Request};
use super::state::PortState;
use super::tables::{self, Table};
use super::{blueprint_removal, entity_model, guesses, triggers};

/// `DELETE /v1/blueprints/{b}/entities/{e}`.
pub(super) fn delete(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint_id: &str,
    id: &str,
) -> Outcome {
    found(state, blueprint_id, id)?;
    remove_all(
        state,
        request.call.hand(),
        blueprint_id,
        &[id],
        request.flag("delete_dependents"),
    )?;
    Ok(Answer::done())
}

/// Deletes entities and, when asked, what relates to them; all or nothing.
pub(super) fn remove_all(
    state: &mut PortState,
    hand: Hand<'_>,
    blueprint_id: &str,
    ids: &[&str],
    with_dependents: bool,
) -> Checked {
    let mut doomed: Vec<String> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<String> = ids
        .iter()
        .map(|id| tables::joined(blueprint_id, id))
        .collect();
    while !next.is_empty() {
        next.retain(|key| known.insert(key.clone()));
        let related = dependents(state, &next);
        doomed.append(&mut next);
        for (key, dependent) in related {
            if known.contains(&dependent) {
                continue;
            }
            if !with_dependents {
                let id = key.split_once(' ').map_or("", |(_, id)| id);
                let message = format!("Entity \"{id}\" has dependents: \"{dependent}\"");
                let status = guesses::HAS_DEPENDENTS_STATUS;
                return Err(Refusal::new(status, "has_dependents", message));
            }
            next.push(dependent);
        }
    }
    for key in &doomed {
        let gone = state.tables.remove(Table::Entities, key);
        triggers::entity_changed(state, hand, gone.as_ref(), None);
        if let Some((blueprint, _)) = key.split_once(' ') {
            blueprint_removal::entities_gone(state, blueprint);
        }
    }
    Ok(())
}

/// The entities whose relations name one of these, each behind the one that it names, as table keys; one look at
/// each entity that may do so.
fn dependents(state: &PortState, keys: &[String]) -> Vec<(String, String)> {
    let wanted: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    let split = keys.iter().filter_map(|key| key.split_once(' '));
    let targets: BTreeSet<&str> = split.map(|(target, _)| target).collect();
    let mut found = Vec::new();
    for (blueprint_id, blueprint) in state.tables.rows(Table::Blueprints) {
        let relations = blueprint["relations"].as_object().into_iter().flatten();
        let relations: Vec<(&String, &str)> = relations
            .filter_map(|(name, relation)| Some((name, relation["target"].as_str()?)))
            .filter(|(_, target)| targets.contains(target))
            .collect();
        if relations.is_empty() {
            continue;
        }
        for (other, entity) in state.tables.within(Table::Entities, blueprint_id) {
            let named = relations.iter().find_map(|(name, target)| {
                let ids = entity_model::identifiers(&entity["relations"][name.as_str()]);
                let mut keys = ids.map(|id| tables::joined(target, id));
                keys.find(|key| wanted.contains(key.as_str()) && key != other)
            });
            if let Some(key) = named {
                found.push((key, other.to_owned()));
            }
        }
    }
    found
}
