//! `spaceport apply`: changes both services to what the project wants, and proves it.
//!
//! Looks, shows, asks, looks again, writes, and looks once more: the closing plan must be empty.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::act::apply::{Apply, Stamp};
use crate::act::report::{Outcome, Report};
use crate::cli::Global;
use crate::commands::counter::Counter;
use crate::commands::plan::Scope;
use crate::commands::project::{self, Stream, style};
use crate::commands::session::{Look, Session};
use crate::commands::{checkout, print, runtime, tell};
use crate::decide::ledger::HomeError;
use crate::decide::ledger::home::Lock;
use crate::decide::plan::{Action, Change, Flags, Plan};
use crate::exit::{self, Stop};
use crate::show::render::human;
use crate::there::services::Writer;
use crate::words::value::SecretSource;
use crate::words::{Addr, Finding, Findings, Pointer};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to apply.
    #[command(flatten)]
    pub scope: Scope,
    /// Apply without asking
    #[arg(long)]
    pub yes: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let session = Session::open(global).await?;
        let applied = apply(global, arguments, &session).await;
        session.stage.strike().await;
        applied
    })
}

async fn apply(global: &Global, arguments: &Arguments, session: &Session) -> Result<u8, Stop> {
    if !arguments.yes && !std::io::stdin().is_terminal() {
        return Err(Stop::new(exit::USAGE, "there is no terminal to ask on")
            .help("review with `spaceport plan`, then run `spaceport apply --yes`".to_owned()));
    }
    let _lock = Lock::take(&session.stage.home).map_err(|error| {
        let code = match error {
            HomeError::Taken(_) => exit::BLOCKED,
            HomeError::Outside(_) => exit::FINDINGS,
            HomeError::Io { .. } | HomeError::Broken { .. } => exit::WORLD,
        };
        Stop::new(code, error)
    })?;
    let mut flags = arguments.scope.flags()?;
    flags.rekey = true;
    let mut look = session.look(global, &flags).await?;
    arguments.scope.check(session, &look.plan)?;
    let style = style(global, Stream::Out);
    let header = session.header(global, &look);
    let shown = human::plan(&look.plan, &header, &style);
    print(&shown);
    refuse(&look.plan)?;
    missing(global, session, &look.plan)?;
    if look.plan.is_empty() && look.ledger.intent.is_none() {
        return Ok(exit::DONE);
    }
    if !arguments.yes && look.plan.writes().next().is_some() {
        ask()?;
        let seen = look.plan;
        // The world may have moved while the user was reading.
        look = session.look(global, &flags).await?;
        if !look.plan.says_the_same(&seen) || human::plan(&look.plan, &header, &style) != shown {
            return Err(
                Stop::new(exit::BLOCKED, "the plan is another one than you were shown")
                    .help("run `spaceport apply` again".to_owned()),
            );
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop);
    let writer = Arc::new(Writer::new(session.reader.clone(), session.stage.vault()));
    let written: Vec<Change> = look.plan.writes().cloned().collect();
    let report = carry_out(global, session, look, &writer, &stop).await;
    print(&format!("\n{}", human::report(&report, &style)));
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
    // What was to be sent anew has been.
    flags.rotate = BTreeSet::new();
    flags.rotate_unverified = false;
    let proved = prove(global, session, &flags, written, &writer, &stop).await;
    // Much was changed already, so that "nothing applied" would be wrong.
    proved.map_err(|stop| Stop {
        code: exit::INCOMPLETE,
        ..stop
    })
}

/// The closing look. What differs only in places just written is written once more: services
/// drop some things silently when they come too early.
async fn prove(
    global: &Global,
    session: &Session,
    flags: &Flags,
    written: Vec<Change>,
    writer: &Arc<Writer>,
    stop: &Arc<AtomicBool>,
) -> Result<u8, Stop> {
    let style = style(global, Stream::Out);
    let mut corrected = false;
    loop {
        let look = session.look(global, flags).await?;
        if look.plan.is_empty() {
            print(&human::converged(requests(session), &style));
            return Ok(exit::DONE);
        }
        let again = look
            .plan
            .changes
            .iter()
            .all(|change| written.iter().any(|first| repeats(change, first)));
        if corrected || !again || !look.plan.refusals.is_empty() {
            print(&format!(
                "\n{}",
                human::plan(&look.plan, &session.header(global, &look), &style)
            ));
            return Err(Stop::new(exit::INCOMPLETE, "the services do not hold what was written")
                .help("look at the changes above; somebody else may be writing, or a service dropped a field".to_owned()));
        }
        corrected = true;
        tell("Some fields did not take effect at once; they are written once more.");
        let report = carry_out(global, session, look, writer, stop).await;
        if !report.is_complete() {
            print(&human::report(&report, &style));
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

async fn carry_out(
    global: &Global,
    session: &Session,
    look: Look,
    writer: &Arc<Writer>,
    stop: &Arc<AtomicBool>,
) -> Report {
    let stamp = Stamp {
        at: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        commit: checkout::commit(&global.config),
        organization: look.live.organization.as_ref().map(|o| o.id.clone()),
        account: look.live.account.clone(),
    };
    let style = style(global, Stream::Out);
    let column = human::Column::of(&look.plan);
    print("\n");
    let watched = std::io::stderr().is_terminal() && !global.quiet;
    let counter = Counter::new(watched.then(std::io::stderr), look.plan.writes().count());
    let progress = |change: &Change, outcome: &Outcome| {
        counter.remove();
        if !global.quiet {
            print(&human::progress(
                column,
                &change.addr,
                change.action,
                outcome,
                &style,
            ));
        }
    };
    let fingerprint = |addr: &Addr, at: &Pointer, source: &SecretSource, salt: &str| {
        session.fingerprint(addr, at, source, salt)
    };
    let apply = Apply {
        plan: &look.plan,
        writer: writer.clone(),
        ledger: look.ledger,
        home: &session.stage.home,
        stop: stop.clone(),
        fingerprint: &fingerprint,
        stamp,
        progress: &progress,
        ended: &|| counter.ended(),
    };
    let report = apply.run().await;
    counter.remove();
    report
}

fn requests(session: &Session) -> usize {
    usize::try_from(session.reader.requests().requests).unwrap_or(usize::MAX)
}

fn refuse(plan: &Plan) -> Result<(), Stop> {
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
        let names = names
            .iter()
            .map(|n| format!("`{n}`"))
            .collect::<Vec<_>>()
            .join(" and ");
        findings.push(
            Finding::error("ref::unset_secret", place, format!("`{addr}` must be sent with `{at}`, and {names} is not set"))
                .help("set the variable for this run; it is needed once, when the object is created or the secret changes"),
        );
    }
    project::check(global, findings, &session.desired.sources)
}

fn ask() -> Result<(), Stop> {
    let mut err = anstream::stderr();
    let _ = write!(err, "\nApply these changes? Type `yes`: ").and_then(|()| err.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match (read, answer.trim()) {
        (Ok(_), "yes") => Ok(()),
        _ => {
            tell("Nothing was changed.");
            Err(Stop::quiet(exit::BLOCKED))
        }
    }
}

/// The first Ctrl-C lets what is in flight finish; the second ends the process.
fn listen(stop: &Arc<AtomicBool>) {
    let stop = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.swap(true, Ordering::SeqCst) {
                std::process::exit(exit::INTERRUPTED.into());
            }
            tell("stopping: what is in flight is finished; press Ctrl-C again to end at once");
        }
    });
}
