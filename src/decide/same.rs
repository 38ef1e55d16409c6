//! Sameness: whether two specs have one canonical form, told without building it.
//!
//! Most objects of a plan stay as they are, and two canonical trees only to see that cost more
//! than the comparison. So both sides are walked at once by the rules of `canon`; where a rule is
//! more than a word, its own code decides about that field alone. Deliberately not here: what
//! differs (see `diff`). A `false` is a doubt and no answer.

use crate::decide::canon::{known, plain};
use crate::kinds::shape::{Field, Object, Shape};
use crate::words::Value;
use crate::words::value::Map;

/// Whether both values surely have the same canonical form under this shape.
pub fn same(shape: &Shape, one: &Value, other: &Value) -> bool {
    match (shape, one, other) {
        (_, Value::Map(one), Value::Map(other)) if one.shares_with(other) => true,
        (Shape::Map { of, .. }, _, _) if matches!(**of, Shape::Any) => same_data(one, other),
        (Shape::Map { of, .. }, Value::Map(one), Value::Map(other)) => {
            let there = |map: &Map| map.values().filter(|value| !value.is_null()).count();
            there(one) == there(other)
                && one
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .all(|(key, one)| {
                        other
                            .get(key)
                            .is_some_and(|other| !other.is_null() && same(of, one, other))
                    })
        }
        (Shape::List { of, .. }, Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(of, a, b))
        }
        (Shape::OneOf(shapes), one, other) => {
            match (Shape::fitting(shapes, one), Shape::fitting(shapes, other)) {
                (Some(shape), Some(also)) => std::ptr::eq(shape, also) && same(shape, one, other),
                (None, None) => same_data(one, other),
                _ => false,
            }
        }
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(a), Value::Map(b)) => {
            let chosen = |value: &Value| shape.object(|tag| value.get_text(tag).map(str::to_owned));
            match (chosen(one), chosen(other)) {
                (Some(object), Some(also)) => std::ptr::eq(object, also) && fields(object, a, b),
                (None, None) => same_data(one, other),
                _ => false,
            }
        }
        _ => same_data(one, other),
    }
}

fn fields(object: &Object, one: &Map, other: &Map) -> bool {
    let mut shared = 0;
    let all = one.iter().all(|(key, one)| {
        let there = other.get(key);
        shared += usize::from(there.is_some());
        match (object.field(key), there) {
            (Some(field), Some(other)) => same_field(field, one, other),
            (Some(field), None) => known(field, one).is_none(),
            (None, Some(other)) => same_data(one, other),
            (None, None) => false,
        }
    });
    // Of what only the other side has, nothing may be left.
    all && (shared == other.len()
        || other.iter().all(|(key, value)| {
            one.contains_key(key)
                || object
                    .field(key)
                    .is_some_and(|field| known(field, value).is_none())
        }))
}

fn same_field(field: &Field, one: &Value, other: &Value) -> bool {
    let rules = &field.rules;
    let special = rules.write_only || one.is_null() || other.is_null();
    rules.computed
        || (!special && same(&field.shape, one, other))
        || ((special || rules.text || rules.unordered || rules.equal.is_some())
            && known(field, one) == known(field, other))
}

/// Whether free-form data is the same but for the spelling of numbers.
fn same_data(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| same_data(one, other)))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_data(a, b))
        }
        (Value::Number(_), Value::Number(_)) => plain(one) == plain(other),
        _ => one == other,
    }
}
