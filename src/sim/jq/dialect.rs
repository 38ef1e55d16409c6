//! Port's dialect of JQ, translated into jq.
//!
//! Port's documentation writes texts with single quotes, `'Success'` and `.properties.'odd-name'`
//! (PA section 4), which no jq reads. How Port reads what stands inside of them is not documented:
//! we take everything to be as between double quotes, with `\'` for the quote itself.

use std::ops::Range;

use super::token::{Form, Token};

/// A program in jq, and where each part of it stands in the program that it was made of.
#[derive(Debug, Default)]
pub struct Translated {
    /// The program.
    pub text: String,
    /// Parts in order: where they begin in the program, and the bytes that they were made of.
    parts: Vec<(usize, Range<usize>)>,
}

impl Translated {
    /// Translates a program with these tokens.
    pub fn of(program: &str, tokens: &[Token]) -> Translated {
        let mut translated = Translated::default();
        let mut at = 0;
        for token in tokens {
            translated.copy(program, at..token.span.start);
            at = token.span.end;
            let spelled = program.get(token.span.clone()).unwrap_or("");
            match changed(program, token, spelled) {
                Some(other) => translated.push(&other, token.span.clone()),
                None => translated.copy(program, token.span.clone()),
            }
        }
        translated.copy(program, at..program.len());
        translated
    }

    fn copy(&mut self, program: &str, span: Range<usize>) {
        if let Some(text) = program.get(span.clone()).filter(|text| !text.is_empty()) {
            self.push(text, span);
        }
    }

    fn push(&mut self, text: &str, span: Range<usize>) {
        self.parts.push((self.text.len(), span));
        self.text.push_str(text);
    }

    /// Where a span of the translation stands in the program.
    pub fn origin(&self, span: Range<usize>) -> Range<usize> {
        let start = self.origin_of(span.start, false);
        let end = self.origin_of(span.end, true);
        start..end.max(start)
    }

    fn origin_of(&self, at: usize, end: bool) -> usize {
        let part = self
            .parts
            .iter()
            .enumerate()
            .rev()
            .find(|(_, (start, _))| if end { *start < at } else { *start <= at });
        let Some((index, (start, span))) = part else {
            return 0;
        };
        let length = match self.parts.get(index + 1) {
            Some((next, _)) => next - start,
            None => self.text.len() - start,
        };
        if length == span.len() {
            span.start + (at - start).min(length)
        } else if end || at - start >= length {
            span.end
        } else {
            span.start
        }
    }
}

/// What a token becomes, if it is not jq already.
fn changed(program: &str, token: &Token, spelled: &str) -> Option<String> {
    match token.form {
        Form::TextStart | Form::TextEnd if token.single => Some("\"".to_owned()),
        Form::Text if token.single && spelled.contains('"') => Some(spelled.replace('"', "\\\"")),
        Form::Escape if token.single && spelled == "\\'" => Some("'".to_owned()),
        Form::Escape if spelled.len() == 12 => surrogates(spelled),
        // Half of a character: jq makes it readable.
        Form::Escape if is_half(spelled) => Some("\\ufffd".to_owned()),
        Form::Variable if spelled == "$__loc__" => {
            let line = program[..token.span.start].matches('\n').count() + 1;
            Some(format!("{{file: \"<top-level>\", line: {line}}}"))
        }
        _ => None,
    }
}

fn code(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

fn surrogates(spelled: &str) -> Option<String> {
    let (high, low) = spelled.split_at_checked(6)?;
    let pair = [code(high)?, code(low)?];
    char::decode_utf16(pair).next()?.ok().map(String::from)
}

fn is_half(spelled: &str) -> bool {
    code(spelled).is_some_and(|code| (0xd800..0xe000).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    fn translated(program: &str) -> Translated {
        Translated::of(program, &tokens(program))
    }

    #[test]
    fn single_quotes_become_double_ones() {
        for (program, expected) in [
            ("'Success'", r#""Success""#),
            (".properties.'odd-name'", r#".properties."odd-name""#),
            (r#"'say "it\'s" \(.a)'"#, r#""say \"it's\" \(.a)""#),
            (r#""it's" | 'x'"#, r#""it's" | "x""#),
            (".a # it's\n| .b", ".a # it's\n| .b"),
            (r#""\ud83d\ude00\ud83d""#, "\"\u{1f600}\\ufffd\""),
            ("$__loc__", "{file: \"<top-level>\", line: 1}"),
        ] {
            assert_eq!(translated(program).text, expected);
        }
    }

    #[test]
    fn places_are_those_of_the_program() {
        let program = r#"'say "it"' | foo"#;
        let translated = translated(program);
        let at = translated.text.find("foo").expect("it is there");
        assert_eq!(&program[translated.origin(at..at + 3)], "foo");
        let end = translated.text.len();
        assert_eq!(translated.origin(end..end), program.len()..program.len());
        assert_eq!(translated.origin(1..3), 1..9);
    }
}
