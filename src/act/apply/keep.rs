//! What an apply notes in the ledger: intents before the first change, what is ours after the
//! last one.

use std::collections::BTreeMap;

use super::change::Done;
use super::{Addr, Applying};
use crate::act::report::Outcome;
use crate::decide::ledger::{Entry, Fingerprint, Intent, digests};
use crate::decide::plan::{Action, Change};
use crate::there::services::Failure;
use crate::words::{Pointer, Value};

/// Fingerprints kept per secret (design, section 5.7).
const FINGERPRINTS: usize = 4;

impl Applying<'_> {
    /// Writes the intents, before the first change.
    pub(super) fn declare(&mut self) -> Result<(), String> {
        let mut intent = Intent::default();
        for change in self.with.plan.writes() {
            match change.action {
                Action::Create | Action::Replace => {
                    intent.creates.insert(change.addr.clone());
                }
                Action::Update if !change.sends.is_empty() => {
                    intent
                        .sends
                        .insert(change.addr.clone(), change.sends.clone());
                }
                _ => {}
            }
        }
        let stamp = &self.with.stamp;
        let ledger = &mut self.with.ledger;
        ledger.organization = stamp.organization.clone().or(ledger.organization.take());
        ledger.account = stamp.account.clone().or(ledger.account.take());
        if intent == Intent::default() {
            return Ok(());
        }
        // What an earlier, killed run was about to do stays open until its objects are seen.
        if let Some(open) = ledger.intent.take() {
            intent.creates.extend(open.creates);
            for (addr, places) in open.sends {
                intent.sends.entry(addr).or_default().extend(places);
            }
        }
        ledger.serial += 1;
        ledger.intent = Some(intent);
        self.with
            .home
            .save(ledger)
            .map_err(|error| error.to_string())
    }

    /// Notes a change that ended well.
    pub(super) fn done(&mut self, change: &Change, done: Done) -> Outcome {
        match done {
            Done::Gone => {
                self.with.ledger.entries.remove(&change.addr);
                Outcome::Done
            }
            Done::Written {
                id,
                name,
                exports,
                want,
            } => {
                if let Some(exports) = exports {
                    self.exports.insert(change.addr.clone(), exports);
                }
                self.own(change, id, name, &want);
                Outcome::Done
            }
            Done::Unchanged { want } => {
                if let Some(seen) = &change.seen {
                    self.own(change, seen.id.clone(), seen.name.clone(), &want);
                }
                Outcome::Unchanged
            }
        }
    }

    /// Notes an object that was created by a change that failed later: it is ours, though
    /// incomplete, and the next run mends it.
    pub(super) fn half_done(&mut self, change: &Change, failure: &Failure) {
        if let Some(created) = &failure.created {
            let nothing = Value::Map(Default::default());
            self.own(change, created.id.clone(), created.name.clone(), &nothing);
        }
    }

    /// Adopting and forgetting change the ledger alone; then the ledger is kept.
    pub(super) fn conclude(&mut self) {
        let plan = self.with.plan;
        // An entry that moves to another address is taken over before the old one is forgotten.
        for action in [Action::Adopt, Action::Forget] {
            let ledger_only = plan
                .changes
                .iter()
                .filter(|c| c.action == action && !self.report.interrupted);
            for change in ledger_only.cloned().collect::<Vec<_>>() {
                match (change.action, &change.seen, &change.want) {
                    (Action::Adopt, Some(seen), Some(want)) => {
                        self.own(&change, seen.id.clone(), seen.name.clone(), want);
                    }
                    (Action::Forget, _, _) => {
                        self.with.ledger.entries.remove(&change.addr);
                    }
                    _ => {}
                }
                self.report
                    .outcomes
                    .push((change.addr, change.action, Outcome::Done));
            }
        }
        // A limited plan says nothing about what an earlier run left open elsewhere.
        let intent = if self.report.is_complete() && plan.targets.is_empty() {
            None
        } else {
            self.open_intent()
        };
        let ledger = &mut self.with.ledger;
        ledger.intent = intent;
        ledger.serial += 1;
        ledger.applied_at = Some(self.with.stamp.at.clone());
        ledger.commit = self.with.stamp.commit.clone().or(ledger.commit.take());
        self.report.ledger_problem = self
            .with
            .home
            .save(ledger)
            .err()
            .map(|error| error.to_string());
    }

    /// Notes in the ledger that an object is ours, as it was written.
    fn own(&mut self, change: &Change, id: String, name: String, want: &Value) {
        let entries = &mut self.with.ledger.entries;
        // Only an object that was there can have had another address; looking through all entries
        // for each new one would make a first apply quadratic.
        let old = match (entries.remove(&change.addr), &change.seen) {
            (None, Some(_)) => moved(entries, &change.addr, &id),
            (known, _) => known,
        };
        let entry = Entry {
            id,
            name,
            adopted: match (&old, change.action) {
                (_, Action::Create | Action::Replace) => false,
                (Some(entry), _) => entry.adopted || change.adopts,
                (None, _) => change.adopts,
            },
            protect: change.lifecycle.protect,
            needs: change.needs.clone(),
            digests: digests(change.kind, want, &change.lifecycle.ignore),
            fingerprints: self.fingerprints(change, want, old),
        };
        self.with.ledger.entries.insert(change.addr.clone(), entry);
    }

    /// The fingerprints of an object's secrets: what was sent now comes first.
    fn fingerprints(
        &self,
        change: &Change,
        want: &Value,
        old: Option<Entry>,
    ) -> BTreeMap<Pointer, Vec<Fingerprint>> {
        let mut fingerprints = old.map(|entry| entry.fingerprints).unwrap_or_default();
        let secrets = want.secrets();
        fingerprints.retain(|at, _| secrets.iter().any(|(place, _)| place == at));
        for (at, source) in secrets {
            if change.sends.contains(&at)
                && let Some(made) =
                    (self.with.fingerprint)(&change.addr, &at, source, &self.with.ledger.salt)
            {
                let list = fingerprints.entry(at).or_default();
                list.retain(|known| known.key_id != made.key_id);
                list.insert(0, made);
                list.truncate(FINGERPRINTS);
            }
        }
        fingerprints
    }

    /// What stays intended after an incomplete apply: sends that did not end well, and creates
    /// that may have taken effect, wholly or in part. A create that certainly did nothing is
    /// struck: who has the object later made it himself.
    fn open_intent(&self) -> Option<Intent> {
        let mut intent = self.with.ledger.intent.clone()?;
        let ended = |addr: &Addr| {
            matches!(
                self.report.outcome(addr),
                Some(Outcome::Done | Outcome::Unchanged)
            )
        };
        intent
            .creates
            .retain(|addr| match self.report.outcome(addr) {
                None => !self.with.ledger.entries.contains_key(addr),
                Some(_) => !ended(addr) && !self.struck.contains(addr),
            });
        intent.sends.retain(|addr, _| !ended(addr));
        (intent != Intent::default()).then_some(intent)
    }
}

/// The entry of the same object under an address that it no longer has. Fingerprints speak about
/// an address, so they do not come along.
fn moved(entries: &mut BTreeMap<Addr, Entry>, to: &Addr, id: &str) -> Option<Entry> {
    let same = |(addr, entry): (&Addr, &Entry)| {
        addr.service == to.service && addr.kind == to.kind && entry.id == id
    };
    let from = entries.iter().find(|one| same(*one))?.0.clone();
    let old = entries.remove(&from)?;
    Some(Entry {
        fingerprints: BTreeMap::new(),
        ..old
    })
}
