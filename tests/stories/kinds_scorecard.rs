//! `port.scorecard` from file to service and back.

use reqwest::Method;
use serde_json::json;
use spaceport::sandbox::{Effect, Fault, When};

use crate::world::{World, blueprint, cut};

const SCORECARD: &str = "\
kind: port.scorecard
spec:
  blueprint: service
  identifier: readiness
  title: Readiness
  filter:
    combinator: and
    conditions: [{ property: language, operator: isNotEmpty }]
  rules:
    - identifier: zz_first
      title: Says its language
      level: Gold
      query: { combinator: and, conditions: [{ property: language, operator: \"=\", value: rust }] }
    - identifier: aa_second
      title: Has a title
      level: Bronze
      query: { combinator: and, conditions: [{ property: $title, operator: \"!=\", value: \"\" }] }
    - identifier: mm_third
      title: Has an owner
      level: Silver
      query: { combinator: and, conditions: [{ property: $team, operator: isNotEmpty }] }
";

const ADDR: &str = "port.scorecard[\"service:readiness\"]";
const ONE: &str = "/v1/blueprints/service/scorecards/readiness";

fn world() -> World {
    let world = World::new();
    world.write("blueprint.yaml", &blueprint("service", "Service"));
    world.write("scorecard.yaml", SCORECARD);
    world
}

/// The scorecards of the service by the key that the sandbox keeps them under.
fn scorecard(world: &World, identifier: &str) -> serde_json::Value {
    let state = world.state();
    let all = state["port"]["scorecards"].as_object().expect("a table");
    let mut found = all.values().filter(|s| s["identifier"] == identifier);
    found.next().cloned().unwrap_or_default()
}

/// Created after its blueprint, the rules come back shuffled and with levels, and nothing differs.
#[test]
fn a_scorecard_is_created_once_and_then_equal() {
    let world = world();
    world.applied();
    assert_eq!(
        world.writes(),
        [
            "POST /v1/blueprints",
            "POST /v1/blueprints/service/scorecards"
        ]
    );
    let live = scorecard(&world, "readiness");
    assert_eq!(live["levels"][0]["title"], "Basic");
    assert_ne!(live["rules"][1]["identifier"], "aa_second", "{live}");

    world.forget_requests();
    world.plan().exits(0);
    assert!(world.sandbox.requests().len() <= 9);
    for effect in [Effect::Reorder { seed: 7 }, Effect::ExtraFields] {
        world.sandbox.fault(Fault::new(effect).forever());
    }
    world.plan().exits(0);
    assert_eq!(world.writes(), [""; 0]);
}

/// A clicked title and a clicked rule are repaired by one PUT, and the sibling stays.
#[test]
fn drift_is_healed_and_siblings_stay() {
    let world = world();
    world.applied();
    let mut sibling = json!({"identifier": "clicked", "title": "Clicked", "rules": []});
    world.port(
        Method::POST,
        "/v1/blueprints/service/scorecards",
        sibling.clone(),
    );
    sibling["identifier"] = json!("readiness");
    world.port(Method::PUT, ONE, sibling);
    world.plan().exits(2).says(ADDR).says("Clicked");
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [format!("PUT {ONE}")]);
    let live = scorecard(&world, "readiness");
    assert_eq!(live["title"], "Readiness");
    assert_eq!(live["rules"].as_array().map(Vec::len), Some(3));
    assert_eq!(scorecard(&world, "clicked")["title"], "Clicked");
}

/// Leaving the project deletes it, and nothing else of its blueprint.
#[test]
fn a_scorecard_that_leaves_the_project_is_deleted() {
    let world = world();
    world.applied();
    let sibling = json!({"identifier": "clicked", "title": "Clicked", "rules": []});
    world.port(Method::POST, "/v1/blueprints/service/scorecards", sibling);
    world.remove("scorecard.yaml");
    world.plan().exits(2).says(ADDR);
    world.forget_requests();
    world.applied();
    assert_eq!(world.writes(), [format!("DELETE {ONE}")]);
    assert!(scorecard(&world, "readiness").is_null());
    assert_eq!(scorecard(&world, "clicked")["title"], "Clicked");
    world.plan().exits(0);
}

/// The answer to the create is lost: the next look finds it, and there is one.
#[test]
fn a_create_whose_answer_is_lost_is_looked_for() {
    let world = world();
    let lost = cut(When::After).method("POST");
    world
        .sandbox
        .fault(lost.path("/v1/blueprints/service/scorecards"));
    world.applied();
    let creates = world
        .writes()
        .into_iter()
        .filter(|w| w.contains("scorecards"));
    assert_eq!(creates.count(), 1);
    assert_eq!(world.entry(ADDR)["id"], "service:readiness");
    world.plan().exits(0);
}

/// The same identifier on another blueprint is another scorecard, and an identifier is told from
/// the one that a reference to the blueprint leads to.
#[test]
fn scorecards_are_known_by_their_blueprint_too() {
    let world = world();
    world.write("team.yaml", &blueprint("team", "Team"));
    let other = SCORECARD
        .replace("kind: port.scorecard", "kind: port.scorecard\nref: teams")
        .replace(
            "blueprint: service",
            "blueprint: \"${port.blueprint.team.identifier}\"",
        );
    world.write("other.yaml", &other);
    world.applied();
    assert_eq!(world.entry("port.scorecard.teams")["id"], "team:readiness");
    world.plan().exits(0);
}
