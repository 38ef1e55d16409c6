//! An entity against its blueprint: what of it Port would refuse, or would not show.
//!
//! It knows one blueprint and no other entity, so whether the target of a relation exists is not asked.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::search::is_search;
use crate::sim::json::{escaped, kind};
use crate::sim::near::did_you_mean;

/// How much of a value is quoted.
const QUOTED: usize = 40;
/// How long an identifier may be (PA section 1).
const IDENTIFIER: usize = 1000;

/// A place where an entity does not fit its blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The JSON pointer below the entity.
    pub at: String,
    /// What is there: `3`, `nothing`, `a property that the blueprint does not have`.
    pub found: String,
    /// What belongs there: `a text`, `one of "A", "B"`.
    pub wanted: String,
    /// What to do, if there is something better than that.
    pub help: Option<String>,
}

/// All places where an entity does not fit its blueprint, in the order of the entity. Null is as good as
/// absent. Something that is only updated should be merged into what exists first, or all that the update
/// leaves alone is missing.
pub fn check(entity: &Value, blueprint: &Value) -> Vec<Mismatch> {
    let mut checked = Checked {
        blueprint,
        found: Vec::new(),
    };
    checked.meta(entity);
    let empty = Map::new();
    let part = |name: &str| {
        entity
            .get(name)
            .and_then(Value::as_object)
            .unwrap_or(&empty)
    };
    checked.properties(part("properties"));
    checked.relations(part("relations"));
    checked.found
}

/// An entity without the properties that Port calculates: what of it could be written again.
pub fn writable(entity: &Value, blueprint: &Value) -> Value {
    let mut entity = entity.clone();
    let properties = entity.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.retain(|name, _| !derived(blueprint, name));
    }
    entity
}

fn derived(blueprint: &Value, name: &str) -> bool {
    let parts = [
        "calculationProperties",
        "mirrorProperties",
        "aggregationProperties",
    ];
    let mut parts = parts.iter().filter_map(|part| blueprint.get(part));
    parts.any(|part| part.get(name).is_some())
}

struct Checked<'a> {
    blueprint: &'a Value,
    found: Vec<Mismatch>,
}

impl Checked<'_> {
    fn meta(&mut self, entity: &Value) {
        let of = |name: &str| entity.get(name).unwrap_or(&Value::Null);
        match of("identifier") {
            Value::String(identifier) => self.identifier(identifier),
            search if is_search(search) => {}
            other => self.wrong("/identifier", other, "a text"),
        }
        for name in ["title", "icon"] {
            if !matches!(of(name), Value::Null | Value::String(_)) {
                self.wrong(&format!("/{name}"), of(name), "a text");
            }
        }
        let team = of("team");
        let texts = |list: &[Value]| list.iter().all(Value::is_string);
        let fits = match team {
            Value::Null | Value::String(_) => true,
            Value::Array(list) => texts(list),
            other => is_search(other),
        };
        if !fits {
            self.wrong("/team", team, "a text or a list of texts");
        }
        let ownership = self
            .blueprint
            .pointer("/ownership/type")
            .and_then(Value::as_str);
        if ownership == Some("Inherited") && !team.is_null() {
            self.say(
                "/team",
                quoted(team),
                "nothing: the blueprint inherits its teams",
                None,
            );
        }
    }

    fn identifier(&mut self, identifier: &str) {
        let allowed = |c: char| c.is_alphabetic() || c.is_ascii_digit() || "@_.+:\\/=-".contains(c);
        let at = "/identifier";
        if let Some(other) = identifier.chars().find(|c| !allowed(*c)) {
            let wanted = "letters, digits and any of @ _ . + : \\ / = -";
            self.say(at, format!("{other:?} in {identifier:?}"), wanted, None);
        } else if matches!(identifier, "" | "." | "..") {
            self.say(at, format!("{identifier:?}"), "a name", None);
        } else if identifier.chars().count() > IDENTIFIER {
            let found = format!("{} characters", identifier.chars().count());
            self.say(at, found, "at most 1000 characters", None);
        }
    }

    fn properties(&mut self, properties: &Map<String, Value>) {
        let blueprint = self.blueprint;
        let known = blueprint
            .pointer("/schema/properties")
            .and_then(Value::as_object);
        for (name, value) in properties {
            let at = format!("/properties/{}", escaped(name));
            match known.and_then(|known| known.get(name)) {
                Some(schema) if !value.is_null() => self.property(&at, value, schema),
                Some(_) => {}
                None if derived(self.blueprint, name) && value.is_null() => {}
                None if derived(self.blueprint, name) => {
                    let found = quoted(value);
                    self.say(&at, found, "nothing: Port calculates this property", None);
                }
                None => {
                    let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                    let help = did_you_mean(name, names);
                    let found = format!("the property `{name}`, which the blueprint does not have");
                    self.say(&at, found, "a property of the blueprint", help);
                }
            }
        }
        let required = blueprint
            .pointer("/schema/required")
            .and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if properties.get(name).is_none_or(Value::is_null) {
                self.missing(&format!("/properties/{}", escaped(name)));
            }
        }
    }

    fn property(&mut self, at: &str, value: &Value, schema: &Value) {
        let compiled = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("url", is_url)
            .with_format("timer", is_time)
            .with_format("user", |text: &str| text.contains('@'))
            .build(schema);
        // A schema that is none is the blueprint's trouble.
        let Ok(compiled) = compiled else { return };
        for error in compiled.iter_errors(value) {
            let at = format!("{at}{}", error.instance_path().as_str());
            let help = match error.kind() {
                ValidationErrorKind::Enum { options } => near(error.instance(), options),
                _ => None,
            };
            let found = quoted(error.instance());
            self.say(&at, found, wanted(&error), help);
        }
    }

    fn relations(&mut self, relations: &Map<String, Value>) {
        let blueprint = self.blueprint;
        let known = blueprint.get("relations").and_then(Value::as_object);
        for (name, value) in relations {
            let at = format!("/relations/{}", escaped(name));
            let Some(relation) = known.and_then(|known| known.get(name)) else {
                let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                let help = did_you_mean(name, names);
                let found = format!("the relation `{name}`, which the blueprint does not have");
                self.say(&at, found, "a relation of the blueprint", help);
                continue;
            };
            let many = relation.get("many").and_then(Value::as_bool) == Some(true);
            match value {
                Value::Null => {}
                search if is_search(search) => {}
                // One for many is taken for a list of one.
                Value::String(_) => {}
                Value::Array(list) if many && list.iter().all(Value::is_string) => {}
                other if many => self.wrong(&at, other, "a list of identifiers (`many: true`)"),
                other => self.wrong(&at, other, "one identifier (`many: false`)"),
            }
        }
        for (name, relation) in known.into_iter().flatten() {
            let required = relation.get("required").and_then(Value::as_bool) == Some(true);
            if required && relations.get(name).is_none_or(Value::is_null) {
                self.missing(&format!("/relations/{}", escaped(name)));
            }
        }
    }

    fn missing(&mut self, at: &str) {
        self.say(
            at,
            "nothing".to_owned(),
            "a value: the blueprint requires it",
            None,
        );
    }

    fn wrong(&mut self, at: &str, found: &Value, wanted: &str) {
        self.say(at, quoted(found), wanted, None);
    }

    fn say(&mut self, at: &str, found: String, wanted: impl Into<String>, help: Option<String>) {
        self.found.push(Mismatch {
            at: at.to_owned(),
            found,
            wanted: wanted.into(),
            help,
        });
    }
}

/// The format `url`: with a host that is reached by HTTP or FTP.
fn is_url(text: &str) -> bool {
    let parsed = url::Url::parse(text).ok();
    !text.contains(char::is_whitespace)
        && parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https" | "ftp"))
}

/// The format `timer`: a date with a time.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

/// The option that was meant.
fn near(found: &Value, options: &Value) -> Option<String> {
    let options = options.as_array()?.iter().filter_map(Value::as_str);
    did_you_mean(found.as_str()?, options)
}

fn wanted(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Type { kind } => types(kind),
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let shown: Vec<String> = options.iter().take(8).map(quoted).collect();
            let more = if options.len() > shown.len() {
                ", …"
            } else {
                ""
            };
            format!("one of {}{more}", shown.join(", "))
        }
        Kind::Format { format } => match format.as_str() {
            "url" => "a URL with http or https".to_owned(),
            "email" | "idn-email" => "an e-mail address".to_owned(),
            "user" => "the e-mail address of a user".to_owned(),
            "date-time" | "timer" => "a time such as 2026-01-31T12:00:00Z".to_owned(),
            "ipv4" | "ipv6" => format!("an address of {format}"),
            other => format!("the format `{other}`"),
        },
        Kind::Pattern { pattern } => format!("a text that matches `{pattern}`"),
        Kind::MinLength { limit } => format!("at least {limit} characters"),
        Kind::MaxLength { limit } => format!("at most {limit} characters"),
        Kind::MinItems { limit } => format!("at least {limit} items"),
        Kind::MaxItems { limit } => format!("at most {limit} items"),
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::UniqueItems => "items that differ".to_owned(),
        Kind::Required { property } => format!("a value for {property}"),
        other => format!("what `{}` of its schema allows", other.keyword()),
    }
}

fn types(wanted: &TypeKind) -> String {
    let word = |name: &str| match name {
        "string" => "a text".to_owned(),
        "number" => "a number".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "an object".to_owned(),
        other => other.to_owned(),
    };
    match wanted {
        TypeKind::Single(one) => word(&one.to_string()),
        TypeKind::Multiple(many) => {
            let words: Vec<String> = many.iter().map(|one| word(&one.to_string())).collect();
            words.join(" or ")
        }
    }
}

/// A value as JSON, cut when it is long.
fn quoted(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= QUOTED {
        return text;
    }
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        _ => {
            let start: String = text.chars().take(QUOTED - 1).collect();
            format!("{start}…")
        }
    }
}
