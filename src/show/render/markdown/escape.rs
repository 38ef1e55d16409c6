//! The one escape of Markdown: whatever a user or a service wrote stays text.
//!
//! Words of plain letters stand as they are; everything else stands in a code span whose fence is
//! longer than any run of backticks in it. In a code span GitHub and GitLab see no markup, HTML,
//! mention, reference, link, emoji or formula. In HTML, where there are no code spans, every
//! character that could mean something is a numeric entity inside of `<code>`. Deliberately not
//! here: what must not be shown at all (see `redact`).

use crate::show::render::human::said;
use crate::show::text::{cut, escape, inert};

/// The longest sentence in characters that is shown whole.
const SENTENCE: usize = 500;
/// The longest name in characters that is shown whole.
const NAME: usize = 160;
/// What may stand after a plain word.
const AFTER: &[char] = &[',', '.', ';', ':', '!', '?', ')', '…', '%'];
/// Symbols that mean nothing in Markdown.
const SYMBOLS: &[&str] = &["·", "→", "×", "±", "—", "–", "…"];

/// A name in a code span.
pub fn code(name: &str) -> String {
    span(&short(name, NAME))
}

/// A sentence, with everything but plain words in code spans.
pub fn prose(words: &str) -> String {
    let shown = short(words, SENTENCE);
    // Without words a list's mark would stand alone, and spaces around them mean something, too.
    let shown = match shown.trim() {
        "" => return span(""),
        shown => shown,
    };
    let mut line = Line::default();
    let mut rest = shown;
    // Our sentences quote with backticks.
    while let Some((before, after)) = rest.split_once('`') {
        let Some((quoted, after)) = after.split_once('`') else {
            break;
        };
        if quoted.is_empty() {
            break;
        }
        line.words(before);
        line.code(quoted, true);
        rest = after;
    }
    line.words(rest);
    line.shown()
}

/// Markdown of this escape in the cell of a table, where pipes end a cell even in a code span.
pub fn cell(markdown: &str) -> String {
    let mut shown = String::with_capacity(markdown.len());
    let mut slashes = 0;
    for c in markdown.chars() {
        if c == '|' {
            // An even number of them leaves the one before the pipe in force.
            shown.extend(std::iter::repeat_n('\\', slashes + 1));
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        shown.push(c);
    }
    shown
}

/// A name inside of an HTML element.
pub fn html(name: &str) -> String {
    let mut shown = String::from("<code>");
    for c in short(name, NAME).chars() {
        match c {
            c if !c.is_ascii() || c.is_ascii_alphanumeric() || " ._-/+~".contains(c) => {
                shown.push(c)
            }
            c => shown.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    shown.push_str("</code>");
    shown
}

/// Lines in a fence that none of them can close.
pub fn fence(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| run(line)).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let lines: String = lines
        .iter()
        .map(|line| format!("{}\n", escape(line.trim_end())))
        .collect();
    format!("{fence}{language}\n{}{fence}\n", inert(lines))
}

/// The hidden comment that a CI job finds its own comment by.
pub fn marker(project: &str, environment: Option<&str>) -> String {
    let name = match environment {
        Some(environment) => format!("{}/{}", encoded(project), encoded(environment)),
        None => encoded(project),
    };
    format!("<!-- spaceport plan: {name} -->")
}

/// A name in percent-encoding. No `--` and no `>` comes out, so that no comment ends early.
fn encoded(name: &str) -> String {
    let mut shown = String::new();
    for byte in name.bytes().take(LONGEST_NAME) {
        let hyphen = byte == b'-' && !shown.is_empty() && !shown.ends_with('-');
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"._".contains(&byte) || hyphen => {
                shown.push(char::from(byte))
            }
            byte => shown.push_str(&format!("%{byte:02X}")),
        }
    }
    shown
}

/// Bytes of a name that count in a comment's marker.
const LONGEST_NAME: usize = 300;

/// A text made harmless, and cut. Characters without width count, too.
fn short(text: &str, longest: usize) -> String {
    let shown = cut(&said(text), longest);
    match shown.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// A harmless text in a code span.
fn span(text: &str) -> String {
    let text = match text {
        "" => "\"\"".to_owned(),
        text => inert(text.to_owned()),
    };
    let fence = "`".repeat(run(&text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    match text.starts_with(edge) || text.ends_with(edge) {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// The longest run of backticks.
fn run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// A piece of a line.
enum Piece {
    Plain(String),
    Code { text: String, quoted: bool },
}

/// A line that grows word by word.
#[derive(Default)]
struct Line {
    pieces: Vec<Piece>,
}

impl Line {
    fn words(&mut self, text: &str) {
        for (index, word) in text.split(' ').enumerate() {
            if index > 0 {
                self.plain(" ");
            }
            self.word(word);
        }
    }

    fn word(&mut self, word: &str) {
        let (open, inner) = match word.strip_prefix('(') {
            Some(inner) => ("(", inner),
            None => ("", word),
        };
        let core = match inner.trim_end_matches(AFTER) {
            // Two colons may begin something.
            core if inner[core.len()..].contains("::") => inner,
            core => core,
        };
        let mut after = &inner[core.len()..];
        let mut core = core;
        // What is opened inside is closed inside.
        if core.contains('(') && after.starts_with(')') {
            core = &inner[..=core.len()];
            after = &after[1..];
        }
        // `1.` at the beginning of a line would be a list.
        let numbers = core.chars().all(|c| c.is_ascii_digit()) && after.starts_with(['.', ')']);
        let marks = core.is_empty() && !word.contains("::");
        let tame = is_tame(core) && !(self.pieces.is_empty() && numbers);
        if marks || tame || SYMBOLS.contains(&core) {
            self.plain(word);
        } else {
            let (core, after) = if core.is_empty() {
                (inner, "")
            } else {
                (core, after)
            };
            self.plain(open);
            self.code(core, false);
            self.plain(after);
        }
    }

    fn plain(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Plain(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Plain(text.to_owned())),
        }
    }

    /// Code beside code becomes one span: two would share a run of backticks.
    fn code(&mut self, text: &str, quoted: bool) {
        let words = matches!(
            self.pieces.as_slice(),
            [.., Piece::Code { quoted: false, .. }, Piece::Plain(space)] if space == " " && !quoted
        );
        if words {
            self.pieces.pop();
        }
        match self.pieces.last_mut() {
            Some(Piece::Code { text: last, .. }) => {
                last.push_str(if words { " " } else { "" });
                last.push_str(text);
            }
            _ => self.pieces.push(Piece::Code {
                text: text.to_owned(),
                quoted,
            }),
        }
    }

    fn shown(self) -> String {
        let shown = self.pieces.into_iter().map(|piece| match piece {
            Piece::Plain(text) => text,
            Piece::Code { text, .. } => span(&text),
        });
        shown.collect()
    }
}

/// Whether a word is plain letters, or a short number: nothing that any service makes a link of.
fn is_tame(word: &str) -> bool {
    const SHORT: usize = 7;
    let letters = || {
        word.starts_with(char::is_alphabetic)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let number = || word.len() < SHORT && word.chars().all(|c| c.is_ascii_digit());
    // What reads like a commit becomes a link to it.
    let commit = word.len() >= SHORT && word.chars().all(|c| c.is_ascii_hexdigit());
    !word.is_empty() && !commit && (letters() || number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_everything_else_is_code() {
        for (words, shown) in [
            (
                "6 of 10 objects would be deleted, more than `limits.percent` (30%)",
                "6 of 10 objects would be deleted, more than `limits.percent` (30%)",
            ),
            (
                "port.webhook.a url is known after apply",
                "`port.webhook.a` url is known after apply",
            ),
            (
                "/a and /b differ; see https://x.y/z.",
                "`/a` and `/b` differ; see `https://x.y/z`.",
            ),
            (
                "hi @all, #12 GH-3 *b* _c_ :tada: <b>",
                "hi `@all`, `#12 GH-3 *b* _c_ :tada`: `<b>`",
            ),
            ("1. a", "`1`. a"),
            ("  a ", "a"),
            (" ", "`\"\"`"),
            ("- a", "`-` a"),
            ("a `b", "a `` `b ``"),
            ("`a``b` c", "`ab` c"),
            ("``a`", "``` ``a` ```"),
            ("call f(x), (or not)", "call `f(x)`, (or not)"),
            ("$x$ ends in \\", "`$x$` ends in `\\`"),
            ("deadbeef and 1234567", "`deadbeef` and `1234567`"),
            ("a\n::error::b\u{202e}", r"`a\n::error::b\u{202e}`"),
            ("::error::b", r"`\u{3a}:error::b`"),
        ] {
            assert_eq!(prose(words), shown, "{words}");
        }
    }

    #[test]
    fn names_are_fenced_and_entities_leave_nothing_to_html() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("``` a"), "```` ``` a ````");
        assert_eq!(code(""), "`\"\"`");
        assert_eq!(
            html("a[\"<@x>\"]"),
            "<code>a&#91;&#34;&#60;&#64;x&#62;&#34;&#93;</code>"
        );
    }

    #[test]
    fn no_pipe_ends_a_cell() {
        assert_eq!(cell("`a|b`"), r"`a\|b`");
        assert_eq!(cell(r"`a\|b\\|`"), r"`a\\\|b\\\\\|`");
    }

    #[test]
    fn no_line_closes_the_fence() {
        let lines = ["  ````".to_owned(), "+ ~~~".to_owned(), "  ::x".to_owned()];
        assert_eq!(
            fence("diff", &lines),
            "`````diff\n  ````\n+ ~~~\n  \\u{3a}:x\n`````\n"
        );
    }

    #[test]
    fn a_marker_ends_where_we_end_it() {
        assert_eq!(
            marker("acme-portal", Some("staging")),
            "<!-- spaceport plan: acme-portal/staging -->"
        );
        assert_eq!(
            marker("--> @x", Some("a/b--!>")),
            "<!-- spaceport plan: %2D-%3E%20%40x/a%2Fb-%2D%21%3E -->"
        );
        assert_eq!(marker("-", None), "<!-- spaceport plan: %2D -->");
    }
}
