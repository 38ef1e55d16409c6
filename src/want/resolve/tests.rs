//! Stories of resolving: what a text becomes, by where it stands.

use std::collections::BTreeMap;

use super::*;
use crate::want::source::Included;
use crate::want::yaml;
use crate::words::Value;

/// A project's files and settings.
struct World {
    config: Config,
    folder: Folder,
    env: BTreeMap<String, String>,
}

impl World {
    fn new() -> World {
        let mut config = Config {
            region: Some("eu".into()),
            account: Some("acme".into()),
            ..Config::default()
        };
        for (name, yaml) in [("text", "a b"), ("flag", "true"), ("count", "3")] {
            let (nodes, _) = yaml::read(0, yaml);
            config.variables.insert(name.into(), nodes[0].clone());
        }
        config.env.insert("LISTED".into());
        World {
            config,
            folder: Folder::default(),
            env: [("LISTED".to_owned(), "from outside".to_owned())].into(),
        }
    }

    fn file(&mut self, path: &str, text: &str) {
        let file = self.folder.sources.add(path, text);
        let (nodes, _) = yaml::read(file, text);
        let included = Included { file, nodes };
        self.folder.included.insert(path.into(), Ok(included));
    }

    /// What `spec` becomes when `/secret` is write-only, with the codes of what was found.
    fn resolve(&mut self, spec: &str) -> (Value, Vec<&'static str>) {
        let file = self.folder.sources.add("spec.yaml", spec);
        let (nodes, _) = yaml::read(file, spec);
        let write_only = [Pointer::root().join("secret")];
        let context = Context {
            config: &self.config,
            folder: &self.folder,
            env: &self.env,
        };
        let mut resolver = Resolver::new(context, &write_only);
        let value = resolver.resolve(&nodes[0]).to_value();
        let codes = resolver.findings.iter().map(|f| f.code).collect();
        (value, codes)
    }

    /// The JSON that a spec becomes without any finding.
    fn fine(&mut self, spec: &str) -> String {
        let (value, codes) = self.resolve(spec);
        assert_eq!(codes, [""; 0], "{spec}");
        value.to_string()
    }

    /// The references that a secret keeps.
    fn origin(&mut self, spec: &str) -> String {
        let (value, codes) = self.resolve(spec);
        assert_eq!(codes, [""; 0], "{spec}");
        let secrets = value.secrets().into_iter();
        let origins: Vec<String> = secrets
            .map(|(at, source)| format!("{at} {}", source.origin()))
            .collect();
        origins.join(", ")
    }
}

#[test]
fn a_value_that_is_one_reference_keeps_its_type() {
    let mut world = World::new();
    assert_eq!(world.fine("a: ${var.flag}"), r#"{"a":true}"#);
    assert_eq!(world.fine("a: ${var.count}"), r#"{"a":3}"#);
    assert_eq!(world.fine("a: x${var.count}"), r#"{"a":"x3"}"#);
    assert_eq!(world.fine("a: ${env.LISTED}"), r#"{"a":"from outside"}"#);
    world.file("list.json", r#"["${var.text}", {"b": null}]"#);
    assert_eq!(
        world.fine("a: ${json:list.json}"),
        r#"{"a":["a b",{"b":null}]}"#
    );
}

#[test]
fn addresses_are_the_configured_ones() {
    let mut world = World::new();
    let text = world.fine("a: ${port.api_url}/v1 ${spacelift.url} ${spacelift.graphql_url}");
    assert_eq!(
        text,
        r#"{"a":"https://api.port.io/v1 https://acme.app.spacelift.io https://acme.app.spacelift.io/graphql"}"#
    );
}

#[test]
fn attributes_wait_and_files_wait_with_them() {
    let mut world = World::new();
    world.file("p.rego", "id: ${spacelift.webhook.w.id} $${x}");
    let (value, codes) = world.resolve("a: ${file:p.rego}");
    assert_eq!(codes, [""; 0]);
    assert_eq!(
        value.to_string(),
        r#"{"a":"(known after apply: spacelift.webhook.w id)"}"#
    );
    let Some(Value::Deferred(template)) = value.get("a") else {
        panic!("it waits: {value:?}");
    };
    let text = template.render(&mut |_| Some("w-1".into()));
    assert_eq!(text.as_deref(), Some("id: w-1 ${x}"));
}

#[test]
fn a_secret_keeps_its_references_and_never_a_text() {
    let mut world = World::new();
    // Neither listed nor set, and a credential of our own: a secret may read them.
    assert_eq!(world.origin("secret: ${env.KEY}"), "/secret ${env.KEY}");
    assert_eq!(
        world.origin("secret: Bearer ${env.PORT_CLIENT_SECRET}"),
        "/secret ${env.PORT_CLIENT_SECRET}"
    );
    assert_eq!(
        world.origin("secret: { one: \"${env.A}\", two: \"${env.B}\" }"),
        "/secret/one ${env.A}, /secret/two ${env.B}"
    );
    world.file("token.txt", "Bearer ${env.LISTED}");
    assert_eq!(
        world.origin("secret: ${file:token.txt}"),
        "/secret ${env.LISTED}"
    );
    world.file("headers.json", r#"{ "X-Key": "${env.A}" }"#);
    assert_eq!(
        world.origin("secret: ${json:headers.json}"),
        "/secret/X-Key ${env.A}"
    );
    world.file("text.json", "\"${env.A}\"");
    assert_eq!(
        world.origin("secret: ${json:text.json}"),
        "/secret ${env.A}"
    );
    assert_eq!(
        world.origin("secret: x${json:text.json}"),
        "/secret ${env.A}"
    );
}

#[test]
fn a_text_in_the_file_is_told_and_not_shown() {
    let mut world = World::new();
    world.file("token.txt", "hunter2");
    for spec in ["secret: hunter2", "secret: ${file:token.txt}"] {
        let (value, codes) = world.resolve(spec);
        assert_eq!(codes, ["lint::literal_secret"], "{spec}");
        assert!(!format!("{value:?} {value}").contains("hunter2"), "{spec}");
    }
}

#[test]
fn one_problem_is_told_once_and_stops_no_other() {
    let mut world = World::new();
    let (value, codes) = world.resolve("a: ${var.gone}\nb: ${oops}\nc: ${var.text}");
    assert_eq!(codes, ["ref::missing_variable", "ref::syntax"]);
    assert_eq!(value.get_text("c"), Some("a b"));
}
