//! Annotations: plans, reports and findings as commands to GitHub's runner, one in each line.
//!
//! What a user or a service wrote is one value of such a command, with `%`, line ends and, in
//! properties, `:` and `,` escaped as GitHub wants it, so that it neither ends the command nor
//! begins another. Deliberately not here: the step summary, which is Markdown.

use crate::act::report::{Outcome, Report};
use crate::decide::drift::Drift;
use crate::decide::plan::Plan;
use crate::show::render::human::drift::{object, totals as drift_totals};
use crate::show::render::human::plan::{noted, totals};
use crate::show::render::human::refused::left_out;
use crate::show::render::human::report::{next, totals as ended};
use crate::show::render::human::said;
use crate::show::text::{count, cut};
use crate::show::{Header, Style};
use crate::words::{Addr, Finding, Severity, Sources};

/// Annotations of one level that GitHub shows of a step.
const SHOWN: usize = 10;
/// The longest message in columns.
const MESSAGE: usize = 4_000;
/// The longest title or path in columns.
const PROPERTY: usize = 250;

/// Where something stands in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file, from the repository's folder on.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
    /// The column, from 1 on.
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

struct Annotation {
    level: Level,
    spot: Option<Spot>,
    title: String,
    lines: Vec<String>,
}

/// Findings, an annotation each; `folder` stands before the paths of files.
pub fn findings(list: &[Finding], sources: &Sources, folder: &str) -> String {
    let annotations = list.iter().map(|finding| {
        let spot = finding.place.map(|place| {
            let (line, column) = sources.line_column(place);
            let path = &sources.file(place.file).path;
            let file = format!("{folder}{path}");
            Spot { file, line, column }
        });
        Annotation {
            level: match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Hint => Level::Notice,
            },
            spot,
            title: finding.code.to_owned(),
            lines: std::iter::once(finding.message.as_str())
                .chain(finding.help.iter().flat_map(|help| help.lines()))
                .map(str::to_owned)
                .collect(),
        }
    });
    annotations.map(|annotation| annotation.shown()).collect()
}

/// What a plan amounts to and what stands against it; `spot` knows where objects are declared.
pub fn plan(plan: &Plan, header: &Header, spot: &dyn Fn(&Addr) -> Option<Spot>) -> String {
    let title = match &header.environment {
        Some(environment) => format!("{} · {environment}", header.project),
        None => header.project.clone(),
    };
    let mut all = vec![Annotation {
        level: Level::Notice,
        spot: None,
        title: title.clone(),
        lines: vec![totals(plan)],
    }];
    for refusal in &plan.refusals {
        all.push(Annotation {
            level: Level::Error,
            spot: refusal.addrs.iter().find_map(spot),
            title: format!("refused ({})", refusal.guard),
            lines: vec![
                refusal.message.clone(),
                format!("allowed by: {}", refusal.allow),
            ],
        });
    }
    for skipped in &plan.skipped {
        all.push(Annotation {
            level: Level::Warning,
            spot: spot(&skipped.addr),
            title: "skipped".to_owned(),
            lines: vec![left_out(skipped)],
        });
    }
    for remark in noted(plan) {
        all.push(Annotation {
            level: match remark.label {
                "missing" => Level::Error,
                "note" => Level::Notice,
                _ => Level::Warning,
            },
            spot: None,
            title: format!("{}: {title}", remark.label),
            lines: vec![remark.words],
        });
    }
    few(all)
}

/// What is not as the last apply left it, an annotation each.
pub fn drift(drift: &Drift, spot: &dyn Fn(&Addr) -> Option<Spot>) -> String {
    let total = Annotation {
        level: Level::Notice,
        spot: None,
        title: "drift".to_owned(),
        lines: vec![drift_totals(drift)],
    };
    let objects = drift.objects.iter().map(|drifted| Annotation {
        level: Level::Warning,
        spot: spot(&drifted.addr),
        title: format!("drift: {}", drifted.addr),
        lines: object(drifted, 0, &Style::default())
            .lines()
            .map(|line| line.trim().to_owned())
            .collect(),
    });
    few(std::iter::once(total).chain(objects).collect())
}

/// What became of an apply.
pub fn report(report: &Report, spot: &dyn Fn(&Addr) -> Option<Spot>) -> String {
    let mut all = vec![Annotation {
        level: match report.is_complete() {
            true => Level::Notice,
            false => Level::Error,
        },
        spot: None,
        title: "apply".to_owned(),
        lines: std::iter::once(ended(report))
            .chain(next(report).map(str::to_owned))
            .collect(),
    }];
    if let Some(problem) = &report.ledger_problem {
        all.push(Annotation {
            level: Level::Error,
            spot: None,
            title: "the ledger could not be kept".to_owned(),
            lines: vec![problem.clone()],
        });
    }
    for (addr, action, outcome) in &report.outcomes {
        let (level, title, message, help) = match outcome {
            Outcome::Failed { message, help } => (Level::Error, "failed", message, help.as_ref()),
            Outcome::Skipped(why) => (Level::Warning, "skipped", why, None),
            Outcome::Done | Outcome::Unchanged => continue,
        };
        all.push(Annotation {
            level,
            spot: spot(addr),
            title: format!("{title}: {} {addr}", action.word()),
            lines: std::iter::once(message).chain(help).cloned().collect(),
        });
    }
    few(all)
}

/// As many of each level as GitHub shows; the last of them counts the rest.
fn few(all: Vec<Annotation>) -> String {
    let mut shown = String::new();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let of: Vec<&Annotation> = all.iter().filter(|one| one.level == level).collect();
        let kept = if of.len() > SHOWN {
            SHOWN - 1
        } else {
            of.len()
        };
        of[..kept]
            .iter()
            .for_each(|one| shown.push_str(&one.shown()));
        if of.len() > kept {
            let more = Annotation {
                level,
                spot: None,
                title: count(of.len() - kept, "more", "more"),
                lines: vec!["GitHub shows no more; the summary of the step names them".to_owned()],
            };
            shown.push_str(&more.shown());
        }
    }
    shown
}

impl Annotation {
    /// The command, with its line end.
    fn shown(&self) -> String {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let mut properties = Vec::new();
        if let Some(Spot { file, line, column }) = &self.spot {
            properties.push(format!("file={}", property(file)));
            properties.push(format!("line={line},col={column}"));
        }
        properties.push(format!("title={}", property(&self.title)));
        let lines = self
            .lines
            .iter()
            .map(|line| data(&cut(&said(line), MESSAGE)));
        format!(
            "::{level} {}::{}\n",
            properties.join(","),
            lines.collect::<Vec<_>>().join("%0A")
        )
    }
}

/// A harmless text as the message of a command. Each `[` after `##` would be another command to
/// older runners, which look for it anywhere in a line.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace("##", "#%23")
}

fn property(text: &str) -> String {
    data(&cut(&said(text), PROPERTY))
        .replace(':', "%3A")
        .replace(',', "%2C")
}
