//! Digests: what the ledger noted of each place at the last apply, when what they speak about is
//! veiled.
//!
//! A digest of a hidden text would tell a weak one to who guesses, and it would no longer fit: the
//! text stands there as its mark. So where live is what was applied, or the project still wants
//! that, the digest becomes that of live or of the project as they are seen now. Deliberately not
//! here: what a digest is (see `decide::ledger`).

use crate::commands::facts;
use crate::decide::ledger::{Digests, Entry, Ledger};
use crate::kinds::{self, Kind};
use crate::show::redact;
use crate::there::live::Live;
use crate::want::desired::Desired;
use crate::words::{Addr, Pointer, Text, Value};

/// Live with and without a veil.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What the project wants, which is seen without a veil.
    pub desired: &'a Desired,
    /// Live as the digests speak about it.
    pub before: &'a Live,
    /// Live as they should.
    pub after: &'a Live,
}

/// What one object has at each place, before and after.
type Told = (Digests, Digests);

impl<'a> Change<'a> {
    /// Makes the digests fit.
    pub fn follow(&self, ledger: &mut Ledger) {
        for (addr, at, fitting) in self.fitting(ledger) {
            if let (Some(entry), Some(fitting)) = (ledger.entries.get_mut(&addr), fitting) {
                entry.digests.insert(at, fitting);
            }
        }
    }

    /// The same, and takes out the digests that still speak about something that is hidden: a text
    /// that neither live nor the project has. What remains says that it was another one.
    pub fn follow_and_forget(&self, ledger: &mut Ledger) {
        for (addr, at, fitting) in self.fitting(ledger) {
            if let Some(entry) = ledger.entries.get_mut(&addr) {
                entry.digests.insert(at, fitting.unwrap_or_default());
            }
        }
    }

    /// The digests that may speak about something hidden, with what fits now; nothing where it is
    /// not known what they speak about.
    fn fitting(&self, ledger: &Ledger) -> Vec<(Addr, Text, Option<Text>)> {
        let mut found = Vec::new();
        for (addr, entry) in &ledger.entries {
            let Some(kind) = kinds::of(addr) else {
                continue;
            };
            let told = self.told(addr, entry, kind, ledger);
            for (at, digest) in entry.digests.iter() {
                let fits = told.iter().find(|(old, _)| old.get(at) == Some(digest));
                let fits = fits.and_then(|(_, new)| new.get(at));
                let hides = || {
                    let authorises = Pointer::parse(at).is_none_or(|at| redact::authorises(&at));
                    authorises || told.iter().any(|(old, new)| old.get(at) != new.get(at))
                };
                if fits.is_some_and(|new| new != digest) || (fits.is_none() && hides()) {
                    found.push((addr.clone(), at.clone(), fits.cloned()));
                }
            }
        }
        found
    }

    /// What live has of an object, and what the project wants of it. Nothing when there is nothing
    /// to hide, as with most.
    fn told(&self, addr: &Addr, entry: &Entry, kind: &dyn Kind, ledger: &Ledger) -> Vec<Told> {
        let mut told = Vec::new();
        let object = self.desired.objects.get(addr);
        let both =
            |before: &Value, after: &Value| (entry.told(kind, before), entry.told(kind, after));
        let authorises = |at: &Text| Pointer::parse(at).is_none_or(|at| redact::authorises(&at));
        let hides = entry.digests.keys().any(authorises);
        let seen = |live: &'a Live| live.by_id(kind.name(), &entry.id);
        if let (Some(before), Some(after)) = (seen(self.before), seen(self.after))
            && (hides || before.value != after.value)
        {
            told.push(both(&before.value, &after.value));
        }
        if let Some(object) = object
            && (hides || object.spec.has_deferred())
        {
            let settled = |live: &Live| {
                let read = object.reads.iter().map(|(addr, ..)| addr);
                facts::exports(self.desired, read, ledger, live).settle(&object.spec)
            };
            told.push(both(&settled(self.before), &settled(self.after)));
        }
        told
    }
}
