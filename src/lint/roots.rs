//! Templates that read what is not there: the event's own fields without `.event`, and inputs that
//! the form does not have (PA section 3).
//!
//! Deliberately not here: conditions, whose root the kind checks itself.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::kinds::Role;
use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::survey::Survey;
use crate::words::Finding;
use crate::words::finding::did_you_mean;

/// Looks at the first steps of every path in a template.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for jq in survey
        .jq
        .iter()
        .filter(|jq| jq.program == Program::Templates)
    {
        let Some(station) = survey.wiring.get(&jq.addr) else {
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
