//! Grafting: the managed places of one value put into another, everything else left as it is.
//!
//! What the kinds and their rules are is not known here: keys keep their order, unknown ones
//! stay, and nothing is brought to another spelling. Deliberately not here: which places may be
//! managed (see `kinds::part`).

use crate::decide::diff::FieldChange;
use crate::kinds::{Kind, part};
use crate::words::value::Map;
use crate::words::{Pointer, Text, Value};

/// `base` with the places taken from `from`; what `from` lacks there is removed.
///
/// Maps around a place are made when only `from` has them. Where `base` has something else than a
/// map around a place, that stays.
pub fn graft(base: &Value, from: &Value, places: &[Pointer]) -> Value {
    let mut grafted = base.clone();
    match &mut grafted {
        Value::Map(map) => entries(map, from.as_map(), places, &mut Pointer::root()),
        other if other.is_null() => {
            let mut map = Map::new();
            entries(&mut map, from.as_map(), places, &mut Pointer::root());
            *other = Value::Map(map);
        }
        _ => {}
    }
    grafted
}

fn entries(base: &mut Map, from: Option<&Map>, places: &[Pointer], at: &mut Pointer) {
    let mut keys: Vec<Text> = base.keys().cloned().collect();
    let more = from.into_iter().flat_map(|from| from.keys());
    keys.extend(more.filter(|key| !base.contains_key(key)).cloned());
    for key in keys {
        at.push(&key);
        let given = from.and_then(|from| from.get(&key));
        if places.iter().any(|place| place.covers(at)) {
            match given {
                Some(value) => base.insert(key, value.clone()),
                None => base.shift_remove(&key),
            };
        } else if places.iter().any(|place| place.leads_below(at)) {
            let given = given.and_then(Value::as_map);
            match base.get_mut(&key) {
                Some(Value::Map(inner)) => entries(inner, given, places, at),
                None | Some(Value::Null) => {
                    let mut made = Map::new();
                    entries(&mut made, given, places, at);
                    if !made.is_empty() {
                        base.insert(key, Value::Map(made));
                    }
                }
                Some(_) => {}
            }
        }
        at.pop();
    }
}

/// The places of `from` that have nothing in `base` to be put into: what is around them is no map
/// there, or is to be made although it needs more than what is managed. With the place around.
pub fn homeless(
    kind: &dyn Kind,
    base: &Value,
    from: &Value,
    places: &[Pointer],
) -> Vec<(Pointer, Pointer)> {
    let mut found = Vec::new();
    let ours = graft(&Value::Null, from, places);
    for place in part::expand(places, from) {
        let mut above = Pointer::root();
        for part in &place.parts()[..place.parts().len().saturating_sub(1)] {
            above.push(part);
            let lacks = match base.at(&above) {
                Some(Value::Map(_)) => false,
                None | Some(Value::Null) => {
                    let made = ours.at(&above);
                    let has = |name: &&str| made.and_then(|made| made.get(name)).is_some();
                    !part::demands(kind, &above).iter().all(has)
                }
                Some(_) => true,
            };
            if lacks {
                found.push((place, above));
                break;
            }
        }
    }
    found
}

/// Differences that speak about managed places only: a map that exists on one side alone is told
/// by what of it is managed.
pub fn narrowed(fields: Vec<FieldChange>, places: &[Pointer]) -> Vec<FieldChange> {
    let mut narrow = Vec::new();
    for field in fields {
        if places.iter().any(|place| place.covers(&field.path)) {
            narrow.push(field);
            continue;
        }
        let below = |value: &Option<Value>| -> Vec<Pointer> {
            let inner = value.iter().flat_map(|value| {
                let whole = field
                    .path
                    .parts()
                    .iter()
                    .rev()
                    .fold(value.clone(), |value, key| {
                        Value::Map(Map::from([(key.clone(), value)]))
                    });
                part::expand(places, &whole)
            });
            inner.collect()
        };
        let mut paths = below(&field.before);
        paths.extend(below(&field.after));
        paths.sort();
        paths.dedup();
        let inside = |value: &Option<Value>, path: &Pointer| {
            let rest = &path.parts()[field.path.parts().len()..];
            let rest = rest.iter().fold(Pointer::root(), |at, part| at.join(part));
            value.as_ref()?.at(&rest).cloned()
        };
        let told = narrow.len();
        for path in paths {
            let (before, after) = (inside(&field.before, &path), inside(&field.after, &path));
            if before != after {
                narrow.push(FieldChange {
                    path,
                    before,
                    after,
                });
            }
        }
        // A map that was made for nothing but a default.
        if narrow.len() == told {
            narrow.push(field);
        }
    }
    narrow
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::decide::diff::{compare, write_body};
    use crate::kinds;
    use crate::kinds::generate::{Answer, pick, spec};

    fn places(texts: &[&str]) -> Vec<Pointer> {
        texts.iter().filter_map(|at| Pointer::parse(at)).collect()
    }

    fn grafted(base: Json, from: Json, at: &[&str]) -> String {
        graft(&base.into(), &from.into(), &places(at)).to_string()
    }

    #[test]
    fn only_the_places_change_and_the_order_of_keys_stays() {
        let base = json!({ "z": 1, "rel": { "b": 1, "a": { "x": 1 } }, "odd": [1] });
        let at = &["/rel/b", "/rel/c"];
        assert_eq!(
            grafted(
                base.clone(),
                json!({ "rel": { "b": 2, "c": 3, "a": 9 }, "z": 9 }),
                at
            ),
            r#"{"z":1,"rel":{"b":2,"a":{"x":1},"c":3},"odd":[1]}"#
        );
        assert_eq!(
            grafted(base, json!({}), at),
            r#"{"z":1,"rel":{"a":{"x":1}},"odd":[1]}"#
        );
        assert_eq!(
            grafted(json!({}), json!({ "rel": { "b": 2 } }), at),
            r#"{"rel":{"b":2}}"#
        );
        assert_eq!(
            grafted(json!({ "rel": null }), json!({}), at),
            r#"{"rel":null}"#
        );
        assert_eq!(
            grafted(json!({ "rel": 5 }), json!({ "rel": { "b": 2 } }), at),
            r#"{"rel":5}"#
        );
    }

    #[test]
    fn a_place_needs_something_around_it() {
        let kind = kinds::find("port.blueprint").expect("a kind");
        let homeless = |base: Json, from: Json, at: &str| -> Vec<String> {
            let found = homeless(kind, &base.into(), &from.into(), &places(&[at]));
            found
                .iter()
                .map(|(at, above)| format!("{at} in {above}"))
                .collect()
        };
        let title = json!({ "schema": { "properties": { "tier": { "title": "Tier" } } } });
        let at = "/schema/properties/tier/title";
        assert_eq!(
            homeless(json!({ "schema": { "properties": {} } }), title.clone(), at),
            ["/schema/properties/tier/title in /schema/properties/tier"]
        );
        let there = json!({ "schema": { "properties": { "tier": { "type": "string" } } } });
        assert_eq!(homeless(there, title, at), [""; 0]);
        let team = json!({ "relations": { "team": { "target": "_team" } } });
        assert_eq!(
            homeless(json!({}), team.clone(), "/relations/team"),
            [""; 0]
        );
        assert_eq!(
            homeless(json!({ "relations": [] }), team, "/relations/team"),
            ["/relations/team in /relations"]
        );
    }

    /// A live object, a spec, and places of its kind that may be managed and have a home.
    #[derive(Debug)]
    struct Managed {
        kind: &'static dyn Kind,
        live: Value,
        want: Value,
        places: Vec<Pointer>,
    }

    fn managed() -> impl Strategy<Value = Managed> {
        let kinds: Vec<&'static dyn Kind> = kinds::ALL
            .iter()
            .copied()
            .filter(|kind| kind.only_whole().is_none())
            .collect();
        let seeds = any::<([u8; 32], [u8; 32], u64)>();
        let picks = prop::collection::vec(any::<(prop::sample::Index, usize, usize)>(), 1..4);
        (0..kinds.len(), seeds, picks).prop_map(move |(index, (one, two, seed), picks)| {
            let kind = kinds[index];
            let mut answer = Answer::new(seed);
            answer.unknown = seed % 3 > 0;
            let live = answer.of(kind.shape(), &pick(spec(kind), one));
            let want = pick(spec(kind), two);
            let mut all = Vec::new();
            for value in [&live, &want] {
                value.leaves(&mut |at, _| all.push(at.clone()));
            }
            let mut places: Vec<Pointer> = Vec::new();
            for (nth, depth, star) in picks {
                let leaf = nth.get(&all);
                let depth = 1 + depth % leaf.parts().len().max(1);
                let parts = leaf.parts().iter().take(depth).enumerate();
                let place = parts.fold(Pointer::root(), |at, (index, part)| {
                    match index > 0 && index == star % 7 {
                        true => at.join("*"),
                        false => at.join(part),
                    }
                });
                let fits = part::problem(kind, &place).is_none()
                    && !places.iter().any(|other| other.meets(&place))
                    && homeless(kind, &live, &want, std::slice::from_ref(&place)).is_empty();
                if fits {
                    places.push(place);
                }
            }
            Managed {
                kind,
                live,
                want,
                places,
            }
        })
    }

    /// A value without the places, and without maps that only stand around them.
    fn outside(value: &Value, places: &[Pointer]) -> String {
        fn prune(map: &mut Map, places: &[Pointer], at: &mut Pointer) {
            map.retain(|key, value| {
                at.push(key);
                let around = places.iter().any(|place| place.leads_below(at));
                if let (true, Value::Map(inner)) = (around, &mut *value) {
                    prune(inner, places, at);
                }
                let empty = value.is_null() || value.as_map().is_some_and(|map| map.is_empty());
                at.pop();
                !(around && empty)
            });
        }
        let mut rest = graft(value, &Value::Null, places);
        if let Value::Map(map) = &mut rest {
            prune(map, places, &mut Pointer::root());
        }
        rest.to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is written is live outside of the managed places, byte for byte, and as it is
        /// wanted inside; then nothing differs any more.
        #[test]
        fn a_write_touches_the_managed_places_alone(world in managed()) {
            let Managed { kind, live, want, places } = &world;
            let whole = graft(live, want, places);
            for place in part::expand(places, want) {
                prop_assert_eq!(whole.at(&place), want.at(&place), "{}", place);
            }
            let body = write_body(*kind, &whole, live, &[]);
            prop_assert_eq!(outside(&body, places), outside(live, places));
            let again = compare(*kind, &graft(&body, want, places), &body, &[]);
            prop_assert!(narrowed(again.fields, places).is_empty(), "{}", kind.name());
            prop_assert!(!again.immutable);
            // And after the service answered in its own spelling.
            let answer = Answer::new(7).of(kind.shape(), &body);
            if homeless(*kind, &answer, want, places).is_empty() {
                let again = compare(*kind, &graft(&answer, want, places), &answer, &[]);
                prop_assert_eq!(narrowed(again.fields, places), Vec::new());
            }
        }

        /// Giving up what was put there leaves live without the places.
        #[test]
        fn what_is_given_up_leaves_the_rest(world in managed()) {
            let Managed { live, want, places, .. } = &world;
            let whole = graft(live, want, places);
            let rest = graft(&whole, &Value::Null, &part::expand(places, want));
            prop_assert_eq!(outside(&rest, places), outside(live, places));
            prop_assert_eq!(part::expand(places, &rest), Vec::new());
        }

        /// The differences that are told are about managed places, and none is missing.
        #[test]
        fn differences_are_about_managed_places(world in managed()) {
            let Managed { kind, live, want, places } = &world;
            let found = compare(*kind, &graft(live, want, places), live, &[]);
            let told = narrowed(found.fields.clone(), places);
            prop_assert_eq!(told.is_empty(), found.fields.is_empty(), "{:#?}", found.fields);
            for field in told {
                prop_assert!(places.iter().any(|place| place.meets(&field.path)));
                prop_assert_ne!(field.before, field.after);
            }
        }

        /// Places that lie apart do not meet: whichever is written first, both are there.
        #[test]
        fn two_documents_do_not_meet(world in managed()) {
            let Managed { live, want, places, .. } = &world;
            let (one, other) = places.split_at(places.len() / 2);
            let there = graft(&graft(live, want, one), want, other);
            let back = graft(&graft(live, want, other), want, one);
            prop_assert_eq!(&there, &back);
            prop_assert_eq!(&there, &graft(live, want, places));
        }
    }
}
