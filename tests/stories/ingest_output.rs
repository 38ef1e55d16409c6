//! What `ingest` says, and what `apply` says about it: to people, to machines, and to who mistyped.

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, Options, StartingStack, When};

use crate::world::{Ran, World, blueprint};

/// The guides' project in front of an account with some stacks, applied.
fn world(stacks: &[&str]) -> World {
    let named = stacks.iter().map(|name| StartingStack::named(name));
    let world = World::of("port-config").elsewhere(Options {
        stacks: named.collect(),
        ..Options::default()
    });
    world.applied();
    world
}

/// What stands below the header, whose address is another one in every run.
fn told(ran: &Ran) -> &str {
    let (_, told) = ran.out.split_once("\n\n").expect("a header, and more");
    told
}

fn document(world: &World, ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).expect("one value");
    let schema = world.run(&["schema", "--of", "ingest"]).exits(0);
    let schema: Value = serde_json::from_str(&schema.out).expect("one value");
    assert!(
        jsonschema::is_valid(&schema, &document),
        "{document:#}\n{schema:#}"
    );
    document
}

/// Some items are refused, whatever is tried.
fn refusing(world: &World, identifiers: &[&str]) {
    let refused = Effect::RefuseItems {
        every: 0,
        identifiers: identifiers.iter().map(|id| (*id).to_owned()).collect(),
        status: 422,
        error: "invalid_request".into(),
        message: "\u{1b}[31m::error::not like this".into(),
        when: When::Before,
    };
    world.sandbox.fault(Fault::new(refused).forever());
}

#[test]
fn an_hourly_run_is_told_in_a_few_lines() {
    let world = world(&["one", "two"]);
    let first = world.run(&["ingest"]).exits(0);
    insta::assert_snapshot!(told(&first), @"
    stacks: spacelift.stacks into space_lift_stack
    Ingested: 2 stacks read, 2 created, 0 updated, 0 deleted, 0 unchanged.
    ");
    let second = world.run(&["ingest"]).exits(0);
    insta::assert_snapshot!(told(&second), @"
    stacks: spacelift.stacks into space_lift_stack
    Ingested: 2 stacks read, 0 created, 0 updated, 0 deleted, 2 unchanged.
    ");
    // Not a pipe's business.
    assert!(!first.err.contains('['), "{}", first.err);
}

#[test]
fn a_plan_shows_what_would_be_written_and_the_run_writes_that() {
    let world = world(&["one", "two"]);
    world.run(&["ingest", "stacks"]).exits(0);
    let update =
        "mutation ($input: StackInput!) { stackUpdate(id: \"two\", input: $input) { id } }";
    let input = json!({
        "name": "Two", "administrative": false, "branch": "main", "description": "The second",
        "labels": ["b", "a"], "namespace": "acme", "repository": "two", "provider": "GITHUB",
        "space": "root",
    });
    world.spacelift(update, json!({"input": input}));
    let plan = world.run(&["ingest", "--plan"]).exits(0);
    insta::assert_snapshot!(told(&plan), @r#"
    stacks: spacelift.stacks into space_lift_stack

      ~ two  update
          ~ /title = "two" → "Two"
          ~ /properties/label:
              + "a"
              + "b"
          ~ /properties/description = "" → "The second"

    Plan: 2 stacks read, 0 to create, 1 to update, 0 to delete, 1 unchanged.
    "#);
    let ran = world
        .run(&["ingest", "--plan", "--format", "json"])
        .exits(0);
    let plan = document(&world, &ran);
    assert_eq!(plan["planned"], true);
    assert_eq!(plan["complete"], true);
    let sample = &plan["ingests"][0]["samples"][0];
    insta::assert_snapshot!(sample.to_string(), @r#"{"identifier":"two","action":"update","fields":[{"field":"title","from":"two","to":"Two"},{"field":"properties.label","from":[],"to":["a","b"]},{"field":"properties.description","from":"","to":"The second"}]}"#);
    world.run(&["ingest"]).exits(0).says("1 updated");
    let entity = world.entity("space_lift_stack", "two");
    assert_eq!(entity["title"], "Two");
    assert_eq!(entity["properties"]["description"], "The second");
}

#[test]
fn what_was_refused_is_listed_and_steers_nothing() {
    let world = world(&["a", "b", "c", "d", "e", "f"]);
    refusing(&world, &["a", "b", "c", "d", "e"]);
    let ran = world.run(&["ingest"]).exits(4);
    insta::assert_snapshot!(told(&ran), @r"
    stacks: spacelift.stacks into space_lift_stack

      failed: a, b, c and 2 more
          invalid_request: \u{1b}[31m::error::not like this

    Incomplete: 6 stacks read, 1 created, 0 updated, 0 deleted, 0 unchanged,
    5 failed.
    Mend what failed; `spaceport ingest` then writes that alone.
    ");
    world
        .run(&["ingest", "-v"])
        .exits(4)
        .says("a, b, c, d and e");
    let ran = world.run(&["ingest", "--format", "json"]).exits(4);
    let document = document(&world, &ran);
    assert_eq!(document["complete"], false);
    let one = &document["ingests"][0];
    assert_eq!(one["failed"], 5);
    assert_eq!(one["failures"].as_array().map(Vec::len), Some(5));
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

/// The same world, the same bytes, in whatever order answers come.
#[test]
fn what_is_said_does_not_depend_on_the_order_of_answers() {
    let names: Vec<String> = (0..130).map(|n| format!("s{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = world(&names);
    refusing(&world, &["s001", "s040", "s077", "s129"]);
    let plan = world.run(&["ingest", "--plan"]).exits(0);
    let slow = Effect::Slow { milliseconds: 40 };
    world.sandbox.fault(Fault::new(slow).skip(5).times(4));
    let again = world.run(&["ingest", "--plan"]).exits(0);
    assert_eq!(plan.out, again.out);
    let first = world.run(&["ingest"]).exits(4);
    let second = world.run(&["ingest"]).exits(4);
    let failures = |ran: &Ran| told(ran).lines().take(5).collect::<Vec<_>>().join("\n");
    assert_eq!(failures(&first), failures(&second));
}

#[test]
fn who_mistypes_is_told_what_there_is() {
    let world = world(&[]);
    let near = world.run(&["ingest", "stack"]).exits(64);
    near.says("there is no ingest `stack`")
        .says("did you mean `stacks`?");
    let far = world.run(&["ingest", "everything"]).exits(64);
    far.says("there is `stacks`");
    world.run(&["ingest", "--format", "markdown"]).exits(64);
    world.remove("ingest.yaml");
    let none = world.run(&["ingest"]).exits(64);
    none.says("the project has no ingests")
        .says("`spaceport explain ingest`");
}

/// A project of ingests alone has nothing to plan, and is run all the same.
#[test]
fn a_project_needs_no_objects_to_be_ingested_into() {
    let world = World::new().elsewhere(Options {
        stacks: vec![StartingStack::named("one")],
        ..Options::default()
    });
    world.edit(
        "spaceport.yaml",
        "ledger: { file: ledger.json }",
        "ledger: none\nexternal: [port.blueprint.service]",
    );
    let ingest = "kind: ingest\nname: stacks\nfrom: spacelift.stacks\nblueprint: service\nmapping: { identifier: .item.id, properties: { language: '\"hcl\"' } }\n";
    world.write("ingest.yaml", ingest);
    // Nobody has made the blueprint yet.
    let missing = world.run(&["ingest"]).exits(1);
    missing.says("not found").says("Nothing was written.");
    let service = json!({
        "identifier": "service", "title": "Service",
        "schema": {"properties": {"language": {"type": "string", "title": "Language"}}},
    });
    world.port(reqwest::Method::POST, "/v1/blueprints", service);
    world.run(&["ingest"]).exits(0).says("1 created");
    assert_eq!(
        world.entity("service", "one")["properties"]["language"],
        "hcl"
    );
    world.run(&["plan"]).exits(3).says("config::empty_project");
}

#[test]
fn an_apply_says_what_fills_a_new_blueprint() {
    let hint = "The drop-down of `trigger_spacelift_stack` is empty";
    let world = World::of("port-config");
    let first = world.apply().exits(0);
    let (_, told) = first.out.rsplit_once("requests\n\n").expect("a hint");
    let told = told.replace(&world.root().display().to_string(), "DIR");
    insta::assert_snapshot!(told, @"
    The drop-down of `trigger_spacelift_stack` is empty until `space_lift_stack` has
    entities: `spaceport -C DIR ingest stacks` fills it.
    ");
    // Once, to people.
    world.apply().exits(0).hides(hint);
    let elsewhere = World::of("port-config");
    let ran = elsewhere
        .run(&["apply", "--yes", "--format", "json"])
        .exits(0);
    assert!(serde_json::from_str::<Value>(&ran.out).is_ok() && !ran.err.contains("drop-down"));

    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    world.write("b.yaml", &blueprint("b", "B"));
    let ingest = "kind: ingest\nname: NAME\nfrom: spacelift.spaces\nblueprint: a\nmapping: { identifier: .item.id }\n";
    world.write("one.yaml", &ingest.replace("NAME", "one"));
    world.write("two.yaml", &ingest.replace("NAME", "two"));
    let quiet = World::new();
    quiet.write("a.yaml", &blueprint("a", "A"));
    quiet.write("one.yaml", &ingest.replace("NAME", "one"));
    quiet
        .run(&["apply", "--yes", "-q"])
        .exits(0)
        .hides("no entities yet");
    let told = world.apply().exits(0);
    told.says("`a` has no entities yet").says("ingest one two");
}

/// What belongs to another organization is told before anything is asked or written.
#[test]
fn an_ingest_that_deletes_checks_whose_ledger_it_reads() {
    let mut world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    let ingest = "kind: ingest\nname: spaces\nfrom: spacelift.spaces\nblueprint: a\nmapping: { identifier: .item.id, properties: { language: .account.url } }\n";
    world.write("ingest.yaml", ingest);
    world.applied();
    world.run(&["ingest"]).exits(0).hides("Ledger");
    world = world.elsewhere(Options {
        organization: Some("Another".into()),
        seed: Some(7),
        ..Options::default()
    });
    world.port(
        reqwest::Method::POST,
        "/v1/blueprints",
        json!({"identifier": "a", "title": "A", "schema": {"properties": {"language": {"type": "string", "title": "L"}}}}),
    );
    world.forget_requests();
    world.edit("ingest.yaml", "mapping:", "prune: delete\nmapping:");
    let stopped = world.run(&["ingest"]).exits(5);
    stopped.says("the ledger speaks about the Port organization");
    assert_eq!(world.writes(), [""; 0]);
}
