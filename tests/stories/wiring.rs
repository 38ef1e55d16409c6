//! Wiring of many kinds: order of creation and deletion, signatures, permissions to see, pages.

use serde_json::json;
use spaceport::sandbox::{Fault, Service, When};

use crate::world::{World, blueprint, policy, sha256};

/// Blueprints are created before those that relate to them, and deleted after them.
#[test]
fn relations_decide_the_order() {
    let world = World::new();
    let related = |name: &str, target: &str| {
        format!(
            "{}  relations:\n    up: {{ title: Up, target: {target}, required: false, many: false }}\n",
            blueprint(name, "Thing")
        )
    };
    world.write("c.yaml", &blueprint("c", "Thing"));
    world.write("b.yaml", &related("b", "c"));
    world.write("a.yaml", &related("a", "b"));
    world.write("rest.yaml", &blueprint("rest", "Rest"));
    world.applied();
    let state = world.state();
    let made = |name: &str| {
        state["port"]["blueprints"][name]["createdAt"]
            .as_str()
            .map(str::to_owned)
    };
    assert!(made("c") <= made("b") && made("b") <= made("a"));

    for file in ["a.yaml", "b.yaml", "c.yaml"] {
        world.remove(file);
    }
    world.forget_requests();
    world.applied();
    assert_eq!(
        world.writes(),
        [
            "DELETE /v1/blueprints/a",
            "DELETE /v1/blueprints/b",
            "DELETE /v1/blueprints/c"
        ]
    );
}

/// What one object needed goes away in the same apply that stops needing it.
#[test]
fn an_object_is_deleted_after_its_user_was_changed() {
    let world = World::new();
    let with = blueprint("a", "Thing")
        + "  relations:\n    up: { title: Up, target: b, required: false, many: false }\n";
    world.write("a.yaml", &with);
    world.write("b.yaml", &blueprint("b", "Thing"));
    world.applied();
    world.write("a.yaml", &blueprint("a", "Thing"));
    world.remove("b.yaml");
    world.forget_requests();
    world.applied();
    assert_eq!(
        world.writes(),
        ["PUT /v1/blueprints/a", "DELETE /v1/blueprints/b"]
    );
}

/// A shared secret reaches both ends, and is sent to both when its text changes.
#[test]
fn a_shared_secret_reaches_both_ends() {
    let mut world = World::new();
    world.set("SHARED", "canary-one");
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write(
        "mapper.yaml",
        "kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  enabled: true
  mappings:
    - blueprint: service
      filter: \"true\"
      entity: { identifier: .body.id, title: .body.id, properties: { language: .body.language } }
  security:
    secret: \"${env.SHARED}\"
    signatureHeaderName: X-Signature-256
    signatureAlgorithm: sha256
    signaturePrefix: sha256=
",
    );
    world.write(
        "hook.yaml",
        "kind: spacelift.webhook\nspec:\n  name: Hook\n  endpoint: \"${port.webhook.mapper.url}\"\n  space: root\n  secret: \"${env.SHARED}\"\n",
    );
    world.applied().hides("canary");
    let ends = |world: &World| {
        (
            world.of_port("webhook_secrets", "mapper")["sha256"].clone(),
            world.of_spacelift("webhooks", "Hook")["secret"]["sha256"].clone(),
        )
    };
    let both = |text: &str| (json!(sha256(text)), json!(sha256(text)));
    assert_eq!(ends(&world), both("canary-one"));
    world.plan().exits(0);

    world.set("SHARED", "canary-two");
    world.plan().exits(2);
    world.applied().hides("canary");
    assert_eq!(ends(&world), both("canary-two"));

    // Without the text at hand other things of both may change, and the secret stays.
    world.unset("SHARED");
    world.edit("mapper.yaml", "title: Mapper", "title: New mapper");
    world.edit("hook.yaml", "space: root", "space: root\n  enabled: false");
    world.applied();
    assert_eq!(ends(&world), both("canary-two"));
    assert_eq!(world.of_port("webhooks", "mapper")["title"], "New mapper");
}

/// A list that the credentials may not read stops a project that has such objects, and no other.
#[test]
fn a_refused_list_matters_only_when_its_kind_is_wanted() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    let refused = || {
        crate::world::status(403, When::Before)
            .service(Service::Port)
            .method("GET")
            .path("/v1/webhooks")
            .forever()
    };
    world.sandbox.fault(refused());
    world.applied();
    world.write(
        "mapper.yaml",
        "kind: port.webhook\nspec: { identifier: mapper, title: Mapper, enabled: true }\n",
    );
    world.forget_requests();
    world.apply().exits(1).says("port.webhook");
    assert_eq!(world.writes(), [""; 0]);
}

/// Many objects: the number of requests of a plan stays the same, further pages apart (law 8).
#[test]
fn many_objects_take_no_more_requests() {
    let world = World::new();
    let documents: Vec<String> = (0..120)
        .map(|number| blueprint(&format!("thing_{number}"), "Thing"))
        .chain((0..60).map(|number| policy(&format!("Policy {number}"))))
        .collect();
    world.write("all.yaml", &documents.join("---\n"));
    world.applied();
    world.forget_requests();
    world.plan().exits(0);
    let requests = world.sandbox.requests();
    assert!(requests.len() <= 9, "{}", requests.len());
}

/// More named webhooks than fit on one page are all seen.
#[test]
fn further_pages_of_webhooks_are_read() {
    let world = World::new();
    let documents: Vec<String> = (0..7)
        .map(|number| {
            format!(
                "kind: spacelift.webhook\nspec:\n  name: Hook {number}\n  endpoint: https://example.com/{number}\n  space: root\n"
            )
        })
        .collect();
    world.write("all.yaml", &documents.join("---\n"));
    world.applied();
    let pages = Fault::new(spaceport::sandbox::Effect::Pages { size: 2 });
    world
        .sandbox
        .fault(pages.service(Service::Spacelift).forever());
    world.plan().exits(0).says("No changes");
}

/// Objects of others are left alone, whatever there is of them.
#[test]
fn what_others_made_stays_as_it_is() {
    let world = World::new();
    let body = json!({"identifier": "theirs", "title": "Theirs", "schema": {"properties": {}}});
    world.port(reqwest::Method::POST, "/v1/blueprints", body);
    let theirs = world.of_port("blueprints", "theirs");
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    world.remove("other.yaml");
    world.applied();
    assert_eq!(world.of_port("blueprints", "theirs"), theirs);
}

/// A policy may be attached by somebody else; deleting it then is refused by the service and told.
#[test]
fn what_the_service_refuses_to_delete_is_told() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("other.yaml", &blueprint("other", "Other"));
    world.applied();
    let body = json!({
        "identifier": "theirs", "title": "Theirs", "schema": {"properties": {}},
        "relations": {"up": {"title": "Up", "target": "other", "required": false, "many": false}},
    });
    world.port(reqwest::Method::POST, "/v1/blueprints", body);
    world.remove("other.yaml");
    world.apply().exits(4).says("port.blueprint.other");
    assert!(!world.of_port("blueprints", "other").is_null());
    // It stays ours, so that the next apply tries again.
    assert!(!world.entry("port.blueprint.other").is_null());
}
