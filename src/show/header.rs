//! The header: against what a plan was made, in a few lines.
//!
//! Plain texts; who makes them knows the clock and the services. Deliberately not here: finding
//! any of it out.

use crate::show::text::{self, wrap};
use crate::show::{Meaning, Style, redact};

/// Columns of the words that the lines begin with.
const LABEL: usize = 11;

/// Against what a plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// The id of Port's organization, when it is known.
    pub organization: Option<String>,
    /// Spacelift's account, when it is known.
    pub account: Option<String>,
    /// What a review of the plan stands for.
    pub digest: Option<String>,
    /// Port, when the project has it.
    pub port: Option<Target>,
    /// Spacelift, when the project has it.
    pub spacelift: Option<Target>,
    /// Where the ledger is, `.spaceport/ledger.json`, or that there is none.
    pub ledger: String,
    /// When something was applied last; `None` when nothing was yet.
    pub last_apply: Option<LastApply>,
}

/// One service, as this run sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The organization or account, `acme (org_123)`; `None` when it is not known.
    pub who: Option<String>,
    /// Scheme and host that requests go to.
    pub origin: String,
    /// Where that comes from: `port.region: eu`, `PORT_BASE_URL`, `--port-url`.
    pub source: String,
    /// Whether the host is another one than the project names.
    pub overridden: bool,
    /// Whether it is the embedded sandbox, whose address is of no use to a reader.
    pub sandbox: bool,
}

/// The last apply that the ledger knows of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastApply {
    /// The commit, when it was applied from a checkout.
    pub commit: Option<String>,
    /// How long ago, in words: `2 hours ago`.
    pub age: String,
}

/// The header's lines, each with its line end.
pub fn human(header: &Header, style: &Style) -> String {
    let mut title = text::escape(&header.project);
    if let Some(environment) = &header.environment {
        title = format!("{title} · {}", text::escape(environment));
    }
    let mut lines = vec![style.paint(Meaning::Title, &title)];
    for (label, target) in [("Port", &header.port), ("Spacelift", &header.spacelift)] {
        if let Some(target) = target {
            let meaning = if target.overridden && !target.sandbox {
                Meaning::Change
            } else {
                Meaning::Plain
            };
            entry(label, &target_words(target), meaning, style, &mut lines);
        }
    }
    if !header.ledger.is_empty() {
        let words = format!(
            "{}, {}",
            header.ledger,
            last_words(header.last_apply.as_ref())
        );
        entry("Ledger", &words, Meaning::Detail, style, &mut lines);
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn entry(label: &str, words: &str, meaning: Meaning, style: &Style, lines: &mut Vec<String>) {
    let first = format!("  {}", text::pad(label, LABEL));
    let words = text::escape(&redact::text(words));
    let wrapped = wrap(&first, &words, style.width);
    lines.extend(wrapped.iter().map(|line| style.paint(meaning, line)));
}

/// Which organization or account is meant, where, and who says so.
pub(in crate::show) fn target_words(target: &Target) -> String {
    if target.sandbox {
        let sandbox = "the embedded sandbox".to_owned();
        return match &target.who {
            Some(who) => format!("{who} in {sandbox}"),
            None => sandbox,
        };
    }
    let who = match &target.who {
        Some(who) => format!("{who} at "),
        None => String::new(),
    };
    let from = if target.overridden {
        "overridden by"
    } else {
        "from"
    };
    format!("{who}{}, {from} {}", target.origin, target.source)
}

/// When something was applied last.
pub(in crate::show) fn last_words(last: Option<&LastApply>) -> String {
    match last {
        None => "nothing applied yet".to_owned(),
        Some(LastApply {
            commit: Some(commit),
            age,
        }) => format!("last apply {commit}, {age}"),
        Some(LastApply { commit: None, age }) => format!("last apply {age}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_what_the_plan_was_made_against() {
        let header = Header {
            project: "acme-portal".into(),
            environment: Some("staging".into()),
            port: Some(Target {
                who: Some("acme (org_123)".into()),
                origin: "https://api.port.io".into(),
                source: "port.region: eu".into(),
                ..Target::default()
            }),
            spacelift: Some(Target {
                who: Some("acme".into()),
                origin: "https://bob:pw@acme.gov.example.org".into(),
                source: "SPACELIFT_API_KEY_ENDPOINT".into(),
                overridden: true,
                ..Target::default()
            }),
            ledger: ".spaceport/ledger.json".into(),
            last_apply: Some(LastApply {
                commit: Some("3f2c1aa".into()),
                age: "2 hours ago".into(),
            }),
            ..Header::default()
        };
        insta::assert_snapshot!(human(&header, &Style::default()), @r"
    acme-portal · staging
      Port       acme (org_123) at https://api.port.io, from port.region: eu
      Spacelift  acme at https://(redacted)@acme.gov.example.org, overridden by
                 SPACELIFT_API_KEY_ENDPOINT
      Ledger     .spaceport/ledger.json, last apply 3f2c1aa, 2 hours ago
    ");
    }

    #[test]
    fn the_sandbox_is_named_calmly_and_without_its_passing_address() {
        let header = Header {
            project: "acme-portal".into(),
            port: Some(Target {
                who: Some("Sandbox (org_1)".into()),
                origin: "http://127.0.0.1:40001".into(),
                source: "--port-url".into(),
                overridden: true,
                sandbox: true,
            }),
            ..Header::default()
        };
        let style = Style {
            colour: true,
            ..Style::default()
        };
        let shown = human(&header, &style);
        let line = shown.lines().nth(1).unwrap_or_default();
        assert_eq!(line, "  Port       Sandbox (org_1) in the embedded sandbox");
    }
}
