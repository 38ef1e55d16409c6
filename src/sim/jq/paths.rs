//! What paths and updates do to values, as jq does it.
//!
//! Messages are jq's own, but without the values: those may be secret (law 5). Deliberately not
//! here: arithmetic, and named functions (see `builtin`).

use std::iter::once;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValX};

use super::limits::{LONGEST_ARRAY, TOO_LARGE};
use super::value::{Num, Object, Val};

fn fail<T>(message: impl ToString) -> Result<T, Error<Val>> {
    Err(Error::str(message))
}

fn cannot_iterate<T>(value: &Val) -> Result<T, Error<Val>> {
    fail(format!("Cannot iterate over {}", value.kind()))
}

fn cannot_index<T>(value: &Val, index: &Val) -> Result<T, Error<Val>> {
    match index {
        // A key is a part of the program or of the data's form.
        Val::Str(key) if key.len() <= 100 => {
            fail(format!("Cannot index {} with \"{key}\"", value.kind()))
        }
        _ => fail(format!(
            "Cannot index {} with {}",
            value.kind(),
            index.kind()
        )),
    }
}

/// Where in something of this length a bound of a slice is.
fn bound(bound: Option<&Val>, length: usize, from: bool) -> Result<usize, Error<Val>> {
    let at = match bound {
        None | Some(Val::Null) => return Ok(if from { 0 } else { length }),
        Some(Val::Num(n)) => n.value,
        Some(_) => {
            return fail("Start and end indices of an array slice must be numbers");
        }
    };
    let at = if at < 0.0 { at + length as f64 } else { at };
    let at = if from { at.floor() } else { at.ceil() };
    Ok(at.clamp(0.0, length as f64) as usize)
}

fn bounds(range: Range<&Val>, length: usize) -> Result<std::ops::Range<usize>, Error<Val>> {
    let start = bound(range.start, length, true)?;
    let end = bound(range.end, length, false)?;
    Ok(start..end.max(start))
}

/// The bounds that an object such as `{"start": 1, "end": 2}` stands for in a path.
fn slice_of(object: &Object) -> Range<&Val> {
    object.get("start")..object.get("end")
}

fn slice(value: &Val, range: Range<&Val>) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::Null),
        Val::Arr(items) => {
            let range = bounds(range, items.len())?;
            Ok(items[range].iter().cloned().collect())
        }
        Val::Str(s) => {
            let range = bounds(range, s.chars().count())?;
            let chars = s.chars().skip(range.start).take(range.len());
            Ok(Val::from(chars.collect::<String>()))
        }
        _ => fail(format!("Cannot index {} with object", value.kind())),
    }
}

/// Where one array stands in another.
pub fn positions(items: &[Val], part: &[Val]) -> Val {
    if part.is_empty() {
        return Val::Null;
    }
    let windows = items.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(at, _)| Val::from(at))
        .collect()
}

/// The value at a key or an index.
pub fn get(value: &Val, index: &Val) -> ValR<Val> {
    match (value, index) {
        (Val::Null, Val::Null | Val::Num(_) | Val::Str(_)) => Ok(Val::Null),
        (Val::Obj(object), Val::Str(key)) => Ok(object.get(key).cloned().unwrap_or(Val::Null)),
        (Val::Arr(items), Val::Num(n)) => Ok(position(n.value, items.len())
            .and_then(|at| items.get(at).cloned())
            .unwrap_or(Val::Null)),
        (Val::Arr(items), Val::Arr(part)) => Ok(positions(items, part)),
        (Val::Null | Val::Arr(_) | Val::Str(_), Val::Obj(object)) => slice(value, slice_of(object)),
        _ => cannot_index(value, index),
    }
}

/// The position that an index means, counted from the end when it is negative.
fn position(index: f64, length: usize) -> Option<usize> {
    if index.is_nan() {
        return None;
    }
    let index = index.floor();
    let at = if index < 0.0 {
        index + length as f64
    } else {
        index
    };
    (at >= 0.0).then_some(at as usize)
}

impl jaq_core::ValT for Val {
    fn from_num(n: &str) -> ValR<Self> {
        match Num::parse(n) {
            Some(n) => Ok(Val::Num(n)),
            None => fail("not a number"),
        }
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let mut object = Object::new();
        for (key, value) in entries {
            let Val::Str(key) = key else {
                return fail(format!("Object keys must be strings, not {}", key.kind()));
            };
            object.insert(key, value);
        }
        Ok(Val::Obj(Rc::new(object)))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Val::Arr(items) => {
                Box::new((0..items.len()).map(move |at| Ok((Val::from(at), items[at].clone()))))
            }
            Val::Obj(object) => {
                let entries: Vec<_> = object
                    .iter()
                    .map(|(key, value)| Ok((Val::Str(key.clone()), value.clone())))
                    .collect();
                Box::new(entries.into_iter())
            }
            other => box_once(cannot_iterate(&other)),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Val::Arr(items) => Box::new((0..items.len()).map(move |at| Ok(items[at].clone()))),
            Val::Obj(object) => {
                let values: Vec<_> = object.values().cloned().map(Ok).collect();
                Box::new(values.into_iter())
            }
            other => Box::new(once(cannot_iterate(&other))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        get(&self, index)
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        slice(&self, range)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Val::Arr(items) => {
                let items = Rc::unwrap_or_clone(items);
                let changed = items.into_iter().filter_map(|item| f(item).next());
                Ok(Val::Arr(Rc::new(changed.collect::<Result<_, _>>()?)))
            }
            Val::Obj(object) => {
                let mut changed = Object::new();
                for (key, value) in Rc::unwrap_or_clone(object) {
                    if let Some(value) = f(value).next() {
                        changed.insert(key, value?);
                    }
                }
                Ok(Val::Obj(Rc::new(changed)))
            }
            other => opt.fail(other, |other| match cannot_iterate::<Val>(&other) {
                Err(error) => Exn::from(error),
                Ok(_) => Exn::from(Error::new(other)),
            }),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let failed = |value: Val, error: Error<Val>| opt.fail(value, |_| Exn::from(error));
        match (self, index) {
            (value @ (Val::Null | Val::Arr(_) | Val::Str(_)), Val::Obj(object)) => {
                value.map_range(slice_of(object), opt, f)
            }
            (value @ (Val::Null | Val::Obj(_)), Val::Str(key)) => {
                let old = get(&value, index)?;
                let new = f(old).next().transpose()?;
                let mut object = match value {
                    Val::Obj(object) => object,
                    // What is not there yet is created, unless nothing is put into it.
                    _ if new.is_none() => return Ok(Val::Null),
                    _ => Rc::default(),
                };
                match new {
                    Some(new) => Rc::make_mut(&mut object).insert(key.clone(), new),
                    None => Rc::make_mut(&mut object).shift_remove(key),
                };
                Ok(Val::Obj(object))
            }
            (value @ (Val::Null | Val::Arr(_)), Val::Num(n)) => {
                let length = match &value {
                    Val::Arr(items) => items.len(),
                    _ => 0,
                };
                let Some(at) = position(n.value, length) else {
                    let error = Error::str("Out of bounds negative array index");
                    return failed(value, error);
                };
                if at > LONGEST_ARRAY {
                    let error = Error::str(format!("{TOO_LARGE}array index"));
                    return failed(value, error);
                }
                let new = f(get(&value, index)?).next().transpose()?;
                let mut items = match value {
                    Val::Arr(items) => items,
                    _ if new.is_none() => return Ok(Val::Null),
                    _ => Rc::default(),
                };
                let all = Rc::make_mut(&mut items);
                match new {
                    Some(new) => {
                        if at >= all.len() {
                            all.resize(at + 1, Val::Null);
                        }
                        all[at] = new;
                    }
                    None if at < all.len() => {
                        all.remove(at);
                    }
                    None => {}
                }
                Ok(Val::Arr(items))
            }
            (value, index) => {
                let error = match cannot_index::<Val>(&value, index) {
                    Err(error) => error,
                    Ok(value) => Error::new(value),
                };
                failed(value, error)
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let failed =
            |value: Val, message: &str| opt.fail(value, |_| Exn::from(Error::str(message)));
        let mut items = match self {
            Val::Null => Rc::default(),
            Val::Arr(items) => items,
            other => {
                return failed(other, "Cannot update field at object index of this value");
            }
        };
        let range = bounds(range, items.len())?;
        let part: Val = items[range.clone()].iter().cloned().collect();
        let new = match f(part).next().transpose()? {
            Some(Val::Arr(new)) => new,
            None => Rc::default(),
            Some(_) => {
                let message = "A slice of an array can only be assigned another array";
                return failed(Val::Arr(items), message);
            }
        };
        Rc::make_mut(&mut items).splice(range, new.iter().cloned());
        Ok(Val::Arr(items))
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Val::Str(_) => self,
            other => Val::from(other.text()),
        }
    }
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Val::Arr(items) => Ok(Rc::unwrap_or_clone(items).into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        self.as_isize().is_some()
    }

    fn as_isize(&self) -> Option<isize> {
        let value = self.number()?;
        (value.fract() == 0.0 && value.abs() < isize::MAX as f64).then_some(value as isize)
    }

    fn as_f64(&self) -> Option<f64> {
        self.number()
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Val::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Val::Str(s) => Some(s.as_bytes()),
            _ => None,
        }
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Val::str(String::from_utf8_lossy(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Val::str(String::from_utf8_lossy(bytes.as_ref()))
    }
}
