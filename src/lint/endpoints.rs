//! `endpoint_id` of no webhook (SA section 10): the policy sends, and nobody gets anything.
//!
//! Deliberately not here: ids that a policy computes, which are usually those of its input.

use crate::follow::Station;
use crate::kinds::{self, Role};
use crate::lint::bench::Bench;
use crate::lint::rego_text::{self, What};
use crate::lint::sample;
use crate::lint::survey::Survey;
use crate::words::finding::did_you_mean;
use crate::words::{Finding, Service};

/// Whether an id is what a reference reads as that leads out of the project; that is told elsewhere.
fn refers(survey: &Survey, station: &Station, id: &str) -> bool {
    let object = survey.desired.objects.get(&station.addr);
    let mut reads = object.into_iter().flat_map(|object| &object.reads);
    reads.any(|(addr, attribute, _)| {
        let kind = kinds::of(addr);
        kind.is_some_and(|kind| kind.stand_in(&addr.name, attribute).as_deref() == Some(id))
    })
}

/// Looks at the literal ids in every notification policy.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let wiring = &survey.wiring;
    let external = |id: &str| {
        survey.desired.config.external.iter().any(|addr| {
            let named = addr.name == id || kinds::slug(&addr.name) == id;
            addr.service == Service::Spacelift && named
        })
    };
    for (station, _) in sample::notifications(wiring) {
        let tokens = rego_text::tokens(station.text("/body").unwrap_or_default());
        for window in tokens.windows(3) {
            let [key, colon, value] = window else {
                continue;
            };
            let (What::Text(key), What::Text(id)) = (&key.what, &value.what) else {
                continue;
            };
            if key != "endpoint_id" || colon.what != What::Sign(":".into()) {
                continue;
            }
            let own = wiring.with_id(Role::Endpoint, id).is_some();
            if own || external(id) || refers(survey, station, id) {
                continue;
            }
            let inner = value.span.start + 1..value.span.end - 1;
            let place = survey.inside(station, "/body", inner);
            let known: Vec<&str> = wiring
                .playing(Role::Endpoint)
                .map(|e| e.id.as_str())
                .collect();
            let first = wiring.playing(Role::Endpoint).next();
            let refer = first.map_or_else(
                || "declare it as a `spacelift.webhook` and refer to it: `${spacelift.webhook.NAME.id}`".to_owned(),
                |endpoint| format!("refer to the webhook that is meant: `${{{}.id}}`", endpoint.addr),
            );
            let message = match id.starts_with('<') {
                true => format!("`{id}` is a placeholder, and no webhook has this id"),
                false => format!("no webhook of the project has the id `{id}`"),
            };
            let help = did_you_mean(id, known)
                .map_or(refer.clone(), |near| format!("{near} Better {refer}"));
            bench.push(Finding::warning("lint::unknown_endpoint", place, message).help(help));
        }
    }
}
