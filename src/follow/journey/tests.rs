//! Journeys through small projects: what passes, what is dropped and why.

use serde_json::{Map, Value as Json, json};

use super::*;
use crate::follow::story::{project, spot};
use crate::want::desired::Desired;

/// A wire from Spacelift to Port: webhook, mapper and blueprint; a policy is added by the test.
const WIRE: &str = r#"
kind: port.blueprint
spec:
  identifier: stack
  title: Stack
  schema: { properties: { state: { type: string }, count: { type: number } }, required: [] }
  relations: {}
---
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  mappings:
    - blueprint: stack
      filter: .body.stack != null
      entity:
        identifier: .body.stack.id
        properties: { state: .body.state }
  security:
    secret: "${random.shared}"
    signatureHeaderName: X-Signature-256
    signatureAlgorithm: sha256
    signaturePrefix: sha256=
---
kind: spacelift.webhook
ref: port
spec:
  name: Port Webhook
  endpoint: "${port.webhook.mapper.url}"
  space: root
  labels: [port]
  secret: "${random.shared}"
  secretHeaders: { X-Extra: "${env.EXTRA}" }
"#;

fn policy(space: &str, rules: &str) -> String {
    let rules = rules.replace('\n', "\n    ");
    format!(
        "kind: spacelift.policy\nref: notify\nspec:\n  name: Notify\n  type: NOTIFICATION\n  \
         engineType: REGO_V1\n  space: {space}\n  body: |\n    package spacelift\n    {rules}\n"
    )
}

fn finished() -> Json {
    json!({ "run_updated": {
        "state": "FINISHED",
        "run": { "id": "R", "type": "TRACKED", "state": "FINISHED", "branch": "main",
            "created_at": 1_700_000_000_000_000_000_i64, "updated_at": 1_700_000_009_500_000_000_i64 },
        "stack": { "id": "s1", "name": "S 1", "space": { "id": "root", "name": "root" } },
    } })
}

struct World {
    desired: Desired,
    journey: Journey,
}

impl World {
    fn of(files: &[(&str, &str)], start: impl FnOnce(&Wiring<'_>) -> Start) -> World {
        World::given(files, &[], start)
    }

    fn given(
        files: &[(&str, &str)],
        given: &[Json],
        start: impl FnOnce(&Wiring<'_>) -> Start,
    ) -> World {
        let desired = project(files);
        let wiring = Wiring::of(&desired);
        let start = start(&wiring);
        let engines = Engines::same_process();
        let given = Given {
            entities: given.to_vec(),
        };
        let journey = follow(&wiring, &engines, &start, &given, NOW);
        World { desired, journey }
    }

    fn of_event(rules: &str, input: Json) -> World {
        let policy = policy("root", rules);
        World::of(&[("a.yaml", WIRE), ("p.yaml", &policy)], |_| {
            Start::Event(input)
        })
    }

    fn stops(&self) -> Vec<String> {
        let stops = self.journey.stops();
        stops
            .map(|(hop, why)| {
                let at = why.place.map(|place| {
                    let spot = spot(&self.desired, place);
                    spot.split_once(' ')
                        .map_or(spot.clone(), |(at, _)| at.to_owned())
                });
                format!(
                    "{}: {} [{}]",
                    hop.step.word(),
                    why.message,
                    at.unwrap_or_default()
                )
            })
            .collect()
    }

    fn entity(&self, blueprint: &str, id: &str) -> Json {
        let key = (blueprint.to_owned(), id.to_owned());
        let entity = self.journey.entities.get(&key);
        entity.map_or(Json::Null, |entity| entity.value.clone())
    }
}

const TO_PORT: &str = r#"webhook contains {"endpoint_id": "port-webhook"} if input.run_updated"#;

#[test]
fn an_event_becomes_an_entity() {
    let world = World::of_event(TO_PORT, finished());
    assert_eq!(world.stops(), [""; 0]);
    assert_eq!(
        world.entity("stack", "s1")["properties"],
        json!({ "state": "FINISHED" })
    );
    let [delivery] = world.journey.deliveries.as_slice() else {
        panic!("one delivery: {:?}", world.journey.deliveries);
    };
    let fields = &delivery.request.fields;
    assert_eq!(fields["headers"]["X-Extra"], "<env EXTRA>");
    let body = &fields["body"];
    // Nanoseconds became seconds, and words camel case (SA sections 9 and 11).
    assert_eq!(body["run"]["createdAt"], 1_700_000_000);
    assert_eq!(body["timestamp_millis"], 1_700_000_009_500_i64);
    assert_eq!(body["account"], "acme");
    assert_eq!(
        body["stack"]["url"],
        "https://acme.app.spacelift.io/stack/s1"
    );
}

#[test]
fn an_empty_list_of_items_is_why_nothing_comes() {
    let items = "filter: .item != null\n      itemsToParse: \"[]\"";
    let wire = WIRE.replace("filter: .body.stack != null", items);
    let policy = policy("root", TO_PORT);
    let world = World::of(&[("a.yaml", &wire), ("p.yaml", &policy)], |_| {
        Start::Event(finished())
    });
    assert_eq!(
        world.stops(),
        ["mapping: `itemsToParse` gives an empty list [a.yaml:16:21]"]
    );
}

/// Entities as Port shows them hold what it calculates; nobody has written that.
#[test]
fn what_port_calculates_may_be_there() {
    let wire = WIRE.replace(
        "  relations: {}\n",
        "  mirrorProperties: { space: { path: account.space } }\n  relations: { account: { target: account } }\n",
    );
    let given = [json!({
        "blueprint": "stack", "identifier": "s1", "title": "S", "properties": { "space": "root" },
    })];
    let policy = policy("root", TO_PORT);
    let files = [("a.yaml", wire.as_str()), ("p.yaml", policy.as_str())];
    let world = World::given(&files, &given, |_| Start::Event(finished()));
    assert_eq!(world.stops(), [""; 0]);
    assert_eq!(world.entity("stack", "s1")["properties"]["space"], "root");
}

/// A custom payload is the whole body (SA section 11): mappings for the default one see nothing.
#[test]
fn a_custom_payload_replaces_the_body() {
    let rules = r#"webhook contains {"endpoint_id": e.id, "payload": {"my": "own"}, "headers": {"X-A": "b"}} if { some e in input.webhook_endpoints; "port" in e.labels }"#;
    let world = World::of_event(rules, finished());
    let fields = &world.journey.deliveries[0].request.fields;
    assert_eq!(fields["body"], json!({ "my": "own" }));
    assert_eq!(fields["headers"]["X-A"], "b");
    assert_eq!(
        world.stops(),
        ["mapping: its filter is not true: .body.stack != null [a.yaml:15:15]"]
    );
}

#[test]
fn what_leads_nowhere_is_said() {
    let gone = World::of_event(
        r#"webhook contains {"endpoint_id": "port-webhok"} if input.run_updated"#,
        finished(),
    );
    assert_eq!(
        gone.stops(),
        ["delivery: no webhook of the project has the id `port-webhok` [p.yaml:10:39]"]
    );
    let silent = World::of_event(
        "webhook contains {\"endpoint_id\": \"port-webhook\"} if false",
        finished(),
    );
    assert_eq!(
        silent.stops(),
        ["policy: no rule is true for this event [p.yaml:9:5]"]
    );
    let put = World::of_event(
        r#"webhook contains {"endpoint_id": "port-webhook", "method": "PUT"} if input.run_updated"#,
        finished(),
    );
    assert_eq!(
        put.stops(),
        ["delivery: `port.webhook.mapper` takes POST alone, this is PUT []"]
    );
    let odd = World::of_event(TO_PORT, json!({ "something": {} }));
    assert!(
        odd.stops()[0].contains("neither `run_updated`"),
        "{:?}",
        odd.stops()
    );
    for (input, help) in [
        (json!({ "run_update": {} }), "did you mean `run_updated`?"),
        (
            json!({ "run": {}, "stack": {}, "stateVersion": 3 }),
            "--payload",
        ),
        (json!({ "run": {}, "stack": {}, "timing": [] }), "around it"),
    ] {
        let odd = World::of_event(TO_PORT, input);
        let stopped = odd.journey.hops[0].stopped.as_ref();
        let told = stopped.and_then(|why| why.help.clone());
        assert!(told.unwrap().contains(help), "{help}");
    }
    let error = World::of_event(
        TO_PORT,
        json!({ "internal_error": { "error": "e", "message": "m", "severity": "ERROR" } }),
    );
    assert!(error.journey.is_fruitless());
}

/// A policy sees the runs of its space and of those that inherit from it (SA sections 6 and 10).
#[test]
fn a_policy_sees_its_spaces() {
    let spaces = "kind: spacelift.space\nspec: { name: Up, parentSpace: root }\n---\n\
                  kind: spacelift.space\nspec: { name: Heir, parentSpace: \"${spacelift.space.up.id}\", inheritEntities: true }\n---\n\
                  kind: spacelift.space\nspec: { name: Stranger, parentSpace: \"${spacelift.space.up.id}\" }\n";
    let policy = policy("\"${spacelift.space.up.id}\"", TO_PORT);
    let from = |id: &str, name: &str| {
        let mut input = finished();
        input["run_updated"]["stack"]["space"] = json!({ "id": id, "name": name });
        let files = [
            ("a.yaml", WIRE),
            ("p.yaml", policy.as_str()),
            ("s.yaml", spaces),
        ];
        World::of(&files, |_| Start::Event(input))
    };
    let ulid = "01JZ0SAMPLESPACE0000000001";
    for (id, name) in [("up", "Up"), ("heir", "Heir")] {
        assert_eq!(from(id, name).stops(), [""; 0], "{id}");
        let real = format!("{id}-{ulid}");
        assert_eq!(from(&real, name).stops(), [""; 0], "{real}");
    }
    assert_eq!(
        from("stranger", "Stranger").stops(),
        [
            "policy: the run is in the space `Stranger`, which inherits nothing from `up` [p.yaml:7:10]"
        ]
    );
    assert!(from("root", "root").stops()[0].contains("space `root`"));
    let unknown = from("elsewhere", "Elsewhere");
    assert_eq!(unknown.stops(), [""; 0]);
    assert!(unknown.journey.all().any(|hop| {
        let said = |why: &Why| why.message.contains("is not known here");
        hop.notes.iter().any(said)
    }));
}

/// The older webhook of a stack needs no policy and tells of its stack alone (SA section 12).
#[test]
fn a_stacks_own_webhook_delivers_without_a_policy() {
    let own = "kind: spacelift.stack_webhook\nref: own\nspec: { stack: s1, endpoint: \"${port.webhook.mapper.url}\", secret: \"${random.shared}\" }\n";
    let from = |stack: &str| {
        let payload = json!({ "state": "FAILED", "stack": { "id": stack } });
        World::of(&[("a.yaml", WIRE), ("o.yaml", own)], |wiring| {
            let addr = "spacelift.stack_webhook.own".parse().ok();
            Start::payload(wiring, payload, addr)
        })
    };
    assert_eq!(
        from("s1").entity("stack", "s1")["properties"]["state"],
        "FAILED"
    );
    assert_eq!(
        from("s2").stops(),
        ["delivery: the event is about stack `s2`, and the webhook belongs to `s1` [o.yaml:3:16]"]
    );
}

/// It is told of the same event as the policies.
#[test]
fn a_stacks_own_webhook_hears_of_events_too() {
    let own = "kind: spacelift.stack_webhook\nref: own\nspec: { stack: s1, endpoint: \"${port.webhook.mapper.url}\" }\n";
    let files = [("a.yaml", WIRE), ("o.yaml", own)];
    let world = World::of(&files, |_| Start::Event(finished()));
    assert_eq!(world.journey.deliveries.len(), 1);
    assert_eq!(
        world.stops(),
        [
            "webhook: `port.webhook.mapper` checks signatures, and `spacelift.stack_webhook.own` has no secret to sign with [o.yaml:3:7]"
        ]
    );
}

/// The body of a file has the bytes of another writer, so its signature says nothing.
#[test]
fn a_payload_is_signed_anew() {
    let wrapped = json!({
        "body": { "state": "FINISHED", "stack": { "id": "s1" } },
        "headers": { "x-signature-256": "sha256=00" },
    });
    let world = World::of(&[("a.yaml", WIRE)], |_| Start::Payload {
        payload: wrapped,
        webhook: None,
    });
    assert_eq!(world.stops(), [""; 0]);
    let note = &world.journey.hops[0].notes[0];
    assert!(note.message.contains("is not checked"), "{note:?}");
}

#[test]
fn an_entity_that_does_not_fit_is_refused_where_it_is_made() {
    let wire = WIRE.replace(
        "{ state: .body.state }",
        "{ state: .body.state, count: .body.state }",
    );
    let world = World::of(&[("a.yaml", &wire)], |_| Start::Payload {
        payload: json!({ "state": "x", "stack": { "id": "s1" } }),
        webhook: None,
    });
    let stops = world.stops();
    assert_eq!(stops.len(), 1, "{stops:?}");
    assert!(
        stops[0].contains("`count` in `properties` gets \"x\""),
        "{stops:?}"
    );
    assert!(stops[0].ends_with("[a.yaml:18:50]"), "{stops:?}");
    assert!(world.journey.is_fruitless());
}

const ACTIONS: &str = r#"
kind: port.action
spec:
  identifier: restart
  title: Restart
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: stack
    userInputs:
      properties:
        reason: { type: string, enum: [slow, broken] }
        times: { type: number, default: 1 }
      required: [reason]
      order: [reason, times]
  invocationMethod:
    type: GITHUB
    org: acme
    repo: infra
    workflow: restart.yml
    workflowInputs: { stack: "{{ .entity.identifier }}", times: "{{ .inputs.times }}" }
---
kind: port.automation
spec:
  identifier: follow_up
  title: Follow up
  trigger:
    type: automation
    event: { type: ENTITY_CREATED, blueprintIdentifier: stack }
    condition:
      type: JQ
      expressions: ['.diff.after.properties.state == "FINISHED"']
      combinator: and
  invocationMethod:
    type: UPSERT_ENTITY
    blueprintIdentifier: stack
    mapping: { identifier: "{{ .event.context.entity }}-copy", properties: { count: 2 } }
  publish: true
"#;

#[test]
fn an_action_is_checked_and_rendered() {
    let run = |inputs: Json, entity: Option<&str>| {
        let run = Run {
            action: "port.action.restart".parse().ok(),
            inputs: inputs.as_object().cloned().unwrap_or_default(),
            entity: entity.map(Json::from),
        };
        World::of(&[("a.yaml", WIRE), ("b.yaml", ACTIONS)], |_| {
            Start::Action(run)
        })
    };
    let good = run(json!({ "reason": "slow" }), Some("s1"));
    assert_eq!(good.stops(), [""; 0]);
    let [request] = good.journey.requests.as_slice() else {
        panic!("one request: {:?}", good.journey.requests);
    };
    assert_eq!(request.kind, "GITHUB");
    assert_eq!(
        request.fields["workflowInputs"],
        json!({ "stack": "s1", "times": 1 })
    );
    for (inputs, entity, why) in [
        (
            json!({}),
            Some("s1"),
            "input `reason` is required and not given [b.yaml:12:17]",
        ),
        (
            json!({ "reason": "no" }),
            Some("s1"),
            "is one of \"slow\", \"broken\", not \"no\"",
        ),
        (
            json!({ "reason": "slow", "tims": 2 }),
            Some("s1"),
            "the action has no input `tims`",
        ),
        (
            json!({ "reason": "slow", "times": "2" }),
            Some("s1"),
            "is a number, and \"2\" is none",
        ),
        (
            json!({ "reason": "slow" }),
            None,
            "is run on an entity, and none was given [b.yaml:8:16]",
        ),
    ] {
        let stops = run(inputs, entity).stops();
        assert!(
            stops.len() == 1 && stops[0].contains(why),
            "{why}: {stops:?}"
        );
    }
}

#[test]
fn an_encrypted_input_is_checked_and_never_shown() {
    let form = "reason: { type: string, encryption: fernet, minLength: 8 }";
    let actions = ACTIONS
        .replace("reason: { type: string, enum: [slow, broken] }", form)
        .replace("{{ .inputs.times }}", "{{ .inputs.reason }}");
    let run = |reason: Json| {
        let run = Run {
            action: "port.action.restart".parse().ok(),
            inputs: Map::from_iter([("reason".to_owned(), reason)]),
            entity: Some("s1".into()),
        };
        World::of(&[("a.yaml", WIRE), ("b.yaml", &actions)], |_| {
            Start::Action(run)
        })
    };
    let good = run("canary-canary".into());
    let inputs = &good.journey.requests[0].fields["workflowInputs"];
    assert_eq!(inputs["times"], "<encrypted reason>");
    for (given, why) in [
        (json!("canary"), "has at least 8 characters"),
        (json!(["canary"]), "is a string, and what was given is none"),
    ] {
        let refused = run(given);
        assert!(refused.stops()[0].contains(why), "{:?}", refused.stops());
        assert!(!format!("{:?}", refused.journey).contains("canary"));
    }
    assert!(!format!("{:?}", good.journey).contains("canary"));
}

/// What an event makes may set off automations, and what these make others; nothing goes on for ever.
#[test]
fn automations_set_each_other_off_and_end() {
    let files = [("a.yaml", WIRE), ("b.yaml", ACTIONS)];
    let deliver = |state: &str| {
        let payload = json!({ "state": state, "stack": { "id": "s1" } });
        let start = Start::Payload {
            payload,
            webhook: None,
        };
        World::of(&files, |_| start)
    };
    let quiet = deliver("FAILED");
    assert_eq!(
        quiet.stops(),
        [
            "automation: its condition is not true: .diff.after.properties.state == \"FINISHED\" [b.yaml:32:21]"
        ]
    );
    let fired = deliver("FINISHED");
    assert_eq!(fired.journey.automations.len(), 1);
    assert_eq!(fired.entity("stack", "s1-copy")["properties"]["count"], 2);
    // Every copy is a new entity now, which makes another one.
    let always = ACTIONS.replace("== \"FINISHED\"", "!= \"\"");
    let files = [("a.yaml", WIRE), ("b.yaml", always.as_str())];
    let endless = World::of(&files, |_| Start::Payload {
        payload: json!({ "state": "FINISHED", "stack": { "id": "s1" } }),
        webhook: None,
    });
    assert_eq!(endless.journey.automations.len(), DEEPEST);
    assert!(
        endless.stops()[0].contains("the rest is left out"),
        "{:?}",
        endless.stops()
    );
}

#[test]
fn a_mapping_that_deletes_needs_an_entity() {
    let wire = WIRE
        .replace("filter: .body.stack != null", "operation: delete")
        .replace("\n        properties: { state: .body.state }", "");
    let start = || Start::Payload {
        payload: json!({ "stack": { "id": "s1" } }),
        webhook: None,
    };
    let files = [("a.yaml", wire.as_str())];
    let none = World::of(&files, |_| start());
    assert!(
        none.stops()[0].contains("there is no such entity"),
        "{:?}",
        none.stops()
    );
    let given = [json!({ "blueprint": "stack", "identifier": "s1" })];
    let one = World::given(&files, &given, |_| start());
    assert_eq!(one.journey.deleted.len(), 1);
}
