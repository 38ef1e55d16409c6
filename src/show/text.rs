//! Texts made harmless, measured, cut and wrapped.
//!
//! The one place that knows which characters could steer a terminal or hide what is there.
//! Deliberately not here: secrets (see `redact`).

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a tab takes where it is shown as space.
const TAB: &str = "    ";

/// Whether a character could steer a terminal, or reorder or hide what stands beside it.
///
/// Joiners and variation selectors stay, because scripts and emoji need them.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text in one line, with control characters shown as escapes.
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|c| push(c, &mut shown));
    shown
}

/// The text in quotes, in one line. Single quotes spare texts full of double ones the escapes;
/// backslashes are doubled only where there are escapes to be told from.
pub fn quoted(text: &str) -> String {
    let quote = match (text.contains('"'), text.contains('\'')) {
        (true, false) => '\'',
        _ => '"',
    };
    let ambiguous = text.contains(|c| is_hostile(c) || c == quote);
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for c in text.chars() {
        if c == quote || (c == '\\' && ambiguous) {
            shown.push('\\');
            shown.push(c);
        } else {
            push(c, &mut shown);
        }
    }
    shown.push(quote);
    shown
}

/// One line of a block: tabs become spaces, or are shown when they are what matters.
pub fn line(text: &str, tabs: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' if !tabs => shown.push_str(TAB),
            other => push(other, &mut shown),
        }
    }
    shown
}

fn push(c: char, shown: &mut String) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\t' => shown.push_str("\\t"),
        c if is_hostile(c) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

/// Lines in which nothing commands a CI system that reads them in its log.
///
/// GitHub's runner obeys lines that begin with `::`, after white space too, and `##[` anywhere;
/// Azure's obeys `##vso[`. In their place stands the escape of one character. Our own colours do
/// not hide a command: a log may be read without them.
pub fn inert(lines: String) -> String {
    let mut shown = String::with_capacity(lines.len() + 16);
    for line in lines.split_inclusive('\n') {
        let first = bare(line).find(|(_, c)| !c.is_whitespace());
        if !line.contains('#') && first.is_none_or(|(_, c)| c != ':') {
            shown.push_str(line);
            continue;
        }
        let marked = commands(line);
        for (at, c) in line.char_indices() {
            match marked.contains(&at) {
                true => shown.extend(c.escape_unicode()),
                false => shown.push(c),
            }
        }
    }
    shown
}

/// The same for JSON, which says the same afterwards. None of its lines begins with `::`, and what could
/// steer a terminal is its number, too: JSON does that itself for some of it only.
pub fn inert_json(json: String) -> String {
    // They stand inside of a text only, where every character may be its number.
    let hostile = |c: char| c != '\n' && is_hostile(c);
    let mut json = json;
    if json.contains(hostile) {
        let mut shown = String::with_capacity(json.len());
        let mut units = [0; 2];
        for c in json.chars() {
            match hostile(c) {
                true => (c.encode_utf16(&mut units).iter())
                    .for_each(|unit| shown.push_str(&format!("\\u{unit:04x}"))),
                false => shown.push(c),
            }
        }
        json = shown;
    }
    if !json.contains("##") {
        return json;
    }
    let json = json.replace("##[", "#\\u0023[");
    json.replace("##vso[", "#\\u0023vso[")
}

/// Where the characters of a line stand without which nothing in it is a command.
fn commands(line: &str) -> Vec<usize> {
    let chars: Vec<(usize, char)> = bare(line).collect();
    let says = |from: usize, word: &str| {
        let mut rest = chars.iter().skip(from);
        word.chars()
            .all(|c| rest.next().is_some_and(|(_, found)| *found == c))
    };
    let mut marked = Vec::new();
    for (index, (at, c)) in chars.iter().enumerate() {
        let before = chars.iter().take(index);
        let command = match c {
            ':' => says(index, "::") && before.clone().all(|(_, c)| c.is_whitespace()),
            '[' => ["##", "##vso"]
                .iter()
                .any(|word| index >= word.len() && says(index - word.len(), word)),
            _ => false,
        };
        if command {
            marked.push(*at);
        }
    }
    marked
}

/// The characters of a line and where they stand, without our colours.
fn bare(line: &str) -> impl Iterator<Item = (usize, char)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix("\u{1b}[").and_then(|sgr| {
            sgr.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
                .strip_prefix('m')
        }) {
            rest = after;
        }
        let at = line.len() - rest.len();
        let c = rest.chars().next()?;
        rest = &rest[c.len_utf8()..];
        Some((at, c))
    })
}

/// Columns that a harmless text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text with spaces after it up to a column.
pub fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The beginning of the text that fits, with how many characters are missing.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let total = text.chars().count();
    let room = columns.saturating_sub(width(&format!("… (+{total} characters)")));
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    let missing = total - kept.chars().count();
    format!("{kept}… (+{missing} characters)")
}

/// A line in pieces that fit, broken anywhere; at least one piece. Marks go along with their
/// characters.
pub fn fold<M: Copy + PartialEq>(line: &[(M, String)], columns: usize) -> Vec<Vec<(M, String)>> {
    let columns = columns.max(8);
    let mut pieces = vec![Vec::new()];
    let mut used = 0;
    for (mark, text) in line {
        for c in text.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > columns {
                pieces.push(Vec::new());
                used = 0;
            }
            used += wide;
            let piece: &mut Vec<(M, String)> = pieces.last_mut().expect("there is one piece");
            match piece.last_mut() {
                Some((last, text)) if last == mark => text.push(c),
                _ => piece.push((*mark, c.to_string())),
            }
        }
    }
    pieces
}

/// Prose in lines: the first begins with `first`, the others with as many spaces, unless a word
/// alone is too long for a line.
pub fn wrap(first: &str, text: &str, columns: usize) -> Vec<String> {
    let indent = " ".repeat(width(first));
    let mut lines = Vec::new();
    let mut current = first.to_owned();
    let mut fresh = true;
    for word in text.split(' ') {
        if !fresh && width(&current) + 1 + width(word) > columns {
            lines.push(std::mem::replace(&mut current, indent.clone()));
            fresh = true;
        }
        if !fresh {
            current.push(' ');
        }
        current.push_str(word);
        fresh = false;
    }
    lines.push(current);
    lines
}

/// `1 object`, `2 objects`.
pub fn count(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_chosen_so_that_little_needs_an_escape() {
        assert_eq!(quoted("plain"), r#""plain""#);
        assert_eq!(quoted(r#".state == "FAILED""#), r#"'.state == "FAILED"'"#);
        assert_eq!(quoted(r#"it's "so""#), r#""it's \"so\"""#);
        assert_eq!(quoted(r"\d+"), r#""\d+""#);
        assert_eq!(quoted("\\d\u{1b}[2J\n"), r#""\\d\u{1b}[2J\n""#);
    }

    #[test]
    fn what_steers_or_hides_is_shown() {
        assert_eq!(
            escape("a\u{202e}b\u{7f}\u{9b}c"),
            r"a\u{202e}b\u{7f}\u{9b}c"
        );
        assert_eq!(escape("né 日本 👩‍🚀"), "né 日本 👩‍🚀");
        assert_eq!(line("\tx\t", false), "    x    ");
        assert_eq!(line("\tx\r", true), r"\tx\u{d}");
    }

    #[test]
    fn no_line_commands_a_ci_system() {
        let lines =
            "::error::a\n \u{a0}::set-output name=a::b\nx ::c\n##[group]\nx ##vso[y] ### a::b";
        assert_eq!(
            inert(lines.to_owned()),
            "\\u{3a}:error::a\n \u{a0}\\u{3a}:set-output name=a::b\nx ::c\n##\\u{5b}group]\nx ##vso\\u{5b}y] ### a::b"
        );
        assert_eq!(inert(" \u{1b}[1;31m ::x".into()), " \u{1b}[1;31m \\u{3a}:x");
        assert_eq!(inert("###[a\n\n::".into()), "###\\u{5b}a\n\n\\u{3a}:");
        assert_eq!(
            inert("#\u{1b}[1m#\u{1b}[0m\u{1b}[32m[a\n:\u{1b}[1m:b".into()),
            "#\u{1b}[1m#\u{1b}[0m\u{1b}[32m\\u{5b}a\n\\u{3a}\u{1b}[1m:b"
        );
    }

    #[test]
    fn json_says_the_same_when_it_commands_nobody() {
        let said = serde_json::json!({ "##[a]": ["\\##[group]##vso[y]", "### a::b"] });
        let shown = inert_json(format!("{said:#}"));
        assert!(
            !shown.contains("##[") && !shown.contains("##vso["),
            "{shown}"
        );
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, said);
    }

    #[test]
    fn json_holds_nothing_that_steers_a_terminal_and_says_the_same() {
        let said =
            serde_json::json!({"a\u{9b}31m": ["\u{85}\u{1b}", "\u{202e}", "\u{e0041}", "é\n"]});
        let shown = inert_json(format!("{said:#}"));
        assert!(!shown.contains(|c| c != '\n' && is_hostile(c)), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, said);
    }

    #[test]
    fn cutting_counts_what_is_missing_and_wide_characters_as_two() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(
            cut(&"x".repeat(100), 30),
            format!("{}… (+89 characters)", "x".repeat(11))
        );
        assert!(width(&cut(&"日".repeat(100), 30)) <= 30);
    }

    #[test]
    fn prose_hangs_under_its_beginning() {
        assert_eq!(
            wrap("note: ", "one two three", 14),
            ["note: one two", "      three"]
        );
        assert_eq!(
            wrap("", "averyveryverylongword", 5),
            ["averyveryverylongword"]
        );
    }
}
