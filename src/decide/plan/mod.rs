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
//! | [`digest`] | what a review of the plan stands for |
//! | [`passes`] | objects that need each other: how often and in which order they are written |
//! | [`doomed`] | the same for what is deleted |
//! | [`skip`] | a plan without what is refused |

pub mod digest;
pub mod doomed;
pub mod guard;
pub mod make;
pub mod passes;
pub mod settle;
pub mod skip;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::decide::diff::{self, FieldChange};
use crate::decide::drift::Drifted;
use crate::kinds::{Kind, Loss, Observed, Picks, Rename, label};
use crate::want::document::Lifecycle;
use crate::words::{Addr, Pointer, Text, Value};
pub use guard::{Branch, Facts, GUARDS, Population, Refusal};
pub use make::{Flags, Input, held, live_of, plan};
pub use passes::Pass;
pub use skip::{Skipped, Why};

/// What would change.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What would change, by address; without the objects that stay as they are.
    pub changes: Vec<Change>,
    /// How many objects stay as they are.
    pub unchanged: usize,
    /// What refuses the apply of this plan.
    pub refusals: Vec<Refusal>,
    /// What refused the changes that `--skip-refused` left out.
    pub waived: Vec<Refusal>,
    /// What `--skip-refused` left out.
    pub skipped: Vec<Skipped>,
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
    /// Whether the apply makes the blueprint that ledgers are kept under in Port.
    pub ledger_setup: bool,
    /// Which addresses `--target` limited the plan to; empty means all.
    pub targets: BTreeSet<Addr>,
    /// Whether all that is ours is to go, as was asked for.
    pub destroys: bool,
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
    /// Which parts of somebody else's object it is about; absent for a whole object.
    pub part: Option<Part>,
    /// Its writes in order, when objects need each other; empty means one write, after
    /// everything in `needs`.
    pub passes: Vec<Pass>,
    /// The address that the ledger has this object under, when it is another one.
    pub from: Option<Addr>,
    /// Keys that get another name before the object is written.
    pub renames: Vec<Rename>,
    /// The label that says whose the object is; written with it and shown nowhere.
    pub label: Option<String>,
    /// What it would take from the data under the object.
    pub losses: Vec<Loss>,
    /// How much data that is; `None` when it was not counted.
    pub counted: Option<Population>,
    /// What of it is not as the last apply left it; all else that differs are edits.
    pub drift: Option<Box<Drifted>>,
}

/// The parts of somebody else's object that a change is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The places that stay managed, with `*` for any key; none when the document left.
    pub places: Vec<Pointer>,
    /// The places that something of ours stands at, without `*`.
    pub placed: Vec<Pointer>,
    /// The places that are given up, and cleared of what we put there.
    pub given_up: Vec<Pointer>,
}

impl Part {
    /// All places that the change writes.
    pub fn written(&self) -> Vec<Pointer> {
        let all = self.places.iter().chain(&self.given_up);
        all.cloned().collect()
    }
}

/// What is done to an object.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It becomes ours as it is: only the ledger changes.
    Adopt,
    /// It is ours and has another address now: only the ledger changes.
    Move,
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
        !matches!(self, Action::Adopt | Action::Move | Action::Forget)
    }

    /// Whether the object that is there goes away.
    pub fn destroys(self) -> bool {
        matches!(self, Action::Delete | Action::Replace)
    }

    /// The word for messages: `create`.
    pub fn word(self) -> &'static str {
        match self {
            Action::Adopt => "adopt",
            Action::Move => "move",
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
    /// It shares the text of a secret with an object that gets a new one.
    RotatedWith(Addr),
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

    /// Whether a guard refuses something of it, whether or not that was left out.
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty() || !self.skipped.is_empty()
    }

    /// Whether it changes an object, or left its change out.
    pub fn mentions(&self, addr: &Addr) -> bool {
        self.changes.iter().any(|change| change.addr == *addr)
            || self.skipped.iter().any(|skipped| skipped.addr == *addr)
    }

    /// Whether another plan would do the same to the same objects, whatever of it is shown. What
    /// drifted, and who wrote an object last, is only told.
    pub fn says_the_same(&self, other: &Plan) -> bool {
        let same = |(one, other): (&Change, &Change)| {
            (&one.addr, one.action, &one.fields, &one.unknown)
                == (&other.addr, other.action, &other.fields, &other.unknown)
                && (&one.want, &one.seen, &one.sends) == (&other.want, &other.seen, &other.sends)
                && (&one.reason, &one.needs, &one.passes)
                    == (&other.reason, &other.needs, &other.passes)
                && (&one.from, &one.renames) == (&other.from, &other.renames)
        };
        self.changes.len() == other.changes.len()
            && self.changes.iter().zip(&other.changes).all(same)
            && self.refusals == other.refusals
            && self.skipped == other.skipped
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
    /// A change of which nothing is known but what is done to which object, and why.
    pub fn bare(addr: &Addr, kind: &'static dyn Kind, action: Action, reason: Reason) -> Change {
        Change {
            addr: addr.clone(),
            kind,
            action,
            reason,
            fields: Vec::new(),
            unknown: Vec::new(),
            needs: BTreeSet::new(),
            name: addr.name.to_string(),
            want: None,
            lifecycle: Lifecycle::default(),
            seen: None,
            sends: BTreeSet::new(),
            adopts: false,
            part: None,
            passes: Vec::new(),
            from: None,
            renames: Vec::new(),
            label: None,
            losses: Vec::new(),
            counted: None,
            drift: None,
        }
    }

    /// The places that differ. Of what is created these are all, told from what is wanted: keeping
    /// them in each change would be most of a first plan.
    pub fn differences(&self) -> Cow<'_, [FieldChange]> {
        match &self.want {
            Some(want) if self.action == Action::Create && self.fields.is_empty() => {
                Cow::Owned(diff::everything(want))
            }
            _ => Cow::Borrowed(&self.fields),
        }
    }

    /// Whether something of ours goes away for good with this change: the object, or all that we
    /// manage of it.
    pub fn leaves(&self) -> bool {
        let part = self.part.is_some() && self.reason == Reason::NotInConfig;
        self.action == Action::Delete || (self.action == Action::Update && part)
    }

    /// The identifier that a live object gets in place of the one that it has.
    pub fn renamed_to(&self) -> Option<&str> {
        let renamed = self.kind.renames() && self.seen.as_ref()?.id != self.name;
        renamed.then_some(self.name.as_str())
    }

    /// The live object as it will be once its keys have their new names: what is compared.
    pub fn before(&self) -> Option<Cow<'_, Observed>> {
        let seen = self.seen.as_ref()?;
        if self.renames.is_empty() {
            return Some(Cow::Borrowed(seen));
        }
        let mut seen = seen.clone();
        for rename in &self.renames {
            rename.apply(&mut seen.value);
        }
        Some(Cow::Owned(seen))
    }

    /// The label on the live object that says that it is somebody else's.
    pub fn foreign(&self) -> Option<&str> {
        let seen = self.seen.as_ref()?;
        label::foreign(self.kind, &seen.value, self.label.as_ref()?)
    }

    /// The spec to be written with the secrets that are not to be sent taken out: a single text
    /// is left out, of a map of texts the key stays with `null`, which means "keep". Our own label
    /// goes along.
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
        if let Some(own) = &self.label {
            label::mark(self.kind, &mut body, own);
        }
        body
    }
}

/// Removes a `null` at a place, if there is one.
fn remove_null(value: &mut Value, parts: &[Text]) {
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
