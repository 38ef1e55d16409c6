//! Entities by the dozen: 1 to 20 written, 1 to 100 deleted (PA section 6).

use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::bodies::entity as bodies;
use super::entities::{self, Mode};
use super::request::Request;
use super::state::PortState;
use super::{blueprints, entity_removal, guesses, system};

/// `POST /v1/blueprints/{b}/entities/bulk`: each item by itself; 207 when one fails.
pub(super) fn create(state: &mut PortState, request: &Request<'_>, blueprint_id: &str) -> Outcome {
    blueprints::found(state, blueprint_id)?;
    let mut body = request.checked(&bodies::BULK)?;
    let items = match body.remove("entities") {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let mode = Mode::of(request);
    let (mut written, mut errors) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        // A failed search has no identifier to tell.
        let identifier = item["identifier"].as_str().unwrap_or("unknown").to_owned();
        let refusals = &request.call.departure.refusals;
        let refused = refusals.iter().find(|one| one.hits(index, &identifier));
        // The body's schema has seen to it that each item is an entity.
        let outcome = match item {
            Value::Object(item) if refused.is_none_or(|one| one.is_written) => {
                entities::write(state, request.call.hand(), blueprint_id, item, mode).map(Some)
            }
            _ => Ok(None),
        };
        let told = match (outcome, refused) {
            (Err(refusal), _) => Err((refusal.status, refusal.error.to_owned(), refusal.message)),
            (_, Some(one)) => Err((one.status, one.error.clone(), one.message.clone())),
            (Ok(done), None) => Ok(done),
        };
        match told {
            Ok(Some(done)) => written.push(json!({
                "created": done.created, "identifier": done.entity["identifier"], "index": index,
            })),
            Ok(None) => {}
            Err((status, error, message)) => errors.push(json!({
                "identifier": identifier, "index": index, "statusCode": status,
                "error": error, "message": message,
            })),
        }
    }
    let all_passed = errors.is_empty();
    let body =
        json!({"ok": all_passed || guesses::PARTLY_OK, "entities": written, "errors": errors});
    Ok(Answer::json(if all_passed { 200 } else { 207 }, &body))
}

/// `POST /v1/blueprints/{b}/bulk/entities/delete`: all or nothing when dependants exist.
pub(super) fn delete(state: &mut PortState, request: &Request<'_>, blueprint_id: &str) -> Outcome {
    blueprints::found(state, blueprint_id)?;
    if system::is_entity_protected(blueprint_id) {
        return Err(blueprints::protected(blueprint_id));
    }
    let body = request.checked(&bodies::BULK_DELETE)?;
    let wanted = body["entities"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    // Entities that are gone already are no reason to fail.
    let ids: Vec<&str> = wanted
        .filter(|id| entities::found(state, blueprint_id, id).is_ok())
        .collect();
    let with_dependents = request.flag("delete_dependents");
    let hand = request.call.hand();
    entity_removal::remove_all(state, hand, blueprint_id, &ids, with_dependents)?;
    Ok(Answer::json(
        200,
        &json!({"ok": true, "deletedEntities": ids}),
    ))
}
