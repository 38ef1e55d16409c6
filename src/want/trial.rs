//! Trials: `kind: test` documents, read and checked.
//!
//! Texts that name sample files have become what stands in those files, with places there. Deliberately
//! not here: running them (see `follow::trial`).

use std::collections::BTreeMap;

use crate::kinds::{check, trial};
use crate::want::document;
use crate::want::ingest::Ingest;
use crate::want::resolve::{Context, Resolver};
use crate::want::source::{self, Folder};
use crate::words::finding::did_you_mean;
use crate::words::node::Key;
use crate::words::{Addr, Data, Finding, Findings, Node, Place};

/// A test of the project's wiring.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What it shows; unique in the project.
    pub name: String,
    /// Where its document stands.
    pub place: Place,
    /// The document, with its samples in their places and every `${…}` filled in that files and
    /// settings know.
    pub node: Node,
}

/// Whether a document is a test.
pub fn is(node: &Node) -> bool {
    node.get("kind").and_then(Node::text) == Some(trial::KIND)
}

/// The paths of the sample files that a document names.
pub fn samples(node: &Node) -> Vec<&str> {
    if !is(node) {
        return Vec::new();
    }
    let events = node.get("event").and_then(Node::entries);
    let events = events.into_iter().flatten().map(|(_, sample)| sample);
    let others = ["payload", "run"]
        .into_iter()
        .filter_map(|key| node.get(key));
    let item = node.get("ingest").and_then(|ingest| ingest.get("item"));
    events.chain(others).chain(item).filter_map(path).collect()
}

/// The path that a sample is given by; `${json:PATH}` is read like everywhere.
fn path(sample: &Node) -> Option<&str> {
    sample.text().filter(|text| !text.contains("${"))
}

/// Reads a test; `None` when it has an error or belongs to other environments.
pub fn read(node: &Node, context: Context<'_>, findings: &mut Findings) -> Option<Trial> {
    let before = findings.len();
    let mut resolver = Resolver::new(context, &[]);
    let resolved = resolver.resolve(&without_samples(node));
    findings.extend(std::mem::take(&mut resolver.findings));
    let whole = with_samples(&resolved, node, context.folder, findings);
    check::check(trial::shape(), &whole, "the test", findings);
    one_start(&whole, findings);
    let here = document::environments(node, context.config, findings);
    let name = whole.get("name").and_then(Node::text)?.to_owned();
    (here && findings.len() == before).then_some(Trial {
        name,
        place: node.place,
        node: whole,
    })
}

/// A test with what it begins with left out, for samples are no templates.
fn without_samples(node: &Node) -> Node {
    let keep = |entry: &&(Key, Node)| {
        let named = ["event", "payload", "run", "ingest"].contains(&entry.0.text.as_str());
        !named || texts(&entry.1)
    };
    let entries = node.entries().unwrap_or(&[]).iter().filter(keep);
    Node::new(
        node.place,
        Data::Map(entries.cloned().collect::<Vec<_>>().into()),
    )
}

/// Whether a reference of ours may stand in a sample: where it is given by a text of its own.
fn texts(sample: &Node) -> bool {
    match sample.entries() {
        Some(entries) => entries.iter().all(|(_, node)| node.text().is_some()),
        None => true,
    }
}

/// The test with everything that it begins with: as it was resolved, from a file, or as written.
fn with_samples(resolved: &Node, written: &Node, folder: &Folder, findings: &mut Findings) -> Node {
    let mut entries = Vec::new();
    for (key, node) in written.entries().unwrap_or(&[]) {
        let node = resolved.get(&key.text).unwrap_or(node);
        let node = match (key.text.as_str(), node.entries()) {
            ("payload" | "run", None) => loaded(node, folder, findings),
            ("event", Some(events)) => {
                let events = events.iter();
                let events =
                    events.map(|(key, node)| (key.clone(), loaded(node, folder, findings)));
                Node::new(node.place, Data::Map(events.collect::<Vec<_>>().into()))
            }
            ("ingest", Some(parts)) => {
                let parts = parts.iter().map(|(key, node)| match key.text.as_str() {
                    "item" => (key.clone(), loaded(node, folder, findings)),
                    _ => (key.clone(), node.clone()),
                });
                Node::new(node.place, Data::Map(parts.collect::<Vec<_>>().into()))
            }
            _ => node.clone(),
        };
        entries.push((key.clone(), node));
    }
    Node::new(written.place, Data::Map(entries.into()))
}

/// What stands in the file that a sample names; the node itself when it names none.
fn loaded(sample: &Node, folder: &Folder, findings: &mut Findings) -> Node {
    let Some(path) = path(sample) else {
        return sample.clone();
    };
    let problem = match folder.included.get(&source::plain(path)) {
        Some(Ok(included)) => match included.nodes.as_slice() {
            [node] => return node.clone(),
            nodes => format!("holds {} documents, a sample is exactly one", nodes.len()),
        },
        Some(Err(problem)) => problem.clone(),
        None => "was not read".to_owned(),
    };
    findings.push(
        Finding::error("ref::file", sample.place, format!("`{path}` {problem}"))
            .help("paths are relative to the project's folder and stay inside it"),
    );
    sample.clone()
}

fn one_start(node: &Node, findings: &mut Findings) {
    let starts = || trial::STARTS.into_iter().filter_map(|key| node.entry(key));
    let wrong = |place, words: String, help: String| {
        Finding::error("config::test", place, words).help(help)
    };
    let list = || format!("write exactly one of {}", words(&trial::STARTS));
    match starts().count() {
        1 => {}
        0 => {
            let why = "the test does not say what happens".to_owned();
            findings.push(wrong(node.place, why, list()));
        }
        _ => {
            let mut places: Vec<Place> = starts().map(|(key, _)| key.place).collect();
            places.sort();
            let place = places.get(1).copied().unwrap_or(node.place);
            let why = "the test begins with two things".to_owned();
            findings.push(wrong(place, why, list()));
        }
    }
    if let Some((key, event)) = node.entry("event")
        && let Some(entries) = event.entries()
        && entries.len() != 1
    {
        let why = "an event is one thing".to_owned();
        let help = format!("write exactly one of {}", words(&trial::EVENTS));
        findings.push(wrong(key.place, why, help));
    }
    if let Some((key, expect)) = node.entry("expect")
        && expect.entries().is_some_and(<[_]>::is_empty)
    {
        let why = "the test expects nothing in particular, so it could not fail".to_owned();
        let help = "write what is expected, or `nothing: true`".to_owned();
        findings.push(wrong(key.place, why, help));
    }
    if let Some(now) = node.get("now")
        && let Some(text) = now.text()
        && text.parse::<jiff::Timestamp>().is_err()
    {
        let why = format!("`{text}` is no time");
        let help = "write it like `2026-01-01T00:00:00Z`".to_owned();
        findings.push(wrong(now.place, why, help));
    }
}

fn words(list: &[&str]) -> String {
    let quoted: Vec<String> = list.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// What tests have to do with each other and with the project: names, and addresses and ingests that exist.
pub fn check(
    trials: &[Trial],
    objects: &BTreeMap<&Addr, ()>,
    ingests: &[Ingest],
    findings: &mut Findings,
) {
    let mut names: BTreeMap<&str, Place> = BTreeMap::new();
    for trial in trials {
        let place = trial
            .node
            .get("name")
            .map_or(trial.place, |node| node.place);
        match names.get(trial.name.as_str()) {
            Some(first) => findings.push(
                Finding::error(
                    "config::test",
                    place,
                    format!("two tests are called `{}`", trial.name),
                )
                .related(*first, "the first one")
                .help("say what each of them shows"),
            ),
            None => {
                names.insert(&trial.name, place);
            }
        }
        let ingest = trial
            .node
            .get("ingest")
            .and_then(|ingest| ingest.get("name"));
        if let Some(node) = ingest
            && let Some(name) = node.text()
            && !ingests.iter().any(|ingest| ingest.name == name)
        {
            let near = did_you_mean(name, ingests.iter().map(|ingest| ingest.name.as_str()));
            let words = format!("the project has no ingest `{name}`");
            let finding = Finding::error("config::test", node.place, words);
            findings.push(finding.maybe_help(near));
        }
        for node in addresses(&trial.node) {
            let Some(text) = node.text() else { continue };
            let Ok(addr) = text.parse::<Addr>() else {
                continue;
            };
            if !objects.contains_key(&addr) {
                let known: Vec<String> = objects.keys().map(|addr| addr.to_string()).collect();
                let near = did_you_mean(text, known.iter().map(String::as_str));
                let finding = Finding::error(
                    "config::test",
                    node.place,
                    format!("the project has no `{text}`"),
                );
                findings.push(finding.maybe_help(near));
            }
        }
    }
}

/// The addresses that a test names, each where it stands.
fn addresses(node: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    found.extend(node.get("webhook"));
    found.extend(node.get("action").and_then(|action| action.get("address")));
    let expect = node.get("expect");
    let list = |key: &str| {
        let list = expect.and_then(|expect| expect.get(key)?.items());
        list.unwrap_or(&[]).iter()
    };
    found.extend(list("automations"));
    found.extend(list("deliveries").filter_map(|one| one.get("webhook")));
    found.extend(list("deliveries").filter_map(|one| one.get("to")));
    found.extend(list("requests").filter_map(|one| one.get("by")));
    found
}
