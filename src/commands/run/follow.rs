//! Following a run to its end: its log as it comes, its links, where it stands.
//!
//! Asks politely: more slowly from time to time, and again when there is news. Port may be away for
//! a while. Ctrl-C and the time-out end the following, never the run. Deliberately not here:
//! starting one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use crate::commands::run::Common;
use crate::commands::run::reach::Reach;
use crate::commands::session::world;
use crate::commands::{notice, print, tell};
use crate::exit::{self, Stop};
use crate::show;
use crate::there::run::{Log, Run, Status};
use crate::there::services::{Approvers, Problem, ServiceError};

/// Arguments of `run follow`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of the run, such as `r_k86OUzq80jRlxFV0`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Stop following after so long; the run goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub timeout: u64,
    /// How and where.
    #[command(flatten)]
    pub common: Common,
}

/// Follows a run that somebody started.
pub(super) async fn follow(reach: &Reach<'_>, arguments: &Arguments) -> Result<u8, Stop> {
    let mut interrupt = Interrupt::listen();
    let watching = Watching::new(reach, &arguments.run);
    let limit = Duration::from_secs(arguments.timeout);
    watching.until_the_end(limit, &mut interrupt).await
}

/// The first wait between two looks, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// The wait after news, at most.
const LIVELY: Duration = Duration::from_secs(1);
/// How often a run that was just started may be unknown.
const TOLERANCE: u32 = 5;
/// How many pages of a log are read at one look.
const PAGES: usize = 200;

/// A run that is being followed.
pub(super) struct Watching<'a> {
    reach: &'a Reach<'a>,
    id: String,
    /// What it looked like at the last look.
    run: Option<Run>,
    log: Vec<Log>,
    known: BTreeSet<String>,
    /// The last line, in Port's order.
    last: Option<String>,
    /// How often it may still be unknown.
    tolerance: u32,
    /// Whether Port is away, as far as was told.
    away: bool,
}

impl<'a> Watching<'a> {
    /// A run of which nothing is known.
    pub(super) fn new(reach: &'a Reach<'a>, id: &str) -> Self {
        Watching {
            reach,
            id: id.to_owned(),
            run: None,
            log: Vec::new(),
            known: BTreeSet::new(),
            last: None,
            tolerance: 0,
            away: false,
        }
    }

    /// A run that was just started, and of which it was told where it stands.
    pub(super) fn started(reach: &'a Reach<'a>, run: Run) -> Self {
        if reach.is_human() {
            let links = run.links.iter();
            links.for_each(|link| print(&show::run::link(link, &reach.style())));
        }
        let mut watching = Watching::new(reach, &run.id);
        watching.run = Some(run);
        watching.tolerance = TOLERANCE;
        watching
    }

    /// Follows it, and comes back with the exit code.
    pub(super) async fn until_the_end(
        mut self,
        limit: Duration,
        interrupt: &mut Interrupt,
    ) -> Result<u8, Stop> {
        let (id, reach) = (self.id.clone(), self.reach);
        let end = tokio::select! {
            biased;
            () = interrupt.pressed() => End::Interrupted,
            ended = self.watch() => ended?,
            () = tokio::time::sleep(limit) => End::Late,
        };
        let goes_on = format!(
            "the run goes on; `{}` follows it",
            reach.again(&format!("follow {id}"))
        );
        match end {
            End::Ended(run) => {
                reach.document(&run, &self.log, None);
                reach.ended(&run)
            }
            End::Alone => {
                let approvers = self.approvers().await;
                self.document(approvers.as_ref());
                Err(self.alone(approvers.as_ref()))
            }
            End::Interrupted => {
                self.document(None);
                notice(&format!("Interrupted: {goes_on}."));
                Ok(exit::INTERRUPTED)
            }
            End::Late => {
                let approvers = self.approvers().await;
                self.document(approvers.as_ref());
                let stands = self.stands(approvers.as_ref());
                let message = format!("after {} s {stands}", limit.as_secs());
                Err(Stop::new(exit::WORLD, message).help(goes_on))
            }
        }
    }

    async fn approvers(&self) -> Option<Approvers> {
        self.reach.approvers(self.run.as_ref()?).await
    }

    fn document(&self, approvers: Option<&Approvers>) {
        if let Some(run) = &self.run {
            self.reach.document(run, &self.log, approvers);
        }
    }

    /// Where it stands, as a fragment.
    fn stands(&self, approvers: Option<&Approvers>) -> String {
        match &self.run {
            Some(run) => show::run::state(run, approvers),
            None => format!("nothing is known of run {}", self.id),
        }
    }

    /// What to say in the embedded sandbox, where nobody else will do what a run waits for.
    fn alone(&self, approvers: Option<&Approvers>) -> Stop {
        let waits = self.run.as_ref().map(|run| &run.status) == Some(&Status::WaitingForApproval);
        let words = match waits {
            true => format!("approve {}", self.id),
            false => format!("finish {} --status SUCCESS", self.id),
        };
        let help = format!(
            "nobody else is in the embedded sandbox: `{}`",
            self.reach.again(&words)
        );
        Stop::new(exit::WORLD, self.stands(approvers)).help(help)
    }

    /// Looks until it is over.
    async fn watch(&mut self) -> Result<End, Stop> {
        let mut rhythm = Rhythm::default();
        let stage = &self.reach.session.stage;
        loop {
            let before = (self.run.clone(), self.log.len());
            match self.look().await {
                Ok(run) if run.ended => return Ok(End::Ended(run)),
                Ok(_) => self.away = false,
                Err(error) => self.bear(error)?,
            }
            let news = before != (self.run.clone(), self.log.len());
            match stage.is_sandbox() {
                true if !news && rhythm.begun() => return Ok(End::Alone),
                true => {
                    rhythm.next(news);
                    stage.settle().await;
                }
                false => tokio::time::sleep(rhythm.next(news)).await,
            }
        }
    }

    /// Looks once: first at the run, so that the log is whole when it is over.
    async fn look(&mut self) -> Result<Run, ServiceError> {
        let run = self.reach.reader().run(&self.id).await?;
        let lines = self.lines().await?;
        if self.reach.is_human() {
            let style = self.reach.style();
            lines
                .iter()
                .for_each(|line| print(&show::run::log(line, &style)));
        }
        self.log.extend(lines);
        self.tell(&run).await;
        self.run = Some(run.clone());
        Ok(run)
    }

    /// The lines that were not there yet. No page says in which order Port gives them: when the
    /// last line is not where it was, all of them are read.
    async fn lines(&mut self) -> Result<Vec<Log>, ServiceError> {
        let reader = self.reach.reader();
        let offset = self.log.len().saturating_sub(1);
        let mut page = reader.run_log(&self.id, offset).await?;
        if offset > 0 && page.lines.first().map(|line| &line.id) != self.last.as_ref() {
            page = reader.run_log(&self.id, 0).await?;
        }
        let mut lines = std::mem::take(&mut page.lines);
        for _ in 1..PAGES {
            let Some(offset) = page.next else { break };
            page = reader.run_log(&self.id, offset).await?;
            lines.append(&mut page.lines);
        }
        // Nothing is taken for known before all of it is there: the next page may not come.
        self.last = lines.last().map(|line| line.id.clone());
        lines.retain(|line| self.known.insert(line.id.clone()));
        lines.sort_by(|one, other| one.at.cmp(&other.at));
        Ok(lines)
    }

    /// Says what has changed.
    async fn tell(&self, run: &Run) {
        if !self.reach.is_human() {
            return;
        }
        let (style, before) = (self.reach.style(), self.run.as_ref());
        let known = before.map_or(&[][..], |run| &run.links);
        let links = run.links.iter().filter(|link| !known.contains(link));
        links.for_each(|link| print(&show::run::link(link, &style)));
        if before.is_none_or(|before| (&before.status, &before.label) != (&run.status, &run.label))
        {
            let approvers = self.reach.approvers(run).await;
            print(&show::run::status(run, approvers.as_ref(), &style));
        }
        if let Some(summary) = run.summary.as_ref().filter(|_| run.ended) {
            print(&show::run::summary(summary, &style));
        }
    }

    /// Bears with an error that may pass.
    fn bear(&mut self, error: ServiceError) -> Result<(), Stop> {
        let passes = match error.problem() {
            Problem::Unreachable { certificate, .. } => !certificate,
            Problem::TimedOut(_) | Problem::Broken(_) | Problem::Unavailable { .. } => true,
            Problem::Limited(_) => true,
            Problem::NotFound(_) if self.tolerance > 0 => {
                self.tolerance -= 1;
                return Ok(());
            }
            _ => false,
        };
        if !passes {
            return Err(world(error));
        }
        if !self.away {
            notice(&format!(
                "{error}. It is asked again until the time is over."
            ));
        }
        self.away = true;
        Ok(())
    }
}

/// How following ended.
enum End {
    Ended(Run),
    /// Nobody is there who could end it.
    Alone,
    Interrupted,
    Late,
}

/// The waits between two looks.
struct Rhythm(Duration);

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm(WAITS.0)
    }
}

impl Rhythm {
    /// Whether there was a wait.
    fn begun(&self) -> bool {
        self.0 > WAITS.0
    }

    /// The next wait: half as long again from look to look, short when there is news.
    fn next(&mut self, news: bool) -> Duration {
        let wait = match news {
            true => self.0.min(LIVELY),
            false => self.0,
        };
        self.0 = (wait * 3 / 2).min(WAITS.1);
        wait
    }
}

/// Ctrl-C: the first one ends the following, the second one the process. While something is sent,
/// the first one waits for the answer, and says so.
pub(super) struct Interrupt {
    pressed: watch::Receiver<bool>,
    sending: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        let (pressed, seen) = watch::channel(false);
        let sending = Arc::new(AtomicBool::new(false));
        let busy = sending.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if pressed.send_replace(true) {
                    std::process::exit(exit::INTERRUPTED.into());
                }
                if busy.load(Ordering::SeqCst) {
                    tell(
                        "stopping: Port's answer is waited for; press Ctrl-C again to end at once",
                    );
                }
            }
        });
        Interrupt {
            pressed: seen,
            sending,
        }
    }

    /// Says whether something is being sent.
    pub(super) fn sending(&self, now: bool) {
        self.sending.store(now, Ordering::SeqCst);
    }

    /// Waits for the first one.
    async fn pressed(&mut self) {
        if self.pressed.wait_for(|pressed| *pressed).await.is_err() {
            // Nobody can press it any more.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rare_and_lively_again() {
        let mut rhythm = Rhythm::default();
        let waits: Vec<u128> = (0..12).map(|_| rhythm.next(false).as_millis()).collect();
        assert_eq!(waits[..4], [250, 375, 562, 843]);
        assert_eq!(waits[10..], [10_000, 10_000]);
        assert_eq!(rhythm.next(true), LIVELY);
        assert_eq!(rhythm.next(false).as_millis(), 1500);
    }
}
