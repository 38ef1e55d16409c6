//! Programs that read what is not there: roots that Port does not have, the event's own fields without
//! `.event`, and inputs that the form does not have (PA sections 3 and 4).
//!
//! Deliberately not here: conditions that begin at `.event`, which the kind checks itself.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::follow::ingest::{ACCOUNT, ITEM};
use crate::kinds::Role;
use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::survey::{Jq, Survey};
use crate::sim::template;
use crate::words::Finding;
use crate::words::finding::did_you_mean;

/// What a mapping reads of a delivery (PA section 4).
const DELIVERY: [&str; 4] = ["body", "headers", "queryParams", "item"];

/// Looks at the first steps of every path in a template or a mapping.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    templates(survey, bench);
    for jq in &survey.jq {
        match jq.program {
            Program::Templates => known(survey, jq, &template::ROOTS, bench),
            Program::Delivery => known(survey, jq, &DELIVERY, bench),
            Program::Item => item(survey, jq, bench),
            _ => {}
        }
    }
}

/// Looks whether every path of an ingest's program begins at a root, and reads of the account what it has.
fn item(survey: &Survey, jq: &Jq, bench: &mut Bench) {
    for path in jq.paths() {
        let account = path.begins(&[ACCOUNT]);
        let (known, at): (&[&str], usize) = match account {
            true => (&["url"], 1),
            false => (&[ITEM, ACCOUNT], 0),
        };
        let Some(step) = path.steps.get(at) else {
            continue;
        };
        let name = step.name.as_str();
        if known.contains(&name) {
            continue;
        }
        let (what, help) = match account {
            true => (
                format!(
                    "of the account an ingest knows its `url` only, so `.account.{name}` is always `null`"
                ),
                "write the constant, or `${spacelift.url}` inside of a text".to_owned(),
            ),
            false if DELIVERY.contains(&name) => (
                format!("an ingest gets no delivery, so `.{name}` is always `null`"),
                "what Spacelift says of each is below `.item`, as its GraphQL names it".to_owned(),
            ),
            false => (
                format!("an ingest has no `.{name}`, so this is always `null`"),
                format!("what was read is below `.item`: `.item.{name}`"),
            ),
        };
        let help = did_you_mean(name, known.iter().copied()).unwrap_or(help);
        let span = path.span.start..step.span.end;
        bench.push(Finding::warning("lint::unknown_root", survey.place(jq, span), what).help(help));
    }
}

/// Looks whether every path begins at a root that there is.
fn known(survey: &Survey, jq: &Jq, roots: &[&'static str], bench: &mut Bench) {
    for path in jq.paths() {
        let Some(first) = path.steps.first() else {
            continue;
        };
        let name = first.name.as_str();
        let second = path.steps.get(1).map(|step| step.name.as_str());
        // Told by `event_root`.
        let event = name == "diff" && matches!(second, Some("before" | "after"));
        let templates = jq.program == Program::Templates;
        if roots.contains(&name) || (templates && event) {
            continue;
        }
        let help = did_you_mean(name, roots.iter().copied()).unwrap_or_else(|| match templates {
            true => {
                let roots: Vec<String> = roots.iter().map(|root| format!("`.{root}`")).collect();
                format!("there are {}", roots.join(", "))
            }
            false => format!("what was posted is below `.body`: `.body.{name}`"),
        });
        bench.push(
            Finding::warning(
                "lint::unknown_root",
                survey.place(jq, path.span.start..first.span.end),
                match templates {
                    true => format!("templates have no `.{name}`, so this is always `null`"),
                    false => format!("a delivery has no `.{name}`, so this is always `null`"),
                },
            )
            .help(help),
        );
    }
}

fn templates<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for jq in survey
        .jq
        .iter()
        .filter(|jq| jq.program == Program::Templates)
    {
        let addr = jq.addr.as_ref();
        let Some(station) = addr.and_then(|addr| survey.wiring.get(addr)) else {
            continue;
        };
        let inputs = station.spec.pointer("/trigger/userInputs/properties");
        let inputs: BTreeSet<&str> = inputs
            .and_then(Json::as_object)
            .into_iter()
            .flat_map(|inputs| inputs.keys().map(String::as_str))
            .collect();
        for path in jq.paths() {
            let Some(first) = path.steps.first() else {
                continue;
            };
            let second = path.steps.get(1).map(|step| step.name.as_str());
            let place = || survey.place(jq, path.span.clone());
            match (station.role, first.name.as_str(), second) {
                (Role::Action | Role::Automation, "diff", Some("before" | "after")) => {
                    let wrong = Finding::warning(
                        "lint::event_root",
                        place(),
                        "in templates the event is below `.event`, so `.diff` is `null` here",
                    );
                    bench.push(wrong.help("write `.event.diff`; only conditions begin at `.diff`"));
                }
                (Role::Automation, "inputs", Some(_)) => bench.push(
                    Finding::warning(
                        "lint::unknown_input",
                        place(),
                        "an automation has no form, so `.inputs` is `null` here",
                    )
                    .help("read what happened from `.event`"),
                ),
                (Role::Action, "inputs", Some(name))
                    if !inputs.contains(name) && survey.is_whole(station) =>
                {
                    let step = &path.steps[1];
                    let near = did_you_mean(name, inputs.iter().copied());
                    let known: Vec<String> = inputs.iter().map(|i| format!("`{i}`")).collect();
                    let help = near.unwrap_or_else(|| match known.is_empty() {
                        true => "the action has no inputs; add it to `userInputs`".into(),
                        false => format!("it has {}; or add it to `userInputs`", known.join(", ")),
                    });
                    bench.push(
                        Finding::warning(
                            "lint::unknown_input",
                            survey.place(jq, step.span.clone()),
                            format!("the action has no input `{name}`"),
                        )
                        .help(help),
                    );
                }
                _ => {}
            }
        }
    }
}
