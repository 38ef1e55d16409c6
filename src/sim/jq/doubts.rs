//! Doubts: programs that Port's engine and ours may read differently.
//!
//! Which jq Port runs is not documented, so what jq 1.6, 1.7 and 1.8 read differently is doubtful,
//! and so is what our engine lacks. Told by tokens, and only where it makes a difference.

use std::ops::Range;

use super::check;
use super::token::{Form, Token, called, tokens};

/// Functions that only some versions of jq have, or that mean different things in them.
const FUNCTIONS: &[(&str, &str)] = &[
    ("pick", SINCE_1_7),
    ("toarray", SINCE_1_7),
    ("have_literal_numbers", SINCE_1_7),
    ("have_decnum", SINCE_1_7),
    ("trim", SINCE_1_7),
    ("ltrim", SINCE_1_7),
    ("rtrim", SINCE_1_7),
    ("toboolean", SINCE_1_7),
    ("abs", SINCE_1_8),
    ("skip", SINCE_1_8),
    ("trimstr", SINCE_1_8),
    ("isvalid", "only older versions of jq have this function"),
    (
        "recurse_down",
        "only older versions of jq have this function",
    ),
    (
        "leaf_paths",
        "jq 1.8 has this function no more; `paths(scalars)` is the same",
    ),
    ("dateadd", NOT_EVERYWHERE),
    ("datesub", NOT_EVERYWHERE),
    ("date", NOT_EVERYWHERE),
    ("localtime", TIME_ZONE),
    ("strflocaltime", TIME_ZONE),
];

const SINCE_1_7: &str = "older versions of jq than 1.7 do not have this function";
const SINCE_1_8: &str = "older versions of jq than 1.8 do not have this function";
const NOT_EVERYWHERE: &str = "not every build of jq has this function; `todate` is everywhere";
const TIME_ZONE: &str = "this depends on the time zone of the engine, which here is UTC";
const CHAINED_INDEX: &str = "older versions of jq than 1.7 refuse a `.` before `[`; leave it out";
const NO_ELSE: &str = "older versions of jq than 1.7 want an `else`";
const BARE_OPERATOR: &str =
    "jq 1.6 and others refuse an operator in the value of a key; put the value into parentheses";
const LOOK_AROUND: &str =
    "our engine has no look-around and no back-references in regular expressions";
const EXACT: &str = "older versions of jq than 1.7 round integers of this size";
const QUOTES: &str =
    "what Port makes of a `\\` between single quotes is not documented; use double quotes";
const URID: &str = "older versions of jq than 1.8 do not have this format";

/// What of a program may be read differently, with the bytes that are meant and why.
///
/// Nothing is parsed here, so that it may be asked in any process; a program that tokens alone
/// refuse has no doubts, because its fault says more.
pub fn doubts(program: &str) -> Vec<(Range<usize>, &'static str)> {
    if check::length(program).is_err() {
        return Vec::new();
    }
    let tokens = tokens(program);
    if check::tokens(program, &tokens).is_err() {
        return Vec::new();
    }
    let spelled = |token: &Token| program.get(token.span.clone()).unwrap_or("");
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    let calls: Vec<usize> = called(&tokens, program).collect();
    for token in calls.iter().filter_map(|at| tokens.get(*at)) {
        let doubt = FUNCTIONS.iter().find(|(name, _)| *name == spelled(token));
        found.extend(doubt.map(|(_, why)| (token.span.clone(), *why)));
    }
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let doubt = match token.form {
            Form::Open if spelled(token) == "[" => before
                .filter(|dot| dot.form == Form::Dot && is_chained(&tokens, at - 1))
                .map(|_| CHAINED_INDEX),
            Form::Escape if token.single && spelled(token) != "\\'" => Some(QUOTES),
            Form::Text if has_look_around(spelled(token)) => Some(LOOK_AROUND),
            Form::Number if is_rounded(spelled(token)) => Some(EXACT),
            Form::Format if spelled(token) == "@urid" => Some(URID),
            _ => None,
        };
        found.extend(doubt.map(|why| (token.span.clone(), why)));
    }
    found.extend(ifs(&tokens, &calls, program));
    found.extend(bare_operators(&tokens, program));
    found.sort_by_key(|(span, _)| span.start);
    found
}

/// Where a program sets something with `=`, which a program that decides never means.
pub fn assignment(program: &str) -> Option<Range<usize>> {
    check::length(program).ok()?;
    let tokens = tokens(program);
    let sets =
        |token: &&Token| token.form == Form::Sign && program.get(token.span.clone()) == Some("=");
    tokens.iter().find(sets).map(|token| token.span.clone())
}

/// Whether a `.` goes on with a path, and does not begin one.
fn is_chained(tokens: &[Token], dot: usize) -> bool {
    let before = dot.checked_sub(1).and_then(|at| tokens.get(at));
    let Some((before, dot)) = before.zip(tokens.get(dot)) else {
        return false;
    };
    let joined = before.span.end == dot.span.start;
    joined
        && matches!(
            before.form,
            Form::Field | Form::Close | Form::TextEnd | Form::Variable
        )
}

/// Whether a text can only be a regular expression with parts that our engine lacks.
fn has_look_around(text: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!", "(?>"]
        .iter()
        .any(|part| text.contains(part))
}

fn is_rounded(number: &str) -> bool {
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    digits && number.parse::<u64>().map_or(true, |n| n > 1 << 53)
}

/// Every `if` without an `else`.
fn ifs(tokens: &[Token], calls: &[usize], program: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut open: Vec<(Range<usize>, bool)> = Vec::new();
    let mut found = Vec::new();
    for token in calls.iter().filter_map(|at| tokens.get(*at)) {
        match program.get(token.span.clone()) {
            Some("if") => open.push((token.span.clone(), false)),
            Some("else") => {
                if let Some((_, has_else)) = open.last_mut() {
                    *has_else = true;
                }
            }
            Some("end") => {
                if let Some((span, false)) = open.pop() {
                    found.push((span, NO_ELSE));
                }
            }
            _ => {}
        }
    }
    found
}

/// Operators in the value of a key that stand in no bracket of their own.
fn bare_operators(tokens: &[Token], program: &str) -> Vec<(Range<usize>, &'static str)> {
    /// What is known of an open bracket.
    struct Open {
        is_object: bool,
        in_value: bool,
        /// Whether the value just begins, so that `-` is no operator.
        begins: bool,
        /// How many `if … end` are open in the value: operators in them are fine.
        ifs: usize,
    }
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    for token in tokens {
        let spelled = program.get(token.span.clone()).unwrap_or("");
        if token.form == Form::Close {
            open.pop();
        }
        if let Some(here) = open.last_mut().filter(|here| here.is_object) {
            let begins = std::mem::take(&mut here.begins);
            match (token.form, spelled) {
                (Form::Sign, ":") if !here.in_value => {
                    here.in_value = true;
                    here.begins = true;
                }
                (Form::Sign, ",") => here.in_value = false,
                (Form::Word, "if") if here.in_value => here.ifs += 1,
                (Form::Word, "end") if here.in_value => here.ifs = here.ifs.saturating_sub(1),
                (Form::Sign, "|") => here.begins = true,
                (Form::Sign, "?" | ":" | ";") => {}
                (Form::Sign, "-") if begins => {}
                (Form::Sign, _) | (Form::Word, "and" | "or") if here.in_value && here.ifs == 0 => {
                    found.push((token.span.clone(), BARE_OPERATOR));
                }
                _ => {}
            }
        }
        if token.form == Form::Open {
            open.push(Open {
                is_object: spelled == "{",
                in_value: false,
                begins: false,
                ifs: 0,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a program that are doubtful.
    fn doubtful(program: &str) -> Vec<&str> {
        let spans = doubts(program);
        spans
            .iter()
            .map(|(span, _)| &program[span.clone()])
            .collect()
    }

    #[test]
    fn what_versions_read_differently_is_doubtful() {
        for (program, parts) in [
            (".a.[0]", vec!["["]),
            (".a[0].[1:]?", vec!["["]),
            (".name | trim", vec!["trim"]),
            ("{a: .b // 1, c: (.d // 2)}", vec!["//"]),
            ("{a: -1, b: 1 - 1, \"c\": .d and true}", vec!["-", "and"]),
            ("if .a then 1 end", vec!["if"]),
            ("if .a then (if .b then 1 end) else 2 end", vec!["if"]),
            (".a | test(\"(?<!x)y\")", vec!["(?<!x)y"]),
            ("'a\\nb' + 'it\\'s'", vec!["\\n"]),
            (".id == 12345678901234567890", vec!["12345678901234567890"]),
            ("[leaf_paths]", vec!["leaf_paths"]),
            ("now | localtime | mktime", vec!["localtime"]),
        ] {
            assert_eq!(doubtful(program), parts, "{program}");
        }
    }

    #[test]
    fn setting_is_told_from_comparing() {
        for program in [".a = 1", ".a.b=\"x\" and .c == 2", "(.a = 1) | .b"] {
            let span = assignment(program).unwrap();
            assert_eq!(&program[span], "=", "{program}");
        }
        for program in [
            ".a == 1",
            ".a >= 1",
            ".a != \"=\"",
            ".a |= 1",
            ". <= \"x = y\" # =",
        ] {
            assert_eq!(assignment(program), None, "{program}");
        }
    }

    #[test]
    fn ordinary_programs_are_not() {
        for program in [
            ".body.state == \"FINISHED\"",
            ".body.run.id | tostring",
            "'Success'",
            ".[0], .[], ..[0]?",
            ". | .[0]",
            "[.[] | .a // \"x\"]",
            "{a: 1, b: (.c + 1), (.d): .e | length, f: .g?, h: if .i == 1 then 2 else 3 end}",
            ".trim, .abs, {trim: 1, abs}",
            "if .a then 1 elif .b then 2 else 3 end",
            ".items | map(.name) | join(\", \")",
            ".a | capture(\"(?<x>[a-z]+)\") | .x",
            "now | todate",
            "'$identifier'",
            ".a | IN(\"b\", \"c\")",
            "{a: .b | tojson}",
            "not a program (",
        ] {
            assert_eq!(doubtful(program), Vec::<&str>::new(), "{program}");
        }
    }
}
