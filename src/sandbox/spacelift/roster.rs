//! The stacks of an account in two orders at once: by id, and as lists show them ([`guesses::scattered`]), so that a
//! page of tens of thousands costs what is on it. Knows nothing of pages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::Deref;

use serde::{Deserialize, Serialize, Serializer};

use super::guesses;
use super::stacks::Stack;

/// Stacks in the order of lists, or backwards.
pub(super) type Walk<'a> = Box<dyn Iterator<Item = &'a Stack> + 'a>;

/// Stacks by slug.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "BTreeMap<String, Stack>")]
pub struct Roster {
    stacks: BTreeMap<String, Stack>,
    /// Where lists show a stack, and its id.
    shown: BTreeSet<(i64, String)>,
}

impl Deref for Roster {
    type Target = BTreeMap<String, Stack>;

    fn deref(&self) -> &Self::Target {
        &self.stacks
    }
}

impl Roster {
    /// Puts a stack under its id.
    pub fn insert(&mut self, id: String, stack: Stack) {
        self.shown.insert((guesses::scattered(&id), id.clone()));
        self.stacks.insert(id, stack);
    }

    /// Takes a stack out.
    pub fn remove(&mut self, id: &str) -> Option<Stack> {
        let stack = self.stacks.remove(id)?;
        self.shown.remove(&(guesses::scattered(id), id.to_owned()));
        Some(stack)
    }

    /// One stack, to change everything but its id.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Stack> {
        self.stacks.get_mut(id)
    }

    /// All stacks as lists show them.
    pub(super) fn shown(&self) -> Walk<'_> {
        self.rising(None, false)
    }

    /// The stacks from a place on, with the one at it or without; all of them without a place.
    pub(super) fn rising(&self, place: Option<(i64, &str)>, with_it: bool) -> Walk<'_> {
        let start = bound(place, with_it);
        self.walk(self.shown.range((start, Unbounded)))
    }

    /// The same towards the beginning.
    pub(super) fn falling(&self, place: Option<(i64, &str)>, with_it: bool) -> Walk<'_> {
        let end = bound(place, with_it);
        self.walk(self.shown.range((Unbounded, end)).rev())
    }

    fn walk<'a>(&'a self, shown: impl Iterator<Item = &'a (i64, String)> + 'a) -> Walk<'a> {
        Box::new(shown.filter_map(|(_, id)| self.stacks.get(id)))
    }
}

fn bound(place: Option<(i64, &str)>, with_it: bool) -> Bound<(i64, String)> {
    match place {
        None => Unbounded,
        Some((number, id)) if with_it => Included((number, id.to_owned())),
        Some((number, id)) => Excluded((number, id.to_owned())),
    }
}

impl From<BTreeMap<String, Stack>> for Roster {
    fn from(stacks: BTreeMap<String, Stack>) -> Self {
        let places = stacks.keys().map(|id| (guesses::scattered(id), id.clone()));
        Self {
            shown: places.collect(),
            stacks,
        }
    }
}

impl Serialize for Roster {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.stacks.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::spacelift::{SpaceliftState, StartingStack};

    fn ids<'a>(stacks: impl Iterator<Item = &'a Stack>) -> Vec<&'a str> {
        stacks.map(|stack| stack.id.as_str()).collect()
    }

    #[test]
    fn both_orders_survive_changes_and_a_saved_text() {
        let stacks: Vec<_> = (0..50).map(StartingStack::varied).collect();
        let mut roster = SpaceliftState::beginning_with(&stacks, 0).stacks;
        let gone = roster.keys().nth(7).cloned().expect("one of fifty");
        assert!(roster.remove(&gone).is_some() && roster.remove(&gone).is_none());
        let all = ids(roster.shown());
        assert_eq!(all.len(), 49);
        let middle = Some((guesses::scattered(all[20]), all[20]));
        assert_eq!(ids(roster.rising(middle, false)), all[21..]);
        assert_eq!(ids(roster.rising(middle, true)), all[20..]);
        let mut before = ids(roster.falling(middle, true));
        before.reverse();
        assert_eq!(before, all[..=20]);

        let text = serde_json::to_string(&roster).expect("plain records");
        assert_eq!(
            text,
            serde_json::to_string(&*roster).expect("plain records")
        );
        let read: Roster = serde_json::from_str(&text).expect("its own text");
        assert_eq!(read, roster);
    }
}
