//! Hostile input: every target gets its seeds, and what bounded, seeded mutations make of them. Nothing
//! panics, nothing goes on without an end, and places stay inside of their texts.
//!
//! The same targets run under libFuzzer, see `tests/fuzz`.

mod mutate;
mod targets;

use std::fs;
use std::path::Path;
use std::thread;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestError, TestRunner};
use spaceport::sim::child::Engines;
use spaceport::sim::job::{Answer, Job};
use spaceport::sim::rego::{EngineType, Policy, Request};

use mutate::{Mutation, mutated, mutation};
use targets::TARGETS;

/// The stack of the engines' process, see `sim::child`.
const STACK: usize = 64 * 1024 * 1024;

/// Targets that the engines' process runs; all others have the stack of an ordinary thread.
const ENGINES: &[&str] = &["jq", "mapping", "rego", "template"];

/// The seeds of a target, by their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/seeds");
    let files = fs::read_dir(folder.join(target)).expect("every target has seeds");
    let mut paths: Vec<_> = files
        .map(|file| file.expect("it can be listed").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| fs::read(path).expect("it can be read");
    paths.iter().map(read).collect()
}

/// A seed or random bytes, and what is done to them.
fn input(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let pair = (
        proptest::sample::select(seeds.clone()),
        proptest::sample::select(seeds),
        proptest::collection::vec(mutation(), 1..5),
    );
    let of_seeds = pair.prop_map(|(seed, other, mutations): (_, _, Vec<Mutation>)| {
        mutated(seed, &other, &mutations)
    });
    prop_oneof![
        12 => of_seeds,
        1 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => ".{0,80}".prop_map(String::into_bytes),
    ]
}

/// Runs a target on all of its seeds, and on so many mutations; `PROPTEST_CASES` over 256 times as many.
fn hold(name: &'static str, cases: u32) {
    let (_, target) = TARGETS
        .iter()
        .find(|(other, _)| *other == name)
        .expect("there is such a target");
    let work = move || {
        let seeds = seeds(name);
        // Seeds that are all refused would lead nowhere.
        let taken = seeds.iter().filter(|seed| target(seed)).count();
        assert!(taken > 0, "{name}: none of the seeds is taken");
        let config = Config {
            cases: cases * Config::default().cases / 256,
            failure_persistence: None,
            max_shrink_iters: 200,
            ..Config::default()
        };
        let found = TestRunner::new(config).run(&input(seeds), |bytes| {
            target(&bytes);
            Ok(())
        });
        match found {
            Ok(()) => {}
            Err(TestError::Fail(why, bytes)) => {
                let shown = bytes.escape_ascii();
                panic!("{name}: {why}\nthe input: b\"{shown}\"");
            }
            Err(abort) => panic!("{name}: {abort}"),
        }
    };
    let mut thread = thread::Builder::new();
    if ENGINES.contains(&name) {
        thread = thread.stack_size(STACK);
    }
    let ended = thread.spawn(work).expect("a thread").join();
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

macro_rules! held {
    ($($name:ident: $cases:literal,)*) => {
        $(#[test]
        fn $name() {
            hold(stringify!($name), $cases);
        })*

        /// A target that no test drives, or that libFuzzer does not know, would hold nothing.
        #[test]
        fn every_target_is_driven_twice() {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/targets");
            let files = fs::read_dir(folder).expect("the targets of libFuzzer");
            let mut fuzzed: Vec<String> = files
                .map(|file| file.expect("it can be listed").file_name())
                .map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned())
                .collect();
            fuzzed.sort();
            assert_eq!(fuzzed, names);
        }
    };
}

held! {
    answers: 240,
    graphql: 1800,
    jq: 1800,
    kinds: 600,
    ledger: 600,
    mapping: 1800,
    plan_file: 900,
    project: 480,
    rego: 1200,
    snapshot: 600,
    template: 2400,
    yaml: 3000,
}

/// What only the limits of the engines' process stop goes through that process: every job is answered,
/// and an ordinary one after them.
#[test]
fn programs_are_answered_by_the_engines_process() {
    let engines = Engines::new(env!("CARGO_BIN_EXE_spaceport").into());
    let mut runner = TestRunner::new(Config::default());
    let mut jobs = Vec::new();
    for (target, count) in [("jq", 60), ("rego", 40)] {
        let inputs = input(seeds(target));
        for _ in 0..count {
            let bytes = inputs.new_tree(&mut runner).expect("an input").current();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            jobs.push(match target {
                "jq" => Job::Jq {
                    program: text,
                    input: serde_json::json!({"a": [1, "b", {"c": null}]}),
                    now: 1_700_000_000.0,
                },
                _ => Job::Rego(Request {
                    policy: Policy {
                        body: text,
                        engine: EngineType::RegoV1,
                        policy_type: "NOTIFICATION".to_owned(),
                    },
                    input: serde_json::json!({"run_updated": {"state": "FINISHED"}}),
                }),
            });
        }
    }
    let answers = engines.run(&jobs);
    assert_eq!(answers.len(), jobs.len());
    for fault in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(!fault.message.is_empty());
    }
    let ordinary = Job::Jq {
        program: ".a".to_owned(),
        input: serde_json::json!({"a": 1}),
        now: 0.0,
    };
    let answers = engines.run(&[ordinary]);
    assert_eq!(answers, [Ok(Answer::Values(vec![serde_json::json!(1)]))]);
}
