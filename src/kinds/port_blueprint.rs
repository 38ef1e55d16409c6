//! `port.blueprint`: the schema of a kind of entities in Port's catalog (PA section 2).
//!
//! System blueprints (`_user`, `_team`, …) are observed like all others, because they are referred
//! to; that they are never deleted is decided by the plan.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List, path};
use crate::kinds::parts::{Others, Part};
use crate::kinds::property::plain;
use crate::kinds::shape::{Object, Shape, field};
use crate::kinds::{
    Census, Identity, Kind, Loss, Mention, Observed, Rename, Role, blueprint_data, blueprint_keys,
    blueprint_parts, charset, derived, mention, property, stamp,
};
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.blueprint`.
#[derive(Debug)]
pub struct Blueprint;

/// The blueprint that ledgers are kept under: our own, neither declared nor observed.
pub const LEDGER: &str = "spaceport_project";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let mut fields = vec![
        field(
            "identifier",
            Shape::pattern(charset::BLUEPRINT, 1, 100),
            "Identifier, by which everything else names the blueprint.",
        )
        .required()
        .renames(),
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

    fn role(&self) -> Option<Role> {
        Some(Role::Blueprint)
    }

    fn doc(&self) -> &'static str {
        "A blueprint of Port's catalog: the properties and relations of a kind of entities."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a blueprint", "schema")
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(identifier) = spec.get("identifier")
            && identifier.text() == Some(LEDGER)
        {
            findings.push(
                Finding::error(
                    "config::ledger_blueprint",
                    identifier.place,
                    format!("`{LEDGER}` is the blueprint that spaceport keeps its ledgers under"),
                )
                .help("give this blueprint another identifier"),
            );
            return;
        }
        if let Some(identifier) = spec.get("identifier")
            && identifier.text().is_some_and(|text| text.starts_with('_'))
        {
            // A replacing write would take away what Port itself keeps there (PA section 2).
            findings.push(
                Finding::error(
                    "config::system_blueprint",
                    identifier.place,
                    "blueprints that begin with `_` are Port's own and cannot be declared whole",
                )
                .help("name what you add to it: `manage: [/relations/NAME, /schema/properties/NAME]` beside `spec`"),
            );
            return;
        }
        if let Some(schema) = spec.get("schema") {
            let properties = schema.get("properties");
            let known = property::keys(properties);
            if let Some(required) = schema.get("required") {
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

    fn parts<'v>(&self, identifier: &str, spec: &'v Value, others: &Others<'_, 'v>) -> Vec<Part> {
        blueprint_parts::parts(identifier, spec, others)
    }

    fn list(&self) -> List {
        List::Port {
            path: "/v1/blueprints",
            envelope: "blueprints",
        }
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        let identifier = item.get("identifier")?.as_text()?;
        if identifier == LEDGER {
            return None;
        }
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
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

    /// A property whose type changes goes with a first request and comes back with the second: its
    /// type is permanent (PA section 2). In between it is just missing, which the next run mends.
    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        let put = |id: &str, body: &Value| Call::Port {
            method: "PUT",
            path: path(&["v1", "blueprints", id]),
            body: Some(with_flags(body)),
        };
        let retyped = blueprint_data::retyped(&seen.value, want);
        if retyped.is_empty() {
            return vec![put(&seen.id, want)];
        }
        // Another identifier renames the blueprint with the first request.
        let id = want.get_text("identifier").unwrap_or(&seen.id);
        let between = blueprint_data::without(want, &retyped);
        vec![put(&seen.id, &between), put(id, want)]
    }

    fn losses(&self, seen: &Value, want: Option<&Value>) -> Vec<Loss> {
        blueprint_data::losses(seen, want)
    }

    fn census(&self, id: &str) -> Option<Census> {
        Some(Census {
            path: path(&["v1", "blueprints", id, "entities-count"]),
            at: "/count",
            one: "entity has this blueprint",
            many: "entities have this blueprint",
        })
    }

    /// With entities left the plain request is refused with `has_dependents` (PA section 2).
    fn purge(&self, id: &str) -> Option<Call> {
        let all = path(&["v1", "blueprints", id, "all-entities"]);
        Some(Call::Port {
            method: "DELETE",
            path: format!("{all}?delete_blueprint=true"),
            body: None,
        })
    }

    fn renamable(&self) -> &'static [&'static str] {
        blueprint_keys::RENAMABLE
    }

    fn rename(&self, id: &str, rename: &Rename) -> Option<Call> {
        blueprint_keys::rename(id, rename)
    }

    /// Names that begin with `_` are Port's own (PA section 2).
    fn is_system(&self, id: &str) -> bool {
        id.starts_with('_')
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
    for relation in relations.into_iter().flat_map(|map| map.values_mut()) {
        if let Some(fields) = relation.as_map_mut() {
            for flag in ["required", "many"] {
                if fields.get(flag).is_none_or(Value::is_null) {
                    fields.insert(flag, Value::Bool(false));
                }
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::{changed, corpus, found, mentioned};

    fn stack() -> Json {
        json!({
            "identifier": "stack",
            "title": "Stack",
            "icon": "IaC",
            "schema": {
                "properties": {
                    "state": {
                        "type": "string",
                        "enum": ["FINISHED", "FAILED"],
                        "enumColors": { "FINISHED": "green", "FAILED": "red" }
                    },
                    "cost": { "type": "number", "minimum": 0 },
                    "console": {
                        "type": "string",
                        "format": "url",
                        "spec": "embedded-url",
                        "specAuthentication": {
                            "clientId": "c",
                            "authorizationUrl": "https://id.example/a",
                            "tokenUrl": "https://id.example/t"
                        }
                    }
                },
                "required": ["state"]
            },
            "relations": {
                "space": { "target": "space", "required": true, "many": false },
                "parents": { "target": "stack", "many": true }
            },
            "mirrorProperties": {
                "spaceTitle": { "path": "space.$title" },
                "budget": { "path": "space.budget" },
                "owner": { "path": "space.organization.owner" }
            },
            "calculationProperties": {
                "slug": { "type": "string", "calculation": ".identifier | ascii_downcase" }
            },
            "aggregationProperties": {
                "runs": {
                    "title": "Runs a day",
                    "target": "run",
                    "calculationSpec": { "func": "average", "calculationBy": "entities", "averageOf": "day", "measureTimeBy": "$createdAt" }
                },
                "slowest": {
                    "title": "Slowest run",
                    "target": "run",
                    "calculationSpec": { "func": "max", "calculationBy": "property", "property": "seconds" },
                    "pathFilter": [{ "fromBlueprint": "run", "path": ["stack"] }],
                    "query": { "combinator": "and", "rules": [{ "property": "state", "operator": "=", "value": "FINISHED" }] }
                }
            },
            "ownership": { "type": "Inherited", "path": "space.organization" },
            "changelogDestination": { "type": "WEBHOOK", "url": "https://hooks.example/changes", "agent": false }
        })
    }

    #[test]
    fn a_whole_blueprint_is_fine() {
        assert_eq!(found(&Blueprint, &stack()), [""; 0]);
    }

    #[test]
    fn each_mistake_is_named_with_what_to_do() {
        for (pointer, value, says) in [
            (
                "/schema/required",
                json!(["stat"]),
                "config::unknown_key: `required` names `stat`, which is not a property (did you mean `state`?)",
            ),
            (
                "/relations/parents/required",
                json!(true),
                "config::conflict: relation `parents` is both `required` and `many` (Port refuses that; set one of them to `false`)",
            ),
            (
                "/relations/space/target",
                json!(null),
                "config::missing_field: `space` has no `target` (add `target`: Blueprint that is related to)",
            ),
            (
                "/mirrorProperties/budget/path",
                json!("spaces.budget"),
                "config::unknown_key: `path` names `spaces`, which is not a relation of this blueprint (did you mean `space`?)",
            ),
            (
                "/mirrorProperties/budget/path",
                json!("budget"),
                "config::pattern: `path` is not allowed: `budget` (allowed: relations and a property, joined by dots: `relation.property`)",
            ),
            (
                "/ownership/path",
                json!("organization"),
                "config::unknown_key: `path` names `organization`, which is not a relation of this blueprint (known here: `space`, `parents`)",
            ),
            (
                "/aggregationProperties/runs/calculationSpec/averageOf",
                json!(null),
                "config::missing_field: `calculationSpec` has no `averageOf` (`func: average` needs one of `hour`, `day`, `week`, `month`, `total`)",
            ),
            (
                "/aggregationProperties/slowest/calculationSpec/averageOf",
                json!("day"),
                "config::not_here: `averageOf` is only for `func: average`, not for `max` (remove it)",
            ),
            (
                "/aggregationProperties/slowest/calculationSpec/property",
                json!(null),
                "config::missing_field: `calculationSpec` has no `property` (add `property`: Property of the target; a number)",
            ),
            (
                "/schema/properties/state/enumColors/FALED",
                json!("red"),
                "lint::no_effect: `enumColors` names `FALED`, which is not a value of `enum` (did you mean `FAILED`?)",
            ),
            (
                "/schema/properties/state/enumColors/FAILED",
                json!("crimson"),
                "config::unknown_value: `FAILED` cannot be `crimson` (one of `blue`, `turquoise`, `orange`, `purple`, `pink`, `yellow`, `green`, `red`, `gold`, `silver`, `paleBlue`, `darkGray`, `lightGray`, `bronze`, `lime`, `olive`, `brown`)",
            ),
            (
                "/schema/properties/cost/type",
                json!("integer"),
                "config::unknown_value: `type` cannot be `integer` (one of `string`, `number`, `boolean`, `object`, `array`)",
            ),
            (
                "/schema/properties/console/spec",
                json!(null),
                "lint::no_effect: `specAuthentication` is only for `spec: embedded-url` (add `spec: embedded-url` or remove it)",
            ),
            (
                "/identifier",
                json!("a=b"),
                "config::pattern: `identifier` is not allowed: `a=b` (allowed: letters, digits and `@ _ . + : \\ / -`, but not `.` or `..`)",
            ),
            (
                "/createdAt",
                json!("2026-01-01T00:00:00.000Z"),
                "lint::computed_field: `createdAt` is set by the server and is left out (remove it)",
            ),
        ] {
            assert_eq!(
                found(&Blueprint, &changed(&stack(), &[(pointer, value)])),
                [says],
                "{pointer}"
            );
        }
    }

    #[test]
    fn relations_and_derived_properties_name_other_blueprints() {
        assert_eq!(
            mentioned(&Blueprint, &stack()),
            [
                "/relations/space/target: port.blueprint.space",
                "/relations/parents/target: port.blueprint.stack",
                "/mirrorProperties/budget/path: port.blueprint.space #budget in /schema/properties",
                "/mirrorProperties/owner/path: port.blueprint.space #organization in /relations",
                "/aggregationProperties/runs/target: port.blueprint.run",
                "/aggregationProperties/slowest/target: port.blueprint.run",
                "/aggregationProperties/slowest/calculationSpec/property: port.blueprint.run #seconds in /schema/properties",
                "/aggregationProperties/slowest/pathFilter/0/fromBlueprint: port.blueprint.run",
            ]
        );
    }

    #[test]
    fn the_server_s_stamps_are_left_out_and_what_is_unknown_stays() {
        let answer = json!({
            "identifier": "team/a", "title": "A", "schema": { "properties": {}, "required": [] },
            "relations": {}, "futureField": 1, "createdAt": "x", "createdBy": "u", "updatedAt": "x", "updatedBy": "u"
        });
        let seen = Blueprint.observe(&answer.clone().into()).unwrap();
        assert_eq!((seen.id.as_str(), seen.name.as_str()), ("team/a", "team/a"));
        assert_eq!(
            seen.value,
            Value::from(json!({
                "identifier": "team/a", "title": "A", "schema": { "properties": {}, "required": [] },
                "relations": {}, "futureField": 1
            }))
        );
        assert_eq!(
            Blueprint.delete(&seen.id),
            Call::Port {
                method: "DELETE",
                path: "/v1/blueprints/team%2Fa".into(),
                body: None
            }
        );
        assert!(
            Blueprint
                .observe(&json!({ "title": "no identifier" }).into())
                .is_none()
        );
    }

    #[test]
    fn writes_carry_both_flags_of_every_relation() {
        let want =
            json!({ "identifier": "a", "relations": { "b": { "target": "c", "many": true } } });
        let sent = json!({ "identifier": "a", "relations": { "b": { "target": "c", "many": true, "required": false } } });
        let seen = Blueprint
            .observe(&json!({ "identifier": "a" }).into())
            .unwrap();
        let want = Value::from(want);
        for (calls, method, path) in [
            (Blueprint.create(&want), "POST", "/v1/blueprints"),
            (
                Blueprint.update(&seen, &want, &[]),
                "PUT",
                "/v1/blueprints/a",
            ),
        ] {
            assert_eq!(
                calls,
                [Call::Port {
                    method,
                    path: path.into(),
                    body: Some(Value::from(sent.clone()))
                }]
            );
        }
    }

    #[test]
    fn a_property_with_another_type_goes_and_comes_back() {
        let of = |id: &str, kind: &str| json!({ "identifier": id, "schema": { "properties": { "p": { "type": kind } } } });
        let seen = Blueprint.observe(&of("a", "string").into()).unwrap();
        // Renamed at the same time, it has its new name from the first request on.
        for id in ["a", "b"] {
            let want = Value::from(of(id, "number"));
            let sent: Vec<(String, String)> = Blueprint
                .update(&seen, &want, &[])
                .into_iter()
                .map(|call| match call {
                    Call::Port {
                        method: "PUT",
                        path,
                        body: Some(body),
                    } => (path, body.to_string()),
                    other => panic!("{other:?}"),
                })
                .collect();
            let bare = json!({ "identifier": id, "schema": { "properties": {} } });
            assert_eq!(
                sent,
                [
                    ("/v1/blueprints/a".into(), bare.to_string()),
                    (format!("/v1/blueprints/{id}"), want.to_string()),
                ]
            );
        }
    }

    #[test]
    fn real_blueprints_are_accepted() {
        for (file, spec) in corpus("port/blueprints").into_iter().flatten() {
            assert_eq!(found(&Blueprint, &spec), [""; 0], "{file}");
        }
    }
}
