//! An apply: one line per change as it ends, then what failed and what to do, then the proof.
//!
//! Deliberately not here: when a line is printed.

use crate::act::report::{Outcome, Report};
use crate::decide::plan::{Action, Plan};
use crate::show::render::human::{meaning, plan, said, symbol};
use crate::show::text::{count, escape, inert, pad, wrap};
use crate::show::{Meaning, Style};
use crate::words::Addr;

/// Where the words of progress lines begin, the same for a whole apply.
#[derive(Debug, Clone, Copy)]
pub struct Column(usize);

impl Column {
    /// The column that fits the addresses of a plan.
    pub fn of(plan: &Plan) -> Self {
        Column(plan::column(plan.writes().map(|change| &change.addr)))
    }
}

/// What became of one change, in one line with its line end.
pub fn progress(
    column: Column,
    addr: &Addr,
    action: Action,
    outcome: &Outcome,
    style: &Style,
) -> String {
    let first = format!(
        "  {} {}  ",
        symbol(action),
        pad(&escape(&addr.to_string()), column.0)
    );
    let (look, words) = match outcome {
        Outcome::Done => (meaning(action), done(action).to_owned()),
        Outcome::Unchanged => (Meaning::Detail, "nothing was left to do".to_owned()),
        Outcome::Failed { message, .. } => (Meaning::Remove, format!("failed: {message}")),
        Outcome::Skipped(why) => (Meaning::Change, format!("skipped: {why}")),
    };
    lines(&wrap(&first, &said(&words), style.width), look, style)
}

/// How far an apply has come, for a line that is written over and over.
pub fn counter(ended: usize, total: usize) -> String {
    format!("applying: {ended} of {total}")
}

/// The proof that a closing plan gives: nothing is left to change.
pub fn converged(requests: usize, style: &Style) -> String {
    let words = format!(
        "converged: 0 changes, {}",
        count(requests, "request", "requests")
    );
    format!("{}\n", style.paint(Meaning::Add, &words))
}

/// The same proof when changes were left out, because they are refused or need what is.
pub fn converged_but(skipped: usize, requests: usize, style: &Style) -> String {
    let words = format!(
        "converged but for what was skipped: {}, {}",
        count(skipped, "change", "changes"),
        count(requests, "request", "requests")
    );
    format!("{}\n", style.paint(Meaning::Change, &words))
}

/// What became of an apply: failures with help, what was skipped and why, the counts, and what
/// to do next.
pub fn report(report: &Report, style: &Style) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for (addr, action, outcome) in &report.outcomes {
        let Outcome::Failed { message, help } = outcome else {
            continue;
        };
        let title = format!("  failed: {} {}", action.word(), escape(&addr.to_string()));
        let mut block = lines(&[title], Meaning::Remove, style);
        for part in message.lines() {
            block.push_str(&plain(&wrap("      ", &said(part), style.width)));
        }
        if let Some(help) = help {
            block.push_str(&plain(&wrap("      help: ", &said(help), style.width)));
        }
        blocks.push(block);
    }
    blocks.push(skipped(report, style));
    if let Some(problem) = &report.ledger_problem {
        let words = said(&format!("the ledger could not be kept: {problem}"));
        let help = "what was applied is there, but the ledger may not say so; mend this and apply again, before anything else";
        blocks.push(format!(
            "{}{}",
            lines(
                &wrap("  failed: ", &words, style.width),
                Meaning::Remove,
                style
            ),
            plain(&wrap("      help: ", help, style.width))
        ));
    }
    blocks.push(summary(report, style));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn skipped(report: &Report, style: &Style) -> String {
    let mut block = String::new();
    for (addr, action, outcome) in &report.outcomes {
        let Outcome::Skipped(why) = outcome else {
            continue;
        };
        let words = format!("{} {addr}: {why}", action.word());
        block.push_str(&lines(
            &wrap("  skipped: ", &said(&words), style.width),
            Meaning::Change,
            style,
        ));
    }
    block
}

/// The counts, and what to do next when something is left.
fn summary(report: &Report, style: &Style) -> String {
    let look = match report.is_complete() {
        true => Meaning::Title,
        false => Meaning::Remove,
    };
    let mut block = lines(&wrap("", &totals(report), style.width), look, style);
    if let Some(next) = next(report) {
        block.push_str(&plain(&wrap("", next, style.width)));
    }
    block
}

/// What to do when something is left.
pub(in crate::show::render) fn next(report: &Report) -> Option<&'static str> {
    match (report.is_complete(), report.interrupted) {
        (true, _) => None,
        (false, true) => Some("What is done stays done; `spaceport apply` does the rest."),
        (false, false) => {
            Some("What is done stays done. Mend what failed, then `spaceport apply` does the rest.")
        }
    }
}

/// What became of how many, in a sentence of ours alone.
pub(in crate::show::render) fn totals(report: &Report) -> String {
    let of = |wanted: Action| {
        report
            .outcomes
            .iter()
            .filter(|(_, action, outcome)| *action == wanted && *outcome == Outcome::Done)
            .count()
    };
    let mut counts = vec![
        format!("{} created", of(Action::Create)),
        format!("{} updated", of(Action::Update)),
    ];
    if of(Action::Replace) > 0 {
        counts.push(format!("{} replaced", of(Action::Replace)));
    }
    counts.push(format!("{} deleted", of(Action::Delete)));
    let more = [
        (of(Action::Adopt), "noted in the ledger"),
        (of(Action::Move), "moved"),
        (of(Action::Forget), "given up"),
        (report.count(|o| *o == Outcome::Unchanged), "needed nothing"),
        (
            report.count(|o| matches!(o, Outcome::Failed { .. })),
            "failed",
        ),
        (
            report.count(|o| matches!(o, Outcome::Skipped(_))),
            "skipped",
        ),
    ];
    counts.extend(
        more.iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, words)| format!("{n} {words}")),
    );
    let title = match (report.is_complete(), report.interrupted) {
        (true, _) => "Applied",
        (false, true) => "Interrupted",
        (false, false) => "Incomplete",
    };
    format!("{title}: {}.", counts.join(", "))
}

fn done(action: Action) -> &'static str {
    match action {
        Action::Adopt => "noted in the ledger",
        Action::Move => "moved",
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Forget => "given up",
    }
}

fn lines(wrapped: &[String], look: Meaning, style: &Style) -> String {
    let painted = wrapped
        .iter()
        .map(|line| style.paint(look, line.trim_end()));
    inert(painted.map(|line| format!("{line}\n")).collect())
}

fn plain(wrapped: &[String]) -> String {
    let lines = wrapped.iter().map(|line| format!("{}\n", line.trim_end()));
    inert(lines.collect())
}
