//! Laws of comparing and writing, held over generated specs of every kind.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::decide::canon::canonical;
use crate::decide::diff::{compare, everything, write_body};
use crate::decide::plan::{Action, Change, Reason};
use crate::decide::same::same;
use crate::kinds::generate::{Answer, UNKNOWN, pick, spec};
use crate::kinds::{ALL, Kind};
use crate::words::value::Map;
use crate::words::{Addr, Pointer, Value};

/// A kind with two specs of it, and a seed for what services make of them.
struct World {
    kind: &'static dyn Kind,
    spec: Value,
    other: Value,
    seed: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let World {
            kind,
            spec,
            other,
            seed,
        } = self;
        write!(f, "{} {seed}\n{spec}\n{other}", kind.name())
    }
}

fn world() -> impl Strategy<Value = World> {
    let seeds = any::<([u8; 32], [u8; 32], u64)>();
    (0..ALL.len(), seeds).prop_map(|(index, (one, two, seed))| {
        let kind = ALL[index];
        World {
            kind,
            spec: pick(spec(kind), one),
            other: pick(spec(kind), two),
            seed,
        }
    })
}

/// Failures are told by their seed; no file is left behind.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn change(kind: &'static dyn Kind, want: &Value, sends: BTreeSet<Pointer>) -> Change {
    let addr = Addr::new(kind.service(), kind.word(), "x");
    Change {
        want: Some(want.clone()),
        sends,
        ..Change::bare(&addr, kind, Action::Update, Reason::SecretChanged)
    }
}

/// The places of all fields that only an answer with unknown fields has.
fn unknown_places(value: &Value) -> Vec<Pointer> {
    let mut found = Vec::new();
    value.leaves(&mut |at, _| {
        if at.parts().last().is_some_and(|last| last == UNKNOWN) {
            found.push(at.clone());
        }
    });
    found
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn canonical_twice_is_canonical_once(World { kind, spec, seed, .. } in world()) {
        let answer = Answer::new(seed).of(kind.shape(), &spec);
        for value in [spec, answer] {
            let once = canonical(kind, &value, &[]);
            prop_assert_eq!(canonical(kind, &once, &[]), once);
        }
    }

    #[test]
    fn what_a_service_makes_of_a_spec_does_not_differ(World { kind, spec, seed, .. } in world()) {
        let mut answer = Answer::new(seed);
        answer.unknown = seed % 3 == 0;
        let live = answer.of(kind.shape(), &spec);
        let found = compare(kind, &spec, &live, &[]);
        prop_assert!(found.fields.is_empty(), "{}: {:#?}\n{live}", kind.name(), found.fields);
        prop_assert!(!found.immutable);
        prop_assert!(found.unknown.is_empty());
    }

    #[test]
    fn what_is_the_same_at_a_glance_is_the_same_in_canonical_form(
        World { kind, spec, other, seed, .. } in world(),
        nth in any::<prop::sample::Index>(),
        becomes in 0..5usize,
    ) {
        let live = Answer::new(seed).of(kind.shape(), &spec);
        let mut places: Vec<Pointer> = Vec::new();
        live.leaves(&mut |at, _| places.push(at.clone()));
        let place = nth.get(&places);
        // One leaf is another one: often a difference, sometimes only another spelling.
        let touched = live.map_leaves(&mut |at, leaf| (at == place).then(|| match becomes {
            0 => Value::Null,
            1 => Value::text(format!("{}\n", leaf.as_text().unwrap_or("x"))),
            2 => Value::List(Vec::new()),
            3 => Value::Map(Map::default()),
            _ => Value::Bool(leaf.as_bool() != Some(true)),
        }));
        for (one, two) in [(&spec, &live), (&spec, &other), (&live, &touched), (&spec, &touched)] {
            for (one, two) in [(one, two), (two, one)] {
                if same(kind.shape(), one, two) {
                    prop_assert_eq!(canonical(kind, one, &[]), canonical(kind, two, &[]));
                }
            }
        }
        prop_assert!(same(kind.shape(), &live, &live));
    }

    #[test]
    fn after_the_write_nothing_differs(World { kind, spec, other, seed, .. } in world()) {
        let mut answer = Answer::new(seed);
        answer.unknown = true;
        let live = answer.of(kind.shape(), &other);
        let body = write_body(kind, &spec, &live, &[]);
        let found = compare(kind, &spec, &body, &[]);
        prop_assert!(found.fields.is_empty(), "{}: {:#?}", kind.name(), found.fields);
    }

    #[test]
    fn a_write_keeps_what_open_bodies_have_and_we_do_not_know(World { kind, spec, seed, .. } in world()) {
        let mut answer = Answer::new(seed);
        answer.unknown = true;
        let live = answer.of(kind.shape(), &spec);
        let body = write_body(kind, &spec, &live, &[]);
        for place in unknown_places(&live) {
            prop_assert_eq!(body.at(&place), live.at(&place), "{} {}", kind.name(), place);
        }
    }

    #[test]
    fn ignored_places_stay_as_they_are_live(World { kind, spec, other, seed, .. } in world(), nth in any::<prop::sample::Index>()) {
        let live = Answer::new(seed).of(kind.shape(), &other);
        let mut places: Vec<Pointer> = Vec::new();
        for value in [&spec, &live] {
            value.leaves(&mut |at, _| places.push(at.clone()));
        }
        let ignore = [nth.get(&places).clone()];
        prop_assume!(!ignore[0].parts().is_empty());
        let body = write_body(kind, &spec, &live, &ignore);
        prop_assert!(compare(kind, &spec, &body, &ignore).fields.is_empty());
        // A place inside of something that only one side has is not there to be kept.
        let mut above = ignore[0].clone();
        above.pop();
        let is_map = |value: &Value| value.at(&above).is_some_and(|v| v.as_map().is_some());
        if is_map(&body) && is_map(&live) {
            prop_assert_eq!(body.at(&ignore[0]), live.at(&ignore[0]), "{} {}", kind.name(), &ignore[0]);
        }
    }

    #[test]
    fn a_body_holds_no_secret_that_is_not_sent(World { kind, spec, seed, .. } in world()) {
        let all: Vec<Pointer> = spec.secrets().into_iter().map(|(at, _)| at).collect();
        let sent = all.iter().enumerate().filter(|(i, _)| seed >> (i % 64) & 1 == 1);
        let sends: BTreeSet<Pointer> = sent.map(|(_, at)| at.clone()).collect();
        let body = change(kind, &spec, sends.clone()).body(&spec);
        let there: BTreeSet<Pointer> = body.secrets().into_iter().map(|(at, _)| at).collect();
        prop_assert_eq!(there, sends);
        // Everything but secrets arrives as it is wanted.
        let found = compare(kind, &spec, &body, &[]);
        let write_only = kind.shape().pick(&|field| field.rules.write_only);
        let others = found.fields.iter().filter(|f| !write_only.iter().any(|w| w.covers(&f.path)));
        prop_assert_eq!(others.count(), 0);
    }

    #[test]
    fn a_difference_has_two_sides(World { kind, spec, other, .. } in world()) {
        let there = compare(kind, &spec, &other, &[]);
        let back = compare(kind, &other, &spec, &[]);
        // Fields that only the other side has are differences when they are known.
        prop_assert_eq!(there.fields.is_empty(), back.fields.is_empty());
        for field in &there.fields {
            prop_assert_ne!(&field.before, &field.after);
        }
        let leaves = everything(&spec);
        prop_assert!(leaves.iter().all(|field| spec.at(&field.path) == field.after.as_ref()));
    }
}
