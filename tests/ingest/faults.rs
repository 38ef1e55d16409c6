//! What goes wrong on the way: the end state is right, and nothing is written that did not differ.

use std::time::Duration;

use spaceport::ingest::Report;
use spaceport::sandbox::{Effect, Fault, Reset, Service, When};

use crate::world::{STACKS, World, ingest, plain};

const BULK: &str = "/v1/blueprints/stack/entities/bulk";
const SEARCH: &str = "/v1/blueprints/stack/entities/search";

/// Nothing failed, and so many are new.
fn created(report: &Report, count: u64) {
    assert_eq!(
        (report.broken.as_deref(), report.failed),
        (None, 0),
        "{:?}",
        report.failures
    );
    assert_eq!((report.created, report.changed), (count, 0));
}

#[tokio::test]
async fn a_page_of_stacks_that_moves_leaves_none_out_and_writes_none_twice() {
    for by in [7, -7] {
        for skip in [1, 2] {
            let world = World::with(plain(130)).await;
            let ingest = ingest(STACKS);
            let shift = Fault::new(Effect::ShiftPage { by })
                .operation("IngestPage")
                .skip(skip);
            world.fault(shift);
            let report = world.run(&ingest).await;
            created(&report, 130);
            assert_eq!(report.read, 130, "each is looked at once");
            assert_eq!(world.bulks(), 7);
            assert!(world.agrees(&ingest).await);
        }
    }
}

#[tokio::test]
async fn a_page_of_entities_that_moves_makes_nothing_new() {
    let world = World::with(plain(130)).await;
    let ingest = ingest(STACKS);
    world.run(&ingest).await;
    for by in [3, -3] {
        world.fault(
            Fault::new(Effect::Pages { size: 40 })
                .path(SEARCH)
                .forever(),
        );
        world.fault(Fault::new(Effect::ShiftPage { by }).path(SEARCH).skip(1));
        let report = world.run(&ingest).await;
        created(&report, 0);
        assert_eq!((report.unchanged, world.writes()), (130, 0));
        world.sandbox.clear_faults();
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_looked_at_before_it_is_sent_again() {
    for (when, more) in [(When::After, 0), (When::Before, 1)] {
        for effect in [Effect::Cut { when }, Effect::BadGateway { when }] {
            let world = World::with(plain(50)).await;
            let ingest = ingest(STACKS);
            world.fault(Fault::new(effect.clone()).path(BULK).skip(1));
            let report = world.run(&ingest).await;
            created(&report, 50);
            assert_eq!(world.bulks(), 3 + more, "{effect:?}");
            assert!(world.agrees(&ingest).await);
        }
    }
}

#[tokio::test]
async fn a_write_that_is_lost_again_and_again_is_a_failure() {
    let world = World::with(plain(3)).await;
    let ingest = ingest(STACKS);
    let lost = Effect::Cut { when: When::Before };
    world.fault(Fault::new(lost).path(BULK).times(3));
    let report = world.run(&ingest).await;
    assert_eq!((report.created, report.failed, world.bulks()), (0, 3, 3));
    assert!(
        report.failures[0]
            .reason
            .starts_with("not written after 3 tries: Port POST"),
        "{:?}",
        report.failures
    );
    let again = world.run(&ingest).await;
    created(&again, 3);
}

fn refuse(status: u16, when: When) -> Effect {
    Effect::RefuseItems {
        every: 0,
        identifiers: vec!["s002".into(), "s030".into()],
        status,
        error: "invalid_request".into(),
        message: "it is not liked".into(),
        when,
    }
}

#[tokio::test]
async fn of_a_mixed_answer_each_item_is_told_and_the_others_are_written() {
    let world = World::with(plain(45)).await;
    let ingest = ingest(STACKS);
    world.fault(Fault::new(refuse(422, When::Before)).path(BULK).forever());
    let report = world.run(&ingest).await;
    assert_eq!((report.created, report.failed, world.bulks()), (43, 2, 3));
    let told: Vec<String> = report
        .failures
        .iter()
        .map(|failed| format!("{}: {}", failed.identifier, failed.reason))
        .collect();
    assert_eq!(
        told,
        [
            "s002: invalid_request: it is not liked",
            "s030: invalid_request: it is not liked"
        ]
    );
    world.sandbox.clear_faults();
    created(&world.run(&ingest).await, 2);
}

#[tokio::test]
async fn an_item_that_port_could_not_take_is_sent_again_and_nothing_else_is() {
    for (when, more) in [(When::Before, 1), (When::After, 0)] {
        let world = World::with(plain(20)).await;
        let ingest = ingest(STACKS);
        world.fault(Fault::new(refuse(503, when)).path(BULK));
        let report = world.run(&ingest).await;
        created(&report, 20);
        assert_eq!(world.bulks(), 1 + more, "{when:?}");
        assert!(world.agrees(&ingest).await);
    }
}

#[tokio::test]
async fn tokens_that_end_and_limits_on_the_way_are_survived() {
    let reset = |reset| Effect::RateLimit { reset, seconds: 0 };
    for fault in [
        Fault::new(Effect::ExpireTokens)
            .operation("IngestPage")
            .skip(1),
        Fault::new(Effect::ExpireTokens).path(BULK).skip(2),
        Fault::new(Effect::ExpireTokens).path(SEARCH),
        Fault::new(reset(Reset::RetryAfter))
            .path(BULK)
            .skip(2)
            .times(2),
        Fault::new(reset(Reset::Silent))
            .operation("IngestPage")
            .skip(1),
    ] {
        let world = World::with(plain(130)).await;
        let ingest = ingest(STACKS);
        world.fault(fault);
        created(&world.run(&ingest).await, 130);
        assert!(world.agrees(&ingest).await);
    }
}

#[tokio::test]
async fn a_listing_that_fails_breaks_the_ingest_and_what_was_written_is_told() {
    let world = World::with(plain(130)).await;
    let ingest = ingest(STACKS);
    world.fault(
        Fault::new(Effect::DeadSession)
            .operation("IngestIds")
            .forever(),
    );
    let report = world.run(&ingest).await;
    let broken = report.broken.clone().expect("broken");
    assert!(
        broken.contains("this key cannot see the account"),
        "{broken}"
    );
    assert!(report.help.is_some());
    assert!(!report.wrote());
    assert_eq!(world.writes(), 0);
    world.sandbox.clear_faults();

    let dead = Fault::new(Effect::DeadSession).service(Service::Spacelift);
    world.fault(dead.operation("IngestPage").skip(2).forever());
    let report = world.run(&ingest).await;
    assert!(report.broken.is_some());
    assert_eq!(report.created, world.entities().await.len() as u64);
    assert!((1..130).contains(&report.created), "{}", report.created);
    world.sandbox.clear_faults();
    let rest = world.run(&ingest).await;
    created(&rest, 130 - report.created);
}

#[tokio::test]
async fn an_ingest_into_a_blueprint_that_is_not_there_says_so() {
    let world = World::with(plain(3)).await;
    let mut ingest = ingest(STACKS);
    ingest.blueprint = "nowhere".into();
    let report = world.run(&ingest).await;
    let broken = report.broken.expect("broken");
    assert!(broken.contains("nowhere"), "{broken}");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn the_order_of_answers_is_not_told() {
    let report = async |slow: bool| {
        let world = World::with(plain(200)).await;
        let mapping = STACKS.replace(
            "branch: .item.branch",
            "branch: .item.branch | error(\"no\")",
        );
        let ingest = ingest(&mapping);
        world.fault(Fault::new(refuse(422, When::Before)).path(BULK).forever());
        if slow {
            for skip in [0, 3, 5] {
                let milliseconds = Duration::from_millis(40).as_millis() as u64;
                world.fault(
                    Fault::new(Effect::Slow { milliseconds })
                        .path(BULK)
                        .skip(skip),
                );
            }
        }
        world.run(&ingest).await
    };
    assert_eq!(report(false).await, report(true).await);
}
