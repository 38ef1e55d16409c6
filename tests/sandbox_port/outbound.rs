//! Where the sandbox never calls, whatever an action, an automation or a payload says.

use serde_json::{Value, json};
use spaceport::sandbox::Options;

use crate::backend::Backend;
use crate::world::World;

async fn ended(world: &World, name: &str, url: &str) -> (Value, Vec<String>) {
    let webhook = json!({"type": "WEBHOOK", "url": url, "method": "GET", "synchronized": true});
    world.action(name, webhook).await;
    let run = world.ran(name, json!({})).await;
    let logs = world.logs(run["id"].as_str().expect("an id")).await;
    (run, logs)
}

#[tokio::test]
async fn nothing_but_the_sandbox_is_called_unless_its_owner_says_so() {
    let backend = Backend::answering(200, &[], "{}");
    let world = World::new().await;
    let port = backend.origin().rsplit(':').next().expect("a port");
    for (number, url) in [
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[fd00:ec2::254]/latest".to_owned(),
        backend.origin().to_owned(),
        // Names and spellings of the same.
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.0.0.1:{port}/"),
        format!("http://api.port.io@127.0.0.1:{port}/v1/x"),
        format!("https://127.0.0.1:{port}/"),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let (run, logs) = ended(&world, &format!("a{number}"), url).await;
        assert_eq!(run["status"], "FAILURE", "{url}: {run}");
        let said = logs.join("\n");
        assert!(
            said.contains("is not called") || said.contains("not an http"),
            "{url}: {said}"
        );
    }
    assert!(backend.asked().is_empty());
    assert!(world.sandbox.own_requests().is_empty());
}

#[tokio::test]
async fn a_secret_in_an_address_or_in_the_name_of_a_header_is_not_told() {
    let world = World::new().await;
    world.secret("HOST", "hidden-host").await;
    world
        .secret("URL", "https://hidden-host.test/hidden-path")
        .await;
    for (name, url, header) in [
        ("host", "https://{{ .secrets.HOST }}.example.com/a", "X-A"),
        ("url", "{{ .secrets.URL }}", "X-A"),
        ("path", "https://example.com/{{ .secrets.HOST }}", "X-A"),
        (
            "header",
            "https://api.port.io/v1/actions",
            "{{ .secrets.HOST }}: X",
        ),
    ] {
        let webhook =
            json!({"type": "WEBHOOK", "url": url, "method": "GET", "headers": {header: "1"}});
        world.action(name, webhook).await;
        let run = world.ran(name, json!({})).await;
        let logs = world.logs(run["id"].as_str().expect("an id")).await;
        assert_eq!(run["status"], "FAILURE", "{name}: {logs:?}");
        let shown = format!("{run}{logs:?}{}", world.sandbox.state());
        assert!(!shown.contains("hidden-"), "{name}: {logs:?}");
        match name {
            "path" => assert!(
                logs[0].starts_with("https://example.com is not"),
                "{logs:?}"
            ),
            "header" => assert_eq!(logs, ["a method or header cannot be sent"]),
            _ => assert!(
                logs[0].starts_with("an origin that a secret holds is not"),
                "{logs:?}"
            ),
        }
    }
}

#[tokio::test]
async fn an_origin_on_the_list_is_that_origin_and_no_other_port() {
    let (named, other) = (
        Backend::answering(200, &[], "{}"),
        Backend::answering(200, &[], "{}"),
    );
    let world = World::with(Options {
        allow_origins: vec![named.origin().parse().expect("an origin")],
        ..Options::default()
    })
    .await;
    let (run, _) = ended(&world, "named", named.origin()).await;
    assert_eq!(run["status"], "SUCCESS");
    let (run, logs) = ended(&world, "other", &format!("{}/path?token=5", other.origin())).await;
    assert_eq!(run["status"], "FAILURE");
    // It names the origin, not what else is in the URL, and what to do.
    let expected = "is not called: the sandbox calls itself and what --allow-origin names";
    assert_eq!(logs, [format!("{} {expected}", other.origin())]);
    assert_eq!((named.asked().len(), other.asked().len()), (1, 0));
}

#[tokio::test]
async fn redirects_are_answers_and_lead_nowhere() {
    let secret = Backend::answering(200, &[], "{}");
    let location = format!("location: {}/secret", secret.origin());
    let backend = Backend::answering(307, &[&location], "elsewhere");
    let world = World::with(Options {
        allow_origins: vec![backend.origin().parse().expect("an origin")],
        ..Options::default()
    })
    .await;
    let (run, logs) = ended(&world, "go", backend.origin()).await;
    assert_eq!(run["status"], "FAILURE");
    assert_eq!(logs, ["the backend answered 307"]);
    assert_eq!((backend.asked().len(), secret.asked().len()), (1, 0));
}

#[tokio::test]
async fn runs_do_not_steer_the_sandbox() {
    let world = World::new().await;
    for (number, url) in [
        format!("{}/_sandbox/state", world.sandbox.url()),
        "https://api.port.io/_sandbox/state".to_owned(),
        "https://api.port.io/v1/../_sandbox/state".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let (run, logs) = ended(&world, &format!("a{number}"), url).await;
        assert_eq!(run["status"], "FAILURE", "{run}");
        assert!(
            logs[0].starts_with("the sandbox serves nothing at that path of "),
            "{logs:?}"
        );
    }
    assert!(world.sandbox.own_requests().is_empty());
}

#[tokio::test]
async fn a_client_cannot_pass_for_the_sandbox() {
    let world = World::new().await;
    for pass in ["", "x 0", "sandbox 99"] {
        let request = world
            .client
            .get(format!("{}/v1/blueprints", world.sandbox.url()))
            .header("x-sandbox-call", pass);
        assert_eq!(request.send().await.expect("an answer").status(), 401);
    }
    assert_eq!(world.sandbox.own_requests().len(), 0);
    assert_eq!(world.sandbox.requests().len(), 4);
}
