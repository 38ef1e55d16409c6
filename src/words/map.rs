//! Maps of values: an ordered map that is small where it lies and quick to ask.
//!
//! Projects hold maps by the hundred thousand, most of them with a handful of keys. So a value
//! holds only a pointer to its map, and keys are hashed by a quick function. Its seed is made
//! anew by each process, so nobody can write keys that collide.
//! Deliberately not here: anything about values; all methods are those of the ordered map.

use std::fmt;
use std::hash::BuildHasher;
use std::ops::{Deref, DerefMut};

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use indexmap::IndexMap;

use crate::words::Value;

/// What a [`Map`] holds: the entries in their order.
pub type Entries = IndexMap<String, Value, Hashing>;

/// The entries of a map value in their order; equality ignores the order.
#[derive(Clone, PartialEq, Default)]
pub struct Map(Box<Entries>);

/// How keys are hashed: the same way in all maps of a process, so that no map keeps a seed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hashing;

impl BuildHasher for Hashing {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher::with_seed(0, SharedSeed::global_random())
    }
}

impl Map {
    /// A map without entries.
    pub fn new() -> Map {
        Map::default()
    }
}

impl Deref for Map {
    type Target = Entries;

    fn deref(&self) -> &Entries {
        &self.0
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut Entries {
        &mut self.0
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Map {
        Map(Box::new(entries.into_iter().collect()))
    }
}

impl<const N: usize> From<[(String, Value); N]> for Map {
    fn from(entries: [(String, Value); N]) -> Map {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = indexmap::map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a String, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a String, &'a mut Value);
    type IntoIter = indexmap::map::IterMut<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_map_is_no_larger_than_one_with_a_text() {
        assert!(size_of::<Value>() <= size_of::<String>() + size_of::<usize>());
    }

    #[test]
    fn entries_keep_their_order_and_equality_ignores_it() {
        let entry = |key: &str| (key.to_owned(), Value::text(key));
        let one = Map::from([entry("b"), entry("a")]);
        assert_eq!(one, Map::from([entry("a"), entry("b")]));
        let keys: Vec<&String> = one.keys().collect();
        assert_eq!(keys, ["b", "a"]);
    }
}
