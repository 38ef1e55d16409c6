//! What a blueprint must agree with besides its schema: its relations' targets, the paths of derived
//! properties, types that may not change (PA sections 1 and 2).

use serde_json::{Map, Value};

use super::answer::{Checked, Refusal};
use super::state::PortState;
use super::tables::Table;
use super::{blueprints, guesses, system};

/// Checks the next form of a blueprint; `old` is its identifier and form so far.
///
/// Returns the form to store: a `pathFilter` over a relation that is not there becomes null without
/// an error (PA section 2).
pub(super) fn checked(
    state: &PortState,
    id: &str,
    old: Option<(&str, &Value)>,
    body: Map<String, Value>,
) -> Checked<Map<String, Value>> {
    let body = Value::Object(body);
    let world = World {
        state,
        id,
        old_id: old.map(|(old_id, _)| old_id),
        candidate: &body,
    };
    if let Some((_, old)) = old {
        keeps_types(old, &body)?;
    }
    requires_known_properties(&body)?;
    world.relations()?;
    world.ownership()?;
    world.mirrors()?;
    let lost_filters = world.aggregations()?;
    let mut body = match body {
        Value::Object(body) => body,
        _ => return Err(Refusal::invalid("body must be object")),
    };
    for name in lost_filters {
        body["aggregationProperties"][name.as_str()]["pathFilter"] = Value::Null;
    }
    Ok(body)
}

/// Refuses to drop or retype what a system blueprint had from the start.
pub(super) fn keeps_system_parts(id: &str, body: &Map<String, Value>) -> Checked {
    let Some(base) = system::structure(id) else {
        return Ok(());
    };
    let body_properties = body
        .get("schema")
        .and_then(|schema| schema.get("properties"));
    let parts = [
        (&base["schema"]["properties"], body_properties),
        (&base["relations"], body.get("relations")),
    ];
    for (base, sent) in parts {
        for key in base.as_object().into_iter().flat_map(Map::keys) {
            if sent.and_then(|sent| sent.get(key)).is_none() {
                return Err(blueprints::protected(id));
            }
        }
    }
    Ok(())
}

/// The blueprints as they would be after the write.
struct World<'a> {
    state: &'a PortState,
    id: &'a str,
    old_id: Option<&'a str>,
    candidate: &'a Value,
}

impl<'a> World<'a> {
    fn blueprint(&self, id: &str) -> Option<&'a Value> {
        if id == self.id || self.old_id == Some(id) {
            return Some(self.candidate);
        }
        self.state.tables.get(Table::Blueprints, id)
    }

    fn relations(&self) -> Checked {
        for (name, relation) in members(&self.candidate["relations"]) {
            if relation["required"] == true && relation["many"] == true {
                return Err(unsound(format!(
                    "relation \"{name}\" can not be both required and many"
                )));
            }
            self.target(relation)?;
        }
        Ok(())
    }

    fn target(&self, holder: &Value) -> Checked<(&'a Value, String)> {
        let target = holder["target"].as_str().unwrap_or_default();
        match self.blueprint(target) {
            Some(blueprint) => Ok((blueprint, target.to_owned())),
            None => Err(missing_blueprint(self.state, target)),
        }
    }

    fn ownership(&self) -> Checked {
        let ownership = &self.candidate["ownership"];
        let path = ownership["path"]
            .as_str()
            .filter(|_| ownership["type"] == "Inherited");
        match path {
            Some(path) if self.follow(self.candidate, path.split('.')).is_none() => {
                Err(Refusal::new(
                    guesses::OWNERSHIP_STATUS,
                    "invalid_inherited_ownership_path",
                    format!("The path \"{path}\" do not exists"),
                ))
            }
            _ => Ok(()),
        }
    }

    fn mirrors(&self) -> Checked {
        for (_, mirror) in members(&self.candidate["mirrorProperties"]) {
            let path = mirror["path"].as_str().unwrap_or_default();
            let Some((relations, last)) = path.rsplit_once('.') else {
                continue;
            };
            let Some((end, blueprint)) = self.follow(self.candidate, relations.split('.')) else {
                let message = format!("The path \"{path}\" do not exists");
                return Err(Refusal::new(
                    guesses::MODEL_STATUS,
                    guesses::BAD_PATH,
                    message,
                ));
            };
            if !last.starts_with('$') && property_type(blueprint, last).is_none() {
                return Err(unknown_property(&end, last));
            }
        }
        Ok(())
    }

    /// Names the aggregations whose `pathFilter` leads nowhere.
    fn aggregations(&self) -> Checked<Vec<String>> {
        let mut lost = Vec::new();
        for (name, aggregation) in members(&self.candidate["aggregationProperties"]) {
            let (target, target_id) = self.target(aggregation)?;
            let spec = &aggregation["calculationSpec"];
            for key in ["property", "measureTimeBy"] {
                let Some(property) = spec[key].as_str().filter(|text| !text.starts_with('$'))
                else {
                    continue;
                };
                match property_type(target, property) {
                    None => return Err(unknown_property(&target_id, property)),
                    Some(kind) if key == "property" && !matches!(kind, "number" | "mirror") => {
                        return Err(unsound(format!(
                            "property \"{property}\" of blueprint \"{target_id}\" must be a number"
                        )));
                    }
                    Some(_) => {}
                }
            }
            if !self.filters_exist(aggregation, target) {
                lost.push(name.to_owned());
            }
        }
        Ok(lost)
    }

    /// Whether the relations of a path filter exist, from the blueprint that it names, from this one
    /// or from the target: the pages do not say where an unnamed one begins.
    fn filters_exist(&self, aggregation: &Value, target: &'a Value) -> bool {
        aggregation["pathFilter"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|filter| {
                let path = || {
                    filter["path"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                };
                let starts: Vec<&Value> = match filter["fromBlueprint"].as_str() {
                    Some(from) => self.blueprint(from).into_iter().collect(),
                    None => vec![self.candidate, target],
                };
                starts
                    .into_iter()
                    .any(|start| self.follow(start, path()).is_some())
            })
    }

    /// Walks relations; the last blueprint and its identifier.
    fn follow<'p>(
        &self,
        start: &'a Value,
        path: impl Iterator<Item = &'p str>,
    ) -> Option<(String, &'a Value)> {
        let mut at = (self.id.to_owned(), start);
        for relation in path {
            let target = match relation {
                // Direct ownership shows up in paths as a relation of its own.
                "_owning_teams" if at.1.get("ownership").is_some() => "_team",
                name => at.1["relations"][name]["target"].as_str()?,
            };
            at = (target.to_owned(), self.blueprint(target)?);
        }
        Some(at)
    }
}

/// A body refers to a blueprint that does not exist.
pub(super) fn missing_blueprint(state: &PortState, id: &str) -> Box<Refusal> {
    let mut refusal = Refusal::missing("Blueprint", id);
    refusal.status = state.quirks.missing_reference_status;
    refusal
}

/// The type of a property of any sort: its own, or `mirror`.
fn property_type<'b>(blueprint: &'b Value, name: &str) -> Option<&'b str> {
    let typed = |map: &'b Value| map[name]["type"].as_str();
    typed(&blueprint["schema"]["properties"])
        .or_else(|| typed(&blueprint["calculationProperties"]))
        .or_else(|| {
            blueprint["aggregationProperties"]
                .get(name)
                .map(|_| "number")
        })
        .or_else(|| blueprint["mirrorProperties"].get(name).map(|_| "mirror"))
}

fn keeps_types(old: &Value, new: &Value) -> Checked {
    for (name, property) in members(&old["schema"]["properties"]) {
        let kind = &new["schema"]["properties"][name]["type"];
        if !kind.is_null() && *kind != property["type"] {
            return Err(unsound(format!(
                "the type of property \"{name}\" can not be changed"
            )));
        }
    }
    Ok(())
}

fn requires_known_properties(body: &Value) -> Checked {
    let required = body["schema"]["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if body["schema"]["properties"].get(name).is_none() {
            return Err(unsound(format!(
                "required property \"{name}\" is not defined in properties"
            )));
        }
    }
    Ok(())
}

fn unknown_property(blueprint: &str, property: &str) -> Box<Refusal> {
    let message =
        format!("The \"{blueprint}\" Blueprint does not have property with name \"{property}\"");
    Refusal::new(guesses::MODEL_STATUS, guesses::UNKNOWN_PROPERTY, message)
}

fn unsound(message: String) -> Box<Refusal> {
    Refusal::new(422, guesses::BAD_MODEL, message)
}

fn members(map: &Value) -> impl Iterator<Item = (&str, &Value)> {
    map.as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}
