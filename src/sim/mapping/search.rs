//! Which entities a search finds, as searches of webhook mappings may ask (PA section 4): `=`, `in` and
//! `contains` over properties, meta-properties and mirrors of one level.

use serde_json::Value;

use crate::sim::guesses;
use crate::sim::job::{Fault, FaultKind};
use crate::sim::json::escaped;
use crate::sim::near::did_you_mean;

const OPERATORS: [&str; 3] = ["=", "in", "contains"];
const META: [(&str, &str); 7] = [
    ("$identifier", "/identifier"),
    ("$title", "/title"),
    ("$blueprint", "/blueprint"),
    ("$team", "/team"),
    ("$icon", "/icon"),
    ("$createdAt", "/createdAt"),
    ("$updatedAt", "/updatedAt"),
];

/// Whether a value is a search and not a plain one: it has `combinator` and `rules`.
pub fn is_search(value: &Value) -> bool {
    value.get("combinator").is_some() || value.get("rules").is_some()
}

/// The identifiers of the entities that an evaluated search finds, at most 100, in the order of `entities`.
/// `blueprint` is theirs, and says which properties are calculated.
///
/// # Errors
/// The search asks for what is not available, or is not well formed.
pub fn resolve(
    search: &Value,
    entities: &[Value],
    blueprint: Option<&Value>,
) -> Result<Vec<String>, Fault> {
    let search = Search::read(search, blueprint, 0)?;
    let found = entities.iter().filter(|entity| search.finds(entity));
    let found = found.filter_map(|entity| entity.get("identifier")?.as_str());
    Ok(found.take(guesses::MATCHES).map(str::to_owned).collect())
}

/// A search that is well formed.
enum Search<'a> {
    All(Vec<Search<'a>>),
    Any(Vec<Search<'a>>),
    Rule {
        pointer: String,
        operator: &'a str,
        value: &'a Value,
    },
}

impl<'a> Search<'a> {
    fn read(value: &'a Value, blueprint: Option<&Value>, depth: usize) -> Result<Self, Fault> {
        if depth > guesses::DEPTH {
            return Err(Fault::new(FaultKind::Limit, "the search nests too deep"));
        }
        if !is_search(value) {
            return rule(value, blueprint);
        }
        let rules = value.get("rules").and_then(Value::as_array);
        let rules = rules.into_iter().flatten();
        let rules = rules.map(|rule| Search::read(rule, blueprint, depth + 1));
        let rules: Vec<Search<'_>> = rules.collect::<Result<_, _>>()?;
        match value.get("combinator").and_then(Value::as_str) {
            Some("and") => Ok(Search::All(rules)),
            Some("or") => Ok(Search::Any(rules)),
            other => Err(refused(format!(
                "`{}` is no combinator; there are `and` and `or`",
                other.unwrap_or_default()
            ))),
        }
    }

    fn finds(&self, entity: &Value) -> bool {
        match self {
            Search::All(rules) => rules.iter().all(|rule| rule.finds(entity)),
            Search::Any(rules) => rules.iter().any(|rule| rule.finds(entity)),
            Search::Rule {
                pointer,
                operator,
                value,
            } => {
                let held = entity.pointer(pointer).unwrap_or(&Value::Null);
                // A payload without the value means no entity, not all that lack it.
                if held.is_null() {
                    return false;
                }
                match *operator {
                    "=" => held == *value,
                    "in" => value.as_array().is_some_and(|values| values.contains(held)),
                    _ => contains(held, value),
                }
            }
        }
    }
}

fn rule<'a>(rule: &'a Value, blueprint: Option<&Value>) -> Result<Search<'a>, Fault> {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let (property, operator) = (text("property"), text("operator"));
    if !OPERATORS.contains(&operator) {
        let why = format!("searches of mappings have no operator `{operator}`");
        return Err(refused(why).help("there are `=`, `in` and `contains`"));
    }
    let value = rule.get("value").unwrap_or(&Value::Null);
    if operator == "in" && !value.is_array() {
        return Err(refused("`in` needs a list as its `value`".to_owned()));
    }
    let pointer = match META.iter().find(|(name, _)| *name == property) {
        Some((_, pointer)) => (*pointer).to_owned(),
        None if property.starts_with('$') => {
            let mut fault = refused(format!("there is no meta-property `{property}`"));
            fault.help = did_you_mean(property, META.map(|(name, _)| name));
            return Err(fault);
        }
        None if property.is_empty() => return Err(refused("a rule needs a `property`".to_owned())),
        None => {
            if let Some(blueprint) = blueprint {
                available(property, blueprint)?;
            }
            format!("/properties/{}", escaped(property))
        }
    };
    Ok(Search::Rule {
        pointer,
        operator,
        value,
    })
}

/// Whether a search may ask for a property.
fn available(property: &str, blueprint: &Value) -> Result<(), Fault> {
    let part = |name: &str| blueprint.get(name).and_then(|part| part.get(property));
    if part("calculationProperties").is_some() {
        return Err(refused(format!(
            "searches of mappings cannot ask for the calculation `{property}`"
        )));
    }
    let mirror = part("mirrorProperties").and_then(|mirror| mirror.get("path"));
    if let Some(path) = mirror.and_then(Value::as_str)
        && path.matches('.').count() > 1
    {
        return Err(refused(format!(
            "searches of mappings see mirrors of one level, and `{property}` mirrors `{path}`"
        )));
    }
    Ok(())
}

fn contains(held: &Value, value: &Value) -> bool {
    match (held, value) {
        (Value::String(held), Value::String(value)) => held.contains(value.as_str()),
        (Value::Array(held), value) => held.contains(value),
        _ => false,
    }
}

fn refused(why: String) -> Fault {
    Fault::new(FaultKind::Refused, why)
}
