//! `drift`: what is not as the last apply left it, who wrote it and when; and what a plan says
//! about it.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault};

use crate::world::{Ran, World, blueprint, policy, secret};

/// A look that writes nothing.
fn drift(world: &World) -> Ran {
    world.forget_requests();
    let ran = world.run(&["drift"]);
    assert_eq!(world.writes(), [""; 0]);
    ran
}

/// Words without the line ends that the width of a page puts between them.
fn said(ran: &Ran) -> String {
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Somebody clicks in Port.
fn clicked(world: &World, table: &str, id: &str, change: impl FnOnce(&mut Value)) {
    let mut object = world.of_port(table, id);
    let fields = object.as_object_mut().expect("an object");
    fields.retain(|key, _| {
        !["id", "createdAt", "createdBy", "updatedAt", "updatedBy"].contains(&key.as_str())
    });
    change(&mut object);
    world.quirks(json!({"user": "auth0|ann"}));
    world.port(Method::PUT, &format!("/v1/{table}/{id}"), object);
    world.quirks(json!({}));
}

/// The minute of a time, as outputs have it.
fn minute(time: &Value) -> String {
    let time = time.as_str().expect("a time");
    format!("{} {}Z", &time[..10], &time[11..16])
}

/// What, who and when, of exactly what was changed; the plan says the same below its change.
#[test]
fn an_edit_in_the_console_is_told_with_its_author() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    drift(&world)
        .exits(0)
        .says("No drift. 2 objects are as they were applied last.");
    clicked(&world, "blueprints", "service", |live| {
        live["title"] = json!("Clicked");
        live["icon"] = json!("Rocket");
    });
    let ran = drift(&world).exits(2).hides("port.blueprint.other");
    let when = minute(&world.of_port("blueprints", "service")["updatedAt"]);
    let shown: Vec<&str> = ran
        .out
        .lines()
        .skip_while(|line| !line.starts_with("  ~"))
        .collect();
    assert_eq!(
        shown,
        [
            "  ~ port.blueprint.service  changed",
            &format!("      last written by auth0|ann, {when}"),
            "      + /icon  = \"Rocket\"",
            "      ~ /title = \"Service\" → \"Clicked\"",
            "",
            "Drift: 1 object changed; 1 is as it was applied.",
            "An apply brings back what the project wants; to keep a change, write it into the",
            "project's files.",
        ]
    );
    let plan = world.plan().exits(2);
    assert!(
        said(&plan).contains(&format!(
            "drifted: /icon and /title; last written by auth0|ann, {when}"
        )),
        "{}",
        plan.out
    );
    // Taken over into the project, it is all right.
    world.edit(
        "service.yaml",
        "title: Service",
        "title: Clicked\n  icon: Rocket",
    );
    world.plan().exits(0).says("No changes");
    let ran = drift(&world).exits(0).says("No drift");
    assert!(
        said(&ran).contains("is not as it was applied, but as the project wants it by now"),
        "{}",
        ran.out
    );
    // Or only a part of it.
    world.edit("service.yaml", "title: Clicked", "title: Service");
    drift(&world).exits(2).says("/title").hides("/icon");
    world.applied();
    drift(&world).exits(0).hides("by now");
}

/// A plan tells edits, which are the common case, from what others changed.
#[test]
fn a_plan_tells_drift_from_edits() {
    let world = World::new();
    let text = blueprint("service", "Service") + "  description: One\n  icon: Box\n";
    world.write("service.yaml", &text);
    world.applied();
    world.edit("service.yaml", "title: Service", "title: Edited");
    world
        .plan()
        .exits(2)
        .says("/title")
        .hides("drifted")
        .hides("last written");
    drift(&world).exits(0).says("No drift");
    clicked(&world, "blueprints", "service", |live| {
        live["description"] = json!("Clicked");
        live["icon"] = json!("Rocket");
    });
    world.edit("service.yaml", "icon: Box", "icon: Cloud");
    let plan = said(&world.plan().exits(2));
    assert!(
        plan.contains(
            "drifted: /description; drifted and edited: /icon; last written by auth0|ann"
        ),
        "{plan}"
    );
    let ran = drift(&world).exits(2).hides("/title");
    for line in [
        "      ~ /description = \"One\" → \"Clicked\"\n",
        "      ~ /icon = \"Rocket\"\n          by now the project wants \"Cloud\"\n",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    // What left the project drifts as well; what stood there is not known.
    world.remove("service.yaml");
    world.write("other.yaml", &blueprint("other", "Other"));
    let ran = drift(&world).exits(2);
    assert!(
        ran.out.contains("      ~ /icon = \"Rocket\"\n"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("by now"), "{}", ran.out);
    world
        .plan()
        .says("delete")
        .says("drifted: /description and /icon");
}

/// What somebody deleted is gone; what has its name is another object.
#[test]
fn what_was_deleted_or_replaced_is_told() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    world.write("lock.yaml", &policy("Lock"));
    world.applied();
    world.port(Method::DELETE, "/v1/blueprints/service", json!(null));
    let delete = "mutation ($id: ID!) { policyDelete(id: $id) { id } }";
    world.spacelift(
        delete,
        json!({"id": world.of_spacelift("policies", "Gate")["id"]}),
    );
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let update = "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }";
    let mut input = json!({"name": "Another", "type": "NOTIFICATION", "engineType": "REGO_V1",
        "space": "root", "labels": [], "body": "package spacelift\n\nsample := true\n"});
    let made = world.spacelift(create, json!({"input": input}));
    input["name"] = json!("Gate");
    input.as_object_mut().expect("an object").remove("type");
    let id = &made["policyCreatev2"]["id"];
    world.spacelift(update, json!({"id": id, "input": input}));

    let ran = drift(&world).exits(2);
    let words = said(&ran);
    for text in [
        "- port.blueprint.service is gone",
        "± spacelift.policy.gate is gone; another object has its name, with the id another",
        "Drift: 1 gone, 1 replaced; 1 is as it was applied.",
    ] {
        assert!(words.contains(text), "{text}\n{}", ran.out);
    }
    let plan = said(&world.plan());
    assert!(plan.contains("it is gone since the last apply"), "{plan}");
    // Renamed by hand, it is the same object.
    let lock = world.of_spacelift("policies", "Lock");
    input["name"] = json!("Padlock");
    input["labels"] = lock["labels"].clone();
    world.spacelift(update, json!({"id": lock["id"], "input": input}));
    let ran = drift(&world).exits(2);
    assert!(
        ran.out.contains("      ~ /name = \"Lock\" → \"Padlock\"\n"),
        "{}",
        ran.out
    );
    assert!(
        said(&ran).contains("~ spacelift.policy.lock renamed last written"),
        "{}",
        ran.out
    );
    // Limited to one, the others are not looked at.
    world
        .run(&["drift", "--target", "spacelift.policy.lock"])
        .exits(2)
        .says("Only spacelift.policy.lock")
        .hides("gate");
    world
        .run(&["drift", "--target", "spacelift.policy.lok"])
        .exits(64)
        .says("did you mean `spacelift.policy.lock`?");
}

/// The same in other words, and fields that nobody asked for, are no drift.
#[test]
fn noise_of_the_services_is_no_drift() {
    let world = World::of("port-config");
    world.applied();
    // Once updated, the ledger has what was written over live.
    world.edit("blueprint.yaml", "title: SpaceLift Stack", "title: Stacks");
    world.applied();
    for seed in 0..3 {
        for effect in [
            Effect::Reorder { seed },
            Effect::ShuffleKeys { seed },
            Effect::FillDefaults,
            Effect::Reescape,
            Effect::ExtraFields,
        ] {
            world.sandbox.fault(Fault::new(effect).forever());
        }
        drift(&world).exits(0).says("No drift").hides("by now");
        world.sandbox.clear_faults();
    }
}

/// A webhook that is off although it was on: that is what Spacelift does after failures.
#[test]
fn a_webhook_that_was_switched_off_says_so() {
    let world = World::of("port-config");
    world.applied();
    let hook = world.of_spacelift("webhooks", "Port Webhook");
    let update = "mutation ($id: ID!, $input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: $id, input: $input) { id } }";
    world.spacelift(
        update,
        json!({"id": hook["id"], "input": {
            "name": hook["name"], "endpoint": hook["endpoint"], "enabled": false, "space": "root",
            "labels": hook["labels"], "retryOnFailure": true,
        }}),
    );
    for ran in [drift(&world).exits(2), world.plan().exits(2)] {
        let words = said(&ran);
        assert!(words.contains("/enabled"), "{words}");
        assert!(
            words.contains(
                "! Spacelift switches a webhook off after ten failed deliveries in a row"
            ),
            "{words}"
        );
        // Its address is a secret.
        assert!(!words.contains("ingest.port.io/k"), "{words}");
    }
    // Switched off by the project it is no drift.
    world.edit(
        "webhook.yaml",
        "enabled: true\n  space",
        "enabled: false\n  space",
    );
    drift(&world).exits(0).hides("ten failed");
    world.plan().exits(0).hides("ten failed");
}

/// The text of a secret cannot be read; that somebody wrote it can.
#[test]
fn a_secret_that_somebody_else_wrote_is_told_unless_it_is_left_to_others() {
    let mut world = World::new();
    world.set("FIRST", "canary-one");
    world.set("SECOND", "canary-two");
    world.write("key.yaml", &secret("KEY", "FIRST"));
    let seeded = secret("SEEDED", "SECOND") + "lifecycle: { seed: true }\n";
    world.write("seeded.yaml", &seeded);
    world.applied();
    // Without the variables.
    world.unset("FIRST");
    world.unset("SECOND");
    drift(&world).exits(0);
    for name in ["KEY", "SEEDED"] {
        let path = format!("/v1/organization/secrets/{name}");
        world.port(
            Method::PATCH,
            &path,
            json!({"secretValue": "canary-theirs"}),
        );
    }
    let ran = drift(&world).exits(2).hides("SEEDED").hides("canary");
    let words = said(&ran);
    for text in [
        "~ port.secret.KEY written by somebody else last written",
        "`spaceport apply --rotate port.secret.KEY` sends it again",
    ] {
        assert!(words.contains(text), "{text}\n{}", ran.out);
    }
    world.plan().exits(0);
    world.set("FIRST", "canary-one");
    world.set("SECOND", "canary-two");
    world
        .run(&["apply", "--yes", "--rotate", "port.secret.KEY"])
        .exits(0);
    drift(&world).exits(0);
    // An own change of something else of it is no other hand's.
    world.write(
        "key.yaml",
        &(secret("KEY", "FIRST") + "  description: Ours\n"),
    );
    world.applied();
    drift(&world).exits(0);
}

/// Of somebody else's object only the managed places drift.
#[test]
fn only_managed_places_drift() {
    let world = World::new();
    world.port(
        Method::POST,
        "/v1/blueprints",
        json!({"identifier": "theirs", "title": "Theirs", "schema": {"properties": {"name": {"type": "string"}}}}),
    );
    world.write(
        "theirs.yaml",
        "kind: port.blueprint\nmanage: [/schema/properties/tier]\nspec:\n  identifier: theirs\n  schema:\n    properties:\n      tier: { type: string, title: Tier }\n",
    );
    world.applied();
    clicked(&world, "blueprints", "theirs", |live| {
        live["title"] = json!("New");
        live["schema"]["properties"]["name"]["title"] = json!("Name");
    });
    drift(&world).exits(0).says("No drift");
    clicked(&world, "blueprints", "theirs", |live| {
        live["schema"]["properties"]["tier"]["title"] = json!("Clicked");
    });
    let ran = drift(&world).exits(2).hides("New");
    assert!(
        ran.out
            .contains("      ~ /schema/properties/tier/title = \"Tier\" → \"Clicked\"\n"),
        "{}",
        ran.out
    );
    world
        .plan()
        .exits(2)
        .says("drifted: /schema/properties/tier/title");
    // Gone with its host, it is told as well, although no plan can be made.
    world.port(Method::DELETE, "/v1/blueprints/theirs", json!(null));
    world.plan().exits(3);
    drift(&world)
        .exits(2)
        .says("port.blueprint.theirs")
        .says("is gone");
}

/// What is left to others does not drift: neither what was ignored when it was applied, nor what
/// is by now, nor what lies deeper than digests go.
#[test]
fn ignored_places_do_not_drift() {
    let world = World::new();
    let ignoring = |places: &str| {
        let text = blueprint("service", "Service");
        let lifecycle = format!("lifecycle: {{ ignore: [{places}] }}\n");
        world.write("service.yaml", &(text + &lifecycle));
    };
    ignoring("/icon, /schema/properties/language/title");
    world.applied();
    clicked(&world, "blueprints", "service", |live| {
        live["icon"] = json!("Rocket");
        live["schema"]["properties"]["language"]["title"] = json!("Clicked");
    });
    drift(&world).exits(0).says("No drift").hides("by now");
    clicked(&world, "blueprints", "service", |live| {
        live["title"] = json!("Clicked");
        live["schema"]["properties"]["language"]["description"] = json!("Clicked");
    });
    let ran = drift(&world).exits(2).says("/title").hides("/icon");
    assert!(
        ran.out.contains("/schema/properties/language/description"),
        "{}",
        ran.out
    );
    ignoring(
        "/icon, /title, /schema/properties/language/title, /schema/properties/language/description",
    );
    drift(&world).exits(0);
}

/// A ledger of an earlier version lacks fields, and has digests that speak of what servers added.
/// Nothing of that is drift while the project wants what is live, and what is edited is an edit.
#[test]
fn a_ledger_of_an_earlier_version_tells_no_drift() {
    let mut world = World::new();
    world.set("TEXT", "one");
    world.write(
        "service.yaml",
        &(blueprint("service", "Service") + "lifecycle: { ignore: [/icon] }\n"),
    );
    world.write("secret.yaml", &secret("TOKEN", "TEXT"));
    world.applied();
    let mut ledger = world.ledger();
    for entry in ledger["entries"]
        .as_object_mut()
        .expect("a map")
        .values_mut()
    {
        let fields = entry.as_object_mut().expect("a map");
        fields.remove("ignore");
        fields.remove("touched");
        let digests = fields["digests"].as_object_mut().expect("a map");
        for (at, digest) in digests.iter_mut() {
            if at.starts_with("/schema/properties/") {
                *digest = json!("0123456789ab");
            }
        }
        digests.insert("/later".to_owned(), json!("0123456789ab"));
    }
    world.write("ledger.json", &ledger.to_string());
    drift(&world).exits(0).says("No drift");
    world.plan().exits(0);
    world.edit("service.yaml", "title: Service", "title: Edited");
    let ran = world.plan().exits(2).says("/title").hides("drifted");
    assert!(!ran.out.contains("/schema"), "{}", ran.out);
    world.applied();
    drift(&world).exits(0).hides("by now");
}

/// What was there before us is measured from the moment that it became ours.
#[test]
fn adopted_objects_drift_like_others() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let mut input = json!({"name": "Gate", "type": "NOTIFICATION", "engineType": "REGO_V1",
        "space": "root", "labels": [], "body": "package spacelift\n\nsample := true\n"});
    let made = world.spacelift(create, json!({"input": input}));
    drift(&world)
        .exits(0)
        .says("Nothing of this project was applied yet.");
    world.applied().says("1 object becomes ours");
    drift(&world).exits(0).says("No drift");
    let update = "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }";
    input.as_object_mut().expect("an object").remove("type");
    input["labels"] = json!(["clicked"]);
    world.spacelift(
        update,
        json!({"id": made["policyCreatev2"]["id"], "input": input}),
    );
    let ran = drift(&world).exits(2).hides("spaceport:");
    assert!(
        ran.out.contains("      + /labels = [\"clicked\"]\n"),
        "{}",
        ran.out
    );
    assert!(
        said(&ran).contains("spacelift.policy.gate changed last written 2"),
        "{}",
        ran.out
    );
    // Its own label, given with the next write, is no drift.
    world.applied();
    drift(&world).exits(0).says("No drift");
}

/// Without a ledger that can be believed nothing is said.
#[test]
fn drift_needs_a_ledger_and_the_lists() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    // A key that sees nothing is no reason to call everything gone.
    let mut blind = Fault::new(Effect::EmptyLists)
        .path("/v1/blueprints")
        .method("GET");
    blind.times = None;
    world.sandbox.fault(blind);
    drift(&world).exits(5).says("--allow-empty");
    world
        .run(&["drift", "--allow-empty"])
        .exits(2)
        .says("2 gone");
    world.sandbox.clear_faults();

    world.remove("ledger.json");
    world.edit(
        "spaceport.yaml",
        "ledger: { file: ledger.json }",
        "ledger: none",
    );
    drift(&world).exits(64).says("ledger: none");

    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    drift(&world).exits(0).says("No drift. 1 object is");
    let head = world.shelf();
    let (id, text) = head.iter().next().expect("the ledger lies in Port");
    let text = text["properties"]["content"].clone();
    world.quirks(json!({"user": "auth0|ann"}));
    world.port(
        Method::PATCH,
        &format!(
            "/v1/blueprints/spaceport_project/entities/{}",
            id.replace('=', "%3D")
        ),
        json!({"properties": {"content": text}}),
    );
    world.quirks(json!({}));
    drift(&world).exits(5).says("--trust-ledger");
}

/// The same as data, with its schema.
#[test]
fn drift_is_data_for_machines() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    clicked(&world, "blueprints", "service", |live| {
        live["title"] = json!("Clicked");
    });
    let ran = world.run(&["drift", "--format", "json"]).exits(2);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    let written = &world.of_port("blueprints", "service")["updatedAt"];
    assert_eq!(
        document["objects"],
        json!([{
            "address": "port.blueprint.service", "id": "service", "state": "changed",
            "rewritten": false, "lastWrite": {"at": written, "by": "auth0|ann"}, "remarks": [],
            "places": [{
                "path": "/title", "change": "changed", "live": "Clicked", "project": "Service",
                "asApplied": true,
            }],
        }])
    );
    assert_eq!(
        (&document["drifted"], &document["formatVersion"]),
        (&json!(true), &json!(1))
    );
    let schema = world.run(&["schema", "--of", "drift"]).exits(0);
    let schema: Value = serde_json::from_str(&schema.out).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");
    world.applied();
    let ran = world.run(&["drift", "--format", "json"]).exits(0);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (&document["drifted"], &document["same"]),
        (&json!(false), &json!(1))
    );
}

/// The same for pull requests and for the runner of a workflow.
#[test]
fn drift_is_told_in_every_format() {
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    clicked(&world, "blueprints", "service", |live| {
        live["title"] = json!("``` @all ::error::x");
    });
    let shown = world.run(&["drift", "--format", "markdown"]).exits(2).out;
    assert!(
        shown.contains("````text\n  ~ port.blueprint.service  changed\n"),
        "{shown}"
    );
    assert!(shown.contains("An apply brings back"), "{shown}");
    let only = [
        "drift",
        "--format",
        "markdown",
        "--target",
        "port.blueprint.service",
    ];
    let shown = world.run(&only).exits(2).out;
    assert!(shown.contains("nothing else was compared"), "{shown}");
    let summary = world.path("summary.md");
    world.set("GITHUB_STEP_SUMMARY", summary.to_str().expect("a text"));
    let ran = world.run(&["drift", "--format", "github"]).exits(2);
    assert!(ran.out.contains("::warning file="), "{}", ran.out);
    assert!(
        ran.out.lines().all(|line| line.starts_with("::")),
        "{}",
        ran.out
    );
    assert!(world.read("summary.md").contains("````text\n"));
    // The plan says it as well, and says it again when it is read from a file.
    let plan = world.run(&["plan", "--format", "markdown"]).exits(0).out;
    assert!(plan.contains("drifted: "), "{plan}");
    let document = world.run(&["plan", "--format", "json"]).exits(0).out;
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(
        document["changes"][0]["drift"]["places"][0]["asApplied"],
        true
    );
}
