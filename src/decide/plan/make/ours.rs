//! What is ours: what the ledger says, and what follows from it.
//!
//! Deliberately not here: entries under other addresses (see `moves`), and what is done with what
//! is not ours (see `guard`).

use crate::decide::plan::make::Planning;
use crate::kinds::{self, Observed};
use crate::want::config::LedgerHome;
use crate::want::desired::Object;
use crate::words::Addr;

impl<'a> Planning<'a> {
    /// Ours is what the ledger says, also under an address that the project no longer has, and
    /// what an unfinished apply of ours created. Without a ledger everything in the config is.
    pub(super) fn is_ours(&self, object: &Object, live: &Observed) -> bool {
        let intent = self.input.ledger.intent.as_ref();
        let intended = intent.is_some_and(|intent| intent.claims(&object.addr, &live.born));
        intended
            || self.was_renamed(object, live)
            || self.input.desired.config.ledger == Some(LedgerHome::None)
            || self
                .owner(object.kind, &live.id)
                .is_some_and(|addr| self.frees(addr, object))
            || self.whole(object.kind, &live.id).is_some()
    }

    /// The address that owns the object that this one is a part of.
    pub(super) fn whole(&self, kind: &dyn kinds::Kind, id: &str) -> Option<&'a Addr> {
        self.owners.get(&(kind.part_of()?, id)).copied()
    }

    /// Whether the ledger has this very object and knows whether it is protected.
    pub(super) fn is_recorded(&self, object: &Object, live: &Observed) -> bool {
        let entry = self.input.ledger.entries.get(&object.addr);
        let protects = entry.is_some_and(|entry| entry.protect == object.lifecycle.protect);
        self.input.desired.config.ledger == Some(LedgerHome::None)
            || (self.is_entry(object, live) && protects)
    }

    /// Whether the ledger has this very object under its address.
    pub(super) fn is_entry(&self, object: &Object, live: &Observed) -> bool {
        let entry = self.input.ledger.entries.get(&object.addr);
        entry.is_some_and(|entry| entry.id == live.id && entry.manage.is_empty())
    }

    /// The address under which the ledger has the live object with this id.
    pub(super) fn owner(&self, kind: &dyn kinds::Kind, id: &str) -> Option<&'a Addr> {
        self.owners.get(&(kind.name(), id)).copied()
    }
}
