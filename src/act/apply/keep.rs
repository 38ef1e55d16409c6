//! What an apply notes in the ledger: intents before the first change, what is ours after the
//! last one.

use std::collections::BTreeMap;

use super::change::Done;
use super::{Addr, Applying};
use crate::act::report::Outcome;
use crate::decide::graft::graft;
use crate::decide::ledger::{Entry, Fingerprint, Intent, digests, fingerprint};
use crate::decide::plan::{Action, Change, Part};
use crate::kinds::{Observed, Touch};
use crate::there::services::Failure;
use crate::words::value::Map;
use crate::words::{Pointer, Text, Value};

impl Applying<'_> {
    /// Writes the intents, before the first change.
    pub(super) async fn declare(&mut self) -> Result<(), String> {
        let mut intent = Intent::default();
        for change in self.with.plan.writes() {
            if matches!(change.action, Action::Delete | Action::Replace) {
                intent.deletes.insert(change.addr.clone());
            }
            match change.action {
                Action::Create | Action::Replace => {
                    intent.creates.insert(change.addr.clone());
                }
                Action::Update if change.renamed_to().is_some() => {
                    intent
                        .renames
                        .insert(change.addr.clone(), change.name.clone());
                }
                _ => {}
            }
            match change.action {
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
        if intent.is_empty() && !self.with.home.is_new() {
            return Ok(());
        }
        intent.at = self.with.writer.reader().server_time().and_then(spelled);
        intent.by = self.with.home.stamp().into_iter().collect();
        // What an earlier, killed run was about to do stays open until its objects are seen.
        if let Some(open) = ledger.intent.take() {
            intent.extend(open);
        }
        ledger.serial += 1;
        ledger.intent = (!intent.is_empty()).then_some(intent);
        let saved = self.with.home.save(ledger, &self.with.writer).await;
        saved.map_err(|error| error.to_string())
    }

    /// Notes a change that ended well.
    pub(super) fn done(&mut self, change: &Change, done: Done) -> Outcome {
        match done {
            Done::Gone => {
                self.inherit(change);
                Outcome::Done
            }
            Done::Written { .. } if change.leaves() => {
                self.with.ledger.entries.remove(&change.addr);
                Outcome::Done
            }
            Done::Unchanged { .. } if change.leaves() => {
                self.with.ledger.entries.remove(&change.addr);
                Outcome::Unchanged
            }
            Done::Written {
                id,
                name,
                exports,
                want,
                touched,
            } => {
                if let Some(exports) = exports {
                    self.exports.insert(change.addr.clone(), exports);
                }
                self.own(change, id, name, &want, Some(touched));
                Outcome::Done
            }
            Done::Unchanged { want } => {
                if let Some(seen) = &change.seen {
                    self.own(change, seen.id.clone(), seen.name.clone(), &want, None);
                }
                Outcome::Unchanged
            }
        }
    }

    /// Notes one write of several: the object is ours as far as it was written, so that a run after
    /// a crash completes it. A doomed one stays in the ledger until it is gone.
    pub(super) fn done_in_part(&mut self, change: &Change, done: Done) {
        let (id, name, exports, want, touched) = match (done, &change.seen) {
            (_, _) if change.action == Action::Delete => return,
            (
                Done::Written {
                    id,
                    name,
                    exports,
                    want,
                    touched,
                },
                _,
            ) => (id, name, exports, want, Some(touched)),
            (Done::Unchanged { want }, Some(seen)) => {
                (seen.id.clone(), seen.name.clone(), None, want, None)
            }
            (Done::Unchanged { .. } | Done::Gone, _) => return,
        };
        if let Some(exports) = exports {
            self.exports.insert(change.addr.clone(), exports);
        }
        self.own(change, id.clone(), name.clone(), &want, touched);
        let made = Observed {
            born: Default::default(),
            touched: Default::default(),
            id,
            name,
            value: want,
            exports: Map::new(),
        };
        self.made.insert(change.addr.clone(), made);
    }

    /// Notes an object that was created by a change that failed later: it is ours, though
    /// incomplete, and the next run mends it.
    pub(super) fn half_done(&mut self, change: &Change, failure: &Failure) {
        if let Some(created) = &failure.created {
            let nothing = Value::Map(Default::default());
            let (id, name) = (created.id.clone(), created.name.clone());
            self.own(change, id, name, &nothing, Some(Touch::default()));
        }
    }

    /// Adopting and forgetting change the ledger alone; then the ledger is kept.
    pub(super) async fn conclude(&mut self) {
        let plan = self.with.plan;
        for action in [Action::Adopt, Action::Move, Action::Forget] {
            let ledger_only = plan
                .changes
                .iter()
                .filter(|c| c.action == action && !self.report.interrupted);
            for change in ledger_only.cloned().collect::<Vec<_>>() {
                match (change.action, &change.seen, &change.want) {
                    (Action::Adopt | Action::Move, Some(seen), Some(want)) => {
                        self.own(&change, seen.id.clone(), seen.name.clone(), want, None);
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
        self.settle_moves();
        // A limited plan says nothing about what an earlier run left open elsewhere.
        let intent =
            if self.report.is_complete() && plan.targets.is_empty() && plan.skipped.is_empty() {
                None
            } else {
                self.open_intent()
            };
        let ledger = &mut self.with.ledger;
        ledger.intent = intent;
        ledger.serial += 1;
        ledger.applied_at = Some(self.with.stamp.at.clone());
        ledger.commit = self.with.stamp.commit.clone().or(ledger.commit.take());
        let saved = self.with.home.save(ledger, &self.with.writer).await;
        self.report.ledger_problem = saved.err().map(|error| error.to_string());
    }

    /// Notes in the ledger that an object is ours, as it was written; `touched` is what its
    /// service says about the write, `None` when only the ledger changes.
    fn own(
        &mut self,
        change: &Change,
        id: String,
        name: String,
        want: &Value,
        touched: Option<Touch>,
    ) {
        let old = self.inherit(change).map(|old| moved(old, change));
        let (marked_as, fingerprints) = self.fingerprints(change, want, old.as_ref());
        let part = |places: fn(&Part) -> &Vec<Pointer>| {
            let part = change.part.as_ref();
            part.map_or(Vec::new(), |part| places(part).clone())
        };
        let extra = change.lifecycle.extra.keys().map(Text::to_string).collect();
        let entry = Entry {
            id,
            name,
            adopted: match (&old, change.action) {
                _ if change.part.is_some() => false,
                (_, Action::Create | Action::Replace) => false,
                (Some(entry), _) => entry.adopted || change.adopts,
                (None, _) => change.adopts,
            },
            protect: change.lifecycle.protect,
            needs: change.needs.iter().cloned().collect(),
            touched: written_at(change, touched, old.as_ref()),
            digests: match &change.part {
                Some(part) => digests(
                    change.kind,
                    &graft(&Value::Null, want, &part.places),
                    &change.lifecycle.ignore,
                    &extra,
                ),
                None => digests(change.kind, want, &change.lifecycle.ignore, &extra),
            },
            ignore: change.lifecycle.ignore.clone(),
            manage: part(|part| &part.places),
            placed: part(|part| &part.placed),
            fingerprints,
            marked_as,
        };
        self.with.ledger.entries.insert(change.addr.clone(), entry);
    }

    /// The fingerprints of an object's secrets, and the address that they speak about when it is
    /// another one. Once all secrets are sent anew, that is the present one.
    fn fingerprints(
        &self,
        change: &Change,
        want: &Value,
        old: Option<&Entry>,
    ) -> (Option<Addr>, BTreeMap<Pointer, Vec<Fingerprint>>) {
        let secrets = want.secrets();
        let stays = |at: &Pointer| secrets.iter().any(|(place, _)| place == at);
        let whole = secrets.iter().all(|(at, _)| change.sends.contains(at));
        let marked_as = old
            .filter(|_| !whole)
            .and_then(|entry| entry.marked_as.clone());
        let mut fingerprints = match old {
            Some(entry) if marked_as == entry.marked_as => entry.fingerprints.clone(),
            _ => BTreeMap::new(),
        };
        fingerprints.retain(|at, _| stays(at));
        let under = marked_as.as_ref().unwrap_or(&change.addr);
        for (at, source) in secrets {
            if change.sends.contains(&at)
                && let Some(made) =
                    (self.with.fingerprint)(under, &at, source, &self.with.ledger.salt)
            {
                fingerprint::note(fingerprints.entry(at).or_default(), made);
            }
        }
        (marked_as, fingerprints)
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
        intent.deletes.retain(|addr| !ended(addr));
        intent.sends.retain(|addr, _| !ended(addr));
        intent.renames.retain(|addr, _| !ended(addr));
        (!intent.is_empty()).then_some(intent)
    }
}

/// When what cannot be read was last written as far as we know: what it holds counts as ours since
/// then. What is left to others after the create has no such time.
fn written_at(change: &Change, touched: Option<Touch>, old: Option<&Entry>) -> Option<String> {
    if !change.kind.cannot_be_read() || change.lifecycle.seed {
        return None;
    }
    match (touched, old) {
        (Some(touched), _) => touched.at,
        (None, Some(old)) => old.touched.clone(),
        (None, None) => change.seen.as_ref()?.touched.at.clone(),
    }
}

/// A time of a server as services spell it.
fn spelled(milliseconds: i64) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Some(at.to_string())
}

/// The entry of an object that may have had another address. Fingerprints speak about an address,
/// which comes along with them.
fn moved(old: Entry, change: &Change) -> Entry {
    let marked_as = old.marked_as.or(change.from.clone());
    Entry {
        marked_as: marked_as.filter(|address| *address != change.addr),
        ..old
    }
}
