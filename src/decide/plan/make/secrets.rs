//! Which secrets of an object are to be sent, decided from facts and never from their texts.

use std::collections::BTreeSet;

use crate::decide::plan::SecretFact;
use crate::decide::plan::make::Planning;
use crate::want::desired::Object;
use crate::words::Pointer;

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

    /// The secrets of an existing object whose text is known to be another one.
    pub(super) fn changed_secrets(&mut self, object: &Object, ours: bool) -> BTreeSet<Pointer> {
        let mut changed = BTreeSet::new();
        if object.lifecycle.seed {
            return changed;
        }
        let open = self
            .input
            .ledger
            .intent
            .as_ref()
            .and_then(|intent| intent.sends.get(&object.addr));
        for (at, _) in object.spec.secrets() {
            let fact = self.input.secrets.get(&(object.addr.clone(), at.clone()));
            let interrupted = open.is_some_and(|places| places.contains(&at));
            match fact {
                Some(SecretFact::Unset(_)) if interrupted => {
                    self.must_have(object, &at);
                    changed.insert(at);
                }
                _ if interrupted => {
                    changed.insert(at);
                }
                Some(SecretFact::Changed) if ours => {
                    changed.insert(at);
                }
                Some(SecretFact::Unset(_) | SecretFact::OtherKey) => {
                    self.plan.undecided_secrets += 1
                }
                Some(SecretFact::Unverified) => self.plan.unverified_secrets += 1,
                Some(SecretFact::Same | SecretFact::Changed) | None => {}
            }
        }
        changed
    }
}
