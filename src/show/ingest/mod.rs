//! Ingests for people: what became of one, or would become of it.
//!
//! Items and entities are somebody else's texts, and so are refusals: all of them end here. What
//! differs in a sample looks as in a plan. Deliberately not here: ingests as JSON (see
//! `document::ingest`).
//!
//! | room | noun |
//! |---|---|
//! | [`progress`] | how far an ingest has come, in one line |

pub mod progress;

use crate::decide::diff::FieldChange;
use crate::decide::plan::Action;
use crate::ingest::{Done, Failed, Report, Sample};
use crate::show::render::human::{fields, meaning, symbol, tree};
use crate::show::text::{count, escape, inert, pad, width, wrap};
use crate::show::{Meaning, Style, redact};
use crate::want::ingest::Ingest;
use crate::words::value::Map;
use crate::words::{Pointer, Value};

/// The widest identifier that the words of others are aligned with.
const ALIGNED: usize = 44;
/// Columns before what stands below an identifier.
const BELOW: usize = 6;
/// Reasons of failures that are shown without `-v`, and items that are named with each.
const REASONS: usize = 10;
const NAMED: usize = 3;
/// How much of a reason is shown without `-v`.
const SHOWN: usize = 300;
/// A space that no line ends at.
const TIED: &str = "\u{a0}";

/// What became of an ingest, each line with its line end.
///
/// Of a plan some of what would be created, changed and deleted is shown.
pub fn human(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let mut blocks = vec![title(report, style)];
    if report.planned {
        blocks.extend(samples(report, style));
        blocks.push(unsampled(report, style));
    }
    blocks.push(unfilled(ingest, report, style));
    blocks.push(left(ingest, report, style));
    blocks.push(refused(report, style));
    blocks.push(failures(report, style));
    blocks.push(broken(report, style));
    blocks.push(summary(ingest, report, style));
    blocks.retain(|block| !block.is_empty());
    match blocks.len() {
        // Nothing is there to be kept apart.
        2 => blocks.concat(),
        _ => blocks.join("\n"),
    }
}

fn title(report: &Report, style: &Style) -> String {
    let words = format!(
        "{}: {} into {}",
        report.name,
        report.from,
        said(&report.blueprint)
    );
    lines(&wrap("", &words, style.width), Meaning::Title, style)
}

/// Some of what happens, a block each; what is deleted stands together.
fn samples(report: &Report, style: &Style) -> Vec<String> {
    let widths = report.samples.iter();
    let widths = widths.map(|sample| width(&said(&sample.identifier)));
    let column = widths.filter(|w| *w <= ALIGNED).max().unwrap_or(0);
    let mut blocks: Vec<String> = Vec::new();
    let mut bare = false;
    for one in &report.samples {
        let action = action(one.what);
        let identifier = said(&one.identifier);
        let first = format!("  {} {}  ", symbol(action), pad(&identifier, column));
        let mut block = lines(
            &wrap(&first, action.word(), style.width),
            meaning(action),
            style,
        );
        let places = places(one, style);
        block.push_str(&inert(
            places.iter().map(|line| format!("{line}\n")).collect(),
        ));
        match blocks.last_mut() {
            Some(open) if bare && places.is_empty() => open.push_str(&block),
            _ => blocks.push(block),
        }
        bare = places.is_empty();
    }
    blocks
}

fn action(done: Done) -> Action {
    match done {
        Done::Created => Action::Create,
        Done::Changed => Action::Update,
        Done::Deleted => Action::Delete,
    }
}

fn places(sample: &Sample, style: &Style) -> Vec<String> {
    match sample.what {
        Done::Deleted => Vec::new(),
        Done::Created => tree::human(&entity(sample), BELOW, style),
        Done::Changed => fields::differences(&changes(sample), style),
    }
}

/// A new entity as it will be.
fn entity(sample: &Sample) -> Value {
    let mut whole = Map::new();
    for (field, _, to) in &sample.fields {
        let to = Value::from(to);
        match field.split_once('.') {
            None => {
                whole.insert(field.clone(), to);
            }
            Some((group, name)) => {
                if whole.get(group).is_none() {
                    whole.insert(group.to_owned(), Value::Map(Map::new()));
                }
                if let Some(Value::Map(map)) = whole.get_mut(group) {
                    map.insert(name.to_owned(), to);
                }
            }
        }
    }
    Value::Map(whole)
}

fn changes(sample: &Sample) -> Vec<FieldChange> {
    let value = |json: &serde_json::Value| (!json.is_null()).then(|| Value::from(json));
    let fields = sample.fields.iter();
    let changes = fields.map(|(field, from, to)| FieldChange {
        path: place(field),
        before: value(from),
        after: value(to),
    });
    changes.collect()
}

/// Where a field is: `properties.a.b` is the property `a.b`.
pub(in crate::show) fn place(field: &str) -> Pointer {
    match field.split_once('.') {
        Some((group, name)) => Pointer::root().join(group).join(name),
        None => Pointer::root().join(field),
    }
}

/// How much more there is of what samples were shown of.
fn unsampled(report: &Report, style: &Style) -> String {
    let counts = [
        (Done::Created, report.created),
        (Done::Changed, report.changed),
        (Done::Deleted, report.deleted),
    ];
    let more = counts.into_iter().filter_map(|(done, all)| {
        let shown = report.samples.iter().filter(|s| s.what == done).count() as u64;
        (all > shown).then(|| format!("{} to {}", all - shown, action(done).word()))
    });
    let more: Vec<String> = more.collect();
    match more.is_empty() {
        true => String::new(),
        false => {
            let words = format!("  … and more: {}", more.join(", "));
            lines(&[words], Meaning::Detail, style)
        }
    }
}

/// Fields that programs could not fill, with what they said.
fn unfilled(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let shown = match style.verbose {
        0 => REASONS,
        _ => report.unfilled.len(),
    };
    let mut block = String::new();
    for one in report.unfilled.iter().take(shown) {
        let identifier = said(&one.identifier);
        let whose = match one.times {
            1 => identifier,
            n => format!("{n} {}, {identifier} among them", ingest.from.items()),
        };
        let words = format!("{} cannot be filled for {whose}", said(&one.field));
        block.push_str(&lines(
            &wrap("  ! ", &words, style.width),
            Meaning::Change,
            style,
        ));
        block.push_str(&below(&one.message, style));
    }
    let more = report.unfilled.len() - shown.min(report.unfilled.len());
    if more > 0 {
        let words = format!("  … and {more} more; `-v` shows them");
        block.push_str(&lines(&[words], Meaning::Detail, style));
    }
    block
}

/// What is gone from Spacelift and stays in Port.
fn left(ingest: &Ingest, report: &Report, style: &Style) -> String {
    // What a guard keeps is said by the guard.
    if report.left == 0 || report.refused.is_some() {
        return String::new();
    }
    let (entities, stay) = match report.left {
        1 => ("1 entity".to_owned(), "stays"),
        n => (format!("{n} entities"), "stay"),
    };
    let noun = ingest.from.items();
    let words = match ingest.prune {
        false => format!(
            "{entities} of {noun} that are gone {stay}, as `prune: keep` says; `prune: delete` deletes those that this project made"
        ),
        true => {
            let reasons = report
                .stay
                .iter()
                .map(|(why, count)| match report.stay.len() {
                    1 => (*why).to_owned(),
                    _ => format!("{why} ({count})"),
                });
            let reasons: Vec<String> = reasons.collect();
            format!(
                "{entities} of {noun} that are gone {stay}: {}",
                reasons.join(", ")
            )
        }
    };
    lines(
        &wrap("  · ", &said(&words), style.width),
        Meaning::Detail,
        style,
    )
}

/// Why nothing is deleted, and what allows it.
fn refused(report: &Report, style: &Style) -> String {
    let Some(why) = &report.refused else {
        return String::new();
    };
    let words = format!("refused (deletes): {}", said(why));
    let mut block = lines(&wrap("  × ", &words, style.width), Meaning::Remove, style);
    if let Some(allow) = &report.allow {
        let allowed = wrap("    allowed by: ", &said(allow), style.width);
        block.push_str(&lines(&allowed, Meaning::Plain, style));
    }
    block
}

/// What became nothing, by reason.
fn failures(report: &Report, style: &Style) -> String {
    let verbose = style.verbose > 0;
    let mut groups: Vec<(&str, Vec<&Failed>)> = Vec::new();
    for failed in &report.failures {
        match groups
            .iter_mut()
            .find(|(reason, _)| *reason == failed.reason)
        {
            Some((_, items)) => items.push(failed),
            None => groups.push((&failed.reason, vec![failed])),
        }
    }
    let shown = if verbose { groups.len() } else { REASONS };
    let mut block = String::new();
    let mut told = 0;
    for (reason, items) in groups.iter().take(shown) {
        let named = match items.len() {
            // One more takes no more room than that there is one.
            n if verbose || n == NAMED + 1 => n,
            _ => NAMED,
        };
        let mut names: Vec<String> = items
            .iter()
            .take(named)
            .map(|f| said(&f.identifier))
            .collect();
        if items.len() > named {
            names.push(format!("{} more", items.len() - named));
        }
        told += items.len() as u64;
        block.push_str(&lines(
            &wrap("  failed: ", &listed(&names), style.width),
            Meaning::Remove,
            style,
        ));
        block.push_str(&below(reason, style));
    }
    let more = report.failed.saturating_sub(told);
    if more > 0 {
        // What was not kept cannot be shown either.
        let how = match groups.len() > shown {
            true => "; `-v` shows them",
            false => "",
        };
        let words = format!(
            "  … and {}{how}",
            count_of(more, "more failure", "more failures")
        );
        block.push_str(&lines(&[words], Meaning::Detail, style));
    }
    block
}

/// What somebody else said, below what it is about.
fn below(words: &str, style: &Style) -> String {
    let words = said(&redact::foreign(words));
    let words = match words.char_indices().nth(SHOWN) {
        Some((end, _)) if style.verbose == 0 => format!("{}…", &words[..end]),
        _ => words,
    };
    let wrapped = wrap(&" ".repeat(BELOW), &words, style.width);
    lines(&wrapped, Meaning::Plain, style)
}

/// Why it ended before its end.
fn broken(report: &Report, style: &Style) -> String {
    let Some(why) = &report.broken else {
        return String::new();
    };
    let words = said(&redact::foreign(why));
    let wrapped = wrap("  × ", &words, style.width);
    let mut block = lines(&wrapped, Meaning::Remove, style);
    if let Some(help) = &report.help {
        let wrapped = wrap("    help: ", &said(help), style.width);
        block.push_str(&lines(&wrapped, Meaning::Plain, style));
    }
    block
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The counts, and what to do next when something is left.
fn summary(ingest: &Ingest, report: &Report, style: &Style) -> String {
    let look = match is_complete(report) {
        true => Meaning::Title,
        false => Meaning::Remove,
    };
    let mut block = tied("", &totals(ingest, report), look, style);
    let next = match report.interrupted || report.broken.is_some() {
        _ if report.planned => None,
        true if report.wrote() => Some("What is written stays; `spaceport ingest` does the rest."),
        true => Some("Nothing was written."),
        false if report.failed > 0 => {
            Some("Mend what failed; `spaceport ingest` then writes that alone.")
        }
        false => None,
    };
    if let Some(next) = next {
        block.push_str(&lines(&wrap("", next, style.width), Meaning::Plain, style));
    }
    block
}

/// Whether all was done that was to be done.
pub fn is_complete(report: &Report) -> bool {
    report.failed == 0 && report.broken.is_none() && report.refused.is_none() && !report.interrupted
}

/// What became of how many, in a sentence of ours alone.
fn totals(ingest: &Ingest, report: &Report) -> String {
    let title = match report {
        Report {
            interrupted: true, ..
        } => "Interrupted",
        Report {
            planned: true,
            broken: Some(_),
            ..
        } => "Incomplete plan",
        Report { planned: true, .. } => "Plan",
        _ if is_complete(report) => "Ingested",
        _ => "Incomplete",
    };
    let verbs = match report.planned {
        true => ["to create", "to update", "to delete"],
        false => ["created", "updated", "deleted"],
    };
    let items = match report.read {
        1 => ingest.from.item(),
        _ => ingest.from.items(),
    };
    let read = format!("{items} read");
    let always = [
        (report.read, read.as_str()),
        (report.created, verbs[0]),
        (report.changed, verbs[1]),
        (report.deleted, verbs[2]),
        (report.unchanged, "unchanged"),
    ];
    let sometimes = [
        (report.filtered, "filtered out"),
        (report.left, "left"),
        (report.failed, "failed"),
    ];
    let sometimes = sometimes.into_iter().filter(|(n, _)| *n > 0);
    let counts = always.into_iter().chain(sometimes);
    let counts: Vec<String> = counts
        .map(|(n, words)| format!("{n} {words}").replace(' ', TIED))
        .collect();
    format!("{title}: {}.", counts.join(", "))
}

/// A blueprint that has no entities until an ingest has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its identifier.
    pub blueprint: String,
    /// The identifiers of the actions whose forms offer its entities.
    pub actions: Vec<String>,
    /// The command that fills it.
    pub command: String,
}

/// Which command fills what is empty, and what nobody can choose from until then.
pub fn waiting(waiting: &[Waiting], style: &Style) -> String {
    let mut shown = String::new();
    for one in waiting {
        let blueprint = &one.blueprint;
        // A command that fits into a line stands in one, so that it can be copied.
        let command = match width(&one.command) < style.width / 2 {
            true => one.command.replace(' ', TIED),
            false => one.command.clone(),
        };
        let actions: Vec<String> = one.actions.iter().map(|name| format!("`{name}`")).collect();
        let words = match actions.len() {
            0 => format!("`{blueprint}` has no entities yet: `{command}` writes them."),
            n => {
                let (lists, are, them) = match n {
                    1 => ("drop-down", "is", "it"),
                    _ => ("drop-downs", "are", "them"),
                };
                format!(
                    "The {lists} of {} {are} empty until `{blueprint}` has entities: `{command}` fills {them}.",
                    listed(&actions)
                )
            }
        };
        shown.push_str(&tied("", &said(&words), Meaning::Plain, style));
    }
    shown
}

/// Prose in lines, none of which ends at a tied space.
fn tied(first: &str, words: &str, look: Meaning, style: &Style) -> String {
    let wrapped = wrap(first, words, style.width);
    let wrapped: Vec<String> = wrapped.iter().map(|line| line.replace(TIED, " ")).collect();
    lines(&wrapped, look, style)
}

fn count_of(n: u64, one: &str, several: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, several)
}

/// A text of a service or of another room, harmless and in one line.
fn said(words: &str) -> String {
    escape(&redact::text(words))
}

fn lines(wrapped: &[String], look: Meaning, style: &Style) -> String {
    let painted = wrapped
        .iter()
        .map(|line| style.paint(look, line.trim_end()));
    inert(painted.map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests;
