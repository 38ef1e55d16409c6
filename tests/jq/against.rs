//! Every program of `expressions.txt` gives what jq gives; differences are listed there.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use spaceport::sim::job::FaultKind;
use spaceport::sim::jq::Program;

/// A program of the list.
struct Case<'a> {
    line: usize,
    input: Value,
    program: &'a str,
    /// The version of jq that it differs from, and why.
    differs: Option<(&'a str, &'a str)>,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut input = Value::Null;
    for (index, line) in text.lines().enumerate() {
        if let Some(difference) = line.strip_prefix("    ! ") {
            let (version, reason) = difference.split_once(": ").expect("a version and a reason");
            let case = cases.last_mut().expect("a difference is one of a program");
            case.differs = Some((version, reason));
        } else if let Some(program) = line.strip_prefix("  ") {
            cases.push(Case {
                line: index + 1,
                input: input.clone(),
                program,
                differs: None,
            });
        } else if !line.is_empty() && !line.starts_with('#') {
            input = serde_json::from_str(line).expect("an input is JSON");
        }
    }
    cases
}

/// What became of a program.
#[derive(Debug, PartialEq)]
enum Outcome {
    Outputs(Vec<Value>),
    /// It is no program there.
    Refused,
    /// It failed on its input.
    Failed,
}

fn ours(case: &Case<'_>) -> Outcome {
    let program = match Program::compile(case.program) {
        Ok(program) => program,
        Err(_) => return Outcome::Refused,
    };
    match program.all(&case.input, 1_700_000_000.0) {
        Ok(outputs) => Outcome::Outputs(outputs.into_iter().map(same_numbers).collect()),
        Err(fault) => {
            assert_eq!(
                fault.kind,
                FaultKind::Runtime,
                "{}: {fault:?}",
                case.program
            );
            Outcome::Failed
        }
    }
}

/// `1` and `1.0` are one number.
fn same_numbers(value: Value) -> Value {
    match value {
        Value::Number(n) => serde_json::json!(n.as_f64()),
        Value::Array(items) => items.into_iter().map(same_numbers).collect(),
        Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| (key, same_numbers(value)))
            .collect(),
        other => other,
    }
}

fn theirs(case: &Case<'_>) -> Outcome {
    let mut child = Command::new("jq")
        .args(["-c", case.program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env("TZ", "UTC")
        .spawn()
        .expect("jq starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    // It does not read when it refuses the program.
    let _ = stdin.write_all(case.input.to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("jq ends");
    match output.status.code() {
        Some(0) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let values = text
                .lines()
                .map(|line| serde_json::from_str(line).expect("JSON"));
            Outcome::Outputs(values.map(same_numbers).collect())
        }
        Some(3) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

#[test]
fn programs_give_what_jq_gives() {
    let Ok(version) = Command::new("jq").arg("--version").output() else {
        assert!(std::env::var_os("CI").is_none(), "jq is missing");
        println!("skipped: there is no jq");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.trim().trim_start_matches("jq-").to_owned();
    let cases = cases(include_str!("expressions.txt"));
    assert!(cases.len() >= 150, "{} programs", cases.len());
    let mut problems = Vec::new();
    for case in &cases {
        let (ours, theirs) = (ours(case), theirs(case));
        let same = ours == theirs;
        let listed = case.differs.filter(|(of, _)| version.starts_with(of));
        match (same, case.differs) {
            (true, _) if listed.is_some() => problems.push(format!(
                "{}: `{}` is listed as a difference and is none",
                case.line, case.program
            )),
            (false, None) => problems.push(format!(
                "{}: `{}`\n    ours   {ours:?}\n    theirs {theirs:?}",
                case.line, case.program
            )),
            _ => {}
        }
    }
    assert!(
        problems.is_empty(),
        "jq {version}, {} of {} programs:\n{}",
        problems.len(),
        cases.len(),
        problems.join("\n")
    );
    println!("{} programs give what jq {version} gives", cases.len());
}
