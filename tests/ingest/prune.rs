//! Deleting what is gone: each condition by itself, the brake, and what comes in between.

use std::collections::BTreeMap;

use serde_json::json;
use spaceport::ingest::Report;
use spaceport::ingest::report::Done;
use spaceport::sandbox::{Effect, Fault, When};
use spaceport::want::ingest::Ingest;

use crate::world::{STACKS, World, ingest, plain};

const DELETE: &str = "/v1/blueprints/stack/bulk/entities/delete";

fn deleting() -> Ingest {
    ingest(&STACKS.replace("blueprint: stack", "blueprint: stack\nprune: delete"))
}

/// A world whose stacks `s003` and `s009` are gone, and their entities not.
async fn with_two_gone() -> World {
    let world = World::with(plain(12)).await;
    world.run(&deleting()).await;
    for stack in ["s003", "s009"] {
        world.delete(stack).await;
    }
    world
}

/// Nothing was deleted, and this says why they stay.
async fn kept(world: &World, report: &Report, why: &str, count: u64) {
    assert_eq!(
        (report.broken.as_deref(), report.failed, report.deleted),
        (None, 0, 0)
    );
    let stay: BTreeMap<&str, u64> = report.stay.clone();
    assert_eq!(stay, BTreeMap::from([(why, count)]));
    assert_eq!(report.left, count);
    assert_eq!(world.writes(), 0);
    assert_eq!(world.entities().await.len(), 12);
}

#[tokio::test]
async fn what_is_gone_is_deleted_and_nothing_else_is_written() {
    let world = with_two_gone().await;
    let planned = world.plan(&deleting()).await;
    assert_eq!((planned.deleted, world.writes()), (2, 0));
    let samples: Vec<(&str, Done)> = planned
        .samples
        .iter()
        .map(|sample| (sample.identifier.as_str(), sample.what))
        .collect();
    assert_eq!(samples, [("s003", Done::Deleted), ("s009", Done::Deleted)]);

    let done = world.run(&deleting()).await;
    assert_eq!((done.deleted, done.left, done.unchanged), (2, 0, 10));
    assert_eq!(world.writes(), 1);
    let entities = world.entities().await;
    assert_eq!(entities.len(), 10);
    assert!(!entities.contains_key("s003") && !entities.contains_key("s009"));
    assert!(world.agrees(&deleting()).await);
}

#[tokio::test]
async fn what_is_to_be_kept_is_kept_and_told() {
    let world = with_two_gone().await;
    let report = world.run(&ingest(STACKS)).await;
    kept(&world, &report, "`prune` is `keep`", 2).await;
}

#[tokio::test]
async fn a_blueprint_that_is_not_ours_keeps_its_entities() {
    let mut world = with_two_gone().await;
    world.ours.blueprints.clear();
    let report = world.run(&deleting()).await;
    kept(
        &world,
        &report,
        "the blueprint is not in this project's ledger",
        2,
    )
    .await;
}

#[tokio::test]
async fn entities_that_somebody_else_made_stay() {
    let mut world = with_two_gone().await;
    world.ours.makers = ["spacelift_stack_mapper".to_owned()].into();
    let report = world.run(&deleting()).await;
    kept(&world, &report, "somebody else made them", 2).await;
}

#[tokio::test]
async fn entities_of_another_account_are_none_of_our_business() {
    let world = World::with(plain(2)).await;
    world.run(&deleting()).await;
    for (name, link) in [
        ("other", "https://other.app.spacelift.io/stack/other"),
        ("evil", "https://acme.app.spacelift.io.example/stack/evil"),
        ("bare", ""),
    ] {
        let body = json!({"identifier": name, "properties": {"link": link}});
        world.post("/v1/blueprints/stack/entities", body).await;
    }
    world.delete("s001").await;
    let report = world.run(&deleting()).await;
    assert_eq!((report.deleted, report.left), (1, 0));
    let names: Vec<String> = world.entities().await.into_keys().collect();
    assert_eq!(names, ["bare", "evil", "other", "s000"]);
}

#[tokio::test]
async fn what_the_filter_leaves_out_is_not_gone() {
    let world = with_two_gone().await;
    let document = STACKS.replace(
        "blueprint: stack",
        "blueprint: stack\nprune: delete\nfilter: .item.id < \"s002\"",
    );
    let report = world.run(&ingest(&document)).await;
    assert_eq!((report.filtered, report.deleted, report.left), (8, 2, 0));
    assert_eq!(world.entities().await.len(), 10);
}

#[tokio::test]
async fn an_identifier_that_cannot_be_told_keeps_everything() {
    let world = with_two_gone().await;
    let document = STACKS
        .replace("blueprint: stack", "blueprint: stack\nprune: delete")
        .replace(
            "identifier: .item.id",
            "identifier: if .item.id == \"s005\" then error(\"no\") else .item.id end",
        );
    let report = world.run(&ingest(&document)).await;
    assert_eq!((report.failed, report.deleted, report.left), (1, 0, 3));
    let refused = report.refused.expect("refused");
    assert!(
        refused.starts_with("the identifier of the stack `s005` cannot be told: "),
        "{refused}"
    );
    assert_eq!(report.allow, None);
    assert_eq!(world.entities().await.len(), 12);
}

#[tokio::test]
async fn a_list_that_is_empty_deletes_nothing() {
    let world = with_two_gone().await;
    world.fault(
        Fault::new(Effect::EmptyLists)
            .service(spaceport::sandbox::Service::Spacelift)
            .forever(),
    );
    let report = world.run(&deleting()).await;
    assert_eq!((report.deleted, report.left), (0, 12));
    assert_eq!(
        report.refused.as_deref(),
        Some("Spacelift lists no stacks at all")
    );
    assert_eq!(world.entities().await.len(), 12);
}

#[tokio::test]
async fn a_session_that_ends_before_the_last_look_deletes_nothing() {
    let world = with_two_gone().await;
    let dead = Fault::new(Effect::DeadSession)
        .operation("IngestIds")
        .skip(1)
        .forever();
    world.fault(dead);
    let report = world.run(&deleting()).await;
    assert!(report.broken.is_some());
    assert_eq!((report.deleted, world.writes()), (0, 0));
    assert_eq!(world.entities().await.len(), 12);
}

#[tokio::test]
async fn the_brake_holds_until_it_is_lifted() {
    let mut world = World::with(plain(12)).await;
    world.run(&deleting()).await;
    for number in 0..4 {
        world.delete(&format!("s00{number}")).await;
    }
    let report = world.run(&deleting()).await;
    assert_eq!((report.deleted, report.left, world.writes()), (0, 4, 0));
    assert_eq!(
        report.refused.as_deref(),
        Some("4 of 12 entities would be deleted, `limits.percent` allows 30 %")
    );
    assert_eq!(
        report.allow.as_deref(),
        Some("`--allow-deletes 4`, or a higher `limits.percent` in the ingest")
    );
    world.allow_deletes = Some(4);
    let report = world.run(&deleting()).await;
    assert_eq!((report.deleted, report.left, report.refused), (4, 0, None));
    assert_eq!(world.entities().await.len(), 8);
}

#[tokio::test]
async fn what_others_depend_on_stays_and_the_rest_goes() {
    let world = with_two_gone().await;
    let body = json!({"identifier": "mine", "relations": {"parent": "s003"}});
    world.post("/v1/blueprints/stack/entities", body).await;
    let report = world.run(&deleting()).await;
    assert_eq!((report.deleted, report.failed), (1, 1));
    let failed = &report.failures[0];
    assert_eq!(failed.identifier, "s003");
    assert!(
        failed.reason.starts_with("not deleted: "),
        "{}",
        failed.reason
    );
    assert!(
        failed.reason.contains("has_dependents"),
        "{}",
        failed.reason
    );
    let names: Vec<String> = world.entities().await.into_keys().collect();
    assert!(names.contains(&"s003".to_owned()) && !names.contains(&"s009".to_owned()));
}

#[tokio::test]
async fn what_depends_on_each_other_goes_together() {
    let mut world = World::with(plain(130)).await;
    world.allow_deletes = Some(1000);
    // Each is the child of the one before, so that only the last one can go at first.
    let chain = STACKS.replace("blueprint: stack", "blueprint: stack\nprune: delete")
        + "  relations:\n    parent: '.item.id | ltrimstr(\"s\") | tonumber | if . == 0 then null else (. + 999 | tostring | \"s\" + .[1:]) end'\n";
    let ingest = ingest(&chain);
    assert_eq!(world.run(&ingest).await.created, 130);
    for number in 10..130 {
        world.delete(&format!("s{number:03}")).await;
    }
    let report = world.run(&ingest).await;
    assert_eq!(
        (report.deleted, report.failed),
        (120, 0),
        "{:?}",
        report.failures
    );
    assert_eq!(world.entities().await.len(), 10);
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_done_once() {
    for when in [When::Before, When::After] {
        let world = with_two_gone().await;
        world.fault(Fault::new(Effect::Cut { when }).path(DELETE));
        let report = world.run(&deleting()).await;
        assert_eq!(
            (report.broken.as_deref(), report.deleted, report.failed),
            (None, 2, 0)
        );
        assert_eq!(world.entities().await.len(), 10);
    }
}
