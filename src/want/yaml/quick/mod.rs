//! A quick reader for plain YAML: block and flow collections, and texts as people write them.
//!
//! Its law: what it reads, it reads exactly as the parser does, data and places alike; at the
//! first thing that it does not know perfectly it gives the whole text up. So it never finds
//! anything: whatever would be a finding is the parser's to say. Deliberately not here: anchors,
//! aliases, tags, merge keys, `?` keys, directives, `...`, tabs and carriage returns outside of
//! texts and comments, and flow or quoted texts that go over several lines.
//!
//! | room | noun |
//! |---|---|
//! | `letters` | which bytes may stand in a text, and which end a scalar |
//! | `scalars` | scalars on one line, and block scalars |
//! | `flow` | `{…}` and `[…]` |
//! | `tree` | open collections, and the nodes that they become |

mod flow;
mod letters;
mod scalars;
mod tree;

use self::scalars::{Scalar, Where};
use self::tree::Tree;
use crate::words::Node;

/// Longer keys are the parser's to judge: it knows no key whose colon is further off than 1,024
/// characters.
const MAX_KEY: usize = 1000;

/// Reads all documents of a text, or gives it up. The time is linear in its length.
pub fn read(file: u32, text: &str) -> Option<Vec<Node>> {
    if u32::try_from(text.len()).is_err() || !letters::all_known(text) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 0,
        tree: Tree::new(file),
        spelled: String::new(),
    };
    reader.documents()?;
    reader.tree.finish()
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The next byte to look at.
    at: usize,
    /// Where the line begins in which block structure is being read.
    line: usize,
    tree: Tree,
    /// Room for the text of a scalar that is spelled otherwise.
    spelled: String,
}

impl Reader<'_> {
    /// The byte at an offset; the end of the text is as good as the end of a line.
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Whether a blank or the end of the line stands at an offset.
    fn is_gap(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n')
    }

    fn skip_spaces(&mut self) {
        while self.byte(self.at) == b' ' {
            self.at += 1;
        }
    }

    /// The end of the line that `at` is in, before its line feed.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        rest.find('\n').map_or(self.bytes.len(), |end| at + end)
    }

    /// Goes to the next line when nothing but a comment comes before it.
    fn end_line(&mut self) -> Option<()> {
        let from = self.at;
        self.skip_spaces();
        match self.byte(self.at) {
            b'\n' => {}
            b'#' if self.at > from || self.bytes.get(from.wrapping_sub(1)) == Some(&b' ') => {
                self.at = self.line_end(self.at);
            }
            _ => return None,
        }
        self.at += 1;
        Some(())
    }

    fn documents(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            self.line = self.at;
            self.skip_spaces();
            match self.byte(self.at) {
                b'\n' => self.at += 1,
                b'#' => self.at = self.line_end(self.at) + 1,
                b'-' | b'.' if self.at == self.line && self.is_mark() => {
                    if self.byte(self.at) == b'.' {
                        return None;
                    }
                    self.tree.end_document()?;
                    self.at += 3;
                    self.end_line()?;
                }
                _ => {
                    let column = self.at - self.line;
                    self.arrive(column)?;
                    self.block(column)?;
                }
            }
        }
        self.tree.end_document()
    }

    /// Whether `---` or `...` stands here.
    fn is_mark(&self) -> bool {
        let (first, rest) = (self.byte(self.at), self.at + 1);
        self.byte(rest) == first && self.byte(rest + 1) == first && self.is_gap(rest + 2)
    }

    /// Whether the dash of a list's item stands here.
    fn is_dash(&self) -> bool {
        self.byte(self.at) == b'-' && self.is_gap(self.at + 1)
    }

    /// Closes what a line that begins in this column does not belong to.
    fn arrive(&mut self, column: usize) -> Option<()> {
        while self.tree.top().is_some_and(|top| top.column > column) {
            self.tree.close(None)?;
        }
        let dash = self.is_dash();
        let Some(top) = self.tree.top() else {
            return self.tree.is_bare().then_some(());
        };
        if top.column < column {
            return top.waits().then_some(());
        }
        match (top.map, dash) {
            // The value of the key before it: a list that is not indented any further.
            (true, true) => top.waits().then_some(()),
            (true, false) | (false, true) => self.tree.settle(),
            (false, false) => {
                self.tree.close(None)?;
                let top = self.tree.top()?;
                (top.map && top.column == column).then_some(())
            }
        }
    }

    /// What begins in this column and takes the rest of the line, or more lines.
    fn block(&mut self, mut column: usize) -> Option<()> {
        while self.is_dash() {
            let top = self.tree.top();
            let beside = top.is_some_and(|top| top.map && top.column == column);
            if !top.is_some_and(|top| !top.map && top.column == column) {
                self.tree.open(false, column, self.at)?;
            } else if top.is_some_and(tree::Frame::waits) {
                return None;
            }
            self.at += 1;
            self.skip_spaces();
            // The parser loses the place of a list that is not indented when it begins so.
            if beside && matches!(self.byte(self.at), b'-' | b'#') {
                return None;
            }
            if matches!(self.byte(self.at), b'\n' | b'#') {
                let end = self.line_end(self.at);
                self.tree.expect(end)?;
                return self.end_line();
            }
            self.tree.expect(self.at)?;
            column = self.at - self.line;
        }
        match self.byte(self.at) {
            b'{' | b'[' | b'|' | b'>' => return self.value(),
            _ => {}
        }
        let start = self.at;
        let scalar = self.scalar(Where::Block)?;
        let end = self.at;
        self.skip_spaces();
        if self.byte(self.at) != b':' {
            // A scalar as the whole document is the parser's.
            self.tree.top()?;
            self.at = end;
            self.scalar_value(&scalar)?;
            return self.end_line();
        }
        self.at += 1;
        if !self.is_gap(self.at) || self.at - start > MAX_KEY {
            return None;
        }
        match self.tree.top() {
            Some(top) if top.map && top.column == column && !top.waits() => {}
            _ => self.tree.open(true, column, start)?,
        }
        self.key(&scalar)?;
        self.tree.expect(self.at)?;
        self.skip_spaces();
        match self.byte(self.at) {
            b'\n' | b'#' => self.end_line(),
            _ => self.value(),
        }
    }

    /// A value that begins here and is no block collection.
    fn value(&mut self) -> Option<()> {
        match self.byte(self.at) {
            b'{' | b'[' => self.flow()?,
            b'|' | b'>' => return self.block_scalar(),
            _ => {
                let scalar = self.scalar(Where::Block)?;
                self.scalar_value(&scalar)?;
            }
        }
        self.end_line()
    }

    fn key(&mut self, scalar: &Scalar) -> Option<()> {
        let text = self.text_of(scalar);
        if scalar.plain && text == "<<" {
            return None;
        }
        self.tree.key(text.into(), scalar.start, scalar.end)
    }

    fn scalar_value(&mut self, scalar: &Scalar) -> Option<()> {
        let data = self.data_of(scalar)?;
        self.tree.value(scalar.start, scalar.end, data)
    }
}
