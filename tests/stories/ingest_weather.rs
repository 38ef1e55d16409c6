//! An ingest in bad weather: whatever is refused, lost or moved on the way, the end state is right and
//! nothing is written that did not differ.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::Value;
use spaceport::sandbox::{Effect, Fault, Reset, Service, When};

use crate::fleet::{BULK, ENTITIES, Fleet, id};
use crate::world::{cut, status};

/// As many stacks as make two pages and three bulk requests.
const SOME: usize = 55;

/// Any request of an ingest meets each of these once, and the ingest heals by itself.
fn heals_at_every_request(faults: &[Fault]) {
    let calm = Fleet::of(SOME);
    calm.ingested();
    let requests = calm.world.sandbox.requests().len();
    assert!(requests >= 9, "{requests}");
    calm.empty();
    let meetings = (0..requests).flat_map(|request| faults.iter().map(move |one| (request, one)));
    let meetings = Mutex::new(meetings);
    let next = || meetings.lock().expect("nobody has failed").next();
    let other = Fleet::of(SOME);
    std::thread::scope(|scope| {
        for fleet in [&calm, &other] {
            let next = &next;
            scope.spawn(move || {
                while let Some((request, fault)) = next() {
                    let skipped = u32::try_from(request).expect("few requests");
                    fleet.world.sandbox.fault(fault.clone().skip(skipped));
                    let told = fleet.ingest(&[]);
                    fleet.world.sandbox.clear_faults();
                    let met = format!("{fault:?} at {request}: {told:#?}");
                    assert_eq!(told.ran.code, Some(0), "{met}");
                    assert_eq!(told.counts(), (SOME, 0, 0, 0), "{met}");
                    fleet.is_right();
                    fleet.is_written_once();
                    fleet.empty();
                }
            });
        }
    });
}

#[test]
fn any_request_is_cut_before_it_arrives() {
    heals_at_every_request(&[cut(When::Before)]);
}

#[test]
fn any_answer_is_lost_after_it_took_effect() {
    heals_at_every_request(&[cut(When::After)]);
}

#[test]
fn any_request_meets_a_gateway_in_trouble() {
    let gateway = |when| Fault::new(Effect::BadGateway { when });
    heals_at_every_request(&[gateway(When::Before), gateway(When::After)]);
}

#[test]
fn tokens_of_both_services_end_at_any_request() {
    heals_at_every_request(&[Fault::new(Effect::ExpireTokens)]);
}

#[test]
fn any_session_of_spacelift_is_dead_for_a_moment() {
    heals_at_every_request(&[Fault::new(Effect::DeadSession)]);
}

#[test]
fn any_request_comes_too_often() {
    let resets = [Reset::RetryAfter, Reset::Epoch, Reset::Delay];
    let limited = |reset| Fault::new(Effect::RateLimit { reset, seconds: 0 });
    heals_at_every_request(&resets.map(limited));
}

/// A 429 in each of its spellings, at each place where an ingest asks, several times over.
#[test]
fn limits_are_waited_out_in_every_spelling() {
    let limits = [
        (Reset::RetryAfter, 1),
        (Reset::Epoch, 1),
        (Reset::Delay, 1),
        (Reset::Silent, 0),
    ];
    std::thread::scope(|scope| {
        for (reset, seconds) in limits {
            scope.spawn(move || {
                let fleet = Fleet::of(SOME);
                let limited = || Fault::new(Effect::RateLimit { reset, seconds });
                for fault in [
                    limited().path(BULK).times(2),
                    limited().path("/v1/blueprints/space_lift_stack/entities/search"),
                    limited().operation("searchStacks").skip(1),
                ] {
                    fleet.world.sandbox.fault(fault);
                }
                let told = fleet.ingested();
                assert_eq!(told.counts(), (SOME, 0, 0, 0), "{reset:?}");
                fleet.world.until_faults_have_struck();
                fleet.is_right();
                fleet.is_written_once();
            });
        }
    });
}

/// A body that is too large is split, as far as single entities; nothing is sent twice with success.
#[test]
fn what_is_too_large_is_split() {
    let fleet = Fleet::of(SOME);
    let large = || status(413, When::Before).path(BULK);
    fleet.world.sandbox.fault(large().times(4));
    let told = fleet.ingested();
    assert_eq!(told.counts(), (SOME, 0, 0, 0));
    fleet.is_right();
    fleet.is_written_once();

    // What is too large even alone is a failure of its own. A megabyte is Port's limit.
    fleet.empty();
    fleet.describe(&id(9), &"x".repeat(1_100_000));
    let told = fleet.ingest(&[]).exits(4);
    assert_eq!(told.counts(), (SOME - 1, 0, 0, 0), "{:?}", told.failures());
    assert_eq!(told.count("failed"), 1);
    let failures = told.failures();
    assert_eq!(failures[0].0, id(9));
    fleet.is_written_once();
    fleet.describe(&id(9), "short again");
    assert_eq!(fleet.ingested().counts(), (1, 0, SOME - 1, 0));
    fleet.is_right();
}

/// Some of a bulk are refused: they are listed with what the service says, the others are written,
/// the next run tries them again and, once they are well, heals.
#[test]
fn refused_items_are_listed_and_heal() {
    let fleet = Fleet::with(SOME, |world| {
        world.edit(
            "blueprint.yaml",
            "        title: Description\n",
            "        title: Description\n        pattern: \"^[^!]*$\"\n",
        );
    });
    let bad = [4, 17, 33];
    for number in bad {
        fleet.describe(&id(number), "Mind!");
    }
    for others in [(SOME - 3, 0), (0, SOME - 3)] {
        let told = fleet.ingest(&[]).exits(4);
        assert_eq!(told.counts(), (others.0, 0, others.1, 0));
        assert_eq!(told.count("failed"), 3);
        let failures = told.failures();
        let ids: Vec<String> = failures.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!(ids, bad.map(id));
        for (_, reason) in &failures {
            assert!(reason.contains("description"), "{reason}");
            assert!(reason.contains("pattern"), "{reason}");
        }
        assert!(fleet.bulks().contains(&207));
        let bad: BTreeSet<String> = bad.map(id).into();
        assert!(fleet.ids().is_disjoint(&bad));
        fleet.is_written_once();
    }
    let ran = fleet.world.run(&["ingest"]).exits(4);
    ran.says("stack-017").says("pattern");
    fleet.describe(&id(4), "Well");
    let told = fleet.ingest(&[]).exits(4);
    assert_eq!(told.counts(), (1, 0, SOME - 3, 0));
    for number in [17, 33] {
        fleet.describe(&id(number), "Well");
    }
    assert_eq!(fleet.ingested().counts(), (2, 0, SOME - 2, 0));
    fleet.is_right();
}

/// Pages of either service begin elsewhere than they should, as when something is created or deleted
/// while they are read: nothing is missed, and nothing is done twice.
#[test]
fn pages_that_move_are_noticed() {
    let search = "/v1/blueprints/space_lift_stack/entities/search";
    std::thread::scope(|scope| {
        for by in [-10, -3, -1, 1, 4, 10] {
            scope.spawn(move || {
                let fleet = Fleet::of(SOME);
                let moved = || Fault::new(Effect::ShiftPage { by });
                let short = || Fault::new(Effect::Pages { size: 10 }).forever();
                for page in 0..6 {
                    // All are new: those of a page that nobody read are found by name.
                    fleet.empty();
                    fleet.world.sandbox.fault(short());
                    let stacks = moved().operation("searchStacks").skip(page);
                    fleet.world.sandbox.fault(stacks);
                    let told = fleet.ingested();
                    assert_eq!(told.counts(), (SOME, 0, 0, 0), "{by} {page} {told:#?}");
                    fleet.world.sandbox.clear_faults();
                    fleet.is_right();
                    fleet.is_written_once();
                    // All are there: those of a page that nobody read are not made again.
                    for fault in [short(), moved().path(search).skip(page)] {
                        fleet.world.sandbox.fault(fault);
                    }
                    let told = fleet.ingested();
                    fleet.world.sandbox.clear_faults();
                    assert_eq!(told.counts(), (0, 0, SOME, 0), "{by} {page} {told:#?}");
                    assert_eq!(fleet.writes(), [], "{by} {page}");
                }
            });
        }
    });
}

/// Items that a bulk answers with an error of its own, whether they took effect or not: they are tried
/// again when that helps, and looked at before.
#[test]
fn items_in_trouble_are_looked_at_and_tried_again() {
    let fleet = Fleet::of(SOME);
    for status in [429, 500, 503] {
        for when in [When::Before, When::After] {
            fleet.empty();
            let trouble = Effect::RefuseItems {
                every: 3,
                identifiers: vec![id(1)],
                status,
                error: "internal_error".to_owned(),
                message: "come again".to_owned(),
                when,
            };
            fleet
                .world
                .sandbox
                .fault(Fault::new(trouble).path(BULK).times(3));
            let told = fleet.ingested();
            fleet.world.sandbox.clear_faults();
            assert_eq!(told.count("failed"), 0);
            fleet.is_right();
            fleet.is_written_once();
            let sendings = fleet.sendings();
            let again = sendings.values().filter(|times| **times > 1).count();
            match when {
                When::Before => assert!(again >= SOME / 3, "{again}"),
                When::After => assert_eq!(again, 0, "{sendings:?}"),
            }
        }
    }
}

/// Items that are refused with a reason are failures, in the service's words and with nothing of the
/// others.
#[test]
fn items_that_are_refused_are_not_tried_again() {
    let fleet = Fleet::of(SOME);
    for status in [403, 404, 409, 422] {
        fleet.empty();
        let refusal = Effect::RefuseItems {
            every: 0,
            identifiers: vec![id(11), id(50)],
            status,
            error: "not_for_you".to_owned(),
            message: "No \u{1b}[31mway".to_owned(),
            when: When::Before,
        };
        fleet
            .world
            .sandbox
            .fault(Fault::new(refusal).path(BULK).forever());
        let told = fleet.ingest(&[]).exits(4);
        assert_eq!(told.counts(), (SOME - 2, 0, 0, 0), "{status} {told:#?}");
        assert_eq!(told.count("failed"), 2);
        for (_, reason) in told.failures() {
            assert!(
                reason.contains("not_for_you") && reason.contains("way"),
                "{reason}"
            );
        }
        // What it refers to may come a little later (404), or somebody made it at the same time (409).
        let most = match status {
            404 => 2,
            409 => 3,
            _ => 1,
        };
        assert!(fleet.sendings()[&id(11)] <= most, "{status}");
        assert_eq!(fleet.sendings()[&id(12)], 1, "{status}");
        let human = fleet.world.run(&["ingest"]).exits(4);
        human.says("not_for_you").says(&id(50)).hides("\u{1b}");
        fleet.world.sandbox.clear_faults();
        assert_eq!(fleet.ingested().counts(), (2, 0, SOME - 2, 0));
        fleet.is_right();
        fleet.is_written_once();
    }
}

/// The last request of a window says so, in either spelling, and the next waits for the new one.
#[test]
fn the_end_of_a_window_is_respected() {
    for reset in [Reset::Epoch, Reset::Delay] {
        let fleet = Fleet::of(SOME);
        let last = Effect::LastOfWindow { reset, seconds: 1 };
        for fault in [
            Fault::new(last.clone()).path("/v1/blueprints/space_lift_stack/entities/search"),
            Fault::new(last).path(BULK),
        ] {
            fleet.world.sandbox.fault(fault);
        }
        assert_eq!(fleet.ingested().counts(), (SOME, 0, 0, 0));
        fleet.is_right();
        fleet.is_written_once();
    }
}

/// A change whose answer is lost is looked up, and not sent again when it arrived.
#[test]
fn a_lost_answer_is_looked_up() {
    let fleet = Fleet::of(SOME);
    fleet.ingested();
    for (when, bulks) in [(When::After, 1), (When::Before, 2)] {
        let gateway = Fault::new(Effect::BadGateway { when });
        for (kind, fault) in [cut(when), gateway, status(503, when)].iter().enumerate() {
            for number in 0..7 {
                fleet.describe(&id(number), &format!("{when:?} {kind}"));
            }
            fleet.world.sandbox.fault(fault.clone().path(BULK));
            let told = fleet.ingested();
            assert_eq!(told.counts(), (0, 7, SOME - 7, 0), "{fault:?}");
            assert_eq!(fleet.bulks().len(), bulks, "{fault:?}");
            fleet.is_right();
        }
    }
}

/// A service that answers no write at all is not asked for ever: three times, then they are failures.
#[test]
fn a_wall_is_not_run_against_for_ever() {
    let fleet = Fleet::of(SOME);
    fleet
        .world
        .sandbox
        .fault(cut(When::Before).path(BULK).forever());
    let told = fleet.ingest(&[]);
    assert!(matches!(told.ran.code, Some(1 | 4)), "{told:#?}");
    assert_eq!(told.count("created"), 0);
    assert!(fleet.bulks().len() <= 3 * 4, "{:?}", fleet.bulks());
    fleet.world.sandbox.clear_faults();
    assert_eq!(fleet.ingested().counts(), (SOME, 0, 0, 0));
    fleet.is_right();
    fleet.is_written_once();
}

/// A list that cannot be read ends the ingest with one message, and nothing was deleted or guessed.
#[test]
fn what_cannot_be_read_is_told() {
    let fleet = Fleet::of(5);
    for fault in [
        status(403, When::Before).path("/v1/blueprints/space_lift_stack/entities/search"),
        status(404, When::Before).path("/v1/blueprints/space_lift_stack/entities/search"),
        Fault::new(Effect::DeadSession),
        status(500, When::Before).service(Service::Spacelift),
        Fault::new(Effect::BadGateway { when: When::Before }).operation("searchStacks"),
    ] {
        fleet.empty();
        fleet.forget();
        fleet.world.sandbox.fault(fault.clone().forever());
        let human = fleet.world.run(&["ingest"]).exits(1);
        let said = format!("{}{}", human.out, human.err);
        let complaints = said.matches("  × ").count() + said.matches("\nerror: ").count();
        assert_eq!(complaints, 1, "{fault:?}\n{said}");
        assert!(!said.contains("<center>"), "{said}");
        assert_eq!(fleet.writes(), [], "{fault:?}");
        assert!(fleet.entities().is_empty());
        fleet.world.sandbox.clear_faults();
        fleet.ingested();
        fleet.is_right();
    }
}

/// A blueprint that is not there yet is told with the command that makes it.
#[test]
fn without_the_blueprint_there_is_nothing_to_write_into() {
    let world = crate::world::World::with_a_stack("port-config");
    let ran = world.run(&["ingest"]).exits(1);
    ran.says("space_lift_stack").says("spaceport apply");
    assert_eq!(world.writes(), [""; 0]);
}

/// A few troubles together, from the first request to the last.
#[test]
fn a_storm_is_waited_out() {
    let fleet = Fleet::of(SOME);
    for seed in 0..4_u32 {
        fleet.empty();
        let limit = |reset| Effect::RateLimit { reset, seconds: 0 };
        let storm = [
            Fault::new(Effect::ExpireTokens).skip(3 + seed),
            cut(When::After).path(BULK).skip(seed % 3),
            Fault::new(Effect::BadGateway { when: When::After })
                .path(BULK)
                .skip(1),
            Fault::new(limit(Reset::Epoch)).path(ENTITIES).skip(seed),
            Fault::new(limit(Reset::RetryAfter))
                .service(Service::Spacelift)
                .skip(2),
            Fault::new(Effect::DeadSession)
                .operation("searchStacks")
                .skip(seed % 2),
            status(413, When::Before).path(BULK).skip(2),
            Fault::new(Effect::Pages { size: 11 }).forever(),
            Fault::new(Effect::Reorder { seed: seed.into() }).forever(),
        ];
        for fault in storm {
            fleet.world.sandbox.fault(fault);
        }
        let told = fleet.ingested();
        fleet.world.sandbox.clear_faults();
        assert_eq!(told.counts(), (SOME, 0, 0, 0), "{seed}: {told:#?}");
        fleet.is_right();
        fleet.is_written_once();
        fleet.is_at_rest();
    }
}

/// Two items that make one identifier: one is written, the other is told with both names.
#[test]
fn two_stacks_of_one_identifier_are_told() {
    let fleet = Fleet::with(6, |world| {
        world.edit(
            "ingest.yaml",
            "identifier: .item.id",
            "identifier: if .item.id == \"stack-004\" then \"stack-002\" else .item.id end",
        );
    });
    let told = fleet.ingest(&[]).exits(4);
    assert_eq!(told.count("failed"), 1);
    let failures = told.failures();
    assert!(
        failures[0].1.contains("stack-002") || failures[0].1.contains("stack-004"),
        "{failures:?}"
    );
    let whole = format!("{failures:?}");
    assert!(
        whole.contains("stack-002") && whole.contains("stack-004"),
        "{whole}"
    );
    let ids = fleet.ids();
    assert_eq!(ids.len(), 5);
    assert!(!ids.contains("stack-004"));
}

/// A field whose program fails is left alone and told once; the other fields are written.
#[test]
fn a_field_that_fails_is_left_alone() {
    let fleet = Fleet::with(8, |world| {
        world.edit(
            "ingest.yaml",
            "branch: .item.branch",
            "branch: if .item.id < \"stack-005\" then (.item.name | tonumber) else .item.branch end",
        );
    });
    let told = fleet.ingest(&[]);
    let (entities, stacks) = (fleet.entities(), fleet.stacks());
    assert_eq!(entities.len(), 8, "{told:#?}");
    for (id, entity) in &entities {
        let branch = &entity["properties"]["branch"];
        match id.as_str() < "stack-005" {
            true => assert_eq!(*branch, Value::Null, "{id}"),
            false => assert_eq!(*branch, stacks[id]["branch"], "{id}"),
        }
        assert_eq!(entity["properties"]["state"], stacks[id]["state"]);
    }
    let human = fleet.world.run(&["ingest"]);
    let said = format!("{}{}", human.out, human.err);
    assert!(said.contains("branch"), "{said}");
    assert_eq!(said.matches("properties.branch").count(), 1, "{said}");
    assert_eq!(fleet.ingest(&[]).count("updated"), 0);
}
