//! The lease: who may write a ledger in Port, and when somebody else may take over.
//!
//! Pure: facts about processes and clocks come in as data. Deliberately not here: the requests
//! (see `tenure`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds without renewal after which a lease is nobody's any more, by the server's clock.
pub const PATIENCE: i64 = 90_000;

/// Who holds a lease, as the entity says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// Which one of all leases that were ever taken it is.
    pub nonce: String,
    /// The CI run with its attempt and job, when it is one.
    pub run: Option<String>,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The machine since it started, and the room that process numbers hold in.
    pub boot: Option<String>,
    /// When the process began, in ticks of the machine: numbers of processes come again.
    pub began: Option<u64>,
}

/// What is known about somebody's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// Who holds it; `None` when the entity does not say it in our words.
    pub holder: Option<Holder>,
    /// When it was renewed last, in milliseconds of the server's clock.
    pub renewed: Option<i64>,
    /// Whether its process lives, where this machine can tell.
    pub alive: Option<bool>,
}

/// Whether a lease may be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is this very run's.
    Ours,
    /// Its holder is gone.
    Free,
    /// Somebody works.
    Held,
}

impl Holder {
    /// Reads what an entity holds.
    pub fn read(content: &str) -> Option<Holder> {
        serde_json::from_str(content).ok()
    }

    /// Whether both are processes whose numbers can be compared.
    pub fn beside(&self, other: &Holder) -> bool {
        self.boot.is_some() && self.boot == other.boot && self.host == other.host
    }

    /// Who it is, in words.
    pub fn words(&self) -> String {
        let process = format!("process {} on `{}`", self.pid, self.host);
        match &self.run {
            Some(run) => format!("{run} ({process})"),
            None => process,
        }
    }
}

/// Whether `me` may take over from a rival at this time of the server.
///
/// A process of this machine that is dead holds nothing; one that lives is believed, whatever run
/// it belongs to. Elsewhere the same CI run has no other process that writes. Everybody else is
/// given time.
pub fn verdict(rival: &Rival, me: &Holder, now: Option<i64>) -> Verdict {
    if let Some(holder) = &rival.holder {
        if holder.nonce == me.nonce {
            return Verdict::Ours;
        }
        match (holder.beside(me), rival.alive) {
            (true, Some(false)) => return Verdict::Free,
            (true, Some(true)) => {}
            _ if holder.run.is_some() && holder.run == me.run => return Verdict::Free,
            _ => {}
        }
    }
    match (now, rival.renewed) {
        (Some(now), Some(renewed)) if now.saturating_sub(renewed) >= PATIENCE => Verdict::Free,
        _ => Verdict::Held,
    }
}

/// A stamp of Port in milliseconds.
pub fn milliseconds(stamp: &str) -> Option<i64> {
    stamp
        .parse::<Timestamp>()
        .ok()
        .map(|at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holder(nonce: &str, run: Option<&str>, host: &str) -> Holder {
        Holder {
            nonce: nonce.into(),
            run: run.map(str::to_owned),
            host: host.into(),
            pid: 7,
            boot: Some(format!("boot of {host}")),
            began: Some(1),
        }
    }

    fn rival(holder: Holder, alive: Option<bool>) -> Rival {
        Rival {
            holder: Some(holder),
            renewed: Some(1_000),
            alive,
        }
    }

    #[test]
    fn who_is_gone_holds_nothing() {
        let me = holder("me", Some("run 1"), "here");
        let at = |rival: &Rival, now| verdict(rival, &me, Some(now));
        let dead = rival(holder("a", None, "here"), Some(false));
        assert_eq!(at(&dead, 1_000), Verdict::Free);
        let same_run = rival(holder("a", Some("run 1"), "there"), None);
        assert_eq!(at(&same_run, 1_000), Verdict::Free);
        let stranger = rival(holder("a", Some("run 2"), "there"), None);
        assert_eq!(at(&stranger, 1_000), Verdict::Held);
        assert_eq!(at(&stranger, 90_999), Verdict::Held);
        assert_eq!(at(&stranger, 91_000), Verdict::Free);
        assert_eq!(at(&rival(me.clone(), Some(true)), 1_000), Verdict::Ours);
    }

    #[test]
    fn who_lives_beside_us_is_no_leftover_of_our_run() {
        let me = holder("me", Some("run 1"), "here");
        let living = rival(holder("a", Some("run 1"), "here"), Some(true));
        assert_eq!(verdict(&living, &me, Some(1_000)), Verdict::Held);
    }

    proptest! {
        /// Nobody who renewed in time and may be alive elsewhere is pushed aside by another run.
        #[test]
        fn the_living_keep_what_they_hold(
            run in proptest::option::of("[a-c]"), mine in proptest::option::of("[a-c]"),
            here: bool, alive: Option<bool>, renewed: Option<i64>, now: Option<i64>, readable: bool,
        ) {
            let me = holder("me", mine.as_deref(), "here");
            let other = holder("other", run.as_deref(), if here { "here" } else { "there" });
            let rival = Rival { holder: readable.then_some(other), renewed, alive };
            let late = now.zip(renewed).is_some_and(|(now, then)| now.saturating_sub(then) >= PATIENCE);
            let dead = readable && here && alive == Some(false);
            let same = readable && run.is_some() && run == mine && !(here && alive == Some(true));
            let expected = if late || dead || same { Verdict::Free } else { Verdict::Held };
            prop_assert_eq!(verdict(&rival, &me, now), expected);
        }
    }
}
