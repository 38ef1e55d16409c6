//! One live object against what the ledger says was applied: which places are not as they were.
//!
//! The ledger has digests and no values, so that only "another one" can be told. Deliberately not
//! here: what the project wants by now (see [`super`]).

use crate::decide::ledger::Entry;
use crate::decide::ledger::lease::milliseconds;
use crate::kinds::{Kind, Observed};
use crate::words::{Pointer, Value};

/// What became of a place since it was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Something else stands there.
    Changed,
    /// Nothing stood there.
    Came,
    /// Nothing stands there any more.
    Went,
}

/// The places that are not as they were applied, in order.
pub fn since(kind: &dyn Kind, entry: &Entry, live: &Value) -> Vec<(Pointer, How)> {
    let then = &entry.digests;
    // A create that failed halfway has noted nothing but the object itself.
    if then.is_empty() || then.contains_key("") {
        return Vec::new();
    }
    let now = entry.told(kind, live);
    let mut places: Vec<(Pointer, How)> = Vec::new();
    for (at, digest) in then {
        let how = match now.get(at) {
            Some(same) if same == digest => continue,
            Some(_) => How::Changed,
            None => How::Went,
        };
        places.extend(Pointer::parse(at).map(|at| (at, how)));
    }
    let came = now.keys().filter(|at| !then.contains_key(*at));
    places.extend(came.filter_map(|at| Some((Pointer::parse(at)?, How::Came))));
    places.sort_by(|a, b| a.0.cmp(&b.0));
    places
}

/// Whether somebody else wrote what cannot be read: its service says that it was written later
/// than we did.
pub fn rewritten(entry: &Entry, live: &Observed) -> bool {
    let (Some(then), Some(now)) = (&entry.touched, &live.touched.at) else {
        return false;
    };
    match (milliseconds(then), milliseconds(now)) {
        (Some(then), Some(now)) => now > then,
        _ => then != now,
    }
}
