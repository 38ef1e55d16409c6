//! The sandbox takes and refuses the same bodies as the published schemas do.
//!
//! The schemas are Port's API description, which is not part of this project: the tests look for
//! `port-openapi.json` in the folder above the one that `SPACEPORT_CORPUS` names. Without that
//! variable there is nothing to compare, and the tests say so; with it, the file has to be there.
//!
//! Bodies are grown from each route's schema and mutated, then shown to both: the judge, which is
//! a validator over the published text, and the sandbox over HTTP. A refusal for the model (an
//! unknown reference, a taken identifier) is an acceptance of the body. Where the published text is
//! known to be wrong the list of exceptions corrects it, in the judge's copy only.

mod bed;
mod dice;
mod grow;
mod judge;
mod mutate;
#[path = "../sandbox_port/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the sandbox")]
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use dice::Dice;
use grow::Grower;
use judge::{EXCEPTIONS, Judge};
use reqwest::Method;
use serde_json::{Value, json};
use world::World;

/// How many bodies each route is shown.
const BODIES: usize = 600;
/// How many disagreements of a route are worth reading.
const SHOWN: usize = 12;

/// Published routes with a body that the sandbox does not serve: nothing of the project calls them.
const UNSERVED: &[&str] = &[
    "POST /v1/entities/aggregate",
    "POST /v1/entities/aggregate-over-time",
    "POST /v1/entities/properties-history",
    "POST /v1/migrations",
    "POST /v1/migrations/{migration_id}/cancel",
];

/// A published route with the schema of its body.
struct Route {
    method: Method,
    template: String,
    schema: Value,
}

impl Route {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

/// The published document; `None` where there is none to compare with.
fn published() -> Option<Value> {
    let Some(corpus) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!(
            "SPACEPORT_CORPUS is not set: the sandbox is not compared with the published schemas"
        );
        return None;
    };
    let path = Path::new(&corpus).join("../port-openapi.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} must be readable: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("the description is JSON"))
}

/// Every published route that has a body.
fn routes(document: &Value) -> Vec<Route> {
    let mut found = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if operation.get("requestBody").is_some() {
                assert!(
                    schema.is_object(),
                    "{method} {template} has a body without a schema"
                );
                found.push(Route {
                    method: method.to_uppercase().parse().expect("a method"),
                    template: template.clone(),
                    schema: schema.clone(),
                });
            }
        }
    }
    found
}

/// The same document with the exceptions applied; each has to find its place.
fn corrected(mut document: Value) -> Value {
    assert!(EXCEPTIONS.len() <= 10, "too many exceptions");
    for exception in EXCEPTIONS {
        let places = (exception.correct)(&mut document);
        assert!(places > 0, "no longer published: {}", exception.why);
        assert!(
            exception.why.contains("(PA section "),
            "{} cites nothing",
            exception.why
        );
    }
    document
}

/// What the sandbox said of a body.
struct Verdict {
    accepted: bool,
    served: bool,
    done: bool,
    answer: Value,
}

async fn ask(world: &World, route: &Route, path: &str, body: &Value) -> Verdict {
    let sent = world
        .send(route.method.clone(), path, Some(body.clone()))
        .await;
    let status = sent.status().as_u16();
    let answer: Value = sent.json().await.expect("JSON");
    let says = |begin: &str| {
        answer["message"]
            .as_str()
            .is_some_and(|text| text.starts_with(begin))
    };
    Verdict {
        accepted: !(status == 422 && answer["error"] == "invalid_request" && says("body")),
        served: !(status == 404 && says("Route ")),
        done: status < 300,
        answer,
    }
}

/// A disagreement in its smallest form.
async fn shrunk(
    world: &World,
    route: &Route,
    judge: &Judge,
    body: Value,
    round: &mut usize,
) -> String {
    let mut body = body;
    'smaller: loop {
        for candidate in mutate::smaller(&body) {
            *round += 1;
            let path = bed::path(world, &route.template, *round).await;
            let verdict = ask(world, route, &path, &candidate).await;
            if verdict.accepted != judge.accepts(&candidate) {
                body = candidate;
                continue 'smaller;
            }
        }
        break;
    }
    *round += 1;
    let path = bed::path(world, &route.template, *round).await;
    let verdict = ask(world, route, &path, &body).await;
    let who = if verdict.accepted {
        "only the sandbox takes"
    } else {
        "only the schema takes"
    };
    let shown: String = body.to_string().chars().take(400).collect();
    format!(
        "{}: {who} {shown}\n      {}",
        route.name(),
        verdict.answer["message"]
    )
}

/// Shows a route its bodies; returns the disagreements and how many were taken and refused by both.
async fn compare(world: &World, document: &Value, route: &Route) -> (BTreeSet<String>, [usize; 2]) {
    let judge = Judge::new(document, &route.schema);
    let grower = Grower::new(document);
    let seed = route
        .name()
        .bytes()
        .fold(7_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
    let mut dice = Dice::new(seed);
    let (mut differ, mut agreed) = (BTreeSet::new(), [0, 0]);
    let mut round = 0;
    let mut path = bed::path(world, &route.template, round).await;
    for _ in 0..BODIES {
        let mut body = grower.grow(&route.schema, &mut dice, 0);
        for _ in 0..*dice.pick(&[0, 1, 1, 2]) {
            mutate::mutate(&mut body, &mut dice);
        }
        let verdict = ask(world, route, &path, &body).await;
        assert!(verdict.served, "{} is not served", route.name());
        if verdict.done {
            round += 1;
            path = bed::path(world, &route.template, round).await;
        }
        if verdict.accepted == judge.accepts(&body) {
            agreed[usize::from(!verdict.accepted)] += 1;
        } else if differ.len() < SHOWN {
            differ.insert(shrunk(world, route, &judge, body, &mut round).await);
            round += 1;
            path = bed::path(world, &route.template, round).await;
        }
    }
    (differ, agreed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_takes_and_refuses_what_the_published_schemas_do() {
    let Some(document) = published() else { return };
    let document = corrected(document);
    let mut differ = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for route in routes(&document) {
        let document = document.clone();
        tasks.spawn(async move {
            if UNSERVED.contains(&route.name().as_str()) {
                return (route.name(), BTreeSet::new(), None);
            }
            let world = World::new().await;
            let (differ, agreed) = compare(&world, &document, &route).await;
            (route.name(), differ, Some(agreed))
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (name, found, agreed) = done.expect("a route was compared to its end");
        if let Some([taken, refused]) = agreed {
            println!("{name}: {taken} bodies taken and {refused} refused by both");
            let least = BODIES / 20;
            if found.is_empty() && (taken < least || refused < least) {
                differ.push(format!(
                    "{name} saw {taken} bodies taken and {refused} refused: too few of a kind"
                ));
            }
        }
        differ.extend(found);
    }
    differ.sort();
    assert!(
        differ.is_empty(),
        "{} disagreements:\n{}",
        differ.len(),
        differ.join("\n")
    );
}

/// The list of what is not served is the truth: neither longer nor shorter.
#[tokio::test]
async fn every_published_route_is_compared_unless_it_is_not_served() {
    let Some(document) = published() else { return };
    let world = World::new().await;
    let mut unserved = Vec::new();
    for route in routes(&document) {
        let path = route.template.replace(['{', '}'], "");
        if !ask(&world, &route, &path, &json!({})).await.served {
            unserved.push(route.name());
        }
    }
    unserved.sort();
    assert_eq!(unserved, UNSERVED);
}
