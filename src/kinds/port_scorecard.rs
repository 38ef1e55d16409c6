//! `port.scorecard`: rules that grade the entities of a blueprint (PA section 8).
//!
//! Deliberately not here: the request that writes all scorecards of a blueprint at once. It deletes
//! the siblings that it does not name.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List, path, without_nulls};
use crate::kinds::identity::{apart, joined};
use crate::kinds::property::{COLOURS, MAPS, key, plain};
use crate::kinds::shape::{Field, Shape, field};
use crate::kinds::{Identity, Kind, Mention, Observed, charset, mention, port_blueprint, stamp};
use crate::words::finding::did_you_mean;
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.scorecard`.
#[derive(Debug)]
pub struct Scorecard;

/// The levels of a scorecard without `levels`, as they come back (PA section 1).
const LEVELS: &str = r#"[{"title":"Basic","color":"paleBlue"},{"title":"Bronze","color":"bronze"},{"title":"Silver","color":"silver"},{"title":"Gold","color":"gold"}]"#;

/// The levels that rules of such a scorecard may have (PA section 8).
const LEVEL_NAMES: [&str; 3] = ["Gold", "Silver", "Bronze"];

const OPERATORS: &[&str] = &[
    "=",
    "!=",
    ">",
    "<",
    ">=",
    "<=",
    "contains",
    "doesNotContains",
    "beginsWith",
    "doesNotBeginsWith",
    "endsWith",
    "doesNotEndsWith",
    "containsAny",
    "in",
    "between",
    "notBetween",
    "isEmpty",
    "isNotEmpty",
];

/// The operators that take no value.
const WITHOUT_VALUE: [&str; 2] = ["isEmpty", "isNotEmpty"];

/// The maps of a blueprint whose keys are its relations.
const RELATIONS: &[&str] = &["/relations"];

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let mut fields = vec![
        field(
            "blueprint",
            Shape::pattern(charset::BLUEPRINT, 1, 100),
            "Blueprint whose entities are graded. Cannot be changed.",
        )
        .required()
        .immutable()
        .reference("port.blueprint"),
        field(
            "identifier",
            Shape::pattern(charset::ENTITY, 1, 100),
            "Identifier, unique within the blueprint. Cannot be changed.",
        )
        .required()
        .immutable(),
        field("title", Shape::text(), "Name that people see.").required(),
        field(
            "filter",
            query(),
            "Entities that are graded; without it all of them.",
        )
        .equal(no_conditions),
        field(
            "rules",
            Shape::list(Shape::closed(rule())),
            "What is asked of an entity; their order means nothing.",
        )
        .required()
        .unordered(),
        field(
            "levels",
            Shape::List {
                of: Box::new(Shape::closed(vec![
                    field("title", Shape::text(), "Name of the level.").required(),
                    field("color", Shape::Enum(COLOURS), "Its colour.").required(),
                ])),
                count: (1, usize::MAX),
            },
            "Levels from the lowest up; the first is what every entity has. Without them rules are Bronze, Silver or Gold.",
        )
        .default(LEVELS),
    ];
    fields.extend(stamp::fields());
    Shape::closed(fields)
});

fn rule() -> Vec<Field> {
    vec![
        field(
            "identifier",
            Shape::Text(key(100)),
            "Identifier, unique within the scorecard.",
        )
        .required(),
        field("title", Shape::text(), "Name that people see.").required(),
        field(
            "level",
            Shape::text_of(1, 0),
            "Level that an entity needs this rule for.",
        )
        .required(),
        field("query", query(), "What must hold.").required(),
        field("description", Shape::text(), "What it is for."),
    ]
}

fn query() -> Shape {
    Shape::closed(vec![
        field(
            "combinator",
            Shape::Enum(&["and", "or"]),
            "Whether all conditions must hold or one of them.",
        )
        .required(),
        field(
            "conditions",
            Shape::List {
                of: Box::new(Shape::closed(vec![
                    field(
                        "property",
                        Shape::text_of(1, 0),
                        "Property that is looked at.",
                    ),
                    field(
                        "relation",
                        Shape::text_of(1, 0),
                        "Relation that is looked at.",
                    ),
                    field("operator", Shape::Enum(OPERATORS), "How it is compared.").required(),
                    field(
                        "value",
                        Shape::Any,
                        "What it is compared with; a range for `between`.",
                    ),
                    field("not", Shape::Bool, "Whether `isEmpty` is turned round."),
                ])),
                count: (1, usize::MAX),
            },
            "Conditions: `{property, operator, value}`, or with `relation`.",
        )
        .required(),
    ])
}

/// An empty filter is the same as none (PA section 8).
fn no_conditions(filter: Value) -> Value {
    let some = |conditions: &Value| conditions.as_list().is_some_and(|list| !list.is_empty());
    match filter.get("conditions").is_some_and(some) {
        true => filter,
        false => Value::Null,
    }
}

impl Kind for Scorecard {
    fn name(&self) -> &'static str {
        "port.scorecard"
    }

    fn doc(&self) -> &'static str {
        "A scorecard of Port: rules that grade the entities of a blueprint."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a scorecard", "rules")
    }

    fn identity(&self) -> Identity {
        Identity::Pair("blueprint", "identifier")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        check_levels(spec, findings);
        for rule in spec.get("rules").and_then(Node::items).unwrap_or(&[]) {
            if let Some(query) = rule.get("query") {
                check_conditions(query, findings);
            }
        }
        if let Some(filter) = spec.get("filter") {
            check_conditions(filter, findings);
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let Some(blueprint) = spec.get_text("blueprint").and_then(plain) else {
            return Vec::new();
        };
        let root = Pointer::root();
        let holder = |at| mention(at, &port_blueprint::Blueprint, blueprint);
        let mut found = vec![holder(root.join("blueprint"))];
        let mut named = |query: &Value, at: Pointer| {
            let conditions = query.get("conditions").and_then(Value::as_list);
            for (index, condition) in conditions.unwrap_or(&[]).iter().enumerate() {
                for (name, maps) in [("property", MAPS), ("relation", RELATIONS)] {
                    // `$title` and the like are every entity's; paths are not looked into.
                    if let Some(text) = condition.get_text(name).and_then(plain)
                        && !text.starts_with('$')
                        && !text.contains('.')
                    {
                        found.push(Mention {
                            property: Some((text.to_owned(), maps)),
                            ..holder(at.join("conditions").join(index).join(name))
                        });
                    }
                }
            }
        };
        if let Some(filter) = spec.get("filter") {
            named(filter, root.join("filter"));
        }
        let rules = spec.get("rules").and_then(Value::as_list).unwrap_or(&[]);
        for (index, rule) in rules.iter().enumerate() {
            if let Some(query) = rule.get("query") {
                named(query, root.join("rules").join(index).join("query"));
            }
        }
        found
    }

    /// Rules come back in another order (PA section 1): they are compared by their identifiers.
    fn canonical(&self, spec: &mut Value) {
        if let Some(Value::List(rules)) = spec.as_map_mut().and_then(|map| map.get_mut("rules")) {
            let by = |rule: &Value| rule.get_text("identifier").map(str::to_owned);
            rules.sort_by_cached_key(by);
        }
    }

    fn list(&self) -> List {
        List::Port {
            path: "/v1/scorecards",
            envelope: "scorecards",
        }
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        let blueprint = item
            .get("blueprint")
            .or_else(|| item.get("blueprintIdentifier"))?
            .as_text()?;
        observed(blueprint, item)
    }

    /// The path of the request named the blueprint; the answer need not.
    fn observe_created(&self, want: &Value, item: &Value) -> Option<Observed> {
        observed(want.get_text("blueprint")?, item)
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        let blueprint = want.get_text("blueprint").unwrap_or_default();
        vec![Call::Port {
            method: "POST",
            path: path(&["v1", "blueprints", blueprint, "scorecards"]),
            body: Some(body(want)),
        }]
    }

    /// Replaces this one; siblings stay (PA section 8).
    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        vec![Call::Port {
            method: "PUT",
            path: one(&seen.id),
            body: Some(body(want)),
        }]
    }

    fn delete(&self, id: &str) -> Call {
        Call::Port {
            method: "DELETE",
            path: one(id),
            body: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/scorecard"
    }
}

fn observed(blueprint: &str, item: &Value) -> Option<Observed> {
    let identifier = item.get("identifier")?.as_text()?;
    let mut value: Map = stamp::without(item)?;
    value.shift_remove("blueprintIdentifier");
    value.insert("blueprint", Value::text(blueprint));
    let id = joined(&[blueprint, identifier]);
    Some(Observed {
        born: Default::default(),
        touched: Default::default(),
        name: id.clone(),
        id,
        value: Value::Map(value),
        exports: Map::new(),
    })
}

fn one(id: &str) -> String {
    let (blueprint, identifier) = apart(id).unwrap_or_default();
    path(&["v1", "blueprints", &blueprint, "scorecards", &identifier])
}

/// The body is closed: the blueprint stands in the path, and an empty filter is left out.
fn body(want: &Value) -> Value {
    let mut body = want.as_map().cloned().unwrap_or_default();
    body.shift_remove("blueprint");
    if let Some(filter) = body.shift_remove("filter").map(no_conditions) {
        body.insert("filter", filter);
    }
    without_nulls(&Value::Map(body))
}

/// A rule's level is one of the scorecard's (PA section 8).
fn check_levels(spec: &Node, findings: &mut Findings) {
    let own = spec
        .get("levels")
        .filter(|levels| levels.data != Data::Null);
    let levels = own.and_then(Node::items).unwrap_or(&[]);
    let titles = levels
        .iter()
        .map(|level| level.get("title").and_then(Node::text));
    let known: Vec<&str> = match own {
        // One that is not known offline may be any.
        Some(_) => match titles.collect::<Option<Vec<&str>>>() {
            Some(titles) => titles,
            None => return,
        },
        None => LEVEL_NAMES.to_vec(),
    };
    for rule in spec.get("rules").and_then(Node::items).unwrap_or(&[]) {
        let Some(node) = rule.get("level") else {
            continue;
        };
        let Some(level) = node.text().filter(|level| !known.contains(level)) else {
            continue;
        };
        let words: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        findings.push(
            Finding::error(
                "config::unknown_value",
                node.place,
                format!("the scorecard has no level `{level}`"),
            )
            .help(
                did_you_mean(level, known.iter().copied())
                    .unwrap_or_else(|| format!("its levels are {}", words.join(", "))),
            ),
        );
    }
}

/// What the shape of a condition cannot say: one of two fields, and a value for most operators.
fn check_conditions(query: &Node, findings: &mut Findings) {
    for condition in query.get("conditions").and_then(Node::items).unwrap_or(&[]) {
        let Some(operator) = condition.get("operator").and_then(Node::text) else {
            continue;
        };
        let missing = |name: &str, help: &str| {
            Finding::error(
                "config::missing_field",
                condition.place,
                format!("the condition has no `{name}`"),
            )
            .help(help)
        };
        match (condition.entry("property"), condition.entry("relation")) {
            (None, None) => findings.push(missing(
                "property",
                "name the property, or the `relation`, that is looked at",
            )),
            (Some(_), Some((key, _))) => findings.push(
                Finding::error(
                    "config::conflict",
                    key.place,
                    "a condition looks at a property or at a relation, not at both",
                )
                .help("remove one of them"),
            ),
            _ => {}
        }
        let alone = WITHOUT_VALUE.contains(&operator) || !OPERATORS.contains(&operator);
        if !alone && condition.get("value").is_none() {
            findings.push(missing("value", "what the property is compared with"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::{changed, found, mentioned};
    use crate::words::Text;

    fn spec() -> Json {
        json!({
            "blueprint": "service",
            "identifier": "readiness",
            "title": "Readiness",
            "filter": { "combinator": "and", "conditions": [
                { "property": "tier", "operator": "=", "value": "prod" },
            ]},
            "rules": [
                { "identifier": "has_team", "title": "Has a team", "level": "Gold", "query": {
                    "combinator": "or", "conditions": [
                        { "relation": "team", "operator": "isNotEmpty" },
                        { "property": "$team", "operator": "isNotEmpty", "not": false },
                        { "property": "domain.owner", "operator": "isNotEmpty" },
                    ],
                }},
                { "identifier": "has_title", "title": "Has a title", "level": "Bronze", "query": {
                    "combinator": "and", "conditions": [
                        { "property": "$title", "operator": "!=", "value": "" },
                    ],
                }},
            ],
        })
    }

    fn calls(calls: &[Call]) -> Vec<String> {
        calls
            .iter()
            .map(|call| match call {
                Call::Port { method, path, body } => {
                    let keys = body
                        .as_ref()
                        .and_then(Value::as_map)
                        .map(|map| map.keys().map(Text::as_str).collect::<Vec<_>>().join(" "));
                    format!("{method} {path} {}", keys.unwrap_or_default())
                }
                other => panic!("unexpected {other:?}"),
            })
            .collect()
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(found(&Scorecard, &spec()), [""; 0]);
        let condition = "/rules/1/query/conditions/0";
        for (at, value, says) in [
            (
                "/rules/0/level",
                json!("gold"),
                "config::unknown_value: the scorecard has no level `gold` (did you mean `Gold`?)",
            ),
            (
                "/levels",
                json!([{ "title": "Low", "color": "red" }, { "title": "Bronze", "color": "green" }]),
                "config::unknown_value: the scorecard has no level `Gold` (its levels are `Low`, `Bronze`)",
            ),
            (
                &format!("{condition}/value"),
                Json::Null,
                "config::missing_field: the condition has no `value` (what the property is compared with)",
            ),
            (
                &format!("{condition}/property"),
                Json::Null,
                "config::missing_field: the condition has no `property` (name the property, or the `relation`, that is looked at)",
            ),
            (
                &format!("{condition}/relation"),
                json!("team"),
                "config::conflict: a condition looks at a property or at a relation, not at both (remove one of them)",
            ),
        ] {
            let (at, spec) = (at.to_owned(), spec());
            assert_eq!(found(&Scorecard, &changed_at(&spec, &at, value)), [says]);
        }
        let empty = changed(&spec(), &[("/filter/conditions", json!([]))]);
        assert_eq!(found(&Scorecard, &empty).len(), 1);
    }

    /// Like [`changed`], through lists too.
    fn changed_at(spec: &Json, at: &str, value: Json) -> Json {
        let mut spec = spec.clone();
        let (above, key) = at.rsplit_once('/').unwrap();
        let map = spec
            .pointer_mut(above)
            .and_then(Json::as_object_mut)
            .unwrap();
        match value {
            Json::Null => drop(map.shift_remove(key)),
            value => drop(map.insert(key.to_owned(), value)),
        }
        spec
    }

    #[test]
    fn the_blueprint_and_its_properties_are_named() {
        assert_eq!(
            mentioned(&Scorecard, &spec()),
            [
                "/blueprint: port.blueprint.service",
                "/filter/conditions/0/property: port.blueprint.service #tier in /schema/properties",
                "/rules/0/query/conditions/0/relation: port.blueprint.service #team in /relations",
            ]
        );
    }

    #[test]
    fn its_id_is_both_identifiers_and_the_path_holds_each_of_them() {
        let item = json!({
            "id": "abc", "blueprint": "team/a:b", "identifier": "r 1", "title": "R", "rules": [],
            "createdAt": "x", "updatedBy": "y",
        });
        let seen = Scorecard.observe(&item.clone().into()).unwrap();
        assert_eq!(seen.id, "team/a%3Ab:r 1");
        assert_eq!(
            seen.value,
            Value::from(json!({
                "blueprint": "team/a:b", "identifier": "r 1", "title": "R", "rules": [],
            }))
        );
        let want = Value::from(json!({
            "blueprint": "team/a:b", "identifier": "r 1", "title": "R", "rules": [],
            "filter": { "combinator": "and", "conditions": [] },
        }));
        let below = "/v1/blueprints/team%2Fa%3Ab/scorecards";
        assert_eq!(
            calls(&Scorecard.create(&want)),
            [format!("POST {below} identifier title rules")]
        );
        assert_eq!(
            calls(&Scorecard.update(&seen, &want, &[])),
            [format!("PUT {below}/r%201 identifier title rules")]
        );
        assert_eq!(
            calls(&[Scorecard.delete(&seen.id)]),
            [format!("DELETE {below}/r%201 ")]
        );
    }

    #[test]
    fn an_answer_without_its_blueprint_is_read_by_what_was_sent() {
        let want = Value::from(spec());
        let item = json!({ "identifier": "readiness", "title": "Readiness", "rules": [] });
        assert_eq!(Scorecard.observe(&item.clone().into()), None);
        let seen = Scorecard.observe_created(&want, &item.into()).unwrap();
        assert_eq!(seen.id, "service:readiness");
    }
}
