//! The shell of the sandbox: log, faults, the data folder, and speed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, Options, Reset, Sandbox, Service, When, banner};

fn stack(identifier: &str) -> Value {
    json!({"identifier": identifier, "title": identifier, "schema": {"properties": {}}})
}

#[tokio::test]
async fn requests_are_logged_and_counted() {
    let world = World::new().await;
    assert_eq!(world.delete("/_sandbox/requests").await.0, 200);
    world.get("/v1/actions?version=v2").await;
    world.post("/v1/blueprints", stack("a")).await;
    world
        .post("/v1/blueprints/a/entities/search", json!({}))
        .await;
    world
        .post("/graphql", json!({"query": "{ viewer { id } }"}))
        .await;
    let (_, report) = world.get("/_sandbox/requests").await;
    assert_eq!(
        (&report["total"], &report["writes"]),
        (&json!(4), &json!(1))
    );
    let first = json!({
        "service": "port", "method": "GET", "path": "/v1/actions", "query": "version=v2",
        "operation": null, "status": 200,
    });
    assert_eq!(report["entries"][0], first);
    assert_eq!(report["entries"][3]["service"], "spacelift");
    assert_eq!(world.sandbox.requests().len(), 4);
    assert_eq!(
        world.send(Method::GET, "/graphql", None).await.status(),
        405
    );
}

#[tokio::test]
async fn an_answer_may_fail_before_or_after_it_took_effect() {
    let world = World::new().await;
    let create = || {
        Fault::new(Effect::Status {
            status: 503,
            when: When::Before,
        })
        .method("POST")
    };
    world.sandbox.fault(create().path("/v1/blueprints").skip(1));
    assert_eq!(world.post("/v1/blueprints", stack("a")).await.0, 201);
    assert_eq!(world.post("/v1/blueprints", stack("b")).await.0, 503);
    assert_eq!(world.get("/v1/blueprints/b").await.0, 404);

    let after = json!({"method": "POST", "effect": {"kind": "bad_gateway", "when": "after"}});
    world.post("/_sandbox/faults", after).await;
    let lost = world
        .send(Method::POST, "/v1/blueprints", Some(stack("b")))
        .await;
    assert_eq!(lost.status(), 502);
    assert!(lost.text().await.unwrap().starts_with("<html>"));
    assert_eq!(world.get("/v1/blueprints/b").await.0, 200);
    let (_, faults) = world.get("/_sandbox/faults").await;
    assert_eq!(faults, json!({"faults": []}));
}

#[tokio::test]
async fn connections_are_cut_without_a_word() {
    let world = World::new().await;
    for (when, status) in [(When::Before, 404), (When::After, 200)] {
        world
            .sandbox
            .fault(Fault::new(Effect::Cut { when }).method("POST"));
        let url = format!("{}/v1/blueprints", world.sandbox.url());
        let request = world
            .client
            .post(url)
            .bearer_auth(&world.token)
            .json(&stack("cut"));
        assert!(request.send().await.is_err());
        assert_eq!(world.get("/v1/blueprints/cut").await.0, status);
    }
    let statuses: Vec<u16> = world
        .sandbox
        .requests()
        .iter()
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [200, 0, 404, 0, 200]);
}

#[tokio::test]
async fn rate_limits_are_told_in_all_spellings() {
    let world = World::new().await;
    for (reset, header) in [
        (Reset::Epoch, Some("x-ratelimit-reset")),
        (Reset::Delay, Some("x-ratelimit-reset")),
        (Reset::RetryAfter, Some("retry-after")),
        (Reset::Silent, None),
    ] {
        world
            .sandbox
            .fault(Fault::new(Effect::RateLimit { reset, seconds: 7 }));
        let answer = world.send(Method::GET, "/v1/blueprints", None).await;
        assert_eq!(answer.status(), 429);
        let value = header.map(|name| {
            answer.headers()[name]
                .to_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
        });
        match reset {
            Reset::Epoch => assert!(value > Some(1_000_000_000)),
            Reset::Silent => assert_eq!(value, None),
            Reset::Delay | Reset::RetryAfter => assert_eq!(value, Some(7)),
        }
    }
}

#[tokio::test]
async fn tokens_end_lists_turn_and_objects_grow() {
    let mut world = World::new().await;
    world.sandbox.fault(Fault::new(Effect::ExpireTokens));
    assert_eq!(world.get("/v1/blueprints").await.0, 401);
    world.login().await;
    let (_, plain) = world.get("/v1/blueprints").await;
    assert_eq!(world.get("/v1/blueprints").await.1, plain);
    world
        .sandbox
        .fault(Fault::new(Effect::Reorder { seed: 3 }).service(Service::Port));
    let (_, turned) = world.get("/v1/blueprints").await;
    assert_ne!(turned, plain);
    let names = |answer: &Value| {
        let list = answer["blueprints"].as_array().unwrap();
        let mut names: Vec<String> = list
            .iter()
            .map(|one| one["identifier"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&turned), names(&plain));
    world.sandbox.fault(Fault::new(Effect::ExtraFields));
    let (_, grown) = world.get("/v1/blueprints").await;
    assert!(grown["blueprints"][0]["sandboxExtra"].is_object());
    world
        .sandbox
        .fault(Fault::new(Effect::Slow { milliseconds: 30 }));
    let start = Instant::now();
    world.get("/v1/blueprints").await;
    assert!(start.elapsed() >= Duration::from_millis(30));
    let unknown = json!({"effect": {"kind": "earthquake"}});
    assert_eq!(world.post("/_sandbox/faults", unknown).await.0, 422);
}

#[tokio::test]
async fn what_was_answered_survives_a_sudden_end_and_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("sandbox");
    let options = || Options {
        data: Some(data.clone()),
        ..Options::default()
    };
    let world = World::with(options()).await;
    let second = Sandbox::start(options())
        .await
        .expect_err("the folder is taken");
    assert_eq!(second.kind(), std::io::ErrorKind::ResourceBusy);
    world.post("/v1/blueprints", stack("a")).await;
    world.post("/v1/blueprints", stack("b")).await;
    world.delete("/v1/blueprints/a").await;
    let secret = json!({"secretName": "S", "secretValue": "v"});
    world.post("/v1/organization/secrets", secret).await;
    let before = world.sandbox.state();

    // What a killed process leaves: the files as they are now, with half a line at the end.
    let killed = folder.path().join("killed");
    std::fs::create_dir(&killed).unwrap();
    for file in std::fs::read_dir(&data).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), killed.join(file.file_name())).unwrap();
    }
    let journal = killed.join("port.journal");
    let mut text = std::fs::read(&journal).unwrap();
    text.extend_from_slice(b"{\"table\":\"blue");
    std::fs::write(&journal, text).unwrap();
    let restored = World::with(Options {
        data: Some(killed),
        ..Options::default()
    })
    .await;
    assert_eq!(restored.sandbox.state()["port"], before["port"]);

    world.sandbox.stop().await;
    assert_eq!(
        std::fs::metadata(data.join("port.journal")).unwrap().len(),
        0
    );
    let again = World::with(options()).await;
    assert_eq!(again.sandbox.state()["port"], before["port"]);
    assert_eq!(again.get("/v1/blueprints/b").await.0, 200);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&data).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn a_foreign_name_or_a_page_of_another_machine_is_refused() {
    let world = World::new().await;
    let url = format!("{}/_sandbox/faults", world.sandbox.url());
    for (name, value, status) in [
        ("host", "evil.test", 403),
        ("host", "127.0.0.1.evil.test", 403),
        ("host", "[::1]:7070", 200),
        ("origin", "https://evil.test", 403),
        ("origin", "http://127.0.0.1.evil.test", 403),
        ("origin", "null", 403),
        ("origin", "http://localhost:3000", 200),
    ] {
        let request = world.client.delete(&url).header(name, value);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn only_loopback_addresses_are_listened_on() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let refused = Sandbox::start(Options {
        listen,
        ..Options::default()
    })
    .await;
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::InvalidInput
    );
    let text = banner("http://127.0.0.1:7");
    assert_eq!(text.lines().next(), Some("listening on http://127.0.0.1:7"));
    assert!(text.contains("export SPACELIFT_API_KEY_ENDPOINT=http://127.0.0.1:7\n"));
    assert!(text.contains("curl http://127.0.0.1:7/_sandbox/state "));
}

#[tokio::test]
async fn the_cost_of_keeping_a_write_does_not_grow_with_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let world = World::with(options).await;
    let kept = async |name: &str| {
        let journal = folder.path().join("port.journal");
        let before = std::fs::metadata(&journal).unwrap().len();
        assert_eq!(world.post("/v1/blueprints", stack(name)).await.0, 201);
        std::fs::metadata(&journal).unwrap().len() - before
    };
    let first = kept("b000").await;
    for number in 1..200 {
        kept(&format!("b{number:03}")).await;
    }
    assert_eq!(kept("b200").await, first);
}

#[tokio::test]
async fn the_clock_and_the_writer_can_be_changed() {
    let mut world = World::new().await;
    world.post("/v1/blueprints", stack("a")).await;
    let ahead = json!({"clock_offset": 3600, "user": "auth0|ann"});
    assert_eq!(world.post("/_sandbox/quirks", ahead).await.0, 200);
    let (_, changed) = world
        .patch("/v1/blueprints/a", json!({"title": "By Ann"}))
        .await;
    let blueprint = &changed["blueprint"];
    let by = (&blueprint["createdBy"], &blueprint["updatedBy"]);
    assert_eq!(by, (&json!("sandbox-client"), &json!("auth0|ann")));
    let time = |key: &str| {
        blueprint[key]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let apart = time("updatedAt").duration_since(time("createdAt"));
    assert!(apart.as_secs() >= 3600);
    let answer = world.send(Method::GET, "/v1/blueprints", None).await;
    let date = answer.headers()["date"].to_str().unwrap();
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(date)
        .unwrap();
    assert!(date.as_second() >= time("createdAt").as_second() + 3600);

    // A token lives for three hours of the sandbox's time.
    let credentials = json!({"clientId": "sandbox-client", "clientSecret": "sandbox-secret"});
    let (_, again) = world
        .post("/v1/auth/access_token", credentials.clone())
        .await;
    assert!(again["expiresIn"].as_i64().unwrap() <= 7200);
    world
        .post("/_sandbox/quirks", json!({"clock_offset": 10801}))
        .await;
    assert_eq!(world.get("/v1/blueprints").await.0, 401);
    let old = world.token.clone();
    world.login().await;
    assert_ne!(world.token, old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let world = Arc::new(World::with(options()).await);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let world = world.clone();
            tokio::spawn(async move {
                for number in 0..25 {
                    let (status, _) = world
                        .post("/v1/blueprints", stack(&format!("w{writer}-{number}")))
                        .await;
                    assert_eq!(status, 201);
                    // All writers fight for the same ones; exactly one wins each.
                    world
                        .post("/v1/blueprints", stack(&format!("shared-{number}")))
                        .await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let count = |answer: &Value| {
        let list = answer["blueprints"].as_array().unwrap();
        list.iter()
            .filter(|one| !one["identifier"].as_str().unwrap().starts_with('_'))
            .count()
    };
    assert_eq!(count(&world.get("/v1/blueprints").await.1), 8 * 25 + 25);
    let won = world
        .sandbox
        .requests()
        .iter()
        .filter(|entry| entry.status == 201)
        .count();
    assert_eq!(won, 8 * 25 + 25);
    let world = Arc::into_inner(world).expect("all writers are done");
    world.sandbox.stop().await;
    let again = World::with(options()).await;
    assert_eq!(count(&again.get("/v1/blueprints").await.1), 8 * 25 + 25);
}
