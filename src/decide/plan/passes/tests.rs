//! Stories of passes over real specs, against a search that knows nothing of ours: it tries all
//! orders of writes and looks at the bodies themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::decide::ledger::Ledger;
use crate::decide::plan::{Facts, Flags, Input, Plan, SecretFacts, plan};
use crate::kinds;
use crate::there::live::Live;
use crate::want::config::Choice;
use crate::want::desired::{self, Desired};

type Bodies = BTreeMap<Addr, Value>;

/// The project in a folder.
fn project(folder: &Path) -> Desired {
    let (desired, findings) = desired::load(folder, &Choice::default(), &BTreeMap::new());
    assert!(!findings.has_errors(), "{findings:?}");
    desired
}

/// A project of these blueprints.
fn blueprints(specs: &[serde_json::Value]) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    };
    write(
        "spaceport.yaml",
        "version: 1\nproject: p\nport: { region: eu }\nledger: none\n".into(),
    );
    for (index, spec) in specs.iter().enumerate() {
        let document = json!({ "kind": "port.blueprint", "spec": spec });
        write(&format!("{index}.json"), document.to_string());
    }
    project(folder.path())
}

/// The plan of a project against what live has.
fn planned(desired: &Desired, bodies: &Bodies) -> Plan {
    let mut live = Live::default();
    for (addr, value) in bodies {
        let seen = kinds::Observed {
            born: Default::default(),
            touched: Default::default(),
            id: addr.name.to_string(),
            name: addr.name.to_string(),
            value: value.clone(),
            exports: Default::default(),
        };
        live.insert("port.blueprint", seen);
    }
    let (plan, findings) = plan(Input {
        desired,
        live: &live,
        ledger: &Ledger::new("p", None, "00".into()),
        secrets: &SecretFacts::new(),
        flags: &Flags::default(),
        facts: &Facts::default(),
    });
    assert!(findings.is_empty(), "{findings:?}");
    plan
}

fn wanted(desired: &Desired) -> Bodies {
    let objects = desired.objects.values();
    objects.map(|o| (o.addr.clone(), o.spec.clone())).collect()
}

/// How often each object is written.
fn writes(plan: &Plan) -> usize {
    plan.writes().map(|change| change.passes.len().max(1)).sum()
}

/// What Port would not take, or lose, of a body in a world that it is in already (PA section 2).
/// Told from the bodies alone.
fn wrong(addr: &Addr, world: &Bodies) -> Option<String> {
    let body = &world[addr];
    let of = |name: &str| Some(&world[&Addr::new(addr.service, addr.kind.clone(), name)]);
    let there = |name: &str| world.keys().any(|addr| addr.name == name);
    let each = |map: &str| -> Vec<(String, Value)> {
        let map = body.get(map).and_then(Value::as_map);
        map.into_iter()
            .flatten()
            .map(|(k, v)| (k.to_string(), v.clone()))
            .collect()
    };
    let follow = |start: &str, steps: &[&str]| {
        steps.iter().try_fold(start.to_owned(), |at, step| {
            let relation = of(&at)?.get("relations")?.get(step)?;
            Some(relation.get_text("target")?.to_owned()).filter(|target| there(target))
        })
    };
    let has = |name: &str, property: &str| {
        let maps = ["mirrorProperties", "aggregationProperties"];
        let body = of(name).expect("it is there");
        body.get("schema")
            .and_then(|s| s.get("properties")?.get(property))
            .is_some()
            || maps
                .iter()
                .any(|map| body.get(map).and_then(|m| m.get(property)).is_some())
    };
    for (key, relation) in each("relations") {
        if !relation.get_text("target").is_some_and(there) {
            return Some(format!("relation {key}"));
        }
    }
    for (key, mirror) in each("mirrorProperties") {
        let steps: Vec<&str> = mirror.get_text("path").unwrap_or("").split('.').collect();
        let (last, way) = steps.split_last().expect("a path");
        if !follow(&addr.name, way).is_some_and(|end| has(&end, last)) {
            return Some(format!("mirror {key}"));
        }
    }
    for (key, aggregation) in each("aggregationProperties") {
        let target = aggregation.get_text("target").unwrap_or("");
        let how = aggregation.get("calculationSpec");
        let property = how.and_then(|how| how.get_text("property"));
        if !there(target) || property.is_some_and(|property| !has(target, property)) {
            return Some(format!("aggregation {key}"));
        }
        for filter in aggregation
            .get("pathFilter")
            .and_then(Value::as_list)
            .unwrap_or(&[])
        {
            let path = filter.get("path").and_then(Value::as_list).unwrap_or(&[]);
            let path: Vec<&str> = path.iter().filter_map(Value::as_text).collect();
            let from = filter.get_text("fromBlueprint").unwrap_or("");
            if !there(from) || follow(from, &path).is_none() {
                return Some(format!("filter of {key}"));
            }
        }
    }
    None
}

/// The most that can be written of an object in a world: what is wrong is taken out until nothing
/// is.
fn fullest(addr: &Addr, world: &Bodies, whole: &Bodies) -> Bodies {
    let mut next = world.clone();
    next.insert(addr.clone(), whole[addr].clone());
    while let Some(wrong) = wrong(addr, &next) {
        let (map, key) = wrong.rsplit_once(' ').expect("a map and a key");
        let map = match map {
            "relation" => "relations",
            "mirror" => "mirrorProperties",
            _ => "aggregationProperties",
        };
        let body = next.get_mut(addr).expect("it is there");
        put(body, &[map.into(), key.into()], None);
    }
    next
}

/// The fewest writes that make the whole from nothing, found by trying all orders.
fn fewest(whole: &Bodies) -> usize {
    let mut level: Vec<Bodies> = vec![Bodies::new()];
    for length in 0..20 {
        if level.contains(whole) {
            return length;
        }
        let mut next: Vec<Bodies> = Vec::new();
        for world in &level {
            for addr in whole.keys() {
                let after = fullest(addr, world, whole);
                if after != *world && !next.contains(&after) {
                    next.push(after);
                }
            }
        }
        level = next;
    }
    panic!("there is no end");
}

/// Carries out a plan in the order that its passes allow, checking every body that is sent.
fn carried_out(plan: &Plan, start: &Bodies) -> Bodies {
    let mut world = start.clone();
    let mut done: BTreeSet<(Addr, usize)> = BTreeSet::new();
    let mut open: BTreeSet<(Addr, usize)> = plan
        .writes()
        .flat_map(|c| (0..c.passes.len().max(1)).map(|nth| (c.addr.clone(), nth)))
        .collect();
    let change = |addr: &Addr| {
        plan.changes
            .iter()
            .find(|c| c.addr == *addr)
            .expect("it is")
    };
    let graph = forward(&plan.changes);
    let groups = graph.components();
    let tied = |a: &Addr, b: &Addr| groups.iter().any(|g| g.contains(a) && g.contains(b));
    while !open.is_empty() {
        let ready = |(addr, nth): &(Addr, usize)| {
            let change = change(addr);
            let own = nth
                .checked_sub(1)
                .is_none_or(|n| done.contains(&(addr.clone(), n)));
            let after = change
                .passes
                .get(*nth)
                .is_none_or(|p| p.after.is_subset(&done));
            let outside = graph
                .needs(addr)
                .all(|need| tied(need, addr) || !open.iter().any(|(a, _)| a == need));
            own && after && outside
        };
        let step = open.iter().find(|step| ready(step)).cloned();
        let step = step.expect("something can be written");
        let change = change(&step.0);
        let want = change.want.as_ref().expect("a spec");
        let body = match change.passes.get(step.1) {
            Some(pass) => pass.of(want),
            None => want.clone(),
        };
        world.insert(step.0.clone(), body);
        assert_eq!(wrong(&step.0, &world), None, "{step:?} in {world:#?}");
        open.remove(&step);
        done.insert(step);
    }
    world
}

#[test]
fn the_example_takes_as_few_writes_as_any_order_could() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/blueprint-cycle");
    let desired = project(&folder);
    let whole = wanted(&desired);
    let plan = planned(&desired, &Bodies::new());
    assert_eq!(writes(&plan), fewest(&whole));
    assert_eq!(carried_out(&plan, &Bodies::new()), whole);
    // Four blueprints, and two of the circle are written twice.
    let passes: Vec<usize> = plan
        .changes
        .iter()
        .map(|change| change.passes.len())
        .collect();
    assert_eq!(passes, [2, 0, 1, 2]);
}

fn pair() -> [serde_json::Value; 2] {
    [
        json!({
            "identifier": "a", "title": "A",
            "schema": { "properties": { "size": { "type": "number" } } },
            "relations": { "b": { "target": "b" }, "self": { "target": "a" } },
            "mirrorProperties": { "colour": { "path": "b.colour" } }
        }),
        json!({
            "identifier": "b", "title": "B",
            "schema": { "properties": { "colour": { "type": "string" } } },
            "relations": { "a": { "target": "a" } },
            "aggregationProperties": {
                "sizes": {
                    "title": "Sizes", "target": "a",
                    "calculationSpec": { "func": "sum", "calculationBy": "property", "property": "size" },
                    "pathFilter": [{ "path": ["b"], "fromBlueprint": "a" }]
                }
            }
        }),
    ]
}

#[test]
fn what_exists_and_only_changes_is_written_once() {
    let desired = blueprints(&pair());
    let whole = wanted(&desired);
    let mut live = whole.clone();
    for body in live.values_mut() {
        put(body, &["title".into()], Some(&Value::text("Old")));
    }
    let plan = planned(&desired, &live);
    assert_eq!(writes(&plan), 2);
    assert_eq!(carried_out(&plan, &live), whole);
    assert!(
        plan.changes
            .iter()
            .all(|c| c.passes.iter().all(|p| p.without.is_empty()))
    );
}

/// A changed relation keeps its old form until its new target is there: without it, its data would
/// be lost.
#[test]
fn a_relation_that_has_to_wait_keeps_what_live_has() {
    let [mut a, mut b] = pair();
    let mut old = a.clone();
    old["relations"]["b"]["target"] = json!("a");
    old["mirrorProperties"] = json!({ "colour": { "path": "b.size" } });
    // The new blueprint needs a new property of the old one, which needs it in turn.
    a["schema"]["properties"]["weight"] = json!({ "type": "number" });
    let sizes = &mut b["aggregationProperties"]["sizes"];
    sizes["calculationSpec"]["property"] = json!("weight");
    sizes["pathFilter"] = json!(null);
    let desired = blueprints(&[a, b]);
    let whole = wanted(&desired);
    let live: Bodies = [(
        "port.blueprint.a".parse().expect("an address"),
        Value::from(old),
    )]
    .into();
    let plan = planned(&desired, &live);
    let first = &plan.changes[0];
    let body = first.passes[0].of(first.want.as_ref().expect("a spec"));
    let relation = body.get("relations").and_then(|r| r.get("b"));
    assert_eq!(relation.and_then(|r| r.get_text("target")), Some("a"));
    let mirror = body.get("mirrorProperties").and_then(|r| r.get("colour"));
    assert_eq!(mirror.and_then(|r| r.get_text("path")), Some("b.size"));
    assert_eq!(writes(&plan), 3);
    assert_eq!(carried_out(&plan, &live), whole);
}

/// A blueprint `nN` with a number `p`, relations, mirrors and sums over what relates to it.
fn drawn(
    n: usize,
    relations: &[(&str, usize)],
    mirrors: &[(&str, &str)],
    sums: &[(&str, usize, &str, &str)],
) -> serde_json::Value {
    let mut spec = json!({
        "identifier": format!("n{n}"), "title": "N",
        "schema": { "properties": { "p": { "type": "number" } } },
        "relations": {}, "mirrorProperties": {}, "aggregationProperties": {}
    });
    for (key, target) in relations {
        spec["relations"][key] = json!({ "target": format!("n{target}") });
    }
    for (key, path) in mirrors {
        spec["mirrorProperties"][key] = json!({ "path": path });
    }
    for (key, from, property, relation) in sums {
        spec["aggregationProperties"][key] = json!({
            "title": "D", "target": format!("n{from}"),
            "calculationSpec": { "func": "sum", "calculationBy": "property", "property": property },
            "pathFilter": [{ "path": [relation], "fromBlueprint": format!("n{from}") }]
        });
    }
    spec
}

/// What live has is counted on, and kept meanwhile, only as long as it stands.
#[test]
fn what_another_write_takes_away_is_not_counted_on() {
    // The mirror goes with the target of its relation and comes back last; a sum over it waits.
    let returns = (
        [
            drawn(0, &[], &[], &[]),
            drawn(1, &[("r", 1)], &[("m", "r.p")], &[("s", 1, "p", "r")]),
        ],
        [
            drawn(0, &[], &[], &[("s", 1, "p", "r"), ("t", 1, "m", "r")]),
            drawn(1, &[("r", 0)], &[("m", "r.s")], &[]),
        ],
    );
    // The old sum would be kept until the new one can be, but its filter's relation goes.
    let goes = (
        [
            drawn(0, &[("r", 1)], &[], &[]),
            drawn(1, &[], &[], &[("s", 0, "p", "r")]),
            drawn(2, &[], &[], &[]),
        ],
        [
            drawn(0, &[("other", 0)], &[], &[]),
            drawn(1, &[("q", 2)], &[], &[("s", 2, "p", "r")]),
            drawn(2, &[("r", 1)], &[], &[("t", 1, "p", "q")]),
        ],
    );
    for (old, new) in [
        (returns.0.to_vec(), returns.1.to_vec()),
        (goes.0.to_vec(), goes.1.to_vec()),
    ] {
        let (live, after) = (wanted(&blueprints(&old)), blueprints(&new));
        let plan = planned(&after, &live);
        assert_eq!(carried_out(&plan, &live), wanted(&after));
    }
}

/// Blueprints with relations, mirrors and aggregations drawn at random; every derived property
/// stands on what was drawn before it, so that there is a beginning.
fn worlds(count: usize) -> impl Strategy<Value = Vec<serde_json::Value>> {
    let relations = prop::collection::vec((0..count, 0..count), 1..count * 2);
    let derived = prop::collection::vec((0..64usize, 0..64usize, any::<bool>()), 0..5);
    (relations, derived).prop_map(move |(relations, derived)| {
        let mut specs: Vec<serde_json::Value> = (0..count)
            .map(|n| {
                json!({
                    "identifier": format!("n{n}"), "title": "N",
                    "schema": { "properties": { "p": { "type": "number" } } },
                    "relations": {}, "mirrorProperties": {}, "aggregationProperties": {}
                })
            })
            .collect();
        let mut known: Vec<Vec<String>> = vec![vec!["p".into()]; count];
        for (index, (from, to)) in relations.iter().enumerate() {
            specs[*from]["relations"][format!("r{index}")] = json!({ "target": format!("n{to}") });
        }
        for (index, (edge, property, mirror)) in derived.into_iter().enumerate() {
            let edge = edge % relations.len();
            let (from, to) = relations[edge];
            let name = format!("d{index}");
            if mirror {
                let property = known[to][property % known[to].len()].clone();
                specs[from]["mirrorProperties"][&name] =
                    json!({ "path": format!("r{edge}.{property}") });
                known[from].push(name);
            } else {
                let property = known[from][property % known[from].len()].clone();
                specs[to]["aggregationProperties"][&name] = json!({
                    "title": "D", "target": format!("n{from}"),
                    "calculationSpec": { "func": "sum", "calculationBy": "property", "property": property },
                    "pathFilter": [{ "path": [format!("r{edge}")], "fromBlueprint": format!("n{from}") }]
                });
                known[to].push(name);
            }
        }
        specs
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_body_stands_and_no_order_is_shorter(specs in worlds(3)) {
        let desired = blueprints(&specs);
        let whole = wanted(&desired);
        let plan = planned(&desired, &Bodies::new());
        prop_assert_eq!(carried_out(&plan, &Bodies::new()), whole.clone());
        prop_assert_eq!(writes(&plan), fewest(&whole));
    }

    /// From any world to any other of the same blueprints.
    #[test]
    fn edits_stand_too(old in worlds(4), new in worlds(4)) {
        let (before, after) = (blueprints(&old), blueprints(&new));
        let (live, whole) = (wanted(&before), wanted(&after));
        let plan = planned(&after, &live);
        let world = carried_out(&plan, &live);
        for (addr, body) in &whole {
            prop_assert!(world[addr] == *body || !plan.changes.iter().any(|c| c.addr == *addr));
        }
    }
}
