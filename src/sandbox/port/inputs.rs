//! The form of an action and what is sent for it: defaults, required inputs, types and allowed values,
//! with `{jqQuery}` in place of any of them (PA section 3).
//!
//! Programs run before the request is handled, without a lock ([`evaluate`]); the form is then judged
//! with what they came to ([`settle`]). Datasets and `dependsOn` are for the web form and not looked at.

use serde_json::{Map, Value, json};

use super::answer::{Checked, Refusal};
use super::automations::seconds;
use super::schema::Schema;
use super::tables::{self, Table};
use super::{entity_model, guesses, triggers};
use crate::sandbox::server::Shared;
use crate::sim::job::{Answer, Job};

/// What the `{jqQuery}`s of an action's form come to for a request that executes it, by JSON pointers
/// below `userInputs`; null when there are none or it is another request. One that fails is left out.
pub(crate) async fn evaluate(shared: &Shared, method: &str, path: &str, body: &[u8]) -> Value {
    let action = path
        .strip_prefix("/v1/actions/")
        .and_then(|rest| rest.strip_suffix("/runs"));
    let Some(action) = action.filter(|_| method == "POST") else {
        return Value::Null;
    };
    let action = percent_encoding::percent_decode_str(action).decode_utf8_lossy();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let now = seconds(shared.now());
    let (form, roots) = {
        let state = shared.port();
        let Some(action) = state.tables.get(Table::Actions, &action) else {
            return Value::Null;
        };
        let trigger = &action["trigger"];
        let key = tables::joined(
            trigger["blueprintIdentifier"].as_str().unwrap_or_default(),
            body["entity"].as_str().unwrap_or_default(),
        );
        let entity = state.tables.get(Table::Entities, &key);
        let entity = entity.map(|entity| triggers::viewed(&state, entity));
        // What the roots are called is a guess.
        let roots = json!({
            "form": body["properties"], "entity": entity, "user": guesses::user(&state.quirks.user),
        });
        (trigger["userInputs"].clone(), roots)
    };
    let mut programs = Vec::new();
    find_programs(&form, "", &mut programs);
    if programs.is_empty() {
        return Value::Null;
    }
    let jobs = programs.iter().map(|(_, program)| Job::Jq {
        program: program.clone(),
        input: roots.clone(),
        now,
    });
    let answers = shared.engine(jobs.collect()).await;
    let mut found = Map::new();
    for ((pointer, _), answer) in programs.into_iter().zip(answers) {
        if let Ok(Answer::Values(values)) = answer
            && let Some(value) = values.into_iter().next()
        {
            found.insert(pointer, value);
        }
    }
    Value::Object(found)
}

/// The inputs that a run gets, or why it is refused.
pub(super) fn settle(form: &Value, evaluated: &Value, sent: Value) -> Checked<Value> {
    let form = with_values(form, "", evaluated);
    let known = form["properties"].as_object().cloned().unwrap_or_default();
    let mut inputs = sent.as_object().cloned().unwrap_or_default();
    if let Some(name) = inputs.keys().find(|name| !known.contains_key(*name)) {
        return Err(Refusal::invalid(format!(
            "properties must NOT have additional properties: \"{name}\""
        )));
    }
    let is_shown = |name: &str| known.get(name).is_none_or(|one| one["visible"] != false);
    for (name, input) in &known {
        if guesses::DEFAULTS_FILLED
            && !inputs.contains_key(name)
            && is_shown(name)
            && let Some(default) = input.get("default").filter(|default| !default.is_null())
        {
            inputs.insert(name.clone(), default.clone());
        }
    }
    let required = form["required"].as_array().into_iter().flatten();
    for name in required
        .filter_map(Value::as_str)
        .filter(|name| is_shown(name))
    {
        if inputs.get(name).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(format!(
                "properties must have required property '{name}'"
            )));
        }
    }
    let inputs = Value::Object(inputs);
    let shapes: Map<String, Value> = known
        .iter()
        .map(|(name, input)| (name.clone(), entity_model::shape(input, false)))
        .collect();
    // A pattern that is none says nothing.
    if let Some(schema) = Schema::try_new(&json!({"type": "object", "properties": shapes})) {
        schema.check_as(&inputs, "properties")?;
    }
    Ok(inputs)
}

/// The inputs as a run may show them, and beside them those that the form encrypts.
pub(super) fn parted(form: &Value, mut inputs: Value) -> (Value, Map<String, Value>) {
    let mut secrets = Map::new();
    let fields = form["properties"].as_object().into_iter().flatten();
    for (name, _) in fields.filter(|(_, input)| !input["encryption"].is_null()) {
        if let Some(value) = inputs.get_mut(name).filter(|value| !value.is_null()) {
            secrets.insert(name.clone(), std::mem::take(value));
            *value = guesses::HIDDEN.into();
        }
    }
    (inputs, secrets)
}

fn find_programs(form: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let Some(fields) = form.as_object() else {
        return;
    };
    if let Some(program) = fields.get("jqQuery").and_then(Value::as_str) {
        found.push((at.to_owned(), program.to_owned()));
        return;
    }
    for (key, value) in fields.iter().filter(|(key, _)| is_looked_at(key)) {
        find_programs(value, &below(at, key), found);
    }
}

/// The form with values in place of programs; a program without a value is no rule.
fn with_values(form: &Value, at: &str, evaluated: &Value) -> Value {
    let Some(fields) = form.as_object() else {
        return form.clone();
    };
    if fields.contains_key("jqQuery") {
        return evaluated.get(at).cloned().unwrap_or_default();
    }
    let fields = fields.iter().filter(|(key, _)| is_looked_at(key));
    let fields = fields.map(|(key, value)| {
        let value = with_values(value, &below(at, key), evaluated);
        (key.clone(), value)
    });
    Value::Object(fields.collect())
}

/// What the web form alone looks at may hold programs, too.
fn is_looked_at(key: &str) -> bool {
    !matches!(key, "dataset" | "steps" | "titles")
}

fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
