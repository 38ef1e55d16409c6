//! What is in the catalog after a write. Touches neither dates nor who wrote.

use serde_json::{Map, Value};

/// The entity after `wanted` is merged into what exists: what it does not name stays, properties and
/// relations one by one; null empties (PA section 4).
pub fn merge(existing: Option<&Value>, wanted: &Value) -> Value {
    let mut merged = existing
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (key, value) in wanted.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("properties" | "relations", Value::Object(parts)) => {
                let mut whole: Map<String, Value> = match merged.get(key) {
                    Some(Value::Object(whole)) => whole.clone(),
                    _ => Map::new(),
                };
                let parts = parts
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()));
                whole.extend(parts);
                merged.insert(key.clone(), Value::Object(whole));
            }
            // A search says which entity is meant; the one that exists keeps its name.
            ("identifier", Value::Object(_)) if merged.contains_key(key) => {}
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(merged)
}
