//! The engine in stories.

use serde_json::{Value, json};

use super::Program;
use crate::sim::job::Fault;

fn run(program: &str, input: Value) -> Result<Vec<Value>, Fault> {
    Program::compile(program)?.all(&input, 1_700_000_000.0)
}

fn one(program: &str, input: Value) -> Value {
    match run(program, input).as_deref() {
        Ok([one]) => one.clone(),
        other => panic!("{program}: {other:?}"),
    }
}

#[test]
fn ports_dialect_is_read() {
    assert_eq!(one("'Success'", json!(null)), json!("Success"));
    let input = json!({"properties": {"odd-name": 1}, "secrets": {"X": "s"}});
    assert_eq!(one(".properties.'odd-name'", input.clone()), json!(1));
    assert_eq!(one(".secrets.\"X\"", input), json!("s"));
}

#[test]
fn a_path_that_is_not_there_is_created() {
    assert_eq!(one(".a.b = 1", json!({})), json!({"a": {"b": 1}}));
    assert_eq!(one(".a[2] = 1", json!(null)), json!({"a": [null, null, 1]}));
}

#[test]
fn the_clock_is_given() {
    assert_eq!(one("now", json!(null)), json!(1_700_000_000));
    assert_eq!(
        one("now | todate", json!(null)),
        json!("2023-11-14T22:13:20Z")
    );
}
