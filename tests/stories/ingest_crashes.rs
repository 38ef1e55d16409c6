//! An ingest that ends too early: stopped or killed at any of its writes, the next run ends where a calm
//! one ends, and writes only what is missing.

use std::collections::BTreeMap;

use spaceport::sandbox::{Effect, Fault, When};

use crate::fleet::{BULK, Fleet, id, words};
use crate::world::{cut, held};

/// Six bulk requests.
const STACKS: usize = 120;
const BULKS: u32 = 6;

/// Killed while a bulk request is under way, or when it took effect and its answer never came.
#[test]
fn killed_at_any_bulk_the_next_run_completes() {
    let fleet = Fleet::of(STACKS);
    for bulk in 0..BULKS {
        for took_effect in [false, true] {
            fleet.forget();
            if took_effect {
                fleet
                    .world
                    .sandbox
                    .fault(cut(When::After).path(BULK).skip(bulk));
                // The look at what became of it is the last request of this run.
                let search = "/v1/blueprints/space_lift_stack/entities/search";
                fleet.world.sandbox.fault(held().path(search).skip(1));
            } else {
                fleet.world.sandbox.fault(held().path(BULK).skip(bulk));
            }
            let running = fleet.world.start(&words(&[]));
            fleet.world.until_faults_have_struck();
            running.kill();
            fleet.world.sandbox.clear_faults();
            let there = fleet.entities();
            assert_eq!(there.len() % 20, 0, "bulk {bulk}");

            let told = fleet.ingested();
            assert_eq!(
                told.counts(),
                (STACKS - there.len(), 0, there.len(), 0),
                "bulk {bulk}"
            );
            only_the_missing(&fleet, &there);
            fleet.is_right();
            fleet.is_written_once();
            fleet.empty();
        }
    }
}

/// The same with changes: what arrived before is not sent again.
#[test]
fn killed_in_the_middle_of_changes_the_next_run_completes() {
    let fleet = Fleet::of(STACKS);
    fleet.ingested();
    for bulk in 0..3 {
        for number in 0..60 {
            fleet.describe(&id(number), &format!("Described before {bulk}"));
        }
        let before = fleet.entities();
        fleet.world.sandbox.fault(held().path(BULK).skip(bulk));
        let running = fleet.world.start(&words(&[]));
        fleet.world.until_faults_have_struck();
        running.kill();
        fleet.world.sandbox.clear_faults();
        let there = fleet.entities();
        let done = there
            .iter()
            .filter(|(id, row)| before[*id] != **row)
            .count();
        let told = fleet.ingested();
        assert_eq!(told.counts(), (0, 60 - done, 60 + done, 0), "bulk {bulk}");
        let after = fleet.entities();
        let again = after.iter().filter(|(id, row)| there[*id] != **row).count();
        assert_eq!(again, 60 - done, "bulk {bulk}");
        fleet.is_right();
    }
}

/// Ctrl-C begins nothing new and lets what is under way end; the report says so, and the next run
/// does the rest.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_is_under_way() {
    let fleet = Fleet::of(400);
    for bulk in [0, 7, 15] {
        let slow = Fault::new(Effect::Slow {
            milliseconds: 2_000,
        });
        fleet.world.sandbox.fault(slow.path(BULK).skip(bulk));
        let running = fleet.world.start(&words(&[]));
        fleet.world.until_faults_have_struck();
        running.interrupt();
        let told = crate::fleet::Told::of(running.end());
        assert_eq!(told.ran.code, Some(130), "{told:#?}");
        assert_eq!(told.report["interrupted"], true, "{told:#?}");
        fleet.world.sandbox.clear_faults();
        let there = fleet.entities();
        // What it says is what it did.
        assert_eq!(told.count("created"), there.len());
        let rest = fleet.ingested();
        assert_eq!(rest.counts(), (400 - there.len(), 0, there.len(), 0));
        only_the_missing(&fleet, &there);
        fleet.is_right();
        fleet.is_written_once();
        fleet.empty();
    }
}

/// The second Ctrl-C does not wait.
#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let fleet = Fleet::of(45);
    fleet.world.sandbox.fault(held().path(BULK));
    let mut running = fleet.world.start(&words(&[]));
    fleet.world.until_faults_have_struck();
    running.interrupt();
    running.until_it_says("stopping");
    running.interrupt();
    running.end().exits(130);
    fleet.world.sandbox.clear_faults();
    fleet.ingested();
    fleet.is_right();
    fleet.is_written_once();
}

/// Ctrl-C before anything is written: nothing is.
#[cfg(unix)]
#[test]
fn ctrl_c_while_reading_writes_nothing() {
    let fleet = Fleet::of(45);
    let slow = Fault::new(Effect::Slow {
        milliseconds: 2_000,
    });
    fleet.world.sandbox.fault(slow.operation("searchStacks"));
    let running = fleet.world.start(&words(&[]));
    fleet.world.until_faults_have_struck();
    running.interrupt();
    running.end().exits(130);
    assert!(fleet.entities().len() < 45);
    fleet.ingested();
    fleet.is_right();
    fleet.is_written_once();
}

/// Two at once: the end is right, and whoever is second changes nothing of it.
#[test]
fn two_at_once_end_well() {
    let fleet = Fleet::of(STACKS);
    let first = fleet.world.start(&words(&[]));
    let second = fleet.world.start(&words(&[]));
    first.end().exits(0);
    second.end().exits(0);
    fleet.is_right();
    fleet.is_at_rest();
}

/// Nothing was sent that was there already.
#[track_caller]
fn only_the_missing(fleet: &Fleet, there: &BTreeMap<String, serde_json::Value>) {
    let sendings = fleet.sendings();
    let again: Vec<&String> = sendings
        .iter()
        .filter(|(id, times)| there.contains_key(*id) || **times != 1)
        .map(|(id, _)| id)
        .collect();
    assert!(again.is_empty(), "{again:?}");
}
