//! Properties that nothing fills, and stacks of two accounts that meet in one blueprint.
//!
//! Deliberately not here: properties that do not exist, which are references without a target.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::follow::Station;
use crate::kinds::Role;
use crate::lint::bench::Bench;
use crate::lint::sample::{self, Run, TRACKED};
use crate::lint::survey::Survey;
use crate::sim::job::{Answer, Job};
use crate::sim::mapping::Wants;
use crate::words::{Finding, Node};

/// Looks at every blueprint that a mapper writes to.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    unfilled(survey, bench);
    accounts(survey, bench);
}

fn unfilled<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let wiring = &survey.wiring;
    let mut filled: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // Blueprints that somebody fills in a way that cannot be looked through.
    let mut open: Vec<&str> = Vec::new();
    for mapper in wiring.playing(Role::Mapper) {
        for mapping in mappings(mapper) {
            if let Some(blueprint) = creates(mapping) {
                let keys = filled.entry(blueprint).or_default();
                keys.extend(keys_of(mapping.pointer("/entity/properties")));
            }
        }
    }
    for ingest in &survey.desired.ingests {
        let keys = filled.entry(&ingest.blueprint).or_default();
        let properties = ingest.mapping.get("properties").and_then(Node::entries);
        keys.extend(
            properties
                .into_iter()
                .flatten()
                .map(|(key, _)| key.text.as_str()),
        );
    }
    for actor in wiring
        .all()
        .filter(|station| matches!(station.role, Role::Action | Role::Automation))
    {
        if let Some(blueprint) = actor.text("/invocationMethod/blueprintIdentifier") {
            let keys = keys_of(actor.spec.pointer("/invocationMethod/mapping/properties"));
            if keys.iter().any(|key| key.contains("{{")) {
                open.push(blueprint);
            }
            if let Some(known) = filled.get_mut(blueprint) {
                known.extend(keys);
            }
        }
        let url = actor.text("/invocationMethod/url").unwrap_or_default();
        open.extend(
            filled
                .keys()
                .filter(|name| url.contains(&format!("/blueprints/{name}/entities"))),
        );
    }
    for (blueprint, keys) in &filled {
        let Some(station) = wiring.named(Role::Blueprint, blueprint) else {
            continue;
        };
        if open.contains(blueprint) || !survey.is_whole(station) {
            continue;
        }
        let properties = station
            .spec
            .pointer("/schema/properties")
            .and_then(Json::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if keys.contains(name.as_str()) || property.get("default").is_some_and(|d| !d.is_null())
            {
                continue;
            }
            let at = format!(
                "/schema/properties/{}",
                name.replace('~', "~0").replace('/', "~1")
            );
            bench.push(
                Finding::hint(
                    "lint::unfilled_property",
                    survey.key_at(station, &at),
                    format!("no mapping of the project fills `{name}`"),
                )
                .help("map it, remove it, or allow this when somebody else fills it"),
            );
        }
    }
}

fn mappings(mapper: &Station) -> impl Iterator<Item = &Json> {
    let list = mapper.spec.get("mappings").and_then(Json::as_array);
    list.into_iter().flatten()
}

/// The blueprint that a mapping creates entities of.
fn creates(mapping: &Json) -> Option<&str> {
    let operation = mapping.get("operation");
    let word = operation.and_then(|o| o.as_str().or_else(|| o.get("type")?.as_str()));
    (word != Some("delete")).then(|| mapping.get("blueprint")?.as_str())?
}

fn keys_of(map: Option<&Json>) -> Vec<&str> {
    let map = map.and_then(Json::as_object);
    map.into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
        .collect()
}

/// Two mappers that write entities of one blueprint under identifiers that say no account: one of
/// them is for another account than the project's, since one is enough for an account.
fn accounts<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let mappers: Vec<&Station> = survey.wiring.playing(Role::Mapper).collect();
    let mut writers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (index, mapper) in mappers.iter().enumerate() {
        for blueprint in mappings(mapper).filter_map(creates) {
            writers.entry(blueprint).or_default().insert(index);
        }
    }
    let shared: BTreeSet<usize> = writers
        .values()
        .filter(|w| w.len() > 1)
        .flatten()
        .copied()
        .collect();
    if shared.is_empty() {
        return;
    }
    let other = Run {
        account: "other",
        ..TRACKED
    };
    let asked: Vec<&Station> = shared.iter().map(|index| mappers[*index]).collect();
    // What the project's own account posts to both comes from one account.
    let feeds = sample::feeds(&survey.wiring);
    let own: Vec<bool> = asked
        .iter()
        .map(|mapper| feeds.iter().any(|(_, fed)| fed.addr == mapper.addr))
        .collect();
    let jobs: Vec<Job> = asked
        .iter()
        .flat_map(|mapper| [TRACKED, other].map(|run| sample::mapped(mapper, &run.body())))
        .collect();
    bench.ask(jobs, move |replies, findings| {
        // What each mapper writes for the same stack of two accounts.
        let mut written: Vec<(usize, usize, String, String)> = Vec::new();
        for (index, pair) in replies.chunks(2).enumerate() {
            let [Ok(Answer::Mapped(one)), Ok(Answer::Mapped(two))] = pair else {
                continue;
            };
            for step in &one.steps {
                let Some((blueprint, identifier)) = upserted(&step.wants) else {
                    continue;
                };
                let same = two.steps.iter().filter(|s| s.mapping == step.mapping);
                let same = same
                    .filter_map(|s| upserted(&s.wants))
                    .any(|it| it == (blueprint, identifier));
                if same && identifier.contains("sample") {
                    written.push((
                        index,
                        step.mapping,
                        blueprint.to_owned(),
                        identifier.to_owned(),
                    ));
                }
            }
        }
        for (position, (mapper, mapping, blueprint, identifier)) in written.iter().enumerate() {
            let first = written[..position]
                .iter()
                .filter(|(m, ..)| m != mapper && !(own[*m] && own[*mapper]))
                .find(|(_, _, b, i)| (b, i) == (blueprint, identifier));
            let Some((other, other_mapping, ..)) = first else {
                continue;
            };
            let at = |mapper: usize, mapping: usize| {
                survey.at(
                    asked[mapper],
                    &format!("/mappings/{mapping}/entity/identifier"),
                )
            };
            findings.push(
                Finding::warning(
                    "lint::two_accounts",
                    at(*mapper, *mapping),
                    format!(
                        "stacks of one name in two accounts become one entity of `{blueprint}`"
                    ),
                )
                .related(at(*other, *other_mapping), "writes the same identifiers")
                .help("put the account in: `identifier: .body.account + \"/\" + .body.stack.id`"),
            );
        }
    });
}

fn upserted(wants: &Wants) -> Option<(&str, &str)> {
    match wants {
        Wants::Upsert { blueprint, entity } => {
            Some((blueprint, entity.get("identifier")?.as_str()?))
        }
        _ => None,
    }
}
