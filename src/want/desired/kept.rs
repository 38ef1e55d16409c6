//! Kept: the nodes that an object was made of, for those who point into its files later.
//!
//! A plan needs none of this: ten thousand objects hold nothing more than their values. Deliberately
//! not here: what is found at those places (see `follow` and `lint`).

use std::ops::Range;

use crate::want::source;
use crate::words::template::{Part, Piece, Reference};
use crate::words::{Data, Node, Place, Pointer, Sources, Template};

/// The nodes that an object was made of.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its spec as written.
    pub written: Node,
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
        let Some(node) = self.checked.at(pointer) else {
            return self.at(pointer);
        };
        let Some((written, place)) = scalar(&self.written, node.place) else {
            // It was taken out of another file whole, where it stands as it is.
            return narrowed(sources, node.place, span);
        };
        if !written.contains('$') {
            return narrowed(sources, place, span);
        }
        let mut parts = Vec::new();
        flatten(sources, written, Home::Scalar(place), 0, &mut parts);
        locate(sources, &parts, text, span).unwrap_or(node.place)
    }
}

/// The written text that a place is in, with the place of all of it.
fn scalar(node: &Node, place: Place) -> Option<(&str, Place)> {
    let around = |outer: Place| {
        outer.file == place.file && outer.start <= place.start && place.end <= outer.end
    };
    match &node.data {
        Data::Text(text) => around(node.place).then_some((text.as_str(), node.place)),
        Data::List(items) => items.iter().find_map(|item| scalar(item, place)),
        Data::Map(entries) => entries.iter().find_map(|(_, item)| scalar(item, place)),
        _ => None,
    }
}

/// What a text is written in.
#[derive(Clone, Copy)]
enum Home {
    /// A scalar of a document.
    Scalar(Place),
    /// A file of its own.
    File(u32),
}

impl Home {
    fn place(self, sources: &Sources, span: Range<usize>) -> Place {
        match self {
            Home::Scalar(place) => narrowed(sources, place, span),
            Home::File(file) => Place::new(file, span.start, span.end),
        }
    }
}

/// A stretch of a filled text.
enum Stretch {
    /// It stands as it is, from this byte of its home on.
    Literal(String, Home, usize),
    /// Something was filled in for what stands there.
    Filled(Place),
}

/// How deep files may name files; more was refused before.
const DEEPEST: usize = 8;

fn flatten(sources: &Sources, text: &str, home: Home, depth: usize, into: &mut Vec<Stretch>) {
    let Ok(pieces) = Template::pieces(text) else {
        return;
    };
    for Piece { part, written } in pieces {
        match part {
            Part::Text(text) => into.push(Stretch::Literal(text, home, written.start)),
            Part::Reference(reference) => {
                let path = match &reference {
                    Reference::File(path) if depth < DEEPEST => Some(source::plain(path)),
                    _ => None,
                };
                match path.and_then(|path| sources.find(&path)) {
                    Some(file) => {
                        let text = sources.file(file).text.clone();
                        flatten(sources, &text, Home::File(file), depth + 1, into);
                    }
                    None => into.push(Stretch::Filled(home.place(sources, written))),
                }
            }
        }
    }
}

/// Lays the stretches along the filled text and finds the one that the span begins in.
fn locate(
    sources: &Sources,
    stretches: &[Stretch],
    text: &str,
    span: Range<usize>,
) -> Option<Place> {
    let mut at = 0;
    for (index, stretch) in stretches.iter().enumerate() {
        let rest = text.get(at..)?;
        let last = index + 1 == stretches.len();
        let (length, place) = match stretch {
            Stretch::Literal(literal, home, start) => {
                if !rest.starts_with(literal.as_str()) {
                    return None;
                }
                let inside = span.start.saturating_sub(at).min(literal.len());
                let end = span.end.saturating_sub(at).min(literal.len()).max(inside);
                let place = home.place(sources, start + inside..start + end);
                (literal.len(), place)
            }
            Stretch::Filled(place) => {
                let next = stretches[index + 1..].iter().find_map(|next| match next {
                    Stretch::Literal(literal, ..) => Some(literal.as_str()),
                    Stretch::Filled(_) => None,
                });
                let length = match next {
                    Some(literal) => rest.find(literal)?,
                    None => rest.len(),
                };
                (length, *place)
            }
        };
        if span.start < at + length || last {
            return Some(place);
        }
        at += length;
    }
    None
}

/// The place of bytes of a scalar's text.
fn narrowed(sources: &Sources, place: Place, span: Range<usize>) -> Place {
    let _ = (sources, span);
    place
}
