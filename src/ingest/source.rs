//! Source: what Spacelift has, page by page, each item once, and none left out because a page has moved.
//!
//! First all ids; then the pages; then, by their ids, the items that no page had. Pages are read ahead and mapped in
//! the engines' children while others are written; at most two more are held than there are children. Deliberately not
//! here: what is made of an item (see `judge`).

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

use super::programs::Programs;
use super::{Broken, Hands};
use crate::follow::ingest::Selection;
use crate::follow::ingest::same::digest_of;
use crate::kinds::ingest::Origin;
use crate::sim::child::Engines;
use crate::sim::job::Job;
use crate::sim::mapping::Made;
use crate::there::services::Spot;

/// How the list is called in all documents.
const LIST: &str = "list";
/// How many items are mapped in one job.
const PAGE: usize = 50;
/// How many identifiers are computed in one job.
const IDENTIFIERS: usize = 200;

/// An item of Spacelift.
struct Item {
    id: String,
    json: Json,
}

/// Items with what was made of them.
pub(super) type Page = Vec<(String, Made)>;
/// A page that is being mapped, or why there are no more.
pub(super) type Coming = Result<JoinHandle<Page>, Broken>;

/// What is read, and what is run over it.
pub(super) struct Source {
    /// Reads.
    pub hands: Hands,
    /// What it reads.
    pub selection: Selection,
    /// What the items are.
    pub from: Origin,
    /// What is run over them.
    pub programs: Arc<Programs>,
    /// Where.
    pub engines: Arc<Engines>,
    /// Ends the reading.
    pub stop: Arc<AtomicBool>,
}

impl Source {
    /// Digests of the ids of all items.
    pub(super) async fn ids(&self) -> Result<HashSet<u64>, Broken> {
        let each = |item: &Json, ids: &mut Vec<u64>| ids.push(digest_of(id(item)));
        let document = &self.selection.identities;
        let reader = self.hands.reader();
        let (ids, _) = reader
            .listing(document, Spot::Plain(LIST), None, &each)
            .await?;
        Ok(ids.into_iter().collect())
    }

    /// Whether programs can be run at all, so that this is not told of each item.
    pub(super) async fn works(&self) -> Result<(), Broken> {
        let engines = self.engines.clone();
        let program = ".".to_owned();
        let answers = spawn_blocking(move || engines.run(&[Job::JqCheck { program }]));
        match joined(answers).await.pop() {
            Some(Err(fault)) => Err(Broken {
                why: fault.message,
                help: fault.help,
            }),
            _ => Ok(()),
        }
    }

    /// Begins to read and to map. Pages come in their order; `ids` are those that must come.
    pub(super) fn pages(self: &Arc<Self>, ids: HashSet<u64>) -> Receiver<Coming> {
        // One page is waited for and one waits to be let in; with those between, there are two more than children.
        let (sender, receiver) = channel(self.engines.at_once().saturating_sub(1).max(1));
        let source = self.clone();
        tokio::spawn(async move {
            if let Err(broken) = source.read(&ids, &sender).await {
                // Nobody listens any more when the ingest has ended early.
                let _ = sender.send(Err(broken)).await;
            }
        });
        receiver
    }

    async fn read(&self, ids: &HashSet<u64>, out: &Sender<Coming>) -> Result<(), Broken> {
        let reader = self.hands.reader();
        let mut seen = HashSet::with_capacity(ids.len());
        let Some(document) = &self.selection.page else {
            let all = reader.listing(&self.selection.all, Spot::Plain(LIST), None, &keep);
            let (mut items, _) = all.await?;
            while !items.is_empty() {
                let rest = items.split_off(items.len().min(PAGE));
                if !self.give(items, &mut seen, out).await {
                    return Ok(());
                }
                items = rest;
            }
            return Ok(());
        };
        let mut cursors = HashSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = reader.listing(document, Spot::Search(LIST), cursor.as_deref(), &keep);
            let (items, next) = page.await?;
            if !self.give(items, &mut seen, out).await {
                return Ok(());
            }
            let Some(next) = next else { break };
            if !cursors.insert(digest_of(&next)) {
                let items = self.from.items();
                let why = format!("Spacelift gives the same page of {items} again and again");
                return Err(Broken { why, help: None });
            }
            cursor = Some(next);
        }
        if ids.is_subset(&seen) {
            return Ok(());
        }
        self.missing(&mut seen, out).await
    }

    /// Reads by their ids the items that no page had.
    async fn missing(&self, seen: &mut HashSet<u64>, out: &Sender<Coming>) -> Result<(), Broken> {
        let reader = self.hands.reader();
        let left = |item: &Json, ids: &mut Vec<String>| {
            let id = id(item);
            if !seen.contains(&digest_of(id)) {
                ids.push(id.to_owned());
            }
        };
        let document = &self.selection.identities;
        let (left, _) = reader
            .listing(document, Spot::Plain(LIST), None, &left)
            .await?;
        for (document, variables) in self.selection.by_id(&left) {
            let spot = Spot::Members(&variables);
            let (items, _) = reader.listing(&document, spot, None, &keep).await?;
            if !self.give(items, seen, out).await {
                break;
            }
        }
        Ok(())
    }

    /// Has items mapped that were not seen yet; false when there is no need to go on.
    async fn give(&self, items: Vec<Item>, seen: &mut HashSet<u64>, out: &Sender<Coming>) -> bool {
        if self.stop.load(Ordering::SeqCst) {
            return false;
        }
        let new = items
            .into_iter()
            .filter(|item| seen.insert(digest_of(&item.id)));
        let (ids, items): (Vec<String>, Vec<Json>) = new.map(|item| (item.id, item.json)).unzip();
        if ids.is_empty() {
            return true;
        }
        let (programs, engines) = (self.programs.clone(), self.engines.clone());
        let mapped = spawn_blocking(move || {
            let made = programs.run(&engines, items);
            ids.into_iter().zip(made).collect()
        });
        out.send(Ok(mapped)).await.is_ok() && !self.stop.load(Ordering::SeqCst)
    }

    /// Digests of the identifiers of everything that Spacelift has now, whatever the filter says; or why that cannot be
    /// told for all of it.
    pub(super) async fn identifiers(&self) -> Result<Result<HashSet<u64>, String>, Broken> {
        // As texts, which are a tenth of the trees.
        let each = |item: &Json, items: &mut Vec<String>| items.push(item.to_string());
        let document = &self.selection.identities;
        let reader = self.hands.reader();
        let (items, _) = reader
            .listing(document, Spot::Plain(LIST), None, &each)
            .await?;
        if items.is_empty() {
            return Ok(Err(format!(
                "Spacelift lists no {} at all",
                self.from.items()
            )));
        }
        let (programs, engines) = (self.programs.identifier(), self.engines.clone());
        let item = self.from.item();
        let computed = spawn_blocking(move || {
            let mut found = HashSet::with_capacity(items.len());
            for some in items.chunks(IDENTIFIERS) {
                let some: Vec<Json> = some
                    .iter()
                    .map(|item| serde_json::from_str(item).unwrap_or_default())
                    .collect();
                let ids: Vec<String> = some.iter().map(|item| id(item).to_owned()).collect();
                let mut made = programs.run(&engines, some).into_iter();
                // What is left out here would be deleted, so that each must be told.
                for id in ids {
                    let told = identifier(made.next()).map_err(|fault| {
                        format!("the identifier of the {item} `{id}` cannot be told: {fault}")
                    })?;
                    found.insert(told);
                }
            }
            Ok(found)
        });
        Ok(joined(computed).await)
    }
}

/// What a task came to; its panic is ours.
pub(super) async fn joined<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn id(item: &Json) -> &str {
    item.get("id").and_then(Json::as_str).unwrap_or_default()
}

/// The digest of the identifier that was made of an item, or why there is none.
fn identifier(made: Option<Made>) -> Result<u64, String> {
    let made = made.ok_or("there is no answer")?;
    let identifier = made
        .entity
        .as_ref()
        .and_then(|made| made["identifier"].as_str());
    if let Some(identifier) = identifier {
        return Ok(digest_of(identifier));
    }
    let fault = made.faults.into_iter().next();
    Err(fault.map_or_else(|| "it is not a text".to_owned(), |(_, fault)| fault.message))
}

fn keep(item: &Json, items: &mut Vec<Item>) {
    items.push(Item {
        id: id(item).to_owned(),
        json: item.clone(),
    });
}
