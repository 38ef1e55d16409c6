//! Digests: what the ledger noted of each place at the last apply, when what they speak about is
//! veiled.
//!
//! A digest of a hidden text would tell a weak one to who guesses, and it would no longer fit: the
//! text stands there as its mark. So where live is what was applied, the digest becomes that of
//! live as it is seen now. Deliberately not here: what a digest is (see `decide::ledger`).

use crate::decide::ledger::{Entry, Ledger, digests};
use crate::kinds::{self, Kind, Observed};
use crate::show::redact;
use crate::there::live::Live;
use crate::want::desired::Desired;
use crate::words::{Addr, Pointer};

/// Digests that fitted live as it was `before` fit it as it is `after`.
pub fn follow(ledger: &mut Ledger, desired: &Desired, before: &Live, after: &Live) {
    for (addr, entry) in &mut ledger.entries {
        let Some((kind, before, after)) = pair(addr, entry, before, after) else {
            continue;
        };
        if before.value == after.value {
            continue;
        }
        let ignore = desired.objects.get(addr);
        let ignore = ignore.map_or(&[][..], |object| &object.lifecycle.ignore);
        let old = digests(kind, &before.value, ignore);
        let new = digests(kind, &after.value, ignore);
        for (at, digest) in &mut entry.digests {
            if let (Some(old), Some(new)) = (old.get(at), new.get(at))
                && digest == old
            {
                digest.clone_from(new);
            }
        }
    }
}

/// Takes out the digests that still speak about something that is veiled: of a text that live no
/// longer has. What remains says that live is another one.
pub fn forget(ledger: &mut Ledger, before: &Live, after: &Live) {
    for (addr, entry) in &mut ledger.entries {
        let places = pair(addr, entry, before, after).map(|(kind, before, after)| {
            let old = digests(kind, &before.value, &[]);
            (old, digests(kind, &after.value, &[]))
        });
        for (at, digest) in &mut entry.digests {
            let hides = Pointer::parse(at).is_none_or(|at| redact::authorises(&at));
            let fits = places
                .as_ref()
                .is_some_and(|(_, new)| new.get(at) == Some(digest));
            let veiled = places
                .as_ref()
                .is_some_and(|(old, new)| old.get(at) != new.get(at));
            if !fits && (hides || veiled) {
                digest.clear();
            }
        }
    }
}

fn pair<'a>(
    addr: &Addr,
    entry: &Entry,
    before: &'a Live,
    after: &'a Live,
) -> Option<(&'static dyn Kind, &'a Observed, &'a Observed)> {
    let kind = kinds::of(addr)?;
    let seen = |live: &'a Live| live.by_id(kind.name(), &entry.id);
    Some((kind, seen(before)?, seen(after)?))
}
