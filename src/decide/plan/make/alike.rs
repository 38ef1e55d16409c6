//! Likeness: an object that goes and one that comes, which look like one with another name.
//!
//! Only a hint: nothing is decided by it. Deliberately not here: keys inside of an object (see
//! `kinds::blueprint_data`).

use std::collections::BTreeSet;

use crate::decide::canon::canonical;
use crate::decide::plan::make::Planning;
use crate::decide::plan::{Action, Change};
use crate::kinds::Kind;
use crate::words::Value;
use crate::words::finding::nearest;

/// Pairs that are looked at; in a plan beyond that nobody reads hints.
const PAIRS: usize = 2_500;
/// Fewest places that must be equal, so that small objects are not alike by being small.
const LEAST: usize = 3;

impl Planning<'_> {
    /// Notes for objects that would be made anew under another name, with the lines that keep them.
    pub(super) fn likely_renames(&mut self) {
        let of = |action: fn(&Change) -> bool| {
            let changes = self.plan.changes.iter();
            changes
                .filter(|change| action(change))
                .filter(|change| change.kind.renames() || !change.kind.identity().is_chosen())
                .collect::<Vec<_>>()
        };
        let gone = of(|change| matches!(change.action, Action::Delete | Action::Forget));
        let come = of(|change| change.action == Action::Create);
        if gone.is_empty() || gone.len().saturating_mul(come.len()) > PAIRS {
            return;
        }
        let mut notes = Vec::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        for old in gone {
            let kind = old.kind;
            let live = match (&old.seen, self.input.ledger.entries.get(&old.addr)) {
                (Some(seen), _) => Some(seen),
                (None, Some(entry)) => self.input.live.by_id(kind.name(), &entry.id),
                (None, None) => None,
            };
            let Some(live) = live else { continue };
            let likeliest = come
                .iter()
                .enumerate()
                .filter(|(at, new)| new.kind.name() == kind.name() && !taken.contains(at))
                .filter_map(|(at, new)| {
                    let want = new.want.as_ref()?;
                    Some((
                        likeness(kind, &live.value, want, &live.name, &new.name)?,
                        at,
                    ))
                })
                .max_by_key(|(likeness, at)| (*likeness, std::cmp::Reverse(*at)));
            if let Some((_, at)) = likeliest {
                taken.insert(at);
                let new = &come[at].addr;
                notes.push(format!(
                    "`{new}` looks like `{}` with another name; to keep that object and its data, write in `spaceport.yaml`: moved: [{{ from: {}, to: {new} }}]",
                    old.addr, old.addr
                ));
            }
        }
        self.plan.notes.extend(notes);
    }
}

/// How alike two specs are in percent, when that is so much that they may be one object: most
/// places are equal, or half of them and the names are near.
pub fn likeness(
    kind: &dyn Kind,
    old: &Value,
    new: &Value,
    old_name: &str,
    new_name: &str,
) -> Option<usize> {
    let (old, new) = (places(kind, old), places(kind, new));
    let equal = old.intersection(&new).count();
    let most = old.len().max(new.len());
    let percent = equal.saturating_mul(100).checked_div(most)?;
    let near = nearest(old_name, [new_name]).is_some();
    let enough = if near { 50 } else { 75 };
    (equal >= LEAST && percent >= enough).then_some(percent)
}

/// The places of a spec with what stands there, but for those that name the object.
fn places(kind: &dyn Kind, spec: &Value) -> BTreeSet<(String, String)> {
    let identity = kind.identity();
    let mut places = BTreeSet::new();
    canonical(kind, spec, &[]).leaves(&mut |at, leaf| {
        let names = at
            .first()
            .is_some_and(|key| identity.parts().contains(&key));
        if !names && !matches!(leaf, Value::Secret(_)) {
            places.insert((at.to_string(), leaf.to_string()));
        }
    });
    places
}
