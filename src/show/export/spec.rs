//! The spec of a live object as people write it: fields in the order of their documentation, what
//! is the service's own or says nothing left out, what we do not know kept apart.
//!
//! Deliberately not here: secrets and references, which the caller puts in.

use crate::decide::canon::known;
use crate::kinds::shape::{Field, Object, Shape};
use crate::kinds::{Kind, Picks};
use crate::show::redact;
use crate::words::template::Part;
use crate::words::value::Map;
use crate::words::{Pointer, Value};

/// A spec, and what does not fit into one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spec {
    /// The fields that we know.
    pub known: Value,
    /// The others, where the service keeps what we do not know: `lifecycle.extra`.
    pub extra: Map,
    /// The others, where a write leaves them out.
    pub unknown: Vec<Pointer>,
}

/// The spec of a live object.
pub fn of_live(kind: &dyn Kind, live: &Value) -> Spec {
    make(kind, live, true)
}

/// The spec of an object that somebody wrote: what it says stays, also where it says nothing.
pub fn of_written(kind: &dyn Kind, value: &Value) -> Spec {
    make(kind, value, false)
}

fn make(kind: &dyn Kind, value: &Value, short: bool) -> Spec {
    let mut walk = Walk {
        short,
        at: Pointer::root(),
        in_list: false,
        extra: Value::Map(Map::new()),
        unknown: Vec::new(),
    };
    let known = walk.value(kind.shape(), value);
    walk.unknown.sort();
    Spec {
        known,
        extra: walk.extra.as_map().cloned().unwrap_or_default(),
        unknown: walk.unknown,
    }
}

struct Walk {
    /// Whether what is the same as being absent is left out.
    short: bool,
    at: Pointer,
    /// Whether a list is above, which `lifecycle.extra` cannot reach into.
    in_list: bool,
    extra: Value,
    unknown: Vec<Pointer>,
}

impl Walk {
    fn value(&mut self, shape: &Shape, value: &Value) -> Value {
        match (shape, value) {
            (Shape::Map { of, .. }, value) if matches!(**of, Shape::Any) => value.clone(),
            (Shape::Map { of, .. }, Value::Map(map)) => {
                let mut kept = Map::new();
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    self.at.push(key);
                    let value = self.value(of, value);
                    self.at.pop();
                    kept.insert(key.clone(), value);
                }
                Value::Map(kept)
            }
            (Shape::List { of, .. }, Value::List(list)) => {
                let above = std::mem::replace(&mut self.in_list, true);
                let mut kept = Vec::new();
                for (index, item) in list.iter().enumerate() {
                    self.at.push(index);
                    kept.push(self.value(of, item));
                    self.at.pop();
                }
                self.in_list = above;
                Value::List(kept)
            }
            (Shape::OneOf(shapes), value) => match Shape::fitting(shapes, value) {
                Some(shape) => self.value(shape, value),
                None => value.clone(),
            },
            (Shape::Tagged { tag, .. }, Value::Map(map)) => {
                let text = |tag: &str| map.get(tag).and_then(Value::as_text).map(str::to_owned);
                match shape.object(text) {
                    Some(object) => self.fields(object, Some(tag), map),
                    None => value.clone(),
                }
            }
            (Shape::Object(object), Value::Map(map)) => self.fields(object, None, map),
            _ => value.clone(),
        }
    }

    fn fields(&mut self, object: &Object, tag: Option<&str>, map: &Map) -> Value {
        let mut kept = Map::new();
        if let Some((tag, text)) = tag.and_then(|tag| Some((tag, map.get(tag)?))) {
            kept.insert(tag.to_owned(), text.clone());
        }
        for field in &object.fields {
            let Some(value) = map.get(field.name).filter(|value| self.says(field, value)) else {
                continue;
            };
            self.at.push(field.name);
            let value = self.value(&field.shape, value);
            self.at.pop();
            kept.insert(field.name.to_owned(), value);
        }
        for (key, value) in map {
            if Some(key.as_str()) == tag || object.field(key).is_some() || value.is_null() {
                continue;
            }
            let at = self.at.join(key);
            match object.open && !self.in_list && has_no_reference(value) {
                true => put(&mut self.extra, &at, value.clone()),
                false => self.unknown.push(at),
            }
        }
        Value::Map(kept)
    }

    /// Whether a field's value has to be written.
    fn says(&self, field: &Field, value: &Value) -> bool {
        let any = field.required && matches!(field.shape, Shape::Any);
        if field.rules.computed || (value.is_null() && !any) {
            return false;
        }
        // A text that is the default is worth reading: `engineType: REGO_V0`.
        let worth = value.as_text().is_some_and(|text| !text.is_empty());
        !self.short || field.required || worth || known(field, value).is_some()
    }
}

/// Whether `lifecycle.extra` can hold it, where no `${…}` is read.
fn has_no_reference(value: &Value) -> bool {
    let mut none = true;
    value.leaves(&mut |_, leaf| {
        none &= leaf.as_text().is_none_or(|text| !text.contains("${"));
    });
    none
}

/// Puts a value at a place, making the maps on the way.
pub fn put(into: &mut Value, at: &Pointer, value: Value) {
    let Some((last, way)) = at.parts().split_last() else {
        *into = value;
        return;
    };
    let mut into = into;
    for part in way {
        into = match into {
            Value::Map(map) => map.get_or_insert_with(part.clone(), || Value::Map(Map::new())),
            Value::List(list) => {
                let index = part.parse::<usize>().ok();
                match index.and_then(|index| list.get_mut(index)) {
                    Some(item) => item,
                    None => return,
                }
            }
            _ => return,
        };
    }
    match into {
        Value::Map(map) => {
            map.insert(last.clone(), value);
        }
        Value::List(list) => {
            if let Some(item) = last.parse::<usize>().ok().and_then(|i| list.get_mut(i)) {
                *item = value;
            }
        }
        _ => {}
    }
}

/// Takes the entry of a map out, if it is there.
pub fn remove(from: &mut Value, at: &Pointer) -> Option<Value> {
    let (last, way) = at.parts().split_last()?;
    let mut from = from;
    for part in way {
        from = match from {
            Value::Map(map) => map.get_mut(part)?,
            Value::List(list) => list.get_mut(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    from.as_map_mut()?.shift_remove(last)
}

/// Takes out what nobody may see: literal credentials in headers, foreign intake keys and the
/// userinfo of URLs. Returns their places, which are left as they are in the service.
///
/// Fails with the reason when the object cannot do without one of them.
pub fn hide(kind: &dyn Kind, spec: &mut Value) -> Result<Vec<Pointer>, String> {
    let mut hidden = Vec::new();
    spec.leaves(&mut |at, leaf| {
        let text = match leaf {
            Value::Text(text) => text.to_string(),
            // What a reference stands for is not in the file, also behind a host that takes keys.
            Value::Deferred(template) if !redact::authorises(at) => {
                let literals = template.parts.iter().filter_map(|part| match part {
                    Part::Text(text) => Some(text),
                    Part::Reference(_) => None,
                });
                if literals.into_iter().any(|text| redact::text(text) != *text) {
                    hidden.push(at.clone());
                }
                return;
            }
            Value::Deferred(template) => template.source(),
            Value::Number(number) if redact::authorises(at) => number.to_string(),
            _ => return,
        };
        if redact::at(at, &text).as_deref() != Some(text.as_str()) {
            hidden.push(at.clone());
        }
    });
    let required = required(kind);
    for at in &hidden {
        if at.parts().iter().any(|part| part == "*") || required.contains(at) {
            return Err(format!(
                "`{at}` holds a credential or somebody else's intake URL, which no file may hold"
            ));
        }
        if remove(spec, at).is_none() {
            return Err(format!(
                "`{at}` holds a credential in a list, which no file may hold"
            ));
        }
    }
    Ok(hidden)
}

/// The field at a place, down through maps with known fields.
pub fn field<'k>(kind: &'k dyn Kind, at: &Pointer) -> Option<&'k Field> {
    let mut shape = kind.shape();
    let mut found = None;
    for part in at.parts() {
        let field = shape.object(|_| None)?.field(part)?;
        shape = &field.shape;
        found = Some(field);
    }
    found
}

/// The places at the top of a spec that an object cannot do without.
fn required(kind: &dyn Kind) -> Vec<Pointer> {
    let Shape::Object(object) = kind.shape() else {
        return Vec::new();
    };
    let fields = object.fields.iter().filter(|field| field.required);
    fields
        .map(|field| Pointer::root().join(field.name))
        .collect()
}

/// Whether a place holds a name of a live space.
pub fn is_by_name(kind: &dyn Kind, at: &Pointer) -> bool {
    Picks::of(kind).by_name.contains(at)
}
