//! The tokens of a Rego text, with their places: enough to see rule heads, imports and calls.
//!
//! Deliberately not here: a grammar. What is no token of Rego becomes a mark, and the parser says so.

use std::ops::Range;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Its bytes in the text.
    pub(super) span: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A text in double quotes or backticks.
    Text,
    /// A number.
    Number,
    /// An operator or bracket: one character, or two for `:=`, `==`, `!=`, `<=`, `>=`.
    Mark,
    /// The end of a line.
    Break,
}

/// A text and its tokens.
pub(super) struct Tokens<'a> {
    text: &'a str,
    pub(super) list: Vec<Token>,
}

impl<'a> Tokens<'a> {
    /// Cuts a text; comments are left out.
    pub(super) fn of(text: &'a str) -> Self {
        let mut list = Vec::new();
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let (kind, length) = next(&text[at..], first);
            if let Some(kind) = kind {
                let span = at..at + length;
                list.push(Token { kind, span });
            }
            at += length;
        }
        Tokens { text, list }
    }

    /// What the token at an index says; nothing outside of the list.
    pub(super) fn word(&self, index: usize) -> &'a str {
        self.list
            .get(index)
            .map_or("", |token| &self.text[token.span.clone()])
    }

    /// The content of the text token at an index, if it is a text that has no escapes.
    #[cfg(feature = "rego")]
    pub(super) fn plain_text(&self, index: usize) -> Option<&'a str> {
        let quoted = self.word(index);
        let inside = |quote: char| quoted.strip_prefix(quote)?.strip_suffix(quote);
        let text = inside('"').or_else(|| inside('`'))?;
        (!text.contains('\\')).then_some(text)
    }

    /// The dotted path that begins at an index, and the index behind it: `time.now_ns`.
    pub(super) fn path(&self, index: usize) -> (&'a str, usize) {
        let mut end = index;
        while self.word(end + 1) == "."
            && self.touches(end)
            && self.touches(end + 1)
            && self.list.get(end + 2).is_some_and(|t| t.kind == Kind::Word)
        {
            end += 2;
        }
        match (self.list.get(index), self.list.get(end)) {
            (Some(first), Some(last)) => (&self.text[first.span.start..last.span.end], end + 1),
            _ => ("", end + 1),
        }
    }

    /// Whether the token at an index and the next one have nothing between them.
    pub(super) fn touches(&self, index: usize) -> bool {
        match (self.list.get(index), self.list.get(index + 1)) {
            (Some(one), Some(other)) => one.span.end == other.span.start,
            _ => false,
        }
    }
}

/// The kind and length of what a text begins with; no kind for blanks and comments.
fn next(rest: &str, first: char) -> (Option<Kind>, usize) {
    let until = |stop: fn(char) -> bool| rest.find(stop).unwrap_or(rest.len());
    match first {
        '\n' => (Some(Kind::Break), 1),
        '#' => (None, until(|c| c == '\n')),
        '"' | '`' => (Some(Kind::Text), quoted(rest, first)),
        c if c.is_whitespace() => (None, c.len_utf8()),
        c if c.is_alphabetic() || c == '_' => {
            let length = until(|c| !(c.is_alphanumeric() || c == '_'));
            (Some(Kind::Word), length)
        }
        c if c.is_ascii_digit() => {
            let length = until(|c| !(c.is_ascii_alphanumeric() || c == '.'));
            (Some(Kind::Number), length)
        }
        c => {
            let pairs = [":=", "==", "!=", "<=", ">="];
            let pair = pairs.iter().any(|pair| rest.starts_with(pair));
            (Some(Kind::Mark), if pair { 2 } else { c.len_utf8() })
        }
    }
}

/// The length of a quoted text. One in double quotes never crosses a line: better lose a line than all.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote == '"' => drop(characters.next()),
            '\n' if quote == '"' => return at,
            end if end == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
