//! Moves: entries of the ledger that come under another address.
//!
//! Two objects may change addresses with each other, so what was there is set aside before the
//! first change, and what a change did not come to take over is put back at the end. Deliberately
//! not here: which objects move (see `decide::plan`).

use std::collections::{BTreeMap, BTreeSet};

use super::Applying;
use crate::act::report::Outcome;
use crate::decide::ledger::{Entry, Ledger};
use crate::decide::plan::{Action, Change, Plan};
use crate::words::Addr;

/// The entries of objects that change their address, by their new one.
pub(super) type SetAside = BTreeMap<Addr, Entry>;

/// What a plan moves, as the ledger has it before the first change.
pub(super) fn set_aside(plan: &Plan, ledger: &Ledger) -> SetAside {
    let moved = plan.changes.iter().filter_map(|change| {
        let entry = ledger.entries.get(change.from.as_ref()?)?;
        Some((change.addr.clone(), entry.clone()))
    });
    moved.collect()
}

impl Applying<'_> {
    /// The entry that an object of a change had so far, out of the ledger.
    pub(super) fn inherit(&mut self, change: &Change) -> Option<Entry> {
        let entries = &mut self.with.ledger.entries;
        match (&change.from, self.set_aside.remove(&change.addr)) {
            (Some(from), Some(old)) => {
                // Somebody else may have come to that address meanwhile.
                if entries.get(from).is_some_and(|entry| entry.id == old.id) {
                    entries.remove(from);
                }
                Some(old)
            }
            _ => entries.remove(&change.addr),
        }
    }

    /// Puts back what no change has taken over, and lets all other entries need moved objects under
    /// their new addresses.
    pub(super) fn settle_moves(&mut self) {
        let plan = self.with.plan;
        let entries = &mut self.with.ledger.entries;
        for (to, entry) in std::mem::take(&mut self.set_aside) {
            let from = plan.changes.iter().find(|change| change.addr == to);
            let Some(from) = from.and_then(|change| change.from.clone()) else {
                continue;
            };
            let there = entries.get(&from).is_some_and(|known| known.id == entry.id);
            if !there {
                entries.entry(to).or_insert(entry);
            }
        }
        let done: BTreeSet<&Addr> = self
            .report
            .outcomes
            .iter()
            .filter(|(_, _, outcome)| matches!(outcome, Outcome::Done | Outcome::Unchanged))
            .map(|(addr, _, _)| addr)
            .collect();
        let moved: BTreeMap<&Addr, &Addr> = plan
            .changes
            .iter()
            .filter(|change| change.action != Action::Delete && done.contains(&change.addr))
            .filter_map(|change| Some((change.from.as_ref()?, &change.addr)))
            .collect();
        if moved.is_empty() {
            return;
        }
        // What was written just now knows its needs by their present addresses already.
        for (_, entry) in entries.iter_mut().filter(|(addr, _)| !done.contains(addr)) {
            if entry.needs.iter().any(|need| moved.contains_key(need)) {
                let now = entry
                    .needs
                    .iter()
                    .map(|need| moved.get(need).copied().unwrap_or(need));
                let sorted: BTreeSet<Addr> = now.cloned().collect();
                entry.needs = sorted.into_iter().collect();
            }
        }
    }
}
