//! A text cut into literal parts and programs.
//!
//! A program ends at the first `}}` that stands neither in a string nor in an object of the program itself.
//! `${{ … }}` belongs to GitHub and is literal, as for `${…}` of project files.

use std::ops::Range;

use super::tokens::{line_end, string_end};

/// A part of a text; spans count bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stays as it is.
    Literal(Range<usize>),
    /// `{{ JQ }}`
    Program {
        /// With its braces.
        whole: Range<usize>,
        /// The program alone, without blanks around it.
        program: Range<usize>,
    },
    /// `{{` that is never closed; stays as it is.
    Open(Range<usize>),
}

/// Cuts a text; the pieces in their order cover it without gaps.
///
/// A template whose strings or brackets are not closed ends at the next `}}` whatsoever, so that its
/// program is found wanting and not the text after it.
pub fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut literal, mut at) = (0, 0);
    // Once a template did not close by its tokens, nothing in the rest can be told by tokens cheaply.
    let mut by_tokens = true;
    while let Some(open) = text[at..].find("{{").map(|length| at + length) {
        if open > 0 && bytes[open - 1] == b'$' {
            let end = text[open..].find("}}");
            at = end.map_or(text.len(), |length| open + length + 2);
            continue;
        }
        let Some(plain) = text[open + 2..].find("}}").map(|l| open + 2 + l) else {
            push_literal(&mut found, literal..open);
            found.push(Piece::Open(open..text.len()));
            return found;
        };
        let close = if by_tokens {
            closing(bytes, open + 2)
        } else {
            None
        };
        by_tokens &= close.is_some();
        let close = close.unwrap_or(plain);
        push_literal(&mut found, literal..open);
        let inside = &text[open + 2..close];
        let start = close - inside.trim_start().len();
        found.push(Piece::Program {
            whole: open..close + 2,
            program: start..start + inside.trim().len(),
        });
        at = close + 2;
        literal = at;
    }
    push_literal(&mut found, literal..text.len());
    found
}

fn push_literal(found: &mut Vec<Piece>, span: Range<usize>) {
    if !span.is_empty() {
        found.push(Piece::Literal(span));
    }
}

/// Where the `}}` stands that closes a template whose program begins at `at`.
fn closing(bytes: &[u8], at: usize) -> Option<usize> {
    let mut open: Vec<u8> = Vec::new();
    let mut i = at;
    loop {
        let byte = *bytes.get(i)?;
        match byte {
            b'"' | b'\'' => {
                i = string_end(bytes, i, &mut Vec::new(), 0)?;
                continue;
            }
            // A comment ends with its line, or with the template.
            b'#' => {
                let line = &bytes[i..line_end(bytes, i)];
                let close = line.windows(2).position(|two| two == b"}}");
                i += close.unwrap_or(line.len());
                if close.is_none() {
                    continue;
                }
                return Some(i);
            }
            b'{' | b'(' | b'[' => open.push(byte),
            b'}' if open.last() == Some(&b'{') => {
                open.pop();
            }
            b'}' if bytes.get(i + 1) == Some(&b'}') => return Some(i),
            b')' if open.last() == Some(&b'(') => {
                open.pop();
            }
            b']' if open.last() == Some(&b'[') => {
                open.pop();
            }
            _ => {}
        }
        i += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Literal parts in quotes, programs in angle brackets.
    fn cut(text: &str) -> String {
        let part = |piece: &Piece| match piece {
            Piece::Literal(span) => format!("{:?}", &text[span.clone()]),
            Piece::Program { program, .. } => format!("<{}>", &text[program.clone()]),
            Piece::Open(span) => format!("open {:?}", &text[span.clone()]),
        };
        pieces(text).iter().map(part).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn programs_and_what_is_between_them() {
        assert_eq!(cut(""), "");
        assert_eq!(cut("plain { } }}"), r#""plain { } }}""#);
        assert_eq!(cut("{{.a}}"), "<.a>");
        assert_eq!(
            cut("Bearer {{ .secrets.T }}!"),
            r#""Bearer " <.secrets.T> "!""#
        );
        assert_eq!(cut("{{ .a }}{{\n.b }}"), "<.a> <.b>");
        assert_eq!(cut("{{}}"), "<>");
    }

    #[test]
    fn braces_of_the_program_do_not_end_it() {
        assert_eq!(cut("{{ {a: {b: 1}} }}"), "<{a: {b: 1}}>");
        assert_eq!(cut("{{{a: {b: 1}}}}"), "<{a: {b: 1}}>");
        assert_eq!(cut(r#"{{ "a}}b" + '}}' }}x"#), r#"<"a}}b" + '}}'> "x""#);
        assert_eq!(cut(r#"{{ "\("}}" + .a)" }}"#), r#"<"\("}}" + .a)">"#);
        assert_eq!(cut("{{ [.a[] | {x: .}] }}"), "<[.a[] | {x: .}]>");
    }

    #[test]
    fn what_is_broken_ends_at_the_next_braces() {
        assert_eq!(cut("{{ .a's }} and {{ .b }}"), r#"<.a's> " and " <.b>"#);
        assert_eq!(cut("{{ (.a }} x"), r#"<(.a> " x""#);
        assert_eq!(cut("{{ .a # note }} x"), r##"<.a # note> " x""##);
        assert_eq!(cut("a {{ .b"), r#""a " open "{{ .b""#);
    }

    #[test]
    fn expressions_of_github_are_literal() {
        assert_eq!(
            cut("${{ secrets.X }} {{ .a }}"),
            r#""${{ secrets.X }} " <.a>"#
        );
        assert_eq!(cut("${{ open"), r#""${{ open""#);
    }

    proptest! {
        #[test]
        fn pieces_cover_any_text(text in r#"[{}"'\\()$#a.\n é]{0,60}|.{0,60}"#) {
            let mut at = 0;
            for piece in pieces(&text) {
                let span = match &piece {
                    Piece::Literal(span) | Piece::Open(span) => span,
                    Piece::Program { whole, program } => {
                        prop_assert!(whole.start + 2 <= program.start && program.end + 2 <= whole.end);
                        prop_assert!(text.get(program.clone()).is_some());
                        whole
                    }
                };
                prop_assert_eq!(span.start, at);
                prop_assert!(text.get(span.clone()).is_some_and(|part| !part.is_empty()));
                at = span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
