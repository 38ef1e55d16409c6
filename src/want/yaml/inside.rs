//! Inside: where a span of a scalar's text stands in the file.
//!
//! Programs live in scalars: JQ, Rego, GraphQL, templates. What an engine says of byte 17 of a
//! program has to become a line and a column of the file, through quotes, escapes, indentation and
//! folding. Deliberately not here: the data of scalars (see `leaf`) and what the programs mean.

use std::ops::Range;

use crate::want::source;
use crate::want::yaml::spelling::Spelling;
use crate::words::template::{self, Part, Reference};
use crate::words::{Place, Sources, Template};

/// The place of a range of bytes of a scalar's text.
///
/// `place` is the place of the scalar, as the reader or `want::resolve` gave it: plain, quoted,
/// literal and folded scalars, JSON texts, a `${file:…}` whose text is a whole file, and the whole
/// file itself. Behind the first `${…}` that was replaced by something else, the place of the whole
/// scalar is returned; see [`inside_filled`] for more.
pub fn inside(sources: &Sources, place: Place, range: Range<usize>) -> Place {
    let found = match Spelled::at(sources, place) {
        Some(spelled) if spelled.knows(range.end) => spelled.place(range),
        Some(spelled) => spelled.whole,
        None => place,
    };
    whole_characters(sources, found)
}

/// A scalar that is all of its file may be spelled otherwise than it reads, and a range is whatever an
/// engine says: what is cut into characters is widened to them.
fn whole_characters(sources: &Sources, place: Place) -> Place {
    let text = &sources.file(place.file).text;
    let start = text.floor_char_boundary(place.start as usize);
    let end = text.ceil_char_boundary(place.end as usize);
    Place::new(place.file, start, end.max(start))
}

/// The same for a text whose `${…}` were replaced: `text` is what they became.
///
/// The parts between references are found again in the order in which they stand; a range inside
/// of what a reference became has the place of the reference.
pub fn inside_filled(sources: &Sources, place: Place, text: &str, range: Range<usize>) -> Place {
    whole_characters(sources, filled(sources, place, text, range))
}

fn filled(sources: &Sources, place: Place, text: &str, range: Range<usize>) -> Place {
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
        let mut spelling = Spelling::new(start);
        match raw.chars().next()? {
            '\'' => spelling.single_quoted(raw)?,
            '"' => spelling.double_quoted(raw)?,
            '|' | '>' => spelling.block(raw, before)?,
            _ => spelling.plain(raw),
        }
        Some(Spelled {
            whole: place,
            same: unchanged(&spelling.text),
            text: spelling.text,
            bytes: spelling.bytes,
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
            // The `$` of an escape is not the text's own.
            let escape = text.as_bytes()[..same].ends_with(b"$");
            same - usize::from(escape)
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
                let escaped = template::escape(literal);
                let is_escaped = written.get(at_written..)?.starts_with(&escaped);
                at_written += match is_escaped {
                    true => escaped.len(),
                    false => literal.len(),
                };
                at_filled += literal.len();
                open = false;
            }
            Part::Reference(_) => {
                let length = written.get(at_written..)?.find('}')? + 1;
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
