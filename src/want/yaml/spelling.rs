//! Spellings: the text of a scalar, and which bytes of the file spell each byte of it.
//!
//! Follows YAML's rules for quotes, escapes, indentation and folding. Deliberately not here: what is
//! not a scalar, and chomping, because nothing stands behind the last line with text.

use std::ops::Range;

/// A text as it is read from its spelling.
pub(super) struct Spelling {
    base: usize,
    /// The text.
    pub text: String,
    /// For each byte of it where its spelling in the file begins and ends.
    pub bytes: Vec<(u32, u32)>,
}

impl Spelling {
    /// Of a scalar that begins at this byte of its file.
    pub fn new(base: usize) -> Self {
        Spelling {
            base,
            text: String::new(),
            bytes: Vec::new(),
        }
    }

    /// Adds a character that is spelled as itself at `at`, counted from the scalar's beginning.
    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        for byte in 0..c.len_utf8() {
            let start = (self.base + at + byte) as u32;
            self.bytes.push((start, start + 1));
        }
    }

    /// A character that is spelled with other bytes than its own.
    fn push_escaped(&mut self, c: char, spelling: Range<usize>) {
        self.text.push(c);
        let place = |at: usize| (self.base + at) as u32;
        let spelling = (place(spelling.start), place(spelling.end));
        let bytes = std::iter::repeat_n(spelling, c.len_utf8());
        self.bytes.extend(bytes);
    }

    fn push_all(&mut self, text: &str, at: usize) {
        for (offset, c) in text.char_indices() {
            self.push(c, at + offset);
        }
    }

    /// Takes blanks at the end away, but for what comes before `keep` bytes.
    fn trim_end(&mut self, keep: usize) {
        while self.text.len() > keep && self.text.ends_with([' ', '\t']) {
            self.text.pop();
            self.bytes.pop();
        }
    }

    /// A line break and the blank lines below it, folded; the offset of what goes on.
    fn fold(&mut self, raw: &str, at: usize) -> usize {
        let mut lines = 0;
        let mut next = at;
        let rest = raw.get(at..).unwrap_or("");
        for (offset, c) in rest.char_indices() {
            match c {
                '\n' => lines += 1,
                ' ' | '\t' | '\r' => {}
                _ => break,
            }
            next = at + offset + c.len_utf8();
        }
        if lines == 1 {
            self.push(' ', at);
        }
        for _ in 1..lines {
            self.push('\n', at);
        }
        next
    }

    /// Reads a plain scalar.
    pub fn plain(&mut self, raw: &str) {
        let mut at = 0;
        while let Some(c) = raw.get(at..).and_then(|rest| rest.chars().next()) {
            if c == '\n' || raw[at..].starts_with("\r\n") {
                self.trim_end(0);
                at = self.fold(raw, at);
            } else {
                self.push(c, at);
                at += c.len_utf8();
            }
        }
    }

    /// Reads a single-quoted scalar.
    pub fn single_quoted(&mut self, raw: &str) -> Option<()> {
        let mut at = 1;
        loop {
            let c = raw.get(at..)?.chars().next()?;
            if raw[at..].starts_with("''") {
                self.push_escaped('\'', at..at + 2);
                at += 2;
            } else if c == '\'' {
                return Some(());
            } else if c == '\n' || raw[at..].starts_with("\r\n") {
                self.trim_end(0);
                at = self.fold(raw, at);
            } else {
                self.push(c, at);
                at += c.len_utf8();
            }
        }
    }

    /// Reads a double-quoted scalar.
    pub fn double_quoted(&mut self, raw: &str) -> Option<()> {
        let mut at = 1;
        // Blanks before this byte of the text were escaped and stay.
        let mut keep = 0;
        loop {
            let rest = raw.get(at..)?;
            let c = rest.chars().next()?;
            if c == '"' {
                return Some(());
            } else if c == '\n' || rest.starts_with("\r\n") {
                self.trim_end(keep);
                at = self.fold(raw, at);
            } else if c == '\\' {
                at = self.escape(raw, at)?;
                keep = self.text.len();
            } else {
                self.push(c, at);
                at += c.len_utf8();
            }
        }
    }

    /// An escape of a double-quoted scalar; the offset behind it.
    fn escape(&mut self, raw: &str, at: usize) -> Option<usize> {
        let rest = &raw[at + 1..];
        let c = rest.chars().next()?;
        let hex = |from: usize, length: usize| {
            let digits = raw.get(from..from + length)?;
            u32::from_str_radix(digits, 16).ok()
        };
        let simple = match c {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' | 'u' | 'U' => {
                let length = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code = hex(at + 2, length)?;
                let mut end = at + 2 + length;
                let mut found = char::from_u32(code);
                if (0xd800..0xdc00).contains(&code) && raw.get(end..end + 2) == Some("\\u") {
                    let low = hex(end + 2, 4)?;
                    end += 6;
                    found = char::decode_utf16([code as u16, low as u16]).next()?.ok();
                }
                self.push_escaped(found?, at..end);
                return Some(end);
            }
            '\n' | '\r' => {
                // A line that goes on: nothing is between, but for blank lines.
                let mut end = at + 1 + usize::from(rest.starts_with("\r\n"));
                let mut lines = 0;
                for (offset, c) in raw.get(end..)?.char_indices() {
                    match c {
                        '\n' => lines += 1,
                        ' ' | '\t' | '\r' => {}
                        _ => {
                            end += offset;
                            break;
                        }
                    }
                }
                for _ in 1..lines {
                    self.push('\n', at);
                }
                return Some(end);
            }
            other => other,
        };
        let end = at + 1 + c.len_utf8();
        self.push_escaped(simple, at..end);
        Some(end)
    }

    /// A block scalar, from its `|` or `>`; `before` is the file above and left of it.
    pub fn block(&mut self, raw: &str, before: &str) -> Option<()> {
        let folded = raw.starts_with('>');
        let header = raw.lines().next()?;
        let stated = header[1..]
            .chars()
            .take_while(|c| "+-0123456789".contains(*c))
            .find_map(|c| c.to_digit(10));
        let lines: Vec<(usize, &str)> = line_starts(raw).skip(1).collect();
        let detected = lines.iter().find(|(_, line)| !line.trim().is_empty());
        let indent = match stated {
            Some(more) => parent_indent(before) + more as usize,
            None => detected.map_or(0, |(_, line)| indent_of(line)),
        };
        let mut previous: Option<(bool, usize)> = None;
        let mut breaks: Vec<usize> = Vec::new();
        for (start, line) in lines {
            let cut = indent_of(line).min(indent);
            let content = &line[cut..];
            if content.is_empty() {
                breaks.push(start + line.len());
                continue;
            }
            let spaced = content.starts_with([' ', '\t']);
            match previous {
                Some((before_spaced, end)) => {
                    if folded && !before_spaced && !spaced {
                        if breaks.is_empty() {
                            self.push(' ', end);
                        }
                    } else {
                        self.push('\n', end);
                    }
                    for at in breaks.drain(..) {
                        self.push('\n', at);
                    }
                }
                None => {
                    for at in breaks.drain(..) {
                        self.push('\n', at);
                    }
                }
            }
            self.push_all(content, start + cut);
            previous = Some((spaced, start + line.len()));
        }
        Some(())
    }
}

/// The lines of a text without their ends, with where they begin.
fn line_starts(raw: &str) -> impl Iterator<Item = (usize, &str)> {
    raw.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some((start, line.strip_suffix('\r').unwrap_or(line)))
    })
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The indentation that an indicator such as `|2` counts from: that of the key or dash before it.
fn parent_indent(before: &str) -> usize {
    let line = before.rsplit('\n').next().unwrap_or("");
    let mut column = indent_of(line);
    let mut dash = None;
    while let Some(rest) = line[column..].strip_prefix("- ") {
        dash = Some(column);
        column += 2 + indent_of(rest);
    }
    let rest = line[column..].trim();
    match dash {
        Some(dash) if rest.is_empty() || rest.starts_with(['!', '&']) => dash,
        _ if rest.starts_with("---") => 0,
        _ => column,
    }
}
