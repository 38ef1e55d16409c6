//! The turn: what an apply has while it may write a ledger in Port. A file has its lock instead.
//!
//! Deliberately not here: when somebody else's lease may be taken over (`decide::ledger::lease`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::commands::session::{Session, unkept};
use crate::commands::{holder, notice};
use crate::decide::ledger::Home;
use crate::decide::ledger::tenure::{self, Held, RENEWAL, Tenure, Try};
use crate::exit::{self, Stop};
use crate::there::live::Live;
use crate::there::services::Writer;

/// How often a held lease is looked at while waiting.
const LOOK: Duration = Duration::from_secs(1);

/// The right to write, until it is ended.
#[derive(Debug)]
pub struct Turn {
    tenure: Option<Tenure>,
    /// Whether the ledger is still the one that was read before, and nobody else had a lease.
    pub current: bool,
}

impl Turn {
    /// Takes the lease and looks whether the ledger moved meanwhile; waits for others up to `wait`.
    pub async fn take(
        session: &Session,
        live: Option<&Live>,
        writer: &Arc<Writer>,
        stop: &Arc<AtomicBool>,
        wait: Duration,
    ) -> Result<Turn, Stop> {
        let Home::Port(shelf) = &session.stage.home else {
            return Ok(Turn {
                tenure: None,
                current: true,
            });
        };
        if let Some(organization) = live.and_then(|live| live.organization.as_ref()) {
            shelf.in_organization(organization);
        }
        shelf.set_up(writer).await.map_err(|error| unkept(&error))?;
        let me = holder::this(&crate::commands::environment());
        let alive = |other: &_| holder::alive(&me, other);
        let deadline = Instant::now() + wait;
        let mut said = false;
        loop {
            let tried = Tenure::take(shelf, writer, &me, &alive, stop, RENEWAL).await;
            let held = match tried.map_err(|error| unkept(&error))? {
                Try::Taken(tenure) => {
                    // Who was there may have changed objects until its last moment.
                    let current = !said && tenure.was_alone() && shelf.is_current();
                    return Ok(Turn {
                        tenure: Some(tenure),
                        current,
                    });
                }
                Try::Held(held) => held,
            };
            if Instant::now() >= deadline {
                return Err(refusal(&held));
            }
            if stop.load(Ordering::SeqCst) {
                return Err(Stop::quiet(exit::INTERRUPTED));
            }
            if !std::mem::replace(&mut said, true) {
                notice(&format!("{} works on this ledger; waiting.", held.who));
            }
            tokio::time::sleep(LOOK).await;
            let leases = shelf.look_at_leases(writer.reader()).await;
            leases.map_err(|error| unkept(&error))?;
        }
    }

    /// Gives the lease back. One that cannot be given back ends by itself.
    pub async fn end(self, writer: &Writer) {
        if let Some(tenure) = self.tenure
            && let Err(error) = tenure.end(writer).await
        {
            notice(&format!(
                "The lease on the ledger could not be given back ({error}); `spaceport unlock` removes it."
            ));
        }
    }
}

/// Removes what runs that are gone have left of their turns, where this run has nothing to write. What
/// cannot be removed ends by itself.
pub async fn clear_away(session: &Session) {
    let Home::Port(shelf) = &session.stage.home else {
        return;
    };
    if shelf.leases().is_empty() {
        return;
    }
    let writer = Writer::new(session.reader.clone(), session.stage.vault());
    let me = holder::this(&crate::commands::environment());
    let alive = |other: &_| holder::alive(&me, other);
    if let Err(error) = tenure::clear_away(shelf, &writer, &me, &alive).await {
        notice(&format!(
            "The lease of a run that is gone could not be removed: {error}"
        ));
    }
}

/// Why somebody else's lease stops this run.
fn refusal(held: &Held) -> Stop {
    Stop::new(exit::BLOCKED, words(held)).help(
        "wait for it with `--wait SECONDS`; if it is gone, its lease ends 90 s after the last renewal, or at once with `spaceport unlock`"
            .to_owned(),
    )
}

/// Who holds a lease, since when, and how long ago that was heard.
pub fn words(held: &Held) -> String {
    let quiet = match held.quiet {
        Some(quiet) => format!(", last heard of {} s ago", quiet / 1000),
        None => String::new(),
    };
    let (who, since) = (&held.who, &held.since);
    format!("{who} works on this ledger since {since}{quiet}")
}
