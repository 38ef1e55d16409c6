//! Known: which entities Port has, without their values, and which of them an item has made.
//!
//! Of each entity it keeps its identifier, eight bytes per mapped field and some forty more: about 130 bytes with ten
//! fields, so that 50,000 entities are 6 MB. Deliberately not here: comparing (see `fields`).

use std::collections::HashMap;

use crate::follow::ingest::same::digest_of;

/// The entities of a blueprint.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// How many digests an entity has.
    width: usize,
    /// All identifiers, one after the other.
    names: String,
    /// Where each ends.
    ends: Vec<usize>,
    marks: Vec<u8>,
    /// Of those that Port has, which come first.
    digests: Vec<u64>,
    /// Which entity an identifier's digest stands for.
    places: HashMap<u64, usize>,
    /// How many Port has.
    in_port: usize,
    /// The item that made an entity, where it has another name than the entity.
    makers: HashMap<usize, Box<str>>,
}

/// An entity that Port has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whose {
    /// Made by this project.
    pub ours: bool,
    /// Of the account that is read.
    pub here: bool,
}

/// What an identifier is when an item makes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim<'a> {
    /// Port has it, with these digests.
    There(&'a [u64]),
    /// Port does not have it as far as was seen.
    New,
    /// This item made it already.
    Taken(String),
}

const OURS: u8 = 1;
const HERE: u8 = 2;
const CLAIMED: u8 = 4;

impl Known {
    /// Knows nothing yet, and will keep so many digests of each entity.
    pub(super) fn new(width: usize) -> Known {
        Known {
            width,
            ..Known::default()
        }
    }

    /// Port has this entity. One that was read before, because a page has moved, is as it is now.
    ///
    /// Comes before all [claims](Known::claim).
    pub(super) fn add(&mut self, identifier: &str, digests: &[u64], whose: Whose) {
        let marks = match (whose.ours, whose.here) {
            (true, true) => OURS | HERE,
            (true, false) => OURS,
            (false, true) => HERE,
            (false, false) => 0,
        };
        let digests = digests.iter().copied().chain(std::iter::repeat(0));
        let digests = digests.take(self.width);
        if let Some(at) = self.place(identifier) {
            let has = self.digests.iter_mut().skip(at * self.width);
            has.zip(digests).for_each(|(has, now)| *has = now);
            if let Some(mark) = self.marks.get_mut(at) {
                *mark = marks;
            }
            return;
        }
        self.digests.extend(digests);
        self.push(identifier, marks);
        self.in_port += 1;
    }

    /// How many entities Port has.
    pub(super) fn in_port(&self) -> usize {
        self.in_port
    }

    /// An item makes this identifier.
    pub(super) fn claim(&mut self, identifier: &str, item: &str) -> Claim<'_> {
        let (at, there) = match self.place(identifier) {
            Some(at) => (at, true),
            None => (self.push(identifier, 0), false),
        };
        let mark = self.marks.get_mut(at);
        if mark.as_ref().is_some_and(|mark| **mark & CLAIMED != 0) {
            let maker = self.makers.get(&at).map_or(identifier, |maker| maker);
            return Claim::Taken(maker.to_owned());
        }
        if let Some(mark) = mark {
            *mark |= CLAIMED;
        }
        if identifier != item {
            self.makers.insert(at, item.into());
        }
        let digests = self.digests.get(at * self.width..(at + 1) * self.width);
        match digests {
            Some(digests) if there => Claim::There(digests),
            _ => Claim::New,
        }
    }

    /// The entities that Port has and no item made.
    pub(super) fn unclaimed(&self) -> impl Iterator<Item = (&str, Whose)> {
        let rows = self.marks.iter().take(self.in_port).enumerate();
        let rows = rows.filter(|(_, marks)| **marks & CLAIMED == 0);
        rows.map(|(at, marks)| {
            let whose = Whose {
                ours: marks & OURS != 0,
                here: marks & HERE != 0,
            };
            (self.name(at), whose)
        })
    }

    fn push(&mut self, identifier: &str, marks: u8) -> usize {
        let at = self.ends.len();
        self.names.push_str(identifier);
        self.ends.push(self.names.len());
        self.marks.push(marks);
        self.places.insert(digest_of(identifier), at);
        at
    }

    fn place(&self, identifier: &str) -> Option<usize> {
        self.places.get(&digest_of(identifier)).copied()
    }

    fn name(&self, at: usize) -> &str {
        let end = |at: usize| self.ends.get(at).copied().unwrap_or_default();
        let begin = at.checked_sub(1).map_or(0, end);
        self.names.get(begin..end(at)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS_HERE: Whose = Whose {
        ours: true,
        here: true,
    };

    #[test]
    fn each_entity_has_the_digests_that_were_read_last() {
        let mut known = Known::new(2);
        known.add("a", &[1, 2], OURS_HERE);
        known.add("b", &[3, 4], OURS_HERE);
        known.add(
            "a",
            &[5, 6],
            Whose {
                ours: false,
                ..OURS_HERE
            },
        );
        assert_eq!(known.in_port(), 2);
        assert_eq!(known.claim("b", "b"), Claim::There(&[3, 4]));
        assert_eq!(
            known.unclaimed().collect::<Vec<_>>(),
            [(
                "a",
                Whose {
                    ours: false,
                    here: true
                }
            )]
        );
        assert_eq!(known.claim("a", "a"), Claim::There(&[5, 6]));
        assert_eq!(known.unclaimed().count(), 0);
    }

    #[test]
    fn an_identifier_is_made_once_and_its_maker_is_known() {
        let mut known = Known::new(0);
        known.add("x", &[], OURS_HERE);
        assert_eq!(known.claim("x", "one"), Claim::There(&[]));
        assert_eq!(known.claim("x", "two"), Claim::Taken("one".into()));
        assert_eq!(known.claim("new", "new"), Claim::New);
        assert_eq!(known.claim("new", "other"), Claim::Taken("new".into()));
        assert_eq!(known.in_port(), 1);
        assert_eq!(known.unclaimed().count(), 0, "Port has no entity `new`");
    }
}
