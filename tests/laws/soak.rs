//! A soak: one project of at least thirty objects, edited at random and applied two hundred times while services fail.
//! Every apply ends, after a few runs it has converged, and nothing is lost, doubled or touched that is not ours.
//!
//! The dice are seeded and the faults are bounded, so that it is the same soak each time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, Promise, Reset, Service, When};

use crate::bed::{arrived, hides_canaries, lay, objects, world};
use crate::converge::strangers;
use crate::dice::Dice;
use crate::project::{Project, thrown_edits};
use crate::world::World;

const APPLIES: usize = 200;
const OBJECTS: usize = 30;
/// How many runs one apply may take until it has converged.
const RUNS: usize = 6;
/// Of a hundred requests, so many meet a fault.
const FAULTY: usize = 6;
/// Requests of one run that may meet one; few runs have more.
const REACH: u32 = 90;
const SEED: u64 = 20_261_126;

/// Where rows come and go with others.
const BESIDE: [&str; 4] = [
    "port/webhook_secrets",
    "port/secret_values",
    "port/action_permissions",
    "port/entities",
];

#[test]
fn two_hundred_applies_in_bad_weather_lose_nothing() {
    let world = world();
    strangers(&world);
    others(&world);
    let theirs = objects(&world);
    let mut dice = Dice::new(SEED);
    let mut project = Project::beginning_in_port().with_at_least(OBJECTS, &mut dice);
    let mut sums = Sums::default();
    for number in 0..APPLIES {
        if number > 0 {
            let edits = thrown_edits(&mut dice);
            project = project.edited(&edits).with_at_least(OBJECTS, &mut dice);
        }
        lay(&world, &project);
        let runs = applied(&world, number, &mut dice, &mut sums);
        *sums.runs.entry(runs).or_default() += 1;
        sums.largest = sums.largest.max(project.documents().len());
        right(&world, &project, &theirs, number);
        if number % 20 == 19 {
            let plan = world.plan();
            assert_eq!(plan.code, Some(0), "after apply {number}: {plan:?}");
        }
    }
    println!("{sums:?}");
    assert!(sums.faults * 20 >= sums.requests, "{sums:?}");
    assert!(sums.largest >= OBJECTS, "{sums:?}");
}

/// What became of all of it.
#[derive(Debug, Default)]
struct Sums {
    requests: usize,
    /// Requests that were failed; answers in other words are not counted.
    faults: usize,
    /// How many applies took how many runs.
    runs: BTreeMap<usize, usize>,
    codes: BTreeMap<Option<i32>, usize>,
    largest: usize,
}

/// Runs until one has converged; how many that took.
fn applied(world: &World, number: usize, dice: &mut Dice, sums: &mut Sums) -> usize {
    let mut told = Vec::new();
    for run in 1..=RUNS {
        world.forget_requests();
        let planned = weather(world, dice);
        let ran = world.run(&["apply", "--yes"]);
        let left = waiting(world);
        world.sandbox.clear_faults();
        sums.requests += world.sandbox.requests().len();
        sums.faults += planned - left;
        *sums.codes.entry(ran.code).or_default() += 1;
        hides_canaries(&[&ran.out, &ran.err]).expect("no secret is shown");
        assert!(
            matches!(ran.code, Some(0 | 1 | 4)),
            "apply {number}, run {run}: {ran:?}"
        );
        if ran.code == Some(0) {
            return run;
        }
        told.push(ran);
    }
    panic!("apply {number} has not converged: {told:#?}");
}

/// Lets things go wrong during the next run; how many of them are failures.
fn weather(world: &World, dice: &mut Dice) -> usize {
    let mut failures = 0;
    for request in 0..REACH {
        if dice.percent(FAULTY) {
            failures += 1;
            world.sandbox.fault(Fault::new(failure(dice)).skip(request));
        }
    }
    for (chance, effect) in [
        (
            30,
            Effect::Reorder {
                seed: dice.below(1000) as u64,
            },
        ),
        (
            20,
            Effect::Pages {
                size: 1 + dice.below(3),
            },
        ),
        (20, Effect::ExtraFields),
        (10, Effect::Enlarge { bytes: 1 << 20 }),
        (10, Effect::Reescape),
    ] {
        if dice.percent(chance) {
            world.sandbox.fault(Fault::new(effect).forever());
        }
    }
    failures
}

fn failure(dice: &mut Dice) -> Effect {
    let when = match dice.percent(50) {
        true => When::Before,
        false => When::After,
    };
    match dice.below(12) {
        0..3 => Effect::Cut { when },
        3..5 => Effect::Html {
            status: *dice.pick(&[500, 502, 503]),
            when,
        },
        5..7 => Effect::Status {
            status: *dice.pick(&[500, 502, 503]),
            when,
        },
        7 => Effect::RateLimit {
            reset: *dice.pick(&[Reset::Epoch, Reset::Delay, Reset::RetryAfter, Reset::Silent]),
            seconds: 0,
        },
        8 => Effect::Half {
            promises: *dice.pick(&[Promise::Half, Promise::Whole]),
        },
        9 => Effect::ExpireToken { of: Service::Port },
        10 => Effect::ExpireToken {
            of: Service::Spacelift,
        },
        _ => Effect::DeadSession,
    }
}

/// How many failures have met no request.
fn waiting(world: &World) -> usize {
    let faults = world.steering("/_sandbox/faults")["faults"].clone();
    let faults = faults.as_array().expect("a list").iter();
    faults.filter(|fault| !fault["times"].is_null()).count()
}

/// Everything is there that the project wants, as it wants it, and nothing else but what is not ours.
fn right(
    world: &World,
    project: &Project,
    theirs: &BTreeMap<(String, String), Value>,
    number: usize,
) {
    let rows = objects(world);
    let documents = project.documents();
    for document in documents.values() {
        let (table, key) = document.place();
        let addr = document.address();
        let row = rows.get(&(table.to_owned(), key));
        let row = row.unwrap_or_else(|| panic!("apply {number}: {addr} is lost"));
        arrived(document, row).unwrap_or_else(|what| panic!("apply {number}: {addr} {what}"));
    }
    let main = |place: &&(String, String)| !BESIDE.contains(&place.0.as_str());
    let wanted = documents.values().map(|document| {
        let (table, key) = document.place();
        (table.to_owned(), key)
    });
    let wanted: BTreeSet<(String, String)> =
        theirs.keys().filter(main).cloned().chain(wanted).collect();
    let there: BTreeSet<(String, String)> = rows.keys().filter(main).cloned().collect();
    let more: Vec<_> = there.difference(&wanted).collect();
    assert!(more.is_empty(), "apply {number}: {more:?} is there too");
    for (place, row) in theirs {
        assert_eq!(
            rows.get(place),
            Some(row),
            "apply {number}: {place:?} is not ours"
        );
    }
}

/// Objects of others in Spacelift.
fn others(world: &World) {
    let policy = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    world.spacelift(policy, json!({"input": {
        "name": "Theirs", "type": "PLAN", "engineType": "REGO_V1", "space": "root", "body": "package spacelift\n\nsample := true\n",
    }}));
}
