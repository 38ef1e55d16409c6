//! Deliveries to Port's webhooks, items of an ingest, and what becomes of their entities.

use serde_json::{Value as Json, json};
use spaceport::sim::mapping::{
    Delivery, Items, Request, Wants, check, is_search, items, map, merge, resolve, writable,
};

use super::jq::ends;

/// A webhook as Port holds it, the body of a delivery, a blueprint.
pub fn run(data: &[u8]) -> bool {
    let Some([webhook, body, blueprint]) = super::parts(data) else {
        return false;
    };
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap_or(Json::Null);
    let (webhook, blueprint) = (read(webhook), read(blueprint));
    // Every text may be a program.
    if !short(&webhook) {
        return false;
    }
    let request = Request {
        webhook: webhook.clone(),
        secret: body.len().is_multiple_of(2).then(|| "s".to_owned()),
        delivery: Delivery {
            body: body.to_owned(),
            headers: vec![("X-Signature".to_owned(), "sha256=00".to_owned())],
            query: Vec::new(),
        },
        now: 1_700_000_000.0,
    };
    let mut entities = Vec::new();
    match super::engine(|| map(&request)) {
        Ok(mapped) => {
            for step in mapped.steps {
                if let Wants::Upsert { entity, .. } = step.wants {
                    entities.push(entity);
                }
            }
        }
        Err(fault) => assert!(!fault.message.is_empty()),
    }
    let item = read(body);
    let first = webhook.pointer("/mappings/0");
    let of_items = Items {
        filter: first.and_then(|first| Some(first.get("filter")?.as_str()?.to_owned())),
        mapping: first
            .and_then(|first| first.get("entity"))
            .cloned()
            .unwrap_or_default(),
        items: vec![item.clone(), Json::Null, json!({})],
        account: json!({"url": "https://acme.app.spacelift.io"}),
        now: 1_700_000_000.0,
    };
    if let Ok(made) = super::engine(|| items(&of_items)) {
        assert_eq!(made.len(), 3);
        entities.extend(made.into_iter().filter_map(|made| made.entity));
    }
    let taken = !entities.is_empty();
    entities.push(item);
    let mut merged = Json::Null;
    for entity in &entities {
        let _ = check(entity, &blueprint);
        let once = writable(entity, &blueprint);
        assert_eq!(writable(&once, &blueprint), once);
        merged = merge(Some(&merged), entity);
        for value in entity.as_object().into_iter().flat_map(|map| map.values()) {
            if is_search(value) {
                let _ = resolve(value, &entities, Some(&blueprint));
            }
        }
    }
    taken
}

fn short(value: &Json) -> bool {
    match value {
        Json::String(text) => ends(text),
        Json::Array(list) => list.iter().all(short),
        Json::Object(map) => map.iter().all(|(key, value)| ends(key) && short(value)),
        _ => true,
    }
}
