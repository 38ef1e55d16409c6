//! Runs: what executing an action does after it was answered (PA sections 3 and 7).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use spaceport::sandbox::{CLIENT_SECRET, Effect, Fault, Options, Service, When};

use crate::backend::Backend;
use crate::world::World;

/// A world whose runs may call a backend.
async fn beside(backend: &Backend) -> World {
    World::with(Options {
        allow_origins: vec![backend.origin().parse().expect("an origin")],
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_synchronous_webhook_is_sent_signed_and_its_answer_lands_in_the_run() {
    let backend = Backend::answering(201, &[], r#"{"data":{"made":[1,2]}}"#);
    let world = beside(&backend).await;
    world.secret("TOKEN", "very-secret").await;
    let form = json!({"properties": {"size": {"type": "number"}, "note": {"type": "string"}}});
    world
        .action_with(
            "make",
            form,
            json!({
                "type": "WEBHOOK", "synchronized": true, "method": "PUT",
                "url": format!("{}/make/{{{{ .run.id }}}}?a=b", backend.origin()),
                "headers": {"Authorization": "Bearer {{ .secrets.TOKEN }}", "X-Size": "{{ .inputs.size }}"},
                "body": {
                    "size": "{{ .inputs.size }}", "text": "n={{ .inputs.note }}!",
                    "by": "{{ .trigger.by.userId }}", "gone": "{{ .inputs.nothing }}",
                    "{{ .inputs.nothing }}": 1,
                },
            }),
            json!({}),
        )
        .await;
    let run = world.ran("make", json!({"size": 3, "note": "hi"})).await;

    assert_eq!(run["status"], "SUCCESS");
    assert_eq!(run["response"], json!({"data": {"made": [1, 2]}}));
    assert!(run["endedAt"].is_string());
    let asked = backend.asked();
    assert_eq!(asked.len(), 1);
    let id = run["id"].as_str().expect("an id");
    assert_eq!(
        (asked[0].method.as_str(), asked[0].path.as_str()),
        ("PUT", format!("/make/{id}?a=b").as_str())
    );
    assert_eq!(asked[0].header("authorization"), Some("Bearer very-secret"));
    assert_eq!(asked[0].header("x-size"), Some("3"));
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    assert_eq!(
        body,
        json!({"size": 3, "text": "n=hi!", "by": "sandbox-client", "gone": null})
    );

    // The signature is over the time and the very bytes.
    let time = asked[0].header("x-port-timestamp").expect("a time");
    let mut mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).expect("any key");
    mac.update(format!("{time}.{}", asked[0].body).as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(
        asked[0].header("x-port-signature"),
        Some(signature.as_str())
    );

    // What is shown of it holds no secret.
    assert_eq!(run["payload"]["headers"]["Authorization"], "Bearer *****");
    assert_eq!(run["payload"]["body"]["size"], 3);
    let shown = format!("{run}{}", world.sandbox.state());
    assert!(!shown.contains("very-secret"));
    assert!(world.sandbox.state()["port"]["runs"][id]["response"]["sha256"].is_string());
}

#[tokio::test]
async fn the_answer_comes_before_the_invocation() {
    let world = World::new().await;
    let url = "https://api.port.io/v1/blueprints";
    world
        .action(
            "look",
            json!({"type": "WEBHOOK", "url": url, "method": "GET", "synchronized": true}),
        )
        .await;
    let (status, answer) = world
        .post("/v1/actions/look/runs", json!({"properties": {}}))
        .await;
    assert_eq!(
        (status, &answer["run"]["status"]),
        (202, &json!("IN_PROGRESS"))
    );
    assert!(answer["run"]["response"].is_null());
    // Over HTTP as well.
    assert_eq!(world.post("/_sandbox/settle", json!({})).await.0, 200);
    let run = world
        .run(answer["run"]["id"].as_str().expect("an id"))
        .await;
    assert_eq!(run["status"], "SUCCESS");
    assert!(
        run["response"]["blueprints"].is_array(),
        "Port answers itself: {run}"
    );

    // The call went over HTTP, and is told apart from those of clients.
    let own = world.sandbox.own_requests();
    assert_eq!(own.len(), 1);
    assert_eq!(
        (own[0].path.as_str(), own[0].status),
        ("/v1/blueprints", 200)
    );
    assert!(
        world
            .sandbox
            .requests()
            .iter()
            .all(|one| one.path != "/v1/blueprints")
    );
    let (_, log) = world.get("/_sandbox/requests").await;
    let entries = log["entries"].as_array().expect("a list");
    assert_eq!(
        entries.iter().filter(|one| one["by"] == "sandbox").count(),
        1
    );
    assert_eq!(log["total"], entries.len() - 1);
}

#[tokio::test]
async fn the_status_of_a_synchronous_webhook_is_that_of_its_answer() {
    let backend = Backend::answering(503, &[], "out of order");
    let world = beside(&backend).await;
    let webhook = json!({"type": "WEBHOOK", "url": backend.origin(), "synchronized": "{{ true }}"});
    world.action("make", webhook).await;
    let run = world.ran("make", json!({})).await;
    assert_eq!(run["status"], "FAILURE");
    assert_eq!(run["response"], "out of order");
    let id = run["id"].as_str().expect("an id");
    assert_eq!(world.logs(id).await, ["the backend answered 503"]);

    // Without a body it gets what actions of the first version sent.
    let body: Value = serde_json::from_str(&backend.asked()[0].body).expect("JSON");
    assert_eq!(body["context"]["runId"], *id);
    assert_eq!(
        (&body["action"], &body["resourceType"]),
        (&json!("make"), &json!("run"))
    );
}

#[tokio::test]
async fn an_asynchronous_webhook_stays_open_until_its_backend_reports() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    world
        .action(
            "make",
            json!({"type": "WEBHOOK", "url": backend.origin(), "body": {"id": "{{ .run.id }}"}}),
        )
        .await;
    let run = world.ran("make", json!({})).await;
    assert_eq!(run["status"], "IN_PROGRESS");
    let id = run["id"].as_str().expect("an id");
    assert_eq!(backend.asked()[0].body, format!(r#"{{"id":"{id}"}}"#));

    let log = json!({"message": "half way", "statusLabel": "working"});
    world
        .post(&format!("/v1/actions/runs/{id}/logs"), log)
        .await;
    let end = json!({"status": "SUCCESS", "link": ["https://x.test"], "summary": "made", "externalRunId": "7"});
    world.patch(&format!("/v1/actions/runs/{id}"), end).await;
    let run = world.run(id).await;
    assert_eq!(run["status"], "SUCCESS");
    assert_eq!(
        (&run["statusLabel"], &run["externalRunId"]),
        (&json!("working"), &json!("7"))
    );
    assert!(run["response"].is_null());
    let (status, refused) = world
        .patch(
            &format!("/v1/actions/runs/{id}"),
            json!({"status": "FAILURE"}),
        )
        .await;
    assert_eq!(
        (status, &refused["error"]),
        (422, &json!("run_already_ended"))
    );
}

#[tokio::test]
async fn a_backend_that_nobody_answers_for_fails_the_run_and_the_log_says_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let world = World::with(Options {
        allow_origins: vec![origin.parse().expect("an origin")],
        ..Options::default()
    })
    .await;
    for is_awaited in [true, false] {
        let action = format!("make-{is_awaited}");
        let url = format!("{origin}/x?token=5");
        world
            .action(
                &action,
                json!({"type": "WEBHOOK", "url": url, "synchronized": is_awaited}),
            )
            .await;
        let run = world.ran(&action, json!({})).await;
        assert_eq!(run["status"], "FAILURE");
        let id = run["id"].as_str().expect("an id");
        assert_eq!(
            world.logs(id).await,
            [format!("{origin} cannot be reached")]
        );
    }
}

#[tokio::test]
async fn backends_that_are_not_reached_from_here_wait_with_their_payload_rendered() {
    let world = World::new().await;
    world.secret("KEY", "very-secret").await;
    let said =
        json!({"run": "{{ .run.id }}", "size": "{{ .inputs.size }}", "key": "{{ .secrets.KEY }}"});
    let form = json!({"properties": {"size": {"type": "number"}}});
    for (kind, invocation, place) in [
        (
            "github",
            json!({"type": "GITHUB", "org": "o", "repo": "{{ .action.identifier }}", "workflow": "w", "workflowInputs": said}),
            "/workflowInputs",
        ),
        (
            "gitlab",
            json!({"type": "GITLAB", "projectName": "p", "groupName": "g", "pipelineVariables": said}),
            "/pipelineVariables",
        ),
        (
            "azure",
            json!({"type": "AZURE_DEVOPS", "webhook": "w", "org": "o", "payload": said}),
            "/payload",
        ),
        (
            "kafka",
            json!({"type": "KAFKA", "payload": said}),
            "/payload",
        ),
        (
            "integration",
            json!({
                "type": "INTEGRATION_ACTION", "installationId": "i", "integrationActionType": "dispatch_workflow",
                "integrationActionExecutionProperties": {"org": "o", "repo": "r", "workflow": "w", "workflowInputs": said},
            }),
            "/integrationActionExecutionProperties/workflowInputs",
        ),
        (
            "agent",
            json!({"type": "WEBHOOK", "url": "https://x.test", "agent": true, "body": said}),
            "/body",
        ),
    ] {
        world
            .action_with(kind, form.clone(), invocation, json!({}))
            .await;
        let run = world.ran(kind, json!({"size": 7})).await;
        assert_eq!(run["status"], "IN_PROGRESS", "{kind}: {run}");
        let payload = run["payload"].pointer(place).expect("it is there");
        assert_eq!(
            *payload,
            json!({"run": run["id"], "size": 7, "key": "*****"}),
            "{kind}"
        );
        let id = run["id"].as_str().expect("an id");
        let log = json!({"message": "done", "terminationStatus": "SUCCESS"});
        world
            .post(&format!("/v1/actions/runs/{id}/logs"), log)
            .await;
        assert_eq!(world.run(id).await["status"], "SUCCESS", "{kind}");
    }
    let github = &world.runs("github").await[0];
    assert_eq!(github["payload"]["repo"], "github");
    assert!(world.sandbox.own_requests().is_empty());
}

#[tokio::test]
async fn upsert_entity_creates_merges_and_says_why_it_cannot() {
    let world = World::new().await;
    world.blueprint("environment", json!({})).await;
    let form = json!({"properties": {"name": {"type": "string"}, "state": {"type": "string"}, "size": {"type": "number"}, "word": {"type": "string"}}});
    let mapping = json!({
        "identifier": "{{ .inputs.name }}", "title": "The {{ .inputs.name }}",
        "properties": {
            "{{ if .inputs.state then \"state\" else null end }}": "{{ .inputs.state }}",
            "{{ if .inputs.size // .inputs.word then \"size\" else null end }}": "{{ .inputs.size // .inputs.word }}",
        },
    });
    let invocation =
        json!({"type": "UPSERT_ENTITY", "blueprintIdentifier": "environment", "mapping": mapping});
    world.action_with("put", form, invocation, json!({})).await;

    let run = world.ran("put", json!({"name": "a", "state": "new"})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    let run = world.ran("put", json!({"name": "a", "size": 4})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    let entity = world.entity("environment", "a").await;
    assert_eq!(entity["title"], "The a");
    assert_eq!(entity["properties"], json!({"state": "new", "size": 4}));

    let run = world
        .ran("put", json!({"name": "a", "word": "large"}))
        .await;
    assert_eq!(run["status"], "FAILURE");
    assert_eq!(
        world.logs(run["id"].as_str().expect("an id")).await,
        ["blueprint_schema_mismatch: properties/size must be number"]
    );
    let run = world.ran("put", json!({})).await;
    assert_eq!(run["status"], "FAILURE", "{run}");
    assert_eq!(
        world.logs(run["id"].as_str().expect("an id")).await,
        ["the identifier of the entity is null"]
    );
    let (_, all) = world.get("/v1/blueprints/environment/entities").await;
    assert_eq!(all["entities"].as_array().map(Vec::len), Some(1));
    let run = world.ran("put", json!({"name": "a b"})).await;
    assert_eq!(run["status"], "FAILURE");
    assert_eq!(
        world.entity("environment", "a").await["properties"]["size"],
        4
    );
}

#[tokio::test]
async fn nothing_is_called_before_somebody_approves_nor_after_somebody_declines() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    let webhook = json!({"type": "WEBHOOK", "url": backend.origin(), "synchronized": true, "body": {"a": "{{ .inputs }}"}});
    world
        .action_with(
            "make",
            json!({"properties": {}}),
            webhook,
            json!({"requiredApproval": {"type": "ANY"}}),
        )
        .await;
    let (one, other) = (
        world.execute("make", json!({})).await,
        world.execute("make", json!({})).await,
    );
    assert_eq!(world.run(&one).await["status"], "WAITING_FOR_APPROVAL");
    assert!(backend.asked().is_empty());

    let path = |id: &str| format!("/v1/actions/runs/{id}/approval");
    let decision = json!({"status": "DECLINE", "description": "not today"});
    assert_eq!(world.patch(&path(&one), decision).await.0, 201);
    assert_eq!(
        world
            .patch(&path(&other), json!({"status": "APPROVE"}))
            .await
            .0,
        201
    );
    world.sandbox.settle().await;
    assert_eq!(world.run(&one).await["status"], "DECLINED");
    assert_eq!(world.run(&other).await["status"], "SUCCESS");
    assert_eq!(backend.asked().len(), 1);
    assert_eq!(
        world
            .patch(&path(&one), json!({"status": "APPROVE"}))
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn an_input_that_names_an_entity_is_the_entity_in_templates() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    world
        .put_entity(
            "stack",
            json!({"identifier": "s1", "title": "One", "properties": {"state": "READY"}}),
        )
        .await;
    let form = json!({"properties": {
        "stack": {"type": "string", "format": "entity", "blueprint": "stack"},
        "many": {"type": "array", "items": {"type": "string", "format": "entity", "blueprint": "stack"}},
    }});
    let payload = json!({
        "id": "{{.inputs.stack.identifier}}", "state": "{{ .inputs.stack.properties.state }}",
        "titles": "{{ [.inputs.many[]?.title] }}",
    });
    world
        .action_with(
            "look",
            form,
            json!({"type": "KAFKA", "payload": payload}),
            json!({}),
        )
        .await;
    let run = world
        .ran("look", json!({"stack": "s1", "many": ["s1", "s2"]}))
        .await;
    assert_eq!(
        run["payload"]["payload"],
        json!({"id": "s1", "state": "READY", "titles": ["One", "s2"]})
    );
    assert_eq!(run["properties"]["stack"], "s1");
    assert_eq!(
        world.logs(run["id"].as_str().expect("an id")).await,
        ["entity \"s2\" does not exist in blueprint \"stack\": templates see its identifier only"]
    );
}

#[tokio::test]
async fn a_run_about_an_entity_sees_it() {
    let world = World::new().await;
    world.blueprint("stack", json!({})).await;
    world
        .put_entity(
            "stack",
            json!({"identifier": "s1", "properties": {"size": 2}}),
        )
        .await;
    let body = json!({
        "identifier": "grow",
        "trigger": {
            "type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "stack",
            "userInputs": {"properties": {}},
        },
        "invocationMethod": {"type": "KAFKA", "payload": {"size": "{{ .entity.properties.size + 1 }}"}},
    });
    assert_eq!(world.post("/v1/actions", body).await.0, 201);
    let started = json!({"properties": {}, "entity": "s1"});
    let (_, answer) = world
        .post("/v1/actions/grow/runs?version=v2", started)
        .await;
    world.sandbox.settle().await;
    assert_eq!(answer["run"]["entity"]["identifier"], "s1");
    let run = world
        .run(answer["run"]["id"].as_str().expect("an id"))
        .await;
    assert_eq!(run["payload"]["payload"]["size"], 3);
}

#[tokio::test]
async fn forms_have_defaults_required_inputs_and_values_that_programs_say() {
    let world = World::new().await;
    let form = json!({
        "properties": {
            "kind": {"type": "string", "enum": ["small", "large"], "default": "small"},
            "size": {"type": "number", "default": {"jqQuery": "if .form.kind == \"large\" then 8 else 1 end"}},
            "zone": {"type": "string", "enum": {"jqQuery": "[\"a\", .form.kind]"}},
            "reason": {"type": "string", "visible": {"jqQuery": ".form.kind == \"large\""}},
        },
        "required": {"jqQuery": "[\"kind\", \"reason\"]"},
    });
    world
        .action_with(
            "make",
            form,
            json!({"type": "KAFKA", "payload": {"{{ spreadValue() }}": "{{ .inputs }}"}}),
            json!({}),
        )
        .await;
    let run = world.ran("make", json!({})).await;
    assert_eq!(run["properties"], json!({"kind": "small", "size": 1}));
    assert_eq!(
        run["payload"]["payload"],
        json!({"kind": "small", "size": 1})
    );
    let run = world
        .ran(
            "make",
            json!({"kind": "large", "reason": "r", "zone": "large"}),
        )
        .await;
    assert_eq!(run["properties"]["size"], 8);

    for (sent, why) in [
        (
            json!({"kind": "large"}),
            "properties must have required property 'reason'",
        ),
        (
            json!({"kind": "huge"}),
            "properties/kind must be equal to one of the allowed values: [\"small\",\"large\"]",
        ),
        (json!({"size": "1"}), "properties/size must be number"),
        (
            json!({"zone": "b"}),
            "properties/zone must be equal to one of the allowed values: [\"a\",null]",
        ),
        (
            json!({"colour": 1}),
            "properties must NOT have additional properties: \"colour\"",
        ),
    ] {
        let (status, answer) = world
            .post("/v1/actions/make/runs", json!({"properties": sent}))
            .await;
        assert_eq!(
            (status, answer["message"].as_str()),
            (422, Some(why)),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_made_is_not_sent() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    let body = json!({"a": "{{ .inputs | }}"});
    let webhook =
        json!({"type": "WEBHOOK", "url": backend.origin(), "synchronized": true, "body": body});
    world.action("make", webhook).await;
    let run = world.ran("make", json!({})).await;
    assert_eq!(run["status"], "FAILURE", "{run}");
    let logs = world.logs(run["id"].as_str().expect("an id")).await;
    assert!(logs[0].starts_with("payload /body/a: "), "{logs:?}");
    assert!(backend.asked().is_empty());
}

#[tokio::test]
async fn a_program_may_take_a_secret_apart_and_a_fault_quotes_none() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    world
        .secret("BOTH", r#"{"user":"u","word":"very-secret"}"#)
        .await;
    for (name, program) in [
        ("good", "{{ .secrets.BOTH | fromjson | .word }}"),
        ("bad", "{{ .secrets.BOTH | tonumber }}"),
    ] {
        let body = json!({"word": program});
        let url = backend.origin();
        let webhook = json!({"type": "WEBHOOK", "url": url, "synchronized": true, "body": body});
        world.action(name, webhook).await;
        let run = world.ran(name, json!({})).await;
        let logs = world.logs(run["id"].as_str().expect("an id")).await;
        assert_eq!(run["status"] == "SUCCESS", name == "good", "{run} {logs:?}");
        assert!(
            !format!("{run}{logs:?}").contains("very-secret"),
            "{run} {logs:?}"
        );
    }
    let asked = backend.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, r#"{"word":"very-secret"}"#);
}

#[tokio::test]
async fn a_log_names_secrets_that_are_not_there_and_no_input_that_is_not_given() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    world.secret("TOKEN", "very-secret").await;
    let form = json!({"properties": {"note": {"type": "string"}}});
    let webhook = json!({
        "type": "WEBHOOK", "url": backend.origin(), "synchronized": true,
        "headers": {"A": "{{ .secrets.TOKEN }}", "B": "Bearer {{ .secrets.TOKN }}"},
        "body": {"note": "{{ .inputs.note }}", "{{ .secrets[\"other-one\"] }}": 1},
    });
    world.action_with("make", form, webhook, json!({})).await;
    let run = world.ran("make", json!({})).await;
    assert_eq!(
        world.logs(run["id"].as_str().expect("an id")).await,
        [
            "there is no secret `TOKN`",
            "there is no secret `other-one`",
            "the backend answered 200",
        ]
    );
}

#[tokio::test]
async fn an_input_that_is_encrypted_is_sent_and_shown_nowhere() {
    let backend = Backend::answering(200, &[], "{}");
    let world = beside(&backend).await;
    let form = json!({"properties": {
        "word": {"type": "string", "encryption": "fernet"}, "name": {"type": "string"},
    }});
    let body = json!({"word": "{{ .inputs.word }}", "all": "{{ .inputs }}"});
    let webhook =
        json!({"type": "WEBHOOK", "url": backend.origin(), "synchronized": true, "body": body});
    world.action_with("make", form, webhook, json!({})).await;
    let event = json!({"type": "ANY_RUN_CHANGE", "actionIdentifier": "make"});
    let told = json!({"type": "KAFKA", "payload": {"run": "{{ .event.diff.after }}"}});
    world.automation("told", event, json!({}), told).await;
    let inputs = json!({"word": "very-secret", "name": "a"});
    let run = world.ran("make", inputs).await;
    assert_eq!(run["properties"], json!({"word": "*****", "name": "a"}));
    let asked: Value = serde_json::from_str(&backend.asked()[0].body).expect("JSON");
    let all = json!({"word": "very-secret", "name": "a"});
    assert_eq!(asked, json!({"word": "very-secret", "all": all}));
    let runs = world.runs("told").await;
    assert_eq!(runs.len(), 2);
    let shown = format!("{run}{runs:?}{}", world.sandbox.state());
    assert!(!shown.contains("very-secret"));
}

#[tokio::test]
async fn runs_and_their_logs_survive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let world = World::with(options()).await;
    let url = "https://api.port.io/v1/nothing";
    world
        .action(
            "look",
            json!({"type": "WEBHOOK", "url": url, "method": "GET", "synchronized": true}),
        )
        .await;
    let (_, answer) = world
        .post("/v1/actions/look/runs", json!({"properties": {}}))
        .await;
    // Stopping lets happen what was caused.
    world.sandbox.stop().await;
    let world = World::with(options()).await;
    let id = answer["run"]["id"].as_str().expect("an id");
    let run = world.run(id).await;
    assert_eq!(
        (&run["status"], &run["response"]["error"]),
        (&json!("FAILURE"), &json!("not_found"))
    );
    assert_eq!(world.logs(id).await, ["the backend answered 404"]);
}

#[tokio::test]
async fn faults_strike_clients_unless_they_are_meant_for_the_sandbox() {
    let world = World::new().await;
    let url = "https://acme.app.spacelift.io/graphql";
    let body = json!({"query": "{ viewer { id } }"});
    world
        .action(
            "look",
            json!({"type": "WEBHOOK", "url": url, "synchronized": true, "body": body}),
        )
        .await;
    let effect = || Effect::Status {
        status: 500,
        when: When::Before,
    };
    world
        .sandbox
        .fault(Fault::new(effect()).service(Service::Spacelift));
    assert_eq!(world.ran("look", json!({})).await["status"], "SUCCESS");
    world.sandbox.clear_faults();
    let by = spaceport::sandbox::By::Sandbox;
    world
        .sandbox
        .fault(Fault::new(effect()).service(Service::Spacelift).by(by));
    assert_eq!(world.ran("look", json!({})).await["status"], "FAILURE");
}
