//! The parser's events, their byte ranges, and the loop over them.
//!
//! Everything that comes from the parser crate becomes our own types here; its errors do in
//! [`syntax`].

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::want::yaml::alias::MAX_DEPTH;
use crate::want::yaml::build::{Builder, Scalar, Stop, WrittenTag};
use crate::want::yaml::scalar::Tag;
use crate::want::yaml::syntax;
use crate::words::{Findings, Node, Place};

/// Reads all documents; see [`crate::want::yaml::read`].
pub fn read(file: u32, text: &str) -> (Vec<Node>, Findings) {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let spans = Spans { file, text };
    let mut builder = Builder::new(text);
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => {
                if feed(&mut builder, &spans, &event, &span) == Err(Stop) {
                    break;
                }
            }
            Err(error) => {
                builder.find_last(syntax::finding(file, text, &error));
                break;
            }
        }
    }
    builder.finish()
}

fn feed(
    builder: &mut Builder<'_>,
    spans: &Spans<'_>,
    event: &Event<'_>,
    span: &Span,
) -> Result<(), Stop> {
    match event {
        Event::Scalar(text, style, anchor, tag) => {
            let plain = *style == ScalarStyle::Plain;
            let missing = plain && spans.range(span).is_empty();
            builder.scalar(Scalar {
                // The parser spells a value that is not written as `~`.
                text: if missing { "" } else { text },
                plain,
                missing,
                anchor: *anchor,
                tag: tag.as_deref().map(|tag| spans.tag(tag, span)),
                place: match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => spans.block_scalar(span),
                    _ if missing => spans.missing(span),
                    _ => spans.place(span),
                },
            })
        }
        Event::SequenceStart(style, anchor, tag) => {
            let tag = tag.as_deref().map(|tag| spans.tag(tag, span));
            let start = match style {
                StructureStyle::Block => spans.dash(span),
                StructureStyle::Flow => spans.place(span),
            };
            builder.open(false, *anchor, tag, start)
        }
        Event::MappingStart(_, anchor, tag) => {
            let tag = tag.as_deref().map(|tag| spans.tag(tag, span));
            builder.open(true, *anchor, tag, spans.place(span))
        }
        Event::SequenceEnd | Event::MappingEnd => builder.close(spans.bracket(span)),
        Event::Alias(anchor) => builder.alias(*anchor, spans.place(span)),
        Event::UnresolvedAlias(name) => builder.unknown_alias(name, spans.place(span)),
        Event::DocumentEnd => {
            builder.end_document();
            Ok(())
        }
        // Stream and document starts carry nothing, and comments are switched off.
        _ => Ok(()),
    }
}

/// Turns the parser's spans into places of one text.
struct Spans<'a> {
    file: u32,
    text: &'a str,
}

impl Spans<'_> {
    fn range(&self, span: &Span) -> std::ops::Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        let start = self.text.floor_char_boundary(range.start);
        start..self.text.floor_char_boundary(range.end).max(start)
    }

    fn between(&self, start: usize, end: usize) -> Place {
        Place::new(self.file, start, end)
    }

    fn place(&self, span: &Span) -> Place {
        let range = self.range(span);
        self.between(range.start, range.end)
    }

    /// The place right after the `:` for a value that is not written.
    fn missing(&self, span: &Span) -> Place {
        let mut at = self.range(span).start;
        if self.text[at..].starts_with(':') {
            at += 1;
        }
        self.between(at, at)
    }

    fn tag(&self, tag: &granit_parser::Tag, span: &Span) -> WrittenTag {
        let core = if tag.handle().is_empty() && tag.suffix() == "!" {
            Some(Tag::Str)
        } else {
            tag.core_suffix().and_then(Tag::of_core)
        };
        let place = match span.tag_span() {
            Some(span) => self.place(&span),
            None => self.place(span),
        };
        WrittenTag { core, place }
    }

    /// The closing bracket; block collections have none and end with an empty span.
    fn bracket(&self, span: &Span) -> Option<Place> {
        let place = self.place(span);
        (place.start < place.end).then_some(place)
    }

    /// The beginning of a block list. The parser begins a list that is not indented further than
    /// its key behind the first dash.
    fn dash(&self, span: &Span) -> Place {
        let at = self.range(span).start;
        let before = self.text[..at].trim_end_matches([' ', '\t']);
        if !self.text[at..].starts_with('-') && before.ends_with('-') {
            return self.between(before.len() - 1, before.len());
        }
        self.between(at, at)
    }

    /// A block scalar from its `|` or `>` to the end of its last line with text.
    fn block_scalar(&self, span: &Span) -> Place {
        let range = self.range(span);
        let start = self.block_header(range.start).unwrap_or(range.start);
        let end = start + self.text[start..range.end].trim_end().len();
        self.between(start, end)
    }

    /// The `|` or `>` above the first content of a block scalar.
    fn block_header(&self, content: usize) -> Option<usize> {
        if self.text[content..].starts_with(['|', '>']) && content != self.line_start(content) {
            // Nothing is in it, so the parser begins it with its header.
            if !self.text[self.line_start(content)..content]
                .trim()
                .is_empty()
            {
                return Some(content);
            }
        }
        let above = self.text[..self.line_start(content)].trim_end();
        let line_start = self.line_start(above.len());
        let line = &above[line_start..];
        line.match_indices(['|', '>'])
            .find(|(at, _)| {
                let follows_blank = line[..*at].ends_with([' ', '\t']) || *at == 0;
                follows_blank && is_header_rest(&line[at + 1..])
            })
            .map(|(at, _)| line_start + at)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }
}

/// Whether this may follow the `|` or `>` of a block scalar on its line.
fn is_header_rest(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    rest.is_empty()
        || (rest.starts_with([' ', '\t']) && {
            let rest = rest.trim_start();
            rest.is_empty() || rest.starts_with('#')
        })
}
