//! Rules of notification policies that can never match, and rules that match whatever happens (SA
//! sections 9 and 10).
//!
//! Deliberately not here: whether a rule matches what its author wants, which tests say.

use std::ops::Range;

use serde_json::Value as Json;

use crate::follow::Station;
use crate::lint::bench::Bench;
use crate::lint::rego_text::{self, Token, What};
use crate::lint::sample;
use crate::lint::survey::Survey;
use crate::sim::graphql::SCHEMA;
use crate::sim::job::Answer;
use crate::sim::rego::{self, samples};
use crate::words::Finding;
use crate::words::finding::did_you_mean;

/// The kinds of events; each comes alone.
const EVENTS: [&str; 3] = ["run_updated", "module_version", "internal_error"];

/// Where the input holds one word of a few: the path, and the enum of the schema or the words.
const WORDS: [(&[&str], &str); 7] = [
    (&["run_updated", "state"], "RunState"),
    (&["run_updated", "run", "state"], "RunState"),
    (&["run_updated", "stack", "state"], "RunState"),
    (&["run_updated", "run", "type"], "RunType"),
    (&["internal_error", "severity"], "INFO WARNING ERROR"),
    (&["module_version", "version", "state"], "ACTIVE FAILED"),
    (&["run_updated", "timing", "state"], "RunState"),
];

/// Looks at every rule of every notification policy.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for (station, policy) in sample::notifications(&survey.wiring) {
        for rule in rules(station.text("/body").unwrap_or_default()) {
            for (span, message, help) in never(&rule.tokens) {
                let place = survey.inside(station, "/body", span);
                let message = format!("this rule never matches: {message}");
                bench.push(Finding::warning("lint::dead_rule", place, message).help(help));
            }
        }
        if cfg!(feature = "rego") {
            let job = sample::decision(&policy, sample::kind("something_new", &survey.wiring));
            bench.ask(vec![job], move |replies, findings| {
                let Some(Ok(Answer::Decided(decision))) = replies.into_iter().next() else {
                    return;
                };
                let fired = [
                    ("webhook", &decision.webhook),
                    ("slack", &decision.slack),
                    ("inbox", &decision.inbox),
                    ("pull_request", &decision.pull_request),
                ];
                for (name, _) in fired.into_iter().filter(|(_, objects)| !objects.is_empty()) {
                    findings.push(
                        Finding::warning(
                            "lint::unguarded_rule",
                            survey.inside(station, "/body", head(station, name)),
                            format!("this rule sends to `{name}` whatever happens, also for kinds of events that Spacelift may add"),
                        )
                        .help("say which events are meant: `input.run_updated` for those of runs"),
                    );
                }
            });
        }
    }
}

/// Where the first rule of a name stands that asks for no kind of event.
fn head(station: &Station, name: &str) -> Range<usize> {
    let body = station.text("/body").unwrap_or_default();
    let named: Vec<Rule> = rules(body)
        .into_iter()
        .filter(|rule| rule.name == name)
        .collect();
    let open = |rule: &&Rule| {
        !rule.tokens.iter().any(|token| {
            matches!(&token.what, What::Path(path) if path.len() > 1 && EVENTS.contains(&path[1].as_str()))
        })
    };
    let rule = named.iter().find(open).or(named.first());
    rule.map_or(0..0, |rule| rule.span.clone())
}

/// A rule of a body.
struct Rule {
    name: String,
    span: Range<usize>,
    tokens: Vec<Token>,
}

fn rules(body: &str) -> Vec<Rule> {
    let heads = rego::dialect(body).heads;
    let tokens = rego_text::tokens(body);
    let mut rules: Vec<Rule> = Vec::new();
    for (index, head) in heads.iter().enumerate() {
        let end = heads
            .get(index + 1)
            .map_or(body.len(), |next| next.span.start);
        let own = |token: &&Token| token.span.start >= head.span.start && token.span.start < end;
        rules.push(Rule {
            name: head.name.clone(),
            span: head.span.clone(),
            tokens: tokens.iter().filter(own).cloned().collect(),
        });
    }
    rules
}

/// What of a rule is never true: where, why, and what to do.
fn never(tokens: &[Token]) -> Vec<(Range<usize>, String, String)> {
    let mut found = Vec::new();
    let samples = samples();
    let mut asked: Vec<(&str, Range<usize>)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let What::Path(path) = &token.what else {
            continue;
        };
        if path[0] != "input" || path.len() < 2 {
            continue;
        }
        let rest: Vec<&str> = path[1..].iter().map(String::as_str).collect();
        let sign = |at: usize| match tokens.get(at).map(|token| &token.what) {
            Some(What::Sign(sign)) => sign.as_str(),
            Some(What::Path(path)) => path[0].as_str(),
            _ => "",
        };
        let text = |at: usize| match tokens.get(at).map(|token| &token.what) {
            Some(What::Text(text)) => Some((text.as_str(), tokens[at].span.clone())),
            _ => None,
        };
        let negated = index > 0 && sign(index - 1) == "not";
        let compared = sign(index + 1);
        let with_null = ["==", "!="].contains(&compared) && sign(index + 2) == "null";
        if negated || (with_null && compared == "==") {
            continue;
        }
        if let Some((message, help)) = unknown(&rest, &samples) {
            found.push((token.span.clone(), message, help));
            continue;
        }
        if let Some(event) = EVENTS.iter().find(|event| **event == rest[0]) {
            asked.push((event, token.span.clone()));
        }
        // `x == "TEXT"` and `"TEXT" == x`.
        let literal = match compared {
            "==" => text(index + 2),
            _ if index > 1 && sign(index - 1) == "==" => text(index - 2),
            _ => None,
        };
        let words = WORDS.iter().find(|(at, _)| *at == rest.as_slice());
        if let (Some((literal, span)), Some((_, words))) = (literal, words) {
            let words = self::words(words);
            if !words.contains(&literal) {
                let place = path.join(".");
                let upper = literal.to_uppercase();
                let near = match words.contains(&upper.as_str()) {
                    true => format!("write `{upper}`"),
                    false => did_you_mean(literal, words.iter().copied())
                        .unwrap_or_else(|| format!("it is one of {}", words.join(", "))),
                };
                found.push((span, format!("`{place}` is never `{literal}`"), near));
            }
        }
    }
    if let Some((first, _)) = asked.first()
        && let Some((other, span)) = asked.iter().find(|(event, _)| event != first)
    {
        found.push((
            span.clone(),
            format!("an event has `{first}` or `{other}`, never both"),
            "make two rules of it".into(),
        ));
    }
    found
}

/// Why a path of the input is never there, if it is not.
fn unknown(path: &[&str], samples: &[(&'static str, Json)]) -> Option<(String, String)> {
    let common = samples.first().map(|(_, input)| input)?;
    let Some((_, sample)) = samples.iter().find(|(kind, _)| *kind == path[0]) else {
        if common.get(path[0]).is_some() {
            return None;
        }
        let known = ["account", "webhook_endpoints"].into_iter().chain(EVENTS);
        let help = did_you_mean(path[0], known.clone()).unwrap_or_else(|| {
            let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            format!("a notification policy sees {}", known.join(", "))
        });
        return Some((format!("there is no `input.{}`", path[0]), help));
    };
    let mut at = sample;
    for (index, name) in path.iter().enumerate() {
        let Json::Object(fields) = at else {
            return None;
        };
        match fields.get(*name) {
            Some(below) => at = below,
            // Documents may be behind the service, so only what is nearly right is wrong.
            None => {
                let near = did_you_mean(name, fields.keys().map(String::as_str))?;
                let whole = path[..=index].join(".");
                return Some((format!("there is no `input.{whole}`"), near));
            }
        }
    }
    None
}

/// The words of an enum of Spacelift's schema, or those that are given.
fn words(of: &'static str) -> Vec<&'static str> {
    let start = format!("enum {of} {{");
    let Some(at) = SCHEMA.find(&start) else {
        return of.split(' ').collect();
    };
    let body = SCHEMA[at + start.len()..]
        .split('}')
        .next()
        .unwrap_or_default();
    let lines = body.lines().skip(1);
    let words = lines.map(|line| line.split('#').next().unwrap_or_default().trim());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Vec<String> {
        let found = rules(body).into_iter().flat_map(|rule| never(&rule.tokens));
        found
            .map(|(span, message, help)| format!("{}: {message} ({help})", &body[span]))
            .collect()
    }

    #[test]
    fn what_is_never_true_is_told_with_its_place() {
        let rule = |condition: &str| {
            format!("package spacelift\nwebhook[{{\"endpoint_id\": \"a\"}}] {{\n{condition}\n}}\n")
        };
        for (condition, expected) in [
            ("input.run_updated.run.state == \"FINISHED\"", ""),
            ("input.run_updated != null", ""),
            (
                "input.run_updated.run.state == \"FINISH\"",
                "\"FINISH\": `input.run_updated.run.state` is never `FINISH` (did you mean `FINISHED`?)",
            ),
            (
                "\"tracked\" == input.run_updated.run.type",
                "\"tracked\": `input.run_updated.run.type` is never `tracked` (write `TRACKED`)",
            ),
            (
                "input.run_updated.run.stat == \"x\"",
                "input.run_updated.run.stat: there is no `input.run_updated.run.stat` (did you mean `state`?)",
            ),
            ("input.run_updated.run.something_new", ""),
            (
                "input.run.state == \"FINISHED\"",
                "input.run.state: there is no `input.run` (a notification policy sees `account`, `webhook_endpoints`, `run_updated`, `module_version`, `internal_error`)",
            ),
            (
                "input.run_updated\ninput.internal_error",
                "input.internal_error: an event has `run_updated` or `internal_error`, never both (make two rules of it)",
            ),
            ("input.run_updated\nnot input.internal_error", ""),
            ("input.webhook_endpoints[_].id", ""),
        ] {
            let all: Vec<&str> = expected
                .split('\n')
                .filter(|line| !line.is_empty())
                .collect();
            assert_eq!(said(&rule(condition)), all, "{condition}");
        }
    }
}
