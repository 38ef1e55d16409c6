//! Entities that go, alone or with what relates to them (PA section 6).
//!
//! Removing all entities of a blueprint at once is in `blueprint_removal`.

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
    let mut doomed: Vec<String> = ids
        .iter()
        .map(|id| tables::joined(blueprint_id, id))
        .collect();
    let mut next = 0;
    while next < doomed.len() {
        for dependent in dependents(state, &doomed[next]) {
            if doomed.contains(&dependent) {
                continue;
            }
            if !with_dependents {
                let message = format!(
                    "Entity \"{}\" has dependents: \"{dependent}\"",
                    doomed[next]
                );
                let status = guesses::HAS_DEPENDENTS_STATUS;
                return Err(Refusal::new(status, "has_dependents", message));
            }
            doomed.push(dependent);
        }
        next += 1;
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

/// The entities whose relations name this one, as table keys.
fn dependents(state: &PortState, key: &str) -> Vec<String> {
    let Some((target, id)) = key.split_once(' ') else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (blueprint_id, blueprint) in state.tables.rows(Table::Blueprints) {
        let relations = blueprint["relations"].as_object().into_iter().flatten();
        let names: Vec<&String> = relations
            .filter(|(_, relation)| relation["target"] == target)
            .map(|(name, _)| name)
            .collect();
        if names.is_empty() {
            continue;
        }
        for (other, entity) in state.tables.within(Table::Entities, blueprint_id) {
            let relates = names.iter().any(|name| {
                entity_model::identifiers(&entity["relations"][name.as_str()]).any(|one| one == id)
            });
            if relates && other != key {
                found.push(other.to_owned());
            }
        }
    }
    found
}
