//! What each service says about us: host, session, clock and rights, one question at a time.
//!
//! Deliberately not here: the ledger, and what the project needs of the environment.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::commands::stage::Stage;
use crate::kinds::{self, Kind, List};
use crate::show::checkup::Checkup;
use crate::there::services::{Problem, Reader, ServiceError};
use crate::want::desired::Desired;
use crate::words::Service;

/// Seconds between two clocks from which on it is worth knowing, and from which on it is wrong:
/// tokens and leases would seem to end at other times than they do.
const SKEW: (i64, i64) = (5, 60);
/// Seconds that a token which cannot be renewed should still have.
const SHORT: f64 = 600.0;

/// What each service says about our session there and about our rights.
pub(super) async fn services(
    desired: &Desired,
    stage: &Stage,
    reader: &Reader,
    checkup: &mut Checkup,
) {
    if let Some(port) = &stage.endpoints.port {
        checkup.topic("Port");
        let origin = port.origin.as_str();
        host(stage, origin, &port.source, port.overridden, checkup);
        match reader.port_pass().await {
            Err(error) => wrong(&error, checkup),
            Ok(left) => {
                let ends = left.map_or(String::new(), |left| {
                    format!("; the token ends in {}", span(left))
                });
                checkup.well(format!("the log-in works{ends}, and is renewed"));
                clock("Port", reader.server_time(), checkup);
                match reader.organization().await {
                    Ok(found) => {
                        checkup.well(format!("organization {} ({})", found.name, found.id))
                    }
                    Err(error) => wrong(&error, checkup),
                }
                rights(desired, reader, Service::Port, checkup).await;
            }
        }
    }
    if let Some(spacelift) = &stage.endpoints.spacelift {
        checkup.topic("Spacelift");
        host(
            stage,
            &spacelift.origin,
            &spacelift.source,
            spacelift.overridden,
            checkup,
        );
        match reader.spacelift_pass().await {
            Err(error) => wrong(&error, checkup),
            Ok(pass) => {
                let now = reader.spacelift_time();
                let left = pass
                    .until
                    .zip(now)
                    .map(|(until, now)| until - now as f64 / 1000.0);
                life(left, pass.renews, checkup);
                if let Some(claims) = &pass.claims {
                    match claims.only_audience() {
                        Some(one) if one.trim_end_matches('/') == spacelift.origin => {}
                        Some(one) => checkup.wrong(format!("the token is for `{one}`"), None),
                        None => checkup.note("the token does not say which account it is for"),
                    }
                    match claims.admin {
                        Some(true) => checkup.well("the key is an administrator's"),
                        Some(false) => checkup.note(
                            "the key is no administrator's; its spaces decide what it may write",
                        ),
                        None => {}
                    }
                }
                clock("Spacelift", now, checkup);
                match reader.sight().await {
                    Err(error) => wrong(&error, checkup),
                    Ok(sight) => {
                        checkup.well(format!("Spacelift takes us for `{}`", sight.viewer));
                        let names: Vec<&str> = sight.spaces.iter().map(|s| s.id.as_str()).collect();
                        match names.is_empty() {
                            true => checkup.note("no spaces may be seen"),
                            false => checkup.well(format!("spaces seen: {}", names.join(", "))),
                        }
                        rights(desired, reader, Service::Spacelift, checkup).await;
                    }
                }
            }
        }
    }
}

fn host(stage: &Stage, origin: &str, source: &str, overridden: bool, checkup: &mut Checkup) {
    if stage.is_sandbox() {
        // Its address is of no use to a reader, and another one in every run.
        return checkup.well("the embedded sandbox".to_owned());
    }
    let origin = origin.trim_end_matches('/');
    match overridden {
        true => checkup.note(format!("{origin}, overridden by {source}")),
        false => checkup.well(format!("{origin}, from {source}")),
    }
}

/// How long a session with Spacelift still lasts.
fn life(left: Option<f64>, renews: bool, checkup: &mut Checkup) {
    let renewed = if renews { ", and is renewed" } else { "" };
    match left {
        Some(left) if left <= 0.0 && !renews => checkup.wrong(
            format!("the token of SPACELIFT_API_TOKEN ended {} ago", span(-left)),
            Some("use a new one".to_owned()),
        ),
        Some(left) if left < SHORT && !renews => checkup.note(format!(
            "the log-in works; the token ends in {} and cannot be renewed",
            span(left)
        )),
        Some(left) => checkup.well(format!(
            "the log-in works; the token ends in {}{renewed}",
            span(left)
        )),
        None => checkup.well(format!("the log-in works{renewed}")),
    }
}

/// How far this machine's clock is from a service's, which is told in whole seconds.
fn clock(service: &str, theirs: Option<i64>, checkup: &mut Checkup) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let now = now.and_then(|now| i64::try_from(now.as_secs()).ok());
    let Some((now, theirs)) = now.zip(theirs) else {
        return checkup.note(format!("{service} does not say what time it is"));
    };
    let apart = now - theirs / 1000;
    let side = if apart > 0 { "ahead of" } else { "behind" };
    let words = format!(
        "this machine's clock is {} {side} {service}'s",
        span(apart.abs() as f64)
    );
    match apart.abs() {
        n if n < SKEW.0 => checkup.well(format!("the clocks of {service} and this machine agree")),
        n if n < SKEW.1 => checkup.note(words),
        _ => checkup.wrong(words, Some("set this machine's clock".to_owned())),
    }
}

/// Which kinds may be listed.
async fn rights(desired: &Desired, reader: &Reader, service: Service, checkup: &mut Checkup) {
    let declared: BTreeSet<&str> = desired.objects.values().map(|o| o.kind.name()).collect();
    let mut seen = Vec::new();
    for kind in kinds::ALL.iter().filter(|kind| kind.service() == service) {
        // Those have no list: each is read with the object that it is a part of.
        if matches!(kind.list(), List::PortEach { .. }) {
            continue;
        }
        match reader.list(*kind).await {
            Ok(found) => seen.push(format!("{} ({})", kind.name(), found.len())),
            Err(error) => refused(*kind, &error, declared.contains(kind.name()), checkup),
        }
    }
    if !seen.is_empty() {
        checkup.well(format!("may be read: {}", seen.join(", ")));
    }
}

fn refused(kind: &dyn Kind, error: &ServiceError, needed: bool, checkup: &mut Checkup) {
    let words = format!("{} may not be read: {error}", kind.name());
    match (error.problem(), needed) {
        (Problem::Forbidden(_) | Problem::NotFound(_), false) => {
            checkup.note(format!("{words}; the project has none"));
        }
        _ => checkup.wrong(words, error.help()),
    }
}

/// A question that was not answered.
pub(super) fn wrong(error: &ServiceError, checkup: &mut Checkup) {
    checkup.wrong(error.to_string(), error.help());
}

/// A time in its two largest units.
fn span(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) if h < 48 => format!("{h} h {m} min"),
        (h, _, _) => format!("{} days", h / 24),
    }
}
