//! Which secrets of an object are to be sent, decided from facts and never from their texts.

use std::collections::BTreeSet;

use crate::decide::diff::Difference;
use crate::decide::plan::SecretFact;
use crate::decide::plan::make::{Input, Planning, held};
use crate::want::desired::Object;
use crate::words::template::Reference;
use crate::words::{Pointer, Value};

impl Planning<'_> {
    /// All secrets of an object that is created: each must be at hand.
    pub(super) fn all_secrets(&mut self, object: &Object) -> BTreeSet<Pointer> {
        let places: BTreeSet<Pointer> = object
            .spec
            .secrets()
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        places.iter().for_each(|at| self.must_have(object, at));
        places
    }

    pub(super) fn must_have(&mut self, object: &Object, at: &Pointer) {
        if let Some(SecretFact::Unset(names)) =
            self.input.secrets.get(&(object.addr.clone(), at.clone()))
        {
            self.plan
                .missing_secrets
                .push((object.addr.clone(), at.clone(), names.clone()));
        }
    }

    /// The secrets of an existing object that are to be sent: their text is known to be another
    /// one, an earlier run was stopped while it sent them, or the command line asks for it.
    pub(super) fn changed_secrets(
        &mut self,
        object: &Object,
        want: &Value,
        ours: bool,
    ) -> BTreeSet<Pointer> {
        let mut changed = BTreeSet::new();
        let flags = self.input.flags;
        let rotated = flags.rotate.contains(&object.addr);
        if object.lifecycle.seed && !rotated {
            return changed;
        }
        let intent = self.input.ledger.intent.as_ref();
        let open = intent.and_then(|intent| {
            let Input {
                desired,
                live,
                ledger,
                ..
            } = self.input;
            let held = || held(desired, live, ledger, object).map(|(addr, _)| addr);
            let own = intent.sends.get(&object.addr);
            own.or_else(|| intent.sends.get(held()?))
        });
        // A create that was stopped may have sent some of them; no fingerprint tells which.
        let created = ours && intent.is_some_and(|intent| intent.creates.contains(&object.addr));
        let left_alone = |at: &Pointer| object.lifecycle.ignore.iter().any(|p| p.covers(at));
        for (at, source) in want.secrets() {
            if left_alone(&at) {
                continue;
            }
            if let Some(name) = source.random() {
                let place = open.is_some_and(|places| places.contains(&at));
                if self.randoms.sent.contains(name) || rotated || place || created {
                    changed.insert(at);
                } else if self.randoms.unverified.contains(name) {
                    self.plan.unverified_secrets += 1;
                }
                continue;
            }
            // What it reads belongs to an object that is made anew.
            let unknown = source
                .template()
                .references()
                .any(|reference| matches!(reference, Reference::Attribute(..)));
            if unknown && ours {
                self.must_have(object, &at);
                changed.insert(at);
                continue;
            }
            let fact = self.input.secrets.get(&(object.addr.clone(), at.clone()));
            let forced = rotated || open.is_some_and(|places| places.contains(&at));
            match fact {
                Some(SecretFact::Unset(_)) if forced => {
                    self.must_have(object, &at);
                    changed.insert(at);
                }
                _ if forced => {
                    changed.insert(at);
                }
                Some(SecretFact::Unset(_)) => self.plan.undecided_secrets += 1,
                Some(SecretFact::Same) => {}
                _ if created => {
                    changed.insert(at);
                }
                Some(SecretFact::Changed) if ours => {
                    changed.insert(at);
                }
                Some(SecretFact::OtherKey) if ours && flags.rekey => {
                    changed.insert(at);
                }
                Some(SecretFact::Unverified) if flags.rotate_unverified => {
                    changed.insert(at);
                }
                Some(SecretFact::OtherKey) => self.plan.undecided_secrets += 1,
                Some(SecretFact::Unverified) => self.plan.unverified_secrets += 1,
                Some(SecretFact::Changed) | None => {}
            }
        }
        changed
    }

    /// The secrets that go along because what is around them is written as a whole: all below a
    /// key that differs, but of a map of secrets only those that live lacks.
    pub(super) fn carried_secrets(
        &mut self,
        object: &Object,
        want: &Value,
        found: &Difference,
    ) -> BTreeSet<Pointer> {
        let mut carried = BTreeSet::new();
        if found.fields.is_empty() {
            return carried;
        }
        let top_level = found.top_level();
        let write_only = object.kind.shape().pick(&|field| field.rules.write_only);
        for (at, _) in want.secrets() {
            let alone = write_only
                .iter()
                .any(|place| place.parts().len() == 1 && place.covers(&at));
            let goes = match alone {
                true => found.fields.iter().any(|field| field.path.covers(&at)),
                false => at
                    .first()
                    .is_some_and(|key| top_level.iter().any(|k| k == key)),
            };
            if goes {
                self.must_have(object, &at);
                carried.insert(at);
            }
        }
        carried
    }
}
