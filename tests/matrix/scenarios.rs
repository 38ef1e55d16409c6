//! The scenarios: each begins with a world as it is before the run that will be killed.
//!
//! A start is made once and copied for every case.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Options, StartingStack};

use crate::fleet::{Fleet, id};
use crate::world::{World, blueprint, policy, secret};

/// One scenario.
pub struct Scenario {
    pub name: &'static str,
    /// The words of the run that is killed, and of the one after it.
    pub arguments: &'static [&'static str],
    /// The words of a run that must find nothing to do once that has ended.
    pub proof: &'static [&'static str],
    /// The ledger's file; none for a ledger in Port.
    pub ledger: Option<&'static str>,
    /// What may be sent once more than is missing, or instead of it. Who has a secret that was under way
    /// gets it again, since nobody can look whether it arrived; whatever shares it, too.
    pub again: &'static [&'static str],
    /// Places that are another after a kill, for a reason.
    pub unlike: &'static [&'static str],
    pub start: fn() -> World,
}

const APPLY: &[&str] = &["apply", "--yes"];
const PLAN: &[&str] = &["plan", "--detailed-exitcode"];

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "bootstrap",
        arguments: APPLY,
        proof: PLAN,
        ledger: None,
        again: &[
            "PATCH /v1/organization/secrets/SPACELIFT_API_KEY_ID",
            "PATCH /v1/organization/secrets/SPACELIFT_API_KEY_SECRET",
            "PATCH /v1/webhooks/spacelift_stack_mapper",
            "WebhookUpdate",
        ],
        // It is seeded, so it is not sent again, and nobody can vouch for the text that arrived.
        unlike: &["/entries/port.secret.SPACELIFT_TOKEN/fingerprints/"],
        start: bootstrap,
    },
    Scenario {
        name: "update",
        arguments: APPLY,
        proof: PLAN,
        ledger: None,
        again: &[
            "PATCH /v1/organization/secrets/KEY",
            "PATCH /v1/webhooks/chained",
            "WebhookUpdate",
            "WebhookUpdate",
            "HeadersSet",
        ],
        unlike: &[],
        start: update,
    },
    Scenario {
        name: "rotation",
        arguments: &["apply", "--yes", "--rotate", "spacelift.webhook.signer"],
        proof: PLAN,
        ledger: None,
        again: &[
            "PATCH /v1/organization/secrets/KEY",
            "PATCH /v1/organization/secrets/SHARED",
            "PATCH /v1/webhooks/given",
            "PATCH /v1/webhooks/receiver",
            "WebhookUpdate",
            "WebhookUpdate",
            "HeadersSet",
        ],
        unlike: &[],
        start: rotation,
    },
    Scenario {
        name: "delete",
        arguments: &[
            "apply",
            "--yes",
            "--allow-deletes",
            "20",
            "--allow-data-loss",
            "port.blueprint.fleet",
            "--allow-data-loss",
            "port.blueprint.car",
            "--allow-data-loss",
            "port.blueprint.garage",
        ],
        proof: PLAN,
        ledger: None,
        again: &[],
        unlike: &[],
        start: delete,
    },
    Scenario {
        name: "cycle",
        arguments: APPLY,
        proof: PLAN,
        ledger: Some(".spaceport/ledger.json"),
        again: &[],
        unlike: &[],
        start: cycle,
    },
    Scenario {
        name: "ingest",
        arguments: &["ingest"],
        proof: &["ingest"],
        ledger: None,
        again: &[],
        unlike: &[],
        start: ingest,
    },
];

/// The shipped project in front of an organization that has nothing.
fn bootstrap() -> World {
    World::of("port-config").lasting(Options::default())
}

/// The example of blueprints that need each other, in front of the same.
fn cycle() -> World {
    World::of("examples/blueprint-cycle").lasting(Options::default())
}

/// An empty project with its ledger in Port.
fn project() -> World {
    World::in_port().lasting(Options::default())
}

/// An applied project with one of everything, and then edits of every kind in every kind of object.
fn update() -> World {
    let mut world = project();
    stack(&world, "network");
    world.set("TEXT", "canary-one");
    world.set("HEADER", "canary-header");
    for (path, text) in UPDATED {
        world.write(path, text);
    }
    world.write("secret.yaml", &secret("KEY", "TEXT"));
    world.write("gate.yaml", &format!("ref: gate\n{}", policy("Gate")));
    world.write("kept.yaml", &format!("ref: kept\n{}", policy("Kept")));
    world.applied();
    entity(
        &world,
        "host",
        json!({ "identifier": "one", "properties": { "label": "kept" } }),
    );
    clicked(&world, "clicked");

    // Changed in place.
    world.edit("service.yaml", "title: Service", "title: Services");
    world.edit("scorecard.yaml", "level: Gold", "level: Silver");
    world.edit("deploy.yaml", "title: Deploy", "title: Roll out");
    world.edit(
        "permissions.yaml",
        "roles: [Admin]",
        "roles: [Admin, Member]",
    );
    world.edit("automation.yaml", "publish: true", "publish: false");
    world.edit("mapper.yaml", "title: Mapper", "title: Mappers");
    world.edit("hook.yaml", "description: One", "description: Two");
    world.edit("stack_webhook.yaml", "enabled: false", "enabled: true");
    world.set("TEXT", "canary-two");
    // Another name, another key for what it holds, another address, another type.
    world.edit("hook.yaml", "name: Hook", "name: Hooked");
    world.edit("hook.yaml", "X-One", "X-Two");
    world.edit("host.yaml", "label:", "labels:");
    let renamed = "renamed: { /schema/properties/label: labels }\n";
    world.write(
        "host.yaml",
        &format!("{}{renamed}", world.read("host.yaml")),
    );
    world.edit("kept.yaml", "ref: kept", "ref: moved");
    world.edit("gate.yaml", "type: NOTIFICATION", "type: GIT_PUSH");
    // New, alone and in a chain; and one that somebody has made by hand.
    world.write("new.yaml", &blueprint("new", "New"));
    world.write("door.yaml", &policy("Door"));
    world.write("chain.yaml", CHAIN);
    let adopt = "lifecycle: { adopt: true }\n";
    world.write(
        "clicked.yaml",
        &format!("{}{adopt}", blueprint("clicked", "Ours")),
    );
    world
}

const UPDATED: [(&str, &str); 9] = [
    (
        "service.yaml",
        "\
kind: port.blueprint
spec:
  identifier: service
  title: Service
  schema: { properties: { language: { type: string } } }
",
    ),
    (
        "host.yaml",
        "\
kind: port.blueprint
spec:
  identifier: host
  title: Host
  schema: { properties: { label: { type: string, title: Label } } }
  relations: { service: { target: service } }
",
    ),
    (
        "scorecard.yaml",
        "\
kind: port.scorecard
spec:
  blueprint: service
  identifier: readiness
  title: Readiness
  rules:
    - identifier: language
      title: Says its language
      level: Gold
      query: { combinator: and, conditions: [{ property: language, operator: isNotEmpty }] }
",
    ),
    (
        "deploy.yaml",
        "\
kind: port.action
spec:
  identifier: deploy
  title: Deploy
  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {} } }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/deploy\" }
",
    ),
    (
        "permissions.yaml",
        "\
kind: port.action_permissions
spec: { action: deploy, execute: { roles: [Admin] } }
",
    ),
    (
        "automation.yaml",
        "\
kind: port.automation
spec:
  identifier: after_deploy
  title: After a deploy
  trigger: { type: automation, event: { type: RUN_UPDATED, actionIdentifier: deploy } }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/deployed\" }
  publish: true
",
    ),
    (
        "mapper.yaml",
        "\
kind: port.webhook
spec: { identifier: mapper, title: Mapper, mappings: [] }
",
    ),
    (
        "hook.yaml",
        "\
kind: spacelift.space
ref: team
spec: { name: Team, description: One, parentSpace: root }
---
kind: spacelift.webhook
ref: hook
spec:
  name: Hook
  endpoint: \"${port.webhook.mapper.url}\"
  space: \"${spacelift.space.team.id}\"
  secret: \"${env.TEXT}\"
  secretHeaders: { X-One: \"${env.HEADER}\" }
",
    ),
    (
        "stack_webhook.yaml",
        "\
kind: spacelift.stack_webhook
ref: network
spec: { stack: network, endpoint: \"https://hooks.example.com/in\", enabled: false }
",
    ),
];

const CHAIN: &str = "\
kind: port.webhook
spec:
  identifier: chained
  title: Chained
  mappings: [{ blueprint: new, entity: { identifier: .body.id } }]
  security: { secret: \"${random.chain}\", signatureHeaderName: X-Signature, signatureAlgorithm: sha256 }
---
kind: spacelift.webhook
ref: chained
spec:
  name: Chained
  endpoint: \"${port.webhook.chained.url}\"
  space: root
  secret: \"${random.chain}\"
";

/// Secrets of all sorts, applied; then texts are replaced, and one that nobody sees is to be rotated.
fn rotation() -> World {
    let mut world = project();
    for name in ["KEY", "TOKEN", "SIGNATURE", "STAYS"] {
        world.set(name, &format!("canary-one-{name}"));
    }
    world.write("key.yaml", &secret("KEY", "KEY"));
    world.write("stays.yaml", &secret("STAYS", "STAYS"));
    world.write("shared.yaml", SHARED);
    world.write("given.yaml", GIVEN);
    world.applied();
    for name in ["KEY", "TOKEN", "SIGNATURE"] {
        world.set(name, &format!("canary-two-{name}"));
    }
    world
}

/// Three have a text that is made at apply.
const SHARED: &str = "\
kind: port.webhook
spec:
  identifier: receiver
  title: Receiver
  mappings: []
  security: { secret: \"${random.signature}\", signatureHeaderName: X-Signature, signatureAlgorithm: sha256 }
---
kind: spacelift.webhook
ref: signer
spec:
  name: Signer
  endpoint: \"${port.webhook.receiver.url}\"
  space: root
  secret: \"${random.signature}\"
---
kind: port.secret
spec: { secretName: SHARED, secretValue: \"${random.signature}\" }
";

/// And two have texts of the environment.
const GIVEN: &str = "\
kind: port.webhook
spec:
  identifier: given
  title: Given
  mappings: []
  security: { secret: \"${env.SIGNATURE}\", signatureHeaderName: X-Signature, signatureAlgorithm: sha256 }
---
kind: spacelift.webhook
ref: teller
spec:
  name: Teller
  endpoint: \"${port.webhook.given.url}\"
  space: root
  secret: \"${env.SIGNATURE}\"
  secretHeaders: { Authorization: \"Bearer ${env.TOKEN}\", X-Stays: \"${env.STAYS}\" }
";

/// Nearly all of an applied project leaves it: a chain and a circle of blueprints, with entities that
/// relate to each other, and what hangs on them.
fn delete() -> World {
    let mut world = project();
    stack(&world, "network");
    world.set("TEXT", "canary-one");
    world.write("stays.yaml", &blueprint("stays", "Stays"));
    world.write("catalog.yaml", CATALOG);
    world.write("wiring.yaml", WIRING);
    world.write("key.yaml", &secret("KEY", "TEXT"));
    world.write("policy.yaml", &policy("Leaving"));
    world.applied();
    entity(&world, "fleet", json!({ "identifier": "f" }));
    for car in ["a", "b"] {
        let relations = json!({ "fleet": "f" });
        entity(
            &world,
            "car",
            json!({ "identifier": car, "relations": relations }),
        );
    }
    let relations = json!({ "car": "a" });
    entity(
        &world,
        "garage",
        json!({ "identifier": "g", "relations": relations }),
    );
    for path in ["catalog.yaml", "wiring.yaml", "key.yaml", "policy.yaml"] {
        world.remove(path);
    }
    world
}

const CATALOG: &str = "\
kind: port.blueprint
spec: { identifier: fleet, title: Fleet, schema: { properties: { size: { type: number } } } }
---
kind: port.blueprint
spec:
  identifier: car
  title: Car
  schema: { properties: { color: { type: string } } }
  relations: { fleet: { target: fleet } }
  mirrorProperties: { size: { path: fleet.size } }
---
kind: port.blueprint
spec:
  identifier: garage
  title: Garage
  schema: { properties: {} }
  relations: { car: { target: car } }
---
kind: port.blueprint
spec:
  identifier: hen
  title: Hen
  schema: { properties: {} }
  relations: { egg: { target: egg } }
---
kind: port.blueprint
spec:
  identifier: egg
  title: Egg
  schema: { properties: {} }
  relations: { hen: { target: hen } }
---
kind: port.scorecard
spec:
  blueprint: car
  identifier: looks
  title: Looks
  rules:
    - identifier: color
      title: Has a color
      level: Gold
      query: { combinator: and, conditions: [{ property: color, operator: isNotEmpty }] }
---
kind: port.action
spec:
  identifier: wash
  title: Wash
  trigger: { type: self-service, operation: DAY-2, blueprintIdentifier: car, userInputs: { properties: {} } }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/wash\" }
---
kind: port.automation
spec:
  identifier: washed
  title: Washed
  trigger: { type: automation, event: { type: RUN_UPDATED, actionIdentifier: wash } }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/washed\" }
  publish: true
";

const WIRING: &str = "\
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  mappings: [{ blueprint: car, entity: { identifier: .body.id } }]
---
kind: spacelift.space
ref: team
spec: { name: Team, parentSpace: root }
---
kind: spacelift.webhook
ref: hook
spec:
  name: Hook
  endpoint: \"${port.webhook.mapper.url}\"
  space: \"${spacelift.space.team.id}\"
  secret: \"${env.TEXT}\"
---
kind: spacelift.stack_webhook
ref: network
spec: { stack: network, endpoint: \"${port.webhook.mapper.url}\" }
";

/// Stacks that were ingested, of which some changed since, some are gone and some are new: several bulk
/// requests, and a prune.
fn ingest() -> World {
    const STACKS: usize = 110;
    let stacks = (0..STACKS).map(|number| StartingStack {
        name: id(number),
        ..StartingStack::varied(number)
    });
    let world = World::of("port-config").lasting(Options {
        account: Some("acme".to_owned()),
        stacks: stacks.collect(),
        ..Options::default()
    });
    world.edit("ingest.yaml", "prune: keep", "prune: delete");
    world.applied();
    let fleet = Fleet::listening(world);
    fleet.ingested();
    for number in 0..70 {
        fleet.describe(&id(number), "Described since");
    }
    for number in 70..74 {
        fleet.delete(&id(number));
    }
    for number in 0..45 {
        stack(&fleet.world, &format!("new-{number:02}"));
    }
    fleet.world
}

/// Somebody makes a stack.
fn stack(world: &World, name: &str) {
    let create =
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
    let input = json!({
        "name": name, "branch": "main", "repository": "infra", "administrative": false, "space": "root",
    });
    world.spacelift(create, json!({ "input": input }));
}

/// Somebody keeps an entity under a blueprint.
fn entity(world: &World, blueprint: &str, entity: Value) {
    let path = format!("/v1/blueprints/{blueprint}/entities");
    world.port(Method::POST, &path, entity);
}

/// Somebody makes a blueprint by hand.
fn clicked(world: &World, identifier: &str) {
    let body = json!({
        "identifier": identifier, "title": "Clicked",
        "schema": { "properties": { "language": { "type": "string", "title": "Language" } }, "required": [] },
    });
    world.port(Method::POST, "/v1/blueprints", body);
}
