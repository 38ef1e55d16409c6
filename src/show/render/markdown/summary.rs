//! The top of a plan, which is never cut: title, totals, what stands against it, where.
//!
//! However much there is to say, it has a length: of long lists the first are named and the rest is
//! counted. Deliberately not here: the changes.

use crate::decide::plan::{Plan, Refusal};
use crate::show::header::{self, Header};
use crate::show::render::human::plan::{limited, noted, totals};
use crate::show::render::human::refused::left_out;
use crate::show::render::markdown::escape::{code, marker, prose};
use crate::words::Addr;

/// Refusals, notes and the like of which each is named.
const NAMED: usize = 8;
/// Characters of one box beyond which nothing more is named.
const BOX: usize = 6_000;
/// Objects of one refusal that are named.
const OBJECTS: usize = 5;

/// The top of a plan, with its line end. The first two lines are hidden and for CI jobs: whose
/// plan it is, and its digest.
pub fn summary(plan: &Plan, header: &Header, digest: Option<&str>) -> String {
    let marker = marker(&header.project, header.environment.as_deref());
    let hidden = match digest.filter(|digest| is_digest(digest)) {
        Some(digest) => format!("{marker}\n<!-- digest: {digest} -->"),
        None => marker,
    };
    let mut blocks = vec![hidden, title(header), format!("**{}**", totals(plan))];
    blocks.extend(limited(plan).map(|words| prose(&words)));
    blocks.extend(refused(plan));
    blocks.extend(missing(plan));
    blocks.extend(skipped(plan));
    blocks.extend(remarks("WARNING", "secrets", plan));
    blocks.extend(remarks("NOTE", "note", plan));
    blocks.extend(places(header));
    let mut shown = blocks.join("\n\n");
    shown.push('\n');
    shown
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn title(header: &Header) -> String {
    let project = prose(&header.project);
    match &header.environment {
        Some(environment) => format!("## {project} · {}", prose(environment)),
        None => format!("## {project}"),
    }
}

/// Why an apply refuses the plan, and what allows it.
fn refused(plan: &Plan) -> Option<String> {
    let lines = plan.refusals.iter().map(refusal);
    let title = "**Apply refuses this plan.**";
    alert("CAUTION", Some(title), lines.collect(), "refusals")
}

fn refusal(refusal: &Refusal) -> String {
    let mut words = format!("{}: {}", refusal.guard, prose(&refusal.message));
    let told = match refusal.addrs.as_slice() {
        [one] => refusal.message.contains(&one.to_string()),
        addrs => addrs.is_empty(),
    };
    if !told {
        words.push_str(&format!(" ({})", names(refusal.addrs.iter())));
    }
    format!("{words}. Allowed by {}.", prose(&refusal.allow))
}

fn missing(plan: &Plan) -> Option<String> {
    let title = "**Apply needs the missing secrets first.**";
    let missing = noted(plan).into_iter().filter(|r| r.label == "missing");
    let lines = missing.map(|remark| prose(&remark.words)).collect();
    alert("CAUTION", Some(title), lines, "secrets")
}

/// What `--skip-refused` leaves out, and what refused it.
fn skipped(plan: &Plan) -> Option<String> {
    let title = "**Apply skips some of it.**";
    let mut lines: Vec<String> = plan.waived.iter().map(refusal).collect();
    lines.extend(plan.skipped.iter().map(|one| prose(&left_out(one))));
    alert("WARNING", Some(title), lines, "reasons")
}

fn remarks(sort: &str, label: &str, plan: &Plan) -> Option<String> {
    let remarks = noted(plan).into_iter().filter(|r| r.label == label);
    let lines = remarks.map(|remark| prose(&remark.words)).collect();
    alert(sort, None, lines, "notes")
}

/// A box with a list; the first lines of it, and how many more there are.
fn alert(sort: &str, title: Option<&str>, lines: Vec<String>, what: &str) -> Option<String> {
    if lines.is_empty() {
        return None;
    }
    let mut shown = format!("> [!{sort}]");
    if let Some(title) = title {
        shown.push_str(&format!("\n> {title}\n>"));
    }
    let mut characters = 0;
    let fits = lines.iter().take_while(|line| {
        let fits = characters < BOX;
        characters += line.chars().count();
        fits
    });
    let named = match (fits.count(), lines.len() > NAMED + 1) {
        (fits, true) => fits.min(NAMED),
        (fits, false) => fits,
    };
    for line in &lines[..named] {
        shown.push_str(&format!("\n> - {line}"));
    }
    if lines.len() > named {
        shown.push_str(&format!("\n> - … and {} more {what}", lines.len() - named));
    }
    Some(shown)
}

/// The services and the ledger, in short lines.
fn places(header: &Header) -> Option<String> {
    let targets = [("Port", &header.port), ("Spacelift", &header.spacelift)];
    let mut lines: Vec<String> = targets
        .into_iter()
        .filter_map(|(label, target)| {
            let words = header::target_words(target.as_ref()?);
            Some(format!("- {label}: {}", prose(&words)))
        })
        .collect();
    if !header.ledger.is_empty() {
        let last = header::last_words(header.last_apply.as_ref());
        lines.push(format!(
            "- Ledger: {}, {}",
            prose(&header.ledger),
            prose(&last)
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Some addresses, and how many more there are.
pub fn names<'a>(addrs: impl ExactSizeIterator<Item = &'a Addr>) -> String {
    let all = addrs.len();
    let named = if all > OBJECTS + 1 { OBJECTS } else { all };
    let mut names: Vec<String> = addrs
        .take(named)
        .map(|addr| code(&addr.to_string()))
        .collect();
    if all > named {
        names.push(format!("{} more", all - named));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
