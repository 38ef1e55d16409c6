//! Tokens of Spacelift that live ten hours (SA section 2), kept in a secret that nothing renews, or
//! only when somebody thinks of it.
//!
//! Deliberately not here: schedules outside of Port; who has one allows this lint and says so.

use std::collections::BTreeSet;

use crate::kinds::Role;
use crate::kinds::program::Program;
use crate::lint::bench::Bench;
use crate::lint::calls::Call;
use crate::lint::survey::{Jq, Survey};
use crate::words::{Finding, Place};

/// Looks at the secrets that calls to Spacelift sign in with.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for call in Call::all(&survey.wiring).filter(|call| call.is_graphql()) {
        for (jq, name) in bearers(survey, call) {
            if !told.insert(name.clone()) {
                continue;
            }
            if let Some((message, help)) = trouble(survey, &name) {
                bench.push(
                    Finding::warning("lint::token_refresh", place(survey, jq, &name), message)
                        .help(help),
                );
            }
        }
    }
}

/// The secrets in a call's header `Authorization`.
fn bearers<'s>(survey: &'s Survey<'_>, call: Call<'s>) -> Vec<(&'s Jq, String)> {
    let programs = survey.jq_of(&call.station.addr);
    let header = |jq: &&Jq| {
        let parts = jq.at.parts();
        jq.program == Program::Templates
            && parts.len() == 3
            && parts[1] == "headers"
            && parts[2].eq_ignore_ascii_case("authorization")
    };
    let mut found = Vec::new();
    for jq in programs.filter(header) {
        for path in jq.paths().iter().filter(|path| path.begins(&["secrets"])) {
            if let Some(step) = path.steps.get(1) {
                found.push((jq, step.name.clone()));
            }
        }
    }
    found
}

/// Where the secret is declared, or where it is used when it is declared elsewhere.
fn place(survey: &Survey, jq: &Jq, name: &str) -> Place {
    match survey.wiring.named(Role::Secret, name) {
        Some(secret) => survey.at(secret, "/secretName"),
        None => survey.place(jq, 0..jq.code.len()),
    }
}

/// Why a token in a secret will be too old one day, if it will.
fn trouble(survey: &Survey, name: &str) -> Option<(String, String)> {
    let calls: Vec<Call> = Call::all(&survey.wiring).collect();
    let renewing: Vec<&Call> = calls
        .iter()
        .filter(|call| call.writes_secret() == Some(name))
        .collect();
    if renewing.is_empty() {
        return Some((
            format!("`{name}` signs in to Spacelift, and a token lives ten hours; nothing renews it"),
            "renew it: an action that asks for a token, and an automation that puts it into the secret".into(),
        ));
    }
    for renews in renewing {
        // It waits for the runs of an action; something has to start these without anybody's doing.
        let action = renews.starts_after()?;
        let by_itself = survey.wiring.named(Role::Automation, action).is_some();
        let by_call = calls.iter().any(|call| call.starts() == Some(action));
        if by_itself || by_call {
            return None;
        }
    }
    let action = calls
        .iter()
        .find(|call| call.writes_secret() == Some(name))?
        .starts_after()?;
    Some((
        format!(
            "`{name}` signs in to Spacelift, and a token lives ten hours; it is renewed only when somebody runs `{action}`"
        ),
        format!(
            "run it on a schedule, `spaceport run {action}` in CI for example, and allow this then"
        ),
    ))
}
