//! Rego as words and signs, as far as lints look at a policy's text.
//!
//! Deliberately not here: the grammar (see `sim::rego`).

use std::ops::Range;

/// A word, text or sign of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub what: What,
    /// Where it stands in the body.
    pub span: Range<usize>,
}

/// What a [`Token`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `"…"` or `` `…` ``, without its quotes.
    Text(String),
    /// `input.run_updated.run`: names joined by dots or by literal texts in brackets.
    Path(Vec<String>),
    /// Anything else, character by character; `==` and its like are one.
    Sign(String),
}

/// The tokens of a body, comments and blanks left out.
pub fn tokens(body: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = body[at..].chars().next() {
        let rest = &body[at..];
        let (what, length) = match c {
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' | '`' => {
                let length = quoted(rest, c);
                let inner = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
                (What::Text(inner.to_owned()), length)
            }
            c if is_name(c) => {
                let (path, length) = path(rest);
                (What::Path(path), length)
            }
            _ => {
                let two = ["==", "!=", ":=", "<=", ">="];
                let length = match two.iter().find(|sign| rest.starts_with(**sign)) {
                    Some(sign) => sign.len(),
                    None => c.len_utf8(),
                };
                (What::Sign(rest[..length].to_owned()), length)
            }
        };
        found.push(Token {
            what,
            span: at..at + length,
        });
        at += length;
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a text with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn path(rest: &str) -> (Vec<String>, usize) {
    let word = |text: &str| text.find(|c| !is_name(c)).unwrap_or(text.len());
    let mut at = word(rest);
    let mut names = vec![rest[..at].to_owned()];
    loop {
        let rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('.')
            && after.starts_with(is_name)
        {
            let length = word(after);
            names.push(after[..length].to_owned());
            at += 1 + length;
        } else if let Some(after) = rest.strip_prefix("[\"")
            && let Some(end) = after.find("\"]")
            && !after[..end].contains(['\\', '"'])
        {
            names.push(after[..end].to_owned());
            at += end + 4;
        } else {
            return (names, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_texts_and_signs_are_told_apart() {
        let body = "# no\nx[\"a\"].b == \"c # \\\" d\" # no\n";
        let shown: Vec<String> = tokens(body)
            .iter()
            .map(|token| match &token.what {
                What::Text(text) => format!("text {text}"),
                What::Path(names) => names.join("/"),
                What::Sign(sign) => sign.clone(),
            })
            .collect();
        assert_eq!(shown, ["x/a/b", "==", "text c # \\\" d"]);
    }
}
