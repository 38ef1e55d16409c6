//! The engine in stories.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Input, Program, doubts};
use crate::sim::job::{Fault, FaultKind};

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

/// The fault of a program that does not compile: the bytes that it means, its message and its help.
fn fault(program: &str) -> (String, String, String) {
    let Err(fault) = Program::compile(program) else {
        panic!("`{program}` compiles");
    };
    let span = fault.span.unwrap_or_default();
    let place = program.get(span.clone());
    let place = place.unwrap_or_else(|| panic!("{span:?} of `{program}`"));
    let help = fault.help.unwrap_or_default();
    (place.to_owned(), fault.message, help)
}

#[test]
fn faults_say_where_and_what_to_do() {
    for (program, place, message, help) in [
        (
            ".a | tostrin",
            "tostrin",
            "jq has no function `tostrin`",
            "did you mean `tostring`?",
        ),
        (
            "'a' + tostrin",
            "tostrin",
            "jq has no function `tostrin`",
            "did you mean `tostring`?",
        ),
        (
            ".a.b-c",
            "c",
            "jq has no function `c`",
            "a name with `-` needs quotes: `.\"b-c\"`",
        ),
        (
            ".x-port-id",
            "port",
            "jq has no function `port`",
            "a name with `-` needs quotes: `.\"x-port-id\"`",
        ),
        (
            ".a == Success",
            "Success",
            "jq has no function `Success`",
            "write `.Success` for a property, `\"Success\"` for a text",
        ),
        (
            ".a == True",
            "True",
            "jq has no function `True`",
            "did you mean `true`?",
        ),
        (
            "(.a | .b",
            "(",
            "this `(` is never closed",
            "close it with `)`",
        ),
        (".a)", ")", "nothing is open that this `)` could close", ""),
        ("[.a)", ")", "`[` is closed by `)` and not by `]`", ""),
        (
            ".a == \"x",
            "\"",
            "the text that begins at this `\"` never ends",
            "",
        ),
        (".a && .b", "&", "`&` is no sign of jq", "jq says `and`"),
        (".a || .b", "||", "`||` is no sign of jq", "jq says `or`"),
        (".a === 1", "===", "`===` is no sign of jq", "jq says `==`"),
        (
            "$.a",
            "$",
            "`$` is no sign of jq",
            "paths begin with `.`, not with `$.`",
        ),
        (
            "$x + 1",
            "$x",
            "the variable `$x` is nowhere bound",
            "bind it before: `… as $x | …`",
        ),
        (
            ".a | test(1; 2; 3)",
            "test",
            "`test` takes 1 or 2 arguments, not 3",
            "",
        ),
        (
            "if .a then .b",
            "",
            "the program ends where `else` or `end` should follow",
            "an `if` ends with `end`",
        ),
        (
            "'a' |",
            "",
            "the program ends where a value or a path should follow",
            "",
        ),
        (
            ".a | | .b",
            "|",
            "expected a value or a path, found `|`",
            "",
        ),
        (
            "\"\\q\"",
            "q",
            "`\\q` is no escape",
            "write `\\\\` for a backslash",
        ),
        (
            "@bas64",
            "@bas64",
            "there is no format `@bas64`",
            "did you mean `@base64`?",
        ),
        (
            "{{ .a }}",
            "{",
            "expected a key, found `{`",
            "`{{ … }}` is for templates; here the text is JQ already",
        ),
        ("", "", "the program is empty", ""),
        (
            ".a | def f: 1; f",
            "def",
            "`def` is refused: a function of one's own may never end",
            "",
        ),
        (
            "matches(\"a\"; \"\")",
            "matches",
            "jq has no function `matches`",
            "did you mean `match`?",
        ),
    ] {
        let expected = (place.to_owned(), message.to_owned(), help.to_owned());
        assert_eq!(fault(program), expected, "{program}");
    }
}

#[test]
fn what_is_refused_may_be_a_name() {
    let input = json!({"env": 1, "input": 2, "def": 3});
    assert_eq!(
        one("{env, def: .input}", input.clone()),
        json!({"env": 1, "def": 2})
    );
    assert_eq!(one(". as {input: $x} | $x", input.clone()), json!(2));
    assert_eq!(one(".env + .def", input), json!(4));
}

#[test]
fn programs_that_want_too_much_are_told_so() {
    let kind = |program: &str| run(program, json!(null)).expect_err(program).kind;
    assert_eq!(kind("range(1e5)"), FaultKind::Limit);
    assert_eq!(kind("\"x\" * 1e9"), FaultKind::Limit);
    assert_eq!(
        kind("[range(4e6)] | [limit(5; .[])] | .[9e9] = 1"),
        FaultKind::Limit
    );
    assert_eq!(kind(&"[".repeat(100)), FaultKind::Limit);
    assert_eq!(kind(&".".repeat(40_000)), FaultKind::Limit);
    assert_eq!(kind("reduce range(200) as $x (1; [.])"), FaultKind::Limit);
    assert_eq!(kind("1 | .a"), FaultKind::Runtime);
}

#[test]
fn errors_do_not_show_values() {
    for program in [
        ".s.x",
        ".s + 1",
        ".s[0]",
        ".s - .s",
        "{(.n): 1}",
        ".s | keys",
        ".n | ascii_downcase",
        ".s | tonumber",
    ] {
        let fault = run(program, json!({"s": "CANARY-7", "n": 424_242})).expect_err(program);
        let shown = format!("{fault:?}");
        assert!(!shown.contains("CANARY"), "{program}: {shown}");
    }
}

#[test]
fn the_first_output_is_enough_where_one_is_wanted() {
    let input = Input::new(&json!([1, 2]), 0.0);
    assert_eq!(input.first(".[]"), Ok(json!(1)));
    assert_eq!(input.first("empty"), Ok(json!(null)));
    assert_eq!(input.first(".[0], error"), Ok(json!(1)));
}

#[test]
fn large_integers_pass_unchanged() {
    let input = json!({"id": 12_345_678_901_234_567_890_u64});
    assert_eq!(one(".id", input.clone()), input["id"]);
    assert_eq!(one(".id | tostring", input), json!("12345678901234567890"));
}

/// Whatever it is, it is an answer or a fault whose span is a part of the program.
fn survives(program: &str) {
    doubts(program);
    if let Err(fault) = Program::compile(program) {
        let span = fault.span.unwrap_or_default();
        assert!(
            program.get(span.clone()).is_some(),
            "{span:?} of {program:?}"
        );
        assert_ne!(fault.kind, FaultKind::Crash, "{program:?}");
        return;
    }
    for input in [json!(null), json!({"a": [1, "é", {"b": null}]})] {
        // A program may be endless; its first output is not, here.
        let _ = Input::new(&input, 1_700_000_000.0).first(program);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_tokens_are_survived(program in "(\\.a|\\.|\\[|\\]|\\(|\\)|\\{|\\}|'|\"|\\||,|;|:|\\?| |1|-|\\$x|as|if|then|else|end|try|reduce|//|=|\\|=|@csv|map|test|\\\\|\\\\\\(|\\\\u|d83d|é|#|\n){0,24}") {
        survives(&program);
    }

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn functions_survive_every_input(
        function in prop::sample::select(super::names::FUNCTIONS),
        arity in 0..3usize,
        argument in prop::sample::select(vec![".", "1", "\"a\"", "null", "[]", "-1", "{}", "1e300", "nan", "\"%Y\"", "[[0]]"]),
        input in prop::sample::select(vec!["null", "1", "\"2024-01-01T00:00:00Z\"", "[1,[2]]", "{\"a\":1}", "-1e300", "[1e300,127,1e9,-5,300,1e10,0,0]", "\"\"", "[]", "\"é\"", "true"]),
    ) {
        let (name, arities) = (function.0, function.1);
        let arity = arities[arity % arities.len()];
        prop_assume!(!matches!(name, "repeat" | "recurse" | "until" | "while" | "range" | "combinations" | "limit" | "implode"));
        let arguments = vec![argument; arity].join("; ");
        let call = if arity == 0 { name.to_owned() } else { format!("{name}({arguments})") };
        let program = Program::compile(&call);
        prop_assert!(program.is_ok(), "{}: {:?}", call, program.err());
        let input = serde_json::from_str(input).expect("JSON");
        let _ = Input::new(&input, 1_700_000_000.0).first(&call);
    }
}
