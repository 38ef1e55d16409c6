//! Losses: what of the data that hangs on an object a change would take away.
//!
//! Plain data; a kind says its losses, a guard decides. Deliberately not here: how much data there
//! is (see [`Census`] for where to ask) and who may allow the loss.

use std::fmt;

use crate::words::{Pointer, Value};

/// One thing that a change takes from the data, or that the data no longer fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// Where in the spec; the root when the object itself goes.
    pub at: Pointer,
    /// What happens there.
    pub what: Lost,
    /// The key that is new beside it and looks like its new name.
    pub renamed: Option<String>,
}

/// What happens at the place of a loss.
#[derive(Debug, Clone, PartialEq)]
pub enum Lost {
    /// The object goes, and its data with it.
    Object,
    /// What stands there goes, and every value with it.
    Removed,
    /// Values of another type are wanted than there are.
    Type {
        /// The type of the values that there are.
        from: String,
        /// The type that is wanted.
        to: String,
    },
    /// It leads to another object than the values do.
    Target {
        /// Where the values lead.
        from: String,
        /// Where they should lead.
        to: String,
    },
    /// It leads to one where the values may lead to several.
    Single,
    /// These values are no longer allowed; without any, only a list of values is allowed that was
    /// not asked for before.
    Values(Vec<Value>),
    /// A value is asked for that there need not be.
    Required,
}

/// Where a service counts what hangs on an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Path from `/v1` on.
    pub path: String,
    /// Where in the answer the number stands: a JSON pointer.
    pub at: &'static str,
    /// The words after the number one: `entity has this blueprint`.
    pub one: &'static str,
    /// The words after other numbers: `entities have this blueprint`.
    pub many: &'static str,
}

impl Loss {
    /// A loss without a likely new name.
    pub fn new(at: Pointer, what: Lost) -> Self {
        Loss {
            at,
            what,
            renamed: None,
        }
    }
}

impl Census {
    /// `40 entities have this blueprint`.
    pub fn words(&self, count: u64) -> String {
        match count {
            1 => format!("1 {}", self.one),
            n => format!("{n} {}", self.many),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.at;
        match &self.what {
            Lost::Object => write!(f, "it is deleted"),
            Lost::Removed => write!(f, "`{at}` is removed"),
            Lost::Type { from, to } => write!(f, "`{at}` becomes {to} instead of {from}"),
            Lost::Target { from, to } => write!(f, "`{at}` leads to `{to}` instead of `{from}`"),
            Lost::Single => write!(f, "`{at}` leads to one instead of several"),
            Lost::Values(gone) if gone.is_empty() => {
                write!(f, "`{at}` allows only some values from now on")
            }
            Lost::Values(gone) => {
                let gone: Vec<String> = gone.iter().map(|value| format!("`{value}`")).collect();
                write!(f, "`{at}` no longer has {}", gone.join(", "))
            }
            Lost::Required => write!(f, "`{at}` becomes required"),
        }
    }
}
