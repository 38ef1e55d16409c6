//! The data under a blueprint: what its entities hold, and which changes of it would take that
//! away (PA section 2).
//!
//! Only what is stored counts: properties and relations. What Port computes (calculations,
//! mirrors, aggregations) comes back by itself. Deliberately not here: whether there are entities
//! at all, and who may allow a loss (see `decide::plan::guard`).

use crate::kinds::loss::{Loss, Lost};
use crate::words::finding::nearest;
use crate::words::value::Map;
use crate::words::{Pointer, Text, Value};

/// Where the properties stand.
const PROPERTIES: [&str; 2] = ["schema", "properties"];

/// What a change from `seen` to `want` takes from the entities; all of it without `want`.
pub fn losses(seen: &Value, want: Option<&Value>) -> Vec<Loss> {
    let Some(want) = want else {
        return vec![Loss::new(Pointer::root(), Lost::Object)];
    };
    let mut found = Vec::new();
    properties(seen, want, &mut found);
    relations(seen, want, &mut found);
    found
}

/// The keys of the properties whose type changes. A type is permanent: the property has to go and
/// come back (PA section 2).
pub fn retyped(seen: &Value, want: &Value) -> Vec<String> {
    let (old, new) = (within(seen, &PROPERTIES), within(want, &PROPERTIES));
    let changes = |key: &&Text| match (get(old, key), get(new, key)) {
        (Some(old), Some(new)) => other_text(old, new, "type").is_some(),
        _ => false,
    };
    old.into_iter()
        .flat_map(|map| map.keys())
        .filter(changes)
        .map(Text::to_string)
        .collect()
}

/// The spec without some properties, and without all that asks for them: `required`, and mirrors
/// and aggregations that read them over a relation of the blueprint to itself.
pub fn without(want: &Value, keys: &[String]) -> Value {
    let named = |text: &str| keys.iter().any(|key| key == text);
    let mut body = want.clone();
    let Some(fields) = body.as_map_mut() else {
        return body;
    };
    if let Some(schema) = fields.get_mut("schema").and_then(Value::as_map_mut) {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_map_mut) {
            properties.retain(|key, _| !named(key));
        }
        if let Some(Value::List(required)) = schema.get_mut("required") {
            required.retain(|key| !key.as_text().is_some_and(named));
        }
    }
    let reads = |field: &Value| {
        let path = field.get_text("path");
        let last = path.and_then(|path| path.rsplit('.').next());
        let summed = field
            .get("calculationSpec")
            .and_then(|spec| spec.get_text("property"));
        last.is_some_and(named) || summed.is_some_and(named)
    };
    for derived in ["mirrorProperties", "aggregationProperties"] {
        if let Some(map) = fields.get_mut(derived).and_then(Value::as_map_mut) {
            map.retain(|_, field| !reads(field));
        }
    }
    body
}

fn properties(seen: &Value, want: &Value, found: &mut Vec<Loss>) {
    let (old, new) = (within(seen, &PROPERTIES), within(want, &PROPERTIES));
    let at = |key: &str| pointer(&PROPERTIES).join(key);
    for (key, property) in old.into_iter().flatten() {
        let Some(wanted) = get(new, key) else {
            found.push(removed(at(key), key, property, old, new, &["type"]));
            continue;
        };
        if let Some((from, to)) = other_text(property, wanted, "type") {
            found.push(Loss::new(at(key), Lost::Type { from, to }));
            continue;
        }
        narrowed(property, wanted, at(key), found);
        let (items, wanted) = (property.get("items"), wanted.get("items"));
        if let (Some(items), Some(wanted)) = (items, wanted) {
            match other_text(items, wanted, "type") {
                Some((from, to)) => {
                    found.push(Loss::new(at(key).join("items"), Lost::Type { from, to }));
                }
                None => narrowed(items, wanted, at(key).join("items"), found),
            }
        }
    }
    let old = keys(seen);
    let new = keys(want).into_iter().filter(|key| !old.contains(key));
    found.extend(new.map(|key| Loss::new(at(key), Lost::Required)));
}

fn relations(seen: &Value, want: &Value, found: &mut Vec<Loss>) {
    const RELATIONS: [&str; 1] = ["relations"];
    let (old, new) = (within(seen, &RELATIONS), within(want, &RELATIONS));
    let at = |key: &str| pointer(&RELATIONS).join(key);
    for (key, relation) in old.into_iter().flatten() {
        let Some(wanted) = get(new, key) else {
            let alike = ["target"];
            found.push(removed(at(key), key, relation, old, new, &alike));
            continue;
        };
        if let Some((from, to)) = other_text(relation, wanted, "target") {
            found.push(Loss::new(at(key), Lost::Target { from, to }));
        } else if says(relation, "many") && !says(wanted, "many") {
            found.push(Loss::new(at(key), Lost::Single));
        }
    }
    for (key, wanted) in new.into_iter().flatten() {
        let before = get(old, key).is_some_and(|relation| says(relation, "required"));
        if says(wanted, "required") && !before {
            found.push(Loss::new(at(key), Lost::Required));
        }
    }
}

/// What is removed, with the new key beside it that is alike: equal in `must` and of the same
/// title or a name nearby.
fn removed(
    at: Pointer,
    key: &str,
    gone: &Value,
    old: Option<&Map>,
    new: Option<&Map>,
    must: &[&str],
) -> Loss {
    let fits = |other: &Value| must.iter().all(|m| gone.get_text(m) == other.get_text(m));
    let fresh: Vec<(&str, &Value)> = new
        .into_iter()
        .flatten()
        .filter(|(key, other)| get(old, key).is_none() && fits(other))
        .map(|(key, other)| (key.as_str(), other))
        .collect();
    let titled = fresh.iter().find(|(_, other)| {
        let title = gone.get_text("title");
        title.is_some() && title == other.get_text("title")
    });
    let near = || nearest(key, fresh.iter().map(|(key, _)| *key));
    Loss {
        at,
        what: Lost::Removed,
        renamed: titled.map(|(key, _)| *key).or_else(near).map(str::to_owned),
    }
}

/// A list of allowed values that allows less than before.
fn narrowed(old: &Value, new: &Value, at: Pointer, found: &mut Vec<Loss>) {
    // An `enum` may be a JQ query, of which nobody knows what it allows.
    let Some(allowed) = new.get("enum").and_then(Value::as_list) else {
        return;
    };
    // What is not settled yet may be any of them.
    if allowed.iter().any(Value::has_deferred) {
        return;
    }
    let gone = match old.get("enum").and_then(Value::as_list) {
        Some(before) => {
            let gone = before.iter().filter(|value| !allowed.contains(value));
            let gone: Vec<Value> = gone.cloned().collect();
            if gone.is_empty() {
                return;
            }
            gone
        }
        None => Vec::new(),
    };
    found.push(Loss::new(at.join("enum"), Lost::Values(gone)));
}

/// The keys under `required`.
fn keys(spec: &Value) -> Vec<&str> {
    let schema = spec.get("schema");
    let required = schema
        .and_then(|schema| schema.get("required"))
        .and_then(Value::as_list);
    required
        .into_iter()
        .flatten()
        .filter_map(Value::as_text)
        .collect()
}

/// A text that both have and that differs.
fn other_text(old: &Value, new: &Value, field: &str) -> Option<(String, String)> {
    let (old, new) = (old.get_text(field)?, new.get_text(field)?);
    (old != new).then(|| (old.to_owned(), new.to_owned()))
}

fn says(relation: &Value, flag: &str) -> bool {
    relation.get(flag).and_then(Value::as_bool) == Some(true)
}

fn get<'a>(map: Option<&'a Map>, key: &str) -> Option<&'a Value> {
    map?.get(key).filter(|value| !value.is_null())
}

fn within<'a>(spec: &'a Value, path: &[&str]) -> Option<&'a Map> {
    path.iter()
        .try_fold(spec, |value, key| value.get(key))?
        .as_map()
}

fn pointer(path: &[&str]) -> Pointer {
    path.iter()
        .fold(Pointer::root(), |pointer, key| pointer.join(key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::changed;

    fn service() -> Json {
        json!({
            "identifier": "service",
            "schema": {
                "properties": {
                    "label": { "type": "string", "title": "Label" },
                    "state": { "type": "string", "enum": ["UP", "DOWN"] },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "cost": { "type": "number" }
                },
                "required": ["state"]
            },
            "calculationProperties": { "slug": { "type": "string", "calculation": ".identifier" } },
            "relations": {
                "parent": { "target": "service" },
                "teams": { "target": "team", "many": true }
            }
        })
    }

    fn lost(changes: &[(&str, Json)]) -> Vec<String> {
        let (seen, want) = (service(), changed(&service(), changes));
        losses(&Value::from(seen), Some(&Value::from(want)))
            .iter()
            .map(|loss| match &loss.renamed {
                Some(key) => format!("{loss}, or {key}?"),
                None => loss.to_string(),
            })
            .collect()
    }

    #[test]
    fn what_takes_no_data_is_no_loss() {
        for changes in [
            vec![],
            vec![("/title", json!("Other"))],
            vec![("/schema/properties/label/title", json!("Other"))],
            vec![("/schema/properties/more", json!({ "type": "string" }))],
            vec![("/schema/properties/state/enum", json!(["DOWN", "UP", "X"]))],
            vec![("/schema/properties/state/enum", Json::Null)],
            vec![("/schema/required", Json::Null)],
            vec![("/calculationProperties", Json::Null)],
            vec![("/relations/parent/many", json!(true))],
        ] {
            assert_eq!(lost(&changes), [""; 0], "{changes:?}");
        }
    }

    #[test]
    fn every_way_to_lose_data_is_told() {
        let all = lost(&[
            ("/schema/properties/label", Json::Null),
            ("/schema/properties/labels", json!({ "type": "string" })),
            (
                "/schema/properties/state",
                json!({ "type": "string", "enum": ["UP"] }),
            ),
            ("/schema/properties/tags/items/type", json!("number")),
            ("/schema/properties/cost/type", json!("string")),
            ("/schema/required", json!(["state", "labels"])),
            ("/relations/parent/target", json!("system")),
            (
                "/relations/teams",
                json!({ "target": "team", "required": true }),
            ),
        ]);
        insta::assert_snapshot!(all.join("\n"), @r#"
        `/schema/properties/label` is removed, or labels?
        `/schema/properties/state/enum` no longer has `"DOWN"`
        `/schema/properties/tags/items` becomes number instead of string
        `/schema/properties/cost` becomes string instead of number
        `/schema/properties/labels` becomes required
        `/relations/parent` leads to `system` instead of `service`
        `/relations/teams` leads to one instead of several
        `/relations/teams` becomes required
        "#);
        let list = [("/schema/properties/label/enum", json!(["a"]))];
        assert_eq!(
            lost(&list),
            ["`/schema/properties/label/enum` allows only some values from now on"]
        );
        let gone = losses(&Value::from(service()), None);
        assert_eq!(gone, [Loss::new(Pointer::root(), Lost::Object)]);
    }

    #[test]
    fn a_new_name_is_guessed_from_the_title_or_a_name_nearby() {
        let renamed = |key: &str, property: Json| {
            let at = format!("/schema/properties/{key}");
            lost(&[
                ("/schema/properties/label", Json::Null),
                (at.as_str(), property),
            ])
        };
        let gone = "`/schema/properties/label` is removed";
        let hinted = |key: &str| [format!("{gone}, or {key}?")];
        let titled = json!({ "type": "string", "title": "Label" });
        assert_eq!(renamed("name", titled), hinted("name"));
        assert_eq!(
            renamed("labell", json!({ "type": "string" })),
            hinted("labell")
        );
        assert_eq!(renamed("name", json!({ "type": "string" })), [gone]);
        assert_eq!(renamed("labels", json!({ "type": "number" })), [gone]);
        assert_eq!(
            lost(&[
                ("/relations/parent", Json::Null),
                ("/relations/parents", json!({ "target": "service" }))
            ]),
            ["`/relations/parent` is removed, or parents?"]
        );
    }

    #[test]
    fn a_type_changes_over_a_spec_without_the_property() {
        let want = changed(
            &service(),
            &[
                ("/schema/properties/state", json!({ "type": "number" })),
                (
                    "/mirrorProperties",
                    json!({
                        "above": { "path": "parent.state" },
                        "label": { "path": "parent.label" }
                    }),
                ),
                (
                    "/aggregationProperties",
                    json!({ "sum": { "calculationSpec": { "func": "sum", "calculationBy": "property", "property": "state" } } }),
                ),
            ],
        );
        let (seen, want) = (Value::from(service()), Value::from(want));
        let keys = retyped(&seen, &want);
        assert_eq!(keys, ["state"]);
        assert_eq!(retyped(&seen, &seen), [""; 0]);
        let between = without(&want, &keys);
        assert_eq!(
            between
                .get("schema")
                .and_then(|schema| schema.get("required"))
                .map(ToString::to_string),
            Some("[]".into())
        );
        assert!(within(&between, &PROPERTIES).is_some_and(|map| !map.contains_key("state")));
        let kept = |field| {
            within(&between, &[field]).map(|map| map.keys().cloned().collect::<Vec<Text>>())
        };
        assert_eq!(kept("mirrorProperties"), Some(vec!["label".into()]));
        assert_eq!(kept("aggregationProperties"), Some(vec![]));
        // From there, nothing but what is missing is left to be done, and no type changes.
        assert_eq!(retyped(&between, &want), [""; 0]);
    }
}
