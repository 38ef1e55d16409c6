//! Findings: problems in the user's files, as text and as JSON.
//!
//! The only room that names `miette`. A snippet is one line of the user's file with control
//! characters shown and what looks like a credential masked. Deliberately not here: making,
//! sorting and documenting findings (see `words`).

use std::collections::BTreeMap;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, NamedSource,
    SourceCode, SourceSpan, SpanContents, ThemeStyles,
};
use serde_json::{Value as Json, json};

use crate::show::text::{self, count};
use crate::show::{Meaning, Style, redact};
use crate::words::place::Source;
use crate::words::{Finding, Place, Severity, Sources};

/// The longest line in bytes that a snippet is cut from; longer ones are named by place only.
const LONGEST: usize = 400;

/// Findings for people in their given order, with a closing count. Empty for none.
pub fn human(findings: &[Finding], sources: &Sources, style: &Style) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let theme = GraphicalTheme {
        styles: if style.colour {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
        ..GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_urls(false)
        .with_context_lines(1)
        .without_cause_chain();
    let mut shown = String::new();
    let mut harmless = Harmless::default();
    for finding in findings {
        let report = report(finding, sources, &mut harmless);
        let mut text = String::new();
        if handler.render_report(&mut text, &report).is_err() {
            text = format!("{}: {}\n", report.code, report.message);
        }
        // The handler pads some lines up to its frame.
        text.trim_matches('\n').lines().for_each(|line| {
            shown.push_str(line.trim_end());
            shown.push('\n');
        });
        shown.push('\n');
    }
    shown.push_str(&closing(findings, style));
    shown
}

/// Findings for machines: `{"findings":[{"code","severity","message","file","line","column",
/// "help"}]}`, with `null` for what a finding lacks. Lines and columns are counted from 1.
pub fn json(findings: &[Finding], sources: &Sources) -> Json {
    let list: Vec<Json> = findings
        .iter()
        .map(|finding| {
            let place = finding.place.map(|place| {
                let (line, column) = sources.line_column(place);
                (sources.file(place.file).path.as_str(), line, column)
            });
            json!({
                "code": finding.code,
                "severity": finding.severity.word(),
                "message": finding.message,
                "file": place.map(|(file, _, _)| file),
                "line": place.map(|(_, line, _)| line),
                "column": place.map(|(_, _, column)| column),
                "help": finding.help,
            })
        })
        .collect();
    json!({ "findings": list })
}

fn closing(findings: &[Finding], style: &Style) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let mut words = Vec::new();
    if errors > 0 {
        words.push(count(errors, "error", "errors"));
    }
    if warnings > 0 {
        words.push(count(warnings, "warning", "warnings"));
    }
    let meaning = if errors > 0 {
        Meaning::Remove
    } else {
        Meaning::Change
    };
    format!("{}\n", style.paint(meaning, &words.join(", ")))
}

/// A finding in the form that the handler draws.
#[derive(Debug)]
struct Report {
    code: &'static str,
    severity: Severity,
    message: String,
    help: Option<String>,
    source: Option<WholeLines>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Report>,
}

fn report(finding: &Finding, sources: &Sources, harmless: &mut Harmless) -> Report {
    let mut report = Report {
        code: finding.code,
        severity: finding.severity,
        message: text::escape(&redact::text(&finding.message)),
        help: finding.help.as_deref().map(help),
        source: None,
        labels: Vec::new(),
        elsewhere: Vec::new(),
    };
    if let Some(place) = finding.place {
        snippet(&mut report, place, None, sources, harmless);
    }
    for (place, label) in &finding.related {
        let label = text::escape(&redact::text(label));
        let same = finding.place.is_some_and(|first| first.file == place.file);
        if same && report.source.is_some() && harmless.file(*place, sources).span(*place).is_some()
        {
            snippet(&mut report, *place, Some(label), sources, harmless);
        } else {
            let mut other = Report {
                code: "",
                severity: Severity::Warning,
                message: label,
                help: None,
                source: None,
                labels: Vec::new(),
                elsewhere: Vec::new(),
            };
            snippet(&mut other, *place, None, sources, harmless);
            report.elsewhere.push(other);
        }
    }
    report
}

/// Help may have several lines.
fn help(words: &str) -> String {
    let lines = words.lines().map(|line| text::escape(&redact::text(line)));
    lines.collect::<Vec<_>>().join("\n")
}

fn snippet(
    report: &mut Report,
    place: Place,
    label: Option<String>,
    sources: &Sources,
    harmless: &mut Harmless,
) {
    let file = harmless.file(place, sources);
    match file.span(place) {
        Some((start, length)) => {
            if report.source.is_none() {
                report.source = Some(WholeLines(NamedSource::new(
                    file.path.clone(),
                    file.text.clone(),
                )));
            }
            report.labels.push(match report.labels.is_empty() {
                true => LabeledSpan::new_primary_with_span(label, (start, length)),
                false => LabeledSpan::new_with_span(label, (start, length)),
            });
        }
        None => {
            let (line, column) = sources.line_column(place);
            report
                .message
                .push_str(&format!(" ({}:{line}:{column})", file.path));
        }
    }
}

/// The files as they may be shown, each made harmless once.
#[derive(Default)]
struct Harmless {
    files: BTreeMap<u32, File>,
}

impl Harmless {
    fn file(&mut self, place: Place, sources: &Sources) -> &File {
        self.files
            .entry(place.file)
            .or_insert_with(|| File::new(sources.file(place.file)))
    }
}

struct File {
    path: String,
    text: String,
    /// Beginnings of the lines in the original and in the harmless text.
    lines: Vec<(usize, usize)>,
    original: std::sync::Arc<str>,
}

impl File {
    fn new(source: &Source) -> Self {
        let mut file = File {
            path: text::escape(&source.path),
            text: String::with_capacity(source.text.len()),
            lines: Vec::new(),
            original: source.text.clone(),
        };
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            file.lines.push((start, file.text.len()));
            start += line.len();
            let (body, end) = match line.strip_suffix('\n') {
                Some(body) => (body, "\n"),
                None => (line, ""),
            };
            file.text.push_str(&shown_line(body));
            file.text.push_str(end);
        }
        if file.lines.is_empty() || source.text.ends_with('\n') {
            file.lines.push((start, file.text.len()));
        }
        file
    }

    /// Where a place is in the harmless text: start and length, at most to the end of its line.
    /// `None` when the line is too long to be shown.
    fn span(&self, place: Place) -> Option<(usize, usize)> {
        let start = (place.start as usize).min(self.original.len());
        let index = self.lines.partition_point(|(at, _)| *at <= start);
        let (line, shown) = *self.lines.get(index.checked_sub(1)?)?;
        let rest = self.original.get(line..)?;
        let body = rest.split('\n').next().unwrap_or("");
        if body.len() > LONGEST {
            return None;
        }
        let end = (place.end as usize).clamp(start, line + body.trim_end().len().max(start - line));
        let masked = masked_line(body);
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

fn shown_line(body: &str) -> String {
    masked_line(body).chars().map(shown_char).collect()
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

/// A source that shows the lines of a span and nothing around them: a neighbour may hold a
/// credential that nothing on its own line gives away.
#[derive(Debug)]
struct WholeLines(NamedSource<String>);

impl SourceCode for WholeLines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Without context the handler asks for line and column of the span itself.
        if before + after == 0 {
            return self.0.read_span(span, 0, 0);
        }
        let text = self.0.inner();
        let (start, end) = (span.offset(), span.offset() + span.len());
        let start = text
            .get(..start)
            .and_then(|t| t.rfind('\n'))
            .map_or(0, |at| at + 1);
        let end = text
            .get(end..)
            .and_then(|t| t.find('\n'))
            .map_or(text.len(), |at| end + at);
        self.0.read_span(&(start, end - start).into(), 0, 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(self.code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match (self.code, self.severity) {
            ("", _) => miette::Severity::Advice,
            (_, Severity::Error) => miette::Severity::Error,
            (_, Severity::Warning) => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as _)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let others = self.elsewhere.iter().map(|other| other as &dyn Diagnostic);
        (!self.elsewhere.is_empty()).then(|| Box::new(others) as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "kind: port.webhook\nspec:\n  titel: Stack\u{1b}[2J mapper\n  security: { secret: c4n4ry, signatureHeaderName: X }\n";

    fn place(sources: &Sources, part: &str) -> Place {
        let start = sources.file(0).text.find(part).unwrap();
        Place::new(0, start, start + part.len())
    }

    fn project() -> Sources {
        let mut sources = Sources::default();
        sources.add("webhooks.yaml", FILE);
        sources
    }

    #[test]
    fn a_finding_shows_its_place_and_what_to_do() {
        let sources = project();
        let findings = [
            Finding::error(
                "config::unknown_field",
                place(&sources, "titel"),
                "there is no field `titel` in a `port.webhook`",
            )
            .help("did you mean `title`?")
            .related(place(&sources, "port.webhook"), "the kind is named here"),
            Finding::warning("lint::no_environment", None, "no environment is chosen"),
        ];
        insta::assert_snapshot!(human(&findings, &sources, &Style::default()), @r#"
    config::unknown_field

      × there is no field `titel` in a `port.webhook`
       ╭─[webhooks.yaml:1:7]
     1 │ kind: port.webhook
       ·       ──────┬─────
       ·             ╰── the kind is named here
       ╰────
       ╭─[webhooks.yaml:3:3]
     3 │   titel: Stack\u{1b}[2J mapper
       ·   ─────
       ╰────
      help: did you mean `title`?

    lint::no_environment

      ⚠ no environment is chosen

    1 error, 1 warning
    "#);
    }

    #[test]
    fn a_place_in_another_file_is_shown_below() {
        let mut sources = project();
        let other = sources.add("b.yaml", "kind: port.webhook\nref: x\n");
        let findings = [Finding::error(
            "config::duplicate_address",
            Place::new(0, 0, FILE.len()),
            "`port.webhook.x` is declared twice",
        )
        .related(Place::new(other, 0, 20), "first declared here")];
        insta::assert_snapshot!(human(&findings, &sources, &Style::default()), @r"
    config::duplicate_address

      × `port.webhook.x` is declared twice
       ╭─[webhooks.yaml:1:1]
     1 │ kind: port.webhook
       · ──────────────────
       ╰────

    Advice:
      ☞ first declared here
       ╭─[b.yaml:1:1]
     1 │ kind: port.webhook
       · ──────────────────
       ╰────

    1 error
    ");
    }

    #[test]
    fn snippets_show_no_credential_and_no_control_character() {
        let sources = project();
        let findings = [
            Finding::error(
                "a::b",
                place(&sources, "signatureHeaderName"),
                "x\u{1b}]0;y\u{7}",
            ),
            Finding::error("a::c", place(&sources, "mapper"), "z"),
        ];
        let shown = human(&findings, &sources, &Style::default());
        assert!(!shown.contains("c4n4ry"), "{shown}");
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown:?}"
        );
        assert!(shown.contains("secret: ••••••,"), "{shown}");
    }

    #[test]
    fn lines_that_are_too_long_are_named_and_places_beyond_the_end_do_no_harm() {
        let mut sources = Sources::default();
        let long = sources.add("a.json", "x".repeat(5000));
        let empty = sources.add("b.yaml", "");
        let findings = [
            Finding::error("a::b", Place::new(long, 4000, 4001), "one"),
            Finding::error("a::c", Place::new(empty, 9, 12), "two"),
        ];
        let shown = human(&findings, &sources, &Style::default());
        assert!(shown.contains("one (a.json:1:4001)"), "{shown}");
        assert!(shown.contains("two"), "{shown}");
        assert!(shown.len() < 1000, "{shown}");
    }

    #[test]
    fn json_has_every_key_of_every_finding() {
        let sources = project();
        let findings = [
            Finding::error("a::b", place(&sources, "titel"), "one").help("do"),
            Finding::warning("a::c", None, "two"),
        ];
        insta::assert_snapshot!(json(&findings, &sources), @r#"
    {"findings":[{"code":"a::b","severity":"error","message":"one","file":"webhooks.yaml","line":3,"column":3,"help":"do"},{"code":"a::c","severity":"warning","message":"two","file":null,"line":null,"column":null,"help":null}]}
    "#);
    }
}
