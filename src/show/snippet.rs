//! Snippets: the user's files as they may be shown beside a finding.
//!
//! Control characters are shown, and what looks like a credential is masked. Deliberately not
//! here: drawing (see `findings`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::show::{redact, text};
use crate::words::place::Source;
use crate::words::{Place, Sources};

/// The longest line in bytes that is shown; longer ones are named by place only.
const LONGEST: usize = 400;

/// The files as they may be shown, each made harmless once.
#[derive(Debug, Default)]
pub struct Harmless {
    files: BTreeMap<u32, Arc<File>>,
}

impl Harmless {
    /// The file of a place.
    pub fn file(&mut self, place: Place, sources: &Sources) -> Arc<File> {
        let file = self.files.entry(place.file);
        file.or_insert_with(|| Arc::new(File::new(place.file, sources)))
            .clone()
    }
}

/// One file as it may be shown.
#[derive(Debug)]
pub struct File {
    path: String,
    text: String,
    /// Beginnings of the lines in the original and in the harmless text.
    lines: Vec<(usize, usize)>,
    original: Arc<str>,
    /// What nobody may show, in bytes of the original.
    hidden: Vec<Range<usize>>,
}

impl File {
    fn new(index: u32, sources: &Sources) -> Self {
        let source: &Source = sources.file(index);
        let mut file = File {
            path: text::escape(&source.path),
            text: String::with_capacity(source.text.len()),
            lines: Vec::new(),
            original: source.text.clone(),
            hidden: sources
                .hidden(index)
                .map(|place| place.start as usize..place.end as usize)
                .collect(),
        };
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            file.lines.push((start, file.text.len()));
            let (body, end) = match line.strip_suffix('\n') {
                Some(body) => (body, "\n"),
                None => (line, ""),
            };
            let shown: String = file.masked(body, start).chars().map(shown_char).collect();
            file.text.push_str(&shown);
            file.text.push_str(end);
            start += line.len();
        }
        if file.lines.is_empty() || source.text.ends_with('\n') {
            file.lines.push((start, file.text.len()));
        }
        file
    }

    /// A line that begins at a byte of the original, character by character: secret places,
    /// userinfo in URLs and what sounds like a credential masked.
    fn masked(&self, body: &str, start: usize) -> String {
        let userinfo = userinfo(body);
        let end = start + body.len();
        let here: Vec<&Range<usize>> = self
            .hidden
            .iter()
            .filter(|range| range.start < end && start < range.end)
            .collect();
        let secret = |at: usize| {
            userinfo.iter().any(|range| range.contains(&at))
                || here.iter().any(|range| range.contains(&(start + at)))
        };
        body.char_indices()
            .zip(masked_line(body).chars())
            .map(|((at, _), c)| match c {
                '"' | '\'' | ' ' | '\r' | '\t' => c,
                _ if secret(at) => '•',
                c => c,
            })
            .collect()
    }

    /// Its path, harmless.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its text, harmless.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line, from 0, that holds a byte of the harmless text.
    pub fn line_of(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|(_, shown)| *shown <= at);
        after.saturating_sub(1)
    }

    /// A range of the harmless text made whole lines without the last line end, and the first
    /// line from 0.
    pub fn whole_lines(&self, range: Range<usize>) -> (Range<usize>, usize) {
        let (first, last) = (self.line_of(range.start), self.line_of(range.end));
        let start = self.lines.get(first).map_or(0, |(_, shown)| *shown);
        let end = match self.lines.get(last + 1) {
            Some((_, next)) => next - 1,
            None => self.text.len(),
        };
        (start..end.max(start), first)
    }

    /// Where a place is in the harmless text: start and length, at most to the end of its line.
    /// `None` when the line is too long to be shown.
    pub fn span(&self, place: Place) -> Option<(usize, usize)> {
        let start = (place.start as usize).min(self.original.len());
        let index = self.lines.partition_point(|(at, _)| *at <= start);
        let (line, shown) = *self.lines.get(index.checked_sub(1)?)?;
        let rest = self.original.get(line..)?;
        let body = rest.split('\n').next().unwrap_or("");
        if body.len() > LONGEST {
            return None;
        }
        let end = (place.end as usize).clamp(start, line + body.trim_end().len().max(start - line));
        let masked = self.masked(body, line);
        let shown_to = |to: usize| -> Option<usize> {
            let length = body.get(..to - line)?.chars().count();
            Some(
                masked
                    .chars()
                    .take(length)
                    .map(|c| shown_char(c).len())
                    .sum(),
            )
        };
        let (from, to) = (shown_to(start)?, shown_to(end)?);
        Some((shown + from, to - from))
    }
}

/// A character of a snippet; tabs become spaces so that marks stand below what they mark.
fn shown_char(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        '\r' => String::new(),
        c if text::is_hostile(c) => c.escape_unicode().collect(),
        c => c.to_string(),
    }
}

/// The line with the values of keys that sound like credentials masked, character by character,
/// unless they are references. The finding is about the file, yet its output may be in a log.
fn masked_line(body: &str) -> String {
    let mut masked: Vec<char> = body.chars().collect();
    let mut at = 0;
    while let Some(colon) = (at..masked.len()).find(|&i| masked[i] == ':') {
        at = colon + 1;
        let key: String = masked[..colon]
            .iter()
            .rev()
            .skip_while(|c| matches!(c, '"' | '\'' | ' '))
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
            .collect();
        let key: String = key.chars().rev().collect::<String>().to_lowercase();
        if !redact::is_credential(&key) || key.ends_with("name") {
            continue;
        }
        let start = (at..masked.len()).find(|&i| masked[i] != ' ').unwrap_or(at);
        let end = value_end(&masked, start);
        let value: String = masked[start..end].iter().collect();
        if !value.contains("${") && !value.contains("{{") {
            let hidden = masked[start..end].iter_mut();
            hidden
                .filter(|c| !matches!(c, '"' | '\''))
                .for_each(|c| *c = '•');
        }
        at = end.max(at);
    }
    masked.into_iter().collect()
}

/// The bytes of a line that are user names and passwords in URLs, templates aside.
fn userinfo(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, scheme) in line.match_indices("://") {
        let start = at + scheme.len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`');
        let rest = &line[start..];
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if let Some(end) = authority.rfind('@')
            && !authority.contains("${")
            && !authority.contains("{{")
        {
            found.push(start..start + end);
        }
    }
    found
}

/// Where a scalar ends on its line.
fn value_end(line: &[char], start: usize) -> usize {
    match line.get(start) {
        Some(quote @ ('"' | '\'')) => (start + 1..line.len())
            .find(|&i| line[i] == *quote && line[i - 1] != '\\')
            .map_or(line.len(), |i| i + 1),
        // Structure is not a value.
        Some('{' | '[' | '|' | '>' | '&' | '*') | None => start,
        Some(_) => (start..line.len())
            .find(|&i| matches!(line[i], ',' | '}' | ']'))
            .unwrap_or(line.len()),
    }
}
