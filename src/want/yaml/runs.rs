//! Runs: where a text must not be taken apart, and which comments it has.
//!
//! Deliberately not here: what the text says, and moving anything (see `format`).

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::want::yaml::alias::MAX_DEPTH;

/// What a formatter has to know of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The comments in their order, without blanks at their ends.
    pub comments: Vec<String>,
    /// What takes several lines and stays as it is inside, in order and apart.
    pub runs: Vec<Run>,
}

/// A scalar or a flow collection of several lines, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The line on which it begins.
    pub first: usize,
    /// The last line of it.
    pub last: usize,
    /// Whether it is a block scalar, whose content is told by its indentation.
    pub block: bool,
}

/// The layout of a text; `None` when it cannot be read.
pub(super) fn layout(text: &str) -> Option<Layout> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut found = Layout::default();
    // Open collections, those in brackets with their first line.
    let mut open: Vec<Option<usize>> = Vec::new();
    let lines = Lines::of(text);
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.ok()?;
        let range = lines.range(text, &span);
        match event {
            Event::Comment(said, _) => found.comments.push(said.trim_end().to_owned()),
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                found.block(text, &lines, range);
            }
            Event::Scalar(..) => found.run(range.0, range.1, false),
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                open.push((style == StructureStyle::Flow).then_some(range.0));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(first) = open.pop()? {
                    found.run(first, range.1, false);
                }
            }
            _ => {}
        }
    }
    found
        .runs
        .sort_by_key(|run| (run.first, std::cmp::Reverse(run.last)));
    Some(found)
}

/// The comments of a text, each with where it begins, as far as the text can be read. A text
/// without comments is told at once.
pub fn comments(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    if !text.contains('#') {
        return found;
    }
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let Ok((event, span)) = next else { break };
        if let (Event::Comment(..), Some(range)) = (event, span.byte_range()) {
            // Whether the span begins with the mark or behind it is the parser's affair.
            let begin = match text.get(range.clone()) {
                Some(said) if said.starts_with('#') => range.start,
                _ => text[..range.start].rfind('#').unwrap_or(range.start),
            };
            let line = text[begin..].lines().next().unwrap_or_default();
            found.push((begin, line));
        }
    }
    found
}

impl Layout {
    fn run(&mut self, first: usize, last: usize, block: bool) {
        if last > first {
            self.runs.push(Run { first, last, block });
        }
    }

    /// A block scalar: from its header to the last blank line below it, which may be its own.
    fn block(&mut self, text: &str, lines: &Lines, (begin, end): (usize, usize)) {
        let all: Vec<&str> = text.lines().collect();
        let is_blank = |at: usize| all.get(at).is_some_and(|line| line.trim().is_empty());
        // The parser begins it with its content; the header is the last line above with something.
        let mut first = begin;
        let headed = |at: usize| all.get(at).is_some_and(|line| is_header(line));
        while first > 0 && (first > lines.count || !headed(first)) {
            first -= 1;
        }
        let mut last = end.min(all.len().saturating_sub(1)).max(first);
        while is_blank(last + 1) {
            last += 1;
        }
        self.run(first, last, true);
    }
}

/// Whether a line ends in the header of a block scalar.
fn is_header(line: &str) -> bool {
    let code = match line.find(" #") {
        Some(at) => &line[..at],
        None => line,
    };
    let code = code
        .trim_end()
        .trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    code.ends_with(['|', '>'])
}

/// Where lines begin.
struct Lines {
    starts: Vec<usize>,
    count: usize,
}

impl Lines {
    fn of(text: &str) -> Lines {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(newlines).collect();
        Lines {
            count: starts.len(),
            starts,
        }
    }

    fn at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte) - 1
    }

    /// The first and the last line of a span. The end of a block scalar may be told behind the
    /// blanks that the line after it begins with.
    fn range(&self, text: &str, span: &Span) -> (usize, usize) {
        let bytes = span.byte_range().unwrap_or(0..0);
        let (first, mut last) = (self.at(bytes.start), self.at(bytes.end));
        let told = text.get(self.starts[last]..bytes.end).unwrap_or_default();
        if told.trim().is_empty() && last > first {
            last -= 1;
        }
        (first, last)
    }
}
