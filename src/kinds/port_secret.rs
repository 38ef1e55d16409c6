//! `port.secret`: an organization secret of Port, whose value is written and never read (PA
//! section 5).

use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::kinds::call::{Call, List, path};
use crate::kinds::shape::{Shape, field};
use crate::kinds::{Identity, Kind, Observed, charset};
use crate::words::Value;
use crate::words::value::Map;

/// The kind `port.secret`.
#[derive(Debug)]
pub struct Secret;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field(
            "secretName",
            Shape::pattern(charset::SECRET, 1, 100),
            "Name by which templates read it: `{{ .secrets.NAME }}`. Cannot be changed.",
        )
        .required()
        .immutable(),
        field(
            "secretValue",
            Shape::text(),
            "The text, usually `${env.NAME}`. Never read back.",
        )
        .required()
        .write_only(),
        field("description", Shape::text_of(0, 200), "What it is for.").default("\"\""),
    ])
});

impl Kind for Secret {
    fn name(&self) -> &'static str {
        "port.secret"
    }

    fn doc(&self) -> &'static str {
        "A secret of the Port organization, used in actions as `{{ .secrets.NAME }}`."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn identity(&self) -> Identity {
        Identity::Field("secretName")
    }

    fn list(&self) -> List {
        List::Port {
            path: "/v1/organization/secrets",
            envelope: "secrets",
        }
    }

    /// Names that begin with `__` are the system's (PA section 5).
    fn observe(&self, item: &Json) -> Option<Observed> {
        let name = item.get("secretName")?.as_str()?;
        if name.starts_with("__") {
            return None;
        }
        let value = ["secretName", "description"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), Value::from(item.get(key)?.clone()))))
            .collect::<Map>();
        Some(Observed {
            id: name.into(),
            name: name.into(),
            value: Value::Map(value),
            exports: Map::new(),
        })
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        vec![Call::Port {
            method: "POST",
            path: "/v1/organization/secrets".into(),
            body: Some(want.clone()),
        }]
    }

    /// The body of a PATCH is closed and has no name; an absent description is cleared with `""`.
    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        let mut body = Map::new();
        if let Some(value) = want.get("secretValue") {
            body.insert("secretValue".into(), value.clone());
        }
        body.insert(
            "description".into(),
            want.get("description")
                .cloned()
                .unwrap_or_else(|| Value::text("")),
        );
        vec![Call::Port {
            method: "PATCH",
            path: path(&["v1", "organization", "secrets", &seen.id]),
            body: Some(Value::Map(body)),
        }]
    }

    fn delete(&self, id: &str) -> Call {
        Call::Port {
            method: "DELETE",
            path: path(&["v1", "organization", "secrets", id]),
            body: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/secret"
    }
}
