//! What the ledger holds of an object, also when it stands there under another address.

use crate::decide::ledger::{Entry, Ledger};
use crate::decide::plan::make::moves;
use crate::kinds::Observed;
use crate::there::live::Live;
use crate::want::desired::{Desired, Object};
use crate::words::Addr;

/// The entry that speaks about an object: the one under its address, else that of its live object
/// under an address that the project no longer has.
pub fn held<'a>(
    desired: &Desired,
    live: &Live,
    ledger: &'a Ledger,
    object: &Object,
) -> Option<(&'a Addr, &'a Entry)> {
    let same = |(addr, entry): &(&Addr, &Entry)| {
        let chosen = object.kind.identity().is_chosen();
        (addr.service, &addr.kind) == (object.addr.service, &object.addr.kind)
            && (!chosen || entry.id == object.name)
    };
    let own = ledger.entries.get_key_value(&object.addr);
    if let Some(own) = own.filter(same) {
        return Some(own);
    }
    // What it is in its service comes before its address.
    if object.kind.identity().is_chosen()
        && let Some(found) = ledger.entries.iter().find(same)
    {
        return Some(found);
    }
    if own.is_some() {
        return own;
    }
    if let Some(from) = moves::former_addresses(desired, ledger).get(&object.addr) {
        return ledger.entries.get_key_value(*from);
    }
    let id = &live_of(live, ledger, object)?.id;
    ledger.entries.iter().find(|(addr, entry)| {
        addr.service == object.addr.service
            && addr.kind == object.addr.kind
            && entry.id == *id
            && !desired.objects.contains_key(*addr)
    })
}

/// The live object that an object is, by the ledger's id or its only namesake.
pub fn live_of<'a>(live: &'a Live, ledger: &Ledger, object: &Object) -> Option<&'a Observed> {
    let kind = object.kind;
    if kind.identity().is_chosen() {
        return live.by_id(kind.name(), &object.name);
    }
    let entry = ledger.entries.get(&object.addr);
    if let Some(known) = entry.and_then(|entry| live.by_id(kind.name(), &entry.id)) {
        return Some(known);
    }
    match live.by_name(kind.name(), &object.name).as_slice() {
        [one] => Some(one),
        _ => None,
    }
}
