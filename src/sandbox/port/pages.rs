//! Pages, thin because their routes are mostly unpublished (PA section 9), and the catalog page that
//! comes with a blueprint.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::guesses;
use super::request::Request;
use super::state::{PortState, born, joined, touched};
use super::tables::Table;

/// `GET /v1/pages`; `compact=true` leaves the widgets out.
pub(super) fn list(state: &PortState, request: &Request<'_>) -> Outcome {
    let compact = request.flag("compact");
    let pages = state.tables.rows(Table::Pages).map(|(id, page)| {
        let mut page = page.clone();
        if let Some(page) = page.as_object_mut().filter(|_| compact) {
            page.remove("widgets");
        }
        (id, page)
    });
    Ok(Answer::list("pages", pages))
}

/// `GET /v1/pages/{id}`.
pub(super) fn get(state: &PortState, id: &str) -> Outcome {
    Ok(Answer::one(200, "page", found(state, id)?))
}

/// `POST /v1/pages`, which answers the identifier without the page.
pub(super) fn create(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = request.checked(&plain::PAGE)?;
    if body.get("type").is_some_and(|kind| kind == "entity") {
        return Err(Refusal::invalid(
            "entity pages come with a blueprint and can not be created",
        ));
    }
    let id = body
        .get("identifier")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let id = id.unwrap_or_else(|| request.call.dice.word(16));
    if state.tables.has(Table::Pages, &id) {
        return Err(Refusal::taken("Page", &id));
    }
    insert(state, request, &id, body);
    Ok(Answer::json(
        guesses::CREATED,
        &json!({"ok": true, "identifier": id}),
    ))
}

/// `PUT /v1/pages/{id}`.
pub(super) fn replace(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let mut body = request.checked(&plain::PAGE)?;
    body.insert("identifier".to_owned(), id.into());
    store(state, request, id, &old, body)
}

/// `PATCH /v1/pages/{id}`; refuses `type`.
pub(super) fn change(state: &mut PortState, request: &Request<'_>, id: &str) -> Outcome {
    let old = found(state, id)?.clone();
    let body = request.checked(&plain::PAGE)?;
    if body.contains_key("type") {
        return Err(Refusal::invalid(
            "body must NOT have additional properties: \"type\"",
        ));
    }
    let mut whole = old.as_object().cloned().unwrap_or_default();
    whole.extend(body);
    whole.insert("identifier".to_owned(), id.into());
    store(state, request, id, &old, whole)
}

/// `DELETE /v1/pages/{id}`.
pub(super) fn delete(state: &mut PortState, id: &str) -> Outcome {
    found(state, id)?;
    state.tables.remove(Table::Pages, id);
    state.tables.remove(Table::PagePermissions, id);
    Ok(Answer::done())
}

/// `GET /v1/sidebars/{name}`: folders are not simulated.
pub(super) fn sidebar(name: &str) -> Outcome {
    Ok(Answer::one(
        200,
        "sidebar",
        &json!({"identifier": name, "items": []}),
    ))
}

/// The page that shows a blueprint's entities; an existing page of that name stays as it is.
pub(super) fn create_catalog_page(
    state: &mut PortState,
    request: &Request<'_>,
    blueprint: &str,
    title: &str,
) {
    let id = guesses::catalog_page(blueprint);
    if state.tables.has(Table::Pages, &id) {
        return;
    }
    let body = json!({
        "identifier": id, "type": "blueprint-entities", "title": title, "blueprint": blueprint,
        "locked": false, "widgets": [],
    });
    if let Value::Object(body) = body {
        insert(state, request, &id, body);
    }
}

fn insert(state: &mut PortState, request: &Request<'_>, id: &str, mut body: Map<String, Value>) {
    let mut server = born(request.call.stamp());
    let row = request.call.dice.word(16);
    server.insert("id".to_owned(), row.as_str().into());
    server.insert("_id".to_owned(), row.into());
    server.insert("orgId".to_owned(), state.organization_id().into());
    body.insert("identifier".to_owned(), id.into());
    state.tables.put(Table::Pages, id, joined(server, body));
}

fn store(
    state: &mut PortState,
    request: &Request<'_>,
    id: &str,
    old: &Value,
    body: Map<String, Value>,
) -> Outcome {
    let mut server = touched(old, request.call.stamp());
    for key in ["id", "_id", "orgId"] {
        server.insert(key.to_owned(), old[key].clone());
    }
    let page = joined(server, body);
    let answer = Answer::one(200, "page", &page);
    state.tables.put(Table::Pages, id, page);
    Ok(answer)
}

fn found<'s>(state: &'s PortState, id: &str) -> Checked<&'s Value> {
    state
        .tables
        .get(Table::Pages, id)
        .ok_or_else(|| Refusal::missing("Page", id))
}
