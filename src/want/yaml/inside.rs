//! Inside: where a span of a scalar's text stands in the file.
//!
//! Programs live in scalars: JQ, Rego, GraphQL, templates. What an engine says of byte 17 of a
//! program has to become a line and a column of the file, through quotes, escapes, indentation and
//! folding. Deliberately not here: the data of scalars (see `leaf`) and what the programs mean.

use std::ops::Range;

use crate::want::source;
use crate::words::template::{Part, Reference};
use crate::words::{Place, Sources, Template};

/// The place of a range of bytes of a scalar's text.
///
/// `place` is the place of the scalar, as the reader or `want::resolve` gave it: plain, quoted,
/// literal and folded scalars, JSON texts, a `${file:…}` whose text is a whole file, and the whole
/// file itself. Behind the first `${…}` that was replaced by something else, the place of the whole
/// scalar is returned; see [`inside_filled`] for more.
pub fn inside(sources: &Sources, place: Place, range: Range<usize>) -> Place {
    match Spelled::at(sources, place) {
        Some(spelled) if spelled.knows(range.end) => spelled.place(range),
        Some(spelled) => spelled.whole,
        None => place,
    }
}

/// The same for a text whose `${…}` were replaced: `text` is what they became.
///
/// The parts between references are found again in the order in which they stand; a range inside
/// of what a reference became has the place of the reference.
pub fn inside_filled(sources: &Sources, place: Place, text: &str, range: Range<usize>) -> Place {
    let Some(spelled) = Spelled::at(sources, place) else {
        return place;
    };
    if spelled.text == text || range.end <= spelled.same {
        return spelled.place(range);
    }
    let Some(cuts) = cuts(&spelled.text, text) else {
        return spelled.whole;
    };
    let find = |at: usize, end: bool| {
        let cut = cuts.iter().rev().find(|cut| {
            if end && at > 0 {
                cut.filled < at
            } else {
                cut.filled <= at
            }
        })?;
        match cut.written_length {
            // Inside of what a reference became.
            Some(length) => Some(cut.written + if end { length } else { 0 }),
            None => Some(cut.written + (at - cut.filled)),
        }
    };
    match (find(range.start, false), find(range.end, true)) {
        (Some(start), Some(end)) => spelled.place(start..end.max(start)),
        _ => spelled.whole,
    }
}

/// A scalar's text before its references are filled in, and where each byte of it stands.
struct Spelled {
    whole: Place,
    text: String,
    /// For each byte of the text where its spelling in the file begins and ends.
    bytes: Vec<(u32, u32)>,
    /// How many bytes at the beginning are the same after references and escapes were replaced.
    same: usize,
}

impl Spelled {
    fn at(sources: &Sources, place: Place) -> Option<Spelled> {
        let raw = sources.text(place);
        if let Some(file) = included(sources, raw) {
            let text = sources.file(file).text.clone();
            return Some(Spelled::of_file(file, &text));
        }
        let file = &sources.file(place.file).text;
        if place.start == 0 && place.end as usize == file.len() {
            return Some(Spelled::of_file(place.file, file));
        }
        let start = place.start as usize;
        let before = file.get(..start)?;
        let mut writing = Writing::new(start);
        match raw.chars().next()? {
            '\'' => writing.single_quoted(raw)?,
            '"' => writing.double_quoted(raw)?,
            '|' | '>' => writing.block(raw, before)?,
            _ => writing.plain(raw),
        }
        Some(Spelled {
            whole: place,
            same: unchanged(&writing.text),
            text: writing.text,
            bytes: writing.bytes,
        })
    }

    fn of_file(file: u32, text: &str) -> Spelled {
        Spelled {
            whole: Place::new(file, 0, text.len()),
            same: unchanged(text),
            bytes: (0..text.len() as u32).map(|at| (at, at + 1)).collect(),
            text: text.to_owned(),
        }
    }

    /// Whether nothing up to this byte was replaced.
    fn knows(&self, end: usize) -> bool {
        end <= self.same || self.same == self.text.len()
    }

    /// The place of a range of the text. Beyond its end is at its end.
    fn place(&self, range: Range<usize>) -> Place {
        let spelling = |byte: usize| self.bytes.get(byte).copied();
        let start = spelling(range.start).map_or(self.whole.end, |(start, _)| start);
        let last = range.end.max(range.start).checked_sub(1);
        let end = match last.filter(|last| *last >= range.start) {
            Some(last) => spelling(last).map_or(self.whole.end, |(_, end)| end),
            None => start,
        };
        Place {
            file: self.whole.file,
            start,
            end: end.max(start),
        }
    }
}

/// The file whose whole text stands for this one, if it is exactly one `${file:…}`.
fn included(sources: &Sources, raw: &str) -> Option<u32> {
    let inner = raw.trim_matches(['"', '\'']);
    if !inner.starts_with("${file:") {
        return None;
    }
    match Template::parse(inner).ok()?.single()? {
        Reference::File(path) => sources.find(&source::plain(path)),
        _ => None,
    }
}

/// How many bytes of a text stay as they are when it is read as a template.
fn unchanged(text: &str) -> usize {
    match Template::parse(text).ok().as_ref().map(|t| &t.parts[..]) {
        Some([Part::Text(literal)]) if literal == text => text.len(),
        Some([Part::Text(literal), ..]) => {
            let both = literal.bytes().zip(text.bytes());
            let same = both.take_while(|(a, b)| a == b).count();
            // The `$` of a reference or of an escape is not the text's own.
            if text[..same.min(text.len())].ends_with('$') {
                same - 1
            } else {
                same
            }
        }
        _ => 0,
    }
}

/// A part of a template and of the text that it became.
struct Cut {
    filled: usize,
    written: usize,
    /// How long the reference is, when it is one.
    written_length: Option<usize>,
}

/// Finds the literal parts of a template again in the text that it became.
fn cuts(written: &str, filled: &str) -> Option<Vec<Cut>> {
    let template = Template::parse(written).ok()?;
    let mut cuts = Vec::new();
    let (mut at_written, mut at_filled) = (0, 0);
    let mut open = false;
    for part in &template.parts {
        match part {
            Part::Text(literal) => {
                let found = filled.get(at_filled..)?.find(literal.as_str())?;
                if !open && found != 0 {
                    return None;
                }
                at_filled += found;
                cuts.push(Cut {
                    filled: at_filled,
                    written: at_written,
                    written_length: None,
                });
                // Escapes make the written text longer than the literal.
                let length = crate::words::template::escape(literal).len();
                let length = match written.get(at_written..at_written + length) {
                    Some(same) if same == crate::words::template::escape(literal) => length,
                    _ => literal.len(),
                };
                at_written += length;
                at_filled += literal.len();
                open = false;
            }
            Part::Reference(reference) => {
                let length = format!("${{{reference}}}").len();
                let length = match written.get(at_written..)?.find('}') {
                    Some(end) => end + 1,
                    None => length,
                };
                cuts.push(Cut {
                    filled: at_filled,
                    written: at_written,
                    written_length: Some(length),
                });
                at_written += length;
                open = true;
            }
        }
    }
    Some(cuts)
}

/// A text as it is read from its spelling.
struct Writing {
    base: usize,
    text: String,
    bytes: Vec<(u32, u32)>,
}

impl Writing {
    fn new(base: usize) -> Self {
        Writing {
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

    fn plain(&mut self, raw: &str) {
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

    fn single_quoted(&mut self, raw: &str) -> Option<()> {
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

    fn double_quoted(&mut self, raw: &str) -> Option<()> {
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
    fn block(&mut self, raw: &str, before: &str) -> Option<()> {
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
