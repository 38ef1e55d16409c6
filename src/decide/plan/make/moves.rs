//! Moves: which address the ledger has a live object under, when it is not the one that the
//! project has it under now.
//!
//! An object is known by what it is in its service before it is known by its address (design,
//! section 5.6). Where that changes too, `moved` in `spaceport.yaml` says so. Deliberately not
//! here: carrying a move over into the ledger (see `act`).

use std::collections::{BTreeMap, HashMap};

use crate::decide::ledger::{Entry, Ledger};
use crate::decide::plan::make::{Planning, forget};
use crate::decide::plan::{Action, Change};
use crate::kinds::{self, Kind, Observed};
use crate::want::config::LedgerHome;
use crate::want::desired::{Desired, Object};
use crate::words::Addr;
use crate::words::map::Hashing;

/// The addresses that objects had before, by their present one, as far as `moved` says and the
/// ledger knows only the old one. Of a chain it is the last that the ledger knows.
pub fn former_addresses<'a>(
    desired: &'a Desired,
    ledger: &'a Ledger,
) -> BTreeMap<&'a Addr, &'a Addr> {
    let moved: BTreeMap<&Addr, &Addr> = desired
        .config
        .moved
        .iter()
        .map(|moved| (&moved.to, &moved.from))
        .collect();
    let mut found = BTreeMap::new();
    for (&to, &from) in &moved {
        if !desired.objects.contains_key(to) || ledger.entries.contains_key(to) {
            continue;
        }
        // The project file has no cycles, but nothing here depends on it.
        let chain =
            std::iter::successors(Some(from), |at| moved.get(at).copied()).take(moved.len());
        let free = |at: &&Addr| !desired.objects.contains_key(*at);
        if let Some(from) = chain
            .filter(free)
            .find(|at| ledger.entries.contains_key(*at))
        {
            found.insert(to, from);
        }
    }
    found
}

/// Which address owns which live object, by kind and id.
pub(super) type Owners<'a> = HashMap<(&'static str, &'a str), &'a Addr, Hashing>;

/// Which address owns which live object.
pub(super) fn owners(ledger: &Ledger) -> Owners<'_> {
    let entries = ledger.entries.iter();
    entries
        .filter(|(_, entry)| entry.manage.is_empty())
        .filter_map(|(addr, entry)| Some(((kinds::of(addr)?.name(), entry.id.as_str()), addr)))
        .collect()
}

impl<'a> Planning<'a> {
    /// What the ledger has of an object, and under which address.
    pub(super) fn entry(&self, addr: &Addr) -> Option<(&'a Addr, &'a Entry)> {
        let at = self.former.get(addr).copied().unwrap_or(addr);
        self.input.ledger.entries.get_key_value(at)
    }

    /// Whether an apply that was stopped has given a live object its identifier: it meant to, and
    /// the identifier that the ledger knows is gone.
    pub(super) fn was_renamed(&self, object: &Object, live: &Observed) -> bool {
        let intent = self.input.ledger.intent.as_ref();
        let meant = intent.and_then(|intent| intent.renames.get(&object.addr));
        let old = self.entry(&object.addr);
        meant == Some(&live.id)
            && old.is_none_or(|(_, old)| {
                let there = self.input.live.by_id(object.kind.name(), &old.id);
                there.is_none()
            })
    }

    /// The address that the ledger has a matched live object under, when it is another one.
    pub(super) fn moved_from(&mut self, object: &Object, live: &Observed) -> Option<Addr> {
        if self.is_entry(object, live) || self.input.desired.config.ledger == Some(LedgerHome::None)
        {
            return None;
        }
        let held = self.owner(object.kind, &live.id)?;
        if *held == object.addr || !self.frees(held, object) {
            return None;
        }
        self.left.insert(held);
        Some(held.clone())
    }

    /// Whether what the ledger has under an address may become this object. Who names an identifier
    /// is the object, whatever else is declared; a name alone may be meant by several.
    pub(super) fn frees(&self, held: &Addr, object: &Object) -> bool {
        *held == object.addr
            || object.kind.identity().is_chosen()
            || !self.input.desired.objects.contains_key(held)
    }

    /// An object of ours whose address another live object has taken: it leaves under an address
    /// of its own, so that it is not lost sight of.
    pub(super) fn left_behind(
        &mut self,
        held: &Addr,
        entry: &Entry,
        kind: &'static dyn Kind,
    ) -> Option<Change> {
        let claimed = self.claimed.contains(&(kind.name(), entry.id.clone()));
        let live = self.input.live.by_id(kind.name(), &entry.id)?;
        if claimed || kind.is_system(&entry.id) || live.name != entry.name {
            return None;
        }
        if entry.adopted && !self.input.flags.delete_adopted {
            return None;
        }
        let addr = Addr::new(kind.service(), kind.word(), entry.id.clone());
        let taken = self.input.desired.objects.contains_key(&addr)
            || self.input.ledger.entries.contains_key(&addr);
        if taken {
            self.plan.notes.push(format!(
                "`{}` was `{held}`, which is another object now; it is left alone: delete it by hand",
                entry.id
            ));
            return None;
        }
        Some(Change {
            action: Action::Delete,
            seen: Some(live.clone()),
            from: Some(held.clone()),
            ..forget(&addr, kind, &entry.name, &entry.needs)
        })
    }

    /// `moved` that leads to an object which is there already cannot be followed.
    pub(super) fn unfollowed(&mut self) {
        for (to, from) in &self.former {
            let Some(kind) = kinds::of(from) else {
                continue;
            };
            if !self.left.contains(*from)
                && let Some(entry) = self.input.ledger.entries.get(*from)
                && self.input.live.by_id(kind.name(), &entry.id).is_some()
            {
                self.plan.notes.push(format!(
                    "`{from}` is not moved to `{to}`, because another live object is `{to}` already"
                ));
            }
        }
    }
}
