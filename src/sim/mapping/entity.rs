//! The entity that a mapping makes of one item: every text in it is a program, constants included.

use serde_json::{Map, Value, json};

use super::Wants;
use super::deliver::consequence;
use super::search::is_search;
use crate::sim::guesses;
use crate::sim::job::{Fault, FaultKind};
use crate::sim::jq::Input;
use crate::sim::json::{escaped, kind};
use crate::sim::near::did_you_mean;

/// What an entity consists of but for its stamps and its blueprint (PA section 6).
pub const PARTS: [&str; 6] = [
    "identifier",
    "title",
    "icon",
    "team",
    "properties",
    "relations",
];

/// Makes what one mapping wants of one item.
pub(super) struct Maker<'a> {
    pub roots: &'a Input,
    /// Who maps.
    pub setting: &'static Setting,
    /// What went wrong so far, each with the JSON pointer below what holds the mapping.
    pub faults: Vec<(String, Fault)>,
}

/// How mappings differ by who maps.
pub(super) struct Setting {
    /// Where the entity stands.
    pub at: &'static str,
    /// What becomes of a part that fails.
    pub left: &'static str,
    /// What becomes of an entity that fails.
    pub nothing: &'static str,
    /// Whether a null title, icon or team is told.
    pub tells_null: bool,
    /// Whether there are searches.
    pub searches: bool,
}

/// A mapping of a webhook.
pub(super) const WEBHOOK: Setting = Setting {
    at: "/entity",
    left: "Port leaves it as it is in the catalog then",
    nothing: "Port writes no entity then",
    tells_null: false,
    searches: true,
};

/// The mapping of items that are no deliveries.
pub(super) const ITEMS: Setting = Setting {
    at: "/mapping",
    left: "it is left as it is in the catalog then",
    nothing: "no entity is written then",
    tells_null: true,
    searches: false,
};

/// What an operation asks for.
enum Operation {
    Upsert,
    Delete { dependents: bool },
}

impl Maker<'_> {
    /// What the mapping wants; `None` when it fails, and the faults say why.
    pub fn wants(&mut self, mapping: &Value) -> Option<Wants> {
        let blueprint = match mapping.get("blueprint") {
            Some(Value::String(blueprint)) if !blueprint.is_empty() => blueprint.clone(),
            _ => {
                let why = "a mapping needs the identifier of a blueprint, as a plain text";
                self.nothing("/blueprint", Fault::new(FaultKind::Syntax, why));
                return None;
            }
        };
        let operation = self.operation(mapping.get("operation"))?;
        let entity = mapping.get("entity").unwrap_or(&Value::Null);
        if let Operation::Delete { dependents } = operation {
            // The identifier alone also names the entity.
            let identifier = match entity {
                Value::String(_) => self.identifier(entity, "/entity")?,
                _ => {
                    let identifier = entity.get("identifier").unwrap_or(&Value::Null);
                    self.identifier(identifier, "/entity/identifier")?
                }
            };
            let Value::String(identifier) = identifier else {
                let why = "a delete needs one identifier, not a search";
                self.nothing("/entity/identifier", Fault::new(FaultKind::Refused, why));
                return None;
            };
            return Some(Wants::Delete {
                blueprint,
                identifier,
                delete_dependents: dependents,
            });
        }
        let Some(entity) = entity.as_object() else {
            let why = format!("`entity` must be an object, and is {}", kind(entity));
            self.nothing("/entity", Fault::new(FaultKind::Syntax, why));
            return None;
        };
        let entity = self.entity(entity)?;
        Some(Wants::Upsert { blueprint, entity })
    }

    fn operation(&mut self, operation: Option<&Value>) -> Option<Operation> {
        let (word, dependents, at) = match operation {
            None | Some(Value::Null) => return Some(Operation::Upsert),
            Some(Value::String(word)) => (word.as_str(), None, "/operation"),
            Some(object) => (
                object.get("type").and_then(Value::as_str).unwrap_or(""),
                object.get("deleteDependents").and_then(Value::as_bool),
                "/operation/type",
            ),
        };
        match word {
            "create" => Some(Operation::Upsert),
            "delete" => Some(Operation::Delete {
                dependents: dependents.unwrap_or(guesses::DEPENDENTS_GO),
            }),
            other => {
                let why = format!("`{other}` is no operation; there are create and delete");
                let mut fault = Fault::new(FaultKind::Refused, why);
                fault.help = match other {
                    "upsert" => Some("`create` also updates what exists".to_owned()),
                    _ => did_you_mean(other, ["create", "delete"]),
                };
                self.nothing(at, fault);
                None
            }
        }
    }

    /// The entity; `None` when it fails, and the faults say why.
    pub fn entity(&mut self, entity: &Map<String, Value>) -> Option<Value> {
        let root = self.setting.at;
        let Some(identifier) = entity.get("identifier") else {
            let why = "an entity needs an `identifier`";
            self.nothing(root, Fault::new(FaultKind::Syntax, why));
            return None;
        };
        let identifier = self.identifier(identifier, &format!("{root}/identifier"))?;
        let mut made = Map::from_iter([("identifier".to_owned(), identifier)]);
        for (key, value) in entity {
            let at = format!("{root}/{}", escaped(key));
            match key.as_str() {
                "identifier" => {}
                "title" | "icon" | "team" => {
                    // To Port, null says nothing about these.
                    let told = |value: &Value| self.setting.tells_null || !value.is_null();
                    if let Some(value) = self.value(value, &at).filter(told) {
                        made.insert(key.clone(), value);
                    }
                }
                "properties" | "relations" => {
                    let Some(parts) = value.as_object() else {
                        let why = format!("`{key}` must be an object, and is {}", kind(value));
                        self.left(&at, Fault::new(FaultKind::Syntax, why));
                        continue;
                    };
                    made.insert(key.clone(), self.parts(parts, &at));
                }
                other => {
                    let why = format!("an entity has no `{other}`");
                    let mut fault = Fault::new(FaultKind::Refused, why);
                    fault.help = did_you_mean(other, PARTS);
                    self.fail(&at, fault);
                }
            }
        }
        Some(Value::Object(made))
    }

    fn parts(&mut self, parts: &Map<String, Value>, at: &str) -> Value {
        let mut made = Map::new();
        for (key, value) in parts {
            let Some(value) = self.value(value, &format!("{at}/{}", escaped(key))) else {
                continue;
            };
            if guesses::NULL_CLEARS || !value.is_null() {
                made.insert(key.clone(), value);
            }
        }
        Value::Object(made)
    }

    /// A text, or a search.
    fn identifier(&mut self, identifier: &Value, at: &str) -> Option<Value> {
        if is_search(identifier) {
            return self.search(identifier, at);
        }
        let Value::String(program) = identifier else {
            self.nothing(at, not_a_program(identifier));
            return None;
        };
        let fault = match self.roots.first(program) {
            Ok(Value::String(text)) if !text.is_empty() => return Some(Value::String(text)),
            Ok(Value::String(_)) => {
                Fault::new(FaultKind::Runtime, "the identifier is an empty text")
            }
            Ok(Value::Null) => Fault::new(FaultKind::Runtime, "the identifier is null"),
            Ok(other) => {
                let why = format!("the identifier is {}, not a text", kind(&other));
                Fault::new(FaultKind::Runtime, why).help("add `| tostring`")
            }
            Err(fault) => fault,
        };
        self.nothing(at, fault);
        None
    }

    /// What a text, a list of texts or a search becomes; `None` when it fails.
    fn value(&mut self, value: &Value, at: &str) -> Option<Value> {
        match value {
            Value::Null => Some(Value::Null),
            Value::String(program) => match self.roots.first(program) {
                Ok(value) => Some(value),
                Err(fault) => {
                    self.left(at, fault);
                    None
                }
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items: Vec<Option<Value>> = items
                    .map(|(i, item)| self.value(item, &format!("{at}/{i}")))
                    .collect();
                items.into_iter().collect::<Option<_>>().map(Value::Array)
            }
            search if is_search(search) => self.search(search, at),
            other => {
                self.left(at, not_a_program(other));
                None
            }
        }
    }

    /// A search with all of its parts evaluated.
    fn search(&mut self, search: &Value, at: &str) -> Option<Value> {
        if !self.setting.searches {
            let why = "a search cannot be compared with what is in the catalog";
            self.left(at, Fault::new(FaultKind::Refused, why));
            return None;
        }
        let combinator = self.word(search.get("combinator"), &format!("{at}/combinator"))?;
        let Some(Value::Array(rules)) = search.get("rules") else {
            let why = "a search needs a list of `rules`";
            self.fail(&format!("{at}/rules"), Fault::new(FaultKind::Syntax, why));
            return None;
        };
        let mut made = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let at = format!("{at}/rules/{i}");
            if is_search(rule) {
                made.push(self.search(rule, &at)?);
                continue;
            }
            let property = self.word(rule.get("property"), &format!("{at}/property"))?;
            let operator = self.word(rule.get("operator"), &format!("{at}/operator"))?;
            let value = match rule.get("value") {
                Some(value @ (Value::String(_) | Value::Array(_) | Value::Null)) => {
                    self.value(value, &format!("{at}/value"))?
                }
                Some(plain) => plain.clone(),
                None => {
                    let why = "a rule needs a `value`";
                    self.fail(&at, Fault::new(FaultKind::Syntax, why));
                    return None;
                }
            };
            made.push(json!({ "property": property, "operator": operator, "value": value }));
        }
        Some(json!({ "combinator": combinator, "rules": made }))
    }

    /// A constant of a search, which is a program, too: `'and'`, `'$identifier'`.
    fn word(&mut self, word: Option<&Value>, at: &str) -> Option<String> {
        let program = word.and_then(Value::as_str).unwrap_or("");
        let mut fault = match self.roots.first(program) {
            Ok(Value::String(word)) => return Some(word),
            Ok(other) => Fault::new(
                FaultKind::Runtime,
                format!("this must give a text, and gives {}", kind(&other)),
            ),
            Err(fault) => fault,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "$_=-".contains(c);
        if !program.is_empty() && program.chars().all(plain) {
            fault.help = Some(format!("everything here is JQ: write \"'{program}'\""));
        }
        self.fail(at, fault);
        None
    }

    /// A fault that keeps the whole entity from being written.
    fn nothing(&mut self, at: &str, fault: Fault) {
        self.fail(at, consequence(fault, self.setting.nothing));
    }

    /// A fault of one part of the entity.
    fn left(&mut self, at: &str, fault: Fault) {
        self.fail(at, consequence(fault, self.setting.left));
    }

    fn fail(&mut self, at: &str, fault: Fault) {
        self.faults.push((at.to_owned(), fault));
    }
}

/// A value in the place of a program.
pub(super) fn not_a_program(value: &Value) -> Fault {
    let why = format!("this must be a JQ program, and is {}", kind(value));
    let fault = Fault::new(FaultKind::Syntax, why);
    match value {
        Value::Number(_) | Value::Bool(_) => fault.help(format!("write it in quotes: \"{value}\"")),
        _ => fault,
    }
}
