//! `spaceport apply`: changes both services to what the project wants, and proves it.
//!
//! Looks, shows, asks, looks again, writes, and looks once more: the closing plan must be empty.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use crate::act::apply::{Apply, Stamp};
use crate::act::report::{Outcome, Report};
use crate::cli::Global;
use crate::commands::counter::Counter;
use crate::commands::expected::Expected;
use crate::commands::format::Format;
use crate::commands::output::Output;
use crate::commands::plan::Scope;
use crate::commands::project;
use crate::commands::session::{Session, unkept};
use crate::commands::sight::Look;
use crate::commands::turn::Turn;
use crate::commands::unfilled::unfilled;
use crate::commands::{checkout, consent, now, runtime, tell};
use crate::decide::ledger::home::Lock;
use crate::decide::ledger::{Home, HomeError};
use crate::decide::plan::{Action, Change, Flags, Plan};
use crate::exit::{self, Stop};
use crate::show::Style;
use crate::show::render::human;
use crate::there::services::Writer;
use crate::words::value::SecretSource;
use crate::words::{Addr, Finding, Findings, Pointer};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A plan that `plan --out` wrote: apply only if a fresh one has the same digest
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Apply only if the plan has this digest
    #[arg(long, value_name = "DIGEST", conflicts_with = "file")]
    pub expect: Option<String>,
    /// What to apply.
    #[command(flatten)]
    pub scope: Scope,
    /// Apply without asking
    #[arg(long)]
    pub yes: bool,
    /// How to print plan and report; github also writes the summary of the step
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Wait so long for another apply of this project to end
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub wait: u64,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let expected = Expected::of(arguments)?;
        let session = Session::open(global).await?;
        let output = Output::of_apply(global, arguments.format, &session.desired);
        let applied = apply(global, arguments, &session, &output, &expected).await;
        output.end(requests(&session));
        session.stage.strike().await;
        applied
    })
}

async fn apply(
    global: &Global,
    arguments: &Arguments,
    session: &Session,
    output: &Output<'_>,
    expected: &Expected,
) -> Result<u8, Stop> {
    if !arguments.yes && !std::io::stdin().is_terminal() {
        return Err(Stop::new(exit::USAGE, "there is no terminal to ask on")
            .help("review with `spaceport plan`, then run `spaceport apply --yes`".to_owned()));
    }
    let _lock = Lock::take(&session.stage.home).map_err(|error| unkept(&error))?;
    let mut flags = arguments.scope.flags()?;
    flags.rekey = true;
    flags.applies = true;
    let mut look = session.look(global, &flags).await?;
    arguments.scope.check(&session.desired, &look.plan)?;
    let header = session.header(global, &look);
    output.plan(&look.plan, &header)?;
    expected.holds(&look.plan, &header)?;
    refuse(&look.plan)?;
    missing(global, session, &look.plan)?;
    let mistrusted = flags.trust_ledger && matches!(session.stage.home, Home::Port(_));
    if look.plan.is_empty() && look.ledger.intent.is_none() && !mistrusted {
        return Ok(ended(&left_out(&look.plan)));
    }
    if !arguments.yes && look.plan.writes().next().is_some() {
        // What a person was shown, whatever the format.
        let shown = human::plan(&look.plan, &header, &Style::default());
        if matches!(arguments.format, Format::Json | Format::Github) {
            tell(&shown);
        }
        consent("\nApply these changes?")?;
        let seen = look.plan;
        // The world may have moved while the user was reading.
        look = session.look(global, &flags).await?;
        if !look.plan.says_the_same(&seen)
            || human::plan(&look.plan, &header, &Style::default()) != shown
        {
            return Err(another_plan());
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop, || ());
    let writer = Arc::new(Writer::new(session.reader.clone(), session.stage.vault()));
    let wait = Duration::from_secs(arguments.wait);
    let turn = Turn::take(session, Some(&look.live), &writer, &stop, wait).await?;
    let current = turn.current;
    let hand = Hand {
        global,
        session,
        output,
        writer: writer.clone(),
        stop,
    };
    let done = in_turn(&hand, flags, look, current).await;
    turn.end(&writer).await;
    match done {
        Ok(exit::INTERRUPTED) if session.stage.home.is_lost() => Err(unkept(&HomeError::Lost)),
        done => done,
    }
}

/// What an apply works with.
pub(super) struct Hand<'a> {
    /// What every command understands.
    pub(super) global: &'a Global,
    /// Both sides.
    pub(super) session: &'a Session,
    /// Where it is said.
    pub(super) output: &'a Output<'a>,
    /// Sends the requests.
    pub(super) writer: Arc<Writer>,
    /// Set when the user wants to stop.
    pub(super) stop: Arc<AtomicBool>,
}

/// Carries out the plan and proves it, while nobody else may write.
pub(super) async fn in_turn(
    hand: &Hand<'_>,
    mut flags: Flags,
    mut look: Look,
    current: bool,
) -> Result<u8, Stop> {
    if !current {
        // Somebody applied meanwhile, and may have done all of it.
        let again = hand.session.look(hand.global, &flags).await?;
        if again.plan.is_empty() && again.ledger.intent.is_none() {
            let skipped = left_out(&again.plan);
            hand.output
                .converged(skipped.len(), requests(hand.session))?;
            return Ok(ended(&skipped));
        }
        if !again.plan.says_the_same(&look.plan) {
            return Err(another_plan());
        }
        look = again;
    }
    let skipped = left_out(&look.plan);
    let written: Vec<Change> = look.plan.writes().cloned().collect();
    let report = carry_out(hand, look).await;
    hand.output.report(&report)?;
    if report.interrupted {
        return Ok(exit::INTERRUPTED);
    }
    if !report.is_complete() {
        // Without its ledger nothing was begun.
        return Ok(match report.outcomes.is_empty() {
            true => exit::WORLD,
            false => exit::INCOMPLETE,
        });
    }
    // What was to be sent anew has been, and the ledger is ours again.
    flags.rotate = BTreeSet::new();
    flags.rotate_unverified = false;
    flags.trust_ledger = false;
    let unfilled = unfilled(hand.global, &hand.session.desired, &written);
    let proved = prove(hand, &flags, (written, skipped)).await;
    if proved.is_ok() {
        hand.output.unfilled(&unfilled);
    }
    // Much was changed already, so that "nothing applied" would be wrong.
    proved.map_err(|stop| Stop {
        code: exit::INCOMPLETE,
        ..stop
    })
}

pub(super) fn another_plan() -> Stop {
    Stop::new(exit::BLOCKED, "the plan is another one than you were shown")
        .help("run `spaceport apply` again".to_owned())
}

/// The closing look. What differs only in places just written is written once more: services
/// drop some things silently when they come too early.
async fn prove(
    hand: &Hand<'_>,
    flags: &Flags,
    (written, skipped): (Vec<Change>, BTreeSet<Addr>),
) -> Result<u8, Stop> {
    let mut corrected = false;
    loop {
        let mut look = hand.session.look(hand.global, flags).await?;
        // What was left out before stays left out, whatever the guards say by now.
        let out = |change: &Change| skipped.contains(&change.addr);
        look.plan.changes.retain(|change| !out(change));
        if look.plan.is_empty() {
            hand.output
                .converged(skipped.len(), requests(hand.session))?;
            return Ok(ended(&skipped));
        }
        let again = look
            .plan
            .changes
            .iter()
            .all(|change| written.iter().any(|first| repeats(change, first)));
        if corrected || !again || !look.plan.refusals.is_empty() {
            let header = hand.session.header(hand.global, &look);
            hand.output.again(&look.plan, &header)?;
            return Err(Stop::new(exit::INCOMPLETE, "the services do not hold what was written")
                .help("look at the changes above; somebody else may be writing, or a service dropped a field".to_owned()));
        }
        corrected = true;
        tell("Some fields did not take effect at once; they are written once more.");
        let report = carry_out(hand, look).await;
        if !report.is_complete() {
            hand.output.report(&report)?;
            return Ok(if report.interrupted {
                exit::INTERRUPTED
            } else {
                exit::INCOMPLETE
            });
        }
    }
}

/// Whether a change does nothing but what an earlier one did already, as the user was shown.
fn repeats(change: &Change, first: &Change) -> bool {
    let shown = |at: &Pointer| match first.action {
        Action::Create | Action::Replace => true,
        _ => first.fields.iter().any(|field| field.path.covers(at)),
    };
    change.addr == first.addr
        && change.action == Action::Update
        && first.action != Action::Delete
        && change.fields.iter().all(|field| shown(&field.path))
        && change.sends.is_subset(&first.sends)
}

async fn carry_out(hand: &Hand<'_>, look: Look) -> Report {
    let (global, session) = (hand.global, hand.session);
    let stamp = Stamp {
        at: now(),
        commit: checkout::commit(&global.config),
        organization: look.live.organization.as_ref().map(|o| o.id.clone()),
        account: look.live.account.clone(),
    };
    let column = human::Column::of(&look.plan);
    if look.plan.writes().next().is_some() {
        hand.output.begins();
    }
    let watched = std::io::stderr().is_terminal() && !global.quiet;
    let counter = Counter::new(watched.then(std::io::stderr), look.plan.writes().count());
    let progress = |change: &Change, outcome: &Outcome| {
        counter.remove();
        hand.output.progress(column, change, outcome);
    };
    let fingerprint = |addr: &Addr, at: &Pointer, source: &SecretSource, salt: &str| {
        session.fingerprint(addr, at, source, salt)
    };
    let apply = Apply {
        plan: &look.plan,
        writer: hand.writer.clone(),
        ledger: look.ledger,
        home: &session.stage.home,
        stop: hand.stop.clone(),
        fingerprint: &fingerprint,
        stamp,
        progress: &progress,
        ended: &|| counter.ended(),
    };
    let report = apply.run().await;
    counter.remove();
    report
}

/// The code of an apply that did all but what it left out.
fn ended(skipped: &BTreeSet<Addr>) -> u8 {
    match skipped.is_empty() {
        true => exit::DONE,
        false => exit::INCOMPLETE,
    }
}

/// What `--skip-refused` left out of a plan.
fn left_out(plan: &Plan) -> BTreeSet<Addr> {
    let skipped = plan.skipped.iter();
    skipped.map(|skipped| skipped.addr.clone()).collect()
}

fn requests(session: &Session) -> usize {
    usize::try_from(session.reader.requests().requests).unwrap_or(usize::MAX)
}

pub(super) fn refuse(plan: &Plan) -> Result<(), Stop> {
    if plan.refusals.is_empty() {
        Ok(())
    } else {
        Err(Stop::quiet(exit::BLOCKED))
    }
}

/// A secret that must be sent and is not at hand stops the apply before its first write.
fn missing(global: &Global, session: &Session, plan: &Plan) -> Result<(), Stop> {
    let mut findings = Findings::default();
    for (addr, at, names) in &plan.missing_secrets {
        let place = session.desired.objects.get(addr).map(|object| object.place);
        let be = if names.len() == 1 { "is" } else { "are" };
        let names = names
            .iter()
            .map(|n| format!("`{n}`"))
            .collect::<Vec<_>>()
            .join(" and ");
        findings.push(
            Finding::error("ref::unset_secret", place, format!("`{addr}` must be sent with `{at}`, and {names} {be} not set"))
                .help("set the variable for this run; it is needed once, when the object is created or the secret changes"),
        );
    }
    project::check(global, findings, &session.desired.sources)
}

/// The first Ctrl-C lets what is in flight finish; the second ends the process. `first` is done
/// before anything is said.
pub(super) fn listen(stop: &Arc<AtomicBool>, first: impl Fn() + Send + 'static) {
    let stop = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            first();
            if stop.swap(true, Ordering::SeqCst) {
                std::process::exit(exit::INTERRUPTED.into());
            }
            tell("stopping: what is in flight is finished; press Ctrl-C again to end at once");
        }
    });
}
