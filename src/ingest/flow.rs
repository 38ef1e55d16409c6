//! Flow: the way of one ingest, from what Port has to what is written.
//!
//! What Port has is read before the items, so that an item is never older than the entity that it is compared with: an
//! event that arrives in between makes an ingest write what is there already, and never undo it. Deliberately not here:
//! each step for itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::fields::Fields;
use super::judge::{Batch, Judge, Outgoing};
use super::known::{Known, Whose};
use super::programs::Programs;
use super::report::{Report, Stage};
use super::send::{End, Sent, Target};
use super::source::{Page, Source, joined};
use super::tally::Tally;
use super::{Broken, Hands, Setting};
use crate::follow::ingest::Selection;
use crate::follow::ingest::same::digest_of;
use crate::there::Reader;
use crate::want::ingest::Ingest;

/// How many bulk requests are under way at once.
const UNDER_WAY: usize = 8;
/// How many entities wait at most for others that they refer to.
const WAITING: usize = 1000;

/// An ingest under way.
pub(super) struct Flow<'a> {
    pub ingest: &'a Ingest,
    pub hands: &'a Hands,
    pub setting: &'a Setting,
    pub source: Arc<Source>,
    pub judge: Judge,
    pub tally: Tally,
    fields: Arc<Fields>,
    /// Whether all entities were read, so that one that is not known is not there.
    complete: bool,
    running: JoinSet<Sent>,
    /// Refused because something that they refer to is not there, and what was said.
    waiting: Vec<(Outgoing, String)>,
    broken: Option<Broken>,
}

impl<'a> Flow<'a> {
    /// Has done nothing yet.
    pub(super) fn new(ingest: &'a Ingest, hands: &'a Hands, setting: &'a Setting) -> Flow<'a> {
        // What does not exist is a finding, which is told before.
        let (selection, _) = Selection::of(ingest);
        let fields = Fields::of(&ingest.mapping, &selection.account);
        let programs = Programs::of(ingest, &setting.account, setting.now);
        let source = Source {
            hands: hands.clone(),
            selection,
            from: ingest.from,
            programs: Arc::new(programs),
            engines: setting.engines.clone(),
            stop: setting.stop.clone(),
        };
        let report = Report {
            name: ingest.name.clone(),
            from: ingest.from.name(),
            blueprint: ingest.blueprint.clone(),
            planned: matches!(hands, Hands::Look(_)),
            ..Report::default()
        };
        Flow {
            ingest,
            hands,
            setting,
            source: Arc::new(source),
            judge: Judge {
                known: Known::new(fields.len()),
                fields: fields.clone(),
                from: ingest.from,
            },
            tally: Tally::new(report),
            fields: Arc::new(fields),
            complete: true,
            running: JoinSet::new(),
            waiting: Vec::new(),
            broken: None,
        }
    }

    /// Goes all the way, or as far as it can.
    pub(super) async fn run(mut self) -> Report {
        let mut ended = self.steps().await;
        // What is under way ends, whatever happened.
        while self.ended().await {}
        self.give_up();
        let mut live = Vec::new();
        let sampled = self.tally.sampled();
        if !sampled.is_empty() && ended.is_ok() {
            match self.named(&sampled).await {
                Ok(found) => live = found,
                Err(broken) => ended = Err(broken),
            }
        }
        let broken = self.broken.take().or(ended.err());
        let mut report = self.tally.end(&self.fields, &live);
        if let Some(broken) = broken {
            // What they were is not known for certain.
            report.samples.clear();
            report.broken = Some(broken.why);
            report.help = broken.help;
        }
        report
    }

    async fn steps(&mut self) -> Result<(), Broken> {
        self.stage(Stage::Entities, None);
        let source = self.source.clone();
        let (known, ids, works) = tokio::join!(self.entities(), source.ids(), source.works());
        known?;
        works?;
        let ids = ids?;
        if self.stopped() {
            return Ok(());
        }
        self.stage(Stage::Items, Some(ids.len() as u64));
        let mut pages = source.pages(ids);
        let mut batch = Batch::default();
        while let Some(coming) = pages.recv().await {
            let page = joined(coming?).await;
            if self.stopped() {
                return Ok(());
            }
            for one in self.page(page).await? {
                if let Some(full) = batch.push(one) {
                    self.send(full).await?;
                }
            }
        }
        if self.stopped() {
            return Ok(());
        }
        if let Some(rest) = batch.rest() {
            self.send(rest).await?;
        }
        self.later().await?;
        match self.stopped() {
            true => Ok(()),
            false => self.prune().await,
        }
    }

    /// Reads what Port has.
    async fn entities(&mut self) -> Result<(), Broken> {
        let reader = self.hands.reader();
        let (fields, account) = (&self.fields, &self.setting.account);
        let makers = &self.setting.ours.makers;
        let include = fields.include();
        let each = |entity: &Json, found: &mut Vec<(String, Vec<u64>, Whose)>| {
            let Some(identifier) = entity["identifier"].as_str() else {
                return;
            };
            let maker = entity["createdBy"].as_str();
            let whose = Whose {
                ours: maker.is_some_and(|maker| makers.contains(maker)),
                here: fields.is_of(account, entity),
            };
            found.push((identifier.to_owned(), fields.digests(entity), whose));
        };
        let blueprint = &self.ingest.blueprint;
        let mut from: Option<String> = None;
        let mut cursors = HashSet::new();
        while !self.setting.stop.load(Ordering::SeqCst) {
            let page = reader.entities(blueprint, &include, from.as_deref(), &each);
            let (found, next) = page.await?;
            let count = found.len() as u64;
            for (identifier, digests, whose) in found {
                self.judge.known.add(&identifier, &digests, whose);
            }
            self.setting.progress.more(count, 0);
            let Some(next) = next else { break };
            if !cursors.insert(digest_of(&next)) {
                let why = format!("Port gives the same page of `{blueprint}` again and again");
                return Err(Broken { why, help: None });
            }
            from = Some(next);
        }
        // A page that moved while it was read has left something out.
        let count = reader.entities_count(blueprint).await?;
        self.complete = count == self.judge.known.in_port() as u64;
        Ok(())
    }

    /// What is to be written of a page.
    async fn page(&mut self, page: Page) -> Result<Vec<Outgoing>, Broken> {
        let items = page.len();
        let mut out = Vec::new();
        for (item, made) in page {
            out.extend(self.judge.item(&item, made, &mut self.tally));
        }
        let quiet = items - out.len();
        if !self.complete {
            out = self.confirm(out).await?;
        }
        self.more(quiet as u64, 0);
        Ok(out)
    }

    /// Looks up what seems to be new, where not everything may have been read.
    async fn confirm(&mut self, out: Vec<Outgoing>) -> Result<Vec<Outgoing>, Broken> {
        let new = out.iter().filter(|one| one.new);
        let names: Vec<String> = new.map(|one| one.wanted.identifier.clone()).collect();
        if names.is_empty() {
            return Ok(out);
        }
        let live = self.named(&names).await?;
        let fields = self.fields.clone();
        let target = Target {
            blueprint: &self.ingest.blueprint,
            fields: &fields,
        };
        let mut still = Vec::new();
        for mut one in out {
            if !one.new || target.again(&mut one, &live) {
                still.push(one);
            } else {
                self.tally.report.unchanged += 1;
                self.more(1, 0);
            }
        }
        Ok(still)
    }

    /// Reads some entities as they are now.
    async fn named(&self, names: &[String]) -> Result<Vec<Json>, Broken> {
        let reader: &Reader = self.hands.reader();
        let include = self.fields.include();
        let found = reader
            .entities_named(&self.ingest.blueprint, &include, names)
            .await?;
        Ok(found)
    }

    /// Begins to send a batch, as soon as there is room; or only counts it.
    async fn send(&mut self, batch: Vec<Outgoing>) -> Result<(), Broken> {
        let Hands::Write(writer) = self.hands else {
            let count = batch.len() as u64;
            for one in batch {
                self.tally.would_write(one.wanted, one.which, one.new);
            }
            self.more(count, 0);
            return Ok(());
        };
        while self.running.len() >= UNDER_WAY {
            self.ended().await;
        }
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        let (writer, fields) = (writer.clone(), self.fields.clone());
        let blueprint = self.ingest.blueprint.clone();
        self.running.spawn(async move {
            let target = Target {
                blueprint: &blueprint,
                fields: &fields,
            };
            target.send(&writer, batch).await
        });
        Ok(())
    }

    /// Waits for one of the batches under way; false when there is none.
    async fn ended(&mut self) -> bool {
        let sent = match self.running.join_next().await {
            None => return false,
            Some(Ok(sent)) => sent,
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        };
        for (one, end) in sent.ended {
            match end {
                End::Created => self.tally.report.created += 1,
                End::Changed => self.tally.report.changed += 1,
                End::Waits(says) if self.waiting.len() < WAITING => {
                    self.waiting.push((one, says));
                    continue;
                }
                End::Waits(says) | End::Failed(says) => {
                    self.tally.failed(&one.wanted.identifier, says);
                    self.more(1, 0);
                    continue;
                }
            }
            self.more(1, 1);
        }
        // The same troubles give the same message, whichever came first.
        let broken = [self.broken.take(), sent.broken];
        self.broken = broken.into_iter().flatten().min();
        true
    }

    /// Sends again what waits for others, as long as that helps; first in one order and then in the other, since a
    /// request that names a chain from its end is done with it at once.
    async fn later(&mut self) -> Result<(), Broken> {
        let mut turned = true;
        loop {
            while self.ended().await {}
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
            let mut waiting = std::mem::take(&mut self.waiting);
            let before = waiting.len();
            if before == 0 || self.stopped() {
                self.waiting = waiting;
                return Ok(());
            }
            waiting.sort_by(|(a, _), (b, _)| a.wanted.identifier.cmp(&b.wanted.identifier));
            if turned {
                waiting.reverse();
            }
            turned = !turned;
            let mut batch = Batch::default();
            for (one, _) in waiting {
                if let Some(full) = batch.push(one) {
                    self.send(full).await?;
                }
            }
            if let Some(rest) = batch.rest() {
                self.send(rest).await?;
            }
            while self.ended().await {}
            if self.waiting.len() == before {
                return Ok(());
            }
        }
    }

    /// What waited in vain has failed.
    fn give_up(&mut self) {
        for (one, says) in std::mem::take(&mut self.waiting) {
            self.tally.failed(&one.wanted.identifier, says);
            self.more(1, 0);
        }
    }

    /// Whether the user wants to stop, which is noted.
    pub(super) fn stopped(&mut self) -> bool {
        let stopped = self.setting.stop.load(Ordering::SeqCst);
        self.tally.report.interrupted |= stopped;
        stopped
    }

    pub(super) fn stage(&self, stage: Stage, total: Option<u64>) {
        self.setting.progress.stage(&self.ingest.name, stage, total);
    }

    pub(super) fn more(&self, done: u64, written: u64) {
        if done > 0 {
            self.setting.progress.more(done, written);
        }
    }
}
