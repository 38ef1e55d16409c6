//! `# spaceport: allow(CODE, …)`: comments that allow a lint in one place.
//!
//! In YAML a comment of YAML counts, and in the text of a policy one of Rego. Behind something on
//! a line it is about that line; on a line of its own it is about the next line that is no comment,
//! and about the block of text that begins there. Deliberately not here: what is found.

use std::collections::BTreeSet;

use crate::want::yaml;
use crate::words::{Place, Sources};

/// What such a comment begins with.
const MARK: &str = "spaceport: allow(";

/// One code in one comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The code as written.
    pub code: String,
    /// Where the code stands.
    pub place: Place,
    /// The lines that it is about, counted from 1.
    first: usize,
    last: usize,
}

impl Allow {
    /// Whether a place begins on one of its lines.
    pub fn is_about(&self, place: Place, sources: &Sources) -> bool {
        if place.file != self.place.file {
            return false;
        }
        let (line, _) = sources.line_column(place);
        (self.first..=self.last).contains(&line)
    }
}

/// The allows of all files.
pub fn read(sources: &Sources) -> Vec<Allow> {
    let files = sources.iter().enumerate();
    files
        .filter(|(_, source)| source.text.contains(MARK))
        .flat_map(|(index, source)| in_file(index as u32, &source.path, &source.text))
        .collect()
}

fn in_file(file: u32, path: &str, text: &str) -> Vec<Allow> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (begin, comment) in comments(path, text) {
        let said = comment.trim_start_matches('#');
        let Some(list) = said.trim_start().strip_prefix(MARK) else {
            continue;
        };
        let Some((list, _)) = list.split_once(')') else {
            continue;
        };
        let number = text[..begin].matches('\n').count() + 1;
        let (first, last) = lines_of(&lines, number, begin_of_line(text, begin));
        let from = begin + (list.as_ptr() as usize - comment.as_ptr() as usize);
        let mut at = from;
        for part in list.split(',') {
            let code = part.trim();
            let start = at + (part.len() - part.trim_start().len());
            found.push(Allow {
                code: code.to_owned(),
                place: Place::new(file, start, start + code.len()),
                first,
                last,
            });
            at += part.len() + 1;
        }
    }
    found
}

/// What stands on its line before a byte.
fn begin_of_line(text: &str, at: usize) -> &str {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    &before[start..]
}

/// The lines that a comment is about, counted from 1: `number` is its own, `before` what stands
/// there before it.
fn lines_of(lines: &[&str], number: usize, before: &str) -> (usize, usize) {
    if !before.trim().is_empty() {
        return (number, number);
    }
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    // Lines are counted from 1, so `number` is the index of the next one.
    let Some(first) = (number..lines.len()).find(|at| !is_comment(&lines[*at])) else {
        return (number, number);
    };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut last = first;
    if opens_block(lines[first]) {
        let inside = |line: &&str| line.trim().is_empty() || indent(line) > indent(lines[first]);
        while lines.get(last + 1).is_some_and(&inside) {
            last += 1;
        }
    }
    (first + 1, last + 1)
}

/// Whether a block scalar of YAML begins at the end of a line.
fn opens_block(line: &str) -> bool {
    let code = line.split(" #").next().unwrap_or_default().trim_end();
    let code = code.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    code.ends_with(" |") || code.ends_with(" >")
}

/// The comments of a file, each with where it begins.
fn comments<'t>(path: &str, text: &'t str) -> Vec<(usize, &'t str)> {
    let is_yaml = [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| path.ends_with(end));
    let mut found = match is_yaml {
        true => yaml::comments(text),
        false => Vec::new(),
    };
    // A comment of Rego or JQ may fill a line of a block of text; elsewhere it may stand behind code.
    let known: BTreeSet<usize> = found.iter().map(|(begin, _)| *begin).collect();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let whole = line.len() - line.trim_start().len();
        let begin = match is_yaml {
            true => line[whole..].starts_with('#').then_some(whole),
            false => outside_quotes(line),
        };
        if let Some(begin) = begin
            && !known.contains(&(at + begin))
        {
            found.push((at + begin, line[begin..].trim_end()));
        }
        at += line.len();
    }
    found.sort_unstable();
    found
}

/// The first `#` of a line that stands in no quotes.
fn outside_quotes(line: &str) -> Option<usize> {
    let mut open: Option<char> = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match (open, c) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(quote), c) if c == quote && !escaped => open = None,
            (None, '"' | '`') => open = Some(c),
            (None, '#') => return Some(at),
            _ => {}
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes with the lines that they are about.
    fn read_in(path: &str, text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        sources.add(path, text);
        let shown = |allow: Allow| {
            assert_eq!(sources.text(allow.place), allow.code);
            format!("{} {}-{}", allow.code, allow.first, allow.last)
        };
        read(&sources).into_iter().map(shown).collect()
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next() {
        let text = "\
a: 1 # spaceport: allow(lint::a): because
# spaceport: allow(lint::b, lint::c)
# for a reason that takes a line
b: 2
c: \"# spaceport: allow(lint::no)\"
# spaceport: allow(lint::d)
d: |
  one

  two
e: 3
# spaceport: allow(lint::e)
";
        assert_eq!(
            read_in("a.yaml", text),
            [
                "lint::a 1-1",
                "lint::b 4-4",
                "lint::c 4-4",
                "lint::d 7-10",
                "lint::e 12-12"
            ]
        );
    }

    #[test]
    fn comments_of_policies_count_too() {
        let text = "\
webhook[x] { # spaceport: allow(lint::a)
\tx := \"# spaceport: allow(lint::no)\"
# spaceport: allow(lint::b)
}
";
        assert_eq!(read_in("a.rego", text), ["lint::a 1-1", "lint::b 4-4"]);
        let inside = format!("body: |\n  {}", text.replace('\n', "\n  "));
        assert_eq!(read_in("a.yaml", &inside), ["lint::b 5-5"]);
    }
}
