//! Maps: entries in their order, small where they lie and quick to ask.
//!
//! Projects hold maps by the hundred thousand, most of them with a handful of keys. So a value
//! holds only a pointer to its map, the entries lie in one piece, and few keys are found by
//! looking at them; only a map of many keys has an index. The index hashes by a quick function
//! whose seed is made anew by each process, so nobody can write keys that collide. Copies share
//! their entries until one of them is changed: a plan holds much of the project twice.
//! Deliberately not here: anything about values.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use crate::words::{Text, Value};

/// From this many entries on a map has an index.
const MANY: usize = 32;

/// Entries in their order, with distinct keys; equality ignores the order.
#[derive(Clone)]
pub struct Map<V = Value>(Arc<Entries<V>>);

#[derive(Clone)]
struct Entries<V> {
    list: Vec<(Text, V)>,
    /// Where each key is in the list, once there are many.
    index: Option<Box<Index>>,
}

/// Where each key is; on a piece of memory of its own, as few maps have one.
#[derive(Clone)]
struct Index(HashMap<Text, usize, Hashing>);

/// How keys are hashed: the same way in all maps of a process, so that no map keeps a seed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hashing;

impl BuildHasher for Hashing {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher::with_seed(0, SharedSeed::global_random())
    }
}

impl<V> Entries<V> {
    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.0.get(key).copied(),
            None => self.list.iter().position(|(known, _)| known == key),
        }
    }

    fn insert(&mut self, key: Text, value: V) -> Option<V> {
        match self.position(&key) {
            Some(at) => Some(std::mem::replace(&mut self.list[at].1, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Adds an entry whose key is known to be new.
    fn push(&mut self, key: Text, value: V) -> &mut V {
        let at = self.list.len();
        if let Some(index) = &mut self.index {
            index.0.insert(key.clone(), at);
        }
        self.list.push((key, value));
        if at + 1 == MANY {
            self.reindex();
        }
        &mut self.list[at].1
    }

    /// Makes the index anew when there are many entries, after their places changed.
    fn reindex(&mut self) {
        let list = &self.list;
        self.index = (list.len() >= MANY).then(|| {
            let places = list.iter().enumerate();
            let index = places.map(|(at, (key, _))| (key.clone(), at)).collect();
            Box::new(Index(index))
        });
    }
}

impl<V> Map<V> {
    /// A map without entries.
    pub fn new() -> Self {
        Map::with_capacity(0)
    }

    /// A map without entries, with room for some.
    pub fn with_capacity(capacity: usize) -> Self {
        Map(Arc::new(Entries {
            list: Vec::with_capacity(capacity),
            index: None,
        }))
    }

    /// A map of entries whose keys are known to be distinct: none is looked for.
    pub fn of_distinct(entries: impl IntoIterator<Item = (Text, V)>) -> Self {
        let mut list: Vec<(Text, V)> = entries.into_iter().collect();
        list.shrink_to_fit();
        let mut entries = Entries { list, index: None };
        entries.reindex();
        Map(Arc::new(entries))
    }

    /// Whether both share their entries, so that they surely are the same.
    pub fn shares_with(&self, other: &Map<V>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.list.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.list.is_empty()
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.0.position(key)
    }

    /// Whether there is an entry with this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.0.list.get(self.position(key)?).map(|(_, value)| value)
    }

    /// The entries in their order.
    pub fn iter(&self) -> Iter<'_, V> {
        self.into_iter()
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.0.list.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.0.list.iter().map(|(_, value)| value)
    }
}

impl<V: Clone> Map<V> {
    /// The entries, to be changed: not shared any more.
    fn own(&mut self) -> &mut Entries<V> {
        Arc::make_mut(&mut self.0)
    }

    /// The value under a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let at = self.position(key)?;
        self.own().list.get_mut(at).map(|(_, value)| value)
    }

    /// Puts a value under a key, and returns the one that was there. A new key comes last.
    pub fn insert(&mut self, key: impl Into<Text>, value: V) -> Option<V> {
        self.own().insert(key.into(), value)
    }

    /// The value under a key, which is made first if it is not there.
    pub fn get_or_insert_with(
        &mut self,
        key: impl Into<Text>,
        value: impl FnOnce() -> V,
    ) -> &mut V {
        let key = key.into();
        match self.position(&key) {
            Some(at) => &mut self.own().list[at].1,
            None => self.own().push(key, value()),
        }
    }

    /// Takes an entry out; the others keep their order.
    pub fn shift_remove(&mut self, key: &str) -> Option<V> {
        let at = self.position(key)?;
        let entries = self.own();
        let (key, value) = entries.list.remove(at);
        if let Some(index) = &mut entries.index {
            index.0.remove(&key);
            let behind = index.0.values_mut().filter(|place| **place > at);
            behind.for_each(|place| *place -= 1);
        }
        Some(value)
    }

    /// Keeps the entries of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &mut V) -> bool) {
        let entries = self.own();
        let before = entries.list.len();
        entries.list.retain_mut(|(key, value)| keep(key, value));
        if entries.index.is_some() && entries.list.len() != before {
            entries.reindex();
        }
    }

    /// Brings the entries into the order of their keys.
    pub fn sort_keys(&mut self) {
        let entries = self.own();
        entries.list.sort_by(|(a, _), (b, _)| a.cmp(b));
        if entries.index.is_some() {
            entries.reindex();
        }
    }

    /// The entries in their order, the values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Text, &mut V)> {
        self.own()
            .list
            .iter_mut()
            .map(|(key, value)| (&*key, value))
    }

    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.own().list.iter_mut().map(|(_, value)| value)
    }
}

/// Walks the entries of a map.
pub type Iter<'a, V> =
    std::iter::Map<std::slice::Iter<'a, (Text, V)>, fn(&'a (Text, V)) -> (&'a Text, &'a V)>;

impl<V> Default for Map<V> {
    fn default() -> Self {
        Map::new()
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (&self.0.list, &other.0.list);
        // Most equal maps have one order as well.
        self.shares_with(other)
            || one.len() == two.len()
                && one.iter().zip(two).all(|(one, two)| match one.0 == two.0 {
                    true => one.1 == two.1,
                    false => other.get(&one.0) == Some(&one.1),
                })
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Into<Text>, V: Clone> FromIterator<(K, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut all = Entries {
            list: Vec::with_capacity(entries.size_hint().0),
            index: None,
        };
        for (key, value) in entries {
            all.insert(key.into(), value);
        }
        all.list.shrink_to_fit();
        Map(Arc::new(all))
    }
}

impl<K: Into<Text>, V: Clone> Extend<(K, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Text>, V: Clone, const N: usize> From<[(K, V); N]> for Map<V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<V: Clone> IntoIterator for Map<V> {
    type Item = (Text, V);
    type IntoIter = std::vec::IntoIter<(Text, V)>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).list.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a Text, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.list.iter().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_map_is_no_larger_than_one_with_a_text() {
        assert!(size_of::<Value>() <= size_of::<Text>() + size_of::<usize>());
    }

    #[test]
    fn entries_keep_their_order_and_equality_ignores_it() {
        let entry = |key: &str| (key.to_owned(), Value::text(key));
        let one = Map::from([entry("b"), entry("a")]);
        assert_eq!(one, Map::from([entry("a"), entry("b")]));
        assert_ne!(one, Map::from([entry("a"), entry("c")]));
        let keys: Vec<&Text> = one.keys().collect();
        assert_eq!(keys, ["b", "a"]);
    }

    proptest::proptest! {
        /// Whatever is done to it, it holds what a plain list of entries would, with an index and
        /// without.
        #[test]
        fn a_map_is_a_list_of_entries(
            steps in proptest::collection::vec((0u8..5, 0u8..80, 0u8..4), 0..250)
        ) {
            let mut map: Map<u8> = Map::new();
            let mut list: Vec<(String, u8)> = Vec::new();
            for (step, key, value) in steps {
                let key = format!("key {key}");
                let at = list.iter().position(|(known, _)| *known == key);
                match step {
                    0..=2 => {
                        let old = map.insert(key.as_str(), value);
                        match at {
                            Some(at) => {
                                let old_one = std::mem::replace(&mut list[at].1, value);
                                proptest::prop_assert_eq!(old, Some(old_one));
                            }
                            None => list.push((key.clone(), value)),
                        }
                    }
                    3 => {
                        let removed = at.map(|at| list.remove(at).1);
                        proptest::prop_assert_eq!(map.shift_remove(&key), removed);
                    }
                    _ if value == 0 => {
                        map.retain(|_, held| *held != 1);
                        list.retain(|(_, held)| *held != 1);
                    }
                    _ if value == 1 => {
                        map.sort_keys();
                        list.sort();
                    }
                    _ => {
                        let held = *map.get_or_insert_with(key.as_str(), || value);
                        if at.is_none() {
                            list.push((key.clone(), value));
                        }
                        proptest::prop_assert_eq!(Some(held), at.map(|at| list[at].1).or(Some(value)));
                    }
                }
                let now = list.iter().find(|(known, _)| *known == key).map(|(_, held)| held);
                proptest::prop_assert_eq!(map.get(&key), now);
                proptest::prop_assert_eq!(map.contains_key(&key), now.is_some());
            }
            let held: Vec<(String, u8)> = map.iter().map(|(key, held)| (key.to_string(), *held)).collect();
            proptest::prop_assert_eq!(&held, &list);
            let turned: Map<u8> = list.iter().rev().cloned().collect();
            proptest::prop_assert_eq!(&turned, &map);
        }
    }
}
