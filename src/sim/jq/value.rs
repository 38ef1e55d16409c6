//! Values as jq knows them: JSON whose numbers are doubles, integers beyond them kept as written.
//!
//! Deliberately not here: what paths and operators do (see `paths`, `arithmetic`), and how numbers are written
//! (see `number`).

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::number;

/// An object: keys in the order in which they were added.
pub type Object = IndexMap<Rc<str>, Val>;

/// A value of a running program.
#[derive(Clone, Debug)]
pub enum Val {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Num(Num),
    /// A text.
    Str(Rc<str>),
    /// An array.
    Arr(Rc<Vec<Val>>),
    /// An object.
    Obj(Rc<Object>),
}

/// A number: a double, and how an integer that is none was written.
#[derive(Clone, Debug)]
pub struct Num {
    /// The double.
    pub value: f64,
    /// An integer that no double holds, which nothing was calculated with (as since jq 1.7).
    pub exact: Option<Rc<Number>>,
}

/// How large all outputs of a program may be together.
#[derive(Debug)]
pub struct Budget {
    /// How many values and bytes of text are left.
    pub left: usize,
    /// How deep values may be nested.
    pub depth: usize,
}

/// Outputs are larger or deeper than allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct Exceeded;

impl Val {
    /// A text.
    pub fn str(text: impl AsRef<str>) -> Val {
        Val::Str(text.as_ref().into())
    }

    /// A value from JSON.
    pub fn from_json(json: &Value) -> Val {
        match json {
            Value::Null => Val::Null,
            Value::Bool(b) => Val::Bool(*b),
            Value::Number(n) => Val::Num(Num::from_json(n)),
            Value::String(s) => Val::str(s),
            Value::Array(items) => Val::Arr(Rc::new(items.iter().map(Val::from_json).collect())),
            Value::Object(entries) => Val::Obj(Rc::new(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_str().into(), Val::from_json(value)))
                    .collect(),
            )),
        }
    }

    /// The value as JSON, unless it is larger than what is left of the budget.
    pub fn to_json(&self, budget: &mut Budget) -> Result<Value, Exceeded> {
        let spend = |budget: &mut Budget, size: usize| {
            budget.left = budget.left.checked_sub(size).ok_or(Exceeded)?;
            Ok(())
        };
        spend(budget, 1)?;
        Ok(match self {
            Val::Null => Value::Null,
            Val::Bool(b) => Value::Bool(*b),
            Val::Num(n) => n.to_json(),
            Val::Str(s) => {
                spend(budget, s.len())?;
                Value::String(s.to_string())
            }
            Val::Arr(items) => {
                budget.depth = budget.depth.checked_sub(1).ok_or(Exceeded)?;
                let items = items.iter().map(|item| item.to_json(budget));
                let items = items.collect::<Result<_, _>>()?;
                budget.depth += 1;
                Value::Array(items)
            }
            Val::Obj(entries) => {
                budget.depth = budget.depth.checked_sub(1).ok_or(Exceeded)?;
                let mut object = serde_json::Map::new();
                for (key, value) in entries.iter() {
                    spend(budget, key.len())?;
                    object.insert(key.to_string(), value.to_json(budget)?);
                }
                budget.depth += 1;
                Value::Object(object)
            }
        })
    }

    /// The JSON text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Val::Null => text.push_str("null"),
            Val::Bool(b) => text.push_str(if *b { "true" } else { "false" }),
            Val::Num(n) => text.push_str(&n.text()),
            Val::Str(s) => write_text(s, text),
            Val::Arr(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write(text);
                }
                text.push(']');
            }
            Val::Obj(entries) => {
                text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    write_text(key, text);
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// What jq calls its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Val::Null => "null",
            Val::Bool(_) => "boolean",
            Val::Num(_) => "number",
            Val::Str(_) => "string",
            Val::Arr(_) => "array",
            Val::Obj(_) => "object",
        }
    }

    /// The double, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Val::Num(n) => Some(n.value),
            _ => None,
        }
    }
}

/// A text as JSON; jq also escapes DEL.
fn write_text(s: &str, text: &mut String) {
    // A text is always JSON.
    let quoted = serde_json::to_string(s).unwrap_or_default();
    text.push_str(&quoted.replace('\u{7f}', "\\u007f"));
}

impl Num {
    /// A number that was calculated.
    pub fn new(value: f64) -> Num {
        Num { value, exact: None }
    }

    fn from_json(n: &Number) -> Num {
        let value = n.as_f64().unwrap_or(f64::NAN);
        let exact = (n.is_i64() || n.is_u64()) && value.abs() > number::LARGEST_EXACT;
        Num {
            value,
            exact: exact.then(|| Rc::new(n.clone())),
        }
    }

    /// From what is written in a program.
    pub fn parse(text: &str) -> Option<Num> {
        if let Ok(n) = text.parse::<u64>() {
            return Some(Num::from_json(&n.into()));
        }
        text.parse().ok().map(Num::new)
    }

    fn to_json(&self) -> Value {
        match &self.exact {
            Some(exact) => Value::Number((**exact).clone()),
            None => number::to_json(self.value),
        }
    }

    fn text(&self) -> String {
        match &self.exact {
            Some(exact) => exact.to_string(),
            None => number::text(self.value),
        }
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Num(a), Val::Num(b)) => a.value == b.value,
            (Val::Str(a), Val::Str(b)) => a == b,
            (Val::Arr(a), Val::Arr(b)) => a == b,
            (Val::Obj(a), Val::Obj(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Val {}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// jq's order: null, false, true, numbers, texts, arrays, objects; objects by their sorted keys
/// first. Not a number comes before all numbers.
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Val::Bool(a), Val::Bool(b)) => a.cmp(b),
            (Val::Num(a), Val::Num(b)) => {
                let nan = (b.value.is_nan()).cmp(&a.value.is_nan());
                a.value.partial_cmp(&b.value).unwrap_or(nan)
            }
            (Val::Str(a), Val::Str(b)) => a.cmp(b),
            (Val::Arr(a), Val::Arr(b)) => a.cmp(b),
            (Val::Obj(a), Val::Obj(b)) => {
                let sorted = |object: &Rc<Object>| {
                    let mut keys: Vec<Rc<str>> = object.keys().cloned().collect();
                    keys.sort();
                    keys
                };
                let (keys, others) = (sorted(a), sorted(b));
                keys.cmp(&others).then_with(|| {
                    let values = keys.iter().map(|key| a.get(key));
                    values.cmp(keys.iter().map(|key| b.get(key)))
                })
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Val {
    fn rank(&self) -> u8 {
        match self {
            Val::Null => 0,
            Val::Bool(_) => 1,
            Val::Num(_) => 2,
            Val::Str(_) => 3,
            Val::Arr(_) => 4,
            Val::Obj(_) => 5,
        }
    }
}

impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Val::Bool(b)
    }
}

impl From<isize> for Val {
    fn from(n: isize) -> Self {
        Val::Num(Num::from_json(&(n as i64).into()))
    }
}

impl From<usize> for Val {
    fn from(n: usize) -> Self {
        Val::Num(Num::from_json(&(n as u64).into()))
    }
}

impl From<f64> for Val {
    fn from(n: f64) -> Self {
        Val::Num(Num::new(n))
    }
}

impl From<String> for Val {
    fn from(s: String) -> Self {
        Val::Str(s.into())
    }
}

/// A slice in a path.
impl From<std::ops::Range<Option<Val>>> for Val {
    fn from(range: std::ops::Range<Option<Val>>) -> Self {
        let bound = |bound: Option<Val>| bound.unwrap_or(Val::Null);
        let entries = [("start", bound(range.start)), ("end", bound(range.end))];
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
        Val::Obj(Rc::new(entries.collect()))
    }
}

impl FromIterator<Val> for Val {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Self {
        Val::Arr(Rc::new(items.into_iter().collect()))
    }
}
