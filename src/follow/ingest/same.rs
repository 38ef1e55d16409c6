//! Same: when two values of a field are one value, and a digest that tells it without the values.
//!
//! Nothing is there, whether Port says null or leaves it out, or the mapping makes an empty text, list or object of it.
//! Lists of plain values have no order, because Spacelift keeps none of labels; numbers count by their value. What is
//! inside of objects is compared in the same way, but for empty texts, lists and objects, which are values there.
//! Deliberately not here: which fields are compared (see `crate::ingest`).

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Number, Value as Json};

/// Whether a value says that nothing is there.
pub fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.values().all(Json::is_null),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether two values are one.
pub fn same(one: &Json, other: &Json) -> bool {
    match (is_nothing(one), is_nothing(other)) {
        (true, true) => true,
        (false, false) => equal(one, other),
        _ => false,
    }
}

/// Eight bytes that are the same for values that are [`same`]. Others share them by chance once in 2^64.
pub fn digest(value: &Json) -> u64 {
    let mut hasher = DefaultHasher::new();
    match is_nothing(value) {
        true => 0_u8.hash(&mut hasher),
        false => write(value, &mut hasher),
    }
    hasher.finish()
}

/// Eight bytes that stand for a text.
pub fn digest_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A value without parts, in an order that has no other meaning.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Plain<'a> {
    Null,
    Bool(bool),
    /// A whole number, however it is written.
    Whole(i128),
    /// The bits of another number.
    Broken(u64),
    Text(&'a str),
}

/// Below this every whole `f64` is an `i128`.
const WHOLE_BELOW: f64 = 1e36;

impl<'a> Plain<'a> {
    fn of(value: &'a Json) -> Option<Plain<'a>> {
        Some(match value {
            Json::Null => Plain::Null,
            Json::Bool(bool) => Plain::Bool(*bool),
            Json::Number(number) => Plain::number(number),
            Json::String(text) => Plain::Text(text),
            Json::Array(_) | Json::Object(_) => return None,
        })
    }

    fn number(number: &Number) -> Plain<'a> {
        if let Some(whole) = number.as_i64() {
            return Plain::Whole(whole.into());
        }
        if let Some(whole) = number.as_u64() {
            return Plain::Whole(whole.into());
        }
        let float = number.as_f64().unwrap_or(f64::NAN);
        match float.fract() == 0.0 && float.abs() < WHOLE_BELOW {
            true => Plain::Whole(float as i128),
            false => Plain::Broken(float.to_bits()),
        }
    }

    /// All items of a list in order; `None` when one of them has parts.
    fn sorted(items: &'a [Json]) -> Option<Vec<Plain<'a>>> {
        let mut plain: Vec<Plain<'a>> = items.iter().map(Plain::of).collect::<Option<_>>()?;
        plain.sort_unstable();
        Some(plain)
    }
}

fn equal(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => {
            match (Plain::sorted(one), Plain::sorted(other)) {
                (Some(one), Some(other)) => one == other,
                (None, None) => {
                    let mut pairs = one.iter().zip(other);
                    one.len() == other.len() && pairs.all(|(one, other)| equal(one, other))
                }
                _ => false,
            }
        }
        (Json::Object(one), Json::Object(other)) => {
            let mut members = present(one);
            present(one).count() == present(other).count()
                && members.all(|(key, one)| other.get(key).is_some_and(|other| equal(one, other)))
        }
        _ => Plain::of(one).is_some_and(|one| Some(one) == Plain::of(other)),
    }
}

/// The members that are not null.
fn present(members: &Map<String, Json>) -> impl Iterator<Item = (&String, &Json)> {
    members.iter().filter(|(_, value)| !value.is_null())
}

fn write(value: &Json, hasher: &mut DefaultHasher) {
    match value {
        Json::Array(items) => match Plain::sorted(items) {
            Some(plain) => (1_u8, plain).hash(hasher),
            None => {
                (2_u8, items.len()).hash(hasher);
                items.iter().for_each(|item| write(item, hasher));
            }
        },
        Json::Object(members) => {
            let mut members: Vec<(&String, &Json)> = present(members).collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            (3_u8, members.len()).hash(hasher);
            for (key, value) in members {
                key.hash(hasher);
                write(value, hasher);
            }
        }
        plain => (4_u8, Plain::of(plain)).hash(hasher),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Values of few words, so that two of them are often alike.
    pub(crate) fn any_value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Json::from),
            prop_oneof![
                Just(json!(0)),
                Just(json!(1)),
                Just(json!(1.0)),
                Just(json!(-0.0)),
                Just(json!(0.5))
            ],
            prop_oneof![Just(json!("")), Just(json!("a")), Just(json!("b"))],
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
                prop::collection::vec((prop_oneof![Just("k"), Just("l")], inner), 0..3).prop_map(
                    |members| {
                        let members = members.into_iter();
                        Json::Object(members.map(|(k, v)| (k.to_owned(), v)).collect())
                    }
                ),
            ]
        })
    }

    proptest! {
        #[test]
        fn comparing_is_an_equivalence(a in any_value(), b in any_value(), c in any_value()) {
            prop_assert!(same(&a, &a));
            prop_assert_eq!(same(&a, &b), same(&b, &a));
            prop_assert!(!(same(&a, &b) && same(&b, &c)) || same(&a, &c));
        }

        #[test]
        fn digests_agree_with_comparing(a in any_value(), b in any_value()) {
            prop_assert_eq!(same(&a, &b), digest(&a) == digest(&b), "{} {}", a, b);
        }

        #[test]
        fn lists_of_plain_values_have_no_order(texts in prop::collection::vec("[ab]{0,2}", 0..5)) {
            let mut turned = texts.clone();
            turned.reverse();
            let (one, other) = (json!(texts), json!(turned));
            prop_assert!(same(&one, &other));
            prop_assert_eq!(digest(&one), digest(&other));
        }
    }

    fn alike(one: Json, other: Json) -> bool {
        assert_eq!(
            same(&one, &other),
            digest(&one) == digest(&other),
            "{one} {other}"
        );
        same(&one, &other)
    }

    #[test]
    fn nothing_has_many_spellings() {
        let all = [
            json!(null),
            json!(""),
            json!([]),
            json!({}),
            json!({"a": null}),
        ];
        for one in &all {
            for other in &all {
                assert!(alike(one.clone(), other.clone()), "{one} {other}");
            }
            for something in [
                json!(0),
                json!(false),
                json!(" "),
                json!([null]),
                json!({"a": ""}),
            ] {
                assert!(!alike(one.clone(), something.clone()), "{one} {something}");
            }
        }
    }

    #[test]
    fn numbers_count_by_their_value_and_texts_are_no_numbers() {
        assert!(alike(json!(1), json!(1.0)));
        assert!(alike(
            json!(9007199254740993_i64),
            json!(9007199254740993_u64)
        ));
        assert!(!alike(
            json!(9007199254740993_i64),
            json!(9007199254740992.0)
        ));
        assert!(!alike(json!(1), json!("1")));
        assert!(!alike(json!(1), json!(true)));
    }

    #[test]
    fn how_often_a_value_is_in_a_list_counts_and_lists_with_parts_have_an_order() {
        assert!(!alike(json!(["a", "a", "b"]), json!(["a", "b", "b"])));
        assert!(alike(json!([1, "a"]), json!(["a", 1.0])));
        assert!(!alike(
            json!([{"a": 1}, {"a": 2}]),
            json!([{"a": 2}, {"a": 1}])
        ));
        assert!(alike(
            json!({"a": 1, "b": ["x", "y"]}),
            json!({"b": ["y", "x"], "c": null, "a": 1})
        ));
        assert!(!alike(json!({"a": {}}), json!({})));
    }
}
