//! Mappings: what an event that is posted to a webhook of Port becomes (PA section 4).
//!
//! Everything in an entity is JQ, constants included. Deliberately not here: running it.

use crate::kinds::program::Program;
use crate::kinds::shape::{Field, Limits, Object, Shape, field};
use crate::kinds::{Mention, charset};
use crate::words::{Addr, Pointer, Service, Value};

/// A mapping: which entity of which blueprint an event becomes.
pub fn shape() -> Shape {
    let delete = Object {
        fields: vec![
            field(
                "deleteDependents",
                Shape::Bool,
                "Whether entities that require the deleted one go too.",
            )
            .default("true"),
        ],
        open: false,
    };
    let operation = Shape::OneOf(vec![
        Shape::Enum(&["create", "delete"]),
        Shape::Tagged {
            tag: "type",
            variants: vec![("create", Object::default()), ("delete", delete)],
        },
    ]);
    Shape::closed(vec![
        blueprint(),
        field(
            "operation",
            operation,
            "What becomes of the entity: `create` (also updates) or `delete`; `{type: delete, deleteDependents: false}` spares dependants.",
        )
        .default("\"create\"")
        .equal(one_operation),
        field(
            "filter",
            Shape::text(),
            "JQ that must be true for the event to be taken.",
        )
        .program(Program::Delivery)
        .long_text(),
        field(
            "itemsToParse",
            Shape::text(),
            "JQ to a list; each of its first 500 items is mapped as `.item`.",
        )
        .program(Program::Delivery)
        .long_text(),
        field("entity", entity(or_search, ["JQ to the identifier, or a search.", "JQ to the owning teams, or a search.", "JQ to identifiers, or a search, by relation."]), "The entity as JQ, constants included: `'\"done\"'`.")
            .required()
            .program(Program::Delivery),
    ])
}

/// Where entities go, in a mapping and in an ingest.
pub(super) fn blueprint() -> Field {
    field(
        "blueprint",
        Shape::pattern(charset::BLUEPRINT, 1, 100),
        "Blueprint of the entities: a plain identifier, not JQ.",
    )
    .required()
    .reference("port.blueprint")
}

/// An entity in JQ alone: what a search finds is known to Port only, so that nobody could compare it.
pub(in crate::kinds) fn plain_entity() -> Shape {
    let docs = [
        "JQ to the identifier.",
        "JQ to the owning teams.",
        "JQ to identifiers by relation.",
    ];
    entity(|jq| jq, docs)
}

fn or_search(jq: Shape) -> Shape {
    Shape::OneOf(vec![jq, search()])
}

/// An entity; `naming` is what may name entities and teams, with the documentation of each place.
fn entity(naming: fn(Shape) -> Shape, [identifier, team, relations]: [&'static str; 3]) -> Shape {
    let key = Limits {
        min: 1,
        max: 100,
        charset: Some(charset::KEY),
        ..Limits::default()
    };
    Shape::closed(vec![
        field("identifier", naming(Shape::text()), identifier).required(),
        field("title", Shape::text(), "JQ to the title."),
        field("icon", Shape::text(), "JQ to the icon."),
        field("team", naming(Shape::text()), team),
        field(
            "properties",
            Shape::map_with(key, Shape::text()),
            "JQ by property.",
        )
        .default("{}"),
        field(
            "relations",
            Shape::map_with(key, naming(Shape::text())),
            relations,
        )
        .default("{}"),
    ])
}

/// The rules are open in the published schema, and their parts are JQ as well.
fn search() -> Shape {
    Shape::closed(vec![
        field(
            "combinator",
            Shape::text(),
            "How rules combine, as JQ: `\"'and'\"` or `\"'or'\"`.",
        )
        .required(),
        field(
            "rules",
            Shape::list(Shape::map(Shape::Any)),
            "Rules of `property`, `operator` (both quoted as JQ: `\"'='\"`) and `value` (JQ).",
        )
        .required(),
    ])
}

/// What a mapping at a place mentions, `entity` being the key of the entity in it. The blueprint is
/// needed; a property or relation that is missing spoils only its events.
pub(in crate::kinds) fn mentions(at: &Pointer, mapping: &Value, entity: &str) -> Vec<Mention> {
    let Some(blueprint) = mapping.get_text("blueprint") else {
        return Vec::new();
    };
    let addr = Addr::new(Service::Port, "blueprint", blueprint);
    let mention = |at, property: Option<(String, &'static [&'static str])>| Mention {
        or_kind: None,
        at,
        addr: addr.clone(),
        hard: property.is_none(),
        property,
    };
    let mut mentions = vec![mention(at.join("blueprint"), None)];
    for (map, holders) in [("properties", PROPERTIES), ("relations", RELATIONS)] {
        let keys = mapping.get(entity).and_then(|e| e.get(map)?.as_map());
        for key in keys.into_iter().flat_map(|map| map.keys()) {
            let at = at.join(entity).join(map).join(key);
            mentions.push(mention(at, Some((key.to_string(), holders))));
        }
    }
    mentions
}

const PROPERTIES: &[&str] = &["/schema/properties"];
const RELATIONS: &[&str] = &["/relations"];

/// The text and the object say the same (PA section 4); without `deleteDependents` they go too.
pub(super) fn one_operation(value: Value) -> Value {
    let word = value.as_text().or_else(|| value.get_text("type"));
    match word {
        Some("create") => Value::text("create"),
        Some("delete") => {
            let spared = value
                .get("deleteDependents")
                .filter(|v| !v.is_null() && v.as_bool() != Some(true))
                .map(|v| ("deleteDependents".to_owned(), v.clone()));
            Value::Map(
                [("type".to_owned(), Value::text("delete"))]
                    .into_iter()
                    .chain(spared)
                    .collect(),
            )
        }
        _ => value,
    }
}
