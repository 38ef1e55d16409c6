//! Apply: the changes of a plan, in the order of what needs what, with the ledger around them.
//!
//! Before the first change the ledger names what is about to be created (intents), so that a run
//! after a crash knows its own objects; after the last one it says what is ours. A failure skips
//! what needs the failed object; everything else goes on. A stop finishes what is in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::act::report::{Outcome, Report};
use crate::decide::diff;
use crate::decide::ledger::{Entry, Fingerprint, Home, Intent, Ledger, digests};
use crate::decide::plan::settle::{self, Exports};
use crate::decide::plan::{Action, Change, Plan};
use crate::there::services::{Failure, Writer};
use crate::words::graph::Graph;
use crate::words::value::Map;
use crate::words::{Addr, Pointer, Value};

/// Fingerprints kept per secret (design, section 5.7).
const FINGERPRINTS: usize = 4;

/// What an apply works with.
pub struct Apply<'a> {
    /// The plan; nothing else is done.
    pub plan: &'a Plan,
    /// What live exports of the objects that stay as they are.
    pub exports: Exports,
    /// Sends the requests.
    pub writer: Arc<Writer>,
    /// The ledger as loaded; it is changed and kept.
    pub ledger: Ledger,
    /// Where the ledger is kept.
    pub home: &'a Home,
    /// Set when the user wants to stop.
    pub stop: Arc<AtomicBool>,
    /// Makes the fingerprint of a secret that is about to be sent.
    pub fingerprint:
        &'a (dyn Fn(&Addr, &Pointer, &Value, &str) -> Option<Fingerprint> + Send + Sync),
    /// When and at which commit, for the ledger.
    pub stamp: Stamp,
    /// Called when a change begins and ends.
    pub progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// What the ledger notes about the moment of an apply.
#[derive(Debug, Clone, Default)]
pub struct Stamp {
    /// RFC 3339.
    pub at: String,
    /// The commit of the checkout, when there is one.
    pub commit: Option<String>,
    /// Id of the Port organization.
    pub organization: Option<String>,
    /// The Spacelift account.
    pub account: Option<String>,
}

/// Something that happened during an apply.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A change was sent.
    Begun(&'a Change),
    /// A change ended.
    Ended(&'a Change, &'a Outcome),
}

/// What a finished change leaves for the ledger.
struct Finished {
    addr: Addr,
    result: Result<Done, Failure>,
}

enum Done {
    Written {
        id: String,
        name: String,
        exports: Option<Map>,
        want: Value,
    },
    Gone,
    Unchanged {
        want: Value,
    },
}

impl Apply<'_> {
    /// Carries out the plan. The ledger is kept at its home.
    pub async fn run(mut self) -> Report {
        let mut report = Report::default();
        if let Err(problem) = self.declare() {
            report.ledger_problem = Some(problem);
            return report;
        }
        let mut failed: BTreeMap<Addr, &'static str> = BTreeMap::new();
        for layer in self.layers() {
            self.layer(&layer, &mut failed, &mut report).await;
        }
        self.settle_ledger_only(&mut report);
        self.ledger.intent = if report.is_complete() {
            None
        } else {
            self.open_intent(&report)
        };
        self.ledger.serial += 1;
        self.ledger.applied_at = Some(self.stamp.at.clone());
        self.ledger.commit = self.stamp.commit.clone().or(self.ledger.commit.take());
        report.ledger_problem = self
            .home
            .save(&self.ledger)
            .err()
            .map(|error| error.to_string());
        report
    }

    /// Writes the intents, before the first change.
    fn declare(&mut self) -> Result<(), String> {
        let mut intent = Intent::default();
        for change in self.plan.writes() {
            match change.action {
                Action::Create | Action::Replace => {
                    intent.creates.insert(change.addr.clone());
                }
                Action::Update if !change.sends.is_empty() => {
                    intent
                        .sends
                        .insert(change.addr.clone(), change.sends.clone());
                }
                _ => {}
            }
        }
        self.ledger.organization = self
            .stamp
            .organization
            .clone()
            .or(self.ledger.organization.take());
        self.ledger.account = self.stamp.account.clone().or(self.ledger.account.take());
        if intent == Intent::default() {
            return Ok(());
        }
        self.ledger.serial += 1;
        // What an earlier, killed run was about to do is still open until its objects are seen.
        if let Some(open) = self.ledger.intent.take() {
            intent.creates.extend(open.creates);
            for (addr, places) in open.sends {
                intent.sends.entry(addr).or_default().extend(places);
            }
        }
        self.ledger.intent = Some(intent);
        self.home
            .save(&self.ledger)
            .map_err(|error| error.to_string())
    }

    /// Creates and updates in the order of their needs, then deletes in the reverse order.
    fn layers(&self) -> Vec<Vec<Addr>> {
        let mut forward = Graph::default();
        let mut backward = Graph::default();
        for change in self.plan.writes() {
            let graph = if change.action == Action::Delete {
                &mut backward
            } else {
                &mut forward
            };
            graph.node(change.addr.clone());
            for need in &change.needs {
                match change.action {
                    Action::Delete => graph.edge(need.clone(), change.addr.clone()),
                    _ => graph.edge(change.addr.clone(), need.clone()),
                }
            }
        }
        // Nodes of the other direction may have come in as ends of edges; they have no change.
        let mut layers = Vec::new();
        for (graph, deletes) in [(forward, false), (backward, true)] {
            let ordered = graph.layers().unwrap_or_else(|stuck| stuck);
            layers.extend(ordered.into_iter().map(|layer| {
                layer
                    .into_iter()
                    .filter(|a| {
                        self.change(a)
                            .is_some_and(|c| (c.action == Action::Delete) == deletes)
                    })
                    .collect::<Vec<_>>()
            }));
        }
        layers
    }

    fn change(&self, addr: &Addr) -> Option<&Change> {
        let found = self
            .plan
            .changes
            .binary_search_by(|change| change.addr.cmp(addr))
            .ok()?;
        self.plan
            .changes
            .get(found)
            .filter(|change| change.action.writes())
    }

    async fn layer(
        &mut self,
        layer: &[Addr],
        failed: &mut BTreeMap<Addr, &'static str>,
        report: &mut Report,
    ) {
        let mut running: JoinSet<Finished> = JoinSet::new();
        for addr in layer {
            let Some(change) = self.change(addr) else {
                continue;
            };
            let blocked = self.blocked(change, failed);
            if self.stop.load(Ordering::SeqCst) {
                report.interrupted = true;
            }
            if let Some(why) = blocked.or_else(|| {
                report
                    .interrupted
                    .then(|| "stopped before its turn".to_owned())
            }) {
                failed.insert(addr.clone(), "was skipped");
                report
                    .outcomes
                    .push((addr.clone(), change.action, Outcome::Skipped(why)));
                continue;
            }
            (self.progress)(Progress::Begun(change));
            let change = change.clone();
            let want = change.want.as_ref().map(|want| self.exports.settle(want));
            let writer = self.writer.clone();
            running.spawn(async move {
                let addr = change.addr.clone();
                let result = carry_out(&writer, &change, want).await;
                Finished { addr, result }
            });
        }
        while let Some(joined) = running.join_next().await {
            let Ok(finished) = joined else { continue };
            self.finish(finished, failed, report);
        }
    }

    /// Why a change cannot be tried: something that it needs is not there.
    fn blocked(&self, change: &Change, failed: &BTreeMap<Addr, &'static str>) -> Option<String> {
        let needs: BTreeSet<&Addr> = match change.action {
            // A delete waits for those that need it, which were deleted before.
            Action::Delete => {
                let users = self
                    .plan
                    .writes()
                    .filter(|c| c.action == Action::Delete && c.needs.contains(&change.addr));
                users.map(|c| &c.addr).collect()
            }
            _ => change.needs.iter().collect(),
        };
        let (addr, what) = needs
            .into_iter()
            .find_map(|need| Some((need, failed.get(need)?)))?;
        Some(match change.action {
            Action::Delete => format!("`{addr}`, which needs it, {what}"),
            _ => format!("it needs `{addr}`, which {what}"),
        })
    }

    fn finish(
        &mut self,
        finished: Finished,
        failed: &mut BTreeMap<Addr, &'static str>,
        report: &mut Report,
    ) {
        let Finished { addr, result } = finished;
        let Some(change) = self.change(&addr).cloned() else {
            return;
        };
        let outcome = match result {
            Ok(Done::Gone) => {
                self.ledger.entries.remove(&addr);
                Outcome::Done
            }
            Ok(Done::Written {
                id,
                name,
                exports,
                want,
            }) => {
                if let Some(exports) = exports {
                    self.exports.insert(addr.clone(), exports);
                }
                self.own(&change, id, name, &want);
                Outcome::Done
            }
            Ok(Done::Unchanged { want }) => {
                if let Some(seen) = &change.seen {
                    self.own(&change, seen.id.clone(), seen.name.clone(), &want);
                }
                Outcome::Unchanged
            }
            Err(failure) => {
                failed.insert(addr.clone(), "failed");
                if let Some(created) = failure.created {
                    // It exists, though incomplete: ours, and the next run mends it.
                    let nothing = Value::Map(Map::new());
                    self.own(&change, created.id, created.name, &nothing);
                } else if change.action == Action::Replace {
                    // Its delete may have worked; an entry without an object is harmless.
                    tracing::debug!(%addr, "replacing failed");
                }
                Outcome::Failed {
                    message: failure.error.to_string(),
                    help: failure.error.help(),
                }
            }
        };
        (self.progress)(Progress::Ended(&change, &outcome));
        report.outcomes.push((addr, change.action, outcome));
    }

    /// Notes in the ledger that an object is ours, as it was written.
    fn own(&mut self, change: &Change, id: String, name: String, want: &Value) {
        let old = match self.ledger.entries.remove(&change.addr) {
            None => self.moved(change, &id),
            known => known,
        };
        let mut fingerprints = old
            .as_ref()
            .map(|entry| entry.fingerprints.clone())
            .unwrap_or_default();
        for (at, source) in want.secrets() {
            if change.sends.contains(&at)
                && let Some(made) = (self.fingerprint)(
                    &change.addr,
                    &at,
                    &Value::Secret(source.clone()),
                    &self.ledger.salt,
                )
            {
                let list: &mut Vec<Fingerprint> = fingerprints.entry(at).or_default();
                list.retain(|known| known.key_id != made.key_id);
                list.insert(0, made);
                list.truncate(FINGERPRINTS);
            }
        }
        let adopted = match (&old, change.action) {
            (_, Action::Create | Action::Replace) => false,
            (Some(entry), _) => entry.adopted || change.adopts,
            (None, _) => change.adopts,
        };
        let entry = Entry {
            id,
            name,
            adopted,
            protect: change.lifecycle.protect,
            needs: change.needs.clone(),
            digests: digests(change.kind, want, &change.lifecycle.ignore),
            fingerprints,
        };
        self.ledger.entries.insert(change.addr.clone(), entry);
    }

    /// The entry that an object had under an address which the plan forgets.
    fn moved(&mut self, change: &Change, id: &str) -> Option<Entry> {
        let from = self.plan.changes.iter().find(|other| {
            other.action == Action::Forget
                && other.kind.name() == change.kind.name()
                && self
                    .ledger
                    .entries
                    .get(&other.addr)
                    .is_some_and(|entry| entry.id == id)
        })?;
        self.ledger.entries.remove(&from.addr)
    }

    /// Adopting and forgetting change the ledger alone. An entry that moves to another address
    /// is taken over before its old address is forgotten.
    fn settle_ledger_only(&mut self, report: &mut Report) {
        if report.interrupted {
            return;
        }
        let plan = self.plan;
        for change in &plan.changes {
            if let (Action::Adopt, Some(seen), Some(want)) =
                (change.action, &change.seen, &change.want)
            {
                self.own(change, seen.id.clone(), seen.name.clone(), want);
                report
                    .outcomes
                    .push((change.addr.clone(), change.action, Outcome::Done));
            }
        }
        for change in plan.changes.iter().filter(|c| c.action == Action::Forget) {
            self.ledger.entries.remove(&change.addr);
            report
                .outcomes
                .push((change.addr.clone(), change.action, Outcome::Done));
        }
    }

    /// What stays intended after an incomplete apply: creates and sends that did not end well.
    fn open_intent(&self, report: &Report) -> Option<Intent> {
        let mut intent = self.ledger.intent.clone()?;
        let ended = |addr: &Addr| {
            matches!(
                report.outcome(addr),
                Some(Outcome::Done | Outcome::Unchanged)
            )
        };
        intent
            .creates
            .retain(|addr| !ended(addr) && !self.ledger.entries.contains_key(addr));
        intent.sends.retain(|addr, _| !ended(addr));
        (intent != Intent::default()).then_some(intent)
    }
}

/// Sends what one change needs.
async fn carry_out(writer: &Writer, change: &Change, want: Option<Value>) -> Result<Done, Failure> {
    let kind = change.kind;
    match (change.action, &change.seen, want) {
        (Action::Delete, Some(seen), _) => {
            writer.delete(kind, &seen.id).await?;
            Ok(Done::Gone)
        }
        (Action::Replace, Some(seen), Some(want)) => {
            writer.delete(kind, &seen.id).await?;
            create(writer, change, want).await
        }
        (Action::Create, _, Some(want)) => create(writer, change, want).await,
        (Action::Update, Some(seen), Some(want)) => {
            // What was deferred is known now, so the difference is looked at again.
            let found = diff::compare(kind, &want, &seen.value, &change.lifecycle.ignore);
            let mut changed = found.top_level();
            for at in &change.sends {
                if let Some(key) = at.first()
                    && !changed.iter().any(|k| k == key)
                {
                    changed.push(key.to_owned());
                }
            }
            if changed.is_empty() {
                return Ok(Done::Unchanged { want });
            }
            writer
                .update(kind, seen, &change.body(&want), &changed)
                .await?;
            Ok(Done::Written {
                id: seen.id.clone(),
                name: change.name.clone(),
                exports: None,
                want,
            })
        }
        // The plan gives each of these actions what it needs; there is nothing to do otherwise.
        (_, _, want) => Ok(Done::Unchanged {
            want: want.unwrap_or_default(),
        }),
    }
}

async fn create(writer: &Writer, change: &Change, want: Value) -> Result<Done, Failure> {
    let made = writer.create(change.kind, &change.body(&want)).await?;
    let exports = settle::exports_of(change.kind, &made);
    Ok(Done::Written {
        id: made.id,
        name: made.name,
        exports: Some(exports),
        want,
    })
}
