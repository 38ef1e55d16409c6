//! The crash matrix: the real binary is killed at every single request of every scenario, before the
//! request takes effect and after it did so with its answer never seen. The next run, with the same
//! words on its command line and nobody to ask, must leave what an undisturbed run leaves, and write no
//! more than what was missing.
//!
//! A program with one table at its end instead of many tests: nobody knows the number of cases before
//! the undisturbed runs have been. It understands of a test's arguments texts that names contain and
//! `--list`: `cargo test --test matrix -- update::after::17` is one case.

mod case;
mod filter;
#[path = "../stories/fleet.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod fleet;
mod scenarios;
mod state;
mod table;
#[path = "../stories/wiretap.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod wiretap;
#[path = "../stories/world.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;

use case::{Point, Ready};
use filter::Filter;
use scenarios::SCENARIOS;
use table::{Row, Table};

/// What the issue asks of all scenarios together.
const REQUESTS: usize = 120;

/// Failures that are told in full; of others it is told that they are.
const TOLD: usize = 8;

fn main() -> ExitCode {
    let filter = Filter::of(std::env::args().skip(1));
    if filter.list {
        for scenario in SCENARIOS {
            println!("{}: test", scenario.name);
        }
        return ExitCode::SUCCESS;
    }
    let wanted = SCENARIOS.iter().filter(|one| filter.may_mean(one.name));
    let started = at_once(wanted.collect(), |scenario| {
        caught(|| Ready::new(scenario)).map_err(|why| format!("{}: {why}", scenario.name))
    });
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    for one in started {
        match one {
            Ok(one) => ready.push(one),
            Err(why) => failures.push(why),
        }
    }
    let cases: Vec<(&Ready, Point)> = ready
        .iter()
        .flat_map(|one| one.points().into_iter().map(move |point| (one, point)))
        .filter(|(one, point)| filter.means(&name(one, *point)))
        .collect();
    let ended = at_once(cases, |(one, point)| {
        (one, point, caught(|| one.case(point)))
    });

    let mut table = Table::default();
    for one in &ready {
        let mut row = Row::new(one);
        for (_, point, result) in ended.iter().filter(|(of, _, _)| std::ptr::eq(*of, one)) {
            row.add(*point, result.as_ref().ok());
            if let Err(why) = result {
                let request = one.request(point.request);
                let when = match point.side() {
                    "before" => "before it took effect",
                    _ => "after it took effect",
                };
                failures.push(format!(
                    "{}: killed at request {} ({request}), {when}\n{why}",
                    name(one, *point),
                    point.request
                ));
            }
        }
        table.push(row);
    }
    if filter.is_empty() && table.requests() < REQUESTS {
        failures.push(format!("{} requests are too few", table.requests()));
    }
    for failure in failures.iter().take(TOLD) {
        println!("{failure}\n");
    }
    for failure in failures.iter().skip(TOLD) {
        println!("{}", failure.lines().next().unwrap_or_default());
    }
    println!("\n{table}");
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    let passed = table.passed();
    // As the test harness says it, so that who counts tests counts these.
    println!(
        "test result: {verdict}. {passed} passed; {} failed; 0 ignored; 0 measured; 0 filtered out\n",
        failures.len()
    );
    match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(101),
    }
}

/// What a case is called.
fn name(ready: &Ready, point: Point) -> String {
    format!(
        "{}::{}::{}",
        ready.scenario.name,
        point.side(),
        point.request
    )
}

/// A panic is a failure like any other.
fn caught<R>(work: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// Does all the work with all cores, and gives the results in its order. Who waits for a process leaves
/// its core to others, so there are two workers for each.
fn at_once<T: Send, R: Send>(work: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let count = work.len();
    let queue = Mutex::new(work.into_iter().enumerate());
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..(2 * cores).min(count) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nobody panics here").next();
                    let Some((nth, one)) = next else { return };
                    let result = each(one);
                    results
                        .lock()
                        .expect("nobody panics here")
                        .push((nth, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("nobody panics here");
    results.sort_by_key(|(nth, _)| *nth);
    results.into_iter().map(|(_, result)| result).collect()
}
