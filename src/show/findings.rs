//! Findings: problems in the user's files, as text and as JSON.
//!
//! The only room that names `miette`. A snippet is one line of the user's file with control
//! characters shown and what looks like a credential masked. Deliberately not here: making,
//! sorting and documenting findings (see `words`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeStyles,
};
use serde_json::{Value as Json, json};

use crate::show::snippet::{File, Harmless};
use crate::show::text::{self, count};
use crate::show::{Meaning, Style, redact};
use crate::words::{Finding, Place, Severity, Sources};

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
    text::inert(shown)
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
                "message": redact::text(&finding.message),
                "file": place.map(|(file, _, _)| file),
                "line": place.map(|(_, line, _)| line),
                "column": place.map(|(_, _, column)| column),
                "help": finding.help.as_deref().map(redact::text),
            })
        })
        .collect();
    json!({ "findings": list })
}

/// How many errors, warnings and hints there are.
pub(in crate::show) fn closing_words(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let hints = of(Severity::Hint);
    let mut words = Vec::new();
    if errors > 0 {
        words.push(count(errors, "error", "errors"));
    }
    if warnings > 0 {
        words.push(count(warnings, "warning", "warnings"));
    }
    if hints > 0 {
        words.push(count(hints, "hint", "hints"));
    }
    words.join(", ")
}

fn closing(findings: &[Finding], style: &Style) -> String {
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let meaning = match findings.iter().any(is_error) {
        true => Meaning::Remove,
        false => Meaning::Change,
    };
    format!("{}\n", style.paint(meaning, &closing_words(findings)))
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
            let source = report.source.get_or_insert_with(|| WholeLines {
                file,
                columns: BTreeMap::new(),
            });
            let column = sources.line_column(place).1 - 1;
            source.columns.insert(start, column);
            report.labels.push(match report.labels.is_empty() {
                true => LabeledSpan::new_primary_with_span(label, (start, length)),
                false => LabeledSpan::new_with_span(label, (start, length)),
            });
        }
        None => {
            let (line, column) = sources.line_column(place);
            report
                .message
                .push_str(&format!(" ({}:{line}:{column})", file.path()));
        }
    }
}

/// The lines of a span and nothing around them: a neighbour may hold a credential that nothing
/// on its own line gives away.
#[derive(Debug)]
struct WholeLines {
    file: Arc<File>,
    /// Columns in the user's file, from 0, by where the labels begin in the harmless text.
    columns: BTreeMap<usize, usize>,
}

impl SourceCode for WholeLines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        // Without context the handler asks for line and column of the span itself.
        let (range, line, column) = match before + after {
            0 => (
                start..end,
                self.file.line_of(start),
                self.columns.get(&start).copied().unwrap_or(0),
            ),
            _ => {
                let (lines, line) = self.file.whole_lines(start..end);
                (lines, line, 0)
            }
        };
        let data = self.file.text().get(range.clone());
        let data = data.ok_or(MietteError::OutOfBounds)?.as_bytes();
        let count = data.iter().filter(|byte| **byte == b'\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.path().to_owned(),
            data,
            (range.start, range.len()).into(),
            line,
            column,
            count,
        )))
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
            (_, Severity::Hint) => miette::Severity::Advice,
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
    fn a_hint_is_told_in_every_format() {
        use crate::show::render::{github, markdown};
        let sources = project();
        let hint = || Finding::hint("lint::a", place(&sources, "titel"), "it may be right");
        let hints = [hint().help("look at it")];
        let shown = human(&hints, &sources, &Style::default());
        assert!(shown.contains("☞ it may be right"), "{shown}");
        assert!(shown.ends_with("\n1 hint\n"), "{shown}");
        assert_eq!(json(&hints, &sources)["findings"][0]["severity"], "hint");
        let shown = github::findings(&hints, &sources, "");
        let notice = "::notice file=webhooks.yaml,line=3,col=3,title=lint%3A%3Aa::it may be right%0Alook at it\n";
        assert_eq!(shown, notice);
        let shown = markdown::findings(&hints, &sources, "");
        assert!(shown.starts_with("**1 hint**\n\n- **hint** "), "{shown}");
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

    proptest::proptest! {
        #[test]
        fn no_file_and_no_place_does_harm(
            text in "([a-z: \\n\\t\"]|secret: |[\\x00-\\x1f\u{7f}-\u{9f}]|\\PC){0,40}",
            message in "([a-z ]|[\\x00-\\x1f\u{7f}-\u{9f}]|\\PC){0,20}",
            at in 0usize..60,
            length in 0usize..60,
            other in 0usize..60,
        ) {
            let mut sources = Sources::default();
            sources.add(message.clone(), text);
            let finding = Finding::error("a::b", Place::new(0, at, at + length), message.clone())
                .related(Place::new(0, other, other + 1), message.clone())
                .help(message);
            let shown = human(&[finding], &sources, &Style::default());
            let calm = !shown.contains(|c: char| c.is_control() && c != '\n');
            proptest::prop_assert!(calm, "{shown:?}");
            proptest::prop_assert!(shown.contains("a::b") && shown.ends_with("1 error\n"), "{shown:?}");
        }
    }
}
