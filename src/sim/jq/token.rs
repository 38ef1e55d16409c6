//! Tokens of a program in Port's dialect, each with the bytes that it stands in.
//!
//! A flat list, enough to translate the dialect, to check limits, and to tell words that are called
//! from words that are keys. Deliberately not here: grammar, which is jaq's.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `.name`
    Field,
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// A keyword or the name of a function.
    Word,
    /// `$name`
    Variable,
    /// `@name`
    Format,
    /// A number.
    Number,
    /// The quote that begins a text.
    TextStart,
    /// What stands in a text.
    Text,
    /// An escape in a text, without what it may interpolate.
    Escape,
    /// The quote that ends a text.
    TextEnd,
    /// `(`, `[` or `{`, and `\(` in a text.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// An operator or other sign.
    Sign,
    /// What no program has.
    Other,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub form: Form,
    /// Its bytes.
    pub span: Range<usize>,
    /// Whether the text that it begins, ends or is in has single quotes.
    pub single: bool,
}

/// The tokens of a program. Whatever the text is, its tokens are in order and apart.
pub fn tokens(program: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        text: program,
        at: 0,
        tokens: Vec::new(),
        open: Vec::new(),
    };
    lexer.run();
    lexer.tokens
}

/// What is open: a bracket, or a text with this quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Bracket,
    Text(char),
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    open: Vec<Open>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while self.at < self.text.len() {
            match self.open.last() {
                Some(Open::Text(quote)) => self.in_text(*quote),
                _ => self.in_program(),
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn push(&mut self, form: Form, length: usize, single: bool) {
        let span = self.at..self.at + length;
        self.at = span.end;
        self.tokens.push(Token { form, span, single });
    }

    fn in_text(&mut self, quote: char) {
        let single = quote == '\'';
        let rest = self.rest();
        if rest.starts_with(quote) {
            self.open.pop();
            return self.push(Form::TextEnd, 1, single);
        }
        if rest.starts_with("\\(") {
            self.open.push(Open::Bracket);
            return self.push(Form::Open, 2, single);
        }
        if let Some(escaped) = rest.strip_prefix('\\') {
            let length = match escaped.chars().next() {
                Some('u') => escape_length(escaped),
                Some(c) => c.len_utf8(),
                None => 0,
            };
            return self.push(Form::Escape, 1 + length, single);
        }
        let length = rest.find(['\\', quote]).unwrap_or(rest.len());
        self.push(Form::Text, length, single);
    }

    fn in_program(&mut self) {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else {
            return;
        };
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            self.at += blank;
            return;
        }
        let word = |text: &str| {
            text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(text.len())
        };
        let begins_word =
            |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let tail = &rest[c.len_utf8()..];
        match c {
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => {
                self.open.push(Open::Text(c));
                self.push(Form::TextStart, 1, c == '\'');
            }
            '(' | '[' | '{' => {
                self.open.push(Open::Bracket);
                self.push(Form::Open, 1, false);
            }
            ')' | ']' | '}' => {
                self.open.pop();
                self.push(Form::Close, 1, false);
            }
            '.' if tail.starts_with('.') => self.push(Form::DotDot, 2, false),
            '.' if begins_word(tail) => {
                let length = 1 + word(tail);
                self.push(Form::Field, length, false);
            }
            '.' => self.push(Form::Dot, 1, false),
            '$' | '@' if begins_word(tail) => {
                let form = if c == '$' {
                    Form::Variable
                } else {
                    Form::Format
                };
                let length = 1 + word(tail);
                self.push(form, length, false);
            }
            _ if begins_word(rest) => {
                let length = word(rest);
                self.push(Form::Word, length, false);
            }
            '0'..='9' => {
                let length = number_length(rest);
                self.push(Form::Number, length, false);
            }
            _ if rest.starts_with("?//") => self.push(Form::Sign, 3, false),
            '|' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '%' => {
                let more = |c: char| "|=!<>+*/%".contains(c);
                let length = 1 + tail.find(|c| !more(c)).unwrap_or(tail.len());
                self.push(Form::Sign, length, false);
            }
            ',' | ';' | ':' | '?' => self.push(Form::Sign, 1, false),
            c => self.push(Form::Other, c.len_utf8(), false),
        }
    }
}

/// How long `uXXXX` is, two of them when they are one character together.
fn escape_length(escaped: &str) -> usize {
    let code = |text: &str| {
        let digits = text.strip_prefix('u')?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    match code(escaped) {
        Some(high) if (0xd800..0xdc00).contains(&high) => {
            let low = escaped.get(5..).and_then(|rest| rest.strip_prefix('\\'));
            match low.and_then(code) {
                Some(low) if (0xdc00..0xe000).contains(&low) => 11,
                _ => 5,
            }
        }
        Some(_) => 5,
        None => 1,
    }
}

fn number_length(rest: &str) -> usize {
    let digits = |at: usize| {
        let rest = rest.get(at..).unwrap_or("");
        rest.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len())
    };
    let mut length = digits(0);
    if rest[length..].starts_with('.') {
        length += 1 + digits(length + 1);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// Which words are called: those that are no key of an object.
///
/// `{input}`, `{input: 1}` and `. as {input: $x}` have a key; `{a: input}` calls.
pub fn called<'a>(tokens: &'a [Token], program: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut open: Vec<bool> = Vec::new();
    let mut at_key = false;
    tokens.iter().enumerate().filter_map(move |(index, token)| {
        let text = program.get(token.span.clone()).unwrap_or("");
        let in_object = open.last() == Some(&true);
        let here = at_key && in_object;
        at_key = false;
        match token.form {
            Form::Open => {
                open.push(text == "{");
                at_key = text == "{";
            }
            Form::Close => {
                open.pop();
            }
            Form::Sign if text == "," && in_object => at_key = true,
            Form::Word if !here => return Some(index),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(program: &str) -> Vec<&str> {
        let tokens = tokens(program);
        tokens.iter().map(|t| &program[t.span.clone()]).collect()
    }

    #[test]
    fn a_program_is_cut_into_tokens() {
        let program = r#".a.'b-c' | "x\(.y + 1)\n" // -1.5e3 # why"#;
        let expected = [
            ".a", ".", "'", "b-c", "'", "|", "\"", "x", "\\(", ".y", "+", "1", ")", "\\n", "\"",
            "//", "-", "1.5e3",
        ];
        assert_eq!(spelled(program), expected);
    }

    #[test]
    fn keys_of_objects_are_not_called() {
        let program = "{env, input: env, (now): [now, 1]} | . as {def: $x} | def";
        let tokens = tokens(program);
        let called: Vec<_> = called(&tokens, program)
            .map(|at| &program[tokens[at].span.clone()])
            .collect();
        assert_eq!(called, ["env", "now", "now", "as", "def"]);
    }
}
