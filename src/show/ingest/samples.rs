//! Samples: some of what a plan would create, change and delete.
//!
//! What differs looks as in a plan of objects. Deliberately not here: choosing them (see
//! `crate::ingest`).

use crate::decide::diff::FieldChange;
use crate::decide::plan::Action;
use crate::ingest::{Done, Report, Sample};
use crate::show::ingest::{BELOW, lines, said};
use crate::show::render::human::{fields, meaning, symbol, tree};
use crate::show::text::{inert, pad, width, wrap};
use crate::show::{Meaning, Style};
use crate::words::value::Map;
use crate::words::{Pointer, Value};

/// The widest identifier that the words of others are aligned with.
const ALIGNED: usize = 44;

/// Some of what happens, a block each; what is deleted stands together.
pub(super) fn samples(report: &Report, style: &Style) -> Vec<String> {
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
pub(super) fn unsampled(report: &Report, style: &Style) -> String {
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
