//! Apply: the changes of a plan, in the order of what needs what, with the ledger around them.
//!
//! Before the first change the ledger names what is about to be created (intents), so that a run
//! after a crash knows its own objects; after the last one it says what is ours. A failure skips
//! what needs the failed object; everything else goes on. A stop finishes what is in flight.
//!
//! | room | noun |
//! |---|---|
//! | `order` | the layers of a plan |
//! | `change` | one change, sent |
//! | `keep` | what the ledger notes |

mod change;
mod keep;
mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::act::report::{Outcome, Report};
use crate::decide::ledger::{Fingerprint, Home, Ledger};
use crate::decide::plan::settle::Exports;
use crate::decide::plan::{Action, Change, Plan};
use crate::there::services::{Failure, TookEffect, Writer};
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer, Service};
use change::Done;

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
        let mut applying = Applying {
            exports,
            failed: BTreeMap::new(),
            struck: BTreeSet::new(),
            report: Report::default(),
            in_flight: limits.collect(),
            with: self,
        };
        if let Err(problem) = applying.declare() {
            applying.report.ledger_problem = Some(problem);
            return applying.report;
        }
        for layer in order::layers(applying.with.plan) {
            applying.layer(&layer).await;
        }
        applying.report.interrupted = applying.with.stop.load(Ordering::SeqCst);
        applying.conclude();
        applying.report
    }
}

/// An apply under way.
struct Applying<'a> {
    with: Apply<'a>,
    exports: Exports,
    /// What did not end well, and in which words others are told.
    failed: BTreeMap<Addr, &'static str>,
    /// Creates that certainly did nothing.
    struck: BTreeSet<Addr>,
    report: Report,
    in_flight: BTreeMap<Service, Arc<Semaphore>>,
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

    async fn layer(&mut self, layer: &[Addr]) {
        let mut running: JoinSet<(Addr, Ended)> = JoinSet::new();
        for addr in layer {
            let Some(change) = self.change(addr) else {
                continue;
            };
            if let Some(why) = self.blocked(change) {
                self.skip(addr.clone(), change.action, why);
                continue;
            }
            let change = change.clone();
            let want = change.want.as_ref().map(|want| self.exports.settle(want));
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
                    return (change.addr, Ended::Stopped);
                }
                let sent = change::send(&writer, &change, want).await;
                (change.addr, Ended::Sent(sent))
            });
        }
        // A task ends in an error only by a panic, which is reported as our bug already; its change
        // then counts as failed below, because its end is unknown.
        let mut ended: Vec<(Addr, Ended)> = Vec::new();
        while let Some(joined) = running.join_next().await {
            ended.extend(joined);
            (self.with.ended)();
        }
        // In the order of addresses, whatever came back first: same inputs, same output.
        ended.sort_by(|a, b| a.0.cmp(&b.0));
        for (addr, ended) in ended {
            self.end(addr, ended);
        }
        for addr in layer {
            if let Some(change) = self.change(addr)
                && self.report.outcome(addr).is_none()
            {
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

    /// Why a change cannot be tried: something that it needs is not there.
    fn blocked(&self, change: &Change) -> Option<String> {
        if self.failed.is_empty() {
            return None;
        }
        let deletes = change.action == Action::Delete;
        let needs: BTreeSet<&Addr> = match deletes {
            // A delete waits for those that needed it when they were applied last: they were
            // changed or deleted before, and the ledger still knows what they needed.
            true => {
                let entries = &self.with.ledger.entries;
                let needed = |addr: &&Addr| {
                    entries
                        .get(*addr)
                        .is_some_and(|entry| entry.needs.contains(&change.addr))
                };
                self.failed.keys().filter(needed).collect()
            }
            false => change.needs.iter().collect(),
        };
        let (addr, what) = needs
            .into_iter()
            .find_map(|need| Some((need, self.failed.get(need)?)))?;
        Some(match deletes {
            true => format!("`{addr}`, which needs it, {what}"),
            false => format!("it needs `{addr}`, which {what}"),
        })
    }

    fn skip(&mut self, addr: Addr, action: Action, why: String) {
        if action == Action::Create {
            self.struck.insert(addr.clone());
        }
        self.failed.insert(addr.clone(), "was skipped");
        self.report
            .outcomes
            .push((addr, action, Outcome::Skipped(why)));
    }

    fn end(&mut self, addr: Addr, ended: Ended) {
        let Some(change) = self.change(&addr).cloned() else {
            return;
        };
        let outcome = match ended {
            Ended::Stopped => {
                return self.skip(addr, change.action, "stopped before its turn".into());
            }
            Ended::Sent(Ok(done)) => self.done(&change, done),
            Ended::Sent(Err(failure)) => {
                self.failed.insert(addr.clone(), "failed");
                self.half_done(&change, &failure);
                if change.action == Action::Create && failure.took_effect == TookEffect::No {
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
