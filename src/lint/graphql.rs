//! Calls to Spacelift's GraphQL: refusals that Port takes for a success, and automations that use the
//! answer of such a call without a look at it (SA section 13).
//!
//! Deliberately not here: the tokens that calls sign in with (see `tokens`).

use serde_json::{Value as Json, json};

use crate::follow::Station;
use crate::follow::journey::NOW;
use crate::follow::paths::Path;
use crate::kinds::Role;
use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::calls::Call;
use crate::lint::survey::{Jq, Survey};
use crate::sim;
use crate::sim::job::{Answer, Job};
use crate::sim::template::{self, Piece};
use crate::words::Finding;

/// What a template reads the answer of a run as.
const RESPONSE: [&str; 4] = ["event", "diff", "after", "response"];

/// Looks at every call to GraphQL, and at who uses its answer.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for call in Call::all(&survey.wiring).filter(|call| call.is_graphql()) {
        operation(survey, call, bench);
        if call.is_synchronized() {
            bench.push(
                Finding::hint(
                    "lint::graphql_success",
                    survey.key_at(call.station, "/invocationMethod/synchronized"),
                    "Spacelift answers refusals with HTTP 200 and a list of `errors`: such a run is shown as a success",
                )
                .help("look into the run's `response`; what goes on from it must check `.response.errors` or the value itself"),
            );
        }
        let named = |station: &&Station| {
            station.text("/trigger/event/actionIdentifier") == Some(call.station.name.as_str())
        };
        for automation in survey.wiring.playing(Role::Automation).filter(named) {
            let reading = survey.jq_of(&automation.addr).find_map(|jq| {
                let templates = jq.program == Program::Templates;
                let path = jq.paths().into_iter().find(|path| path.begins(&RESPONSE))?;
                templates.then_some((jq, path))
            });
            if let Some((jq, path)) = reading {
                guarded(survey, &automation.spec, jq, path, bench);
            }
        }
    }
}

/// Checks the operation that a call sends against Spacelift's schema.
fn operation(survey: &Survey, call: Call, bench: &mut Bench) {
    const AT: &str = "/invocationMethod/body/query";
    let Some(query) = call.query() else { return };
    // What a template becomes is not known; a name of its length will do in its place.
    let mut text = query.to_owned();
    let mut has_templates = false;
    for piece in template::pieces(query) {
        if let Piece::Program { whole, .. } = piece {
            has_templates = true;
            text.replace_range(whole.clone(), &"x".repeat(whole.len()));
        }
    }
    let none = Json::Null;
    let variables = call
        .station
        .spec
        .pointer("/invocationMethod/body/variables")
        .unwrap_or(&none);
    for fault in sim::graphql::check(&text, Some(variables)) {
        let broken = fault.message.starts_with("syntax error");
        if broken && has_templates {
            continue;
        }
        let place = match fault.span {
            Some(span) => survey.inside(call.station, AT, span),
            None => survey.at(call.station, AT),
        };
        let finding = match broken {
            true => Finding::error(
                "lint::graphql",
                place,
                format!("this is no GraphQL: {}", fault.message),
            ),
            false => Finding::warning(
                "lint::graphql",
                place,
                format!("Spacelift's schema does not fit: {}", fault.message),
            ),
        };
        bench.push(finding.help(fault.help.unwrap_or_else(|| {
            "correct it; if Spacelift takes it, spaceport does not know that part of the schema: allow it".into()
        })));
    }
}

/// Asks whether the condition of an automation lets refusals through.
fn guarded<'a>(survey: &'a Survey<'a>, spec: &Json, jq: &'a Jq, path: Path, bench: &mut Bench<'a>) {
    let condition = spec.pointer("/trigger/condition");
    let expressions = condition.and_then(|c| c.get("expressions")?.as_array());
    let expressions: Vec<String> = expressions
        .into_iter()
        .flatten()
        .filter_map(|e| e.as_str().map(str::to_owned))
        .collect();
    let any = condition.and_then(|c| c.get("combinator")?.as_str()) == Some("or");
    let answers = refusals(&path);
    let jobs = answers.iter().flat_map(|answer| {
        let input = json!({
            "action": "RUN_UPDATED",
            "resourceType": "run",
            "context": {},
            "trigger": { "at": "2026-01-01T00:00:00Z", "by": {} },
            "diff": {
                "before": { "status": "IN_PROGRESS" },
                "after": { "status": "SUCCESS", "response": answer },
            },
        });
        expressions.iter().map(move |program| Job::Jq {
            program: program.clone(),
            input: input.clone(),
            now: NOW,
        })
    });
    let jobs: Vec<Job> = jobs.collect();
    let (count, per) = (answers.len(), expressions.len());
    bench.ask(jobs, move |replies, findings| {
        let holds = |at: usize| match replies.get(at) {
            Some(Ok(Answer::Values(values))) => values.first().is_some_and(sim::jq::is_true),
            _ => false,
        };
        let passes = |answer: usize| {
            let mut all = (answer * per..(answer + 1) * per).map(holds);
            match (per, any) {
                (0, _) => true,
                (_, true) => all.any(|it| it),
                (_, false) => all.all(|it| it),
            }
        };
        if (0..count).any(passes) {
            let names = path.names(1);
            findings.push(
                Finding::warning(
                    "lint::unguarded_response",
                    survey.place(jq, path.span.clone()),
                    "when Spacelift refuses, this is `null`, and it is used all the same",
                )
                .help(format!(
                    "add to the condition: `.{} != null`",
                    names.join(".")
                )),
            );
        }
    });
}

/// The answers of refused calls: errors without data, and each step of the path null.
fn refusals(path: &Path) -> Vec<Json> {
    let errors = json!({ "errors": [{ "message": "unauthorized" }], "data": null });
    let steps = path.names(RESPONSE.len());
    let nulls = (1..steps.len()).map(|depth| {
        steps[..depth]
            .iter()
            .rev()
            .fold(Json::Null, |below, name| json!({ *name: below }))
    });
    std::iter::once(errors).chain(nulls).collect()
}
