//! The proof: documents are read and planned as a project would, before anybody sees them.
//!
//! The law is that a plan calls every exported object equal. What the planner does not call equal,
//! or what the checks of files refuse, is left out with the reason. Deliberately not here: a second
//! idea of equality.

use std::collections::BTreeMap;

use crate::decide::plan::{self, Action, Facts, Flags, Plan, SecretFacts};
use crate::show::export::files::{self, Files};
use crate::show::export::{Document, Export, Id, Input, export};
use crate::show::redact;
use crate::want::config::Choice;
use crate::want::desired;
use crate::want::source::{Folder, Included, LARGEST, plain};
use crate::want::yaml;
use crate::words::{Findings, Place, Severity};

/// The project that documents are proven in.
#[derive(Debug, Clone, Copy)]
pub struct Project<'a> {
    /// Its files.
    pub folder: &'a Folder,
    /// The chosen environment and variables.
    pub choice: &'a Choice,
    /// The process environment.
    pub env: &'a BTreeMap<String, String>,
}

/// Exports what holds, with the files of each document. `prefix` as for [`files::of`].
pub fn proven(input: Input, project: Project, prefix: &str) -> (Export, Vec<Files>) {
    let mut refused: BTreeMap<Id, String> = BTreeMap::new();
    loop {
        let made = export(input, &refused);
        let files = files::of(&made.documents, prefix);
        let doubts = doubts(input, project, &made, &files);
        if doubts.is_empty() {
            return (made, files);
        }
        for (index, why) in doubts {
            let document = &made.documents[index];
            refused
                .entry((document.kind.name(), document.id.clone()))
                .or_insert(why);
        }
    }
}

/// What does not hold: the index of a document, and why.
fn doubts(
    input: Input,
    project: Project,
    made: &Export,
    files: &[Files],
) -> BTreeMap<usize, String> {
    let mut doubts = BTreeMap::new();
    for (index, files) in files.iter().enumerate() {
        if files.iter().any(|file| file.text.len() as u64 > LARGEST) {
            doubts.insert(index, "it is larger than a file may be".to_owned());
        }
    }
    if !doubts.is_empty() || made.documents.is_empty() {
        return doubts;
    }
    let mut folder = project.folder.clone();
    let replaced: Vec<Place> = made
        .documents
        .iter()
        .filter_map(|document| input.desired.objects.get(document.replaces.as_ref()?))
        .map(|object| object.place)
        .collect();
    folder
        .documents
        .retain(|node| !replaced.contains(&node.place));
    let first = folder.sources.iter().count() as u32;
    let mut owners: Vec<usize> = Vec::new();
    let mut findings = Findings::default();
    for (index, files) in files.iter().enumerate() {
        for (nth, written) in files.iter().enumerate() {
            let file = folder.sources.add(&written.path, written.text.as_str());
            owners.push(index);
            if nth == 0 {
                let (nodes, found) = yaml::read(file, &written.text);
                folder.documents.extend(nodes);
                findings.extend(found);
            } else if let Some(path) = included(&files[0].text) {
                let nodes = Vec::new();
                folder.included.insert(path, Ok(Included { file, nodes }));
            }
        }
    }
    let owner = |place: Place| owners.get(place.file.checked_sub(first)? as usize).copied();
    let (desired, more) = desired::build(folder, findings, project.choice, project.env);
    refused(more, &owner, &mut doubts);
    if !doubts.is_empty() {
        return doubts;
    }
    let (plan, found) = plan::plan(plan::Input {
        desired: &desired,
        live: input.live,
        ledger: input.ledger,
        secrets: &SecretFacts::new(),
        facts: &Facts::default(),
        flags: &Flags::default(),
    });
    refused(found, &owner, &mut doubts);
    for (index, document) in made.documents.iter().enumerate() {
        if let Some(why) = differs(&plan, document) {
            doubts.entry(index).or_insert(why);
        }
    }
    doubts
}

/// The path that a document's own text file is named by.
fn included(document: &str) -> Option<String> {
    let (_, rest) = document.split_once("${file:")?;
    Some(plain(rest.split('}').next()?))
}

/// Errors in the files, told about the documents that they stand in.
fn refused(
    findings: Findings,
    owner: &dyn Fn(Place) -> Option<usize>,
    doubts: &mut BTreeMap<usize, String>,
) {
    for finding in findings.iter().filter(|f| f.severity == Severity::Error) {
        let places = finding.place.into_iter();
        let places = places.chain(finding.related.iter().map(|(place, _)| *place));
        if let Some(index) = places.filter_map(owner).next() {
            let why = redact::text(&finding.message);
            doubts.entry(index).or_insert(why);
        }
    }
}

/// What a plan would do about a document beside adopting what is equal.
fn differs(plan: &Plan, document: &Document) -> Option<String> {
    let about = |addrs: &[crate::words::Addr]| addrs.contains(&document.addr);
    if let Some(refusal) = plan.refusals.iter().find(|r| about(&r.addrs)) {
        return Some(redact::text(&refusal.message));
    }
    let change = plan.changes.iter().find(|c| c.addr == document.addr)?;
    if matches!(change.action, Action::Adopt | Action::Move) {
        return None;
    }
    let places: Vec<String> = change
        .fields
        .iter()
        .map(|field| format!("`{}`", field.path))
        .take(3)
        .collect();
    Some(match places.is_empty() {
        true => format!("a plan would {} it", change.action.word()),
        false => format!("a plan would change it at {}", places.join(", ")),
    })
}
