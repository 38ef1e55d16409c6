//! Ingests: fields that Spacelift does not have, and values that an ingest and a webhook's mapping would
//! take turns in writing.
//!
//! Both are run on one stack: on its last tracked run, and on what a list says of it. Deliberately not here:
//! their JQ (see `jq` and `roots`).

use serde_json::{Value as Json, json};

use crate::follow::Station;
use crate::follow::ingest::{self, Selection, same::same};
use crate::follow::journey::NOW;
use crate::kinds::Role;
use crate::kinds::ingest::Origin;
use crate::lint::bench::Bench;
use crate::lint::sample::{self, Run, TRACKED};
use crate::lint::survey::Survey;
use crate::sim::job::{Answer, Job};
use crate::sim::mapping::{Items, Wants};
use crate::want::desired::Kept;
use crate::want::ingest::Ingest;
use crate::words::{Finding, Findings, Node, Pointer};

/// Looks at every ingest.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for finding in ingest::findings(survey.desired) {
        bench.push(finding);
    }
    let stacks = survey.desired.ingests.iter();
    for ingest in stacks.filter(|ingest| ingest.from == Origin::Stacks) {
        // What comes of a field that does not exist says nothing.
        if !Selection::of(ingest).1.is_empty() {
            continue;
        }
        for mapper in survey.wiring.playing(Role::Mapper) {
            let mappings = mapper.spec.get("mappings").and_then(Json::as_array);
            let mut written = mappings.into_iter().flatten();
            let into = Some(ingest.blueprint.as_str());
            if written.any(|mapping| mapping.get("blueprint").and_then(Json::as_str) == into) {
                turns(survey, ingest, mapper, bench);
            }
        }
    }
}

/// Asks what both make of one stack.
fn turns<'a>(
    survey: &'a Survey<'a>,
    ingest: &'a Ingest,
    mapper: &'a Station,
    bench: &mut Bench<'a>,
) {
    let run = Run {
        account: survey
            .desired
            .config
            .account
            .as_deref()
            .unwrap_or(TRACKED.account),
        ..TRACKED
    };
    let url = format!("https://{}.app.spacelift.io", run.account);
    let items = Items {
        filter: ingest
            .filter
            .as_ref()
            .and_then(Node::text)
            .map(str::to_owned),
        mapping: survey.wiring.plain(&ingest.mapping.to_value()),
        items: vec![sample::stack(&run)],
        account: json!({ "url": url }),
        now: NOW,
    };
    let jobs = vec![Job::Items(items), sample::mapped(mapper, &run.body())];
    bench.ask(jobs, move |replies, findings| {
        let [Ok(Answer::Items(made)), Ok(Answer::Mapped(mapped))] = replies.as_slice() else {
            return;
        };
        let Some(ours) = made.first().and_then(|made| made.entity.as_ref()) else {
            return;
        };
        for step in &mapped.steps {
            if let Wants::Upsert { blueprint, entity } = &step.wants
                && *blueprint == ingest.blueprint
                && entity.get("identifier") == ours.get("identifier")
            {
                let theirs = (step.mapping, entity);
                compare(survey, ingest, ours, mapper, theirs, findings);
            }
        }
    });
}

/// Tells the fields that both write and do not agree on.
fn compare(
    survey: &Survey,
    ingest: &Ingest,
    ours: &Json,
    mapper: &Station,
    (mapping, theirs): (usize, &Json),
    findings: &mut Findings,
) {
    let kept = Kept {
        checked: ingest.node.clone(),
    };
    for at in places(ours) {
        let (Some(one), Some(other)) = (ours.pointer(&at), theirs.pointer(&at)) else {
            continue;
        };
        // An ingest leaves a title and an icon alone that it has none for.
        let left = one.is_null() && ["/title", "/icon"].contains(&at.as_str());
        if left || same(one, other) {
            continue;
        }
        let name = at.rsplit('/').next().unwrap_or(&at);
        let name = name.replace("~1", "/").replace("~0", "~");
        let here = Pointer::parse(&format!("/mapping{at}")).unwrap_or_default();
        let there = survey.at(mapper, &format!("/mappings/{mapping}/entity{at}"));
        let (one, other) = (shown(one), shown(other));
        findings.push(
            Finding::warning(
                "lint::ingest_differs",
                kept.at(&here),
                format!(
                    "`{name}` of one stack is {one} here and {other} by {}",
                    mapper.addr
                ),
            )
            .related(there, format!("gives {other}"))
            .help("they would take turns in writing it: let both give the same"),
        );
    }
}

/// Where the fields of an entity are.
fn places(entity: &Json) -> Vec<String> {
    let mut places: Vec<String> = ["title", "icon", "team"]
        .map(|key| format!("/{key}"))
        .into();
    for part in ["properties", "relations"] {
        let below = entity.get(part).and_then(Json::as_object);
        for key in below.into_iter().flat_map(|below| below.keys()) {
            let key = key.replace('~', "~0").replace('/', "~1");
            places.push(format!("/{part}/{key}"));
        }
    }
    places
}

/// A value in a sentence; what nothing is there for is told alike.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
