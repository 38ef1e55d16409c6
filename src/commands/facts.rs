//! What is known about each secret before anything is sent: its text, where it is at hand, against
//! the fingerprints in the ledger.
//!
//! Deliberately not here: texts that we make (`${random.NAME}`), of which no text exists before an
//! apply (see `decide`), and what follows from a fact.

use std::collections::BTreeMap;

use crate::commands::session::Session;
use crate::decide::ledger::{Entry, Fingerprint, Ledger};
use crate::decide::plan::settle::{self, Exports};
use crate::decide::plan::{SecretFact, SecretFacts, held, live_of};
use crate::there::live::Live;
use crate::there::services::{FingerprintKey, Vault};
use crate::want::desired::{Desired, Object};
use crate::words::template::Reference;
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer};

/// A secret whose text is at hand, and what the ledger holds of its object.
pub(super) struct Asked<'a> {
    /// The object.
    pub object: &'a Object,
    /// Where the secret stands.
    pub at: &'a Pointer,
    /// What it is made from, with the attributes that live knows.
    pub source: &'a SecretSource,
    /// The entry that speaks about the object, with its address.
    pub entry: Option<(&'a Addr, &'a Entry)>,
}

/// What is known about every secret. Those whose variables are not set are told at once; `judge`
/// is asked about the others.
pub(super) fn facts(
    desired: &Desired,
    ledger: &Ledger,
    live: &Live,
    vault: &Vault,
    judge: &mut dyn FnMut(&Asked) -> SecretFact,
) -> SecretFacts {
    let mut facts = BTreeMap::new();
    for object in desired.objects.values() {
        let secrets = object.spec.secrets();
        if secrets.is_empty() {
            continue;
        }
        let entry = held(desired, live, ledger, object);
        for (at, source) in secrets {
            if source.random().is_some() {
                continue;
            }
            let source = settled(desired, source, ledger, live);
            let missing = vault.missing(&source);
            let fact = if !missing.is_empty() {
                SecretFact::Unset(missing)
            } else if source.template().references().any(is_attribute) {
                // Its text is known only when the other object is.
                continue;
            } else {
                judge(&Asked {
                    object,
                    at: &at,
                    source: &source,
                    entry,
                })
            };
            facts.insert((object.addr.clone(), at), fact);
        }
    }
    facts
}

/// A secret's source with the attributes that live knows.
fn settled(desired: &Desired, source: &SecretSource, ledger: &Ledger, live: &Live) -> SecretSource {
    let read = source.template().references();
    let read = read.filter_map(|reference| match reference {
        Reference::Attribute(addr, _) => Some(addr),
        _ => None,
    });
    exports(desired, read, ledger, live).settle_secret(source)
}

/// What live exports of these objects.
pub(super) fn exports<'a>(
    desired: &Desired,
    read: impl Iterator<Item = &'a Addr>,
    ledger: &Ledger,
    live: &Live,
) -> Exports {
    let mut exports = Exports::default();
    for addr in read {
        let found = match desired.objects.get(addr) {
            Some(object) => {
                live_of(live, ledger, object).map(|seen| settle::exports_of(object.kind, seen))
            }
            None => settle::outside(addr, live),
        };
        if let Some(found) = found {
            exports.insert(addr.clone(), found);
        }
    }
    exports
}

impl Asked<'_> {
    /// What follows when its text has this fingerprint; without one nothing can be compared.
    pub fn compared(&self, now: Option<Fingerprint>) -> SecretFact {
        let known = self
            .entry
            .and_then(|(_, entry)| entry.fingerprints.get(self.at));
        let known = known.map_or(&[][..], Vec::as_slice);
        compare(known, now, self.entry.is_some_and(|(_, e)| !e.adopted))
    }
}

impl Session {
    /// What is known about every secret, without sending anything.
    pub(super) fn secret_facts(&self, ledger: &Ledger, live: &Live) -> SecretFacts {
        let key = self.vault.fingerprint_key(ledger.salt.as_bytes());
        facts(&self.desired, ledger, live, &self.vault, &mut |asked| {
            let own = &asked.object.addr;
            let under = asked.entry.map_or(own, |(addr, e)| e.marked_as(addr));
            let now = key
                .as_ref()
                .and_then(|key| self.mark(key, under, asked.at, asked.source));
            asked.compared(now)
        })
    }

    /// The fingerprint of a secret that was sent, for the ledger.
    pub fn fingerprint(
        &self,
        addr: &Addr,
        at: &Pointer,
        source: &SecretSource,
        salt: &str,
    ) -> Option<Fingerprint> {
        let salt = salt.as_bytes();
        if let Some(name) = source.random() {
            let mac = self.vault.random_fingerprint(salt, name)?;
            return Some(Fingerprint::of_random(name, mac));
        }
        let key = self.vault.fingerprint_key(salt)?;
        self.mark(&key, addr, at, source)
    }

    /// The fingerprint of a secret under a key; `None` when its text is not at hand.
    fn mark(
        &self,
        key: &FingerprintKey,
        addr: &Addr,
        at: &Pointer,
        source: &SecretSource,
    ) -> Option<Fingerprint> {
        let mac = self.vault.fingerprint(key, addr, at, source)?;
        Some(Fingerprint {
            key_id: key.id().to_owned(),
            mac,
        })
    }
}

fn is_attribute(reference: &Reference) -> bool {
    matches!(reference, Reference::Attribute(..))
}

fn compare(known: &[Fingerprint], now: Option<Fingerprint>, made_by_us: bool) -> SecretFact {
    // Without a key nothing can be compared, and sending would not help to compare next time.
    let Some(now) = now else {
        return SecretFact::Unverified;
    };
    match known.iter().find(|old| old.key_id == now.key_id) {
        Some(old) if old.mac == now.mac => SecretFact::Same,
        Some(_) => SecretFact::Changed,
        // What was sent last was made by us, and nobody has typed that text into a variable.
        None if known.iter().any(|old| old.random().is_some()) => SecretFact::Changed,
        // Whatever we sent to an object that we made has left a fingerprint.
        None if known.is_empty() && made_by_us => SecretFact::Changed,
        None if known.is_empty() => SecretFact::Unverified,
        None => SecretFact::OtherKey,
    }
}
