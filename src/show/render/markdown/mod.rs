//! Plans, reports and findings as Markdown: for pull requests, merge requests and step summaries.
//!
//! A plan always fits into one comment. Details are cut first, section by section, then the list
//! of changes, each with a count of what is missing; the summary is never cut. Deliberately not
//! here: posting it anywhere.
//!
//! | room | noun |
//! |---|---|
//! | [`escape`] | the one escape |
//! | [`summary`] | title, totals, refusals, notes, places |
//! | [`list`] | the changes, a row each |
//! | [`section`] | one collapsed section for a change |
//! | [`diff`] | the places of a change as lines of a diff |
//! | [`report`](mod@report) | what became of an apply |
//! | [`drift`](mod@drift) | what is not as the last apply left it |
//! | [`findings`](mod@findings) | problems in the user's files |

pub mod diff;
pub mod drift;
pub mod escape;
pub mod findings;
pub mod list;
pub mod report;
pub mod section;
pub mod summary;

#[cfg(test)]
mod tests;

use crate::decide::plan::{Action, Change, Plan};
use crate::show::graph::Diagram;
use crate::show::header::Header;
use crate::show::text::count;
pub use drift::drift;
pub use findings::findings;
pub use report::report;

/// Bytes of one text. GitHub takes 65,536 characters, and a character has one byte or more.
pub const LIMIT: usize = 65_000;
/// Bytes for the sentences about what was left out.
const LEFT_OUT: usize = 600;
/// Objects of a graph that can still be read.
const NODES: usize = 60;
/// Edges of a graph that can still be read.
const EDGES: usize = 150;
/// Bytes of a graph beside which there is room for details.
const GRAPH: usize = 16_000;
/// Objects of a graph that is open from the beginning.
const OPEN: usize = 20;

/// A plan that fits into one comment. `digest` is what a review of it stands for, `wiring` what of
/// the world the changes are wired to.
pub fn plan(plan: &Plan, header: &Header, digest: Option<&str>, wiring: &Diagram) -> String {
    let mut shown = summary::summary(plan, header, digest);
    let room = LIMIT.saturating_sub(shown.len() + LEFT_OUT);
    add(&mut shown, &list::list(plan, room));
    let room = LIMIT.saturating_sub(shown.len() + LEFT_OUT);
    add(&mut shown, &graph(wiring, room.min(GRAPH)));
    let room = LIMIT.saturating_sub(shown.len() + LEFT_OUT);
    add(&mut shown, &details(plan, &command(header), room));
    shown
}

/// Adds a block after a blank line.
fn add(shown: &mut String, block: &str) {
    if !block.is_empty() {
        shown.push('\n');
        shown.push_str(block);
    }
}

/// What is wired to what; without neighbours, or a sentence alone, when that could not be read.
fn graph(wiring: &Diagram, room: usize) -> String {
    if wiring.is_empty() {
        return String::new();
    }
    if let Some(drawn) = drawn(wiring, room) {
        return drawn;
    }
    let left_out = format!(
        "The graph of {} and {} is left out; `spaceport graph` draws the project.\n",
        count(wiring.nodes.len(), "object", "objects"),
        count(wiring.edges.len(), "reference", "references"),
    );
    let changed = wiring.clone().changed();
    match drawn(&changed, room.saturating_sub(NEIGHBOURS.len())) {
        Some(drawn) if !changed.is_empty() => format!("{drawn}\n{NEIGHBOURS}"),
        _ => left_out,
    }
}

/// What stands below a graph of changes alone.
const NEIGHBOURS: &str =
    "The graph shows changed objects alone; `spaceport graph` draws the project.\n";

fn drawn(wiring: &Diagram, room: usize) -> Option<String> {
    if wiring.nodes.len() > NODES || wiring.edges.len() > EDGES {
        return None;
    }
    let fence = escape::fence("mermaid", &wiring.mermaid());
    let open = if wiring.nodes.len() > OPEN {
        ""
    } else {
        " open"
    };
    let shown = format!("<details{open}>\n<summary>Wiring</summary>\n\n{fence}\n</details>\n");
    (shown.len() <= room).then_some(shown)
}

/// The sections that there is room for, and how many there is none for.
fn details(plan: &Plan, command: &str, mut room: usize) -> String {
    let mut sections: Vec<String> = Vec::new();
    let mut out = 0;
    for change in plan.changes.iter().filter(|change| list::is_listed(change)) {
        // When nothing fits any more there is no use in writing it.
        match (room > SMALLEST).then(|| section::section(change, command)) {
            Some(Some(section)) if section.len() < room => {
                room -= section.len() + 1;
                sections.push(section);
            }
            Some(None) => {}
            Some(Some(_)) => out += 1,
            None => out += usize::from(has_section(change)),
        }
    }
    if out > 0 {
        sections.push(format!(
            "… {} left out for want of room; `{command}` shows all.\n",
            count(out, "section is", "sections are")
        ));
    }
    sections.join("\n")
}

/// Bytes of the smallest section.
const SMALLEST: usize = 100;

fn has_section(change: &Change) -> bool {
    change.action == Action::Create
        || !change.fields.is_empty()
        || !change.sends.is_empty()
        || change.part.is_some()
}

/// The command that shows a plan without cutting it.
fn command(header: &Header) -> String {
    let plain = |name: &&String| {
        name.len() < 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match header.environment.as_ref().filter(plain) {
        Some(name) => format!("spaceport -e {name} plan -v"),
        None => "spaceport plan -v".to_owned(),
    }
}
