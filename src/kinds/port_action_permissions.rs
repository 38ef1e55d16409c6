//! `port.action_permissions`: who may run a self-service action, and who may approve its runs (PA
//! sections 3 and 9).
//!
//! Permissions come with their action, a moment later, and go with it: nothing creates or deletes
//! them, a PATCH changes them. There is no list, so each costs one request (the stated exception to
//! law 8). Deliberately not here: resetting them. Nobody publishes what "everyone may run it" looks
//! like, and leaving the project should open nothing.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List, path};
use crate::kinds::program::Program;
use crate::kinds::property::plain;
use crate::kinds::shape::{Field, Limits, Shape, field};
use crate::kinds::{Identity, Kind, Mention, Observed, charset, mention, port_action, query};
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.action_permissions`.
#[derive(Debug)]
pub struct ActionPermissions;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let mut execute = scope();
    execute.push(
        field(
            "ownedByTeam",
            Shape::Bool,
            "Whether members of the team that owns the entity may.",
        )
        .default("false"),
    );
    Shape::closed(vec![
        field(
            "action",
            Shape::pattern(charset::ACTION, 1, 0),
            "Identifier of the action. Cannot be changed.",
        )
        .required()
        .immutable()
        .reference("port.action"),
        field(
            "execute",
            Shape::closed(execute),
            "Who may run it. Without this field that stays as it is.",
        )
        .kept(),
        field(
            "approve",
            Shape::closed(scope()),
            "Who may approve its runs, where it asks for approval. Without this field that stays as it is.",
        )
        .kept(),
    ])
});

/// The lists come back sorted (PA section 1), and who is named once may be named twice.
fn scope() -> Vec<Field> {
    let texts = || Shape::list(Shape::text_of(1, 0));
    vec![
        field("users", texts(), "E-mail addresses of people.")
            .unordered()
            .default("[]"),
        field("roles", texts(), "Roles; `Member` is everybody.")
            .unordered()
            .default("[]"),
        field("teams", texts(), "Names of teams.")
            .unordered()
            .default("[]"),
        field(
            "policy",
            Shape::closed(vec![
                field(
                    "queries",
                    Shape::map_with(
                        Limits {
                            min: 1,
                            ..Limits::default()
                        },
                        query::shape(),
                    ),
                    "Searches over entities, by the names that conditions read them by.",
                )
                .required(),
                field(
                    "conditions",
                    Shape::List {
                        of: Box::new(Shape::text_of(1, 0)),
                        count: (1, usize::MAX),
                    },
                    "JQ; each says true for who may, or lists them.",
                )
                .required()
                .program(Program::Results),
            ]),
            "Searches and conditions that decide beside the lists.",
        ),
    ]
}

impl Kind for ActionPermissions {
    fn name(&self) -> &'static str {
        "port.action_permissions"
    }

    fn doc(&self) -> &'static str {
        "Who may run a self-service action of Port, and who may approve its runs."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("permissions of an action", "execute")
    }

    fn identity(&self) -> Identity {
        Identity::Field("action")
    }

    fn on_demand(&self) -> bool {
        true
    }

    fn comes_late(&self) -> bool {
        true
    }

    fn part_of(&self) -> Option<&'static str> {
        Some("port.action")
    }

    fn restricts(&self, spec: &Value) -> bool {
        spec.get("execute")
            .is_some_and(|execute| !execute.is_null())
    }

    /// By default everyone may run an action (PA section 3).
    fn is_ordinary(&self, live: &Value) -> Option<&'static str> {
        let names = |scope: &str, list: &str| {
            let scope = live.get(scope);
            let list = scope.and_then(|scope| scope.get(list)?.as_list());
            list.unwrap_or(&[]).to_vec()
        };
        let open = names("execute", "roles").contains(&Value::text("Member"));
        let named = ["users", "teams"]
            .iter()
            .any(|list| !names("execute", list).is_empty() || !names("approve", list).is_empty());
        let decided = ["execute", "approve"].iter().any(|scope| {
            let policy = live.get(scope).and_then(|scope| scope.get("policy"));
            policy.is_some_and(|policy| !policy.is_null())
        });
        (open && !named && !decided).then_some("everyone may run the action")
    }

    fn stays(&self) -> Option<&'static str> {
        Some("Port cannot delete permissions: who may run the action stays as it is")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        let said = |name: &str| spec.get(name).filter(|node| node.data != Data::Null);
        let mut any = false;
        for scope in ["execute", "approve"].into_iter().filter_map(said) {
            any = true;
            let queries = scope.get("policy").and_then(|policy| policy.get("queries"));
            for (_, each) in queries.and_then(Node::entries).unwrap_or(&[]) {
                query::check(each, findings);
            }
            if let Some(queries) = queries.filter(|q| q.entries().is_some_and(<[_]>::is_empty)) {
                findings.push(
                    Finding::error(
                        "config::out_of_range",
                        queries.place,
                        "`queries` has no query, and needs one",
                    )
                    .help("remove `policy`, or write a query for its conditions"),
                );
            }
        }
        if !any && spec.entries().is_some() {
            findings.push(
                Finding::error(
                    "config::missing_field",
                    spec.place,
                    "`spec` says neither who may `execute` nor who may `approve`",
                )
                .help("for example `execute: { teams: [platform] }`"),
            );
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let root = Pointer::root();
        let mut found = Vec::new();
        if let Some(action) = spec.get_text("action").and_then(plain) {
            found.push(mention(root.join("action"), &port_action::Action, action));
        }
        for scope in ["execute", "approve"] {
            let at = root.join(scope).join("policy").join("queries");
            let queries = spec.at(&at).and_then(Value::as_map);
            for (name, each) in queries.into_iter().flatten() {
                query::mentions(each, &at.join(name), &mut found);
            }
        }
        found
    }

    fn list(&self) -> List {
        List::PortEach {
            of: "port.action",
            path: permissions,
            envelope: "permissions",
        }
    }

    /// The answer does not name the action.
    fn observe(&self, _item: &Value) -> Option<Observed> {
        None
    }

    fn observe_created(&self, want: &Value, item: &Value) -> Option<Observed> {
        let action = want.get_text("action")?;
        let mut value = item.clone();
        let fields = value.as_map_mut()?;
        fields.retain(|key, _| matches!(key.as_str(), "execute" | "approve"));
        fields.insert("action", Value::text(action));
        Some(Observed {
            id: action.into(),
            name: action.into(),
            value,
            exports: Map::new(),
            born: Default::default(),
            touched: Default::default(),
        })
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        let action = want.get_text("action").unwrap_or_default();
        vec![patch(action, want, |_| true)]
    }

    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call> {
        vec![patch(&seen.id, want, |scope| {
            changed.iter().any(|key| key == scope)
        })]
    }

    /// Never sent: see [`Kind::stays`].
    fn delete(&self, id: &str) -> Call {
        patch(id, &Value::Map(Map::new()), |_| false)
    }

    fn created_at(&self) -> &'static str {
        "/permissions"
    }
}

fn permissions(action: &str) -> String {
    path(&["v1", "actions", action, "permissions"])
}

/// A scope is sent whole, because a PATCH leaves what it does not name.
fn patch(action: &str, want: &Value, sent: impl Fn(&str) -> bool) -> Call {
    let mut body = Map::new();
    for (scope, owned) in [("execute", true), ("approve", false)] {
        let Some(fields) = want.get(scope).and_then(Value::as_map) else {
            continue;
        };
        if !sent(scope) {
            continue;
        }
        let mut fields = fields.clone();
        let nobody = || Value::List(Vec::new());
        let absent = [
            ("users", Some(nobody())),
            ("roles", Some(nobody())),
            ("teams", Some(nobody())),
            ("ownedByTeam", owned.then_some(Value::Bool(false))),
            ("policy", Some(Value::Null)),
        ];
        for (key, absent) in absent {
            if let Some(absent) = absent
                && fields.get(key).is_none_or(Value::is_null)
            {
                fields.insert(key, absent);
            }
        }
        body.insert(scope, Value::Map(fields));
    }
    Call::Port {
        method: "PATCH",
        path: permissions(action),
        body: Some(Value::Map(body)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::{found, mentioned};

    fn sent(call: &Call) -> (String, Json) {
        let Call::Port {
            method,
            path,
            body: Some(body),
        } = call
        else {
            panic!("unexpected {call:?}");
        };
        let body = body.to_json_with(&mut |leaf| leaf.to_string().into());
        (format!("{method} {path}"), body)
    }

    #[test]
    fn mistakes_are_named() {
        let query = json!({ "combinator": "and", "rules": [
            { "property": "$team", "operator": "containsAny", "value": ["a"] },
        ]});
        let policy = json!({ "queries": { "who": query }, "conditions": [".results.who"] });
        let good = json!({ "action": "deploy", "execute": { "teams": ["a"], "policy": policy } });
        assert_eq!(found(&ActionPermissions, &good), [""; 0]);
        for (spec, code) in [
            (json!({ "execute": {} }), "config::missing_field"),
            (json!({ "action": "a" }), "config::missing_field"),
            (json!({ "action": "a/b", "execute": {} }), "config::pattern"),
            (
                json!({ "action": "a", "execute": { "team": [] } }),
                "config::unknown_field",
            ),
            (
                json!({ "action": "a", "approve": { "ownedByTeam": true } }),
                "config::unknown_field",
            ),
            (
                json!({ "action": "a", "execute": { "policy": { "queries": {}, "conditions": ["x"] } } }),
                "config::out_of_range",
            ),
            (
                json!({ "action": "a", "execute": { "policy": { "queries": { "q": { "combinator": "and", "rules": [{ "operator": "like" }] } }, "conditions": ["x"] } } }),
                "config::unknown_value",
            ),
        ] {
            let says = found(&ActionPermissions, &spec);
            assert!(
                says.len() == 1 && says[0].starts_with(code),
                "{spec}: {says:?}"
            );
        }
    }

    #[test]
    fn the_action_and_blueprints_of_queries_are_named() {
        let spec = json!({ "action": "deploy", "execute": { "policy": { "conditions": ["x"], "queries": {
            "q": { "combinator": "and", "rules": [{ "operator": "relatedTo", "blueprint": "team", "value": "a" }] },
        }}}});
        assert_eq!(
            mentioned(&ActionPermissions, &spec),
            [
                "/action: port.action.deploy",
                "/execute/policy/queries/q/rules/0/blueprint: port.blueprint.team?",
            ]
        );
    }

    #[test]
    fn a_scope_is_sent_whole_and_only_when_it_changed() {
        let want = Value::from(json!({ "action": "a", "execute": { "roles": ["Admin"] } }));
        let execute = json!({
            "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false, "policy": null,
        });
        let path = "PATCH /v1/actions/a/permissions".to_owned();
        assert_eq!(
            sent(&ActionPermissions.create(&want)[0]),
            (path.clone(), json!({ "execute": execute }))
        );
        let item = json!({ "execute": {}, "approve": { "users": [] }, "updatedAt": "x" });
        let seen = ActionPermissions
            .observe_created(&want, &item.into())
            .unwrap();
        assert_eq!((seen.id.as_str(), seen.name.as_str()), ("a", "a"));
        assert!(seen.value.get("updatedAt").is_none());
        let both =
            Value::from(json!({ "action": "a", "execute": {}, "approve": { "users": ["b@c"] } }));
        let update = ActionPermissions.update(&seen, &both, &["approve".to_owned()]);
        assert_eq!(
            sent(&update[0]),
            (
                path,
                json!({ "approve": { "users": ["b@c"], "roles": [], "teams": [], "policy": null } })
            )
        );
    }
}
