//! Lint: what is allowed in a project's files and will go wrong all the same.
//!
//! A lint is a function over the project that adds findings and asks engines questions; all
//! questions of all lints are asked at once. Deliberately not here: what services refuse, which the
//! kinds check, and how findings look (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | [`levels`] | what becomes of the findings of lints |
//! | [`allow`] | comments that allow a lint in one place |
//! | [`survey`] | what lints look at |
//! | [`mod@bench`] | where they put findings and questions |
//! | `sample` | events to try policies and mappers with |
//! | `rego_text`, `calls` | Rego and web requests as far as their texts show |
//! | the others | the lints |

pub mod allow;
pub mod bench;
mod calls;
mod catalog;
mod deliveries;
mod endpoints;
mod graphql;
mod ingests;
mod jq;
pub mod levels;
mod payload;
mod placeholders;
mod rego;
mod rego_text;
mod roots;
mod rules;
mod sample;
mod signatures;
pub mod survey;
mod tokens;

use crate::lint::bench::Bench;
use crate::lint::survey::Survey;
use crate::sim::child::Engines;
use crate::want::desired::Desired;
use crate::words::{Finding, Findings, Place, Severity};

/// A lint, or a family of them.
type Lint = for<'a> fn(&'a Survey<'a>, &mut Bench<'a>);

/// All of them. A new one is one more line.
const LINTS: &[Lint] = &[
    jq::check,
    roots::check,
    rego::check,
    endpoints::check,
    rules::check,
    deliveries::check,
    signatures::check,
    payload::check,
    catalog::check,
    ingests::check,
    graphql::check,
    tokens::check,
    placeholders::check,
];

/// What all lints find in a project that was loaded with its nodes. Where reading has found errors
/// (`so_far`), what follows from them is not told besides.
pub fn run(desired: &Desired, so_far: &Findings, engines: &Engines) -> Findings {
    let survey = Survey::of(desired);
    let mut bench = Bench::default();
    for lint in LINTS {
        lint(&survey, &mut bench);
    }
    let found = bench.finish(|jobs| engines.run(jobs));
    let errors: Vec<Unit> = so_far
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| Some(unit(desired, finding.place?)))
        .collect();
    let own = |finding: &Finding| {
        let unit = finding.place.map(|place| unit(desired, place));
        unit.is_none_or(|unit| !errors.contains(&unit))
    };
    let mut kept = Findings::default();
    kept.extend(found.into_iter().filter(own));
    kept
}

/// What is right or wrong as one: a document, or all texts that documents include.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Document(Place),
    Included,
}

fn unit(desired: &Desired, place: Place) -> Unit {
    let around = |outer: &Place| {
        outer.file == place.file && outer.start <= place.start && place.end <= outer.end
    };
    let objects = desired.objects.values().map(|object| object.place);
    let ingests = desired.ingests.iter().map(|ingest| ingest.place);
    objects
        .chain(ingests)
        .find(around)
        .map_or(Unit::Included, Unit::Document)
}
