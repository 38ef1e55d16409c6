//! `port.webhook`: a data source of Port that turns posted events into entities (PA section 4).
//!
//! Its `url` and `webhookKey` are exported; whoever has them can post, so they are shown as their
//! reference. Deliberately not here: running the JQ of the mappings (see the simulation).

use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::kinds::call::{Call, List, path, without_nulls};
use crate::kinds::program::Program;
use crate::kinds::shape::{Charset, Shape, field};
use crate::kinds::{Identity, Kind, Mention, Observed, Role, webhook_mapping};
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.webhook`.
#[derive(Debug)]
pub struct Webhook;

/// No pattern is published; these two would be folded away in the path of a request.
const IDENTIFIER: Charset = Charset {
    words: "any characters, but not `.` or `..`",
    pattern: r"^(?!\.{1,2}$)[\s\S]+$",
    holds: |text| text != "." && text != "..",
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let server = |name| field(name, Shape::Any, "Set by the server.").computed();
    Shape::closed(vec![
        field(
            "identifier",
            Shape::pattern(IDENTIFIER, 1, 30),
            "Identifier, at most 30 characters. Port could invent one, but then a second run could not find the webhook again.",
        )
        .required()
        .renames(),
        field("title", Shape::text_of(1, 30), "Name shown in Port, at most 30 characters.")
            .required(),
        field("description", Shape::text_of(0, 200), "What it is for.").default("\"\""),
        field("icon", Shape::text(), "Name of an icon of Port.").default("\"\""),
        field(
            "enabled",
            Shape::Bool,
            "Whether posted events are taken; `false` drops them.",
        )
        .default("true"),
        field(
            "mappings",
            Shape::list(webhook_mapping::shape()),
            "What becomes of an event; every mapping sees every event, in this order.",
        )
        .default("[]"),
        field(
            "security",
            security(),
            "How Port recognises genuine events; without it everything posted is taken.",
        )
        .default("{}"),
        field(
            "integrationType",
            Shape::Enum(&["custom", "template"]),
            "Whether it was made by hand or from one of Port's templates.",
        )
        // Not published, but an answer that has it and a file that has not must be equal.
        .default("\"custom\""),
        server("webhookKey"),
        server("url"),
        server("id"),
        server("_id"),
        server("orgId"),
        server("createdAt"),
        server("createdBy"),
        server("updatedAt"),
        server("updatedBy"),
    ])
});

fn security() -> Shape {
    Shape::closed(vec![
        field(
            "secret",
            Shape::text_of(1, 0),
            "Text shared with the sender, `${random.NAME}` or `${env.NAME}`. Never read back.",
        )
        .write_only()
        .receives(),
        field(
            "signatureHeaderName",
            Shape::text(),
            "Header with the signature.",
        ),
        field(
            "signatureAlgorithm",
            Shape::Enum(&["sha1", "sha256", "plain"]),
            "How the signature is made; `plain` compares the header with the secret.",
        ),
        field(
            "signaturePrefix",
            Shape::text(),
            "What stands before the signature, `sha256=` for example.",
        ),
        field(
            "requestIdentifierPath",
            Shape::text(),
            "JQ to an id of the delivery; repeated ids are dropped.",
        )
        .program(Program::Delivery),
    ])
}

impl Kind for Webhook {
    fn name(&self) -> &'static str {
        "port.webhook"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Mapper)
    }

    /// The key is a random text in life (PA section 4).
    fn stand_in(&self, name: &str, export: &str) -> Option<String> {
        let key = path(&[&format!("key-of-{name}")]);
        match export {
            "url" => Some(format!("https://ingest.port.io{key}")),
            "webhookKey" => Some(key.trim_start_matches('/').to_owned()),
            _ => None,
        }
    }

    fn doc(&self) -> &'static str {
        "A webhook of Port: an address that events are posted to, and how they become entities."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a webhook", "mappings")
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("url", "the address that events are posted to"),
            ("webhookKey", "the last part of that address"),
        ]
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        let mappings = spec.get("mappings").and_then(Node::items).unwrap_or(&[]);
        for mapping in mappings.iter().filter(|m| deletes(m)) {
            if let Some(entity) = mapping.get("entity") {
                check_delete(entity, findings);
            }
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let mappings = spec.get("mappings").and_then(Value::as_list).unwrap_or(&[]);
        let at = Pointer::root().join("mappings");
        let mappings = mappings.iter().enumerate();
        mappings
            .flat_map(|(index, mapping)| {
                webhook_mapping::mentions(&at.join(index), mapping, "entity")
            })
            .collect()
    }

    /// Members of `security` may be null, and an empty `security` is none (PA sections 1 and 4).
    fn canonical(&self, spec: &mut Value) {
        *spec = without_nulls(spec);
        if let Some(fields) = spec.as_map_mut()
            && fields
                .get("security")
                .and_then(Value::as_map)
                .is_some_and(|map| map.is_empty())
        {
            fields.shift_remove("security");
        }
    }

    /// The name of the list is disputed (PA section 1, envelopes).
    fn list(&self) -> List {
        List::Port {
            path: "/v1/webhooks",
            envelope: "webhooks",
        }
    }

    /// The secret is dropped whatever comes back: masked, absent or in clear (PA section 4).
    fn observe(&self, item: &Value) -> Option<Observed> {
        let id = item.get("identifier")?.as_text()?;
        let mut value = item.clone();
        let fields = value.as_map_mut()?;
        if let Some(security) = fields.get_mut("security").and_then(Value::as_map_mut) {
            security.shift_remove("secret");
        }
        let shown = self.exports().iter().filter_map(|(key, _)| {
            let text = fields.get(key).filter(|v| v.as_text().is_some())?;
            Some((*key, text.clone()))
        });
        let exports: Map = shown.collect();
        if let Shape::Object(object) = &*SHAPE {
            fields.retain(|key, _| object.field(key).is_none_or(|f| !f.rules.computed));
        }
        Some(Observed {
            born: Default::default(),
            touched: Default::default(),
            id: id.into(),
            name: id.into(),
            value,
            exports,
        })
    }

    /// `enabled` is demanded in spite of its default (PA section 4).
    fn create(&self, want: &Value) -> Vec<Call> {
        let mut body = without_nulls(want);
        if let Some(fields) = body.as_map_mut() {
            fields.get_or_insert_with("enabled", || Value::Bool(true));
        }
        vec![Call::Port {
            method: "POST",
            path: "/v1/webhooks".into(),
            body: Some(body),
        }]
    }

    /// A PATCH replaces the top-level keys that it names and leaves the others (PA section 1), so
    /// that a secret whose text is not at hand stays. `security` may be replaced as a whole:
    /// whoever asks for it to be changed has its secret in `want`. What the file no longer has
    /// is sent as its default, because no key of the body but those of `security` may be null.
    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call> {
        let body: Map = changed
            .iter()
            .filter_map(|key| {
                let value = match want.get(key).filter(|v| !v.is_null()) {
                    Some(value) => without_nulls(value),
                    None => absent(key)?,
                };
                Some((key.clone(), value))
            })
            .collect();
        if body.is_empty() {
            return Vec::new();
        }
        vec![Call::Port {
            method: "PATCH",
            path: path(&["v1", "webhooks", &seen.id]),
            body: Some(Value::Map(body)),
        }]
    }

    /// Nothing could be checked without one where a signature is asked for.
    fn holds_secret(&self, live: &Value, _at: &Pointer) -> Option<bool> {
        let security = live.get("security");
        let signs = |key: &str| security.is_some_and(|s| s.get_text(key).is_some());
        Some(signs("signatureHeaderName") || signs("signatureAlgorithm"))
    }

    /// The guides print the list of mappings alone.
    fn wrap(&self, part: &Node, name: &str) -> Option<Node> {
        let items = part.items().filter(|items| !items.is_empty())?;
        if !items.iter().all(|item| {
            ["blueprint", "entity"]
                .iter()
                .all(|key| item.get(key).is_some())
        }) {
            return None;
        }
        let text = || Node::new(part.place, Data::Text(name.into()));
        let entries = [
            ("identifier", text()),
            ("title", text()),
            ("mappings", part.clone()),
        ];
        Some(Node::map(part.place, entries))
    }

    fn delete(&self, id: &str) -> Call {
        Call::Port {
            method: "DELETE",
            path: path(&["v1", "webhooks", id]),
            body: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/integration"
    }
}

/// What a top-level key is when a file does not have it; `None` for keys that must be there.
fn absent(key: &str) -> Option<Value> {
    let Shape::Object(object) = &*SHAPE else {
        return None;
    };
    let field = object.fields.iter().find(|f| f.name == key)?;
    let json: Json = serde_json::from_str(field.rules.default?).ok()?;
    Some(Value::from(json))
}

fn deletes(mapping: &Node) -> bool {
    mapping.get("operation").is_some_and(|operation| {
        operation.text() == Some("delete")
            || operation.get("type").and_then(Node::text) == Some("delete")
    })
}

/// With `delete` an entity is its identifier, as text, and nothing else (PA section 4).
fn check_delete(entity: &Node, findings: &mut Findings) {
    for (key, value) in entity.entries().unwrap_or(&[]) {
        if key.text != "identifier" && value.data != Data::Null {
            findings.push(
                Finding::error(
                    "config::not_here",
                    key.place,
                    format!("`{}` cannot stand in a mapping that deletes", key.text),
                )
                .help("keep only `identifier` in `entity`"),
            );
        }
    }
    if let Some(identifier) = entity.get("identifier")
        && identifier.entries().is_some()
    {
        findings.push(
            Finding::error(
                "config::not_here",
                identifier.place,
                "a search cannot choose what a mapping deletes",
            )
            .help("write `identifier` as JQ text"),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::check::check;
    use crate::words::{Place, Text};

    fn codes(spec: &Json) -> Vec<&'static str> {
        let node = Node::from_json(Place::new(0, 0, 0), spec);
        let mut findings = Findings::default();
        check(Webhook.shape(), &node, "spec", &mut findings);
        Webhook.check(&node, &mut findings);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn with(mapping: Json) -> Json {
        json!({ "identifier": "stacks", "title": "Stacks", "mappings": [mapping] })
    }

    fn stack() -> Json {
        json!({
            "blueprint": "stack",
            "filter": ".body.stack != null",
            "itemsToParse": ".body.stacks",
            "entity": {
                "identifier": ".item.id",
                "title": ".item.name",
                "team": { "combinator": "'and'", "rules": [
                    { "property": "'$identifier'", "operator": "'='", "value": ".item.team" },
                ] },
                "properties": { "state": ".item.state", "fixed": "\"yes\"" },
                "relations": {
                    "space": ".item.space",
                    "owner": { "combinator": "'or'", "rules": [] },
                },
            },
        })
    }

    fn observed(security: Json) -> Observed {
        Webhook
            .observe(
                &json!({
                    "identifier": "stacks", "title": "Stacks", "enabled": true, "mappings": [],
                    "security": security, "webhookKey": "KEY", "url": "https://ingest.port.io/KEY",
                    "id": "webhook_1", "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": "x",
                    "updatedAt": "2026-01-01T00:00:00.000Z", "updatedBy": "x",
                })
                .into(),
            )
            .unwrap()
    }

    fn body(calls: &[Call]) -> (String, Json) {
        let [
            Call::Port {
                method,
                path,
                body: Some(body),
            },
        ] = calls
        else {
            panic!("one request to Port was expected: {calls:?}");
        };
        let body = body.to_json_with(&mut |leaf| leaf.to_string().into());
        (format!("{method} {path}"), body)
    }

    #[test]
    fn every_published_field_is_allowed() {
        let mut spec = with(stack());
        spec["description"] = json!("What happens to stacks");
        spec["icon"] = json!("Git");
        spec["enabled"] = json!(false);
        spec["integrationType"] = json!("template");
        spec["security"] = json!({
            "secret": "x", "signatureHeaderName": "X-Signature-256", "signaturePrefix": "sha256=",
            "signatureAlgorithm": "sha256", "requestIdentifierPath": null,
        });
        assert_eq!(codes(&spec), Vec::<&str>::new());
    }

    #[test]
    fn all_spellings_of_an_operation_mean_one_of_two_things() {
        let delete = json!({ "type": "delete" });
        for (written, meant) in [
            (json!("create"), json!("create")),
            (json!({ "type": "create" }), json!("create")),
            (json!("delete"), delete.clone()),
            (delete.clone(), delete.clone()),
            (
                json!({ "type": "delete", "deleteDependents": true }),
                delete.clone(),
            ),
            (
                json!({ "type": "delete", "deleteDependents": null }),
                delete,
            ),
            (
                json!({ "type": "delete", "deleteDependents": false }),
                json!({ "type": "delete", "deleteDependents": false }),
            ),
        ] {
            let once = webhook_mapping::one_operation(Value::from(written.clone()));
            assert_eq!(once, Value::from(meant), "{written}");
            let twice = webhook_mapping::one_operation(once.clone());
            assert_eq!(twice, once, "{written}");
            let mut mapping = json!({ "blueprint": "b", "entity": { "identifier": ".body.id" } });
            mapping["operation"] = written.clone();
            assert_eq!(codes(&with(mapping)), Vec::<&str>::new(), "{written}");
        }
    }

    #[test]
    fn a_mapping_that_deletes_names_its_entity_and_nothing_else() {
        for operation in [json!("delete"), json!({ "type": "delete" })] {
            let mut mapping = stack();
            mapping["operation"] = operation;
            mapping["entity"]["identifier"] = json!({ "combinator": "'and'", "rules": [] });
            // Title, team, properties, relations, and the search.
            assert_eq!(codes(&with(mapping)), ["config::not_here"; 5]);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let entity = json!({ "identifier": ".body.id" });
        for (mapping, code) in [
            (
                json!({ "blueprint": "b", "entity": {} }),
                "config::missing_field",
            ),
            (
                json!({ "blueprint": "a b", "entity": entity }),
                "config::pattern",
            ),
            (
                json!({ "blueprint": "b", "fliter": "true", "entity": entity }),
                "config::unknown_field",
            ),
            (
                json!({ "blueprint": "b", "operation": "upsert", "entity": entity }),
                "config::unknown_value",
            ),
            (
                json!({ "blueprint": "b", "entity": { "identifier": "x", "properties": { "n": 5 } } }),
                "config::wrong_type",
            ),
            (
                json!({ "blueprint": "b", "operation": { "type": "create", "deleteDependents": true }, "entity": entity }),
                "config::unknown_field",
            ),
        ] {
            assert_eq!(codes(&with(mapping.clone())), [code], "{mapping}");
        }
        for (key, value, code) in [
            ("identifier", json!("x".repeat(31)), "config::out_of_range"),
            ("identifier", json!(".."), "config::pattern"),
            ("title", json!("x".repeat(31)), "config::out_of_range"),
            (
                "description",
                json!("x".repeat(201)),
                "config::out_of_range",
            ),
            (
                "security",
                json!({ "signatureAlgorithm": "md5" }),
                "config::unknown_value",
            ),
            (
                "url",
                json!("https://ingest.port.io/KEY"),
                "lint::computed_field",
            ),
        ] {
            let mut spec = with(stack());
            spec[key] = value;
            assert_eq!(codes(&spec), [code], "{key}");
        }
        assert_eq!(codes(&json!({ "title": "x" })), ["config::missing_field"]);
    }

    #[test]
    fn blueprints_properties_and_relations_are_mentioned() {
        let mentions = Webhook.mentions(&Value::from(with(stack())));
        let shown: Vec<String> = mentions
            .iter()
            .map(|m| {
                assert_eq!(m.addr.to_string(), "port.blueprint.stack");
                format!("{} {:?} {}", m.at, m.property, m.hard)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "/mappings/0/blueprint None true",
                "/mappings/0/entity/properties/state Some((\"state\", [\"/schema/properties\"])) false",
                "/mappings/0/entity/properties/fixed Some((\"fixed\", [\"/schema/properties\"])) false",
                "/mappings/0/entity/relations/space Some((\"space\", [\"/relations\"])) false",
                "/mappings/0/entity/relations/owner Some((\"owner\", [\"/relations\"])) false",
            ]
        );
    }

    #[test]
    fn what_is_listed_has_exports_and_no_secret() {
        let seen = observed(json!({ "secret": "hunter2", "signatureAlgorithm": "sha256" }));
        assert!(!format!("{seen:?}").contains("hunter2"));
        assert_eq!(
            seen.exports
                .iter()
                .map(|(k, v)| format!("{k} {v}"))
                .collect::<Vec<_>>(),
            ["url \"https://ingest.port.io/KEY\"", "webhookKey \"KEY\""]
        );
        let keys: Vec<&str> = seen
            .value
            .as_map()
            .unwrap()
            .keys()
            .map(Text::as_str)
            .collect();
        assert_eq!(
            keys,
            ["identifier", "title", "enabled", "mappings", "security"]
        );
    }

    #[test]
    fn empty_and_null_security_is_none() {
        for security in [
            json!({}),
            json!(null),
            json!({ "secret": null, "signaturePrefix": null }),
        ] {
            let mut value = observed(security.clone()).value;
            Webhook.canonical(&mut value);
            assert!(value.get("security").is_none(), "{security}");
            let once = value.clone();
            Webhook.canonical(&mut value);
            assert_eq!(value, once);
        }
        let mut value = observed(json!({ "signaturePrefix": "v0=", "secret": null })).value;
        Webhook.canonical(&mut value);
        assert_eq!(
            value.get("security"),
            Some(&Value::from(json!({ "signaturePrefix": "v0=" })))
        );
    }

    #[test]
    fn creating_says_whether_it_is_enabled() {
        let want = Value::from(json!({ "identifier": "a", "title": "A", "icon": null }));
        assert_eq!(
            body(&Webhook.create(&want)),
            (
                "POST /v1/webhooks".to_owned(),
                json!({ "identifier": "a", "title": "A", "enabled": true })
            )
        );
    }

    #[test]
    fn an_update_names_what_changed_and_clears_what_is_gone() {
        let changed = |keys: &[&str]| keys.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>();
        let seen = observed(json!({}));
        let want = Value::from(json!({ "identifier": "stacks", "title": "New" }));
        assert_eq!(
            body(&Webhook.update(&seen, &want, &changed(&["title"]))),
            (
                "PATCH /v1/webhooks/stacks".to_owned(),
                json!({ "title": "New" })
            )
        );
        let all = [
            "description",
            "icon",
            "enabled",
            "mappings",
            "security",
            "integrationType",
        ];
        assert_eq!(
            body(&Webhook.update(&seen, &want, &changed(&all))).1,
            json!({
                "description": "", "icon": "", "enabled": true, "mappings": [], "security": {},
                "integrationType": "custom",
            })
        );
        assert_eq!(Webhook.update(&seen, &want, &[]), []);
    }
}
