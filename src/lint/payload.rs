//! Fields that Spacelift never sends, read by a mapper that Spacelift feeds (SA section 11).
//!
//! Only where the body is Spacelift's own: a policy with a `payload` sends that instead. Deliberately
//! not here: senders that the project does not know.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::kinds::Role;
use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::rego_text::{self, What};
use crate::lint::sample::{self, TRACKED};
use crate::lint::survey::Survey;
use crate::words::finding::did_you_mean;
use crate::words::{Addr, Finding};

/// Looks at the paths below `.body` in the mappings of such mappers.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let body = known();
    if sends_payloads(survey) {
        return;
    }
    let feeds = sample::feeds(&survey.wiring);
    let fed: BTreeSet<&Addr> = feeds.iter().map(|(_, mapper)| &mapper.addr).collect();
    for mapper in survey.wiring.playing(Role::Mapper) {
        if !fed.contains(&mapper.addr) {
            continue;
        }
        let programs = survey.jq_of(&mapper.addr);
        for jq in programs.filter(|jq| jq.program == Program::Delivery) {
            for path in jq.paths().iter().filter(|path| path.begins(&["body"])) {
                let mut at = &body;
                for (index, step) in path.steps.iter().enumerate().skip(1) {
                    let Json::Object(fields) = at else { break };
                    if let Some(below) = fields.get(&step.name) {
                        at = below;
                        continue;
                    }
                    let above: Vec<&str> = path.steps[..index]
                        .iter()
                        .map(|s| s.name.as_str())
                        .collect();
                    let near = did_you_mean(&step.name, fields.keys().map(String::as_str));
                    bench.push(
                        Finding::warning(
                            "lint::never_sent",
                            survey.place(jq, path.span.start..step.span.end),
                            format!(
                                "Spacelift sends no `{}` in `.{}`, so this is always `null`",
                                step.name,
                                above.join(".")
                            ),
                        )
                        .help(near.unwrap_or_else(|| {
                            "leave it out, or let the policy send it in a `payload` of its own"
                                .into()
                        })),
                    );
                    break;
                }
            }
        }
    }
}

/// Whether some policy sends a body of its own.
fn sends_payloads(survey: &Survey) -> bool {
    sample::notifications(&survey.wiring).any(|(_, policy)| {
        rego_text::tokens(&policy.body)
            .iter()
            .any(|token| token.what == What::Text("payload".into()))
    })
}

/// All fields of all bodies: of runs, with those that only the vendor's own client types name, and of
/// internal errors.
fn known() -> Json {
    let mut body = TRACKED.body();
    let more = json!({ "title": "", "body": "", "error": "", "severity": "" });
    if let (Some(fields), Json::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
    body
}
