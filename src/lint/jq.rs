//! JQ that does not compile, constants without quotes, JQ that Port may read differently, and `=` where
//! something is to be compared.
//!
//! Deliberately not here: what the programs read (see `roots` and `payload`).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::survey::{Jq, Survey};
use crate::sim;
use crate::sim::job::{Fault, FaultKind, Job};
use crate::words::{Finding, Findings, Text};

/// What Port's templates may say that is no JQ (PA section 3).
const SPREAD: &str = "spreadValue()";

/// Asks whether each program compiles, each text once.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let mut by_code: BTreeMap<&str, Vec<&Jq>> = BTreeMap::new();
    for jq in &survey.jq {
        let spread = jq.program == Program::Templates && jq.code.trim() == SPREAD;
        if spread || is_plain(&jq.code) {
            continue;
        }
        by_code.entry(&jq.code).or_default().push(jq);
    }
    for (code, all) in by_code {
        let job = Job::JqCheck {
            program: code.to_owned(),
        };
        bench.ask(vec![job], move |replies, findings| {
            let fault = match replies.into_iter().next() {
                Some(Ok(_)) => return doubtful(survey, code, &all, findings),
                Some(Err(fault)) => fault,
                None => return,
            };
            for jq in all {
                refused(survey, jq, &fault, findings);
            }
        });
    }
}

/// Whether a program makes something of an entity, or may keep one from being made.
fn is_entity(jq: &Jq) -> bool {
    matches!(jq.program, Program::Delivery | Program::Item)
}

fn doubtful(survey: &Survey, code: &str, all: &[&Jq], findings: &mut Findings) {
    for jq in all {
        assigning(survey, jq, findings);
    }
    // Nobody but spaceport reads the programs of an ingest.
    let read_by_port = |jq: &&&Jq| jq.program != Program::Item;
    for (span, why) in sim::jq::doubts(code) {
        for jq in all.iter().filter(read_by_port) {
            findings.push(
                Finding::hint("lint::jq_doubt", survey.place(jq, span.clone()), why).help(
                    "write it so that every jq reads it alike, or look at what Port makes of it",
                ),
            );
        }
    }
}

fn refused(survey: &Survey, jq: &Jq, fault: &Fault, findings: &mut Findings) {
    let whole = 0..jq.code.len();
    let span = fault.span.clone().unwrap_or_else(|| whole.clone());
    let place = survey.place(jq, visible(&jq.code, span));
    let word = jq.code.trim();
    if fault.kind == FaultKind::Syntax && is_entity(jq) && is_word(word) {
        findings.push(
            Finding::error(
                "lint::unquoted_constant",
                survey.place(jq, whole),
                format!("`{word}` is read as JQ, and it is none"),
            )
            .help(format!(
                "everything in an entity is JQ; for the constant write `'\"{word}\"'`"
            )),
        );
        return;
    }
    let message = format!("this JQ does not compile: {}", fault.message);
    let finding = match fault.kind == FaultKind::Syntax {
        true => Finding::error("lint::jq", place, message),
        false if jq.program == Program::Item => {
            let message = format!("spaceport does not run this JQ: {}", fault.message);
            Finding::error("lint::jq", place, message)
        }
        // What we refuse, for safety or for want of it, Port may well take.
        false => Finding::hint(
            "lint::jq_doubt",
            place,
            format!("spaceport does not run this JQ: {}", fault.message),
        ),
    };
    let help = match (fault.kind == FaultKind::Syntax, jq.program) {
        (false, Program::Item) => {
            "write it in another way; until then `spaceport ingest` writes nothing of it"
        }
        (true, Program::Item) => "correct it; until then `spaceport ingest` writes nothing of it",
        (false, _) => "Port may read it; what it does cannot be simulated or tested here",
        (true, Program::Delivery) => "correct it; until then Port makes nothing of the event",
        (true, _) => "correct it",
    };
    findings.push(finding.help(help).maybe_help(fault.help.clone()));
}

/// A place that takes no byte, as the end of a program does, made the character there or the last one
/// before it: what is marked can be seen.
fn visible(code: &str, span: Range<usize>) -> Range<usize> {
    let length = |c: Option<char>| c.map_or(0, char::len_utf8);
    let at = span.start;
    match (span.is_empty(), code.get(..at), code.get(at..)) {
        (true, Some(before), Some("")) => at - length(before.chars().next_back())..at,
        (true, _, Some(after)) => at..at + length(after.chars().next()),
        _ => span,
    }
}

/// Looks for a filter or a condition that sets with `=` where it means to compare.
fn assigning(survey: &Survey, jq: &Jq, findings: &mut Findings) {
    let last = jq.at.parts().last().map(Text::as_str);
    if jq.program != Program::Event && last != Some("filter") {
        return;
    }
    let of = match jq.program {
        Program::Item => "item",
        _ => "event",
    };
    if let Some(span) = sim::jq::assignment(&jq.code) {
        findings.push(
            Finding::warning(
                "lint::no_effect",
                survey.place(jq, span),
                format!("`=` sets a value and compares nothing, so this is true of every {of}"),
            )
            .help("compare with `==`"),
        );
    }
}

/// Whether a program is nothing but keys one below the other, as most are: no engine need be asked.
fn is_plain(code: &str) -> bool {
    let Some(keys) = code.strip_prefix('.') else {
        return false;
    };
    keys.split('.').all(|key| {
        key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !KEYWORDS.contains(&key)
    })
}

/// The keywords of jq: not every jq takes them for keys.
const KEYWORDS: [&str; 16] = [
    "and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "import", "include",
    "label", "or", "reduce", "then", "try",
];

/// Whether a text is a word or some, as people write constants.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || " _-".contains(c))
}
