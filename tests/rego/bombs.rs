//! Policies that would take forever, or all memory: they end within two seconds, with an error, and
//! whoever asked is still there. Through the real process of the engines, which nothing replaces here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use spaceport::sim::child::Engines;
use spaceport::sim::job::{Answer, Job};
use spaceport::sim::rego::{EngineType, Policy, Request};

/// The issue's own limit.
const LIMIT: Duration = Duration::from_secs(2);

fn job(rules: &str, input: Json) -> Job {
    Job::Rego(Request {
        policy: Policy {
            body: format!("package spacelift\n{rules}\n"),
            engine: EngineType::RegoV1,
            policy_type: "NOTIFICATION".to_owned(),
        },
        input,
    })
}

/// A policy that sends to `x` when a condition holds.
fn when(condition: &str) -> Job {
    job(
        &format!("webhook contains {{\"endpoint_id\": \"x\"}} if {{\n{condition}\n}}"),
        json!({}),
    )
}

/// `step` for every number below `count`, in lines.
fn lines(count: usize, step: impl Fn(usize) -> String) -> String {
    (0..count).map(step).collect::<Vec<_>>().join("\n")
}

fn bombs() -> Vec<(&'static str, Job)> {
    let loops = lines(9, |n| format!("some x{n} in numbers.range(1, 100)"));
    let doubled = lines(40, |n| format!("x{} := concat(\"\", [x{n}, x{n}])", n + 1));
    let chain = lines(15_000, |n| format!("r{n} := r{}", n + 1));
    let sets = lines(24, |n| {
        format!("s{} := {{[a, b] | some a in s{n}; some b in s{n}}}", n + 1)
    });
    let unified = lines(12, |_| {
        "[[a, _], [_, b]] = [input.l[_], input.l[_]]".to_owned()
    });
    let list: Vec<Json> = (0..200).map(|n| json!([n, n])).collect();
    let nested = (0..120).fold(json!(1), |inner, _| json!([inner, 1]));
    vec![
        ("a range", when("count(numbers.range(0, 1000000000)) > 0")),
        ("nine loops", when(&format!("{loops}\nx0 + x8 == 0"))),
        (
            "a doubled text",
            when(&format!("x0 := \"0123456789\"\n{doubled}\ncount(x40) > 0")),
        ),
        (
            "a chain of rules",
            job(
                &format!("{chain}\nr15000 := 1\nsample if r0 == 2"),
                json!({}),
            ),
        ),
        (
            "sets of pairs",
            job(
                &format!("s0 := {{1, 2}}\n{sets}\nsample if count(s24) > 0"),
                json!({}),
            ),
        ),
        (
            "unification",
            job(
                &format!(
                    "webhook contains {{\"endpoint_id\": \"x\"}} if {{\n{}\na == -1 }}",
                    unified.replace("a,", "_,").replace(", b", ", _") + "\n[a, _] = input.l[_]"
                ),
                json!({ "l": list }),
            ),
        ),
        (
            "a walk in a walk",
            job(
                "webhook contains {\"endpoint_id\": \"x\"} if {\nsome a; walk(input, [_, a]); some b; walk(input, [_, b]); some c; walk(input, [_, c]); some d; walk(input, [_, d])\n[a, b, c, d] == 1 }",
                json!({ "l": list, "n": nested }),
            ),
        ),
        (
            "brackets",
            job(
                &format!("x := {}1{}", "[".repeat(32), "]".repeat(32)),
                json!({}),
            ),
        ),
        (
            "braces",
            job(
                &format!("x := {}1{}", "{".repeat(32), "}".repeat(32)),
                json!({}),
            ),
        ),
        (
            "a thousand brackets",
            job(
                &format!("x := {}1{}", "[".repeat(1000), "]".repeat(1000)),
                json!({}),
            ),
        ),
        (
            "a sum",
            job(&format!("x := 1{}", "+1".repeat(200_000)), json!({})),
        ),
        (
            "dots",
            job(&format!("x := input{}", ".a".repeat(200_000)), json!({})),
        ),
        (
            "a long text",
            job(&format!("x := \"{}\"", "a".repeat(2 << 20)), json!({})),
        ),
        ("a shift", when("bits.lsh(1, 10000000000) > 0")),
        (
            "an exponent",
            when("x := 1e999999999\nx + 1 > 0; x * x > 0"),
        ),
        (
            "an address range",
            when("count(net.cidr_expand(\"0.0.0.0/0\")) > 0"),
        ),
        (
            "a pattern",
            when("regex.match(\"((a{500}){500}){500}\", \"a\")"),
        ),
        ("a width", when("count(sprintf(\"%999999999d\", [1])) > 0")),
        (
            "a replacement",
            when(
                "x := replace(replace(replace(replace(replace(replace(\"aaaaaaaaaaaaaaaa\", \"a\", \"bbbbbbbbbbbbbbbb\"), \"b\", \"cccccccccccccccccccccccccccccccc\"), \"c\", \"dddddddddddddddddddddddddddddddd\"), \"d\", \"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"), \"e\", \"ffffffffffffffffffffffffffffffff\"), \"f\", \"gggggggggggggggggggggggggggggggg\")\ncount(x) > 0",
            ),
        ),
    ]
}

#[test]
fn bombs_end_within_two_seconds_and_nobody_dies_of_them() {
    let engines = Engines::new(PathBuf::from(env!("CARGO_BIN_EXE_spaceport")));
    let good = when("input.account");
    let alive = |after: &str| {
        let answers = engines.run(std::slice::from_ref(&good));
        assert!(
            matches!(answers[..], [Ok(Answer::Decided(_))]),
            "after {after}: {answers:?}"
        );
    };
    alive("the start");
    let mut slow = Vec::new();
    let mut harmless = Vec::new();
    for (name, job) in bombs() {
        let timed = || {
            let start = Instant::now();
            (engines.run(std::slice::from_ref(&job)), start.elapsed())
        };
        let (mut answers, mut took) = timed();
        // A busy machine may have been at something else.
        for _ in 0..2 {
            if took > LIMIT {
                (answers, took) = timed();
            }
        }
        let told = match &answers[..] {
            [Err(fault)] => format!("{:?}: {}", fault.kind, fault.message),
            [Ok(Answer::Decided(decision))] => format!("{} objects", decision.webhook.len()),
            other => format!("{other:?}"),
        };
        println!("{name}: {} ms, {told}", took.as_millis());
        if took > LIMIT {
            slow.push(name);
        }
        if answers.iter().any(Result::is_ok) {
            harmless.push(name);
        }
        alive(name);
    }
    assert_eq!(slow, [""; 0]);
    // A shift by more than a number has bits is undefined to this engine.
    assert_eq!(harmless, ["a shift"]);
}
