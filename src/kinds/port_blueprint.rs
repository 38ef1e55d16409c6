//! `port.blueprint`: the schema of a kind of entities in Port's catalog (PA section 2).
//!
//! System blueprints (`_user`, `_team`, …) are observed like all others, because they are referred
//! to; that they are never deleted is decided by the plan.

use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::kinds::call::{Call, List, path};
use crate::kinds::derived::plain;
use crate::kinds::shape::{Object, Shape, field};
use crate::kinds::{Identity, Kind, Mention, Observed, charset, derived, mention, property, stamp};
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.blueprint`.
#[derive(Debug)]
pub struct Blueprint;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let mut fields = vec![
        field(
            "identifier",
            Shape::pattern(charset::BLUEPRINT, 1, 100),
            "Identifier, by which everything else names the blueprint.",
        )
        .required(),
        field("title", Shape::text_of(1, 100), "Name in the catalog.").required(),
        field(
            "description",
            Shape::text_of(0, 200),
            "What its entities are.",
        ),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field("schema", schema(), "The properties of its entities.").required(),
        field(
            "relations",
            Shape::map_with(property::key(100), relation()),
            "Relations to other blueprints, by key. A target may be the blueprint itself.",
        )
        .default("{}")
        .later(1),
    ];
    fields.extend(derived::fields());
    fields.extend([
        field(
            "ownership",
            ownership(),
            "Which teams own an entity: named on it, or inherited over relations.",
        )
        .later(1),
        field(
            "teamInheritance",
            Shape::open(vec![
                field(
                    "path",
                    Shape::text_of(1, 0),
                    "Keys of relations, joined by dots.",
                )
                .required(),
            ]),
            "Older way to inherit teams over relations.",
        )
        .later(1),
        field(
            "changelogDestination",
            changelog(),
            "Where changes of its entities are sent.",
        ),
        field(
            "includeInGlobalSearch",
            Shape::Bool,
            "Whether the portal's search finds its entities.",
        ),
    ]);
    fields.extend(stamp::fields());
    Shape::open(fields)
});

fn schema() -> Shape {
    Shape::closed(vec![
        field(
            "properties",
            Shape::map_with(property::key(100), property::blueprint_property()),
            "Properties by key. Removing one loses its data.",
        )
        .required(),
        field(
            "required",
            Shape::list(Shape::text_of(1, 0)),
            "Keys of the properties that every entity must have.",
        )
        .unordered()
        .default("[]"),
    ])
}

fn relation() -> Shape {
    Shape::closed(vec![
        field(
            "target",
            Shape::text_of(1, 0),
            "Blueprint that is related to.",
        )
        .required()
        .reference("port.blueprint"),
        field(
            "required",
            Shape::Bool,
            "Whether every entity must have it. Not together with `many`.",
        )
        .default("false"),
        field(
            "many",
            Shape::Bool,
            "Whether it leads to any number of entities instead of one.",
        )
        .default("false"),
        field(
            "title",
            Shape::text_of(0, 100),
            "Name on the entity's page.",
        ),
        field("description", Shape::text(), "Explanation beside the name."),
        field(
            "type",
            Shape::text(),
            "Role that Port gives to relations of its own, `rule_result_target` for example.",
        ),
    ])
}

fn ownership() -> Shape {
    let title = || {
        field(
            "title",
            Shape::text_of(0, 100),
            "Name of the owning teams on the entity's page.",
        )
        .default("\"Owning teams\"")
    };
    Shape::Tagged {
        tag: "type",
        variants: vec![
            (
                "Direct",
                Object {
                    fields: vec![title()],
                    open: false,
                },
            ),
            (
                "Inherited",
                Object {
                    fields: vec![
                        field(
                            "path",
                            Shape::text_of(1, 0),
                            "Keys of relations, joined by dots, to the blueprint that owns.",
                        )
                        .required(),
                        title(),
                    ],
                    open: false,
                },
            ),
        ],
    }
}

fn changelog() -> Shape {
    Shape::Tagged {
        tag: "type",
        variants: vec![
            ("KAFKA", Object::default()),
            (
                "WEBHOOK",
                Object {
                    fields: vec![
                        field(
                            "url",
                            Shape::text_of(1, 0),
                            "Address that gets each change.",
                        )
                        .required(),
                        field("agent", Shape::Bool, "Whether Port's agent sends it.")
                            .default("false"),
                    ],
                    open: false,
                },
            ),
        ],
    }
}

impl Kind for Blueprint {
    fn name(&self) -> &'static str {
        "port.blueprint"
    }

    fn doc(&self) -> &'static str {
        "A blueprint of Port's catalog: the properties and relations of a kind of entities."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        let system = spec
            .get("identifier")
            .and_then(Node::text)
            .is_some_and(|identifier| identifier.starts_with('_'));
        if let Some(schema) = spec.get("schema") {
            let properties = schema.get("properties");
            let known = property::keys(properties);
            // The base schema of a system blueprint is Port's and need not be repeated.
            if let Some(required) = schema.get("required")
                && !system
            {
                property::check_keys(required, "required", "a property", &known, findings);
            }
            for (_, property) in properties.and_then(Node::entries).unwrap_or(&[]) {
                property::check_colours(property, findings);
                derived::authentication(property, findings);
            }
        }
        let relations = spec.get("relations").and_then(Node::entries).unwrap_or(&[]);
        for (key, relation) in relations {
            let yes = |name| {
                relation
                    .get(name)
                    .is_some_and(|n| n.data == Data::Bool(true))
            };
            if yes("required") && yes("many") {
                findings.push(
                    Finding::error(
                        "config::conflict",
                        key.place,
                        format!("relation `{}` is both `required` and `many`", key.text),
                    )
                    .help("Port refuses that; set one of them to `false`"),
                );
            }
        }
        derived::check(spec, findings);
    }

    /// Ownership paths are left out: they name relations, not blueprints.
    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let mut found = Vec::new();
        let relations = spec.get("relations").and_then(Value::as_map);
        for (key, relation) in relations.into_iter().flatten() {
            if let Some(target) = relation.get_text("target").and_then(plain) {
                let at = Pointer::root().join("relations").join(key).join("target");
                found.push(mention(at, self, target));
            }
        }
        derived::mentions(spec, &mut found);
        found
    }

    fn list(&self) -> List {
        List::Port {
            path: "/v1/blueprints",
            envelope: "blueprints",
        }
    }

    fn observe(&self, item: &Json) -> Option<Observed> {
        let identifier = item.get("identifier")?.as_str()?;
        Some(Observed {
            id: identifier.into(),
            name: identifier.into(),
            value: Value::Map(stamp::without(item)?),
            exports: Map::new(),
        })
    }

    /// A catalog page is made with it, as in the web app (PA section 1).
    fn create(&self, want: &Value) -> Vec<Call> {
        vec![Call::Port {
            method: "POST",
            path: "/v1/blueprints".into(),
            body: Some(with_flags(want)),
        }]
    }

    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        vec![Call::Port {
            method: "PUT",
            path: path(&["v1", "blueprints", &seen.id]),
            body: Some(with_flags(want)),
        }]
    }

    /// Its actions are objects of their own and stay.
    fn delete(&self, id: &str) -> Call {
        Call::Port {
            method: "DELETE",
            path: path(&["v1", "blueprints", id]),
            body: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/blueprint"
    }
}

/// The body with both flags on every relation: they have a default and are published as required
/// at once, and nobody says which comes first (PA section 1).
fn with_flags(want: &Value) -> Value {
    let mut body = want.clone();
    let relations = body
        .as_map_mut()
        .and_then(|fields| fields.get_mut("relations"))
        .and_then(Value::as_map_mut);
    for relation in relations.into_iter().flat_map(Map::values_mut) {
        if let Some(fields) = relation.as_map_mut() {
            for flag in ["required", "many"] {
                if fields.get(flag).is_none_or(Value::is_null) {
                    fields.insert(flag.into(), Value::Bool(false));
                }
            }
        }
    }
    body
}
