//! Inputs of a run: what the user gave, typed and checked by the action's form before anything is
//! sent (PA section 3).
//!
//! Pure. No message repeats a value that could be a password. Deliberately not here: what a
//! `jqQuery` of the form would say; only Port knows what it sees.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use crate::exit::{self, Stop};
use crate::words::finding::did_you_mean;

/// An input as it was given.
#[derive(Clone, PartialEq)]
pub(super) enum Given {
    /// `NAME=TEXT`: the form says what the text means.
    Text(String),
    /// `NAME:=JSON`, or a value of a file.
    Json(Json),
}

/// The form of an action.
pub(super) struct Form<'a> {
    action: &'a Json,
    inputs: Option<&'a Json>,
}

/// Inputs that may be sent.
#[derive(Default)]
pub(super) struct Filled {
    /// By key.
    pub inputs: Map<String, Json>,
    /// The texts of those that the form encrypts.
    pub hidden: Vec<SecretString>,
}

/// Reads `NAME=VALUE` or `NAME:=JSON`.
pub(super) fn read(text: &str) -> Result<(String, Given), Stop> {
    let usage = |message: String| {
        let help = "write `--input NAME=VALUE`, or `--input NAME:=JSON` for any JSON";
        Stop::new(exit::USAGE, message).help(help.to_owned())
    };
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(usage("an input has no name".into()));
    };
    match name.strip_suffix(':') {
        Some(name) => match serde_json::from_str(value) {
            Ok(json) => Ok((name.to_owned(), Given::Json(json))),
            Err(error) => Err(usage(format!(
                "what is given for `{name}` is not JSON at column {}",
                error.column()
            ))),
        },
        None => Ok((name.to_owned(), Given::Text(value.to_owned()))),
    }
}

impl<'a> Form<'a> {
    /// The form of an action, in either of its published shapes.
    pub(super) fn of(action: &'a Json) -> Form<'a> {
        let inputs = action.pointer("/trigger/userInputs");
        Form {
            action,
            inputs: inputs.or_else(|| action.get("userInputs")),
        }
    }

    /// The blueprint whose entity a run works on, when it needs one.
    pub(super) fn works_on(&self) -> Option<&'a str> {
        let operation = self.action.pointer("/trigger/operation");
        let operation = operation.and_then(Json::as_str);
        let blueprint = self.action.pointer("/trigger/blueprintIdentifier");
        matches!(operation, Some("DAY-2" | "DELETE"))
            .then(|| blueprint.and_then(Json::as_str))
            .flatten()
    }

    /// Fills the form in; what was left out takes its default, as in Port. All problems at once.
    pub(super) fn fill(&self, given: Vec<(String, Given)>) -> Result<Filled, Vec<Stop>> {
        let (mut filled, mut problems) = (Filled::default(), Vec::new());
        let fields = self.fields();
        // What was given wrongly is not missing besides.
        let mut settled: BTreeSet<String> = BTreeSet::new();
        for (name, group) in grouped(given) {
            settled.insert(name.clone());
            let Some(field) = fields.get(name.as_str()) else {
                problems.push(self.unknown(&name, &fields));
                continue;
            };
            match value(&name, field, group) {
                Ok(value) => {
                    if field.get("encryption").is_some_and(|how| !how.is_null()) {
                        let text = value.as_str().map(SecretString::from);
                        filled.hidden.extend(text);
                    }
                    if value.is_null() {
                        settled.remove(&name);
                    }
                    filled.inputs.insert(name, value);
                }
                Err(problem) => problems.push(*problem),
            }
        }
        for (name, field) in &fields {
            let default = field.get("default").filter(|default| is_literal(default));
            if let Some(default) = default
                && !filled.inputs.contains_key(*name)
                && settled.insert((*name).to_owned())
            {
                filled.inputs.insert((*name).to_owned(), default.clone());
            }
        }
        let required = self.inputs.and_then(|inputs| inputs["required"].as_array());
        let required = required.into_iter().flatten().filter_map(Json::as_str);
        for name in required.filter(|name| !settled.contains(*name)) {
            problems.push(self.missing(name, fields.get(name).copied()));
        }
        match problems.is_empty() {
            true => Ok(filled),
            false => Err(problems),
        }
    }

    fn fields(&self) -> BTreeMap<&'a str, &'a Json> {
        let properties = self
            .inputs
            .and_then(|inputs| inputs["properties"].as_object());
        let fields = properties.into_iter().flatten();
        fields.map(|(name, field)| (name.as_str(), field)).collect()
    }

    fn name(&self) -> &str {
        self.action["identifier"].as_str().unwrap_or_default()
    }

    fn unknown(&self, name: &str, fields: &BTreeMap<&str, &Json>) -> Stop {
        let message = format!("`{}` has no input `{name}`", self.name());
        let near = did_you_mean(name, fields.keys().copied());
        let help = near.unwrap_or_else(|| match fields.is_empty() {
            true => "its form is empty".to_owned(),
            false => format!("it has {}", listed(fields.keys().copied())),
        });
        Stop::new(exit::USAGE, message).help(help)
    }

    fn missing(&self, name: &str, field: Option<&Json>) -> Stop {
        let message = format!("`{}` requires `{name}`", self.name());
        let what = field.map_or_else(|| "VALUE".to_owned(), what);
        Stop::new(exit::USAGE, message).help(format!("add `--input {name}=…`: {what}"))
    }
}

/// The values of each name in the order in which they were given.
fn grouped(given: Vec<(String, Given)>) -> BTreeMap<String, Vec<Given>> {
    let mut groups: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    for (name, value) in given {
        groups.entry(name).or_default().push(value);
    }
    groups
}

type Problem = Box<Stop>;

fn problem(message: String, help: impl Into<Option<String>>) -> Problem {
    Box::new(Stop::new(exit::USAGE, message).help(help))
}

/// What a field gets. Several texts are the items of a list.
fn value(name: &str, field: &Json, mut group: Vec<Given>) -> Result<Json, Problem> {
    let is_list = field["type"] == "array";
    let value = match (is_list, group.len(), group.pop()) {
        (_, 1, Some(Given::Json(json))) => json,
        (false, 1, Some(Given::Text(text))) => typed(name, field, text)?,
        (true, 1, Some(Given::Text(text))) if text.trim_start().starts_with('[') => {
            json(name, "a list", &text)?
        }
        (true, _, Some(last)) => {
            group.push(last);
            let item = |given| match given {
                Given::Text(text) => typed(name, &field["items"], text),
                Given::Json(json) => Ok(json),
            };
            let items: Result<Vec<Json>, Problem> = group.into_iter().map(item).collect();
            items?.into()
        }
        _ => {
            let message = format!("`{name}` is given more than once, and takes one value");
            return Err(problem(message, None));
        }
    };
    fits(name, field, &value)?;
    Ok(value)
}

/// A text as the value of a field.
fn typed(name: &str, field: &Json, text: String) -> Result<Json, Problem> {
    match field["type"].as_str() {
        Some("number" | "integer") => match text.parse::<serde_json::Number>() {
            Ok(number) => Ok(Json::Number(number)),
            Err(_) => Err(problem(format!("`{name}` is a number"), None)),
        },
        Some("boolean") => match text.as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(problem(format!("`{name}` is `true` or `false`"), None)),
        },
        Some("object") => json(name, "a map", &text),
        _ => Ok(text.into()),
    }
}

fn json(name: &str, what: &str, text: &str) -> Result<Json, Problem> {
    serde_json::from_str(text).map_err(|error| {
        let at = error.column();
        let message = format!("`{name}` is {what}, and what is given is not JSON at column {at}");
        problem(message, format!("write it as JSON: `--input {name}=…`"))
    })
}

/// Whether a value is of the field's type, and one of its list when it has one.
fn fits(name: &str, field: &Json, value: &Json) -> Result<(), Problem> {
    let (fits, what) = match field["type"].as_str() {
        Some("string") => (value.is_string(), "a text"),
        Some("number" | "integer") => (value.is_number(), "a number"),
        Some("boolean") => (value.is_boolean(), "`true` or `false`"),
        Some("array") => (value.is_array(), "a list"),
        Some("object") => (value.is_object(), "a map"),
        _ => (true, ""),
    };
    if !fits && !value.is_null() {
        return Err(problem(format!("`{name}` is {what}"), None));
    }
    let Some(known) = field["enum"].as_array() else {
        return Ok(());
    };
    if value.is_null() || known.contains(value) {
        return Ok(());
    }
    let texts: Vec<&str> = known.iter().filter_map(Json::as_str).collect();
    let near = value
        .as_str()
        .and_then(|word| did_you_mean(word, texts.iter().copied()));
    let help = near.unwrap_or_else(|| format!("it may be {}", listed(texts.iter().copied())));
    let message = format!("`{name}` cannot have that value");
    Err(problem(message, help))
}

/// What a field takes, in words.
fn what(field: &Json) -> String {
    let text = |key: &str| field[key].as_str();
    match (text("format"), text("blueprint"), text("type")) {
        (Some("entity"), Some(blueprint), _) => {
            format!("the identifier of an entity of `{blueprint}`")
        }
        (Some(format), _, _) => format!("a text of the format `{format}`"),
        (_, _, Some("number" | "integer")) => "a number".into(),
        (_, _, Some("boolean")) => "`true` or `false`".into(),
        (_, _, Some("array")) => "an item of a list, or a list as JSON".into(),
        (_, _, Some("object")) => "a map as JSON".into(),
        _ => match field["enum"].as_array() {
            Some(known) => listed(known.iter().filter_map(Json::as_str)),
            None => "a text".into(),
        },
    }
}

/// Whether a default is a value and no expression.
fn is_literal(default: &Json) -> bool {
    !default.is_null() && default.get("jqQuery").is_none()
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn action() -> Json {
        json!({
            "identifier": "make",
            "trigger": {
                "type": "self-service", "operation": "CREATE",
                "userInputs": {
                    "properties": {
                        "name": {"type": "string"},
                        "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
                        "count": {"type": "number"},
                        "public": {"type": "boolean", "default": {"jqQuery": "true"}},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "ports": {"type": "array", "items": {"type": "number"}},
                        "extra": {"type": "object"},
                        "stack": {"type": "string", "format": "entity", "blueprint": "stack"},
                        "password": {"type": "string", "encryption": "fernet"},
                    },
                    "required": ["name"],
                },
            },
        })
    }

    fn fill(given: &[&str]) -> Result<Filled, Vec<String>> {
        let action = action();
        let read = |text: &&str| read(text).map_err(|stop| vec![told(stop)]);
        let given: Result<Vec<_>, _> = given.iter().map(read).collect();
        let filled = Form::of(&action).fill(given?);
        filled.map_err(|problems| problems.into_iter().map(told).collect())
    }

    fn told(stop: Stop) -> String {
        match stop.help {
            Some(help) => format!("{} ({help})", stop.message),
            None => stop.message,
        }
    }

    #[test]
    fn texts_become_what_the_form_says() {
        let filled = fill(&[
            "name=a=b",
            "count=2.5",
            "public=false",
            "tags=a",
            "tags=b",
            "ports=[1, 2]",
            "extra={\"a\": null}",
            "stack=ai-agent",
            "password=canary",
        ]);
        let filled = filled.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(
            Json::Object(filled.inputs),
            json!({
                "name": "a=b", "count": 2.5, "public": false, "tags": ["a", "b"], "ports": [1, 2],
                "extra": {"a": null}, "stack": "ai-agent", "password": "canary", "size": "small",
            })
        );
        assert_eq!(filled.hidden[0].expose_secret(), "canary");
        let raw = fill(&["name:=\"1\"", "ports:=[3]"]);
        let raw = raw.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(raw.inputs["ports"], json!([3]));
        assert_eq!(raw.inputs["name"], "1");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_value_is_repeated() {
        let problems = fill(&[
            "nam=canary",
            "size=smal",
            "count=canary",
            "public=canary",
            "ports=canary",
            "extra=canary",
            "stack=a",
            "stack=b",
            "tags:=1",
            "password:=1",
        ]);
        let problems = problems.err().expect("much is wrong");
        assert!(!problems.concat().contains("canary"));
        assert_eq!(
            problems,
            [
                "`count` is a number",
                "`extra` is a map, and what is given is not JSON at column 1 (write it as JSON: `--input extra=…`)",
                "`make` has no input `nam` (did you mean `name`?)",
                "`password` is a text",
                "`ports` is a number",
                "`public` is `true` or `false`",
                "`size` cannot have that value (did you mean `small`?)",
                "`stack` is given more than once, and takes one value",
                "`tags` is a list",
                "`make` requires `name` (add `--input name=…`: a text)",
            ]
        );
    }

    #[test]
    fn an_input_needs_a_name_and_json_must_be_json() {
        for (given, says) in [
            ("canary", "an input has no name"),
            ("=canary", "an input has no name"),
            ("a:=canary", "what is given for `a` is not JSON at column 1"),
        ] {
            let stop = read(given).err().expect("it is wrong");
            assert_eq!((stop.code, stop.message.as_str()), (exit::USAGE, says));
        }
    }

    #[test]
    fn a_form_may_be_empty_and_of_the_old_shape() {
        let old = json!({
            "identifier": "make", "trigger": "CREATE",
            "userInputs": {"properties": {"name": {"type": "string"}}, "required": ["name"]},
        });
        let given = || vec![("name".to_owned(), Given::Text("a".into()))];
        assert!(Form::of(&old).fill(given()).is_ok());
        let problems = Form::of(&json!({"identifier": "make"})).fill(given());
        let problems = problems.err().expect("nothing is asked for");
        assert_eq!(problems[0].help.as_deref(), Some("its form is empty"));
    }

    #[test]
    fn what_works_on_an_entity_says_of_which_blueprint() {
        let mut action = action();
        assert_eq!(Form::of(&action).works_on(), None);
        action["trigger"]["operation"] = "DAY-2".into();
        assert_eq!(Form::of(&action).works_on(), None);
        action["trigger"]["blueprintIdentifier"] = "stack".into();
        assert_eq!(Form::of(&action).works_on(), Some("stack"));
    }
}
