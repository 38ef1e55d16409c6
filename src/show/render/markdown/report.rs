//! What became of an apply, as Markdown: the counts, what failed, what was skipped.
//!
//! What was done is not repeated: it stands in the plan above it.

use crate::act::report::{Outcome, Report};
use crate::show::render::human::report::{next, totals};
use crate::show::render::markdown::escape::{code, prose};

/// Failures that are named.
const NAMED: usize = 20;

/// What became of an apply, each line with its line end.
pub fn report(report: &Report) -> String {
    let mut lines = vec![format!("**{}**\n", totals(report))];
    let mut items = Vec::new();
    for (addr, action, outcome) in &report.outcomes {
        let (word, message, help) = match outcome {
            Outcome::Failed { message, help } => ("failed", message, help.as_ref()),
            Outcome::Skipped(why) => ("skipped", why, None),
            Outcome::Done | Outcome::Unchanged => continue,
        };
        let help = help.map_or_else(String::new, |help| format!("\n  Help: {}", prose(help)));
        items.push(format!(
            "- {word}: {} {}: {}{help}\n",
            action.word(),
            code(&addr.to_string()),
            prose(message)
        ));
    }
    if let Some(problem) = &report.ledger_problem {
        items.insert(
            0,
            format!(
                "- failed: the ledger could not be kept: {}\n",
                prose(problem)
            ),
        );
    }
    let named = items.len().min(NAMED);
    if !items.is_empty() {
        let mut list = items[..named].concat();
        if items.len() > named {
            list.push_str(&format!("- … and {} more\n", items.len() - named));
        }
        lines.push(list);
    }
    lines.extend(next(report).map(|words| format!("{words}\n")));
    lines.join("\n")
}
