//! Whether two values of a field are one to an ingest.
//!
//! Port leaves out what is not there, and Spacelift keeps no order of labels. Deliberately not here: which fields
//! are compared.

use serde_json::Value as Json;

/// Whether two values mean the same: null, `""`, `[]` and `{}` are all nothing; lists of plain values have no order;
/// numbers are compared by value.
pub fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        _ if is_nothing(one) || is_nothing(other) => is_nothing(one) && is_nothing(other),
        (Json::Number(one), Json::Number(other)) => {
            one == other || (one.as_f64().is_some() && one.as_f64() == other.as_f64())
        }
        (Json::Array(ones), Json::Array(others)) if ones.len() != others.len() => false,
        (Json::Array(ones), Json::Array(others)) => {
            let plain = |list: &[Json]| !list.iter().any(|v| v.is_array() || v.is_object());
            if !plain(ones) || !plain(others) {
                return ones.iter().zip(others).all(|(one, other)| same(one, other));
            }
            let sorted = |list: &[Json]| {
                let mut texts: Vec<String> = list.iter().map(spelled).collect();
                texts.sort();
                texts
            };
            sorted(ones) == sorted(others)
        }
        (Json::Object(ones), Json::Object(others)) => {
            let keys = ones.keys().chain(others.keys());
            let of = |map: &serde_json::Map<String, Json>, key: &String| {
                map.get(key).cloned().unwrap_or(Json::Null)
            };
            keys.into_iter()
                .all(|key| same(&of(ones, key), &of(others, key)))
        }
        _ => one == other,
    }
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// A plain value as a text that is the same for the same numbers.
fn spelled(value: &Json) -> String {
    match value.as_f64() {
        Some(number) if !value.is_i64() && !value.is_u64() && number.fract() == 0.0 => {
            format!("{number:.0}")
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_by_what_they_mean() {
        for (one, other) in [
            (json!(null), json!("")),
            (json!([]), json!({})),
            (json!(["a", "b", 1]), json!([1.0, "b", "a"])),
            (json!(1), json!(1.0)),
            (json!({ "a": null, "b": 1 }), json!({ "b": 1 })),
            (json!([[1, 2], {}]), json!([[2, 1], null])),
        ] {
            assert!(same(&one, &other) && same(&other, &one), "{one} {other}");
        }
        for (one, other) in [
            (json!(null), json!(false)),
            (json!(0), json!("")),
            (json!(["a", "a"]), json!(["a"])),
            (json!(["a", "a", "b"]), json!(["a", "b", "b"])),
            (json!("1"), json!(1)),
            (json!([[1], [2]]), json!([[2], [1]])),
        ] {
            assert!(!same(&one, &other) && !same(&other, &one), "{one} {other}");
        }
    }
}
