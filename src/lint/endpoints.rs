//! `endpoint_id` of no webhook (SA section 10): the policy sends, and nobody gets anything.
//!
//! Deliberately not here: ids that a policy computes, which are usually those of its input.

use crate::kinds::Role;
use crate::lint::bench::Bench;
use crate::lint::rego_text::{self, What};
use crate::lint::sample;
use crate::lint::survey::Survey;
use crate::words::finding::did_you_mean;
use crate::words::{Finding, Service};

/// Looks at the literal ids in every notification policy.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let wiring = &survey.wiring;
    let external = |id: &str| {
        survey.desired.config.external.iter().any(|addr| {
            let named = addr.name == id || crate::kinds::slug(&addr.name) == id;
            addr.service == Service::Spacelift && named
        })
    };
    for (station, policy) in sample::notifications(wiring) {
        let tokens = rego_text::tokens(&policy.body);
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
            // A reference that leads out of the project is looked up elsewhere.
            if own || external(id) || id.starts_with("<spacelift.") {
                continue;
            }
            let place = survey.inside(station, "/body", value.span.clone());
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
