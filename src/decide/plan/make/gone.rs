//! What left the project: what the ledger owns and the config no longer wants is deleted, given
//! up or left alone.
//!
//! Only what the ledger says is ours is ever deleted (law 6). Deliberately not here: how many
//! deletes are too many (see `guard`).

use crate::decide::plan::make::{Planning, forget};
use crate::decide::plan::{Action, Change};
use crate::kinds;

impl Planning<'_> {
    /// What the ledger owns and the config no longer wants.
    pub(super) fn deletes(&mut self) {
        let targets = &self.input.flags.targets;
        let ledger = self.input.ledger;
        let mut gone: Vec<Change> = Vec::new();
        for (addr, entry) in &ledger.entries {
            if !targets.is_empty() && !targets.contains(addr) {
                continue;
            }
            if let Some(object) = self.input.desired.objects.get(addr) {
                if !entry.manage.is_empty() {
                    self.part_left_behind(object, entry);
                    continue;
                }
                let kind = kinds::of(addr).filter(|_| !self.left.contains(addr));
                gone.extend(kind.and_then(|kind| self.left_behind(addr, entry, kind)));
                continue;
            }
            // A kind that this version lacks is left alone, and said.
            let Some(kind) = kinds::of(addr) else {
                self.plan.notes.push(format!(
                    "`{addr}` is of a kind that this version does not know; it is left alone"
                ));
                continue;
            };
            // The same object under another address: the new address takes it over, or is not among
            // those that this plan is limited to.
            if self.left.contains(addr) {
                continue;
            }
            if !entry.manage.is_empty() {
                let change = self.part_gone(addr, kind, entry);
                gone.push(change);
                continue;
            }
            if self.claimed.contains(&(kind.name(), entry.id.clone())) {
                gone.push(forget(addr, kind, &entry.name, &entry.needs));
                continue;
            }
            let live = self.input.live.by_id(kind.name(), &entry.id);
            // Of a delete that a stopped run sent, only what was there at that time is left to do.
            let intent = ledger.intent.as_ref();
            let live = live
                .filter(|live| !intent.is_some_and(|intent| intent.outlived_by(addr, &live.born)));
            let system = kind.is_system(&entry.id);
            // Ids that are made from names are given again: under another name it may be somebody
            // else's object by now.
            if let Some(live) = live.filter(|live| live.name != entry.name) {
                self.plan.notes.push(format!(
                    "`{addr}` left the project, but the object with its id `{}` was renamed from `{}` to `{}`; it is left alone: delete it by hand, or give it its name back",
                    entry.id, entry.name, live.name
                ));
                continue;
            }
            if let Some(why) = kind.stays() {
                // With what they are a part of they go anyway.
                let whole = self.whole(kind, &entry.id);
                if whole.is_some_and(|addr| self.input.desired.objects.contains_key(addr)) {
                    self.plan
                        .notes
                        .push(format!("`{addr}` left the project. {why}"));
                }
                gone.push(forget(addr, kind, &entry.name, &entry.needs));
                continue;
            }
            match live {
                Some(live) if !system && (!entry.adopted || self.input.flags.delete_adopted) => {
                    self.not_ours_to_delete(addr, kind, live);
                    gone.push(Change {
                        action: Action::Delete,
                        seen: Some(live.clone()),
                        ..forget(addr, kind, &entry.name, &entry.needs)
                    })
                }
                _ => gone.push(forget(addr, kind, &entry.name, &entry.needs)),
            }
        }
        self.plan.changes.extend(gone);
        self.stray_creates();
    }

    /// What an unfinished apply may have created and the project no longer wants: nobody knows
    /// that it is ours, so it is said and left alone.
    fn stray_creates(&mut self) {
        let ledger = self.input.ledger;
        let creates = ledger.intent.iter().flat_map(|intent| &intent.creates);
        for addr in creates {
            let known =
                self.input.desired.objects.contains_key(addr) || ledger.entries.contains_key(addr);
            let there = kinds::of(addr)
                .is_some_and(|kind| self.input.live.by_id(kind.name(), &addr.name).is_some());
            if there && !known {
                self.plan.notes.push(format!(
                    "`{addr}` left the project, and an apply that was stopped may have created it; it is there and left alone: delete it by hand if it is yours"
                ));
            }
        }
    }
}
