//! `{…}` and `[…]`, on one line or over several.
//!
//! Deliberately not here: pairs in lists (`[a: 1]`), keys without values, and values without keys.

use super::scalars::Where;
use super::{MAX_KEY, Reader};

impl Reader<'_> {
    /// A flow collection that begins here; `at` is behind its bracket.
    pub fn flow(&mut self) -> Option<()> {
        let floor = self.tree.depth();
        loop {
            match self.byte(self.at) {
                bracket @ (b'{' | b'[') => {
                    self.tree.open(bracket == b'{', 0, self.at)?;
                    self.tree.reach(self.at + 1);
                    self.at += 1;
                    self.gap()?;
                    if !self.closes() {
                        self.beginning()?;
                        continue;
                    }
                    self.close()?;
                }
                _ => {
                    let scalar = self.scalar(Where::Flow)?;
                    self.scalar_value(&scalar)?;
                }
            }
            while self.tree.depth() > floor {
                self.gap()?;
                if self.closes() {
                    self.close()?;
                    continue;
                }
                if self.byte(self.at) != b',' {
                    return None;
                }
                self.at += 1;
                self.gap()?;
                if !self.closes() {
                    self.beginning()?;
                    break;
                }
            }
            if self.tree.depth() == floor {
                return Some(());
            }
        }
    }

    /// Whether the innermost collection ends here.
    fn closes(&self) -> bool {
        let map = self.tree.top().is_some_and(|top| top.map);
        self.byte(self.at) == if map { b'}' } else { b']' }
    }

    fn close(&mut self) -> Option<()> {
        self.at += 1;
        self.tree.close(Some(self.at))
    }

    /// What comes before the value of an item or of an entry.
    fn beginning(&mut self) -> Option<()> {
        if self.tree.top()?.map {
            let start = self.at;
            let scalar = self.scalar(Where::Flow)?;
            let adjacent = self.byte(self.at) == b':' && !scalar.plain;
            self.skip_spaces();
            if self.byte(self.at) != b':' {
                return None;
            }
            self.at += 1;
            if !(adjacent || self.is_gap(self.at)) || self.at - start > MAX_KEY {
                return None;
            }
            self.key(&scalar)?;
            self.gap()?;
        }
        self.tree.expect(self.at)
    }

    /// Skips blanks, line feeds and comments.
    fn gap(&mut self) -> Option<()> {
        let from = self.at;
        loop {
            match self.bytes.get(self.at)? {
                b' ' | b'\n' => self.at += 1,
                b'#' if self.at > from => self.at = self.line_end(self.at),
                b'-' | b'.' if self.bytes[self.at - 1] == b'\n' => return None,
                _ => return Some(()),
            }
        }
    }
}
