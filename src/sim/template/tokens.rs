//! The words of a JQ text in Port's dialect, with their places; total, so a broken text has words too.
//!
//! It does not know the grammar: it knows where strings, names and brackets begin and end.

use std::ops::Range;

/// How deep strings may nest in strings before the reader stops following.
const NESTING: usize = 32;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `.name`
    Key(String),
    /// `.` that no name follows.
    Dot,
    /// `..`
    Recurse,
    /// A string; its content when it is a plain one, and where programs stand inside of it.
    Text(Option<String>, Vec<Range<usize>>),
    /// A function, a keyword, a key of an object.
    Word(String),
    /// `$name`, a number, `@base64`: complete values.
    Atom,
    /// One of `( ) [ ] { } , : ; | ?`.
    Sign(u8),
    /// `|=`
    Update,
    /// Any other operator.
    Operator,
}

/// The words of a text.
pub(super) fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let start = at;
        let token = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'"' | b'\'' => {
                let mut inner = Vec::new();
                let end = string_end(bytes, at, &mut inner, 0);
                at = end.unwrap_or(bytes.len());
                let plain = end.is_some() && inner.is_empty();
                let content = text.get(start..at).filter(|_| plain).map(content);
                Token::Text(content.flatten(), inner)
            }
            b'.' if next == Some(b'.') => {
                at += 2;
                Token::Recurse
            }
            b'.' if next.is_some_and(begins_name) => {
                at = name_end(bytes, at + 1);
                Token::Key(text[start + 1..at].to_owned())
            }
            b'.' if next.is_some_and(|b| b.is_ascii_digit()) => {
                at = name_end(bytes, at + 1);
                Token::Atom
            }
            b'.' => {
                at += 1;
                Token::Dot
            }
            b'$' | b'@' => {
                at = name_end(bytes, at + 1);
                Token::Atom
            }
            b if b.is_ascii_digit() => {
                at = number_end(bytes, at);
                Token::Atom
            }
            b if begins_name(b) => {
                at = name_end(bytes, at);
                Token::Word(text[start..at].to_owned())
            }
            b'|' if next == Some(b'=') => {
                at += 2;
                Token::Update
            }
            b'?' if text[at..].starts_with("?//") => {
                at += 3;
                Token::Operator
            }
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b':' | b';' | b'|' | b'?' => {
                at += 1;
                Token::Sign(byte)
            }
            _ => {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                Token::Operator
            }
        };
        found.push((token, start..at));
    }
    found
}

/// The byte after the string literal that begins at `at`; `inner` gets the places of the programs in it.
/// `None` when it is not closed.
pub(super) fn string_end(
    bytes: &[u8],
    at: usize,
    inner: &mut Vec<Range<usize>>,
    depth: usize,
) -> Option<usize> {
    let quote = bytes.get(at)?;
    let mut i = at + 1;
    while let Some(byte) = bytes.get(i) {
        if byte == quote {
            return Some(i + 1);
        }
        if *byte != b'\\' {
            i += 1;
        } else if bytes.get(i + 1) == Some(&b'(') {
            let end = bracket_end(bytes, i + 1, depth + 1)?;
            inner.push(i + 2..end - 1);
            i = end;
        } else {
            i += 2;
        }
    }
    None
}

/// The byte after the bracket that closes the one at `at`.
fn bracket_end(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    if depth > NESTING {
        return None;
    }
    let mut open = 0_usize;
    let mut i = at;
    loop {
        match bytes.get(i)? {
            b'(' => open += 1,
            b')' if open == 1 => return Some(i + 1),
            b')' => open -= 1,
            b'"' | b'\'' => {
                i = string_end(bytes, i, &mut Vec::new(), depth)?;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
}

/// The end of the line that `at` stands in.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.iter().position(|byte| *byte == b'\n');
    at + length.unwrap_or(rest.len())
}

/// What a literal without programs in it says.
fn content(literal: &str) -> Option<String> {
    let inside = literal.get(1..literal.len().checked_sub(1)?)?;
    if literal.starts_with('"') {
        return serde_json::from_str(literal).ok();
    }
    Some(inside.replace("\\'", "'"))
}

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn name_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => at += 1,
            Some(b':')
                if bytes.get(at + 1) == Some(&b':')
                    && bytes.get(at + 2).is_some_and(|b| begins_name(*b)) =>
            {
                at += 2;
            }
            _ => return at,
        }
    }
}

fn number_end(bytes: &[u8], mut at: usize) -> usize {
    let more = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    while more(at) || (bytes.get(at) == Some(&b'.') && bytes.get(at + 1) != Some(&b'.')) {
        at += 1;
    }
    at
}
