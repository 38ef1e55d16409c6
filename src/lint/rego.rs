//! Policies that Spacelift would not save (SA sections 8, 10 and 15): no package, the wrong dialect,
//! errors in the text.
//!
//! Deliberately not here: policies that it saves and that do something else than they should.

use crate::follow::Station;
use crate::kinds::Role;
use crate::lint::bench::Bench;
use crate::lint::survey::Survey;
use crate::sim::job::{Fault, FaultKind, Job};
use crate::sim::rego;
use crate::words::{Finding, Findings};

/// Looks at every policy's text, and has the engine load those that look right.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for station in survey.wiring.playing(Role::Policy) {
        let Some(policy) = station.policy() else {
            continue;
        };
        if let Err(fault) = rego::saves(&policy) {
            let dialect = rego::dialect(&policy.body);
            let code = match dialect.has_package() {
                false => "lint::rego_package",
                true if !dialect.fits(policy.engine) => "lint::rego_dialect",
                true => "lint::rego",
            };
            let mut findings = Findings::default();
            refused(survey, station, code, &fault, &mut findings);
            findings.into_iter().for_each(|finding| bench.push(finding));
            continue;
        }
        if cfg!(feature = "rego") {
            bench.ask(vec![Job::RegoCheck(policy)], move |replies, findings| {
                if let Some(Err(fault)) = replies.into_iter().next() {
                    refused(survey, station, "lint::rego", &fault, findings);
                }
            });
        }
    }
}

fn refused(
    survey: &Survey,
    station: &Station,
    code: &'static str,
    fault: &Fault,
    findings: &mut Findings,
) {
    let place = match &fault.span {
        Some(span) => survey.inside(station, "/body", span.clone()),
        None => survey.at(station, "/body"),
    };
    let sure = [FaultKind::Syntax, FaultKind::Refused].contains(&fault.kind);
    let finding = match sure {
        true => Finding::error(
            code,
            place,
            format!("Spacelift refuses this policy: {}", fault.message),
        ),
        false => Finding::warning(
            code,
            place,
            format!("the policy could not be looked at: {}", fault.message),
        ),
    };
    findings.push(finding.maybe_help(fault.help.clone()));
}
