//! Kept: the node that an object was made of, for those who point into its files later.
//!
//! A plan needs none of this: ten thousand objects hold nothing more than their values. Deliberately
//! not here: what is found at those places (see `follow` and `lint`).

use std::ops::Range;

use crate::want::yaml;
use crate::words::{Node, Place, Pointer, Sources};

/// The node that an object was made of.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its spec with every `${…}` filled in that files and settings know, in its current form.
    pub checked: Node,
}

impl Kept {
    /// Where the value at a pointer stands; the nearest value above it when nothing is there.
    pub fn at(&self, pointer: &Pointer) -> Place {
        self.checked.nearest(pointer).place
    }

    /// Where the key of the value at a pointer stands; the value's place when it has no key.
    pub fn key_at(&self, pointer: &Pointer) -> Place {
        let mut above = pointer.clone();
        let key = above.pop().and_then(|last| {
            let (key, _) = self.checked.at(&above)?.entry(&last)?;
            Some(key.place)
        });
        key.unwrap_or_else(|| self.at(pointer))
    }

    /// Where bytes of the text at a pointer stand: also when the text came from a file, or parts of
    /// it did. `text` is the whole text with everything filled in, `span` the bytes of it.
    pub fn inside(
        &self,
        sources: &Sources,
        pointer: &Pointer,
        text: &str,
        span: Range<usize>,
    ) -> Place {
        match self.checked.at(pointer) {
            Some(node) => yaml::inside_filled(sources, node.place, text, span),
            None => self.at(pointer),
        }
    }
}
