//! Forms: inputs against what an action asks for (PA section 3).
//!
//! What a form computes with JQ (`jqQuery`) is not checked here: it may look at more than the inputs.

use serde_json::{Map, Value as Json};

use super::action::is_encrypted;
use super::{Walk, Why, pointer};
use crate::follow::wiring::Station;
use crate::words::finding::did_you_mean;

impl Walk<'_> {
    /// Why Port would refuse these inputs.
    pub(super) fn refusals(&self, action: &Station, inputs: &Map<String, Json>) -> Vec<Why> {
        let at = pointer("/trigger/userInputs");
        let form = action.spec.pointer("/trigger/userInputs/properties");
        let empty = Map::new();
        let form = form.and_then(Json::as_object).unwrap_or(&empty);
        let place = |key: &str| {
            self.wiring
                .at(&action.addr, &at.join("properties").join(key))
        };
        let mut refusals = Vec::new();
        for (name, value) in inputs {
            let Some(field) = form.get(name) else {
                let near = did_you_mean(name, form.keys().map(String::as_str));
                let none = || match form.is_empty() {
                    true => "it asks for nothing".to_owned(),
                    false => {
                        let names: Vec<&str> = form.keys().map(String::as_str).collect();
                        format!("it asks for {}", names.join(", "))
                    }
                };
                let why = Why::new(format!("the action has no input `{name}`"));
                let why = why.at(self.wiring.key_at(&action.addr, &at.join("properties")));
                refusals.push(why.help(near.unwrap_or_else(none)));
                continue;
            };
            let hidden = is_encrypted(action, name);
            if let Some(words) = misfit(field, value, hidden) {
                let why = format!("input `{name}` {words}");
                refusals.push(Why::new(why).at(place(name)));
            }
        }
        let required = action.spec.pointer("/trigger/userInputs/required");
        let required = required.and_then(Json::as_array).into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            if inputs.get(name).is_none_or(Json::is_null) {
                let why = Why::new(format!("input `{name}` is required and not given"));
                let help =
                    format!("give it with `--input {name}=VALUE`, or under `inputs:` in a test");
                refusals.push(why.at(place(name)).help(help));
            }
        }
        refusals
    }
}

/// What is wrong with the value of an input; one that is `hidden` is not repeated.
fn misfit(field: &Json, value: &Json, hidden: bool) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let wanted = field.get("type").and_then(Json::as_str)?;
    let entity = field.get("format").and_then(Json::as_str) == Some("entity");
    let fits = match wanted {
        "string" => value.is_string() || (entity && value.is_object()),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let shown = match hidden {
        true => "what was given".to_owned(),
        false => value.to_string(),
    };
    if !fits {
        return Some(format!("is a {wanted}, and {shown} is none"));
    }
    if let Some(list) = field.get("enum").and_then(Json::as_array)
        && !list.contains(value)
    {
        let all: Vec<String> = list.iter().map(Json::to_string).collect();
        return Some(format!("is one of {}, not {shown}", all.join(", ")));
    }
    let length = value.as_str().map(|text| text.chars().count() as u64);
    let limit = |key: &str| field.get(key).and_then(Json::as_u64);
    match (length, limit("minLength"), limit("maxLength")) {
        (Some(length), Some(least), _) if length < least => {
            Some(format!("has at least {least} characters"))
        }
        (Some(length), _, Some(most)) if length > most => {
            Some(format!("has at most {most} characters"))
        }
        _ => None,
    }
}
