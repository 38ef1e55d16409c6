//! What stands against a plan: refusals, and what `--skip-refused` left out because of them.
//!
//! Deliberately not here: whether anything is refused (see `decide::plan::guard`).

use crate::decide::plan::{Plan, Refusal, Skipped, Why};
use crate::show::render::human::{plan::joined, said};
use crate::show::text::{count, escape, wrap};
use crate::show::{Meaning, Style};

/// Objects of a refusal, and skipped changes, that are named without `-v`.
const NAMED: usize = 10;

/// Everything that stands against a plan, a block each.
pub fn blocks(plan: &Plan, style: &Style) -> Vec<String> {
    let refusals = plan.refusals.iter().chain(&plan.waived);
    let mut blocks: Vec<String> = refusals.map(|refused| refusal(refused, style)).collect();
    blocks.push(skipped(&plan.skipped, style));
    blocks
}

/// The last lines about it: what an apply does of such a plan.
pub fn summary(plan: &Plan, style: &Style) -> Vec<String> {
    let words = if !plan.refusals.is_empty() {
        "Apply refuses this plan, for the reasons above.".to_owned()
    } else if !plan.skipped.is_empty() {
        let changes = count(plan.skipped.len(), "change", "changes");
        format!("Apply skips {changes}, for the reasons above.")
    } else {
        return Vec::new();
    };
    vec![style.paint(Meaning::Remove, &words)]
}

/// Why the apply is refused, about which objects, and what allows it.
fn refusal(refusal: &Refusal, style: &Style) -> String {
    let words = format!("refused ({}): {}", refusal.guard, said(&refusal.message));
    let mut lines: Vec<String> = wrap("  × ", &words, style.width)
        .iter()
        .map(|line| style.paint(Meaning::Remove, line))
        .collect();
    let told = match refusal.addrs.as_slice() {
        [one] => refusal.message.contains(&one.to_string()),
        _ => false,
    };
    if !told {
        let shown = named(refusal.addrs.len(), style);
        lines.extend(
            refusal.addrs[..shown]
                .iter()
                .map(|addr| format!("      {}", escape(&addr.to_string()))),
        );
        lines.extend(more(refusal.addrs.len() - shown));
    }
    lines.extend(wrap("    allowed by: ", &said(&refusal.allow), style.width));
    joined(&lines)
}

/// What is left out and why, a line each.
fn skipped(all: &[Skipped], style: &Style) -> String {
    let shown = named(all.len(), style);
    let mut lines: Vec<String> = Vec::new();
    for skipped in &all[..shown] {
        let wrapped = wrap("  skipped: ", &escape(&left_out(skipped)), style.width);
        lines.extend(
            wrapped
                .iter()
                .map(|line| style.paint(Meaning::Change, line)),
        );
    }
    lines.extend(more(all.len() - shown));
    joined(&lines)
}

/// What is left out and why, in words.
pub(in crate::show::render) fn left_out(skipped: &Skipped) -> String {
    let why = match &skipped.why {
        Why::Refused(guard) => format!("refused ({guard})"),
        Why::Needs(addr) => format!("it needs {addr}, which is skipped"),
        Why::NeededBy(addr) => format!("{addr}, which is skipped, needs it"),
        Why::Shares(addr) => format!("it shares a text with {addr}, which is skipped"),
        Why::TakenOver(addr) => format!("{addr}, which takes it over, is skipped"),
    };
    format!("{} {}: {why}", skipped.action.word(), skipped.addr)
}

/// How many of so many are named.
fn named(all: usize, style: &Style) -> usize {
    match style.verbose {
        0 if all > NAMED + 1 => NAMED,
        _ => all,
    }
}

fn more(left: usize) -> Option<String> {
    (left > 0).then(|| format!("      … and {left} more, `-v` names them"))
}
