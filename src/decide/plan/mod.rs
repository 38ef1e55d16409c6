//! The plan: what would change, why, and what stands against it, as data.
//!
//! It is the only thing that `act` carries out and that `show` renders; not applying it is the
//! dry run. Made by [`make::plan`], which is pure.
//!
//! | room | noun |
//! |---|---|
//! | [`make`] | the plan from desired, live, ledger and facts about secrets |
//! | [`settle`] | references to other objects, settled as far as live knows |
//! | [`guard`] | what refuses a whole apply |

pub mod guard;
pub mod make;
pub mod settle;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::diff::FieldChange;
use crate::kinds::{Kind, Observed, Picks};
use crate::want::document::Lifecycle;
use crate::words::{Addr, Pointer, Value};
pub use guard::Refusal;
pub use make::{Flags, Input, plan};

/// What would change.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What would change, by address; without the objects that stay as they are.
    pub changes: Vec<Change>,
    /// How many objects stay as they are.
    pub unchanged: usize,
    /// What refuses the apply of this plan.
    pub refusals: Vec<Refusal>,
    /// How many secrets are compared only when their texts are at hand.
    pub undecided_secrets: usize,
    /// How many secrets of adopted or older objects nobody knows to be equal.
    pub unverified_secrets: usize,
    /// Secrets that must be sent although their variables are not set: address, place, names.
    pub missing_secrets: Vec<(Addr, Pointer, Vec<String>)>,
    /// Sentences that a reader should know, each one line.
    pub notes: Vec<String>,
    /// What live exports of the objects that stay, and of those that are only referred to.
    pub exports: settle::Exports,
    /// Which addresses `--target` limited the plan to; empty means all.
    pub targets: BTreeSet<Addr>,
}

/// One object that would change.
#[derive(Debug, Clone)]
pub struct Change {
    /// The object.
    pub addr: Addr,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// Which places differ; of a create all places, of a delete none.
    pub fields: Vec<FieldChange>,
    /// Fields of a closed body that live has, that we do not know, and that the write leaves out.
    pub unknown: Vec<Pointer>,
    /// The objects of this plan's project that it needs.
    pub needs: BTreeSet<Addr>,
    /// The name in the service.
    pub name: String,
    /// The whole spec to be written, with what is carried over from live; absent for a delete.
    pub want: Option<Value>,
    /// How the object is treated over time.
    pub lifecycle: Lifecycle,
    /// The live object that the plan saw.
    pub seen: Option<Observed>,
    /// The secrets to be sent with it.
    pub sends: BTreeSet<Pointer>,
    /// Whether the object becomes ours although somebody else made it.
    pub adopts: bool,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It becomes ours as it is: only the ledger changes.
    Adopt,
    /// It is created.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted and created anew.
    Replace,
    /// It is deleted.
    Delete,
    /// It is given up: only the ledger changes.
    Forget,
}

impl Action {
    /// Whether a service is written to.
    pub fn writes(self) -> bool {
        !matches!(self, Action::Adopt | Action::Forget)
    }

    /// Whether the object that is there goes away.
    pub fn destroys(self) -> bool {
        matches!(self, Action::Delete | Action::Replace)
    }

    /// The word for messages: `create`.
    pub fn word(self) -> &'static str {
        match self {
            Action::Adopt => "adopt",
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Delete => "delete",
            Action::Forget => "forget",
        }
    }
}

/// Why an object changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The config wants it and live does not have it.
    Missing,
    /// Live differs in these places.
    Differs(Vec<Pointer>),
    /// It reads an attribute of an object that is created or replaced.
    DependsOn(Addr, String),
    /// The ledger says it is ours, and the config no longer wants it.
    NotInConfig,
    /// The text of a secret is another one than the last that was sent.
    SecretChanged,
    /// It is equal and becomes ours.
    Equal,
    /// It is equal and ours, and `lifecycle.protect` is another than the ledger has.
    Protection,
}

/// What is known about the text of one secret before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretFact {
    /// The text that was sent last.
    Same,
    /// Another text than was sent last.
    Changed,
    /// The variables that it is made from are not all set: these are missing.
    Unset(Vec<String>),
    /// The text is at hand but nothing of ours was ever sent.
    Unverified,
    /// The fingerprint was made under another key: decided at apply.
    OtherKey,
}

/// What is known about all secrets, by object and place.
pub type SecretFacts = BTreeMap<(Addr, Pointer), SecretFact>;

impl Plan {
    /// The changes that write to a service or delete; adopting and forgetting do not count.
    pub fn writes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.action.writes())
    }

    /// Whether nothing would be written, not even to the ledger.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether another plan would do the same to the same objects, whatever of it is shown.
    pub fn says_the_same(&self, other: &Plan) -> bool {
        let same = |(one, other): (&Change, &Change)| {
            (&one.addr, one.action, &one.fields, &one.unknown)
                == (&other.addr, other.action, &other.fields, &other.unknown)
                && (&one.want, &one.seen, &one.sends) == (&other.want, &other.seen, &other.sends)
                && (&one.reason, &one.needs) == (&other.reason, &other.needs)
        };
        self.changes.len() == other.changes.len()
            && self.changes.iter().zip(&other.changes).all(same)
            && self.refusals == other.refusals
            && self.missing_secrets == other.missing_secrets
    }

    /// How many changes of each action there are.
    pub fn counts(&self) -> BTreeMap<Action, usize> {
        let mut counts = BTreeMap::new();
        for change in &self.changes {
            *counts.entry(change.action).or_default() += 1;
        }
        counts
    }
}

impl Change {
    /// The spec to be written with the secrets that are not to be sent taken out: a single text
    /// is left out, of a map of texts the key stays with `null`, which means "keep".
    pub fn body(&self, want: &Value) -> Value {
        let picks = Picks::of(self.kind);
        let mut body = want.map_leaves(&mut |at, leaf| {
            let secret = matches!(leaf, Value::Secret(_));
            (secret && !self.sends.contains(at)).then_some(Value::Null)
        });
        for place in &picks.write_only {
            if !self.sends.contains(place) {
                remove_null(&mut body, place.parts());
            }
        }
        body
    }
}

/// Removes a `null` at a place, if there is one.
fn remove_null(value: &mut Value, parts: &[String]) {
    let Value::Map(map) = value else { return };
    match parts {
        [last] => {
            if map.get(last).is_some_and(Value::is_null) {
                map.shift_remove(last);
            }
        }
        [first, rest @ ..] => {
            if let Some(inner) = map.get_mut(first) {
                remove_null(inner, rest);
            }
        }
        [] => {}
    }
}
