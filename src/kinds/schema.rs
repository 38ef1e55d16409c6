//! Shapes as JSON Schema (2020-12) for editors, from the same definitions as the checks.
//!
//! A schema sees files before `${…}` was looked at, so every place also takes a reference: a
//! boolean or number a text that begins with one, a text with limits one that holds one, a map
//! or list `${json:PATH}`. Deliberately not here: what only one kind knows (the kinds' `check`).

use schemars::Schema;
use serde_json::{Map, Value as Json, json};

use crate::kinds::project::{document_shape, project_shape};
use crate::kinds::shape::{Field, Limits, Object, Shape};
use crate::kinds::{ALL, Kind, ingest, trial};

/// A text that begins with a reference: it may become anything.
const REFERENCE: &str = r"^\$\{";
/// A text with a reference in it: its length and characters are not known yet.
const TEMPLATE: &str = r"\$\{";
/// The content of a file in place of a map or list.
const JSON_FILE: &str = r"^\$\{json:[^}]+\}$";

/// The schema of every document of a project's files other than `spaceport.yaml`.
///
/// `kind` decides by `if`/`then` which of the `$defs` its `spec` has, so that an editor speaks
/// of one kind only.
pub fn document_schema() -> Schema {
    let mut schema = whole("spaceport document", document_shape());
    let kinds: Vec<&str> = ALL.iter().map(|kind| kind.name()).collect();
    let choices: Vec<Json> = ALL
        .iter()
        .map(|kind| {
            let spec = json!({ "$ref": format!("#/$defs/{}", kind.name()) });
            // A spec of parts holds what `manage` says, which no schema can follow.
            let part = json!({ "required": ["manage"] });
            when(
                "kind",
                kind.name(),
                json!({ "if": part, "else": { "properties": { "spec": spec } } }),
            )
        })
        .collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert(
            "kind".into(),
            json!({ "enum": kinds.clone(), "description": "What kind of object it is." }),
        );
    }
    schema.insert("allOf".into(), choices.into());
    let definitions: Map<String, Json> = ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), definition(*kind)))
        .collect();
    let mut definitions = definitions;
    for (kind, doc, shape) in OTHERS {
        definitions.insert((*kind).into(), other(kind, doc, shape()));
    }
    let mut object = Map::new();
    for key in [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "allOf",
    ] {
        object.extend(schema.remove(key).map(|value| (key.to_owned(), value)));
    }
    definitions.insert("object".into(), object.into());
    schema.insert("type".into(), "object".into());
    let others = OTHERS.iter().map(|(kind, ..)| *kind);
    let names: Vec<&str> = kinds.into_iter().chain(others.clone()).collect();
    schema.insert(
        "properties".into(),
        json!({ "kind": { "enum": names, "description": "What kind of object it is, or `ingest` or `test`." } }),
    );
    let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    let mut form = reference("object");
    for kind in others {
        let is = json!({ "properties": { "kind": { "const": kind } }, "required": ["kind"] });
        form = json!({ "if": is, "then": reference(kind), "else": form });
    }
    if let Json::Object(form) = form {
        schema.extend(form);
    }
    schema.insert("$defs".into(), definitions.into());
    schema.into()
}

/// What stands after `kind:`, what such documents are, and their fields.
type Form = (&'static str, &'static str, fn() -> &'static Shape);

/// Documents of other forms than that of an object.
const OTHERS: &[Form] = &[
    (ingest::KIND, ingest::DOC, ingest::shape),
    (trial::KIND, trial::DOC, trial::shape),
];

fn other(kind: &str, doc: &str, shape: &Shape) -> Json {
    let mut schema = of(shape, false);
    schema.insert("title".into(), kind.into());
    schema.insert("description".into(), doc.into());
    schema.insert("type".into(), "object".into());
    schema.remove("pattern");
    schema.into()
}

/// The schema of `spaceport.yaml`.
pub fn project_schema() -> Schema {
    whole("spaceport project", project_shape()).into()
}

/// A file is a map and nothing else, so the root takes no reference.
fn whole(title: &str, shape: &Shape) -> Map<String, Json> {
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert("title".into(), title.into());
    schema.extend(of(shape, false));
    schema.insert("type".into(), "object".into());
    schema.remove("pattern");
    schema
}

fn definition(kind: &dyn Kind) -> Json {
    let mut schema = of(kind.shape(), false);
    schema.insert("title".into(), kind.name().into());
    schema.insert("description".into(), kind.doc().into());
    schema.into()
}

/// A shape as a schema; an optional field may be `null`.
///
/// Keywords hold only for the types that they speak of, so one schema can take a number within a
/// range or a text with a pattern; that gives better messages than `anyOf`.
fn of(shape: &Shape, optional: bool) -> Map<String, Json> {
    match shape {
        Shape::Any => Map::new(),
        Shape::Bool => or_text("boolean", REFERENCE, optional),
        Shape::Integer(min, max) => {
            let mut schema = or_text("integer", REFERENCE, optional);
            if *min != i64::MIN {
                schema.insert("minimum".into(), (*min).into());
            }
            if *max != i64::MAX {
                schema.insert("maximum".into(), (*max).into());
            }
            schema
        }
        Shape::Number => or_text("number", REFERENCE, optional),
        Shape::Text(limits) => text(limits, optional),
        Shape::Enum(words) => {
            let mut words: Vec<Json> = words.iter().map(|word| (*word).into()).collect();
            if optional {
                words.push(Json::Null);
            }
            let reference = json!({ "type": "string", "pattern": TEMPLATE });
            one_key("anyOf", json!([{ "enum": words }, reference]))
        }
        Shape::Object(object) => {
            let mut schema = or_text("object", JSON_FILE, optional);
            schema.extend(fields(object, None));
            schema
        }
        Shape::Map { keys, of: values } => {
            let mut schema = or_text("object", JSON_FILE, optional);
            let names = limits_of(keys);
            if !names.is_empty() {
                schema.insert("propertyNames".into(), names.into());
            }
            schema.insert("additionalProperties".into(), of(values, false).into());
            schema
        }
        Shape::List { of: item, count } => {
            let mut schema = or_text("array", JSON_FILE, optional);
            schema.insert("items".into(), of(item, false).into());
            if count.0 > 0 {
                schema.insert("minItems".into(), count.0.into());
            }
            if count.1 < usize::MAX {
                schema.insert("maxItems".into(), count.1.into());
            }
            schema
        }
        Shape::Tagged { tag, variants } => tagged(tag, variants, optional),
        Shape::OneOf(shapes) => {
            let choices: Vec<Json> = shapes.iter().map(|s| of(s, optional).into()).collect();
            one_key("anyOf", choices.into())
        }
    }
}

/// A schema of one type that also takes texts of a pattern.
fn or_text(kind: &str, pattern: &str, optional: bool) -> Map<String, Json> {
    let mut types = vec![kind, "string"];
    if optional {
        types.push("null");
    }
    let mut schema = one_key("type", types.into());
    schema.insert("pattern".into(), pattern.into());
    schema
}

fn text(limits: &Limits, optional: bool) -> Map<String, Json> {
    let kind: Json = if optional {
        json!(["string", "null"])
    } else {
        "string".into()
    };
    let mut schema = one_key("type", kind);
    let rules = limits_of(limits);
    if !rules.is_empty() {
        schema.insert("if".into(), json!({ "pattern": TEMPLATE }));
        schema.insert("else".into(), rules.into());
    }
    if !limits.suggestions.is_empty() {
        schema.insert("examples".into(), limits.suggestions.into());
    }
    schema
}

fn limits_of(limits: &Limits) -> Map<String, Json> {
    let mut rules = Map::new();
    if limits.min > 0 {
        rules.insert("minLength".into(), limits.min.into());
    }
    if limits.max > 0 {
        rules.insert("maxLength".into(), limits.max.into());
    }
    if let Some(charset) = limits.charset {
        if limits.min == 0 {
            // The check lets an empty text pass where no length is demanded.
            rules.insert(
                "anyOf".into(),
                json!([{ "maxLength": 0 }, { "pattern": charset.pattern }]),
            );
        } else {
            rules.insert("pattern".into(), charset.pattern.into());
        }
    }
    rules
}

/// `properties`, `required` and `additionalProperties` of a map; `tag` is allowed beside them.
fn fields(object: &Object, tag: Option<&str>) -> Map<String, Json> {
    let known = || object.fields.iter().filter(|f| !f.rules.computed);
    let mut properties: Map<String, Json> = tag
        .map(|tag| (tag.to_owned(), Json::Bool(true)))
        .into_iter()
        .collect();
    properties.extend(known().map(|f| (f.name.to_owned(), property(f))));
    let required: Vec<&str> = known().filter(|f| f.required).map(|f| f.name).collect();
    let mut schema = one_key("properties", properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    // Also in open bodies: fields that we do not know go to `lifecycle.extra`.
    schema.insert("additionalProperties".into(), false.into());
    schema
}

fn property(field: &Field) -> Json {
    let mut schema = of(&field.shape, !field.required);
    schema.insert("description".into(), field.doc.into());
    if let Some(default) = field.rules.default
        && let Ok(default) = serde_json::from_str::<Json>(default)
    {
        schema.insert("default".into(), default);
    }
    if field.rules.write_only {
        schema.insert("writeOnly".into(), true.into());
    }
    schema.into()
}

fn tagged(tag: &str, variants: &[(&'static str, Object)], optional: bool) -> Map<String, Json> {
    let words: Vec<&str> = variants.iter().map(|(word, _)| *word).collect();
    let reference = json!({ "type": "string", "pattern": TEMPLATE });
    let mut schema = or_text("object", JSON_FILE, optional);
    schema.insert(
        "properties".into(),
        one_key(tag, json!({ "anyOf": [{ "enum": words }, reference] })).into(),
    );
    schema.insert("required".into(), json!([tag]));
    let choices: Vec<Json> = variants
        .iter()
        .map(|(word, object)| when(tag, word, fields(object, Some(tag)).into()))
        .collect();
    schema.insert("allOf".into(), choices.into());
    schema
}

/// `then` holds for maps whose field `key` is this word.
fn when(key: &str, word: &str, then: Json) -> Json {
    let holds = one_key(key, json!({ "const": word }));
    json!({
        "if": { "type": "object", "properties": holds, "required": [key] },
        "then": then,
    })
}

fn one_key(key: &str, value: Json) -> Map<String, Json> {
    Map::from_iter([(key.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;

    use super::*;
    use crate::kinds::check::check;
    use crate::words::{Findings, Node, Place};

    fn validator(schema: Schema) -> Validator {
        let schema = schema.to_value();
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        jsonschema::draft202012::new(&schema).unwrap()
    }

    fn holds(shape: &Shape, json: &Json) -> bool {
        let node = Node::from_json(Place::new(0, 0, 0), json);
        let mut findings = Findings::default();
        check(shape, &node, "spec", &mut findings);
        !findings.has_errors()
    }

    fn document(kind: &str, spec: &Json) -> Json {
        json!({ "kind": kind, "spec": spec })
    }

    #[test]
    fn schema_and_check_agree_about_specs() {
        let validator = validator(document_schema());
        let mapping = |operation: Json| {
            json!({ "identifier": "a", "title": "A", "mappings": [
            { "blueprint": "b", "operation": operation, "entity": { "identifier": ".body.id" } },
        ] })
        };
        let search = |combinator: &str| {
            json!({ "identifier": "a", "title": "A", "mappings": [{
            "blueprint": "b",
            "entity": { "identifier": { combinator: "'and'", "rules": [{ "property": "'x'" }] } },
        }] })
        };
        let policy = |engine: Json| {
            json!({
                "name": "P", "type": "PLAN", "body": "package spacelift", "space": "root",
                "engineType": engine,
            })
        };
        let hook = |headers: Json| {
            json!({
                "name": "W", "endpoint": "https://a.example", "space": "root", "secretHeaders": headers,
            })
        };
        for (kind, spec, good) in [
            (
                "port.secret",
                json!({ "secretName": "A", "secretValue": "x" }),
                true,
            ),
            (
                "port.secret",
                json!({ "secretName": "A", "secretValue": "x", "description": null }),
                true,
            ),
            (
                "port.secret",
                json!({ "secretName": "A", "secretValue": null }),
                false,
            ),
            (
                "port.secret",
                json!({ "secretName": "", "secretValue": "x" }),
                false,
            ),
            (
                "port.secret",
                json!({ "secretName": "a b", "secretValue": "x" }),
                false,
            ),
            ("port.secret", json!({ "secretName": "A" }), false),
            (
                "port.secret",
                json!({ "secretName": "A", "secretValue": "x", "other": 1 }),
                false,
            ),
            ("port.secret", json!("text"), false),
            ("port.webhook", mapping(json!(null)), true),
            ("port.webhook", mapping(json!("delete")), true),
            ("port.webhook", mapping(json!("upsert")), false),
            ("port.webhook", mapping(json!({ "type": "create" })), true),
            (
                "port.webhook",
                mapping(json!({ "type": "delete", "deleteDependents": false })),
                true,
            ),
            (
                "port.webhook",
                mapping(json!({ "type": "create", "deleteDependents": false })),
                false,
            ),
            (
                "port.webhook",
                mapping(json!({ "deleteDependents": false })),
                false,
            ),
            ("port.webhook", mapping(json!(["delete"])), false),
            ("port.webhook", search("combinator"), true),
            ("port.webhook", search("combine"), false),
            (
                "port.webhook",
                json!({ "identifier": "..", "title": "A" }),
                false,
            ),
            (
                "port.webhook",
                json!({ "identifier": "ä/é", "title": "A", "enabled": false }),
                true,
            ),
            (
                "port.webhook",
                json!({ "identifier": "a", "title": "A", "enabled": "yes" }),
                false,
            ),
            (
                "port.webhook",
                json!({ "identifier": "a", "title": "x".repeat(31) }),
                false,
            ),
            (
                "port.webhook",
                json!({ "identifier": "a", "title": "ä".repeat(30) }),
                true,
            ),
            (
                "port.webhook",
                json!({ "identifier": "a", "title": "A", "mappings": {} }),
                false,
            ),
            ("spacelift.policy", policy(json!("REGO_V1")), true),
            ("spacelift.policy", policy(json!(null)), true),
            ("spacelift.policy", policy(json!("rego")), false),
            ("spacelift.policy", policy(json!(1)), false),
            ("spacelift.webhook", hook(json!({ "X-Key": "text" })), true),
            ("spacelift.webhook", hook(json!({ "X Key": "text" })), false),
            ("spacelift.webhook", hook(json!({ "X-Key": 1 })), false),
            ("spacelift.webhook", hook(json!(["X-Key"])), false),
        ] {
            let shape = crate::kinds::find(kind).unwrap().shape();
            assert_eq!(
                validator.is_valid(&document(kind, &spec)),
                good,
                "schema: {kind} {spec}"
            );
            assert_eq!(holds(shape, &spec), good, "check: {kind} {spec}");
        }
    }

    #[test]
    fn schema_and_check_agree_about_tests() {
        let validator = validator(document_schema());
        let test = |key: &str, start: Json, expect: Json| json!({ "kind": "test", "name": "t", key: start, "expect": expect });
        let nothing = || json!({ "nothing": true });
        for (whole, good) in [
            (test("payload", json!("a.json"), nothing()), true),
            (test("payload", json!({ "a": 1 }), nothing()), true),
            (test("payload", json!([]), nothing()), false),
            (
                test("event", json!({ "run_updated": "a.json" }), nothing()),
                true,
            ),
            (
                test("event", json!({ "run_update": "a.json" }), nothing()),
                false,
            ),
            (
                test(
                    "run",
                    json!({ "action": "a" }),
                    json!({ "automations": ["port.automation.b"] }),
                ),
                true,
            ),
            (
                test(
                    "run",
                    json!({ "action": "a" }),
                    json!({ "automations": ["b"] }),
                ),
                false,
            ),
            (test("action", json!({ "inputs": {} }), nothing()), false),
            (test("spec", json!({}), nothing()), false),
            (
                test("payload", json!("a.json"), json!({ "dropped": ["a", "b"] })),
                true,
            ),
        ] {
            assert_eq!(validator.is_valid(&whole), good, "schema: {whole}");
            assert_eq!(holds(trial::shape(), &whole), good, "check: {whole}");
        }
        assert!(!validator.is_valid(&json!({ "kind": "test", "name": "t" })));
    }

    #[test]
    fn schema_and_check_agree_about_ingests() {
        let validator = validator(document_schema());
        let ingest = |key: &str, value: Json| {
            let mut whole = json!({
                "kind": "ingest", "name": "stacks", "from": "spacelift.stacks",
                "blueprint": "stack", "mapping": { "identifier": ".item.id" },
            });
            whole[key] = value;
            whole
        };
        let mapping = |key: &str, value: Json| {
            ingest("mapping", json!({ "identifier": ".item.id", key: value }))
        };
        for (whole, good) in [
            (ingest("from", json!("spacelift.policies")), true),
            (ingest("from", json!("spacelift.runs")), false),
            (ingest("name", json!("all stacks")), false),
            (ingest("environments", json!(["prod"])), true),
            (ingest("filter", json!(".item.state != null")), true),
            (ingest("filter", json!(true)), false),
            (ingest("blueprint", json!("..")), false),
            (ingest("prune", json!("delete")), true),
            (ingest("prune", json!(true)), false),
            (ingest("limits", json!({ "percent": 100 })), true),
            (ingest("limits", json!({ "percent": 101 })), false),
            (ingest("mapping", json!({ "title": ".item.name" })), false),
            (mapping("properties", json!({ "a": ".item.a" })), true),
            (mapping("properties", json!({ "a b": ".item.a" })), false),
            (mapping("properties", json!({ "a": 1 })), false),
            (mapping("relations", json!({ "a": ".item.a" })), true),
            (
                mapping("team", json!({ "combinator": "'and'", "rules": [] })),
                false,
            ),
            (ingest("spec", json!({})), false),
        ] {
            assert_eq!(validator.is_valid(&whole), good, "schema: {whole}");
            assert_eq!(holds(ingest::shape(), &whole), good, "check: {whole}");
        }
        assert!(validator.is_valid(&ingest("blueprint", json!("${var.b}"))));
        assert!(!validator.is_valid(&json!({ "kind": "ingest", "name": "stacks" })));
    }

    #[test]
    fn schema_and_check_agree_about_what_surrounds_a_spec() {
        let validator = validator(document_schema());
        for (more, good) in [
            (json!({}), true),
            (json!({ "ref": "token", "environments": ["prod"] }), true),
            (json!({ "ref": "a\"]b" }), false),
            (json!({ "environments": [] }), false),
            (
                json!({ "lifecycle": { "protect": true, "ignore": ["/description"], "adopt": false,
                "seed": true, "extra": { "new": [1] } } }),
                true,
            ),
            (json!({ "lifecycle": { "ignore": ["description"] } }), false),
            (json!({ "lifecycle": { "protected": true } }), false),
            (json!({ "lifecyle": {} }), false),
            (json!({ "kind": null }), false),
        ] {
            let spec = json!({ "secretName": "A", "secretValue": "x" });
            let mut whole = document("port.secret", &spec);
            for (key, value) in more.as_object().unwrap() {
                whole[key] = value.clone();
            }
            assert_eq!(validator.is_valid(&whole), good, "schema: {more}");
            assert_eq!(holds(document_shape(), &whole), good, "check: {more}");
        }
        assert!(!validator.is_valid(&json!({ "kind": "port.secret" })));
        assert!(!validator.is_valid(&json!([])));
        assert!(!validator.is_valid(&document("port.secrets", &json!({}))));
    }

    #[test]
    fn references_stand_for_everything_that_is_not_known_yet() {
        let validator = validator(document_schema());
        let title = format!("{}${{var.name}}", "x".repeat(40));
        for spec in [
            json!("${json:webhook.json}"),
            json!({ "identifier": "a", "title": title, "enabled": "${var.on}",
                "mappings": "${json:mappings.json}" }),
            json!({ "identifier": "${var.id}", "title": "A", "integrationType": "${var.type}",
                "security": { "signatureAlgorithm": "${env.ALGORITHM}" } }),
            json!({ "identifier": "a", "title": "A", "mappings": [{ "blueprint": "${var.b}",
                "operation": { "type": "${var.operation}" }, "entity": "${json:entity.json}" }] }),
        ] {
            assert!(
                validator.is_valid(&document("port.webhook", &spec)),
                "{spec}"
            );
        }
        for spec in [
            json!("${file:webhook.json}"),
            json!({ "identifier": "a", "title": "A", "enabled": "not ${var.on}" }),
            json!({ "identifier": "a", "title": "A", "mappings": "${var.mappings}" }),
        ] {
            assert!(
                !validator.is_valid(&document("port.webhook", &spec)),
                "{spec}"
            );
        }
    }

    #[test]
    fn schema_and_check_agree_about_the_project_file() {
        let validator = validator(project_schema());
        for (more, good) in [
            (json!({}), true),
            (
                json!({
                    "port": { "region": "eu" },
                    "spacelift": { "account": "acme", "runtime": { "key_id": "a", "key_secret": "b" } },
                    "ledger": { "file": "ledger.json" },
                    "limits": { "deletes": 5, "percent": 30 },
                    "variables": { "a": "x", "b": { "default": "y", "description": "z" }, "c": {} },
                    "env": ["TEAM_CHANNEL"],
                    "external": ["port.blueprint.service", "port.blueprint[\"a/b\"]"],
                    "environments": { "staging": { "port": { "region": "us" }, "ledger": "none" } },
                    "default_environment": "staging",
                }),
                true,
            ),
            (json!({ "version": 2 }), false),
            (json!({ "version": "1" }), false),
            (json!({ "project": "a/b" }), false),
            (json!({ "project": null }), false),
            (json!({ "port": { "region": "de" } }), false),
            (json!({ "port": { "host": "https://a.example" } }), false),
            (json!({ "spacelift": { "account": "a.example/#" } }), false),
            (json!({ "spacelift": { "account": "-a" } }), false),
            (
                json!({ "spacelift": { "runtime": { "key_id": "a" } } }),
                false,
            ),
            (json!({ "ledger": "file" }), false),
            (json!({ "limits": { "percent": 101 } }), false),
            (json!({ "limits": { "deletes": -1 } }), false),
            (json!({ "limits": { "deletes": 1.5 } }), false),
            (
                json!({ "variables": { "a": 1, "b": true, "c": { "default": 1.5 } } }),
                true,
            ),
            (json!({ "variables": { "a": [] } }), false),
            (json!({ "variables": { "a": { "default": {} } } }), false),
            (json!({ "variables": { "a b": "x" } }), false),
            (json!({ "external": ["blueprint.service"] }), false),
            (
                json!({ "environments": { "prod": { "project": "b" } } }),
                false,
            ),
            (
                json!({ "environments": { "prod": { "environments": {} } } }),
                false,
            ),
            (json!({ "environments": { "prod": null } }), false),
            (json!({ "enviroments": {} }), false),
        ] {
            let mut whole = json!({ "version": 1, "project": "acme-portal" });
            for (key, value) in more.as_object().unwrap() {
                whole[key] = value.clone();
            }
            assert_eq!(validator.is_valid(&whole), good, "schema: {more}");
            assert_eq!(holds(project_shape(), &whole), good, "check: {more}");
        }
        assert!(!validator.is_valid(&json!("${json:spaceport.json}")));
    }

    #[test]
    fn fields_carry_their_documentation_and_the_servers_own_are_left_out() {
        let schema = document_schema().to_value();
        let webhook = &schema["$defs"]["spacelift.webhook"]["properties"];
        assert_eq!(webhook["secret"]["writeOnly"], true);
        assert_eq!(webhook["enabled"]["default"], true);
        assert!(webhook.get("createdAt").is_none());
        for kind in ALL {
            let properties = &schema["$defs"][kind.name()]["properties"];
            for (name, property) in properties.as_object().unwrap() {
                assert!(
                    property["description"].is_string(),
                    "{} {name}",
                    kind.name()
                );
            }
        }
    }
}
