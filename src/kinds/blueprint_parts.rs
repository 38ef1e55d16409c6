//! The parts of a blueprint, and what each of them needs (PA section 2, "Creation order").
//!
//! Relations need their targets; mirrors the relations on their way and the property at its end;
//! aggregations their target, its property and the relations of their filter, which Port stores
//! as null without a word when they come too early; inherited ownership its way and its owner.
//! Deliberately not here: the order that follows, and whether what is named exists at all.

use crate::kinds::parts::{Need, Others, Part};
use crate::kinds::property::{MAPS, plain};
use crate::kinds::{Kind, port_blueprint};
use crate::words::{Addr, Pointer, Text, Value};

/// The hidden relation of direct ownership, and where it leads (PA section 2).
const OWNING_TEAMS: (&str, &str) = ("_owning_teams", "_team");

/// The parts of the blueprint with this identifier.
pub fn parts<'v>(identifier: &str, spec: &'v Value, others: &Others<'_, 'v>) -> Vec<Part> {
    let blueprint = Blueprint {
        addr: addr(identifier),
        spec,
        others,
    };
    let mut parts = Vec::new();
    blueprint.relations(&mut parts);
    blueprint.ownership(&mut parts);
    blueprint.mirrors(&mut parts);
    blueprint.calculations(&mut parts);
    blueprint.aggregations(&mut parts);
    parts
}

struct Blueprint<'f, 's> {
    addr: Addr,
    spec: &'s Value,
    others: &'f Others<'f, 's>,
}

/// A way over relations: what it needs, and where it ends as far as that is known.
struct Way<'s> {
    needs: Vec<Need>,
    end: Option<(Addr, Option<&'s Value>)>,
}

impl<'s> Blueprint<'_, 's> {
    fn relations(&self, parts: &mut Vec<Part>) {
        for (key, relation) in map(self.spec, "relations") {
            let target = relation.get_text("target").and_then(plain);
            parts.push(Part {
                at: at("relations", key),
                needs: target.map(addr).map(Need::object).into_iter().collect(),
            });
        }
    }

    fn ownership(&self, parts: &mut Vec<Part>) {
        for holder in ["ownership", "teamInheritance"] {
            let Some(value) = self.spec.get(holder).filter(|value| !value.is_null()) else {
                continue;
            };
            let mut needs = Vec::new();
            if let Some(path) = value.get_text("path") {
                let way = self.follow(self.start(), path.split('.'));
                needs = way.needs;
                // Whose ownership is inherited must have one (PA section 2: direct ones first).
                if let Some((owner, Some(spec))) = way.end
                    && spec.get(holder).is_some_and(|value| !value.is_null())
                {
                    needs.push(Need {
                        addr: owner,
                        at: Pointer::root().join(holder),
                        is: None,
                    });
                }
            }
            parts.push(Part {
                at: Pointer::root().join(holder),
                needs,
            });
        }
    }

    fn mirrors(&self, parts: &mut Vec<Part>) {
        for (key, mirror) in map(self.spec, "mirrorProperties") {
            let path = mirror.get_text("path").unwrap_or("");
            let mut needs = Vec::new();
            if let Some((relations, last)) = path.rsplit_once('.') {
                let way = self.follow(self.start(), relations.split('.'));
                needs = way.needs;
                if let Some((end, Some(spec))) = way.end {
                    needs.extend(property(end, spec, last, false));
                }
            }
            parts.push(Part {
                at: at("mirrorProperties", key),
                needs,
            });
        }
    }

    /// Which of the own mirrors a calculation reads can only be told by their names: JQ is not read
    /// here. Naming one that it does not read costs nothing where the mirror can be written as well.
    fn calculations(&self, parts: &mut Vec<Part>) {
        let mirrors: Vec<&Text> = map(self.spec, "mirrorProperties")
            .map(|(key, _)| key)
            .collect();
        for (key, calculation) in map(self.spec, "calculationProperties") {
            let program = calculation.get_text("calculation").unwrap_or("");
            let read = mirrors.iter().filter(|mirror| names(program, mirror));
            parts.push(Part {
                at: at("calculationProperties", key),
                needs: read
                    .map(|mirror| Need {
                        addr: self.addr.clone(),
                        at: at("mirrorProperties", mirror),
                        is: None,
                    })
                    .collect(),
            });
        }
    }

    fn aggregations(&self, parts: &mut Vec<Part>) {
        for (key, aggregation) in map(self.spec, "aggregationProperties") {
            let mut needs = Vec::new();
            let target = aggregation.get_text("target").and_then(plain).map(addr);
            if let Some(target) = &target {
                needs.push(Need::object(target.clone()));
                if let (Some(how), Some(spec)) =
                    (aggregation.get("calculationSpec"), self.blueprint(target))
                {
                    for (name, number) in [("property", true), ("measureTimeBy", false)] {
                        let name = how.get_text(name).and_then(plain);
                        needs.extend(
                            name.and_then(|name| property(target.clone(), spec, name, number)),
                        );
                    }
                }
            }
            let filters = aggregation.get("pathFilter").and_then(Value::as_list);
            for filter in filters.unwrap_or(&[]) {
                needs.extend(self.filter(filter, target.as_ref()));
            }
            parts.push(Part {
                at: at("aggregationProperties", key),
                needs,
            });
        }
    }

    /// A filter begins where it says, else here or at the target: the pages do not say which.
    fn filter(&self, filter: &Value, target: Option<&Addr>) -> Vec<Need> {
        let steps = || {
            let path = filter.get("path").and_then(Value::as_list).unwrap_or(&[]);
            path.iter().filter_map(Value::as_text)
        };
        let there = |addr: &Addr| (addr.clone(), self.blueprint(addr));
        let from = filter.get_text("fromBlueprint").and_then(plain).map(addr);
        if let Some(from) = from {
            let mut needs = vec![Need::object(from.clone())];
            needs.extend(self.follow(there(&from), steps()).needs);
            return needs;
        }
        let own = self.follow(self.start(), steps());
        match (own.end, target) {
            (None, Some(target)) => self.follow(there(target), steps()).needs,
            _ => own.needs,
        }
    }

    fn start(&self) -> (Addr, Option<&'s Value>) {
        (self.addr.clone(), Some(self.spec))
    }

    fn blueprint(&self, addr: &Addr) -> Option<&'s Value> {
        match *addr == self.addr {
            true => Some(self.spec),
            false => (self.others)(addr),
        }
    }

    /// Goes over relations as far as they are known.
    fn follow<'p>(
        &self,
        start: (Addr, Option<&'s Value>),
        steps: impl Iterator<Item = &'p str>,
    ) -> Way<'s> {
        let mut way = Way {
            needs: Vec::new(),
            end: Some(start),
        };
        for step in steps {
            let Some((here, Some(spec))) = way.end.take() else {
                return way;
            };
            if step == OWNING_TEAMS.0 {
                way.needs.push(Need {
                    addr: here,
                    at: Pointer::root().join("ownership"),
                    is: None,
                });
                let teams = addr(OWNING_TEAMS.1);
                let spec = self.blueprint(&teams);
                way.end = Some((teams, spec));
                continue;
            }
            let relation = spec.get("relations").and_then(|all| all.get(step));
            let Some(target) = relation.and_then(|r| r.get_text("target")).and_then(plain) else {
                // It is needed all the same, and whoever asks is told that it is not there.
                way.needs.push(Need {
                    addr: here,
                    at: at("relations", step),
                    is: None,
                });
                return way;
            };
            way.needs.push(Need {
                addr: here,
                at: at("relations", step).join("target"),
                is: Some(Value::text(target)),
            });
            let target = addr(target);
            let spec = self.blueprint(&target);
            way.end = Some((target, spec));
        }
        way
    }
}

/// A property of any sort of a blueprint; meta-properties are always there.
fn property(addr: Addr, spec: &Value, name: &str, number: bool) -> Option<Need> {
    if name.starts_with('$') {
        return None;
    }
    let places = || {
        MAPS.iter()
            .filter_map(|map| Some(Pointer::parse(map)?.join(name)))
    };
    // One that is nowhere is needed all the same.
    let place = places()
        .find(|place| spec.at(place).is_some())
        .or_else(|| places().next())?;
    let kind = place.join("type");
    // Only numbers are aggregated (PA section 2), so that another type so far will not do.
    Some(match spec.at(&kind).filter(|_| number) {
        Some(is) => Need {
            addr,
            is: Some(is.clone()),
            at: kind,
        },
        None => Need {
            addr,
            at: place,
            is: None,
        },
    })
}

fn addr(identifier: &str) -> Addr {
    let kind = &port_blueprint::Blueprint;
    Addr::new(kind.service(), kind.word(), identifier)
}

fn at(map: &str, key: &str) -> Pointer {
    Pointer::root().join(map).join(key)
}

fn map<'v>(spec: &'v Value, name: &str) -> impl Iterator<Item = (&'v Text, &'v Value)> {
    spec.get(name).and_then(Value::as_map).into_iter().flatten()
}

/// Whether a program has this word.
fn names(program: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    program.match_indices(word).any(|(from, found)| {
        let before = program[..from].chars().next_back();
        let after = program[from + found.len()..].chars().next();
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::kinds::parts::{can_wait, circles};

    /// Each part with what it needs, `PLACE: IDENTIFIER PLACE, …`.
    fn told(identifier: &str, specs: &BTreeMap<Addr, Value>) -> Vec<String> {
        let spec = &specs[&addr(identifier)];
        let others = |addr: &Addr| specs.get(addr);
        parts(identifier, spec, &others)
            .iter()
            .map(|part| {
                let needs: Vec<String> = part
                    .needs
                    .iter()
                    .map(|need| {
                        format!("{} {}", need.addr.name, need.at)
                            .trim_end()
                            .to_owned()
                    })
                    .collect();
                format!("{}: {}", part.at, needs.join(", "))
            })
            .collect()
    }

    fn specs(all: serde_json::Value) -> BTreeMap<Addr, Value> {
        let Value::Map(map) = Value::from(all) else {
            panic!("a map");
        };
        map.into_iter()
            .map(|(name, spec)| (addr(&name), spec))
            .collect()
    }

    fn ships() -> BTreeMap<Addr, Value> {
        specs(json!({
            "ship": {
                "schema": { "properties": { "mass": { "type": "number" } } },
                "relations": { "fleet": { "target": "fleet" }, "parent": { "target": "ship" } },
                "ownership": { "type": "Inherited", "path": "fleet" },
                "mirrorProperties": {
                    "admiral": { "path": "fleet.base.chief" },
                    "name": { "path": "fleet.$title" },
                    "team": { "path": "fleet._owning_teams.$title" }
                },
                "calculationProperties": {
                    "greeting": { "type": "string", "calculation": "\"hello \" + .properties.admiral" },
                    "twice": { "type": "number", "calculation": ".properties.mass * 2" }
                }
            },
            "fleet": {
                "schema": { "properties": {} },
                "relations": { "base": { "target": "base" } },
                "ownership": { "type": "Direct" },
                "aggregationProperties": {
                    "mass": { "target": "ship", "calculationSpec": { "func": "sum", "calculationBy": "property", "property": "mass" } },
                    "double": {
                        "target": "ship",
                        "calculationSpec": { "func": "sum", "calculationBy": "property", "property": "twice" },
                        "pathFilter": [{ "path": ["fleet"], "fromBlueprint": "ship" }]
                    },
                    "count": {
                        "target": "ship",
                        "calculationSpec": { "func": "count", "calculationBy": "entities" },
                        "pathFilter": [{ "path": ["fleet", "base"] }]
                    }
                }
            },
            "base": { "schema": { "properties": { "chief": { "type": "string" } } } }
        }))
    }

    #[test]
    fn each_part_says_what_it_needs() {
        assert_eq!(
            told("ship", &ships()),
            [
                "/relations/fleet: fleet",
                "/relations/parent: ship",
                "/ownership: ship /relations/fleet/target, fleet /ownership",
                "/mirrorProperties/admiral: ship /relations/fleet/target, fleet /relations/base/target, base /schema/properties/chief",
                "/mirrorProperties/name: ship /relations/fleet/target",
                "/mirrorProperties/team: ship /relations/fleet/target, fleet /ownership",
                "/calculationProperties/greeting: ship /mirrorProperties/admiral",
                "/calculationProperties/twice: ",
            ]
        );
        assert_eq!(
            told("fleet", &ships()),
            [
                "/relations/base: base",
                "/ownership: ",
                "/aggregationProperties/mass: ship, ship /schema/properties/mass/type",
                "/aggregationProperties/double: ship, ship /calculationProperties/twice/type, ship, ship /relations/fleet/target",
                "/aggregationProperties/count: ship, ship /relations/fleet/target, fleet /relations/base/target",
            ]
        );
    }

    #[test]
    fn what_may_be_written_later_is_what_the_shape_says() {
        for identifier in ["ship", "fleet"] {
            let specs = ships();
            let others = |addr: &Addr| specs.get(addr);
            for part in parts(identifier, &specs[&addr(identifier)], &others) {
                assert!(
                    can_wait(&port_blueprint::Blueprint, &part.at),
                    "{}",
                    part.at
                );
            }
        }
        let base = Pointer::parse("/schema/properties/chief").expect("a pointer");
        assert!(!can_wait(&port_blueprint::Blueprint, &base));
    }

    #[test]
    fn derived_properties_of_each_other_have_no_beginning() {
        let ships = ships();
        let fine = ships
            .iter()
            .map(|(addr, spec)| (addr.clone(), spec))
            .collect();
        assert_eq!(circles(&fine), [[]; 0]);
        let bad = specs(json!({
            "a": { "relations": { "b": { "target": "b" } }, "mirrorProperties": { "x": { "path": "b.y" } } },
            "b": { "relations": { "a": { "target": "a" } }, "mirrorProperties": { "y": { "path": "a.x" } } }
        }));
        let bad = bad
            .iter()
            .map(|(addr, spec)| (addr.clone(), spec))
            .collect();
        let found: Vec<String> = circles(&bad)
            .concat()
            .iter()
            .map(|(addr, at)| format!("{}{at}", addr.name))
            .collect();
        assert_eq!(found, ["a/mirrorProperties/x", "b/mirrorProperties/y"]);
    }
}
