//! Drift: what of ours is not as the last apply left it.
//!
//! Measured by the ledger: its digests say that a place is another one than was applied, and not
//! what stood there. Where the project still wants what was applied, its value is that value; where
//! live is by now as the project wants it, there is nothing left to be said. Spellings, defaults,
//! orders of lists and labels of ours are gone before anything is compared (see `canon`).
//! Deliberately not here: what an apply would do about it, which is a plan.
//!
//! | room | noun |
//! |---|---|
//! | [`mod@since`] | one live object against what was applied |

pub mod since;

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::canon::canonical;
use crate::decide::ledger::{Entry, Ledger};
use crate::decide::plan::{Action, Change, Plan};
use crate::kinds::{self, Kind, Observed, Picks, Touch, label};
use crate::there::live::Live;
use crate::want::desired::{Desired, Object};
use crate::words::{Addr, Pointer, Value};
pub use since::How;
use since::{rewritten, since};

/// Live against the last apply.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    /// What is not as it was applied, by address.
    pub objects: Vec<Drifted>,
    /// How many objects of ours are as they were applied, or as the project wants them by now.
    pub same: usize,
    /// Of these, those that differ from what was applied.
    pub accepted: Vec<Addr>,
    /// Sentences that a reader should know, each one line.
    pub notes: Vec<String>,
    /// Which addresses `--target` limited it to; empty means all.
    pub targets: BTreeSet<Addr>,
}

/// One object of ours that is not as the last apply left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drifted {
    /// The object, as the ledger has it.
    pub addr: Addr,
    /// Its id in its service when it was applied.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// The name that it was applied with, when it has another one now.
    pub renamed: Option<String>,
    /// Its places that are not as they were applied.
    pub places: Vec<DriftedPlace>,
    /// Whether somebody else wrote what cannot be read.
    pub rewritten: bool,
    /// What its service does by itself, where that is what happened.
    pub remarks: Vec<String>,
    /// Who wrote it last, and when, as far as its service tells.
    pub touched: Touch,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is there and was changed.
    Changed,
    /// It is gone, and another one has its name: with this id.
    Replaced(String),
    /// It is gone.
    Gone,
}

/// One place that is not as it was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftedPlace {
    /// Where, from the spec on.
    pub path: Pointer,
    /// What became of it.
    pub how: How,
    /// What stands there now.
    pub live: Option<Value>,
    /// What stood there.
    pub before: Before,
}

/// What is known of what was applied at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// This, which the project wants still.
    Applied(Option<Value>),
    /// The project was edited there since, and wants this by now.
    Edited(Option<Value>),
    /// The project has no such object any more.
    Unknown,
}

/// Where the difference of a place between live and the project comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The project was edited; live is as it was applied.
    Edit,
    /// Live was changed; the project wants what was applied.
    Drift,
    /// Both were changed.
    Both,
}

/// What the project has to say about an object of the ledger.
#[derive(Clone, Copy)]
enum Project<'a> {
    /// The plan changes it.
    Changes(&'a Change),
    /// The plan leaves it as it is.
    Agrees,
    /// It does not have it any more, or nobody can tell.
    Silent,
}

/// Everything that drift is told from. The plan is one of all objects.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the project wants.
    pub desired: &'a Desired,
    /// What the services hold.
    pub live: &'a Live,
    /// What was applied.
    pub ledger: &'a Ledger,
    /// What would change, with what is said about drift in it.
    pub plan: &'a Plan,
    /// Whether the plan speaks about every object; it does not when the project has problems.
    pub complete: bool,
    /// The objects to look at; empty means all.
    pub targets: &'a BTreeSet<Addr>,
}

/// What is not as the last apply left it.
pub fn drift(input: Input) -> Drift {
    let Input { plan, ledger, .. } = input;
    let mut drift = Drift {
        targets: input.targets.clone(),
        ..Drift::default()
    };
    let mut changes: BTreeMap<&Addr, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        changes.entry(held(change)).or_default().push(change);
    }
    for (addr, entry) in &ledger.entries {
        if !input.targets.is_empty() && !input.targets.contains(addr) {
            continue;
        }
        let Some(kind) = kinds::of(addr) else {
            drift.notes.push(format!(
                "`{addr}` is of a kind that this version does not know; it was not looked at"
            ));
            continue;
        };
        let about = changes.get(addr).map_or(&[][..], Vec::as_slice);
        let found = match about
            .iter()
            .find(|change| speaks_of(change, entry, input.live))
        {
            Some(change) => change.drift.as_deref().cloned(),
            None => {
                let object = input.desired.objects.get(addr);
                let project = match object {
                    Some(_) if input.complete && about.is_empty() => Project::Agrees,
                    _ => Project::Silent,
                };
                drifted(addr, entry, kind, input.live, ledger, object, project)
            }
        };
        match found {
            Some(found) => drift.objects.push(found),
            None => {
                drift.same += 1;
                let seen = input.live.by_id(kind.name(), &entry.id);
                if seen.is_some_and(|seen| !since(kind, entry, &seen.value).is_empty()) {
                    drift.accepted.push(addr.clone());
                }
            }
        }
    }
    if ledger.intent.is_some() {
        drift.notes.push(
            "an apply was stopped or failed, and the ledger does not know all that it wrote: that may be told as drift here until the next apply"
                .to_owned(),
        );
    }
    drift
}

/// Notes in the ledger that live is as the project wants it, where that is not what was applied: by
/// an apply that was killed before it could note it, or by somebody who was quicker. Who edits it
/// next would be told otherwise that it had drifted. Before an apply that writes the ledger anyway.
pub fn accept(ledger: &mut Ledger, desired: &Desired, live: &Live, plan: &Plan) {
    // Such a plan says nothing about the other objects.
    if !plan.targets.is_empty() || !plan.skipped.is_empty() {
        return;
    }
    let changed: BTreeSet<&Addr> = plan.changes.iter().map(held).collect();
    for (addr, entry) in &mut ledger.entries {
        let (Some(kind), false) = (kinds::of(addr), changed.contains(addr)) else {
            continue;
        };
        let Some(seen) = live.by_id(kind.name(), &entry.id) else {
            continue;
        };
        if desired.objects.contains_key(addr) && !since(kind, entry, &seen.value).is_empty() {
            entry.digests = entry.told(kind, &seen.value);
            entry.needs = desired.graph.needs(addr).cloned().collect();
        }
    }
}

/// What drifted of the object that a change is about, for the plan.
pub fn of_change(
    change: &Change,
    desired: &Desired,
    live: &Live,
    ledger: &Ledger,
) -> Option<Box<Drifted>> {
    let addr = held(change);
    let entry = ledger.entries.get(addr)?;
    if !speaks_of(change, entry, live) {
        return None;
    }
    let object = desired.objects.get(&change.addr);
    let project = Project::Changes(change);
    drifted(addr, entry, change.kind, live, ledger, object, project).map(Box::new)
}

/// The address that the ledger has a change's object under.
fn held(change: &Change) -> &Addr {
    change.from.as_ref().unwrap_or(&change.addr)
}

/// Whether a change is about the object of an entry, or about the one that takes its place.
fn speaks_of(change: &Change, entry: &Entry, live: &Live) -> bool {
    match &change.seen {
        Some(seen) if seen.id == entry.id => true,
        _ => live.by_id(change.kind.name(), &entry.id).is_none(),
    }
}

fn drifted(
    addr: &Addr,
    entry: &Entry,
    kind: &'static dyn Kind,
    live: &Live,
    ledger: &Ledger,
    object: Option<&Object>,
    project: Project,
) -> Option<Drifted> {
    let mut drifted = Drifted {
        addr: addr.clone(),
        id: entry.id.clone(),
        fate: Fate::Changed,
        renamed: None,
        places: Vec::new(),
        rewritten: false,
        remarks: Vec::new(),
        touched: Touch::default(),
    };
    let Some(seen) = live.by_id(kind.name(), &entry.id) else {
        let intent = ledger.intent.as_ref();
        // What a stopped apply was about to delete went by its own hand.
        if intent.is_some_and(|intent| intent.deletes.contains(addr)) {
            return None;
        }
        drifted.fate = match namesake(kind, entry, live, ledger) {
            Some(other) => {
                drifted.touched = other.touched.clone();
                Fate::Replaced(other.id.clone())
            }
            None => Fate::Gone,
        };
        return Some(drifted);
    };
    drifted.places = match project {
        Project::Agrees => Vec::new(),
        Project::Changes(change) => places(kind, entry, seen, Some(change)),
        Project::Silent => places(kind, entry, seen, None),
    };
    drifted.rewritten = rewritten(entry, seen) && !object.is_some_and(left_to_others);
    let field = kind.identity().field();
    let names = |place: &DriftedPlace| place.path.parts() == [field];
    if drifted.places.iter().any(names) && seen.name != entry.name {
        drifted.renamed = Some(entry.name.clone());
    }
    drifted.remarks = drifted
        .places
        .iter()
        .filter_map(|place| kind.by_itself(&place.path, place.live.as_ref()))
        .map(str::to_owned)
        .collect();
    drifted.touched = seen.touched.clone();
    (drifted.rewritten || !drifted.places.is_empty()).then_some(drifted)
}

/// The object that has the name of one that is gone, when it is no other project's and no other
/// entry's. Where users choose ids, the same name would be the same object.
fn namesake<'a>(
    kind: &dyn Kind,
    entry: &Entry,
    live: &'a Live,
    ledger: &Ledger,
) -> Option<&'a Observed> {
    if kind.identity().is_chosen() {
        return None;
    }
    let own = label::of(&ledger.project, ledger.environment.as_deref());
    let mut named = live.by_name(kind.name(), &entry.name);
    named.retain(|seen| {
        let owned = ledger.entries.iter().any(|(addr, other)| {
            other.id == seen.id
                && (addr.service, addr.kind.as_str()) == (kind.service(), kind.word())
        });
        let also = kind.identity().also().is_some_and(|also| {
            let places = since(kind, entry, &seen.value);
            places.iter().any(|(at, _)| at.first() == Some(also))
        });
        !owned && !also && label::foreign(kind, &seen.value, &own).is_none()
    });
    match named.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// Whether the text of what cannot be read is left to others.
fn left_to_others(object: &Object) -> bool {
    let lifecycle = &object.lifecycle;
    let secrets = &Picks::of(object.kind).write_only;
    let ignored = |at: &Pointer| lifecycle.ignore.iter().any(|pattern| pattern.covers(at));
    lifecycle.seed || secrets.iter().all(ignored)
}

/// The places that are not as they were applied, but for those that are as the project wants them.
fn places(
    kind: &dyn Kind,
    entry: &Entry,
    seen: &Observed,
    change: Option<&Change>,
) -> Vec<DriftedPlace> {
    let found = since(kind, entry, &seen.value);
    if found.is_empty() {
        return Vec::new();
    }
    // What leaves the project is not compared with it.
    let change = change.filter(|c| !matches!(c.action, Action::Delete | Action::Forget));
    let mut places: Vec<DriftedPlace> = Vec::new();
    let mut unmet: Vec<(Pointer, How)> = Vec::new();
    if let Some(change) = change {
        let now = change.want.as_ref().map(|want| entry.told(kind, want));
        let edited = |at: &Pointer| {
            let at = at.to_string();
            now.as_ref()
                .is_some_and(|now| now.get(&at) != entry.digests.get(&at))
        };
        for field in &change.fields {
            let met: Vec<&(Pointer, How)> = found
                .iter()
                .filter(|(at, _)| at.meets(&field.path))
                .collect();
            let Some((_, how)) = met.first() else {
                continue;
            };
            let (before, how) = match met.iter().any(|(at, _)| edited(at)) {
                true => (Before::Edited(field.after.clone()), *how),
                false => (
                    Before::Applied(field.after.clone()),
                    match (&field.after, &field.before) {
                        (None, _) => How::Came,
                        (_, None) => How::Went,
                        _ => How::Changed,
                    },
                ),
            };
            places.push(DriftedPlace {
                path: field.path.clone(),
                how,
                live: field.before.clone(),
                before,
            });
        }
        // Under the new name of a key nothing is found again.
        if !change.renames.is_empty() {
            let met = |at: &Pointer| places.iter().any(|place| place.path.meets(at));
            unmet.extend(found.iter().filter(|(at, _)| !met(at)).cloned());
        }
    } else {
        unmet = found;
    }
    if !unmet.is_empty() {
        let live = canonical(kind, &seen.value, &entry.ignore);
        let name = kind.identity().field();
        for (path, how) in unmet {
            places.push(DriftedPlace {
                how,
                live: live.at(&path).cloned(),
                // The ledger knows a name without any digest.
                before: match path.parts() == [name] {
                    true => Before::Applied(Some(Value::text(&entry.name))),
                    false => Before::Unknown,
                },
                path,
            });
        }
    }
    places.sort_by(|a, b| a.path.cmp(&b.path));
    places
}

impl Change {
    /// Where the difference of one of its places comes from.
    pub fn origin(&self, path: &Pointer) -> Origin {
        let places = self.drift.iter().flat_map(|drift| &drift.places);
        match places.into_iter().find(|place| place.path == *path) {
            None => Origin::Edit,
            Some(place) => match place.before {
                Before::Applied(_) | Before::Unknown => Origin::Drift,
                Before::Edited(_) => Origin::Both,
            },
        }
    }
}
