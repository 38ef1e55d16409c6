//! Which route a request is, and whether it is a write.

use super::answer::{Answer, Outcome, Refusal};
use super::request::{Call, Request};
use super::state::PortState;
use super::{
    actions, blueprint_removal, blueprints, bulk, entities, entity_removal, guesses, integrations,
    organization, pages, permissions, runs, scorecards, search, secrets, teams, token, webhooks,
};

/// Answers one request.
pub(crate) fn handle(state: &mut PortState, call: Call<'_>) -> Answer {
    let request = Request::new(call);
    dispatch(state, &request).unwrap_or_else(|refusal| refusal.answer())
}

/// Whether a request is a write: not a token exchange, not a search, not a validation.
pub(crate) fn is_write(method: &str, path: &str, query: &str) -> bool {
    if matches!(method, "GET" | "HEAD" | "OPTIONS") {
        return false;
    }
    let reads = path == "/v1/auth/access_token"
        || path.ends_with("/entities/search")
        || path.starts_with("/v1/entities/")
        || query.split('&').any(|pair| pair == "validation_only=true");
    !reads
}

fn dispatch(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let method = request.call.method;
    if (method, segments.as_slice()) == ("POST", ["auth", "access_token"].as_slice()) {
        return token::exchange(state, request);
    }
    if segments.is_empty() {
        return Err(Refusal::no_route(method, request.call.path));
    }
    token::check(state, request)?;
    match segments[0] {
        "blueprints" => blueprint_route(state, request, method, &segments[1..]),
        "actions" => action_route(state, request, method, &segments[1..]),
        "webhooks" => webhook_route(state, request, method, &segments[1..]),
        "organization" => organization_route(state, request, method, &segments[1..]),
        _ => other_route(state, request, method, &segments),
    }
}

fn blueprint_route(
    state: &mut PortState,
    request: &Request<'_>,
    method: &str,
    path: &[&str],
) -> Outcome {
    match (method, path) {
        ("GET", []) => blueprints::list(state),
        ("POST", []) => blueprints::create(state, request),
        ("GET", ["system", id, "structure"]) => blueprints::structure(id),
        ("GET", [id]) => blueprints::get(state, id),
        ("PUT", [id]) => blueprints::replace(state, request, id),
        ("PATCH", [id]) => blueprints::change(state, request, id),
        ("DELETE", [id]) => blueprint_removal::delete(state, request, id),
        ("DELETE", [id, "all-entities"]) => blueprint_removal::empty(state, request, id),
        ("GET", [id, "entities-count"]) => entities::count(state, id),
        ("PATCH", [id, "properties", key, "rename"]) => {
            blueprints::rename_property(state, request, id, key)
        }
        ("PATCH", [id, "relations", key, "rename"]) => {
            blueprints::rename_relation(state, request, id, key)
        }
        ("PATCH", [id, "mirror", key, "rename"]) => {
            blueprints::rename_mirror(state, request, id, key)
        }
        ("GET", [id, "permissions"]) => permissions::of_blueprint(state, id),
        ("PATCH", [id, "permissions"]) => permissions::change_blueprint(state, request, id),
        ("GET", [id, "scorecards"]) => scorecards::list(state, id),
        ("POST", [id, "scorecards"]) => scorecards::create(state, request, id),
        ("PUT", [id, "scorecards"]) => scorecards::replace_all(state, request, id),
        ("GET", [id, "scorecards", key]) => scorecards::get(state, id, key),
        ("PUT", [id, "scorecards", key]) => scorecards::replace(state, request, id, key),
        ("DELETE", [id, "scorecards", key]) => scorecards::delete(state, id, key),
        ("GET", [id, "entities"]) => entities::list(state, request, id),
        ("POST", [id, "entities"]) => entities::create(state, request, id),
        ("POST", [id, "entities", "search"]) => search::in_blueprint(state, request, id),
        ("POST", [id, "entities", "bulk"]) => bulk::create(state, request, id),
        ("POST", [id, "bulk", "entities", "delete"]) => bulk::delete(state, request, id),
        ("GET", [id, "entities", key]) => entities::get(state, request, id, key),
        ("PUT", [id, "entities", key]) => entities::replace(state, request, id, key),
        ("PATCH", [id, "entities", key]) => entities::change(state, request, id, key),
        ("DELETE", [id, "entities", key]) => entity_removal::delete(state, request, id, key),
        _ => Err(Refusal::no_route(method, request.call.path)),
    }
}

fn action_route(
    state: &mut PortState,
    request: &Request<'_>,
    method: &str,
    path: &[&str],
) -> Outcome {
    match (method, path) {
        ("GET", []) => actions::list(state, request),
        ("POST", []) => actions::create(state, request),
        ("GET", ["runs"]) => runs::list(state, request),
        ("GET", ["runs", id]) => runs::get(state, request, id),
        ("PATCH", ["runs", id]) => runs::change(state, request, id),
        ("PATCH", ["runs", id, "approval"]) => runs::approve(state, request, id),
        ("GET", ["runs", id, "approvers"]) => runs::approvers(state, id),
        ("GET", ["runs", id, "logs"]) => runs::logs(state, request, id),
        ("POST", ["runs", id, "logs"]) => runs::log(state, request, id),
        ("GET", [id]) => actions::get(state, request, id),
        ("PUT", [id]) => actions::replace(state, request, id),
        ("DELETE", [id]) => actions::delete(state, id),
        ("GET", [id, "permissions"]) => permissions::of_action(state, id),
        ("PATCH", [id, "permissions"]) => permissions::change_action(state, request, id),
        ("POST", [id, "runs"]) => runs::start(state, request, id),
        _ => Err(Refusal::no_route(method, request.call.path)),
    }
}

fn webhook_route(
    state: &mut PortState,
    request: &Request<'_>,
    method: &str,
    path: &[&str],
) -> Outcome {
    match (method, path) {
        ("GET", []) => webhooks::list(state),
        ("GET", ["metadata"]) => webhooks::metadata(state),
        ("POST", []) => webhooks::create(state, request),
        ("GET", [id]) => webhooks::get(state, id),
        ("PUT", [id]) => webhooks::replace(state, request, id),
        ("PATCH", [id]) => webhooks::change(state, request, id),
        ("DELETE", [id]) => webhooks::delete(state, id),
        _ => Err(Refusal::no_route(method, request.call.path)),
    }
}

fn organization_route(
    state: &mut PortState,
    request: &Request<'_>,
    method: &str,
    path: &[&str],
) -> Outcome {
    match (method, path) {
        ("GET", []) => organization::get(state),
        ("PUT", []) => organization::replace(state, request),
        ("PATCH", []) => organization::change(state, request),
        ("GET", ["secrets"]) => secrets::list(state),
        ("POST", ["secrets"]) => secrets::create(state, request),
        ("GET", ["secrets", name]) => secrets::get(state, name),
        ("PATCH", ["secrets", name]) => secrets::change(state, request, name),
        ("DELETE", ["secrets", name]) => secrets::delete(state, name),
        _ => Err(Refusal::no_route(method, request.call.path)),
    }
}

fn other_route(
    state: &mut PortState,
    request: &Request<'_>,
    method: &str,
    path: &[&str],
) -> Outcome {
    match (method, path) {
        ("GET", ["scorecards"]) => scorecards::list_all(state),
        ("POST", ["entities", "search"]) => search::everywhere(state, request),
        ("GET", ["migrations"]) => blueprint_removal::migrations(state),
        ("GET", ["migrations", id]) => blueprint_removal::migration(state, id),
        ("GET", ["teams"]) => teams::list(state, request),
        ("POST", ["teams"]) => teams::create(state, request),
        ("GET", ["teams", name]) => teams::get(state, request, name),
        ("PUT", ["teams", name]) => teams::replace(state, request, name),
        ("PATCH", ["teams", name]) => teams::change(state, request, name),
        ("DELETE", ["teams", name]) => teams::delete(state, name),
        ("GET", ["pages"]) => pages::list(state, request),
        ("POST", ["pages"]) => pages::create(state, request),
        ("GET", ["pages", id]) => pages::get(state, id),
        ("PUT", ["pages", id]) => pages::replace(state, request, id),
        ("PATCH", ["pages", id]) => pages::change(state, request, id),
        ("DELETE", ["pages", id]) => pages::delete(state, id),
        ("GET", ["pages", id, "permissions"]) => permissions::of_page(state, id),
        ("PATCH", ["pages", id, "permissions"]) => permissions::change_page(state, request, id),
        ("GET", ["integration"] | ["integration", "metadata"]) => integrations::list(state),
        ("POST", ["integration"]) => integrations::create(state, request),
        ("GET", ["integration", id]) => integrations::get(state, id),
        ("PATCH", ["integration", id]) => integrations::change(state, request, id),
        ("PATCH", ["integration", id, "config"]) => integrations::configure(state, request, id),
        ("DELETE", ["integration", id]) => integrations::delete(state, id),
        ("GET", ["sidebars", name]) => pages::sidebar(name),
        ("GET", _) => empty_list(request, path),
        _ => Err(Refusal::no_route(method, request.call.path)),
    }
}

fn empty_list(request: &Request<'_>, path: &[&str]) -> Outcome {
    let path = path.join("/");
    guesses::EMPTY_LISTS
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, name)| Answer::one(200, name, &[(); 0]))
        .ok_or_else(|| Refusal::no_route(request.call.method, request.call.path))
}

#[cfg(test)]
mod tests {
    use super::is_write;

    #[test]
    fn exchanges_and_searches_are_not_writes() {
        assert!(!is_write("POST", "/v1/auth/access_token", ""));
        assert!(!is_write("POST", "/v1/blueprints/a/entities/search", ""));
        assert!(!is_write("POST", "/v1/entities/search", ""));
        assert!(!is_write(
            "POST",
            "/v1/blueprints/a/entities",
            "validation_only=true"
        ));
        assert!(is_write("POST", "/v1/blueprints/a/entities", "upsert=true"));
        assert!(is_write("DELETE", "/v1/actions/a", ""));
    }
}
