//! Bad input: each mistake in the files is a finding at its place, all at once, and nothing is sent.

use serde_json::Value;

use crate::world::{PROJECT, World, blueprint};

/// One mistake each: its code, its line, exit 3, and not a single request.
#[test]
fn a_mistake_is_a_finding_at_its_place() {
    let service = blueprint("service", "Service");
    for (text, code, line) in [
        ("kind: port.blueprint\nspec: [a\n", "yaml::syntax", None),
        (
            "kind: port.blueprint\nkind: port.action\n",
            "yaml::duplicate_key",
            Some(2),
        ),
        (
            "kind: port.bluprint\nspec: {}\n",
            "config::unknown_kind",
            Some(1),
        ),
        (
            "kind: port.blueprint\nspek: {}\n",
            "config::unknown_field",
            Some(2),
        ),
        (
            &service.replace("schema:", "shema:"),
            "config::unknown_field",
            Some(5),
        ),
        (
            &service.replace("title: Service", "title: [1]"),
            "config::wrong_type",
            Some(4),
        ),
        (
            &service.replace("title: Service", "title: \"${var.missing}\""),
            "ref::missing_variable",
            Some(4),
        ),
        (
            &service.replace("title: Service", "title: \"${env.MISSING}\""),
            "ref::env_not_listed",
            Some(4),
        ),
        (
            &service.replace("title: Service", "title: \"${file:missing.txt}\""),
            "ref::file",
            Some(4),
        ),
        (
            &service.replace("title: Service", "title: \"${port\""),
            "ref::syntax",
            Some(4),
        ),
        (
            &service.replace("title: Service", "title: \"${port.webhook.none.url}\""),
            "ref::unresolved",
            Some(4),
        ),
        (
            &format!("{service}---\n{service}"),
            "config::duplicate_address",
            Some(9),
        ),
        (
            &service.replace("identifier: service", "identifier: a b"),
            "config::pattern",
            Some(3),
        ),
        ("- identifier: service\n", "config::document", Some(1)),
        (
            "identifier: service\nschema: {}\n",
            "config::bare_object",
            Some(1),
        ),
    ] {
        let world = World::new();
        world.write("mistake.yaml", text);
        let findings = findings(&world);
        let found = findings.iter().find(|finding| finding["code"] == code);
        let found = found.unwrap_or_else(|| panic!("no {code} in {findings:#?}\n{text}"));
        assert_eq!(found["file"], "mistake.yaml", "{text}");
        if let Some(line) = line {
            assert_eq!(found["line"], line, "{text}");
        }
        if found["severity"] == "error" {
            world.apply().exits(3).says(code);
            world.plan().exits(3);
            assert!(world.sandbox.requests().is_empty(), "{text}");
        }
    }
}

/// Several mistakes in several files are told in one run.
#[test]
fn all_mistakes_are_told_at_once() {
    let world = World::new();
    world.write("a.yaml", "kind: port.bluprint\nspec: {}\n");
    world.write("b.yaml", &blueprint("b", "[1]"));
    world.write("c.yaml", "kind: [\n");
    let findings = findings(&world);
    for file in ["a.yaml", "b.yaml", "c.yaml"] {
        assert!(findings.iter().any(|f| f["file"] == file), "{findings:#?}");
    }
}

/// Objects that need each other in a circle cannot be created.
#[test]
fn a_cycle_of_references_is_a_finding() {
    let world = World::new();
    for (name, other) in [("a", "b"), ("b", "a")] {
        world.write(
            &format!("{name}.yaml"),
            &format!(
                "kind: spacelift.webhook\nref: {name}\nspec:\n  name: Hook {name}\n  endpoint: \"https://example.com/${{spacelift.webhook.{other}.id}}\"\n  space: root\n"
            ),
        );
    }
    let findings = findings(&world);
    assert!(
        findings.iter().any(|f| f["code"] == "ref::cycle"),
        "{findings:#?}"
    );
    world.apply().exits(3);
    assert!(world.sandbox.requests().is_empty());
}

/// A file that cannot be read is a finding and not an empty file.
#[test]
fn what_cannot_be_read_is_a_finding() {
    let world = World::new();
    std::fs::write(world.path("latin.yaml"), b"kind: \xe4\n").expect("a file");
    world.apply().exits(3).says("latin.yaml");
    world.write("latin.yaml", &format!("# {}\n", "x".repeat(1024 * 1024)));
    world.apply().exits(3).says("latin.yaml");
}

/// What an object refers to must be in the project or in the service.
#[test]
fn a_reference_is_looked_up_in_the_service() {
    let world = World::new();
    world.write("hook.yaml", &hook("${port.webhook.intake.url}"));
    world
        .run(&["validate"])
        .exits(0)
        .says("port.webhook.intake");
    world.plan().exits(3).says("port.webhook.intake");
    world.apply().exits(3).says("port.webhook.intake");
    assert_eq!(world.writes(), [""; 0]);

    let body = serde_json::json!({"identifier": "intake", "title": "Intake", "enabled": true});
    world.port(reqwest::Method::POST, "/v1/webhooks", body);
    world.applied();
    let url = world.of_port("webhooks", "intake")["url"].clone();
    assert_eq!(world.of_spacelift("webhooks", "Hook")["endpoint"], url);
    world.plan().exits(0);
}

/// The settings are checked like everything else.
#[test]
fn mistakes_in_the_settings_are_findings() {
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("project: stories", "projekt: stories"),
        ("region: eu", "region: mars"),
        ("{ file: ledger.json }", "{ fiel: ledger.json }"),
    ] {
        let world = World::new();
        world.write("service.yaml", &blueprint("service", "Service"));
        world.write("spaceport.yaml", &PROJECT.replace(from, to));
        world.apply().exits(3).says("spaceport.yaml");
        assert!(world.sandbox.requests().is_empty(), "{to}");
    }
}

fn hook(endpoint: &str) -> String {
    format!(
        "kind: spacelift.webhook\nspec:\n  name: Hook\n  endpoint: \"{endpoint}\"\n  space: root\n"
    )
}

fn findings(world: &World) -> Vec<Value> {
    let ran = world.run(&["validate", "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.out).expect("JSON");
    list["findings"].as_array().expect("a list").clone()
}
