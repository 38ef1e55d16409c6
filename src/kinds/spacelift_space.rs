//! `spacelift.space`: a space of Spacelift, the place that policies, webhooks and stacks lie in (SA
//! section 6).
//!
//! Names may repeat, even under one parent, and the service does not refuse a second space like the
//! first (SA section 5): what is looked for is a name below a parent. Deliberately not here: `root`
//! and `legacy`, which every account has and nobody makes.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List};
use crate::kinds::shape::{Shape, field};
use crate::kinds::{Identity, Kind, Observed, Role, label, slug};
use crate::words::value::Map;
use crate::words::{Findings, Node, Value};

/// The kind `spacelift.space`.
#[derive(Debug)]
pub struct Space;

/// The spaces that every account has (SA section 6).
const SYSTEM: [&str; 2] = ["root", "legacy"];

/// Every field. A macro because documents are put together at compile time.
macro_rules! selection {
    () => {
        "{ id name description parentSpace inheritEntities labels }"
    };
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field(
            "name",
            Shape::text_of(1, 0),
            "Name; the id is made from it once, at creation.",
        )
        .required(),
        field("description", Shape::text(), "What it is for.").default("\"\""),
        field(
            "parentSpace",
            Shape::text_of(1, 0),
            "Space that it lies in: an id, `${spacelift.space.NAME.id}`, or the unique name of one. Changing it moves the space.",
        )
        .default("\"root\"")
        .reference("spacelift.space")
        .by_name(),
        field(
            "inheritEntities",
            Shape::Bool,
            "Whether what lies in the parent may be used here.",
        )
        .default("false"),
        field("labels", Shape::list(Shape::text_of(1, 0)), "Labels.")
            .unordered()
            .default("[]"),
        field("id", Shape::Any, "Set by the server.").computed(),
        field("accessLevel", Shape::Any, "Set by the server.").computed(),
    ])
});

impl Kind for Space {
    fn name(&self) -> &'static str {
        "spacelift.space"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Space)
    }

    /// The id is made from the name and a random text (SA section 5), which is left out here.
    fn stand_in(&self, name: &str, export: &str) -> Option<String> {
        (export == "id").then(|| slug(name))
    }

    fn doc(&self) -> &'static str {
        "A space of Spacelift: where policies, webhooks and stacks lie, and who may use them."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a space", "inheritEntities")
    }

    fn labels(&self) -> Option<&'static str> {
        Some("labels")
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        label::check(spec, findings);
    }

    fn identity(&self) -> Identity {
        Identity::NameWith("name", "parentSpace")
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[("id", "the id that Spacelift assigned")]
    }

    fn list(&self) -> List {
        List::Spacelift {
            field: "spaces",
            selection: selection!(),
            paged: false,
        }
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        let id = item.get("id")?.as_text()?;
        if self.is_system(id) {
            return None;
        }
        let mut value = item.clone();
        value.as_map_mut()?.shift_remove("id");
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
            id: id.into(),
            name: item.get("name")?.as_text()?.into(),
            value,
            exports: members([("id", Value::text(id))]),
        })
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        vec![Call::Spacelift {
            document: concat!(
                "mutation SpaceCreate($input: SpaceInput!) { spaceCreate(input: $input) ",
                selection!(),
                " }"
            ),
            variables: Value::Map(members([("input", input(want))])),
            id_from_create: None,
        }]
    }

    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        vec![Call::Spacelift {
            document: "mutation SpaceUpdate($space: ID!, $input: SpaceInput!) { spaceUpdate(space: $space, input: $input) { id } }",
            variables: Value::Map(members([
                ("space", Value::text(&seen.id)),
                ("input", input(want)),
            ])),
            id_from_create: None,
        }]
    }

    /// `root` cannot be changed, neither can be removed (SA section 6).
    fn is_system(&self, id: &str) -> bool {
        SYSTEM.contains(&id)
    }

    /// `root` is always there (SA section 6), and a space that is made a second time is a twin (SA
    /// section 5).
    fn list_is_blind(&self, spaces: usize) -> bool {
        spaces == 0
    }

    /// Refused with the service's own words while something lies in it (SA section 6).
    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation SpaceDelete($space: ID!) { spaceDelete(space: $space) { id } }",
            variables: Value::Map(members([("space", Value::text(id))])),
            id_from_create: None,
        }
    }

    fn reach<'a>(&self, spec: &'a Value) -> Option<&'a Value> {
        static ROOT: LazyLock<Value> = LazyLock::new(|| Value::text("root"));
        let inherits = spec.get("inheritEntities").and_then(Value::as_bool);
        (inherits == Some(true)).then(|| match spec.get("parentSpace") {
            None | Some(Value::Null) => &*ROOT,
            Some(parent) => parent,
        })
    }

    fn created_at(&self) -> &'static str {
        "/data/spaceCreate"
    }
}

/// All fields are sent each time (SA section 6).
fn input(want: &Value) -> Value {
    let mut input = want.as_map().cloned().unwrap_or_default();
    for (key, absent) in [
        ("description", Value::text("")),
        ("parentSpace", Value::text("root")),
        ("inheritEntities", Value::Bool(false)),
        ("labels", Value::List(Vec::new())),
    ] {
        if input.get(key).is_none_or(Value::is_null) {
            input.insert(key, absent);
        }
    }
    Value::Map(input)
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map {
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::found;

    fn variables(call: &Call) -> Json {
        let Call::Spacelift { variables, .. } = call else {
            panic!("a request to the wrong service");
        };
        variables.to_json_with(&mut |leaf| leaf.to_string().into())
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(found(&Space, &json!({ "name": "Team A" })), [""; 0]);
        for (spec, code) in [
            (json!({ "name": "" }), "config::out_of_range"),
            (json!({ "description": "x" }), "config::missing_field"),
            (
                json!({ "name": "A", "parent": "root" }),
                "config::unknown_field",
            ),
            (
                json!({ "name": "A", "inheritEntities": "yes" }),
                "config::wrong_type",
            ),
            (json!({ "name": "A", "id": "a-1" }), "lint::computed_field"),
        ] {
            let says = found(&Space, &spec);
            assert!(
                says.len() == 1 && says[0].starts_with(code),
                "{spec}: {says:?}"
            );
        }
    }

    #[test]
    fn every_field_is_sent_each_time() {
        let want = Value::from(json!({ "name": "Team A", "parentSpace": "platform-1" }));
        let all = json!({
            "name": "Team A", "parentSpace": "platform-1", "description": "",
            "inheritEntities": false, "labels": [],
        });
        assert_eq!(variables(&Space.create(&want)[0]), json!({ "input": all }));
        let item = json!({ "id": "team-a-01", "name": "Team A", "parentSpace": "root" });
        let seen = Space.observe(&item.clone().into()).unwrap();
        assert_eq!(seen.exports.get("id"), Some(&Value::text("team-a-01")));
        assert!(seen.value.get("id").is_none());
        let update = Space.update(&seen, &want, &["parentSpace".to_owned()]);
        assert_eq!(
            variables(&update[0]),
            json!({ "space": "team-a-01", "input": all })
        );
        assert_eq!(
            variables(&Space.delete("team-a-01")),
            json!({ "space": "team-a-01" })
        );
    }

    #[test]
    fn the_spaces_of_every_account_are_nobodys() {
        for id in ["root", "legacy"] {
            assert_eq!(Space.observe(&json!({ "id": id, "name": id }).into()), None);
        }
        let own = json!({ "id": "legacy-01", "name": "legacy" });
        assert!(Space.observe(&own.clone().into()).is_some());
    }
}
