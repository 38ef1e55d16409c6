//! Verdicts: what became of the project's tests, for people, machines and GitHub's runner.
//!
//! Deliberately not here: running them (see `follow::trial`).

use serde_json::{Value as Json, json};

use crate::follow::trial::{Failure, Verdict};
use crate::show::journey::{extend, harmless, place, sentence, spot, why_json};
use crate::show::render::human::block::difference;
use crate::show::text::{count, escape, inert, wrap};
use crate::show::{Meaning, Style};
use crate::words::{Finding, Sources};

/// Verdicts for people. Tests that passed are a line each.
pub fn human(verdicts: &[Verdict], sources: &Sources, style: &Style) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        let passed = verdict.failures.is_empty();
        let (sign, meaning) = match passed {
            true => ("✓ ", Meaning::Add),
            false => ("✗ ", Meaning::Remove),
        };
        say(sign, &verdict.name, meaning, style, &mut text);
        for failure in &verdict.failures {
            one(failure, sources, style, &mut text);
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let failed = verdicts.iter().filter(|v| !v.failures.is_empty()).count();
    let meaning = match failed {
        0 => Meaning::Add,
        _ => Meaning::Remove,
    };
    text.push_str(&style.paint(meaning, &closing(verdicts)));
    text.push('\n');
    inert(text)
}

/// How many tests passed and failed.
pub fn closing(verdicts: &[Verdict]) -> String {
    let failed = verdicts.iter().filter(|v| !v.failures.is_empty()).count();
    let passed = verdicts.len() - failed;
    let all = count(verdicts.len(), "test", "tests");
    match failed {
        0 => format!("{all}: passed"),
        _ => format!("{all}: {passed} passed, {failed} failed"),
    }
}

fn one(failure: &Failure, sources: &Sources, style: &Style, text: &mut String) {
    let at = format!("    {}", escape(&spot(failure.place, sources)));
    text.push_str(&style.paint(Meaning::Detail, &at));
    text.push('\n');
    say("    ", &failure.message, Meaning::Plain, style, text);
    match (&failure.expected, &failure.got) {
        (Some(expected), Some(got)) => {
            let (expected, got) = (pretty(failure, expected), pretty(failure, got));
            for line in legend(style) {
                text.push_str(&line);
            }
            for line in difference(&expected, &got, 4, style) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        (Some(value), None) => shown("- expected", Meaning::Remove, failure, value, style, text),
        (None, Some(value)) => shown("+ came", Meaning::Add, failure, value, style, text),
        (None, None) => {}
    }
    for why in &failure.causes {
        let first = match why.place {
            Some(place) => format!("because {}: {}", spot(place, sources), why.message),
            None => format!("because {}", why.message),
        };
        say("    ", &first, Meaning::Change, style, text);
        if let Some(help) = &why.help {
            say("      help: ", help, Meaning::Plain, style, text);
        }
    }
}

fn legend(style: &Style) -> Vec<String> {
    vec![format!(
        "    {}  {}\n",
        style.paint(Meaning::Remove, "- expected"),
        style.paint(Meaning::Add, "+ came")
    )]
}

fn shown(
    word: &str,
    meaning: Meaning,
    failure: &Failure,
    value: &Json,
    style: &Style,
    text: &mut String,
) {
    text.push_str(&format!("    {}\n", style.paint(meaning, word)));
    let sign = word.chars().next().unwrap_or(' ');
    for line in pretty(failure, value).lines() {
        let line = crate::show::text::cut(&escape(line), style.width.saturating_sub(6));
        text.push_str(&style.paint(meaning, &format!("    {sign} {line}")));
        text.push('\n');
    }
}

fn pretty(failure: &Failure, value: &Json) -> String {
    let value = harmless(&failure.at, value);
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    format!("{text}\n")
}

fn say(first: &str, words: &str, meaning: Meaning, style: &Style, text: &mut String) {
    for line in wrap(first, &escape(&sentence(words)), style.width) {
        text.push_str(&style.paint(meaning, line.trim_end()));
        text.push('\n');
    }
}

/// Verdicts for machines: `{"tests": [{"name","file","line","column","passed","failures":
/// [{"message","file","line","column","expected","got","causes": [{"message","file","line","column",
/// "help"}]}]}], "passed", "failed"}`.
pub fn json(verdicts: &[Verdict], sources: &Sources) -> Json {
    let tests = verdicts.iter().map(|verdict| {
        let failures = verdict.failures.iter().map(|failure| {
            let mut value = json!({ "message": sentence(&failure.message) });
            extend(&mut value, &place(Some(failure.place), sources));
            let clean = |value: &Json| harmless(&failure.at, value);
            let causes = failure.causes.iter();
            extend(
                &mut value,
                &json!({
                    "expected": failure.expected.as_ref().map(clean),
                    "got": failure.got.as_ref().map(clean),
                    "causes": causes.map(|why| why_json(why, sources)).collect::<Vec<_>>(),
                }),
            );
            value
        });
        let mut value = json!({ "name": verdict.name });
        extend(&mut value, &place(Some(verdict.place), sources));
        extend(
            &mut value,
            &json!({
                "passed": verdict.failures.is_empty(),
                "failures": failures.collect::<Vec<_>>(),
            }),
        );
        value
    });
    let tests: Vec<Json> = tests.collect();
    let failed = verdicts.iter().filter(|v| !v.failures.is_empty()).count();
    json!({ "tests": tests, "passed": verdicts.len() - failed, "failed": failed })
}

/// Failures as findings, for annotations.
pub fn findings(verdicts: &[Verdict], sources: &Sources) -> Vec<Finding> {
    let failures = verdicts
        .iter()
        .flat_map(|verdict| verdict.failures.iter().map(move |f| (verdict, f)));
    failures
        .map(|(verdict, failure)| {
            let compact = |value: &Option<Json>| {
                let value = value.as_ref()?;
                Some(harmless(&failure.at, value).to_string())
            };
            let mut lines = Vec::new();
            lines.extend(compact(&failure.expected).map(|text| format!("expected {text}")));
            lines.extend(compact(&failure.got).map(|text| format!("came {text}")));
            lines.extend(failure.causes.iter().map(|why| match why.place {
                Some(place) => format!("because {}: {}", spot(place, sources), why.message),
                None => format!("because {}", why.message),
            }));
            let message = format!("{}: {}", verdict.name, failure.message);
            let finding = Finding::error("test::failed", failure.place, sentence(&message));
            finding.help(sentence(&lines.join("\n")))
        })
        .collect()
}
