//! What policies and mappers do with an event, tried with sample runs: the same event delivered twice,
//! different events that a mapper takes for repeats, and runs of pull requests that become entities of
//! stacks.
//!
//! Nothing here goes by the words of a filter or a rule: engines say what happens. Deliberately not
//! here: signatures, and deliveries with a body of the policy's own.

use serde_json::Value as Json;

use crate::follow::Station;
use crate::kinds::Role;
use crate::lint::bench::{Bench, Reply};
use crate::lint::sample::{self, PROPOSED, Run, TRACKED};
use crate::lint::survey::Survey;
use crate::sim::job::{Answer, Job};
use crate::sim::mapping::Wants;
use crate::words::{Finding, Findings};

/// The events that policies are asked about.
const EVENTS: [Run; 4] = [
    TRACKED,
    Run {
        state: "QUEUED",
        ..TRACKED
    },
    Run {
        state: "FAILED",
        ..TRACKED
    },
    PROPOSED,
];

/// Events of which a mapper reads the ids: two states of a run, and another run that is otherwise the
/// same.
const DIFFERENT: [Run; 3] = [
    EVENTS[0],
    EVENTS[1],
    Run {
        id: "01SAMPLEOTHER",
        ..TRACKED
    },
];

/// Which of [`EVENTS`] is the run of a pull request.
const OF_PULL_REQUEST: usize = 3;

/// One way on which an event comes to an address.
struct Way<'s> {
    /// The webhook of Spacelift.
    sender: &'s Station,
    /// The policy that says so, if one is needed.
    policy: Option<&'s Station>,
    url: &'s str,
    /// The body, when the policy says one.
    payload: bool,
}

/// Asks every policy and every fed mapper.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let wiring = &survey.wiring;
    let policies: Vec<_> = sample::notifications(wiring).collect();
    let mappers: Vec<&Station> = wiring.playing(Role::Mapper).collect();
    let fed = sample::feeds(wiring);
    let senders =
        wiring.playing(Role::Endpoint).count() + wiring.playing(Role::StackEndpoint).count();
    if senders == 0 || (!policies.is_empty() && cfg!(not(feature = "rego"))) {
        return;
    }
    let mut jobs: Vec<Job> = Vec::new();
    for (_, policy) in &policies {
        jobs.extend(
            EVENTS
                .iter()
                .map(|run| sample::decision(policy, run.input(wiring))),
        );
    }
    let mappers: Vec<&Station> = mappers
        .into_iter()
        .filter(|mapper| fed.iter().any(|(_, to)| to.addr == mapper.addr))
        .collect();
    for mapper in &mappers {
        jobs.extend([TRACKED, PROPOSED].map(|run| sample::mapped(mapper, &run.body())));
        let ids = DIFFERENT
            .iter()
            .filter_map(|run| sample::request_id(mapper, &run.body()));
        jobs.extend(ids);
    }
    bench.ask(jobs, move |replies, findings| {
        let mut replies = replies.into_iter();
        let mut ways: Vec<Vec<Way>> = EVENTS.iter().map(|_| legacy(survey)).collect();
        for (station, _) in &policies {
            for ways in &mut ways {
                if let Some(Ok(Answer::Decided(decision))) = replies.next() {
                    ways.extend(sent(survey, station, &decision.webhook));
                }
            }
        }
        twice(survey, &ways, findings);
        for mapper in mappers {
            let (tracked, proposed) = (replies.next(), replies.next());
            if mapper.text(REQUEST_ID).is_some() {
                let ids: Vec<Reply> = replies.by_ref().take(DIFFERENT.len()).collect();
                repeats(survey, mapper, &ids, &ways, findings);
            }
            let arrives = ways[OF_PULL_REQUEST].iter().any(|way| {
                let to = survey.wiring.mapper_at(way.url);
                !way.payload && to.is_some_and(|to| to.addr == mapper.addr)
            });
            if let (Some(tracked), Some(proposed), true) = (tracked, proposed, arrives) {
                pull_requests(survey, mapper, tracked, proposed, findings);
            }
        }
    });
}

const REQUEST_ID: &str = "/security/requestIdentifierPath";

/// Tells when a mapper reads one id of two different events, and so drops the second (PA section 4).
/// Policies with a body of their own are left out: the id may stand in that.
fn repeats(
    survey: &Survey,
    mapper: &Station,
    ids: &[Reply],
    events: &[Vec<Way>],
    findings: &mut Findings,
) {
    // The first two of both lists are the same events.
    let arrives = |event: usize| {
        let mut ways = events.get(event).into_iter().flatten();
        let own = |way: &Way| {
            let to = survey.wiring.mapper_at(way.url);
            to.is_some_and(|to| to.addr == mapper.addr)
        };
        ways.any(|way| own(way) && !way.payload)
    };
    let id = |event: usize| match ids.get(event) {
        Some(Ok(Answer::Values(values))) => values.first().filter(|id| !id.is_null()),
        _ => None,
    };
    let same = |one: usize, other: usize| id(one).is_some() && id(one) == id(other);
    let what = if same(0, 2) && arrives(0) {
        "runs"
    } else if same(0, 1) && arrives(0) && arrives(1) {
        "states of a run"
    } else {
        return;
    };
    findings.push(
        Finding::error(
            "lint::request_id",
            survey.at(mapper, REQUEST_ID),
            format!("different {what} have the same id here, and Port drops all but the first"),
        )
        .help("write `.body.run.id + \":\" + (.body.stateVersion | tostring)`"),
    );
}

/// Webhooks of a stack send all of its runs (SA section 12).
fn legacy<'s>(survey: &'s Survey<'_>) -> Vec<Way<'s>> {
    let stacks = survey.wiring.playing(Role::StackEndpoint);
    let enabled = stacks.filter(|sender| sender.is_on("/enabled", true));
    enabled
        .filter_map(|sender| {
            Some(Way {
                sender,
                policy: None,
                url: sender.text("/endpoint")?,
                payload: false,
            })
        })
        .collect()
}

/// The ways of what a policy decided.
fn sent<'s>(survey: &'s Survey<'_>, policy: &'s Station, webhook: &[Json]) -> Vec<Way<'s>> {
    webhook
        .iter()
        .filter_map(|object| {
            let id = object.get("endpoint_id")?.as_str()?;
            let sender = survey.wiring.with_id(Role::Endpoint, id);
            let sender = sender.or_else(|| meant(survey, id))?;
            let url = sender.text("/endpoint")?;
            sender.is_on("/enabled", true).then_some(Way {
                sender,
                policy: Some(policy),
                url,
                payload: object.get("payload").is_some(),
            })
        })
        .collect()
}

/// The webhook that a placeholder stands for, when there is only one that can be meant.
fn meant<'s>(survey: &'s Survey<'_>, id: &str) -> Option<&'s Station> {
    let mut all = survey.wiring.playing(Role::Endpoint);
    let first = all.next().filter(|_| id.starts_with('<'))?;
    all.next().is_none().then_some(first)
}

/// Tells each pair of ways once on which one event comes to one address twice. Two webhooks of two
/// stacks are no pair.
fn twice(survey: &Survey, events: &[Vec<Way>], findings: &mut Findings) {
    let mut told: Vec<(usize, usize)> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    let mut number = |way: &Way| {
        let name = format!("{} {:?}", way.sender.addr, way.policy.map(|p| &p.addr));
        known.iter().position(|k| *k == name).unwrap_or_else(|| {
            known.push(name);
            known.len() - 1
        })
    };
    for ways in events {
        for (index, one) in ways.iter().enumerate() {
            for other in &ways[index + 1..] {
                let both_legacy = one.policy.is_none() && other.policy.is_none();
                let stacks = (one.sender.text("/stack"), other.sender.text("/stack"));
                let apart = both_legacy && stacks.0 != stacks.1;
                if one.url != other.url || apart || !meet(survey, one, other) {
                    continue;
                }
                let pair = (number(one), number(other));
                if told.contains(&pair) {
                    continue;
                }
                told.push(pair);
                findings.push(doubled(survey, one, other));
            }
        }
    }
}

/// Whether some run is seen on both ways, as far as the spaces of their policies tell (SA section 6).
fn meet(survey: &Survey, one: &Way, other: &Way) -> bool {
    let (Some(one), Some(other)) = (one.policy, other.policy) else {
        return true;
    };
    let space = |policy: &Station| policy.text("/space").unwrap_or("legacy").to_owned();
    let (one, other) = (space(one), space(other));
    one == other || inherits(survey, &one, &other) || inherits(survey, &other, &one)
}

/// Whether a space uses what lies in another one above it; of `root` this is taken for granted where
/// the project does not say it.
fn inherits(survey: &Survey, below: &str, above: &str) -> bool {
    let spaces = &survey.wiring;
    let declared = |id: &str| {
        spaces
            .with_id(Role::Space, id)
            .or(spaces.named(Role::Space, id))
    };
    let mut at = below.to_owned();
    // Spaces that are each other's parents are refused before.
    for _ in 0..64 {
        if at == above {
            return true;
        }
        let Some(space) = declared(&at) else {
            return above == "root";
        };
        if !space.is_on("/inheritEntities", false) {
            return false;
        }
        at = space.text("/parentSpace").unwrap_or("root").to_owned();
    }
    false
}

fn doubled(survey: &Survey, one: &Way, other: &Way) -> Finding {
    let words = |way: &Way| match way.policy {
        Some(policy) => format!("`{}` to `{}`", policy.addr, way.sender.addr),
        None => format!("`{}`", way.sender.addr),
    };
    let place = |way: &Way| match way.policy {
        Some(policy) => survey.at(policy, "/name"),
        None => survey.at(way.sender, "/endpoint"),
    };
    let same = one.policy.map(|p| &p.addr) == other.policy.map(|p| &p.addr)
        && one.sender.addr == other.sender.addr;
    let finding = match same {
        true => Finding::warning(
            "lint::delivered_twice",
            place(other),
            format!(
                "two rules send the same event, {}, with different contents",
                words(one)
            ),
        ),
        false => Finding::warning(
            "lint::delivered_twice",
            place(other),
            format!(
                "the same event arrives twice: by {} and by {}",
                words(one),
                words(other)
            ),
        )
        .related(place(one), "the other way"),
    };
    finding.help("remove one of the ways, or make their rules exclude each other")
}

/// Whether the run of a pull request writes to the entity of the tracked run's stack.
fn pull_requests(
    survey: &Survey,
    mapper: &Station,
    tracked: Reply,
    proposed: Reply,
    findings: &mut Findings,
) {
    let (Ok(Answer::Mapped(tracked)), Ok(Answer::Mapped(proposed))) = (tracked, proposed) else {
        return;
    };
    for step in &proposed.steps {
        let Wants::Upsert { blueprint, entity } = &step.wants else {
            continue;
        };
        let same = tracked.steps.iter().any(|other| match &other.wants {
            Wants::Upsert {
                blueprint: b,
                entity: e,
            } => b == blueprint && e.get("identifier") == entity.get("identifier"),
            _ => false,
        });
        if !same {
            continue;
        }
        let filter = format!("/mappings/{}/filter", step.mapping);
        let place = match mapper.spec.pointer(&filter) {
            Some(_) => survey.at(mapper, &filter),
            None => survey.at(mapper, &format!("/mappings/{}/blueprint", step.mapping)),
        };
        let branch = ["branch", "state"].into_iter().find(|name| {
            let of = |entity: &Json| entity.pointer(&format!("/properties/{name}")).cloned();
            of(entity).is_some()
        });
        let what = branch.map_or(String::new(), |name| format!(" with its `{name}`"));
        findings.push(
            Finding::warning(
                "lint::pull_request_runs",
                place,
                format!("a run of a pull request writes to the stack's entity{what}"),
            )
            .help("take tracked runs only: `filter: .body.run.type == \"TRACKED\"`"),
        );
    }
}
