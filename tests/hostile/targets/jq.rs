//! JQ: compiled, and run where no loop can keep it busy. What only the limits of the engines' process
//! stop goes through that process, in `tests/jq/hostile.rs` and `tests/hostile/main.rs`.

use spaceport::sim::job::FaultKind;
use spaceport::sim::jq::{Program, assignment, doubts};
use spaceport::sim::template::{keys, names, paths, reads_more};

/// A program, and the JSON that it gets.
pub fn run(data: &[u8]) -> bool {
    let Some([program, input]) = super::parts(data) else {
        return false;
    };
    for (_, span) in paths(program) {
        super::inside(program, &span, &"a path");
    }
    let _ = (reads_more(program), keys(program), names(program));
    let compiled = super::engine(|| Program::compile(program));
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(fault) => {
            super::told(program, &fault);
            return false;
        }
    };
    let _ = (assignment(program), doubts(program));
    if !ends(program) {
        return false;
    }
    let input = serde_json::from_str(input).unwrap_or(serde_json::Value::Null);
    let once = super::engine(|| compiled.all(&input, 1_700_000_000.0));
    if let Err(fault) = &once {
        super::told(program, fault);
    }
    // What the clock and the input are is all that an answer hangs on.
    let crashed = matches!(&once, Err(fault) if fault.kind == FaultKind::Crash);
    let again = super::engine(|| compiled.all(&input, 1_700_000_000.0));
    assert!(crashed || once == again, "{program:?}: {once:?} {again:?}");
    once.is_ok()
}

/// Whether a program can do no more than a little: it is short, none of its words makes loops, and its
/// numbers make nothing large.
pub fn ends(program: &str) -> bool {
    const LOOPS: &[&str] = &[
        "range",
        "repeat",
        "recurse",
        "while",
        "until",
        "limit",
        "def",
        "reduce",
        "foreach",
        "combinations",
        "walk",
        "env",
        "infinite",
        "input",
        "inputs",
        "getpath",
        "setpath",
        "implode",
        "gsub",
        "sub",
        "splits",
        "label",
        "test",
        "match",
        "scan",
        "capture",
        "transpose",
        "ltrimstr",
        "pow",
        "exp10",
        "exp2",
        "exp",
        "ascii",
        "todate",
        "strftime",
        "paths",
        "nth",
        "skip",
        "flatten",
        "tojson",
        "fromjson",
        "split",
        "join",
        "ldexp",
        "scalb",
        "scalbln",
        "significand",
        "gamma",
        "halt",
        "error",
        "indices",
        "group_by",
    ];
    let words = program.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let large = |word: &&str| word.len() > 3 && word.starts_with(|c: char| c.is_ascii_digit());
    program.len() <= 200
        && program.matches(',').count() <= 6
        && program.matches("[]").count() + program.matches("..").count() <= 3
        && !program.contains(['*', 'E'])
        && !words.clone().any(|word| LOOPS.contains(&word))
        && !words.clone().any(|word| {
            large(&word) || word.contains("e") && word.starts_with(|c: char| c.is_ascii_digit())
        })
}
