//! A whole plan: header, changes, what stands against it, secrets, notes, summary.
//!
//! Changes stand in the order of the plan, which is by service, kind and name. Deliberately not
//! here: the places of a change (see `fields`), and how a refusal reads (see `refused`).

use crate::decide::plan::{Action, Change, Plan, Reason};
use crate::kinds::LEDGER_BLUEPRINT;
use crate::show::header::{self, Header};
use crate::show::render::human::{
    drift, fields, meaning, moves, part, passes, refused, said, symbol,
};
use crate::show::text::{count, escape, inert, pad, width, wrap};
use crate::show::{Meaning, Style, redact};
use crate::words::{Addr, Pointer};

/// The widest address that the words of others are aligned with.
const ALIGNED: usize = 44;
/// Columns before a reason that stands below its address.
const REASON: usize = 6;

/// A plan for people, each line with its line end.
pub fn plan(plan: &Plan, header: &Header, style: &Style) -> String {
    let mut blocks = vec![header::human(header, style)];
    blocks.extend(setup(plan, style));
    blocks.extend(changes(plan, style));
    blocks.extend(adoptions(plan, style));
    blocks.extend(moves::human(plan, style));
    blocks.extend(protections(plan, style));
    blocks.extend(part::noted(plan, style));
    blocks.extend(refused::blocks(plan, style));
    blocks.push(remarks(plan, style));
    blocks.push(summary(plan, header, style));
    blocks.retain(|block| !block.is_empty());
    inert(blocks.join("\n"))
}

/// What the first apply of an organization makes for the ledger.
fn setup(plan: &Plan, style: &Style) -> Option<String> {
    let words = "create (the ledger; once, admins only)";
    let first = format!(
        "  {} port.blueprint.{LEDGER_BLUEPRINT}  ",
        symbol(Action::Create)
    );
    let lines = wrap(&first, words, style.width);
    let paint = |line: &String| style.paint(meaning(Action::Create), line);
    plan.ledger_setup
        .then(|| joined(&lines.iter().map(paint).collect::<Vec<_>>()))
}

/// The changes but for adoptions and moves, in blocks. Changes of one kind without details share one.
fn changes(plan: &Plan, style: &Style) -> Vec<String> {
    let folded = |change: &&Change| matches!(change.action, Action::Adopt | Action::Move);
    let shown = || plan.changes.iter().filter(|change| !folded(change));
    let column = column(shown().map(|change| &change.addr));
    let mut blocks: Vec<String> = Vec::new();
    let mut last: Option<(&Change, bool)> = None;
    for change in shown() {
        let mut lines = head(plan, change, column, style);
        let places = match change.action {
            Action::Delete | Action::Forget | Action::Adopt | Action::Move => Vec::new(),
            Action::Create | Action::Update | Action::Replace => fields::human(change, style),
        };
        let bare = places.is_empty();
        lines.extend(part::lines(change, style));
        lines.extend(drift::lines(change, style));
        lines.extend(population(change, style));
        lines.extend(places);
        let block = joined(&lines);
        match (blocks.last_mut(), last) {
            (Some(open), Some((before, true))) if bare && same_kind(before, change) => {
                open.push_str(&block)
            }
            _ => blocks.push(block),
        }
        last = Some((change, bare));
    }
    blocks
}

fn same_kind(a: &Change, b: &Change) -> bool {
    (a.addr.service, &a.addr.kind) == (b.addr.service, &b.addr.kind)
}

/// The column after addresses, so that most of them align.
pub(super) fn column<'a>(addrs: impl Iterator<Item = &'a Addr>) -> usize {
    addrs
        .map(|addr| width(&escape(&addr.to_string())))
        .filter(|width| *width <= ALIGNED)
        .max()
        .unwrap_or(0)
}

/// The line that names a change, its action and its reason.
fn head(plan: &Plan, change: &Change, column: usize, style: &Style) -> Vec<String> {
    let addr = escape(&change.addr.to_string());
    let first = format!("  {} {}  ", symbol(change.action), pad(&addr, column));
    let words = format!("{}{}", change.action.word(), reason(change, plan.destroys));
    let mut lines = wrap(&first, &words, style.width);
    // Beside a long address a long reason would become a column of single words.
    if lines.len() > 2 || lines.iter().any(|line| width(line) > style.width) {
        lines = vec![first.trim_end().to_owned()];
        lines.extend(wrap(&" ".repeat(REASON), &words, style.width));
    }
    for line in &mut lines {
        *line = style.paint(meaning(change.action), line);
    }
    lines
}

/// How much data is under an object that would lose some.
fn population(change: &Change, style: &Style) -> Option<String> {
    let words = change.population()?;
    let line = format!("{}{}", " ".repeat(REASON), escape(&words));
    Some(style.paint(Meaning::Detail, &line))
}

/// The reason in words, beginning with what separates it from the action.
pub(in crate::show::render) fn why(change: &Change) -> String {
    reason(change, false)
}

/// The same, where all that is ours goes because somebody asked for it.
fn reason(change: &Change, destroys: bool) -> String {
    let reason = match &change.reason {
        Reason::Missing | Reason::Equal | Reason::Protection => String::new(),
        Reason::Differs(places) => format!(", {}", differ(places)),
        Reason::DependsOn(addr, attribute) => {
            format!(", {addr} {attribute} is known after apply")
        }
        // Whoever asks for all to go knows why.
        Reason::NotInConfig if destroys => String::new(),
        Reason::NotInConfig => ", no longer in the project".to_owned(),
        Reason::SecretChanged => ", a secret is to be sent anew".to_owned(),
        Reason::RotatedWith(addr) => format!(", its secret is rotated together with {addr}"),
    };
    let more = match (change.action, &change.seen) {
        (Action::Replace, _) => "; it is deleted and created anew".to_owned(),
        (Action::Delete, Some(seen)) if seen.id != change.addr.name => {
            format!(", id {}", redact::text(&seen.id))
        }
        (Action::Forget, _) => "; only the ledger changes".to_owned(),
        _ => String::new(),
    };
    let adopts = match change.adopts && change.action.writes() {
        true => "; exists already and becomes ours",
        false => "",
    };
    let moved = moves::words(change);
    let passes = passes::words(change);
    escape(&format!("{reason}{more}{adopts}{moved}{passes}"))
}

fn differ(places: &[Pointer]) -> String {
    match places {
        [] => "differs".to_owned(),
        [one] => format!("{one} differs"),
        [one, two] => format!("{one} and {two} differ"),
        several => format!("{} fields differ", several.len()),
    }
}

/// Adopting what is equal, in one line.
fn adoptions(plan: &Plan, style: &Style) -> Option<String> {
    let adopted: Vec<&Addr> = ledger_only(plan, false)
        .map(|change| &change.addr)
        .collect();
    let words = match adopted.as_slice() {
        [] => return None,
        [one] => format!("{one} exists already and is equal: it becomes ours"),
        several => format!(
            "{} objects exist already and are equal: they become ours",
            several.len()
        ),
    };
    let first = format!("  {} ", symbol(Action::Adopt));
    let mut lines = wrap(&first, &escape(&words), style.width);
    if style.verbose > 0 && adopted.len() > 1 {
        lines.extend(
            adopted
                .iter()
                .map(|addr| format!("      {}", escape(&addr.to_string()))),
        );
    }
    for line in &mut lines {
        *line = style.paint(Meaning::Detail, line);
    }
    Some(joined(&lines))
}

/// What becomes protected or no longer is, and changes in nothing else, a line each.
fn protections(plan: &Plan, style: &Style) -> Option<String> {
    let mut lines = Vec::new();
    for change in ledger_only(plan, true) {
        let what = match change.lifecycle.protect {
            true => "becomes protected",
            false => "is no longer protected",
        };
        let words = format!("{} {what}; only the ledger changes", change.addr);
        let first = format!("  {} ", symbol(Action::Adopt));
        let wrapped = wrap(&first, &escape(&words), style.width);
        lines.extend(
            wrapped
                .iter()
                .map(|line| style.paint(Meaning::Detail, line)),
        );
    }
    (!lines.is_empty()).then(|| joined(&lines))
}

/// What is equal and only noted in the ledger: as protected or not, or else as ours.
pub(in crate::show::render) fn ledger_only(
    plan: &Plan,
    protection: bool,
) -> impl Iterator<Item = &Change> {
    let adopted = plan.changes.iter().filter(|c| c.action == Action::Adopt);
    adopted.filter(move |change| match change.reason == Reason::Protection {
        true => protection,
        false => !protection && change.part.is_none(),
    })
}

/// What is to be known about secrets, and the notes.
fn remarks(plan: &Plan, style: &Style) -> String {
    let mut lines = Vec::new();
    for Remark {
        label,
        meaning,
        words,
    } in noted(plan)
    {
        let first = format!("  {label}: ");
        let wrapped = wrap(&first, &said(&words), style.width);
        lines.extend(wrapped.iter().map(|line| style.paint(meaning, line)));
    }
    joined(&lines)
}

/// A sentence beside the changes.
pub(in crate::show::render) struct Remark {
    /// What it is about: `missing`, `secrets`, `note`.
    pub label: &'static str,
    /// How much it matters.
    pub meaning: Meaning,
    /// The sentence, as it came.
    pub words: String,
}

/// What is to be known about secrets, and the notes, as sentences.
pub(in crate::show::render) fn noted(plan: &Plan) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut add = |label, meaning, words: String| {
        remarks.push(Remark {
            label,
            meaning,
            words,
        })
    };
    for (addr, at, names) in &plan.missing_secrets {
        let names = names.join(", ");
        let be = if names.contains(", ") { "are" } else { "is" };
        add(
            "missing",
            Meaning::Remove,
            format!("{addr} {at} must be sent, but {names} {be} not set"),
        );
    }
    match plan.undecided_secrets {
        0 => {}
        n => {
            let be = if n == 1 { "is" } else { "are" };
            let words = format!(
                "{} {be} decided at apply: a variable is not set, or the last fingerprint was made under another key",
                count(n, "secret", "secrets")
            );
            add("secrets", Meaning::Change, words);
        }
    }
    match plan.unverified_secrets {
        0 => {}
        n => {
            let be = if n == 1 { "is" } else { "are" };
            let words = format!(
                "{} {be} not verified, because nothing of ours was sent yet; `--rotate-unverified` sends what is at hand",
                count(n, "secret", "secrets")
            );
            add("secrets", Meaning::Change, words);
        }
    }
    for note in &plan.notes {
        add("note", Meaning::Change, note.clone());
    }
    remarks
}

/// The last lines: how much would change.
fn summary(plan: &Plan, header: &Header, style: &Style) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(limited) = limited(plan) {
        lines.extend(wrap("", &escape(&limited), style.width));
    }
    let title = wrap("", &totals(plan), style.width);
    lines.extend(title.iter().map(|line| style.paint(Meaning::Title, line)));
    lines.extend(refused::summary(plan, style));
    if plan.refusals.is_empty() && !plan.missing_secrets.is_empty() {
        lines.push(style.paint(Meaning::Remove, "Apply needs the missing secrets first."));
    }
    // What nothing is written for needs no review.
    if let Some(digest) = header
        .digest
        .as_ref()
        .filter(|_| plan.writes().next().is_some())
    {
        let line = format!("Digest: {}", escape(digest));
        lines.push(style.paint(Meaning::Detail, &line));
    }
    joined(&lines)
}

/// What `--target` limited a plan to, as a sentence.
pub(in crate::show::render) fn limited(plan: &Plan) -> Option<String> {
    let targets: Vec<String> = plan.targets.iter().map(Addr::to_string).collect();
    (!targets.is_empty()).then(|| {
        format!(
            "Only {} and what is needed for it; the rest of the project was left out.",
            targets.join(", ")
        )
    })
}

/// How much would change, in sentences of ours alone.
pub(in crate::show::render) fn totals(plan: &Plan) -> String {
    let counts = plan.counts();
    let of = |action: Action| counts.get(&action).copied().unwrap_or(0);
    let mut words = if plan.writes().next().is_none() {
        let objects = plan.unchanged + of(Action::Adopt) + of(Action::Move);
        let be = if objects == 1 {
            "is as the project wants it"
        } else {
            "are as the project wants them"
        };
        format!("No changes. {} {be}.", count(objects, "object", "objects"))
    } else {
        let replace = match of(Action::Replace) {
            0 => String::new(),
            n => format!("{n} to replace, "),
        };
        format!(
            "Plan: {} to create, {} to update, {replace}{} to delete.",
            of(Action::Create),
            of(Action::Update),
            of(Action::Delete)
        )
    };
    match ledger_only(plan, false).count() {
        0 => {}
        1 => words.push_str(" 1 object becomes ours."),
        n => words.push_str(&format!(" {n} objects become ours.")),
    }
    words.push_str(&moves::counted(of(Action::Move)));
    match ledger_only(plan, true).count() {
        0 => {}
        1 => words.push_str(" The protection of 1 object changes."),
        n => words.push_str(&format!(" The protection of {n} objects changes.")),
    }
    words.push_str(&part::counted(plan));
    match of(Action::Forget) {
        0 => {}
        1 => words.push_str(" 1 object is given up."),
        n => words.push_str(&format!(" {n} objects are given up.")),
    }
    words
}

/// Lines with their line ends.
pub(super) fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
