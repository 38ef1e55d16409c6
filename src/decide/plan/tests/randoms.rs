//! Laws of texts that we make: all who share one get one, or none does.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{World, at, live_secret};
use crate::decide::ledger::{Fingerprint, Intent};
use crate::decide::plan::{Action, Plan};
use crate::want::desired::randoms::consumers;
use crate::words::value::SecretSource;
use crate::words::{Addr, Template, Value};

const PLACE: &str = "/secretValue";

/// One who gets a text: what is known of it.
#[derive(Debug, Clone)]
struct Getter {
    /// The name of its text.
    shares: char,
    /// Whether its service has it.
    live: bool,
    /// Whether the ledger has it, and whether it was there before us.
    owned: Option<bool>,
    /// What was sent last: nothing, one of two texts, or a text from elsewhere.
    sent: u8,
    /// Whether it is left alone once it exists.
    seed: bool,
    /// Whether the command line wants it rotated.
    rotated: bool,
    /// Whether an earlier run was stopped while it created it or sent its text.
    open: (bool, bool),
}

fn getter() -> impl Strategy<Value = Getter> {
    let rarely = || prop::bool::weighted(0.15);
    (
        prop::sample::select(vec!['a', 'b']),
        prop::bool::weighted(0.85),
        prop::option::weighted(0.85, rarely()),
        prop::sample::select(vec![0, 1, 1, 1, 1, 1, 2, 3]),
        rarely(),
        prop::bool::weighted(0.05),
        (prop::bool::weighted(0.05), prop::bool::weighted(0.05)),
    )
        .prop_map(|(shares, live, owned, sent, seed, rotated, open)| Getter {
            shares,
            live,
            owned,
            sent,
            seed,
            rotated,
            open,
        })
}

fn told(getters: &[Getter]) -> World {
    let mut world = World::new();
    let mut intent = Intent::default();
    for (index, getter) in getters.iter().enumerate() {
        let name = format!("S{index}");
        let mut spec = live_secret(&name, "x");
        let template = Template::parse(&format!("${{random.{}}}", getter.shares));
        let source = SecretSource::new(template.expect("a template"));
        if let Some(fields) = spec.as_map_mut() {
            fields.insert("secretValue", Value::Secret(source));
        }
        let addr = world.want("port.secret", &name, spec);
        world.object(&addr).lifecycle.seed = getter.seed;
        world.object(&addr).lifecycle.adopt = true;
        if getter.live {
            world.has(&addr, live_secret(&name, "x"));
        }
        if let Some(adopted) = getter.owned {
            let entry = world.owns(&addr);
            entry.adopted = adopted;
            let made = match getter.sent {
                0 => None,
                3 => Some(Fingerprint {
                    key_id: "0badcafe".into(),
                    mac: "m1".into(),
                }),
                text => Some(Fingerprint::of_random(
                    &getter.shares.to_string(),
                    format!("m{text}"),
                )),
            };
            entry
                .fingerprints
                .extend(made.map(|made| (at(PLACE), vec![made])));
        }
        if getter.rotated {
            world.flags.rotate.insert(addr.clone());
        }
        if getter.open.0 && getter.owned.is_none() {
            intent.creates.insert(addr.clone());
        }
        if getter.open.1 && getter.owned.is_some() {
            intent.sends.insert(addr, [at(PLACE)].into());
        }
    }
    world.ledger.intent = (intent != Intent::default()).then_some(intent);
    world
}

/// Who is sent a text.
fn sent(plan: &Plan) -> BTreeSet<Addr> {
    let sends = plan
        .changes
        .iter()
        .filter(|change| change.sends.contains(&at(PLACE)));
    sends.map(|change| change.addr.clone()).collect()
}

/// For each name, either all who share it are sent its text or none is.
fn all_or_none(world: &World, plan: &Plan) {
    let sent = sent(plan);
    for (name, consumers) in consumers(world.desired.objects.values()) {
        let sharing: Vec<bool> = consumers
            .iter()
            .filter(|one| !one.left_alone)
            .map(|one| sent.contains(&one.addr))
            .collect();
        let seeded = consumers
            .iter()
            .any(|one| one.left_alone && sent.contains(&one.addr));
        assert!(
            sharing.iter().all(|one| *one) || !(seeded || sharing.contains(&true)),
            "{name}: {sharing:?}"
        );
    }
}

/// What the world is when the plan was carried out.
fn applied(world: &mut World, plan: &Plan) {
    for change in &plan.changes {
        if change.action == Action::Create {
            world.has(&change.addr, live_secret(&change.addr.name, "x"));
            world.ledger.entries.remove(&change.addr);
        }
        let known = world.ledger.entries.contains_key(&change.addr);
        let entry = world.owns(&change.addr);
        entry.adopted |= !known && change.adopts;
        for (place, source) in change.want.iter().flat_map(|want| want.secrets()) {
            if let (true, Some(name)) = (change.sends.contains(&place), source.random()) {
                let made = Fingerprint::of_random(name, format!("new {name}"));
                entry.fingerprints.insert(place, vec![made]);
            }
        }
    }
    world.ledger.intent = None;
    world.flags.rotate.clear();
    world.flags.targets.clear();
}

proptest! {
    #[test]
    fn all_who_share_a_text_get_it_or_none_does(
        getters in prop::collection::vec(getter(), 1..6),
        target in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut world = told(&getters);
        if let Some(target) = target {
            let addrs: Vec<Addr> = world.desired.objects.keys().cloned().collect();
            world.flags.targets.insert(target.get(&addrs).clone());
        }
        let whole = world.flags.targets.is_empty();
        let plan = world.plan();
        all_or_none(&world, &plan);
        for (index, getter) in getters.iter().enumerate() {
            if getter.seed && getter.live && !getter.rotated {
                let seed = sent(&plan).into_iter().find(|addr| addr.name == format!("S{index}"));
                prop_assert_eq!(seed, None, "a seed is never touched");
            }
        }

        // Carried out, it leaves nothing to be sent.
        applied(&mut world, &plan);
        let again = world.plan();
        all_or_none(&world, &again);
        if whole {
            prop_assert_eq!(sent(&again), BTreeSet::new());
        }
    }

    /// A key decides nothing: what was recorded under whichever key is compared.
    #[test]
    fn who_agrees_is_sent_nothing(count in 1usize..6, mac in "[0-9a-f]{8}") {
        let getters = vec![
            Getter { shares: 'a', live: true, owned: Some(false), sent: 1, seed: false, rotated: false, open: (false, false) };
            count
        ];
        let mut world = told(&getters);
        for entry in world.ledger.entries.values_mut() {
            entry.fingerprints.insert(at(PLACE), vec![Fingerprint::of_random("a", mac.clone())]);
        }
        prop_assert!(world.plan().is_empty());
    }
}
