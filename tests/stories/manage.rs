//! Parts of somebody else's objects: what `manage` names is ours, everything else stays as its
//! owner has it, byte for byte.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::When;

use crate::world::{World, blueprint, status};

/// A blueprint as an integration makes it: keys in an order of its own, and keys that nobody knows.
fn ocean(world: &World) {
    let body = json!({
        "relations": { "zone": { "target": "_team", "title": "Zone", "many": false, "required": false } },
        "schema": {
            "required": ["name"],
            "properties": {
                "url": { "format": "url", "type": "string", "title": "URL", "oceanHint": { "b": 1, "a": [2, 1] } },
                "name": { "type": "string" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "weight": { "type": "number", "default": 1.50 },
            },
        },
        "oceanOwned": { "z": true, "kinds": ["repository"], "a": null },
        "mirrorProperties": {},
        "title": "Service <ocean> & co",
        "icon": "GitHub",
        "identifier": "service",
        "includeInGlobalSearch": true,
    });
    world.port(Method::POST, "/v1/blueprints", body);
    for number in 0..40 {
        let entity = json!({
            "identifier": format!("service_{number}"),
            "properties": { "name": format!("Service {number}") },
        });
        world.port(Method::POST, "/v1/blueprints/service/entities", entity);
    }
}

/// The blueprint as Port answers it, in Port's own bytes, without who wrote it last and when. The
/// service answers the uppermost keys in an order of its own after each write.
fn raw(world: &World, identifier: &str) -> String {
    let path = format!("/v1/blueprints/{identifier}");
    let mut answer = world.port(Method::GET, &path, Value::Null);
    let blueprint = answer["blueprint"].as_object_mut().expect("a blueprint");
    blueprint.retain(|key, _| key != "updatedAt" && key != "updatedBy");
    let mut keys: Vec<String> = blueprint.keys().cloned().collect();
    keys.sort();
    let sorted = keys.into_iter().map(|key| {
        let value = blueprint[&key].take();
        (key, value)
    });
    *blueprint = sorted.collect();
    answer.to_string()
}

/// The same without some places.
fn without(raw: &str, places: &[&str]) -> String {
    let mut answer: Value = serde_json::from_str(raw).expect("JSON");
    for place in places {
        let (above, key) = place.rsplit_once('/').expect("a pointer");
        let above = answer["blueprint"].pointer_mut(above);
        let map = above.and_then(Value::as_object_mut).expect("a map");
        assert!(map.shift_remove(key).is_some(), "{place} is not there");
    }
    answer.to_string()
}

const TIER: &str = "\
kind: port.blueprint
manage: [/relations/team, /schema/properties/tier]
spec:
  identifier: service
  relations:
    team: { target: _team, title: Team }
  schema:
    properties:
      tier: { type: string, enum: [gold, silver] }
";

const PLACES: [&str; 2] = ["/relations/team", "/schema/properties/tier"];

/// The whole life of two parts: added, kept while the owner goes on, changed, given up.
#[test]
fn parts_come_and_go_and_the_rest_stays_byte_for_byte() {
    let world = World::new();
    ocean(&world);
    let before = raw(&world, "service");
    world.write("service.yaml", TIER);

    let plan = world.plan().exits(2);
    insta::assert_snapshot!(body(&plan.out), @r#"
      ~ port.blueprint.service  update, /schema/properties/tier and /relations/team
                                differ
          manages /relations/team and /schema/properties/tier
          + /schema/properties/tier/type = "string"
          + /schema/properties/tier/enum = ["gold", "silver"]
          + /relations/team/target = "_team"
          + /relations/team/title  = "Team"

    Plan: 0 to create, 1 to update, 0 to delete.
    "#);
    world.applied();
    let after = raw(&world, "service");
    assert_eq!(without(&after, &PLACES), before);
    assert_eq!(
        world.of_port("blueprints", "service")["relations"]["team"]["target"],
        "_team"
    );
    let entry = world.entry("port.blueprint.service");
    assert_eq!(entry["manage"], json!(PLACES));
    assert!(entry.get("adopted").is_none());
    world.plan().exits(0).says("No changes");

    // The owner goes on: nothing of that is ours.
    let more = json!({
        "title": "Renamed",
        "schema": { "properties": { "url": { "title": "Link" }, "more": { "type": "boolean" } } },
    });
    world.port(Method::PATCH, "/v1/blueprints/service", more);
    let theirs = raw(&world, "service");
    world.plan().exits(0).says("No changes");

    // Ours changes, theirs stays.
    world.edit("service.yaml", "[gold, silver]", "[gold, silver, bronze]");
    world.applied();
    assert_eq!(
        without(&raw(&world, "service"), &PLACES),
        without(&theirs, &PLACES)
    );

    // The document leaves: so do the two places, and nothing else.
    world.write("other.yaml", &blueprint("other", "Other"));
    world.remove("service.yaml");
    let plan = world.plan().exits(5);
    insta::assert_snapshot!(body(&plan.out), @r#"
      + port.blueprint.other    create
          identifier: other
          title: Other
          schema: { properties: { language: { type: string, title: Language } } }

      ~ port.blueprint.service  update, no longer in the project
          gives up /relations/team and /schema/properties/tier
          40 entities have this blueprint
          - /relations/team/target = "_team"
          - /relations/team/title  = "Team"
          - /schema/properties/tier/enum = ["gold", "silver", "bronze"]
          - /schema/properties/tier/type = "string"

      × refused (data-loss): `port.blueprint.service` has 40 entities, and their
        data would be lost or no longer fit: `/schema/properties/tier` is removed,
        `/relations/team` is removed
        allowed by: `--allow-data-loss port.blueprint.service`

    Plan: 1 to create, 1 to update, 0 to delete.
    Apply refuses this plan, for the reasons above.
    "#);
    world.forget_requests();
    world.apply().exits(5).says("refused (data-loss)");
    assert_eq!(world.writes(), [""; 0]);
    let allowed = ["--allow-data-loss", "port.blueprint.service"];
    let whatever = ["--allow-deletes", "100", "--delete-adopted"];
    world
        .run(&[&["apply", "--yes"], &allowed[..], &whatever].concat())
        .exits(0);
    assert_eq!(
        world.writes(),
        ["POST /v1/blueprints", "PUT /v1/blueprints/service"]
    );
    assert_eq!(raw(&world, "service"), without(&theirs, &PLACES));
    assert_eq!(world.entry("port.blueprint.service"), Value::Null);
    let entities = world.port(Method::GET, "/v1/blueprints/service/entities", Value::Null);
    assert_eq!(entities["entities"].as_array().map(Vec::len), Some(40));
    world.plan().exits(0);
}

/// A pointer that leaves the list takes its place along, the others stay.
#[test]
fn a_pointer_that_leaves_takes_its_place_along() {
    let world = World::new();
    ocean(&world);
    let before = raw(&world, "service");
    world.write("service.yaml", TIER);
    world.applied();
    world.edit("service.yaml", "/relations/team, ", "");
    world.edit(
        "service.yaml",
        "  relations:\n    team: { target: _team, title: Team }\n",
        "",
    );
    let plan = world.plan();
    plan.says("gives up /relations/team").says("40 entities");
    world
        .run(&[
            "apply",
            "--yes",
            "--allow-data-loss",
            "port.blueprint.service",
        ])
        .exits(0);
    assert_eq!(without(&raw(&world, "service"), &PLACES[1..]), before);
    assert_eq!(
        world.entry("port.blueprint.service")["manage"],
        json!([PLACES[1]])
    );
    world.plan().exits(0);
}

/// Port's own blueprints take relations of ours and keep all of theirs.
#[test]
fn system_blueprints_gain_a_relation() {
    let world = World::new();
    let before = [raw(&world, "_user"), raw(&world, "_team")];
    let part = |name: &str, key: &str| {
        format!(
            "kind: port.blueprint\nmanage: [/relations/{key}]\nspec:\n  identifier: {name}\n  relations:\n    {key}: {{ target: office, title: Office }}\n"
        )
    };
    world.write("office.yaml", &blueprint("office", "Office"));
    world.write("user.yaml", &part("_user", "desk"));
    world.write("team.yaml", &part("_team", "floor"));
    world.applied();
    assert_eq!(
        without(&raw(&world, "_user"), &["/relations/desk"]),
        before[0]
    );
    assert_eq!(
        without(&raw(&world, "_team"), &["/relations/floor"]),
        before[1]
    );
    world.plan().exits(0).says("No changes");
    // They need the blueprint, so they let go of it before it is deleted.
    world.remove("user.yaml");
    world.remove("team.yaml");
    world.remove("office.yaml");
    world.write("other.yaml", &blueprint("other", "Other"));
    world.forget_requests();
    world.applied();
    let writes = world.writes();
    assert_eq!(
        writes.last().map(String::as_str),
        Some("DELETE /v1/blueprints/office")
    );
    assert_eq!([raw(&world, "_user"), raw(&world, "_team")], before);
}

/// Two documents on one object are written one after the other, and both are there at the end.
#[test]
fn two_documents_do_not_overwrite_each_other() {
    let world = World::new();
    ocean(&world);
    let before = raw(&world, "service");
    let part = |name: &str| {
        format!(
            "kind: port.blueprint\nref: {name}\nmanage: [/schema/properties/{name}]\nspec:\n  identifier: service\n  schema: {{ properties: {{ {name}: {{ type: string }} }} }}\n"
        )
    };
    let names = ["one", "two", "three"];
    for name in names {
        world.write(&format!("{name}.yaml"), &part(name));
    }
    world.applied();
    let places = ["one", "two", "three"].map(|name| format!("/schema/properties/{name}"));
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    assert_eq!(without(&raw(&world, "service"), &places), before);
    world.plan().exits(0).says("No changes");

    // One of them fails: the others are written, and nothing of the failed one comes along.
    for name in names {
        world.edit(
            &format!("{name}.yaml"),
            "type: string",
            "type: string, title: New",
        );
    }
    world.sandbox.fault(
        status(422, When::Before)
            .method("PUT")
            .path("/v1/blueprints/service"),
    );
    world.apply().exits(4);
    let titles = || {
        let properties = world.of_port("blueprints", "service")["schema"]["properties"].clone();
        names
            .iter()
            .filter(|name| properties[**name]["title"] == "New")
            .count()
    };
    assert_eq!(titles(), 2);
    world.applied();
    assert_eq!(titles(), 3);

    // Two leave at once, one stays.
    world.remove("one.yaml");
    world.remove("three.yaml");
    world
        .run(&[
            "apply",
            "--yes",
            "--allow-data-loss",
            "port.blueprint.one",
            "--allow-data-loss",
            "port.blueprint.three",
        ])
        .exits(0);
    assert_eq!(without(&raw(&world, "service"), &places[1..2]), before);
    world.plan().exits(0);
}

/// What is to be extended must be there: nothing is created in its place.
#[test]
fn a_missing_object_is_told_and_not_created() {
    let world = World::new();
    world.write("service.yaml", TIER);
    world
        .plan()
        .exits(3)
        .says("live::nothing_to_manage")
        .says("`port.blueprint.service` manages parts of `service`, and Port has no such")
        .says("declare it whole");
    world.apply().exits(3);
    assert_eq!(world.writes(), [""; 0]);

    // It was there and is gone: only the ledger forgets.
    ocean(&world);
    world.applied();
    let all = "/v1/blueprints/service/all-entities?delete_blueprint=true";
    world.port(Method::DELETE, all, Value::Null);
    world.write("other.yaml", &blueprint("other", "Other"));
    world.remove("service.yaml");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), ["POST /v1/blueprints"]);
    assert_eq!(world.entry("port.blueprint.service"), Value::Null);
}

/// `protect` keeps the managed places, also after their document is gone.
#[test]
fn protected_parts_stay() {
    let world = World::new();
    ocean(&world);
    world.write(
        "service.yaml",
        &format!("{TIER}lifecycle: {{ protect: true }}\n"),
    );
    world.applied();
    let kept = raw(&world, "service");
    world.write("other.yaml", &blueprint("other", "Other"));
    world.remove("service.yaml");
    world.apply().exits(5).says("refused (protect)");
    assert_eq!(raw(&world, "service"), kept);
}

/// A document that declared the object whole and now manages parts of it: the object is given up
/// and never deleted.
#[test]
fn a_whole_object_becomes_somebody_else_s() {
    let world = World::new();
    world.write(
        "service.yaml",
        "kind: port.blueprint\nspec:\n  identifier: service\n  title: Service\n  schema: { properties: { tier: { type: string } } }\n",
    );
    world.applied();
    world.write(
        "service.yaml",
        "kind: port.blueprint\nmanage: [/schema/properties/tier]\nspec:\n  identifier: service\n  schema: { properties: { tier: { type: string } } }\n",
    );
    world.plan().says("was ours as a whole");
    world.applied();
    world.write("other.yaml", &blueprint("other", "Other"));
    world.remove("service.yaml");
    world
        .run(&["apply", "--yes", "--allow-deletes", "9", "--delete-adopted"])
        .exits(0);
    let left = world.of_port("blueprints", "service");
    assert_eq!(
        (&left["title"], &left["schema"]["properties"]),
        (&json!("Service"), &json!({}))
    );
}

/// The reverse: what was somebody else's is not taken over without being asked for.
#[test]
fn parts_do_not_make_the_object_ours() {
    let world = World::new();
    ocean(&world);
    world.write("service.yaml", TIER);
    world.applied();
    world.write("service.yaml", &blueprint("service", "Mine"));
    world.apply().exits(5).says("refused (adoption)");
}

/// Other objects may read what a part brings along, whether it is live yet or not.
#[test]
fn a_mirror_reads_a_managed_property() {
    let world = World::new();
    ocean(&world);
    world.write("service.yaml", TIER);
    world.write(
        "run.yaml",
        "kind: port.blueprint\nspec:\n  identifier: run\n  title: Run\n  schema: { properties: {} }\n  relations: { service: { target: service } }\n  mirrorProperties:\n    tier: { path: service.tier }\n    name: { path: service.name }\n",
    );
    world.applied();
    world.plan().exits(0).says("No changes");
    world.edit("run.yaml", "service.name", "service.nothing");
    world.plan().exits(3).says("ref::unknown_property");
}

/// What a plan says below its header.
fn body(out: &str) -> String {
    let (_, body) = out.split_once("\n\n").expect("a header");
    // What follows is said by `plan_files`.
    let (body, _) = body.split_once("Digest: ").unwrap_or((body, ""));
    body.to_owned()
}
