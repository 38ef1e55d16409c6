//! Values: settled, cleaned of nulls that say nothing, and laid over each other.

use crate::kinds;
use crate::words::Value;
use crate::words::template::Reference;
use crate::words::value::{Map, SecretSource};

/// The value with every reference that `fill` knows replaced, inside secrets too.
pub fn settle(value: &Value, fill: &mut dyn FnMut(&Reference) -> Option<String>) -> Value {
    value.map_leaves(&mut |_, leaf| match leaf {
        Value::Deferred(template) => {
            let settled = template.settle(fill);
            Some(match settled.literal() {
                Some(text) => Value::text(text),
                None => Value::Deferred(settled),
            })
        }
        Value::Secret(source) => Some(Value::Secret(SecretSource::new(
            source.template().settle(fill),
        ))),
        _ => None,
    })
}

/// Nulls of known optional fields mean "absent"; nulls inside free-form values are data.
pub(super) fn without_nulls(shape: &kinds::Shape, value: Value) -> Value {
    use kinds::Shape;
    match (shape, value) {
        (Shape::Map { of, .. }, value) if matches!(**of, Shape::Any) => value,
        (Shape::Map { of, .. }, Value::Map(mut map)) => {
            map.retain(|_, value| !value.is_null());
            for value in map.values_mut() {
                *value = without_nulls(of, std::mem::take(value));
            }
            Value::Map(map)
        }
        (Shape::List { of, .. }, Value::List(list)) => {
            Value::List(list.into_iter().map(|v| without_nulls(of, v)).collect())
        }
        (Shape::OneOf(shapes), value) => match Shape::fitting(shapes, &value) {
            Some(shape) => without_nulls(shape, value),
            None => value,
        },
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(mut map)) => {
            let text = |tag: &str| map.get(tag).and_then(Value::as_text).map(str::to_owned);
            let Some(object) = shape.object(text) else {
                return Value::Map(map);
            };
            map.retain(|key, value| {
                let Some(field) = object.field(key) else {
                    return true;
                };
                let kept = !value.is_null() || matches!(field.shape, Shape::Any);
                if kept && !field.rules.computed {
                    *value = without_nulls(&field.shape, std::mem::take(value));
                }
                kept && !field.rules.computed
            });
            Value::Map(map)
        }
        (_, value) => value,
    }
}

/// Lays `extra` over a value, map by map.
pub(super) fn merge(value: &mut Value, extra: &Map) {
    let Value::Map(map) = value else { return };
    for (key, more) in extra {
        match (map.get_mut(key), more) {
            (Some(under @ Value::Map(_)), Value::Map(more)) => merge(under, more),
            _ => {
                map.insert(key.clone(), more.clone());
            }
        }
    }
}
