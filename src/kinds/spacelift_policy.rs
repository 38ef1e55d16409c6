//! `spacelift.policy`: a policy in Rego, of every type (SA sections 5, 8 and 10).
//!
//! Policies of type NOTIFICATION are space-wide and never attached; attaching the other types is
//! not done here.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List};
use crate::kinds::program::Program;
use crate::kinds::shape::{Shape, field};
use crate::kinds::{Identity, Kind, Observed, Role, TextFile, label, slug};
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Value};

/// The kind `spacelift.policy`.
#[derive(Debug)]
pub struct Policy;

const TYPES: &[&str] = &[
    "ACCESS",
    "APPROVAL",
    "GIT_PUSH",
    "INITIALIZATION",
    "INTENT",
    "LOGIN",
    "NOTIFICATION",
    "PLAN",
    "TASK",
    "TRIGGER",
    "STACK_ACCESS",
    "TASK_RUN",
    "TERRAFORM_PLAN",
];

const SELECTION: &str = "{ id name type engineType body description labels space updatedAt }";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field(
            "name",
            Shape::text_of(1, 0),
            "Name; the id is made from it once, at creation.",
        )
        .required(),
        field(
            "type",
            Shape::Enum(TYPES),
            "What the policy decides about. Changing it replaces the policy.",
        )
        .required()
        .immutable()
        .equal(current_type),
        field(
            "body",
            Shape::text_of(1, 0),
            "The Rego text, usually `${file:policies/NAME.rego}`.",
        )
        .required()
        .program(Program::Rego)
        .long_text(),
        field(
            "space",
            Shape::text_of(1, 0),
            "Space that holds it: an id, or the unique name of one.",
        )
        .required()
        .reference("spacelift.space")
        .by_name(),
        field("description", Shape::text(), "What it is for.").default("\"\""),
        field(
            "labels",
            Shape::list(Shape::text()),
            "Labels; `autoattach:LABEL` attaches it to stacks.",
        )
        .unordered()
        .default("[]"),
        field(
            "engineType",
            Shape::Enum(&["REGO_V0", "REGO_V1"]),
            "Dialect of the body. Say it.",
        )
        .default("\"REGO_V0\""),
        field("id", Shape::Any, "Set by the server.").computed(),
        field("createdAt", Shape::Any, "Set by the server.").computed(),
        field("updatedAt", Shape::Any, "Set by the server.").computed(),
    ])
});

/// Old names are accepted and answered with the new ones (SA section 5).
fn current_type(value: Value) -> Value {
    match value.as_text() {
        Some("STACK_ACCESS") => Value::text("ACCESS"),
        Some("TASK_RUN") => Value::text("TASK"),
        Some("TERRAFORM_PLAN") => Value::text("PLAN"),
        _ => value,
    }
}

impl Kind for Policy {
    fn name(&self) -> &'static str {
        "spacelift.policy"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Policy)
    }

    /// The id is made from the name (SA section 5).
    fn stand_in(&self, name: &str, export: &str) -> Option<String> {
        (export == "id").then(|| slug(name))
    }

    fn doc(&self) -> &'static str {
        "A Spacelift policy in Rego; type NOTIFICATION decides which events reach which webhooks."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a policy", "body")
    }

    fn identity(&self) -> Identity {
        Identity::Name("name")
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[("id", "the id that Spacelift assigned")]
    }

    fn labels(&self) -> Option<&'static str> {
        Some("labels")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if spec.entries().is_some() && spec.get("engineType").is_none_or(|e| e.data == Data::Null) {
            let place = spec.entry("type").map_or(spec.place, |(key, _)| key.place);
            findings.push(
                Finding::warning("lint::engine_type", place, "the policy does not say its Rego dialect")
                    .help("add `engineType: REGO_V0` or `engineType: REGO_V1`; without it the service takes REGO_V0"),
            );
        }
        let is_login = spec.get("type").and_then(Node::text) == Some("LOGIN");
        if let Some(space) = spec.get("space")
            && is_login
            && matches!(&space.data, Data::Text(id) if id != "root")
        {
            findings.push(
                Finding::error(
                    "config::login_space",
                    space.place,
                    "a LOGIN policy lives in the space `root` only",
                )
                .help("write `space: root`"),
            );
        }
        label::check(spec, findings);
    }

    fn list(&self) -> List {
        List::Spacelift {
            field: "policies",
            selection: SELECTION,
            paged: false,
        }
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        let id = item.get("id")?.as_text()?;
        let name = item.get("name")?.as_text()?;
        let mut value = item.clone();
        let fields = value.as_map_mut()?;
        fields.shift_remove("id");
        fields.shift_remove("updatedAt");
        let exports = [("id".to_owned(), Value::text(id))]
            .into_iter()
            .collect::<Map>();
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
            id: id.into(),
            name: name.into(),
            value,
            exports,
        })
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        vec![Call::Spacelift {
            document: concat!(
                "mutation PolicyCreate($input: PolicyCreateInput!) { policyCreatev2(input: $input) ",
                "{ id name type engineType body description labels space } }"
            ),
            variables: variables(None, input(want, true)),
            id_from_create: None,
        }]
    }

    /// All fields are sent: nobody shows what absent ones would do (SA section 8).
    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        vec![Call::Spacelift {
            document: "mutation PolicyUpdate($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }",
            variables: variables(Some(&seen.id), input(want, false)),
            id_from_create: None,
        }]
    }

    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation PolicyDelete($id: ID!) { policyDelete(id: $id) { id } }",
            variables: Value::Map([("id".to_owned(), Value::text(id))].into_iter().collect()),
            id_from_create: None,
        }
    }

    fn text_file(&self) -> Option<TextFile> {
        Some(TextFile {
            field: "body",
            folder: "policies",
            extension: "rego",
        })
    }

    /// The guides print the rules alone, without their `package`, which the service demands (SA
    /// section 10). Only what a notification policy decides tells its type.
    fn wrap(&self, part: &Node, name: &str) -> Option<Node> {
        let rules = part.text()?;
        let notifies = ["webhook", "slack", "inbox", "pull_request"]
            .iter()
            .any(|rule| {
                let heads = rules.lines().filter_map(|line| line.strip_prefix(rule));
                heads
                    .into_iter()
                    .any(|head| head.starts_with('[') || head.starts_with(" contains "))
            });
        if !notifies {
            return None;
        }
        let body = match rules.lines().any(|line| line.starts_with("package ")) {
            true => rules.to_owned(),
            false => format!("package spacelift\n\n{rules}"),
        };
        let current = rules.contains(" contains ") && rules.contains(" if ");
        let engine = if current { "REGO_V1" } else { "REGO_V0" };
        let text = |text: &str| Node::new(part.place, Data::Text(text.into()));
        let fields = [
            ("name", text(name)),
            ("type", text("NOTIFICATION")),
            ("engineType", text(engine)),
            ("space", text("root")),
            ("body", text(&body)),
        ];
        Some(Node::map(part.place, fields))
    }

    fn reach<'a>(&self, spec: &'a Value) -> Option<&'a Value> {
        spec.get("space")
    }

    /// A notification policy names the webhooks that it delivers to; one out of reach gets nothing
    /// (SA sections 8 and 10).
    fn uses(&self, spec: &Value) -> bool {
        spec.get_text("type") == Some("NOTIFICATION")
    }

    fn created_at(&self) -> &'static str {
        "/data/policyCreatev2"
    }
}

fn input(want: &Value, with_type: bool) -> Value {
    let mut input = want.as_map().cloned().unwrap_or_default();
    if !with_type {
        input.shift_remove("type");
    }
    for (key, absent) in [
        ("description", Value::text("")),
        ("labels", Value::List(Vec::new())),
        ("engineType", Value::text("REGO_V0")),
    ] {
        if input.get(key).is_none_or(Value::is_null) {
            input.insert(key, absent);
        }
    }
    Value::Map(input)
}

fn variables(id: Option<&str>, input: Value) -> Value {
    let id = id.map(|id| ("id".to_owned(), Value::text(id)));
    Value::Map(
        id.into_iter()
            .chain([("input".to_owned(), input)])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::check::check;
    use crate::words::Place;

    fn codes(spec: Json) -> Vec<&'static str> {
        let node = Node::from_json(Place::new(0, 0, 0), &spec);
        let mut findings = Findings::default();
        check(Policy.shape(), &node, "spec", &mut findings);
        Policy.check(&node, &mut findings);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn spec(changes: Json) -> Json {
        let mut spec = json!({
            "name": "Notify Port", "type": "NOTIFICATION", "space": "root",
            "body": "package spacelift\n", "engineType": "REGO_V1",
        });
        for (key, value) in changes.as_object().unwrap() {
            spec[key] = value.clone();
        }
        spec
    }

    fn input(call: &Call) -> Json {
        let Call::Spacelift { variables, .. } = call else {
            panic!("a request to the wrong service");
        };
        variables.to_json_with(&mut |leaf| leaf.to_string().into())
    }

    #[test]
    fn the_dialect_is_said_and_login_stays_in_root() {
        for (changes, expected) in [
            (json!({}), &[][..]),
            (json!({ "engineType": null }), &["lint::engine_type"]),
            (json!({ "engineType": "REGO" }), &["config::unknown_value"]),
            (json!({ "type": "LOGIN" }), &[]),
            (
                json!({ "type": "LOGIN", "space": "team" }),
                &["config::login_space"],
            ),
            (
                json!({ "type": "notification" }),
                &["config::unknown_value"],
            ),
            (
                json!({ "labels": ["spaceport:a/b"] }),
                &["config::reserved_label"],
            ),
            (json!({ "body": "" }), &["config::out_of_range"]),
            (json!({ "updatedAt": 1 }), &["lint::computed_field"]),
        ] {
            assert_eq!(codes(spec(changes.clone())), expected, "{changes}");
        }
        assert_eq!(codes(json!("a text")), ["config::wrong_type"]);
    }

    #[test]
    fn old_names_of_types_mean_the_new_ones() {
        for (old, new) in [
            ("STACK_ACCESS", "ACCESS"),
            ("TASK_RUN", "TASK"),
            ("TERRAFORM_PLAN", "PLAN"),
        ] {
            assert_eq!(current_type(Value::text(old)), Value::text(new));
            assert_eq!(current_type(Value::text(new)), Value::text(new));
        }
    }

    #[test]
    fn every_field_is_sent_each_time_and_the_type_only_once() {
        let want = Value::from(json!({
            "name": "P", "type": "PLAN", "body": "package spacelift", "space": "root", "description": null,
        }));
        let all = json!({
            "name": "P", "body": "package spacelift", "space": "root", "description": "",
            "labels": [], "engineType": "REGO_V0",
        });
        let seen = Policy
            .observe(&json!({ "id": "p-1", "name": "P", "type": "PLAN" }).into())
            .unwrap();
        let update = Policy.update(&seen, &want, &["body".to_owned()]);
        assert_eq!(input(&update[0]), json!({ "id": "p-1", "input": all }));
        let mut with_type = all;
        with_type["type"] = json!("PLAN");
        assert_eq!(
            input(&Policy.create(&want)[0]),
            json!({ "input": with_type })
        );
        assert_eq!(input(&Policy.delete("p-1")), json!({ "id": "p-1" }));
    }

    #[test]
    fn the_id_is_exported_and_no_field() {
        let item = json!({ "id": "p-1", "name": "P", "type": "PLAN", "space": "root" });
        let seen = Policy.observe(&item.clone().into()).unwrap();
        assert_eq!(seen.exports.get("id"), Some(&Value::text("p-1")));
        assert!(seen.value.get("id").is_none());
        assert_eq!(Policy.observe(&json!({ "name": "P" }).into()), None);
    }
}
