//! The parser's errors in our words, at the place where the mistake is.
//!
//! The parser says where it could not go on; people want to know what to mend. So the usual
//! mistakes are recognised by the text around that place. Deliberately not here: everything that
//! is well-formed YAML and still refused.

use granit_parser::{ErrorKind, ScanError};

use crate::want::yaml::alias::too_deep;
use crate::want::yaml::build::{QUOTE_BRACES, shorten};
use crate::words::{Finding, Place};

const CODE: &str = "yaml::syntax";

const QUOTE_COLON: &str = "quote a value that contains `: `";

/// The finding for an error of the parser.
pub fn finding(file: u32, text: &str, error: &ScanError) -> Finding {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let spot = Spot {
        file,
        text,
        at: text.floor_char_boundary(at),
    };
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(spot.here()),
        ErrorKind::UndeclaredTagHandle => {
            let place = spot.word();
            let shown = shorten(spot.text_at(place));
            Finding::error("yaml::tag", place, format!("unknown tag `{shown}`"))
                .help("quote a text that begins with `!`; of tags only YAML's own are known, such as `!!str`")
        }
        problem => spot
            .tab(problem)
            .or_else(|| spot.braces())
            .unwrap_or_else(|| spot.explain(problem)),
    }
}

/// A place in a text where the parser could not go on.
struct Spot<'a> {
    file: u32,
    text: &'a str,
    at: usize,
}

impl<'a> Spot<'a> {
    fn explain(&self, problem: &ErrorKind) -> Finding {
        match problem {
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => self.colon(),
            ErrorKind::UnclosedQuotedScalar => self.quote(self.at),
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => {
                self.quote(self.opening_quote().unwrap_or(self.at))
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar => self
                .error("text follows the closing quote")
                .help("put the quotes around the whole text; a `'` inside of single quotes is written `''`"),
            ErrorKind::InvalidTrailingDoubleQuotedScalar => self
                .error("text follows the closing quote")
                .help("put the quotes around the whole text; a `\"` inside of double quotes is written `\\\"`"),
            ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::InvalidUnicodeEscape => self
                .error("these double quotes contain a `\\` that begins no known escape")
                .help("write `\\\\` for a backslash, or use single quotes"),
            ErrorKind::UnexpectedCharacter { character } => self.character(*character),
            ErrorKind::MissingAnchorOrAliasName => {
                let (sign, what) = if self.rest().starts_with('&') {
                    ('&', "an anchor")
                } else {
                    ('*', "an alias")
                };
                self.error(format!("`{sign}` begins {what}, but no name follows"))
                    .help(format!("quote texts that begin with `{sign}`"))
            }
            ErrorKind::ExpectedDocumentStart
            | ErrorKind::MissingDirectiveName
            | ErrorKind::InvalidDirectiveName
            | ErrorKind::InvalidDirectiveTerminator
            | ErrorKind::MissingDocumentEndBeforeDirective => self.directive_or_document(),
            ErrorKind::UnclosedFlowCollection { open } => self
                .error(format!("this `{open}` is never closed"))
                .help(format!("quote texts that begin with `{open}`")),
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                self.error(format!("this `{open}` is closed by `{close}`"))
            }
            ErrorKind::MisplacedFlowCollectionEnd => {
                self.error("nothing is open that this could close")
            }
            ErrorKind::ExpectedFlowMappingSeparator => {
                self.error("a `,` or `}` is missing before this")
            }
            ErrorKind::ExpectedFlowSequenceSeparator => {
                self.error("a `,` or `]` is missing before this")
            }
            ErrorKind::ExpectedBlockMappingKey => self
                .error("this does not continue the map above")
                .help("give all keys of a map the same indentation, and quote values that begin with a quote, `{` or `[` but do not end with it"),
            ErrorKind::ExpectedBlockSequenceEntry => self
                .error("this does not continue the list above")
                .help("give all `-` of a list the same indentation"),
            ErrorKind::BlockSequenceEntryNotAllowed => self
                .error("a list cannot begin here")
                .help("begin the list on the next line, or quote a text that begins with `-`"),
            ErrorKind::MappingKeyNotAllowed => self
                .error("a key cannot begin here")
                .help("quote a text that begins with `?`"),
            ErrorKind::InvalidBlockScalarHeader => self
                .error("text follows the sign that begins a block of text")
                .help("begin the text on the next line, or quote texts that begin with `|` or `>`"),
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => self
                .error("this line is neither `key: value` nor a list item")
                .help("is a `:` missing, or the indentation of a longer text?"),
            ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent => {
                self.error("the indentation of this line fits nothing above it")
            }
            ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::UnexpectedEofBlockSequence
            | ErrorKind::UnexpectedEofBlockMapping
            | ErrorKind::UnexpectedEof
            | ErrorKind::ExpectedNodeContent => self.error("a value is missing here"),
            other => self.error(without_circumstances(&other.to_string())),
        }
    }

    fn error(&self, message: impl Into<String>) -> Finding {
        Finding::error(CODE, self.here(), message)
    }

    /// A tab where spaces belong.
    fn tab(&self, problem: &ErrorKind) -> Option<Finding> {
        let line_start = self.line_start(self.at);
        let line = &self.text[line_start..];
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let about_tabs = matches!(
            problem,
            ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabNotAllowed
                | ErrorKind::TabInPlainScalar
                | ErrorKind::TabAtBlockScalarStart
        );
        let (tab, message) = match self.text[line_start..line_start + indent].find('\t') {
            Some(tab) => (line_start + tab, "a tab stands in the indentation"),
            None if about_tabs => (
                self.at + self.rest().find('\t')?,
                "a tab stands where only spaces may",
            ),
            None => return None,
        };
        let place = self.between(tab, tab + 1);
        Some(Finding::error(CODE, place, message).help("indent with spaces, not with tabs"))
    }

    /// A text like `{{ .x }}/y` without quotes on the line of the error.
    fn braces(&self) -> Option<Finding> {
        let line_start = self.line_start(self.at);
        // The error may be at the second of the two braces.
        let end = self.text.floor_char_boundary(self.at + 2);
        let line = &self.text[line_start..end];
        let (at, _) = line.match_indices("{{").find(|(at, _)| {
            let before = line[..*at].trim_end_matches([' ', '\t']);
            before.is_empty()
                || (before.len() < *at && before.ends_with([':', '-', ',']))
                || before.ends_with('[')
        })?;
        let place = self.between(line_start + at, line_start + at + 2);
        Some(
            Finding::error(CODE, place, "YAML reads `{{` as the beginning of two maps")
                .help(QUOTE_BRACES),
        )
    }

    /// A `:` where no value may begin.
    fn colon(&self) -> Finding {
        let line_start = self.line_start(self.at);
        let before = &self.text[line_start..self.at];
        let finding = self.error("a `:` with a value is not expected here");
        if before.contains(": ") {
            return finding.help(QUOTE_COLON);
        }
        let above = self.text[..line_start].trim_end();
        let above = above[self.line_start(above.len())..].trim();
        if above.starts_with('#') || above.is_empty() {
            return finding.help("check the indentation of this line");
        }
        if let Some((key, _)) = above.split_once(':')
            && !above.contains(": ")
            && !key.contains(' ')
        {
            return finding.help(format!("write a space after `{}:`", shorten(key)));
        }
        if above.contains(['[', '{']) {
            return finding.help("is a bracket still open, or a `,` missing?");
        }
        finding.help("check the indentation, and that the line above is complete")
    }

    fn quote(&self, at: usize) -> Finding {
        Finding::error(
            CODE,
            self.between(
                at,
                at + self.text[at..].chars().next().map_or(0, char::len_utf8),
            ),
            "this quote is not closed, or its text is not indented",
        )
        .help("close the quote; indent every further line of a quoted text")
    }

    /// The nearest quote before the error that begins a text.
    fn opening_quote(&self) -> Option<usize> {
        let before = &self.text[..self.at];
        before
            .rmatch_indices(['"', '\''])
            .map(|(at, _)| at)
            .find(|at| {
                let outside = &before[..*at];
                outside.is_empty() || outside.ends_with([' ', '\t', '\n', '[', '{', ',', ':'])
            })
    }

    fn character(&self, character: char) -> Finding {
        if character.is_control() || character as u32 > 0x7f {
            return self.error(format!(
                "the character U+{:04X} is not allowed in YAML",
                character as u32
            ));
        }
        self.error(format!(
            "a text without quotes cannot begin with `{character}`"
        ))
        .help(format!("quote texts that begin with `{character}`"))
    }

    fn directive_or_document(&self) -> Finding {
        let mut lines = self.text[..self.at].lines().rev();
        let directive = self.rest().starts_with('%')
            || lines
                .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
                .is_some_and(|line| line.starts_with('%'));
        if directive {
            return self
                .error("a line that begins with `%` is a directive of YAML, and `---` must follow")
                .help("quote texts that begin with `%`");
        }
        self.error("this belongs to nothing above it")
            .help("check the indentation; write `---` between two documents")
    }

    fn here(&self) -> Place {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.between(self.at, self.at + length)
    }

    fn word(&self) -> Place {
        let rest = self.rest();
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.between(self.at, self.at + length)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn text_at(&self, place: Place) -> &'a str {
        &self.text[place.start as usize..place.end as usize]
    }

    fn between(&self, start: usize, end: usize) -> Place {
        Place::new(self.file, start, end)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }
}

/// The parser's message without "while parsing this and that, ".
fn without_circumstances(message: &str) -> String {
    let message = match message.split_once(", ") {
        Some((circumstances, rest)) if circumstances.starts_with("while ") => rest,
        _ => message,
    };
    message.trim_end_matches('.').to_owned()
}
