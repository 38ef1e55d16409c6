//! Apply: the changes of a plan, in the order of what needs what, with the ledger around them.
//!
//! Before the first change the ledger names what is about to be created (intents), so that a run
//! after a crash knows its own objects; after the last one it says what is ours. A failure skips
//! what needs the failed object; everything else goes on. A stop finishes what is in flight.
//!
//! | room | noun |
//! |---|---|
//! | `order` | the writes of a plan, in layers |
//! | `step` | one write of a change that takes several |
//! | `change` | one change, sent |
//! | `keep` | what the ledger notes |
//! | `moves` | entries of the ledger that come under another address |
//! | `part` | parts of one object, written one after the other |

mod change;
mod keep;
mod moves;
mod order;
mod part;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::act::report::{Outcome, Report};
use crate::decide::ledger::{Fingerprint, Home, Ledger};
use crate::decide::plan::settle::Exports;
use crate::decide::plan::{Action, Change, Plan};
use crate::kinds::Observed;
use crate::there::services::{Failure, TookEffect, Writer};
use crate::words::graph::Graph;
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer, Service};
use change::Done;
use order::Step;

/// Changes in flight at once, per service (design, section 5.8).
const IN_FLIGHT: [(Service, usize); 2] = [(Service::Port, 10), (Service::Spacelift, 4)];

/// What an apply works with.
pub struct Apply<'a> {
    /// The plan; nothing else is done.
    pub plan: &'a Plan,
    /// Sends the requests.
    pub writer: Arc<Writer>,
    /// The ledger as loaded; it is changed and kept.
    pub ledger: Ledger,
    /// Where the ledger is kept.
    pub home: &'a Home,
    /// Set when the user wants to stop.
    pub stop: Arc<AtomicBool>,
    /// Makes the fingerprint of a secret that was sent.
    pub fingerprint: &'a Fingerprinting<'a>,
    /// When and at which commit, for the ledger.
    pub stamp: Stamp,
    /// Called for each change that was sent, layer by layer in the order of addresses.
    pub progress: &'a (dyn Fn(&Change, &Outcome) + Send + Sync),
    /// Called as each change that was sent comes back, in any order and long before `progress`.
    pub ended: &'a (dyn Fn() + Send + Sync),
}

/// Makes the fingerprint of a secret at a place of an object, under the ledger's salt.
pub type Fingerprinting<'a> =
    dyn Fn(&Addr, &Pointer, &SecretSource, &str) -> Option<Fingerprint> + Send + Sync + 'a;

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

impl Apply<'_> {
    /// Carries out the plan. The ledger is kept at its home, before and after.
    pub async fn run(self) -> Report {
        let exports = self.plan.exports.clone();
        let limits = IN_FLIGHT
            .into_iter()
            .map(|(service, n)| (service, Arc::new(Semaphore::new(n))));
        let order = order::order(self.plan);
        let mut applying = Applying {
            exports,
            needs: order.needs,
            failed: BTreeMap::new(),
            failed_at: BTreeMap::new(),
            made: BTreeMap::new(),
            struck: BTreeSet::new(),
            report: Report::default(),
            set_aside: moves::set_aside(self.plan, &self.ledger),
            in_flight: limits.collect(),
            parts: part::Parts::default(),
            with: self,
        };
        if let Err(problem) = applying.declare().await {
            applying.report.ledger_problem = Some(problem);
            return applying.report;
        }
        let plan = applying.with.plan;
        for layer in part::apart(order.layers, plan) {
            applying.layer(&layer).await;
        }
        applying.report.interrupted = applying.with.stop.load(Ordering::SeqCst);
        applying.conclude().await;
        applying.report
    }
}

/// An apply under way.
struct Applying<'a> {
    with: Apply<'a>,
    exports: Exports,
    /// Which write waits for which.
    needs: Graph<Step>,
    /// What did not end well, and in which words others are told.
    failed: BTreeMap<Addr, &'static str>,
    /// At which of its writes, when it was not the first.
    failed_at: BTreeMap<Addr, usize>,
    /// Objects that are written in passes, as the last write left them.
    made: BTreeMap<Addr, Observed>,
    /// Creates that certainly did nothing.
    struck: BTreeSet<Addr>,
    report: Report,
    set_aside: moves::SetAside,
    in_flight: BTreeMap<Service, Arc<Semaphore>>,
    parts: part::Parts,
}

/// How one change ended.
enum Ended {
    Sent(Result<Done, Failure>),
    Stopped,
}

impl Applying<'_> {
    fn change(&self, addr: &Addr) -> Option<&Change> {
        let changes = &self.with.plan.changes;
        let found = changes
            .binary_search_by(|change| change.addr.cmp(addr))
            .ok()?;
        changes.get(found).filter(|change| change.action.writes())
    }

    async fn layer(&mut self, layer: &[Step]) {
        let mut running: JoinSet<(Step, Ended)> = JoinSet::new();
        let mut begun: BTreeSet<Step> = BTreeSet::new();
        for step in layer {
            let (addr, nth) = step;
            let Some(change) = self.change(addr) else {
                continue;
            };
            // Its end is told already.
            if self.failed.contains_key(addr) {
                continue;
            }
            if let Some(why) = self.blocked(change, *nth) {
                self.skip(step, why);
                continue;
            }
            begun.insert(step.clone());
            let step = step.clone();
            let mut change = step::step(change, *nth, self.made.get(addr)).into_owned();
            let want = change.want.as_ref().map(|want| self.exports.settle(want));
            let want = self.parts.over(&mut change, want);
            let writer = self.with.writer.clone();
            let stop = self.with.stop.clone();
            let limit = self.in_flight.get(&change.addr.service).cloned();
            running.spawn(async move {
                // The semaphore is never closed; without a permit the change just goes ahead.
                let _permit = match limit {
                    Some(limit) => limit.acquire_owned().await.ok(),
                    None => None,
                };
                if stop.load(Ordering::SeqCst) {
                    return (step, Ended::Stopped);
                }
                let sent = change::send(&writer, &change, want).await;
                (step, Ended::Sent(sent))
            });
        }
        // A task ends in an error only by a panic, which is reported as our bug already; its change
        // then counts as failed below, because its end is unknown.
        let mut ended: Vec<(Step, Ended)> = Vec::new();
        while let Some(joined) = running.join_next().await {
            if joined.as_ref().is_ok_and(|(step, _)| self.is_last(step)) {
                (self.with.ended)();
            }
            ended.extend(joined);
        }
        // In the order of addresses, whatever came back first: same inputs, same output.
        ended.sort_by(|a, b| a.0.cmp(&b.0));
        for (step, ended) in ended {
            begun.remove(&step);
            self.end(&step, ended);
        }
        for (addr, _) in &begun {
            if let Some(change) = self.change(addr) {
                let action = change.action;
                let message = "spaceport stopped while this was under way".to_owned();
                self.failed.insert(addr.clone(), "failed");
                self.report.outcomes.push((
                    addr.clone(),
                    action,
                    Outcome::Failed {
                        message,
                        help: None,
                    },
                ));
            }
        }
    }

    /// Whether it is the last of its object's writes.
    fn is_last(&self, step: &Step) -> bool {
        self.change(&step.0)
            .is_none_or(|change| order::last(change) == *step)
    }

    /// Why a write cannot be tried: something that it waits for did not end well.
    fn blocked(&self, change: &Change, nth: usize) -> Option<String> {
        if self.failed.is_empty() {
            return None;
        }
        let step = (change.addr.clone(), nth);
        let waits = self.needs.needs(&step).filter(|(need, nth)| {
            let at = self.failed_at.get(need).copied().unwrap_or(0);
            self.failed.contains_key(need) && at <= *nth
        });
        let mut waits: BTreeSet<&Addr> = waits.map(|(need, _)| need).collect();
        let deletes = change.leaves();
        if deletes && nth + 1 >= change.passes.len() {
            // A delete waits for those that needed it when they were applied last: they were
            // changed before, and the ledger still knows what they needed.
            let needed = |addr: &&Addr| {
                let entry = self.with.ledger.entries.get(*addr);
                let gone = self.change(addr).is_some_and(Change::leaves);
                !gone && entry.is_some_and(|entry| entry.needs.contains(&change.addr))
            };
            waits.extend(self.failed.keys().filter(needed));
        }
        let (addr, what) = waits
            .into_iter()
            .find_map(|need| Some((need, self.failed.get(need)?)))?;
        let why = match deletes {
            true => format!("`{addr}`, which needs it, {what}"),
            false => format!("it needs `{addr}`, which {what}"),
        };
        Some(match nth {
            0 => why,
            _ => format!("written in part, and the rest had to wait: {why}"),
        })
    }

    fn skip(&mut self, step: &Step, why: String) {
        let (addr, nth) = step;
        let Some(action) = self.change(addr).map(|change| change.action) else {
            return;
        };
        if action == Action::Create && *nth == 0 {
            self.struck.insert(addr.clone());
        }
        self.fail(step, "was skipped");
        self.report
            .outcomes
            .push((addr.clone(), action, Outcome::Skipped(why)));
    }

    fn fail(&mut self, (addr, nth): &Step, words: &'static str) {
        self.failed.insert(addr.clone(), words);
        if *nth > 0 {
            self.failed_at.insert(addr.clone(), *nth);
        }
    }

    fn end(&mut self, step: &Step, ended: Ended) {
        let (addr, nth) = (step.0.clone(), step.1);
        let Some(change) = self.change(&addr).cloned() else {
            return;
        };
        if let Ended::Sent(Ok(done)) = &ended {
            self.parts.note(&change, done);
        }
        let outcome = match ended {
            Ended::Stopped => return self.skip(step, "stopped before its turn".into()),
            Ended::Sent(Ok(done)) if !self.is_last(step) => {
                return self.done_in_part(&change, done);
            }
            Ended::Sent(Ok(done)) => self.done(&change, done),
            Ended::Sent(Err(failure)) => {
                self.fail(step, "failed");
                self.half_done(&change, &failure);
                let created = change.action == Action::Create && nth == 0;
                if created && failure.took_effect == TookEffect::No {
                    self.struck.insert(addr.clone());
                }
                Outcome::Failed {
                    message: failure.error.to_string(),
                    help: failure.error.help(),
                }
            }
        };
        (self.with.progress)(&change, &outcome);
        self.report.outcomes.push((addr, change.action, outcome));
    }
}
