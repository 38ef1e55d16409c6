//! Stories of plans: a small world, one thing changed, and what the plan says.

mod randoms;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::decide::ledger::{Entry, Intent, Ledger};
use crate::decide::plan::{
    Action, Facts, Flags, Input, Plan, Reason, SecretFact, SecretFacts, plan,
};
use crate::kinds::generate::{Answer, pick, spec};
use crate::kinds::{self, ALL, Observed};
use crate::there::live::{Live, Space};
use crate::want::config::{LedgerHome, Limits};
use crate::want::desired::{Desired, Object};
use crate::want::document::Lifecycle;
use crate::words::value::Map;
use crate::words::{Addr, Findings, Place, Pointer, Value};

/// Everything that a plan is made from, with a word for each thing that may change.
struct World {
    desired: Desired,
    live: Live,
    ledger: Ledger,
    secrets: SecretFacts,
    facts: Facts,
    flags: Flags,
}

impl World {
    fn new() -> World {
        let mut desired = Desired::default();
        desired.config.ledger = Some(LedgerHome::File("ledger.json".into()));
        World {
            desired,
            live: Live::default(),
            ledger: Ledger::new("p", None, "00".into()),
            secrets: SecretFacts::new(),
            facts: Facts::default(),
            flags: Flags::default(),
        }
    }

    /// The project wants it.
    fn want(&mut self, kind: &str, name: &str, spec: Value) -> Addr {
        let kind = kinds::find(kind).expect("a kind");
        let addr = Addr::new(kind.service(), kind.word(), name);
        let place = Place::new(0, 0, 0);
        let mentions = kind.mentions(&spec).into_iter().map(|m| (m, place));
        let object = Object {
            addr: addr.clone(),
            kind,
            name: name.into(),
            mentions: mentions.collect(),
            spec,
            lifecycle: Lifecycle::default(),
            renamed: Vec::new(),
            manage: Vec::new(),
            place,
            reads: Vec::new(),
        };
        self.desired.graph.node(addr.clone());
        self.desired.objects.insert(addr.clone(), object);
        addr
    }

    fn object(&mut self, addr: &Addr) -> &mut Object {
        self.desired.objects.get_mut(addr).expect("it is wanted")
    }

    /// The service has it.
    fn has(&mut self, addr: &Addr, value: Value) {
        let kind = kinds::of(addr).expect("a kind");
        let seen = Observed {
            born: Default::default(),
            touched: Default::default(),
            id: addr.name.to_string(),
            name: addr.name.to_string(),
            value,
            exports: Map::new(),
        };
        self.live.insert(kind.name(), seen);
    }

    /// The ledger says that it is ours.
    fn owns(&mut self, addr: &Addr) -> &mut Entry {
        let entry = Entry {
            id: addr.name.to_string(),
            name: addr.name.to_string(),
            adopted: false,
            protect: false,
            manage: Vec::new(),
            placed: Vec::new(),
            needs: Vec::new(),
            digests: Default::default(),
            ignore: Vec::new(),
            touched: None,
            fingerprints: BTreeMap::new(),
            marked_as: None,
        };
        self.ledger.entries.entry(addr.clone()).or_insert(entry)
    }

    /// `count` secrets that are live and ours, of which the config still wants `kept`.
    fn secrets(count: usize, kept: usize) -> World {
        let mut world = World::new();
        for n in 0..count {
            let name = format!("S{n:02}");
            let addr = world.want("port.secret", &name, secret(&name, "x"));
            world.has(&addr, live_secret(&name, "x"));
            world.owns(&addr);
            if n >= kept {
                world.desired.objects.remove(&addr);
            }
        }
        world
    }

    fn plan(&self) -> Plan {
        let (plan, findings) = self.plan_with_findings();
        assert!(findings.is_empty(), "{findings:?}");
        plan
    }

    fn plan_with_findings(&self) -> (Plan, Findings) {
        plan(Input {
            desired: &self.desired,
            live: &self.live,
            ledger: &self.ledger,
            secrets: &self.secrets,
            facts: &self.facts,
            flags: &self.flags,
        })
    }

    /// Each change as `ACTION ADDR`, then each refusal as `GUARD!`.
    fn story(&self) -> Vec<String> {
        let plan = self.plan();
        let changes = plan.changes.iter();
        changes
            .map(|c| format!("{} {}", c.action.word(), c.addr.name))
            .chain(plan.refusals.iter().map(|r| format!("{}!", r.guard)))
            .collect()
    }
}

fn json(value: serde_json::Value) -> Value {
    Value::from(value)
}

fn secret(name: &str, description: &str) -> Value {
    let mut spec = live_secret(name, description);
    let template = crate::words::Template::parse("${env.A}").expect("a template");
    let source = crate::words::value::SecretSource::new(template);
    let fields = spec.as_map_mut().expect("a map");
    fields.insert("secretValue", Value::Secret(source));
    spec
}

fn live_secret(name: &str, description: &str) -> Value {
    json(serde_json::json!({ "secretName": name, "description": description }))
}

fn at(pointer: &str) -> Pointer {
    Pointer::parse(pointer).expect("a pointer")
}

#[test]
fn what_is_missing_is_created_and_what_is_gone_is_deleted() {
    let mut world = World::secrets(3, 2);
    world.live.remove("port.secret", "S00");
    assert_eq!(world.story(), ["create S00", "delete S02"]);
    // Gone from the service as well: only the ledger forgets it.
    world.live.remove("port.secret", "S02");
    assert_eq!(world.story(), ["create S00", "forget S02"]);
}

#[test]
fn what_nobody_owns_is_never_deleted() {
    let mut world = World::secrets(3, 0);
    world.ledger.entries.clear();
    assert_eq!(world.story(), [""; 0]);
}

#[test]
fn an_equal_stranger_is_adopted_quietly_and_a_differing_one_on_request() {
    let mut world = World::secrets(2, 2);
    world.ledger.entries.clear();
    assert_eq!(world.story(), ["adopt S00", "adopt S01"]);
    assert!(world.plan().writes().next().is_none());

    let addr = world.want("port.secret", "S00", secret("S00", "other"));
    assert_eq!(world.story(), ["update S00", "adopt S01", "adoption!"]);
    world.object(&addr).lifecycle.adopt = true;
    assert_eq!(world.story(), ["update S00", "adopt S01"]);
    world.object(&addr).lifecycle.adopt = false;
    world.flags.adopt.insert(addr.clone());
    assert_eq!(world.story(), ["update S00", "adopt S01"]);
    world.flags = Flags {
        adopt_all: true,
        ..Flags::default()
    };
    assert_eq!(world.story(), ["update S00", "adopt S01"]);
}

#[test]
fn an_adopted_object_is_given_up_and_not_deleted() {
    let mut world = World::secrets(2, 1);
    let gone = Addr::new(crate::words::Service::Port, "secret", "S01");
    world.owns(&gone).adopted = true;
    assert_eq!(world.story(), ["forget S01"]);
    world.flags.delete_adopted = true;
    assert_eq!(world.story(), ["delete S01"]);
}

#[test]
fn without_a_ledger_all_is_ours_and_nothing_is_deleted() {
    let mut world = World::secrets(2, 1);
    world.ledger.entries.clear();
    world.desired.config.ledger = Some(LedgerHome::None);
    world.want("port.secret", "S00", secret("S00", "other"));
    assert_eq!(world.story(), ["update S00"]);
}

#[test]
fn the_brake_counts_deletes() {
    // Five may go, six may not.
    assert_eq!(World::secrets(7, 2).plan().refusals.len(), 0);
    let mut world = World::secrets(8, 2);
    let refusals = world.plan().refusals;
    assert_eq!(refusals[0].guard, "brake");
    assert_eq!(refusals[0].addrs.len(), 6);
    assert_eq!(
        refusals[0].message,
        "6 objects would be deleted, `limits.deletes` allows 5"
    );
    world.flags.allow_deletes = Some(5);
    assert_eq!(world.plan().refusals.len(), 1);
    world.flags.allow_deletes = Some(6);
    assert_eq!(world.plan().refusals.len(), 0);
}

#[test]
fn percent_counts_from_ten_owned_objects_on() {
    // Nine objects: five are more than 30 percent, and nobody minds.
    assert_eq!(World::secrets(9, 4).plan().refusals.len(), 0);
    // Ten objects: three are 30 percent, four are more.
    assert_eq!(World::secrets(10, 7).plan().refusals.len(), 0);
    let mut world = World::secrets(10, 6);
    assert_eq!(
        world.plan().refusals[0].message,
        "4 of 10 owned objects would be deleted, `limits.percent` allows 30 %"
    );
    world.desired.config.limits = Limits {
        percent: 40,
        ..Limits::default()
    };
    assert_eq!(world.plan().refusals.len(), 0);
}

#[test]
fn replacing_counts_as_deleting() {
    let mut world = World::new();
    let policy = |of: &str| {
        json(
            serde_json::json!({ "name": "P", "type": of, "body": "package spacelift", "space": "root" }),
        )
    };
    world.live.spaces = vec![Space {
        id: "root".into(),
        name: "root".into(),
        ..Space::default()
    }];
    let addr = world.want("spacelift.policy", "P", policy("PLAN"));
    world.has(&addr, policy("ACCESS"));
    world.owns(&addr);
    assert_eq!(world.story(), ["replace P"]);
    world.desired.config.limits.deletes = 0;
    assert_eq!(world.story(), ["replace P", "brake!"]);
    world.object(&addr).lifecycle.protect = true;
    assert_eq!(world.story(), ["replace P", "brake!", "protect!"]);
    // The old name of the same type is no difference.
    world.object(&addr).lifecycle.protect = false;
    world.has(&addr, policy("TERRAFORM_PLAN"));
    assert_eq!(world.story(), [""; 0]);
}

#[test]
fn protection_alone_is_no_adoption() {
    let mut world = World::secrets(1, 1);
    let addr = Addr::new(crate::words::Service::Port, "secret", "S00");
    world.object(&addr).lifecycle.protect = true;
    let plan = world.plan();
    let reasons: Vec<&Reason> = plan.changes.iter().map(|c| &c.reason).collect();
    assert_eq!(reasons, [&Reason::Protection]);
}

#[test]
fn deleting_the_file_does_not_lift_the_protection() {
    let mut world = World::secrets(2, 1);
    let gone = Addr::new(crate::words::Service::Port, "secret", "S01");
    world.owns(&gone).protect = true;
    assert_eq!(world.story(), ["delete S01", "protect!"]);
}

#[test]
fn a_list_that_comes_back_empty_stops_the_run() {
    let mut world = World::secrets(2, 2);
    for name in ["S00", "S01"] {
        world.live.remove("port.secret", name);
    }
    assert_eq!(world.story(), ["create S00", "create S01", "empty!"]);
    world.flags.allow_empty = true;
    assert_eq!(world.story(), ["create S00", "create S01"]);
}

#[test]
fn a_secret_is_sent_when_its_text_changed_and_not_otherwise() {
    let mut world = World::secrets(1, 1);
    let addr = Addr::new(crate::words::Service::Port, "secret", "S00");
    let place = (addr.clone(), at("/secretValue"));
    for (fact, story, undecided, unverified) in [
        (SecretFact::Same, None, 0, 0),
        (SecretFact::Changed, Some("update S00"), 0, 0),
        (SecretFact::Unset(vec!["A".into()]), None, 1, 0),
        (SecretFact::OtherKey, None, 1, 0),
        (SecretFact::Unverified, None, 0, 1),
    ] {
        world.secrets.insert(place.clone(), fact.clone());
        assert_eq!(
            world.story(),
            story.into_iter().collect::<Vec<_>>(),
            "{fact:?}"
        );
        let plan = world.plan();
        assert_eq!(
            (plan.undecided_secrets, plan.unverified_secrets),
            (undecided, unverified),
            "{fact:?}"
        );
    }
    // A seed is somebody else's after the create, its description too.
    world.secrets.insert(place, SecretFact::Changed);
    world.has(&addr, live_secret("S00", "refreshed"));
    world.object(&addr).lifecycle.seed = true;
    assert_eq!(world.story(), [""; 0]);
}

#[test]
fn a_secret_that_must_be_sent_is_named_when_it_is_not_at_hand() {
    let mut world = World::secrets(1, 1);
    let addr = Addr::new(crate::words::Service::Port, "secret", "S00");
    let place = (addr.clone(), at("/secretValue"));
    world
        .secrets
        .insert(place, SecretFact::Unset(vec!["A".into()]));
    world.live.remove("port.secret", "S00");
    let missing = world.plan().missing_secrets;
    assert_eq!(missing, [(addr, at("/secretValue"), vec!["A".to_owned()])]);
}

#[test]
fn a_secret_in_an_open_intent_is_sent_again_and_a_create_in_it_is_ours() {
    let mut world = World::secrets(1, 1);
    let addr = Addr::new(crate::words::Service::Port, "secret", "S00");
    let place = (addr.clone(), at("/secretValue"));
    world.secrets.insert(place, SecretFact::Same);
    world.ledger.intent = Some(Intent {
        deletes: Default::default(),
        creates: BTreeSet::new(),
        sends: [(addr.clone(), [at("/secretValue")].into())].into(),
        ..Intent::default()
    });
    assert_eq!(world.story(), ["update S00"]);
    assert_eq!(world.plan().changes[0].reason, Reason::SecretChanged);

    world.ledger.entries.clear();
    world.ledger.intent = Some(Intent {
        deletes: Default::default(),
        creates: [addr].into(),
        sends: BTreeMap::new(),
        ..Intent::default()
    });
    world.want("port.secret", "S00", secret("S00", "other"));
    // Not "exists already, is not ours": nobody is asked.
    assert_eq!(world.story(), ["update S00"]);
}

#[test]
fn two_live_objects_of_one_name_are_not_guessed_at() {
    let mut world = World::new();
    world.live.spaces = vec![Space {
        id: "root".into(),
        name: "root".into(),
        ..Space::default()
    }];
    let policy =
        json(serde_json::json!({ "name": "P", "type": "PLAN", "body": "x", "space": "root" }));
    let addr = world.want("spacelift.policy", "P", policy.clone());
    for id in ["p-1", "p-2"] {
        world.live.insert(
            "spacelift.policy",
            Observed {
                born: Default::default(),
                touched: Default::default(),
                id: id.into(),
                name: "P".into(),
                value: policy.clone(),
                exports: Map::new(),
            },
        );
    }
    let (plan, findings) = world.plan_with_findings();
    assert!(plan.changes.is_empty());
    let codes: Vec<&str> = findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["live::ambiguous_name"]);
    // The ledger's id says which one it is.
    world.owns(&addr).id = "p-2".into();
    assert_eq!(world.story(), [""; 0]);
}

#[test]
fn spaces_may_be_named_when_one_has_the_name() {
    let mut world = World::new();
    let space = |id: &str, name: &str| Space {
        id: id.into(),
        name: name.into(),
        ..Space::default()
    };
    let policy = |space: &str| {
        json(serde_json::json!({ "name": "P", "type": "PLAN", "body": "x", "space": space }))
    };
    let addr = world.want("spacelift.policy", "P", policy("Production"));
    world.has(&addr, policy("production-01"));
    world.owns(&addr);
    let codes = |world: &World| -> Vec<&'static str> {
        world
            .plan_with_findings()
            .1
            .iter()
            .map(|f| f.code)
            .collect()
    };
    world.live.spaces = vec![space("production-01", "Production")];
    assert_eq!(world.story(), [""; 0]);
    world.live.spaces.push(space("production-02", "Production"));
    assert_eq!(codes(&world), ["live::unknown_space"]);
    world.live.spaces.clear();
    assert_eq!(codes(&world), ["live::unknown_space"]);
}

#[test]
fn a_relation_to_nothing_is_found_when_live_is_known() {
    let mut world = World::new();
    let blueprint = |name: &str, target: Option<&str>| {
        let relations = target.map(|t| serde_json::json!({ "to": { "target": t } }));
        json(serde_json::json!({
            "identifier": name, "title": name, "schema": { "properties": {} }, "relations": relations.unwrap_or(serde_json::json!({})),
        }))
    };
    world.want("port.blueprint", "a", blueprint("a", Some("b")));
    let codes: Vec<&str> = world
        .plan_with_findings()
        .1
        .iter()
        .map(|f| f.code)
        .collect();
    assert_eq!(codes, ["live::not_found"]);
    let there = Addr::new(crate::words::Service::Port, "blueprint", "b");
    world.has(&there, blueprint("b", None));
    assert_eq!(world.story(), ["create a"]);
}

#[test]
fn a_target_limits_the_plan_to_what_it_needs() {
    let mut world = World::secrets(3, 2);
    world.want("port.secret", "S00", secret("S00", "other"));
    world.want("port.secret", "S01", secret("S01", "other"));
    let target = Addr::new(crate::words::Service::Port, "secret", "S01");
    world.flags.targets.insert(target);
    assert_eq!(world.story(), ["update S01"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn the_plan_of_equal_states_is_empty(seeds in prop::collection::vec(any::<([u8; 32], u64)>(), 1..6)) {
        let mut world = World::new();
        for (index, (bytes, seed)) in seeds.into_iter().enumerate() {
            let kind = ALL[bytes[0] as usize % ALL.len()];
            let mut wanted = pick(spec(kind), bytes);
            let name = format!("object-{index}");
            let field = kind.identity().field().to_owned();
            wanted.as_map_mut().expect("a map").insert(field, Value::text(&name));
            let spaces = ["space", "parentSpace"].map(|field| wanted.get_text(field));
            for space in spaces.into_iter().flatten() {
                world.live.spaces.push(Space { id: space.into(), name: space.into(), ..Space::default() });
            }
            let live = Answer::new(seed).of(kind.shape(), &wanted);
            let addr = world.want(kind.name(), &name, wanted);
            // What generated specs refer to need not exist.
            world.object(&addr).mentions.clear();
            world.has(&addr, live);
            world.owns(&addr);
        }
        let plan = world.plan();
        prop_assert!(plan.is_empty(), "{:#?}", plan.changes);
        prop_assert!(plan.refusals.is_empty());
        prop_assert_eq!(plan.unchanged, world.desired.objects.len());
        prop_assert_eq!(plan.counts(), BTreeMap::<Action, usize>::new());
    }
}
