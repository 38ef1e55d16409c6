//! Organizations that were there before us, written down as files: the plan of those files is empty.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::clicked::clicked;
use crate::world::World;

/// Every file below a folder, by path.
fn files(world: &World, folder: &str) -> BTreeSet<String> {
    fn walk(at: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => walk(&path, root, found),
                false => {
                    let path = path.strip_prefix(root).expect("below").to_str();
                    found.insert(path.expect("text").replace('\\', "/"));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    let root = world.path(folder);
    walk(&root, &root, &mut found);
    found
}

/// Done when 2: two hundred objects of all kinds become files that a plan calls equal, with
/// references and without, and not one of their secrets is in a file.
#[test]
fn two_hundred_objects_become_files_that_are_equal() {
    let world = World::new();
    let made = clicked(&world, 7, 25);
    assert!(made >= 200, "{made}");
    for flag in [None, Some("--with-references")] {
        let out = world.path("live");
        let mut arguments = vec!["export", "--out", out.to_str().expect("text")];
        arguments.extend(flag);
        world.forget_requests();
        let ran = world.run(&arguments).exits(0).hides("canary");
        assert!(!ran.err.contains("Not exported"), "{}", ran.err);
        assert_eq!(world.writes(), [""; 0]);
        let documents = files(&world, "live");
        let yaml = documents.iter().filter(|path| path.ends_with(".yaml"));
        assert_eq!(yaml.count(), made, "{}", ran.err);
        for path in &documents {
            let text = world.read(&format!("live/{path}"));
            assert!(!text.contains("canary"), "{path}\n{text}");
            assert!(!text.contains("https://ingest"), "{path}\n{text}");
        }
        let extra = |path: &&String| world.read(&format!("live/{path}")).contains("unknownToUs:");
        assert!(
            documents.iter().any(|path| extra(&path)),
            "what we do not know is kept"
        );
        let plan = world.plan().exits(0);
        for word in [" to create", " to update", " to replace", " to delete"] {
            assert!(!plan.out.contains(word), "{}", plan.out);
        }
        assert!(plan.out.contains(&format!("{made}")), "{}", plan.out);
        std::fs::remove_dir_all(&out).expect("the folder is there");
    }
}

/// Somebody clicks a blueprint together.
fn blueprint(world: &World, identifier: &str) {
    let body = json!({
        "identifier": identifier, "title": "Clicked", "schema": {"properties": {"a": {"type": "string"}}},
    });
    world.port(Method::POST, "/v1/blueprints", body);
}

/// Somebody clicks a policy together.
fn policy(world: &World, name: &str, labels: Value, body: &str) {
    let input = json!({
        "name": name, "type": "NOTIFICATION", "engineType": "REGO_V1", "body": body, "space": "root",
        "labels": labels,
    });
    let query = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    world.spacelift(query, json!({"input": input}));
}

const NOBODY: &str = "package spacelift\n\nsample := true\n";

/// Without a folder the documents come on stdout, bodies included, and can be read back.
#[test]
fn documents_on_stdout_are_a_project() {
    let world = World::new();
    blueprint(&world, "service");
    policy(&world, "Gate ${x}", json!(["b", "a"]), NOBODY);
    let ran = world.run(&["export"]).exits(0);
    insta::assert_snapshot!(ran.out, @r#"
    kind: port.blueprint
    spec:
      identifier: service
      title: Clicked
      schema:
        properties:
          a:
            type: string
    ---
    kind: spacelift.policy
    ref: gate-x
    spec:
      name: "Gate $${x}"
      type: NOTIFICATION
      body: |
        package spacelift

        sample := true
      space: root
      labels:
        - a
        - b
      engineType: REGO_V1
    "#);
    world.write("all.yaml", &ran.out);
    world.plan().exits(0).says("2 objects exist already");
}

/// What the project has is left out unless it is named, and a named one keeps its address.
#[test]
fn what_the_project_has_is_left_out_unless_it_is_named() {
    let world = World::new();
    blueprint(&world, "service");
    blueprint(&world, "other");
    let text = "kind: port.blueprint\nref: ours\nspec:\n  identifier: service\n  title: Clicked\n  schema: { properties: { a: { type: string } } }\n";
    world.write("service.yaml", text);
    let ran = world
        .run(&["export"])
        .exits(0)
        .says("1 object is in the project already");
    assert!(
        ran.out.contains("other") && !ran.out.contains("service"),
        "{}",
        ran.out
    );
    let ran = world.run(&["export", "port.blueprint.ours"]).exits(0);
    assert!(ran.out.contains("ref: ours"), "{}", ran.out);
    world
        .run(&["export", "port.blueprint.ouch"])
        .exits(64)
        .says("nothing live fits");
}

/// Identifiers lead nowhere: files stay in their folder, and none is ever overwritten.
#[test]
fn hostile_identifiers_lead_nowhere() {
    let world = World::new();
    for identifier in ["../../up", "CON", "con", "a/b", ".hidden", "-"] {
        blueprint(&world, identifier);
    }
    let out = world.path("live");
    let out = out.to_str().expect("text");
    world.run(&["export", "--out", out]).exits(0);
    let expected = [
        "port/blueprint/a-b.yaml",
        "port/blueprint/hidden.yaml",
        "port/blueprint/object-2.yaml",
        "port/blueprint/object-CON.yaml",
        "port/blueprint/object-con-2.yaml",
        "port/blueprint/object.yaml",
        "port/blueprint/up.yaml",
    ];
    let found = files(&world, "live");
    assert!(
        found.iter().all(|path| expected.contains(&path.as_str())),
        "{found:?}"
    );
    assert_eq!(found.len(), 6);
    world.plan().exits(0);
    // Again: everything is known by now, and named objects would overwrite their files.
    let before = world.read("live/port/blueprint/up.yaml");
    world
        .run(&["export", "--out", out, "port.blueprint.*"])
        .exits(3)
        .says("already");
    assert_eq!(world.read("live/port/blueprint/up.yaml"), before);
    world
        .run(&["export", "--out", out])
        .exits(0)
        .says("Exported 0 objects");
}

/// A link that leads out of the folder is not followed.
#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    let world = World::new();
    blueprint(&world, "service");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let live = tempfile::tempdir().expect("a folder");
    let out = live.path();
    std::fs::create_dir_all(out.join("port")).expect("a folder");
    std::os::unix::fs::symlink(elsewhere.path(), out.join("port/blueprint")).expect("a link");
    world
        .run(&["export", "--out", out.to_str().expect("text")])
        .exits(3)
        .says("leads out of");
    assert_eq!(
        std::fs::read_dir(elsewhere.path())
            .expect("a folder")
            .count(),
        0
    );
}

/// The last part of an intake URL.
fn made_key(url: &str) -> &str {
    url.rsplit('/').next().expect("a key")
}

/// What no file can mean is named: twins, and what belongs to another project.
#[test]
fn what_cannot_be_exported_is_said() {
    let world = World::new();
    for _ in 0..2 {
        let input = json!({"name": "Twin", "description": "", "parentSpace": "root", "inheritEntities": false, "labels": []});
        let query = "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
        world.spacelift(query, json!({"input": input}));
    }
    policy(&world, "Theirs", json!(["spaceport:elsewhere"]), NOBODY);
    let endpoint = "https://ingest.us.port.io/keyOfAnotherOrganization";
    let foreign = json!({"name": "Foreign", "endpoint": endpoint, "enabled": true, "labels": [], "space": "root"});
    let query = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    world.spacelift(query, json!({"input": foreign}));
    let ran = world
        .run(&["export"])
        .exits(0)
        .says("2 live objects are named `Twin`")
        .says("spaceport:elsewhere")
        .says("`spacelift.webhook.foreign`")
        .hides("keyOfAnotherOrganization");
    assert_eq!(ran.out, "");
}

/// What the checks of files would refuse is left out with their words, so that the rest is a project.
#[test]
fn what_would_be_a_finding_is_left_out() {
    let world = World::new();
    blueprint(&world, "service");
    let mapping = json!({"blueprint": "service", "entity": {"identifier": ".id", "properties": {"gone": ".x"}}});
    let webhook =
        json!({"identifier": "in", "title": "In", "enabled": true, "mappings": [mapping]});
    world.port(Method::POST, "/v1/webhooks", webhook);
    let ran = world
        .run(&["export"])
        .exits(0)
        .says("`port.webhook.in`")
        .says("has no property");
    world.write("all.yaml", &ran.out);
    world
        .plan()
        .exits(0)
        .says("port.blueprint.service exists already");
}

/// A literal credential in a header stays in the service and out of every file, also when the
/// object is changed later.
#[test]
fn literal_credentials_stay_where_they_are() {
    let world = World::new();
    let action = json!({
        "identifier": "run", "title": "Run",
        "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
        "invocationMethod": {
            "type": "WEBHOOK", "url": "https://hooks.example.com/in",
            "headers": {"Authorization": "Bearer canary", "X-Team": "a"},
        },
    });
    world.port(Method::POST, "/v1/actions", action);
    let ran = world
        .run(&["export"])
        .exits(0)
        .hides("canary")
        .says("holds a credential");
    assert!(
        ran.out
            .contains("ignore:\n    - /invocationMethod/headers/Authorization"),
        "{}",
        ran.out
    );
    world.write("run.yaml", &ran.out.replace("title: Run", "title: Other"));
    world
        .run(&["apply", "--yes", "--adopt", "all"])
        .exits(0)
        .hides("canary");
    let live = world.of_port("actions", "run");
    assert_eq!(live["title"], "Other");
    assert_eq!(
        live["invocationMethod"]["headers"]["Authorization"],
        "Bearer canary"
    );
}

/// Ids become references, to what is exported or declared only, and the graph knows them.
#[test]
fn ids_become_references_with_edges() {
    let world = World::new();
    let mapper = json!({"identifier": "mapper", "title": "Mapper", "enabled": true, "mappings": [], "security": {}});
    let made = world.port(Method::POST, "/v1/webhooks", mapper);
    let url = made["integration"]["url"]
        .as_str()
        .expect("a url")
        .to_owned();
    let space = json!({"name": "Platform", "description": "", "parentSpace": "root", "inheritEntities": true, "labels": []});
    let query = "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
    let made = world.spacelift(query, json!({"input": space}));
    let input = json!({
        "name": "port", "endpoint": url, "enabled": true, "labels": [], "space": made["spaceCreate"]["id"],
    });
    let query = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    world.spacelift(query, json!({"input": input}));
    // The same address in its older spelling.
    let key = made_key(&url);
    let old = json!({
        "name": "old", "endpoint": format!("https://ingest.getport.io/{key}"), "enabled": true, "labels": [],
        "space": "root",
    });
    world.spacelift(query, json!({"input": old}));
    let body = "package spacelift\n\n# port is not \"portal\"\nwebhook contains {\"endpoint_id\": \"port\"} if { input.port }\n";
    policy(&world, "Notify", json!([]), body);

    // The address that events are posted to is never written out; the rest stays as it is.
    let plain = world.run(&["export"]).exits(0).hides(&url);
    assert!(
        plain
            .out
            .contains("endpoint: \"${port.webhook.mapper.url}\""),
        "{}",
        plain.out
    );
    assert!(
        plain.out.contains("\"endpoint_id\": \"port\""),
        "{}",
        plain.out
    );

    let out = world.path("live");
    let out = out.to_str().expect("text");
    world
        .run(&["export", "--with-references", "--out", out])
        .exits(0)
        .hides(&url);
    let rego = world.read("live/policies/notify.rego");
    let expected = body.replace("\"port\"}", "\"${spacelift.webhook.port.id}\"}");
    assert_eq!(rego, expected);
    let webhook = world.read("live/spacelift/webhook/port.yaml");
    assert!(
        webhook.contains("space: \"${spacelift.space.platform.id}\""),
        "{webhook}"
    );
    let policy = world.read("live/spacelift/policy/notify.yaml");
    assert!(
        policy.contains("body: \"${file:live/policies/notify.rego}\""),
        "{policy}"
    );
    world.plan().exits(0).says("5 objects exist already");
    // A target brings what it needs along: the edges are there.
    world
        .run(&["plan", "--target", "spacelift.policy.notify"])
        .exits(0)
        .says("4 objects");
}

/// Secrets become variables of their own names, which are listed; a plan needs none of them, and
/// what an object has that nobody can read is kept.
#[test]
fn secrets_are_listed_and_needed_only_to_be_sent() {
    let mut world = World::new();
    let secret = json!({"secretName": "PATH", "secretValue": "canary-1"});
    world.port(Method::POST, "/v1/organization/secrets", secret);
    let webhook = json!({
        "identifier": "in", "title": "In", "enabled": true, "mappings": [],
        "security": {"secret": "canary-2", "signatureHeaderName": "X-Signature", "signatureAlgorithm": "sha256"},
    });
    world.port(Method::POST, "/v1/webhooks", webhook);
    let hook = json!({
        "name": "Hook", "endpoint": "https://hooks.example.com/in", "enabled": true, "labels": [],
        "space": "root", "secret": "canary-3",
    });
    let query = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
    world.spacelift(query, json!({"input": hook}));
    let ran = world
        .run(&["export"])
        .exits(0)
        .hides("canary")
        .says("  PORT_SECRET_PATH  port.secret.PATH /secretValue")
        .says("  PORT_WEBHOOK_IN_SECRET  port.webhook.in /security/secret")
        .says("Whether `spacelift.webhook.hook` has a secret is not told");
    assert!(
        !ran.out.contains("secret: \"${env.SPACELIFT"),
        "{}",
        ran.out
    );
    world.write("all.yaml", &ran.out);
    let before = world.state();
    let kept = |state: &Value| {
        (
            state["port"]["secret_values"].clone(),
            state["port"]["webhook_secrets"].clone(),
            state["spacelift"]["webhooks"].clone(),
        )
    };
    world.plan().exits(0).says("3 objects exist already");
    world.set("PORT_SECRET_PATH", "other");
    world.applied();
    assert_eq!(kept(&world.state()), kept(&before));
}
