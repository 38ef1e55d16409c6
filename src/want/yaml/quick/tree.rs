//! Open collections, and the nodes that they become.
//!
//! The items and entries of all open collections lie on two stacks, each collection's behind those
//! of the ones around it, so that a finished one takes exactly the room that it needs. Deliberately
//! not here: the text that they are read from.

use std::collections::HashSet;
use std::sync::Arc;

use crate::want::yaml::alias::MAX_DEPTH;
use crate::words::map::Hashing;
use crate::words::node::Key;
use crate::words::{Data, Node, Place, Text};

/// Deeper ones are the parser's.
const DEEP: usize = MAX_DEPTH / 2;

/// From this many keys on a map is looked through at its end.
const MANY: usize = 32;

/// An open collection.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// A map, or else a list.
    pub map: bool,
    /// How far a block collection is indented.
    pub column: usize,
    start: usize,
    /// End of what is in it so far.
    end: usize,
    /// Where its items or entries begin on their stack.
    base: usize,
    /// Where the value that comes next would stand if nothing is written.
    next: Option<usize>,
    /// One bit of 64 for each key so far.
    keys: u64,
}

impl Frame {
    /// Whether a value comes next.
    pub fn waits(&self) -> bool {
        self.next.is_some()
    }
}

/// All that is read so far.
#[derive(Debug)]
pub struct Tree {
    file: u32,
    documents: Vec<Node>,
    root: Option<Node>,
    frames: Vec<Frame>,
    items: Vec<Node>,
    entries: Vec<(Key, Node)>,
    /// Keys whose values come next, one for each open map that waits.
    keys: Vec<Key>,
}

impl Tree {
    /// Nothing of a file.
    pub fn new(file: u32) -> Self {
        Tree {
            file,
            documents: Vec::new(),
            root: None,
            frames: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The finished documents.
    pub fn finish(self) -> Option<Vec<Node>> {
        self.frames.is_empty().then_some(self.documents)
    }

    /// The innermost open collection.
    pub fn top(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// How many collections are open.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Whether the document has nothing so far.
    pub fn is_bare(&self) -> bool {
        self.frames.is_empty() && self.root.is_none()
    }

    /// Ends the document.
    pub fn end_document(&mut self) -> Option<()> {
        while !self.frames.is_empty() {
            self.close(None)?;
        }
        self.documents.extend(self.root.take());
        Some(())
    }

    /// A collection begins where a value may stand.
    pub fn open(&mut self, map: bool, column: usize, start: usize) -> Option<()> {
        let fits = match self.frames.last() {
            Some(top) => top.waits() && self.frames.len() < DEEP,
            None => self.root.is_none(),
        };
        let base = if map {
            self.entries.len()
        } else {
            self.items.len()
        };
        self.frames.push(Frame {
            map,
            column,
            start,
            end: start,
            base,
            next: None,
            keys: 0,
        });
        fits.then_some(())
    }

    /// The innermost collection goes at least this far.
    pub fn reach(&mut self, end: usize) {
        if let Some(top) = self.frames.last_mut() {
            top.end = top.end.max(end);
        }
    }

    /// A key of the innermost map; none that it has already.
    pub fn key(&mut self, text: Text, start: usize, end: usize) -> Option<()> {
        let top = self
            .frames
            .last_mut()
            .filter(|top| top.map && !top.waits())?;
        let bit = bit(&text);
        let known = self.entries.get(top.base..)?;
        if top.keys & bit != 0
            && known.len() < MANY
            && known.iter().any(|(known, _)| known.text == text)
        {
            return None;
        }
        top.keys |= bit;
        top.end = end;
        let place = Place::new(self.file, start, end);
        self.keys.push(Key { text, place });
        Some(())
    }

    /// A value comes next; here it would stand if nothing is written.
    pub fn expect(&mut self, at: usize) -> Option<()> {
        let top = self.frames.last_mut()?;
        top.next = Some(at);
        Some(())
    }

    /// Nothing is written where a value comes next, if one does.
    pub fn settle(&mut self) -> Option<()> {
        match self.frames.last()?.next {
            Some(at) => self.value(at, at, Data::Null),
            None => Some(()),
        }
    }

    /// A value.
    pub fn value(&mut self, start: usize, end: usize, data: Data) -> Option<()> {
        let node = Node::new(Place::new(self.file, start, end), data);
        let Some(top) = self.frames.last_mut() else {
            return self.root.replace(node).is_none().then_some(());
        };
        top.next.take()?;
        top.end = top.end.max(end);
        if top.map {
            self.entries.push((self.keys.pop()?, node));
        } else {
            self.items.push(node);
        }
        Some(())
    }

    /// The innermost collection ends, behind its bracket if it has one.
    pub fn close(&mut self, end: Option<usize>) -> Option<()> {
        self.settle()?;
        let frame = self.frames.pop()?;
        let data = if frame.map {
            let entries: Vec<_> = self.entries.drain(frame.base..).collect();
            if entries.len() > MANY && !are_distinct(&entries) {
                return None;
            }
            Data::Map(Arc::new(entries))
        } else {
            let items = self.items.drain(frame.base..).collect();
            Data::List(Arc::new(items))
        };
        self.value(frame.start, end.unwrap_or(frame.end), data)
    }
}

/// One bit for a key; two equal ones have the same.
fn bit(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let first = bytes.first().copied().unwrap_or(0);
    let last = bytes.last().copied().unwrap_or(0);
    let sum = bytes.len() + 7 * usize::from(first) + 13 * usize::from(last);
    1 << (sum % 64)
}

fn are_distinct(entries: &[(Key, Node)]) -> bool {
    let mut keys: HashSet<&str, Hashing> =
        HashSet::with_capacity_and_hasher(entries.len(), Hashing);
    entries.iter().all(|(key, _)| keys.insert(&key.text))
}
