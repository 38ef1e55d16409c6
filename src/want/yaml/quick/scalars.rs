//! Scalars on one line, and block scalars.
//!
//! A scalar is first seen, with its place, and then read, as a key or as a value. Deliberately not
//! here: what a plain scalar stands for.

use super::Reader;
use super::letters::{BLOCK, DOUBLE, FLOW, LETTERS, NO_BEGINNING, SINGLE};
use crate::want::yaml::scalar;
use crate::words::Data;

/// What a scalar stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    Block,
    Flow,
}

/// A scalar that was seen.
#[derive(Debug, Clone, Copy)]
pub struct Scalar {
    pub start: usize,
    pub end: usize,
    pub plain: bool,
    /// Its text is what was spelled, not what stands between its quotes.
    spelled: bool,
}

impl Reader<'_> {
    /// The scalar on this line that begins here; `at` is behind it.
    pub fn scalar(&mut self, place: Where) -> Option<Scalar> {
        match self.byte(self.at) {
            b'\'' => self.single(),
            b'"' => self.double(),
            _ => self.plain(place),
        }
    }

    /// Goes to the next byte of this class.
    fn skip_to(&mut self, class: u8) {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let ends = |byte: &u8| LETTERS[usize::from(*byte)] & class != 0;
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    fn plain(&mut self, place: Where) -> Option<Scalar> {
        let start = self.at;
        let (first, next) = (self.byte(start), self.byte(start + 1));
        if LETTERS[usize::from(first)] & NO_BEGINNING != 0 {
            return None;
        }
        let in_flow = place == Where::Flow;
        let blank = matches!(next, b' ' | b'\t' | b'\n');
        let bad = match first {
            b'-' => blank || in_flow && is_flow(next),
            b'?' | b':' => blank || in_flow,
            _ => false,
        };
        if bad {
            return None;
        }
        let class = if in_flow { FLOW } else { BLOCK };
        loop {
            self.skip_to(class);
            let goes_on = match self.byte(self.at) {
                b':' => {
                    let next = self.byte(self.at + 1);
                    !(self.is_gap(self.at + 1) || next == b'\t' || in_flow && is_flow(next))
                }
                b'#' => self.bytes.get(self.at.wrapping_sub(1)) != Some(&b' '),
                b'\t' => return None,
                _ => false,
            };
            if !goes_on {
                break;
            }
            self.at += 1;
        }
        let mut end = self.at;
        while end > start && self.bytes[end - 1] == b' ' {
            end -= 1;
        }
        self.at = end;
        Some(Scalar {
            start,
            end,
            plain: true,
            spelled: false,
        })
    }

    fn single(&mut self) -> Option<Scalar> {
        let start = self.at;
        self.at += 1;
        let mut from = self.at;
        self.spelled.clear();
        loop {
            self.skip_to(SINGLE);
            if self.bytes.get(self.at) != Some(&b'\'') {
                return None;
            }
            if self.byte(self.at + 1) != b'\'' {
                return self.quoted(start, from);
            }
            self.spelled.push_str(self.text.get(from..=self.at)?);
            self.at += 2;
            from = self.at;
        }
    }

    fn double(&mut self) -> Option<Scalar> {
        let start = self.at;
        self.at += 1;
        let mut from = self.at;
        self.spelled.clear();
        loop {
            self.skip_to(DOUBLE);
            match self.bytes.get(self.at) {
                Some(b'"') => return self.quoted(start, from),
                Some(b'\\') => {}
                _ => return None,
            }
            let (stands_for, length) = self.escape()?;
            self.spelled.push_str(self.text.get(from..self.at)?);
            self.spelled.push(stands_for);
            self.at += length;
            from = self.at;
        }
    }

    /// What the escape that begins here stands for, and how long it is.
    fn escape(&self) -> Option<(char, usize)> {
        let stands_for = match self.byte(self.at + 1) {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            letter @ (b'"' | b'\\' | b'/') => char::from(letter),
            b'u' => {
                let digits = self.text.get(self.at + 2..self.at + 6)?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                let number = u32::from_str_radix(digits, 16).ok()?;
                return Some((char::from_u32(number)?, 6));
            }
            _ => return None,
        };
        Some((stands_for, 2))
    }

    /// Ends a text at its closing quote; what begins at `from` is spelled as it is.
    fn quoted(&mut self, start: usize, from: usize) -> Option<Scalar> {
        let spelled = from > start + 1;
        if spelled {
            self.spelled.push_str(self.text.get(from..self.at)?);
        }
        self.at += 1;
        Some(Scalar {
            start,
            end: self.at,
            plain: false,
            spelled,
        })
    }

    /// The text of the scalar that was seen last.
    pub fn text_of(&self, scalar: &Scalar) -> &str {
        let quote = usize::from(!scalar.plain);
        match scalar.spelled {
            true => &self.spelled,
            false => &self.text[scalar.start + quote..scalar.end - quote],
        }
    }

    /// The data of the scalar that was seen last.
    pub fn data_of(&self, scalar: &Scalar) -> Option<Data> {
        let text = self.text_of(scalar);
        match scalar.plain {
            true => scalar::plain(text).ok(),
            false => Some(Data::Text(text.into())),
        }
    }

    /// A block scalar, from its `|` or `>` to its last line.
    pub fn block_scalar(&mut self) -> Option<()> {
        let start = self.at;
        let outer = self.tree.top()?.column;
        // Such a one before it makes the parser's header hard to find.
        if self.bytes[self.line..start]
            .iter()
            .any(|b| matches!(b, b'|' | b'>'))
        {
            return None;
        }
        let folded = self.bytes[start] == b'>';
        self.at += 1;
        let chomping = match self.byte(self.at) {
            sign @ (b'-' | b'+') => {
                self.at += 1;
                sign
            }
            _ => b' ',
        };
        self.end_line()?;
        let indent = self.block_indent(outer)?;
        let (end, empty_lines) = self.block_lines(indent, folded)?;
        if chomping != b'-' {
            self.spelled.push('\n');
        }
        if chomping == b'+' {
            self.spelled.extend(std::iter::repeat_n('\n', empty_lines));
        }
        let end = start + self.text.get(start..end)?.trim_end().len();
        let data = Data::Text(self.spelled.as_str().into());
        self.tree.value(start, end, data)
    }

    /// How far a block scalar is indented: as far as its first line with text.
    fn block_indent(&self, outer: usize) -> Option<usize> {
        let (mut line, mut widest) = (self.at, 0);
        loop {
            let mut at = line;
            while self.bytes.get(at) == Some(&b' ') {
                at += 1;
            }
            match self.bytes.get(at)? {
                b'\n' => {
                    widest = widest.max(at - line);
                    line = at + 1;
                }
                b'\t' => return None,
                _ => {
                    let indent = at - line;
                    return (indent > outer && indent >= widest).then_some(indent);
                }
            }
        }
    }

    /// Spells the lines of a block scalar but for the end of the last one; returns where they end,
    /// and how many empty lines follow.
    fn block_lines(&mut self, indent: usize, folded: bool) -> Option<(usize, usize)> {
        self.spelled.clear();
        let (mut first, mut blank_before) = (true, false);
        let (mut end, mut empty) = (self.at, 0);
        while self.at < self.bytes.len() {
            let line_end = self.line_end(self.at);
            let line = &self.bytes[self.at..line_end];
            let spaces = line.iter().take(indent).take_while(|b| **b == b' ').count();
            if spaces == line.len() {
                // What the parser makes of blanks without a line feed is its own.
                if line_end == self.bytes.len() {
                    return None;
                }
                empty += 1;
                self.at = line_end + 1;
                continue;
            }
            if spaces < indent {
                break;
            }
            let blank = matches!(line.get(indent), Some(b' ' | b'\t'));
            let folds = folded && !first && !blank_before && !blank;
            if folds && empty == 0 {
                self.spelled.push(' ');
            } else if !folds && !first {
                self.spelled.push('\n');
            }
            self.spelled.extend(std::iter::repeat_n('\n', empty));
            self.spelled
                .push_str(self.text.get(self.at + indent..line_end)?);
            (first, blank_before, empty, end) = (false, blank, 0, line_end);
            self.at = line_end + 1;
        }
        Some((end, empty))
    }
}

fn is_flow(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}
