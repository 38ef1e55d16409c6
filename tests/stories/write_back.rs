//! What somebody changed by hand, written back into the files that declare it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const SERVICE: &str = "\
# Everything about services.
kind: port.blueprint
spec:
  identifier: 'service'   # quoted on purpose
  title: Service          # what people see
  schema:
    properties:
      # The language that it is written in.
      language: { type: string, title: \"Language\" }
      tier:
        type: string
        enum: [gold, silver] # more to come
    required: [language]
---
kind: port.blueprint # somebody else's business
spec: {identifier: other,   title: \"Other\", schema: {properties: {}}}
";

fn put(world: &World, change: impl FnOnce(&mut Value)) {
    let mut body = world.of_port("blueprints", "service");
    change(&mut body);
    for key in ["createdAt", "createdBy", "updatedAt", "updatedBy"] {
        body.as_object_mut().expect("a map").remove(key);
    }
    world.port(Method::PUT, "/v1/blueprints/service", body);
}

/// Only what differs is written; comments, quotes and other documents stay byte for byte.
#[test]
fn only_what_differs_is_written() {
    let world = World::new();
    world.write("service.yaml", SERVICE);
    world.applied();
    put(&world, |body| {
        body["title"] = json!("Dienst: ${x}");
        body["schema"]["properties"]["tier"]["enum"] = json!(["gold", "no"]);
        body["schema"]["properties"]["owner"] = json!({"type": "string", "format": "user"});
        body["schema"]["required"] = json!([]);
        body["description"] = json!("One\nTwo\n");
    });
    world.plan().exits(2);
    world.forget_requests();
    world
        .run(&["export", "--path", "port.blueprint.service"])
        .exits(0)
        .says("/title");
    assert_eq!(world.writes(), [""; 0]);
    insta::assert_snapshot!(world.read("service.yaml"), @r#"
    # Everything about services.
    kind: port.blueprint
    spec:
      identifier: 'service'   # quoted on purpose
      title: "Dienst: $${x}"          # what people see
      schema:
        properties:
          # The language that it is written in.
          language: { type: string, title: "Language" }
          tier:
            type: string
            enum: [gold, "no"] # more to come
          owner:
            type: string
            format: user
        required: []
      description: |
        One
        Two
    ---
    kind: port.blueprint # somebody else's business
    spec: {identifier: other,   title: "Other", schema: {properties: {}}}
    "#);
    world.plan().exits(0).says("No changes");
    // Nothing is left to be written, and nothing is touched.
    let before = world.read("service.yaml");
    world
        .run(&["export", "--path", "port.blueprint.service"])
        .exits(0)
        .says("says what live has");
    assert_eq!(world.read("service.yaml"), before);
}

const POLICY: &str = "\
kind: spacelift.policy
spec:
  name: Gate
  type: NOTIFICATION
  engineType: REGO_V1
  space: root
  labels: [\"${var.label}\"]
  description: \"for ${var.label}\"
  body: ${file:gate.rego}
";

/// A text in a file of its own is written there; what comes from elsewhere is left alone and named.
#[test]
fn files_are_written_and_other_references_are_left() {
    let world = World::new();
    world.edit(
        "spaceport.yaml",
        "ledger:",
        "variables: { label: { default: a } }\nledger:",
    );
    world.write("gate.yaml", POLICY);
    world.write("gate.rego", "package spacelift\n\nsample := true\n");
    world.applied();
    let body = "package spacelift\n\nsample := false\n\n# ${x}\n";
    let input = json!({
        "name": "Gate", "engineType": "REGO_V1", "body": body, "labels": ["b", "spaceport:stories"],
        "description": "by hand", "space": "root",
    });
    let query = "mutation ($input: PolicyUpdateInput!) { policyUpdatev2(id: \"gate\", input: $input) { id } }";
    world.spacelift(query, json!({"input": input}));

    world
        .run(&["export", "--path", "spacelift.policy.gate"])
        .exits(0)
        .says("`/body` is now what live has")
        .says("`/description` differs and was left alone")
        .says("`${var.label}`")
        .says("`/labels` differs and was left alone");
    assert_eq!(world.read("gate.rego"), body.replace("${", "$${"));
    assert_eq!(world.read("gate.yaml"), POLICY);
    let plan = world.plan().exits(2);
    assert!(!plan.out.contains("sample"), "{}", plan.out);
}

/// What an alias shares with another place would change there too, so nothing is written.
#[test]
fn what_cannot_be_edited_safely_is_not_touched() {
    let world = World::new();
    let shared = "\
kind: port.blueprint
spec:
  identifier: service
  title: &t Service
  description: *t
  schema: { properties: {} }
";
    world.write("service.yaml", shared);
    world.applied();
    put(&world, |body| body["title"] = json!("Other"));
    world
        .run(&["export", "--path", "port.blueprint.service"])
        .exits(3)
        .says("cannot be edited safely");
    assert_eq!(world.read("service.yaml"), shared);

    put(&world, |body| {
        body["title"] = json!("Service");
        body["description"] = json!("Other");
    });
    world
        .run(&["export", "--path", "port.blueprint.service"])
        .exits(0)
        .says("alias");
    assert_eq!(world.read("service.yaml"), shared);
}

/// JSON stays JSON; an object of nowhere is a mistake.
#[test]
fn json_files_stay_json() {
    let world = World::new();
    let text = "{\n  \"kind\": \"port.blueprint\",\n  \"spec\": {\n    \"identifier\": \"service\",\n    \"title\": \"Service\",\n    \"schema\": {\"properties\": {}}\n  }\n}\n";
    world.write("service.json", text);
    world.applied();
    put(&world, |body| {
        body["title"] = json!("no");
        body["schema"]["properties"]["a"] = json!({"type": "number", "title": "A"});
    });
    world
        .run(&["export", "--path", "port.blueprint.service"])
        .exits(0);
    let after: Value = serde_json::from_str(&world.read("service.json")).expect("JSON");
    assert_eq!(after["spec"]["title"], "no");
    world.plan().exits(0).says("No changes");
    world
        .run(&["export", "--path", "port.blueprint.servise"])
        .exits(64)
        .says("did you mean `port.blueprint.service`?");
}

/// What was renamed by hand keeps its address, so that references to it hold.
#[test]
fn a_renamed_object_keeps_its_address() {
    let world = World::new();
    let text = "kind: spacelift.policy\nspec:\n  name: Gate # of the house\n  type: NOTIFICATION\n  engineType: REGO_V1\n  space: root\n  body: |\n    package spacelift\n\n    sample := true\n";
    world.write("gate.yaml", text);
    world.applied();
    let input = json!({
        "name": "Door", "engineType": "REGO_V1", "body": "package spacelift\n\nsample := true\n",
        "labels": ["spaceport:stories"], "description": "", "space": "root",
    });
    let query = "mutation ($input: PolicyUpdateInput!) { policyUpdatev2(id: \"gate\", input: $input) { id } }";
    world.spacelift(query, json!({"input": input}));
    world.plan().exits(2);
    world
        .run(&["export", "--path", "spacelift.policy.gate"])
        .exits(0);
    let expected = text.replace("Gate #", "Door #") + "ref: gate\n";
    assert_eq!(world.read("gate.yaml"), expected);
    world.plan().exits(0).says("No changes");
}
