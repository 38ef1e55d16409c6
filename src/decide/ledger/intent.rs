//! Intents: what an apply is about to do, written before its first change, so that a run after a
//! crash knows its own objects from those of others.
//!
//! Deliberately not here: what a plan makes of it (see `plan::make`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decide::ledger::lease::milliseconds;
use crate::kinds::Birth;
use crate::words::{Addr, Pointer};

/// How far the clocks of a service's machines may be apart, in milliseconds.
const SKEW: i64 = 60_000;

/// What an apply is about to do, written before its first change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The objects that it creates; all were absent when it planned.
    pub creates: BTreeSet<Addr>,
    /// The secrets that it sends to objects that exist already.
    pub sends: BTreeMap<Addr, BTreeSet<Pointer>>,
    /// The objects that it renames, with the ids that they get; nobody had those when it planned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renames: BTreeMap<Addr, String>,
    /// The objects that it deletes; found gone later, they went by its own hand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub deletes: BTreeSet<Addr>,
    /// When it was written first, by Port's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How Port stamps what its writers create, as far as that is known.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub by: BTreeSet<String>,
}

impl Intent {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty()
            && self.sends.is_empty()
            && self.renames.is_empty()
            && self.deletes.is_empty()
    }

    /// Takes over what an earlier run left open.
    pub fn extend(&mut self, open: Intent) {
        self.creates.extend(open.creates);
        self.deletes.extend(open.deletes);
        for (addr, id) in open.renames {
            self.renames.entry(addr).or_insert(id);
        }
        for (addr, places) in open.sends {
            self.sends.entry(addr).or_default().extend(places);
        }
        // The earlier writers and the earlier time speak for what they began.
        if open.at.is_none() || self.by.is_empty() || open.by.is_empty() {
            self.by.clear();
        } else {
            self.by.extend(open.by);
        }
        self.at = match (self.at.take(), open.at) {
            (Some(now), Some(then)) if milliseconds(&then) <= milliseconds(&now) => Some(then),
            (Some(now), Some(_)) => Some(now),
            _ => None,
        };
    }

    /// Whether a live object is the one that was to be created: nobody made it earlier, and nobody
    /// else made it. What a service does not tell is no doubt.
    pub fn claims(&self, addr: &Addr, born: &Birth) -> bool {
        let by_us = match &born.by {
            Some(by) if !self.by.is_empty() => self.by.contains(by),
            _ => true,
        };
        let since = match self.times(born) {
            Some((at, born)) => born >= at.saturating_sub(SKEW),
            None => true,
        };
        self.creates.contains(addr) && by_us && since
    }

    /// Whether a live object was made after the one that was to be deleted: it is another one.
    pub fn outlived_by(&self, addr: &Addr, born: &Birth) -> bool {
        let times = self.times(born);
        let later = times.is_some_and(|(at, born)| born > at.saturating_add(SKEW));
        self.deletes.contains(addr) && later
    }

    fn times(&self, born: &Birth) -> Option<(i64, i64)> {
        let at = milliseconds(self.at.as_deref()?)?;
        Some((at, milliseconds(born.at.as_deref()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(at: &str, by: &str) -> Birth {
        Birth {
            at: Some(format!("2026-11-20T{at}.000Z")),
            by: Some(by.into()),
        }
    }

    fn intent() -> (Addr, Intent) {
        let addr: Addr = "port.blueprint.a".parse().expect("an address");
        let intent = Intent {
            creates: [addr.clone()].into(),
            deletes: [addr.clone()].into(),
            at: Some("2026-11-20T12:00:00Z".into()),
            by: ["us".to_owned()].into(),
            ..Intent::default()
        };
        (addr, intent)
    }

    #[test]
    fn what_others_made_is_not_claimed() {
        let (addr, intent) = intent();
        assert!(intent.claims(&addr, &born("12:00:01", "us")));
        assert!(
            intent.claims(&addr, &born("11:59:30", "us")),
            "clocks differ"
        );
        assert!(!intent.claims(&addr, &born("11:58:30", "us")));
        assert!(!intent.claims(&addr, &born("12:00:01", "ann")));
        assert!(intent.claims(&addr, &Birth::default()));
        let other: Addr = "port.blueprint.b".parse().expect("an address");
        assert!(!intent.claims(&other, &born("12:00:01", "us")));
    }

    #[test]
    fn what_came_after_a_delete_is_another_object() {
        let (addr, intent) = intent();
        assert!(!intent.outlived_by(&addr, &born("09:00:00", "us")));
        assert!(intent.outlived_by(&addr, &born("12:02:00", "ann")));
        assert!(!intent.outlived_by(&addr, &Birth::default()));
    }

    #[test]
    fn two_crashes_in_a_row_keep_the_earlier_time_and_both_writers() {
        let (addr, open) = intent();
        let mut next = Intent {
            at: Some("2026-11-20T13:00:00Z".into()),
            by: ["them".to_owned()].into(),
            ..Intent::default()
        };
        next.extend(open);
        assert!(next.claims(&addr, &born("12:00:01", "us")));
        assert!(next.claims(&addr, &born("13:00:01", "them")));
        assert!(!next.claims(&addr, &born("13:00:01", "ann")));
        // A run that did not note its time: whatever is there may be its own.
        next.extend(Intent::default());
        assert!(next.claims(&addr, &born("10:00:00", "ann")));
    }
}
