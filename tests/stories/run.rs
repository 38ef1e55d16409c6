//! A self-service action is executed, its run followed, and reported on by its backend: the real
//! binary on both sides of Port.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, Reset, When};

use crate::stub::{Stub, json as answer};
use crate::world::{Ran, Running, World, cut, status};

/// An action whose backend listens to a topic: its runs stay in progress until somebody reports.
pub const MAKE: &str = "\
kind: port.action
spec:
  identifier: make
  title: Make
  trigger:
    type: self-service
    operation: CREATE
    userInputs:
      properties:
        name: { type: string, title: Name }
        size: { type: string, title: Size, enum: [small, large], default: small }
        count: { type: number, title: Count }
        password: { type: string, title: Password, encryption: fernet }
      required: [name]
  invocationMethod: { type: KAFKA, payload: { name: \"{{ .inputs.name }}\" } }
";

/// The project with the action, applied, and credentials of Port alone from then on.
fn world() -> World {
    let mut world = World::new();
    world.write("make.yaml", MAKE);
    world.applied();
    for name in ["SPACELIFT_API_KEY_ID", "SPACELIFT_API_KEY_SECRET"] {
        world.unset(name);
    }
    world.forget_requests();
    world
}

/// Starts a run and gives its id back.
fn started(world: &World) -> String {
    let ran = world.run(&["run", "make", "-i", "name=a", "--format", "json"]);
    let run: Value = serde_json::from_str(&ran.exits(0).out).expect("JSON");
    run["id"].as_str().expect("an id").to_owned()
}

/// A run of the binary that follows, and the id that it says first.
fn followed(world: &World) -> (Running, String) {
    let mut following = world.start(&["run", "make", "--input", "name=a", "--follow"]);
    let said = line(&mut following);
    let id = said.split(' ').nth(1).expect("an id").to_owned();
    assert_eq!(said, format!("Run {id} of `make` is in progress."));
    (following, id)
}

/// The next line on stdout.
fn line(running: &mut Running) -> String {
    use std::io::Read;
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"\n") {
        let read = running.stdout().read(&mut byte).expect("it can be read");
        assert_ne!(
            read,
            0,
            "it ended and said {}",
            String::from_utf8_lossy(&said)
        );
        said.extend_from_slice(&byte);
    }
    String::from_utf8(said).expect("text").trim_end().to_owned()
}

fn run_of(world: &World, id: &str) -> Value {
    world.of_port("runs", id)
}

fn runs(world: &World) -> Vec<Value> {
    let state = world.state();
    let runs = state["port"]["runs"].as_object().into_iter().flatten();
    runs.map(|(_, run)| run.clone()).collect()
}

/// Whoever follows sees what the backend says, in its order, and ends as the run does.
#[test]
fn a_run_is_followed_while_its_backend_reports() {
    let world = world();
    let (mut following, id) = followed(&world);
    world
        .run(&[
            "run",
            "log",
            &id,
            "Made the disk",
            "--link",
            "https://ci.example.org/1",
        ])
        .exits(0);
    // The link is reported first, and a look may come between the two.
    let mut said = [line(&mut following), line(&mut following)];
    said.sort_by_key(|line| line.ends_with("  Made the disk"));
    assert_eq!(said[0], "  link: https://ci.example.org/1");
    assert!(said[1].ends_with("  Made the disk"), "{said:?}");
    world.run(&["run", "log", &id, "Made\nthe rest"]).exits(0);
    let finish = [
        "run", "finish", &id, "--status", "SUCCESS", "--label", "all made",
    ];
    let finished = world.run(&[&finish[..], &["--summary", "Two **disks**."]].concat());
    let end = format!("Run {id} of `make` ended as SUCCESS (all made).\n");
    assert_eq!(finished.exits(0).out, end);
    let ran = following.end().exits(0);
    assert!(
        ran.out.contains("  Made\n            the rest\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.ends_with(&format!("{end}  Two **disks**.\n")),
        "{}",
        ran.out
    );
    assert_eq!(ran.err, "");
}

/// What did not end well does not end well here: a failure, and an approval that was not given.
#[test]
fn a_failure_and_a_decline_are_failures() {
    let world = world();
    let id = started(&world);
    world
        .run(&["run", "log", &id, "no space", "--status", "FAILURE"])
        .exits(0);
    let ran = world.run(&["run", "follow", &id]).exits(1);
    assert!(ran.out.contains("no space"));
    assert!(ran.out.ends_with(&format!("Run {id} of `make` failed.\n")));

    world.edit(
        "make.yaml",
        "  invocationMethod",
        "  requiredApproval: true\n  invocationMethod",
    );
    approvers(
        &world,
        json!({"roles": ["Admin"], "teams": ["ops"], "users": []}),
    );
    applied_again(&world);
    let id = started(&world);
    let declined = ["run", "approve", &id, "--decline", "--reason", "not today"];
    world.run(&declined).exits(0).says("was declined");
    world
        .run(&["run", "follow", &id])
        .exits(1)
        .says("was declined");
}

/// Applies what was edited, with all credentials.
fn applied_again(world: &World) {
    let key = [
        ("SPACELIFT_API_KEY_ID", spaceport::sandbox::KEY_ID),
        ("SPACELIFT_API_KEY_SECRET", spaceport::sandbox::KEY_SECRET),
    ];
    let mut apply = world.command(&["apply", "--yes"]);
    crate::world::ran(apply.envs(key).output().expect("it runs")).exits(0);
}

fn approvers(world: &World, approve: Value) {
    let path = "/v1/actions/make/permissions";
    world.port(Method::PATCH, path, json!({"approve": approve}));
}

/// A run that waits says for whom, and goes on when it may.
#[test]
fn who_may_approve_is_said() {
    let world = world();
    world.edit(
        "make.yaml",
        "  invocationMethod",
        "  requiredApproval: true\n  invocationMethod",
    );
    applied_again(&world);
    approvers(
        &world,
        json!({"roles": ["Admin"], "teams": ["ops"], "users": []}),
    );
    let ran = world.run(&["run", "make", "-i", "name=a"]).exits(0);
    assert!(
        ran.out
            .replace('\n', " ")
            .ends_with("by the role Admin or the team ops. "),
        "{}",
        ran.out
    );
    let late = world.run(&["run", "make", "-i", "name=a", "--follow", "--timeout", "1"]);
    late.exits(1).says("after 1 s run r_").says("team ops");

    let ran = world
        .run(&["run", "make", "-i", "name=a", "--approve"])
        .exits(0);
    assert!(ran.out.contains("is in progress"), "{}", ran.out);
    let id = ran.out.split(' ').nth(1).expect("an id").to_owned();
    assert_eq!(run_of(&world, &id)["status"], "IN_PROGRESS");
}

/// What is wrong with a call is told before anything is sent.
#[test]
fn what_cannot_run_is_told_and_nothing_is_sent() {
    let world = world();
    let wrong = |arguments: &[&str], says: &[&str]| {
        let ran = world.run(&[&["run"], arguments].concat()).exits(64);
        let ran = says.iter().fold(ran, |ran, text| ran.says(text));
        assert_eq!(world.writes(), [""; 0]);
        ran.hides("canary")
    };
    wrong(
        &["mak"],
        &["Port has no action `mak`", "did you mean `make`?"],
    );
    wrong(
        &["port.action.mkae"],
        &["is not in the project", "did you mean `port.action.make`?"],
    );
    wrong(&["port.webhook.make"], &["is no action"]);
    wrong(&["port.automation.make"], &["is an automation"]);
    wrong(&["make"], &["`make` requires `name`", "--input name="]);
    let many = [
        "make",
        "-i",
        "nam=canary",
        "-i",
        "count=canary",
        "-i",
        "size=larg",
    ];
    wrong(
        &many,
        &[
            "did you mean `name`?",
            "`count` is a number",
            "did you mean `large`?",
        ],
    );
    wrong(&["make", "-i", "canary"], &["an input has no name"]);
    world.write("inputs.yaml", "name: [canary\n");
    let file = world.path("inputs.yaml").display().to_string();
    wrong(&["make", "--inputs", &file], &["is no YAML at line"]);
    wrong(&["make", "--inputs", "nowhere.yaml"], &["cannot be read"]);

    // An action that the project wants is there after the next apply.
    world.write(
        "other.yaml",
        &MAKE.replace("identifier: make", "identifier: build"),
    );
    world
        .run(&["run", "build"])
        .exits(1)
        .says("`spaceport apply` creates it");
    assert_eq!(world.writes(), [""; 0]);
}

/// Inputs are typed by the form, and come from files too.
#[test]
fn inputs_arrive_as_the_form_wants_them() {
    let world = world();
    world.write(
        "inputs.yaml",
        "name: from a file\ncount: 2\npassword: canary\n",
    );
    let file = world.path("inputs.yaml").display().to_string();
    let ran = world.run(&[
        "-vv",
        "run",
        "port.action.make",
        "--inputs",
        &file,
        "-i",
        "count=3",
    ]);
    ran.exits(0).hides("canary");
    let run = &runs(&world)[0];
    // What the form encrypts is shown nowhere; its digest says that it arrived.
    let expected = json!({"name": "from a file", "count": 3, "size": "small", "password": "*****"});
    assert_eq!(run["properties"], expected);
    let id = run["id"].as_str().expect("an id");
    assert_eq!(
        world.sandbox.state()["port"]["run_secrets"][id]["sha256"],
        "8d665908990c250a49b1e7efc37d54cb577f97ad6e04828abaec72d27d53da80"
    );
}

/// A started run is never started twice: when the answer is lost, it is looked for.
#[test]
fn a_lost_answer_starts_nothing_twice() {
    let world = world();
    started(&world);
    let post = |fault: Fault| fault.method("POST").path("/v1/actions/make/runs");
    world.sandbox.fault(post(cut(When::After)));
    let ran = world.run(&["run", "make", "-i", "name=b"]).exits(0);
    assert!(ran.err.contains("answer was lost"), "{}", ran.err);
    assert_eq!(runs(&world).len(), 2);

    world.sandbox.fault(post(status(503, When::Before)));
    let ran = world.run(&["run", "make", "-i", "name=c"]).exits(1);
    ran.says("it is not known whether the run was started");
    assert_eq!(runs(&world).len(), 2);

    // What Port says it did not take may be sent again.
    let seconds = 0;
    let reset = Reset::RetryAfter;
    world
        .sandbox
        .fault(post(Fault::new(Effect::RateLimit { reset, seconds })));
    world.run(&["run", "make", "-i", "name=d"]).exits(0);
    assert_eq!(runs(&world).len(), 3);
}

/// Reports arrive although answers are lost, and only once where that matters.
#[test]
fn lost_answers_of_reports_are_looked_up() {
    let world = world();
    let id = started(&world);
    let logs = format!("/v1/actions/runs/{id}/logs");
    world
        .sandbox
        .fault(cut(When::After).method("POST").path(&logs));
    world.run(&["run", "log", &id, "once"]).exits(0);
    world
        .sandbox
        .fault(cut(When::Before).method("POST").path(&logs));
    world.run(&["run", "log", &id, "twice"]).exits(0);
    let lines = world.state()["port"]["run_logs"]
        .as_object()
        .map_or(0, |lines| lines.len());
    assert_eq!(lines, 2);

    // The log says so already, and yet the run has not ended.
    let other = started(&world);
    world.run(&["run", "log", &other, "again"]).exits(0);
    let logs = format!("/v1/actions/runs/{other}/logs");
    world
        .sandbox
        .fault(cut(When::Before).method("POST").path(&logs));
    let last = ["run", "log", &other, "again", "--status", "FAILURE"];
    world.run(&last).exits(0).says("failed");

    world
        .sandbox
        .fault(status(503, When::After).method("PATCH"));
    let finish = ["run", "finish", &id, "--status", "FAILURE"];
    world.run(&finish).exits(0).says("failed");
    world.run(&finish).exits(1).says("has already ended");
}

/// Port may be away for a while, or be tired of being asked.
#[test]
fn following_outlasts_bad_weather() {
    let world = world();
    let (mut following, id) = followed(&world);
    let of_run = |fault: Fault| fault.method("GET").path(&format!("/v1/actions/runs/{id}"));
    let away = of_run(status(503, When::Before)).times(5);
    world.sandbox.fault(away);
    following.until_it_says("answered 503");
    let (reset, seconds) = (Reset::Delay, 0);
    world
        .sandbox
        .fault(of_run(Fault::new(Effect::RateLimit { reset, seconds })));
    world.sandbox.fault(of_run(cut(When::Before)));
    world.until_faults_have_struck();
    world
        .run(&["run", "finish", &id, "--status", "SUCCESS"])
        .exits(0);
    following.end().exits(0).says("ended as SUCCESS");
}

/// Ctrl-C ends the following and leaves the run alone.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_run_running() {
    let world = world();
    let (following, id) = followed(&world);
    following.interrupt();
    let ran = following.end().exits(130);
    ran.says("the run goes on").says(&id);
    assert_eq!(run_of(&world, &id)["status"], "IN_PROGRESS");
}

/// Ctrl-C while the run is being started waits for Port's answer, unless it is pressed again.
#[cfg(unix)]
#[test]
fn ctrl_c_waits_for_what_is_in_flight() {
    let world = world();
    let slow = crate::world::held()
        .method("POST")
        .path("/v1/actions/make/runs");
    world.sandbox.fault(slow);
    let mut starting = world.start(&["run", "make", "-i", "name=a"]);
    world.until_faults_have_struck();
    starting.interrupt();
    starting.until_it_says("stopping:");
    starting.interrupt();
    starting.end().exits(130);
}

/// In the embedded sandbox nobody else is there to end a run or to approve it: that is said at once.
#[test]
fn nobody_is_waited_for_in_the_embedded_sandbox() {
    let world = world();
    world.run(&["apply", "--yes", "--sandbox"]).exits(0);
    let run = ["run", "make", "-i", "name=a", "--follow", "--sandbox"];
    let ran = world
        .run(&run)
        .exits(1)
        .says("nobody else is in the embedded sandbox");
    let id = ran.out.split(' ').nth(1).expect("an id");
    let finish = ["run", "finish", id, "--status", "SUCCESS", "--sandbox"];
    world.run(&finish).exits(0).says("ended as SUCCESS");
    world.run(&["run", "follow", id, "--sandbox"]).exits(0);
}

/// A backend needs no project, only to know where Port is.
#[test]
fn reports_need_no_project() {
    let mut world = world();
    let id = started(&world);
    world.write("broken.yaml", "kind: nonsense\n");
    world.run(&["run", "log", &id, "one"]).exits(0);
    world.remove("spaceport.yaml");
    world.run(&["run", "log", &id, "two"]).exits(0);
    world
        .run(&["run", "log", &id, "  "])
        .exits(64)
        .says("there is nothing to say");
    world.unset("PORT_BASE_URL");
    let lost = world
        .run(&["run", "finish", &id, "--status", "SUCCESS"])
        .exits(64);
    lost.says("nothing says where the organization lives")
        .says("--region eu");
    world
        .run(&["run", "finish", &id, "--status", "DONE"])
        .exits(64);
    let url = world.sandbox.url().to_owned();
    let finish = [
        "run",
        "finish",
        &id,
        "--status",
        "SUCCESS",
        "--port-url",
        &url,
    ];
    world.run(&finish).exits(0);
    world
        .run(&["run", "follow", &id, "--port-url", &url])
        .exits(0)
        .says("  one");
}

/// Settings that cannot be read could mean another organization.
#[test]
fn settings_must_be_right() {
    let world = world();
    world
        .run(&["run", "make", "-e", "prod"])
        .exits(3)
        .says("no environment `prod`");
    world
        .run(&["run", "make", "--region", "us"])
        .exits(64)
        .says("the project says `eu`");
    world
        .run(&["run", "follow", "r_none"])
        .exits(1)
        .says("not found");
}

/// As one JSON value.
#[test]
fn a_run_is_one_json_value() {
    let world = world();
    let id = started(&world);
    let finish = [
        "run", "log", &id, "made", "--status", "SUCCESS", "--label", "all",
    ];
    world.run(&finish).exits(0);
    let ran = world
        .run(&["run", "follow", &id, "--format", "json"])
        .exits(0);
    let mut run: Value = serde_json::from_str(&ran.out).expect("JSON");
    let schema = world.run(&["schema", "--of", "run"]).exits(0);
    let schema: Value = serde_json::from_str(&schema.out).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &run), "{run:#}");
    let at = run["log"][0]["at"].take();
    assert!(at.is_string());
    assert_eq!(
        run,
        json!({
            "formatVersion": 1, "id": id, "action": "make", "status": "SUCCESS", "label": "all",
            "links": [], "summary": null, "ended": true, "didWell": true, "refusals": [],
            "log": [{"at": null, "message": "made"}], "approvers": null,
        })
    );
}

/// A Port whose only run has this response, and its log a token.
fn port_that_answers(response: &'static str) -> Stub {
    Stub::new(move |request| {
        let run = format!(
            r#"{{"id": "r_1", "status": "SUCCESS", "action": {{"identifier": "go"}}, "response": {response},
            "payload": {{"url": "https://acme.app.spacelift.io/graphql"}}}}"#
        );
        let log = r#"{"id": "l", "message": "got eyJhbGciOiJIUzI1NiJ9.canary.canary", "createdAt": "2026-01-01T10:00:00.000Z"}"#;
        answer(&match request.split(' ').nth(1).unwrap_or_default() {
            path if path.contains("access_token") => {
                r#"{"ok": true, "accessToken": "t", "expiresIn": 10}"#.to_owned()
            }
            path if path.contains("/logs") => format!(r#"{{"ok": true, "runLogs": [{log}]}}"#),
            _ => format!(r#"{{"ok": true, "run": {run}}}"#),
        })
    })
}

fn follow(response: &'static str, format: &str) -> Ran {
    let (mut world, port) = (World::new(), port_that_answers(response));
    world.set("PORT_BASE_URL", port.url());
    world.run(&["-vvv", "run", "follow", "r_1", "--format", format])
}

/// Port takes every HTTP 200 for a success. What GraphQL refused is told, and ends with 1; what the
/// backend answered is never shown, as it may be a token.
#[test]
fn a_success_that_is_none_is_told() {
    for format in ["human", "json"] {
        let token = r#"{"data": {"apiKeyUser": {"jwt": "canary"}}}"#;
        follow(token, format)
            .exits(0)
            .says("SUCCESS")
            .hides("canary");
        let refused = r#"{"data": null, "errors": [{"message": "unauthorized: eyJhbGciOiJIUzI1NiJ9.canary"}]}"#;
        let ran = follow(refused, format).exits(1).hides("canary");
        ran.says("unauthorized: (redacted)")
            .says("HTTP 200")
            .says("may have expired");
        let empty = r#"{"data": {"apiKeyUser": null}}"#;
        follow(empty, format)
            .exits(1)
            .says("`apiKeyUser` came back empty");
    }
}

/// No page says in which order Port gives the lines of a log. Newest first, they are shown all the
/// same: each once, oldest first, also those that come in between two looks.
#[test]
fn a_log_is_shown_in_the_order_of_time() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let port = Stub::new(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        answer(&match path {
            path if path.contains("access_token") => {
                r#"{"ok": true, "accessToken": "t", "expiresIn": 10}"#.to_owned()
            }
            path if path.contains("/logs") => {
                let lines = looks.load(std::sync::atomic::Ordering::SeqCst) * 30;
                let offset = path.split("offset=").nth(1).expect("an offset");
                let offset: usize = offset.parse().expect("a number");
                let newest_first = (0..lines).rev().skip(offset).take(50);
                let line = |n: usize| {
                    json!({"id": format!("l{n}"), "message": format!("line {n}"),
                        "createdAt": format!("2026-01-01T10:{:02}:{:02}.000Z", n / 60, n % 60)})
                };
                json!({"ok": true, "runLogs": newest_first.map(line).collect::<Vec<_>>()})
                    .to_string()
            }
            _ => {
                let look = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let status = if look < 2 { "IN_PROGRESS" } else { "FAILURE" };
                let run = json!({"id": "r_1", "status": status, "action": "go"});
                json!({"ok": true, "run": run}).to_string()
            }
        })
    });
    let mut world = World::new();
    world.set("PORT_BASE_URL", port.url());
    let ran = world.run(&["run", "follow", "r_1"]).exits(1);
    let lines = ran.out.lines().filter_map(|line| line.split_once("line "));
    let shown: Vec<&str> = lines.map(|(_, number)| number).collect();
    let all: Vec<String> = (0..90).map(|number| number.to_string()).collect();
    assert_eq!(shown, all);
}
