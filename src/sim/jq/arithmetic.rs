//! What arithmetic does to values, as jq does it: `+` joins, `-` takes away, `*` merges, `/` splits.
//!
//! Messages are jq's own, but without the values: those may be secret (law 5). Deliberately not
//! here: paths (see `paths`).

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::{Error, ValR};

use super::limits::{LARGEST_TEXT, TOO_LARGE};
use super::value::{Object, Val};

fn fail<T>(message: impl ToString) -> Result<T, Error<Val>> {
    Err(Error::str(message))
}

/// An error that says what is too large.
pub fn too_large<T>(what: &str) -> Result<T, Error<Val>> {
    fail(format!("{TOO_LARGE}{what}"))
}

fn binary<T>(left: &Val, right: &Val, what: &str) -> Result<T, Error<Val>> {
    fail(format!(
        "{} and {} cannot be {what}",
        left.kind(),
        right.kind()
    ))
}

impl Add for Val {
    type Output = ValR<Val>;
    fn add(self, other: Val) -> ValR<Val> {
        match (self, other) {
            (Val::Null, value) | (value, Val::Null) => Ok(value),
            (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value + b.value)),
            (Val::Str(a), Val::Str(b)) => {
                if a.len() + b.len() > LARGEST_TEXT {
                    return too_large("text");
                }
                Ok(Val::from(format!("{a}{b}")))
            }
            (Val::Arr(mut a), Val::Arr(b)) => {
                Rc::make_mut(&mut a).extend(b.iter().cloned());
                Ok(Val::Arr(a))
            }
            (Val::Obj(mut a), Val::Obj(b)) => {
                let entries = b.iter().map(|(key, value)| (key.clone(), value.clone()));
                Rc::make_mut(&mut a).extend(entries);
                Ok(Val::Obj(a))
            }
            (a, b) => binary(&a, &b, "added"),
        }
    }
}

impl Sub for Val {
    type Output = ValR<Val>;
    fn sub(self, other: Val) -> ValR<Val> {
        match (self, other) {
            (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value - b.value)),
            (Val::Arr(mut a), Val::Arr(b)) => {
                Rc::make_mut(&mut a).retain(|item| !b.contains(item));
                Ok(Val::Arr(a))
            }
            (a, b) => binary(&a, &b, "subtracted"),
        }
    }
}

impl Mul for Val {
    type Output = ValR<Val>;
    fn mul(self, other: Val) -> ValR<Val> {
        match (self, other) {
            (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value * b.value)),
            (Val::Str(s), Val::Num(n)) | (Val::Num(n), Val::Str(s)) => {
                if n.value <= 0.0 || n.value.is_nan() {
                    return Ok(Val::Null);
                }
                let times = n.value.ceil();
                if times * s.len() as f64 > LARGEST_TEXT as f64 {
                    return too_large("text");
                }
                // An empty text may be repeated as often as one likes.
                let times = if s.is_empty() { 0 } else { times as usize };
                Ok(Val::from(s.repeat(times)))
            }
            (Val::Obj(mut a), Val::Obj(b)) => {
                merge(&mut a, &b);
                Ok(Val::Obj(a))
            }
            (a, b) => binary(&a, &b, "multiplied"),
        }
    }
}

/// Merges objects, and objects in objects.
fn merge(into: &mut Rc<Object>, from: &Rc<Object>) {
    let into = Rc::make_mut(into);
    for (key, value) in from.iter() {
        match (into.get_mut(key), value) {
            (Some(Val::Obj(old)), Val::Obj(new)) => merge(old, new),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

impl Div for Val {
    type Output = ValR<Val>;
    fn div(self, other: Val) -> ValR<Val> {
        match (self, other) {
            (Val::Num(a), Val::Num(b)) if b.value != 0.0 => Ok(Val::from(a.value / b.value)),
            (a @ Val::Num(_), b @ Val::Num(_)) => {
                binary(&a, &b, "divided because the divisor is zero")
            }
            (Val::Str(a), Val::Str(b)) => Ok(split(&a, &b)),
            (a, b) => binary(&a, &b, "divided"),
        }
    }
}

fn split(text: &str, separator: &str) -> Val {
    if text.is_empty() {
        return Val::from_iter([]);
    }
    if separator.is_empty() {
        return text.chars().map(|c| Val::from(c.to_string())).collect();
    }
    text.split(separator).map(Val::str).collect()
}

impl Rem for Val {
    type Output = ValR<Val>;
    fn rem(self, other: Val) -> ValR<Val> {
        match (self, other) {
            (Val::Num(a), Val::Num(b)) => {
                if a.value.is_nan() || b.value.is_nan() {
                    return Ok(Val::from(f64::NAN));
                }
                // Both become integers first; casts saturate.
                let (left, right) = (a.value as i64, b.value as i64);
                if right == 0 {
                    let (a, b) = (Val::Num(a), Val::Num(b));
                    return binary(&a, &b, "divided (remainder) because the divisor is zero");
                }
                let rest = left.unsigned_abs() % right.unsigned_abs();
                let rest = rest as f64;
                Ok(Val::from(if left < 0 { -rest } else { rest }))
            }
            (a, b) => binary(&a, &b, "divided (remainder)"),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Val>;
    fn neg(self) -> ValR<Val> {
        match self {
            Val::Num(n) => Ok(Val::from(-n.value)),
            other => fail(format!("{} cannot be negated", other.kind())),
        }
    }
}
