//! `port.secret`: an organization secret of Port, whose value is written and never read (PA
//! section 5).

use std::sync::LazyLock;

use crate::kinds::call::{Call, List, path, without_nulls};
use crate::kinds::shape::{Shape, field};
use crate::kinds::{Identity, Kind, Observed, Role, charset};
use crate::words::value::Map;
use crate::words::{Finding, Findings, Node, Pointer, Value};

/// The kind `port.secret`.
#[derive(Debug)]
pub struct Secret;

/// What the names of Port's own secrets begin with (PA section 5).
const SYSTEM: &str = "__";

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
        field("description", Shape::text_of(0, 200), "What it is for.")
            .default("\"\"")
            .seeded(),
        field("createdAt", Shape::Any, "Set by the server.").computed(),
        field("updatedAt", Shape::Any, "Set by the server.").computed(),
    ])
});

impl Kind for Secret {
    fn name(&self) -> &'static str {
        "port.secret"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Secret)
    }

    fn doc(&self) -> &'static str {
        "A secret of the Port organization, used in actions as `{{ .secrets.NAME }}`."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a secret", "secretValue")
    }

    fn identity(&self) -> Identity {
        Identity::Field("secretName")
    }

    /// Port's own names are never listed by us, so such a secret would be created for ever.
    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(name) = spec.get("secretName")
            && name.text().is_some_and(|text| text.starts_with(SYSTEM))
        {
            findings.push(
                Finding::error(
                    "config::pattern",
                    name.place,
                    format!("names that begin with `{SYSTEM}` are Port's own"),
                )
                .help("choose another name"),
            );
        }
    }

    fn list(&self) -> List {
        List::Port {
            path: "/v1/organization/secrets",
            envelope: "secrets",
        }
    }

    /// Names that begin with `__` are the system's (PA section 5).
    fn observe(&self, item: &Value) -> Option<Observed> {
        let name = item.get("secretName")?.as_text()?;
        if name.starts_with(SYSTEM) {
            return None;
        }
        let value = ["secretName", "description"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), item.get(key)?.clone())))
            .collect::<Map>();
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
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
            body: Some(without_nulls(want)),
        }]
    }

    /// The body of a PATCH is closed, has no name, and names only what changes (PA section 5).
    /// An absent description is cleared with `""`; the value goes along only when it is to be
    /// sent, because somebody else may refresh it.
    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call> {
        let mut body = Map::new();
        if let Some(value) = want.get("secretValue").filter(|v| !v.is_null()) {
            body.insert("secretValue", value.clone());
        }
        if changed.iter().any(|key| key == "description") {
            let description = want.get("description").filter(|v| !v.is_null());
            let description = description.cloned().unwrap_or_else(|| Value::text(""));
            body.insert("description", description);
        }
        if body.is_empty() {
            return Vec::new();
        }
        vec![Call::Port {
            method: "PATCH",
            path: path(&["v1", "organization", "secrets", &seen.id]),
            body: Some(Value::Map(body)),
        }]
    }

    /// The only trace of another text is `updatedAt` (PA section 5).
    fn cannot_be_read(&self) -> bool {
        true
    }

    fn only_whole(&self) -> Option<&'static str> {
        Some("what a secret holds cannot be read")
    }

    /// It is nothing but a secret.
    fn holds_secret(&self, _live: &Value, _at: &Pointer) -> Option<bool> {
        Some(true)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::check::check;
    use crate::words::value::SecretSource;
    use crate::words::{Place, Template};

    fn codes(spec: Json) -> Vec<&'static str> {
        let node = Node::from_json(Place::new(0, 0, 0), &spec);
        let mut findings = Findings::default();
        check(Secret.shape(), &node, "spec", &mut findings);
        Secret.check(&node, &mut findings);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn update(want: Json, secret: bool, changed: &[&str]) -> Vec<String> {
        let seen = Secret
            .observe(&json!({ "secretName": "TOKEN" }).into())
            .unwrap();
        let mut want = Value::from(want);
        if secret {
            let source = SecretSource::new(Template::parse("${env.TOKEN}").unwrap());
            let fields = want.as_map_mut().unwrap();
            fields.insert("secretValue", Value::Secret(source));
        }
        let changed: Vec<String> = changed.iter().map(|k| (*k).to_owned()).collect();
        Secret
            .update(&seen, &want, &changed)
            .iter()
            .map(|call| match call {
                Call::Port {
                    method,
                    path,
                    body: Some(body),
                } => format!("{method} {path} {body}"),
                other => panic!("unexpected {other:?}"),
            })
            .collect()
    }

    #[test]
    fn names_are_checked_and_the_systems_own_are_refused() {
        let spec = |name: &str| json!({ "secretName": name, "secretValue": "x" });
        assert_eq!(codes(spec("SPACELIFT_TOKEN")), Vec::<&str>::new());
        assert_eq!(codes(spec("a b")), ["config::pattern"]);
        assert_eq!(codes(spec("__SLACK_APP_BOT_TOKEN_T1")), ["config::pattern"]);
        assert_eq!(
            codes(json!({ "secretName": "A" })),
            ["config::missing_field"]
        );
    }

    #[test]
    fn the_systems_own_are_not_seen_and_dates_are_dropped() {
        let item = json!({ "secretName": "__SLACK", "description": "" });
        assert_eq!(Secret.observe(&item.clone().into()), None);
        let item = json!({ "secretName": "A", "description": null, "createdAt": "x" });
        let seen = Secret.observe(&item.clone().into()).unwrap();
        assert_eq!(
            seen.value,
            Value::from(json!({ "secretName": "A", "description": null }))
        );
    }

    #[test]
    fn an_update_sends_what_changed_only() {
        let want = json!({ "secretName": "TOKEN", "description": "for runs" });
        let path = "PATCH /v1/organization/secrets/TOKEN";
        assert_eq!(
            update(want.clone(), false, &["description"]),
            [format!("{path} {{\"description\":\"for runs\"}}")]
        );
        assert_eq!(
            update(want.clone(), true, &["secretValue"]),
            [format!("{path} {{\"secretValue\":\"(secret)\"}}")]
        );
        assert_eq!(
            update(json!({ "secretName": "TOKEN" }), false, &["description"]),
            [format!("{path} {{\"description\":\"\"}}")]
        );
        assert_eq!(update(want, false, &[]), Vec::<String>::new());
    }
}
