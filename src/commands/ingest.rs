//! `spaceport ingest`: entities of Port out of what Spacelift has. Writes what differs, and with
//! `--plan` nothing.
//!
//! An ingest is no object, so nothing is planned and no lease is taken: two at once write the same. The
//! ledger is read only where something may be deleted, which it must know to be ours (law 6).
//! Deliberately not here: the way of one ingest (see `crate::ingest`).

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::Global;
use crate::commands::apply::listen;
use crate::commands::format::Plain;
use crate::commands::output::json;
use crate::commands::plan::ALLOWING;
use crate::commands::progress::Progress;
use crate::commands::project::{self, Stream, style};
use crate::commands::session::{Session, unkept, world};
use crate::commands::sight::{self, Sight};
use crate::commands::{environment, print, runtime, wired};
use crate::decide::ledger::Ledger;
use crate::exit::{self, Stop};
use crate::follow;
use crate::ingest::{self, Hands, Ours, Report, Setting};
use crate::kinds::ingest::KIND;
use crate::show::document::ingest::IngestsDocument;
use crate::show::{self, Header, header};
use crate::there::Writer;
use crate::there::live::Live;
use crate::want::desired::Desired;
use crate::want::ingest::Ingest;
use crate::words::finding::did_you_mean;
use crate::words::hosts::spacelift_origin;
use crate::words::{Addr, Service};

/// Arguments of `ingest`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The ingests to run, in this order; by default all of the project
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Only show what would be written: counts and samples
    #[arg(long)]
    pub plan: bool,
    /// Allow up to N deletes of each ingest, whatever `limits` says
    #[arg(long, value_name = "N", help_heading = ALLOWING)]
    pub allow_deletes: Option<u64>,
    /// How to print what became of it
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub format: Plain,
}

/// How often the line of progress is drawn although nothing is done.
const TICK: Duration = Duration::from_millis(500);

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let env = environment();
    let desired = project::open_even_empty(global, &env)?;
    let chosen = chosen(&desired, &arguments.names)?;
    project::check(global, follow::ingest::findings(&desired), &desired.sources)?;
    runtime()?.block_on(async {
        let session = Session::of(global, desired, &env).await?;
        let done = ingest_all(global, arguments, &session, &chosen).await;
        session.stage.strike().await;
        done
    })
}

/// The ingests that are named, each once; without a name all of them.
fn chosen(desired: &Desired, names: &[String]) -> Result<Vec<Ingest>, Stop> {
    let all = &desired.ingests;
    if all.is_empty() {
        let whose = sight::suffix(desired.config.environment.as_deref());
        let message = format!("the project has no ingests{whose}");
        let help = format!(
            "an ingest is a document with `kind: {KIND}`; `spaceport explain {KIND}` shows one"
        );
        return Err(Stop::new(exit::USAGE, message).help(help));
    }
    if names.is_empty() {
        return Ok(all.clone());
    }
    let mut chosen: Vec<Ingest> = Vec::new();
    for name in names {
        let Some(found) = all.iter().find(|ingest| ingest.name == *name) else {
            let known: Vec<&str> = all.iter().map(|ingest| ingest.name.as_str()).collect();
            let help = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("there is `{}`", known.join("`, `")));
            return Err(Stop::new(exit::USAGE, format!("there is no ingest `{name}`")).help(help));
        };
        if chosen.iter().all(|one| one.name != found.name) {
            chosen.push(found.clone());
        }
    }
    Ok(chosen)
}

async fn ingest_all(
    global: &Global,
    arguments: &Arguments,
    session: &Session,
    chosen: &[Ingest],
) -> Result<u8, Stop> {
    let (live, ledger) = see(session, chosen).await?;
    let header = heading(global, session, &live, ledger.as_ref());
    let look = style(global, Stream::Out);
    let human = arguments.format == Plain::Human;
    if human {
        print(&header::human(&header, &look));
    }
    let hands = match arguments.plan {
        true => Hands::Look(session.reader.clone()),
        false => {
            let writer = Writer::new(session.reader.clone(), session.stage.vault());
            Hands::Write(Arc::new(writer))
        }
    };
    // Logs of requests and a line that is drawn over and over would tear each other apart.
    let watched = draws() && !global.quiet && global.verbose < 2;
    let begun = Instant::now();
    let line = watched.then(std::io::stderr);
    let progress = Arc::new(Progress::new(line, move || begun.elapsed()));
    let stop = Arc::new(AtomicBool::new(false));
    let covered = progress.clone();
    listen(&stop, move || covered.remove());
    let setting = Setting {
        engines: Arc::new(wired::engines()?),
        account: spacelift_origin(
            session
                .desired
                .config
                .account
                .as_deref()
                .unwrap_or_default(),
        ),
        ours: ours(session, ledger.as_ref()),
        allow_deletes: arguments.allow_deletes,
        now: jiff::Timestamp::now().as_millisecond() as f64 / 1000.0,
        progress: progress.clone(),
        stop: stop.clone(),
    };
    let mut reports = Vec::new();
    for one in chosen {
        let report = ticking(&progress, ingest::run(one, &hands, &setting)).await;
        progress.remove();
        if human {
            print(&format!("\n{}", show::ingest::human(one, &report, &look)));
        }
        let interrupted = report.interrupted;
        reports.push(report);
        if interrupted || stop.load(Ordering::SeqCst) {
            break;
        }
    }
    if !human {
        let document = IngestsDocument::of(&header, arguments.plan, &reports);
        print(&json(&document));
    }
    let unbegun = reports.len() < chosen.len();
    Ok(code(&reports, unbegun))
}

/// Whether stderr is a terminal on which a line can be drawn over.
fn draws() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Waits for an ingest while the line of progress is kept up to date.
async fn ticking<W, C>(progress: &Progress<W, C>, run: impl Future<Output = Report>) -> Report
where
    W: std::io::Write + Send,
    C: Fn() -> Duration + Send + Sync,
{
    tokio::pin!(run);
    loop {
        tokio::select! {
            report = &mut run => return report,
            () = tokio::time::sleep(TICK) => progress.tick(),
        }
    }
}

/// Which organization this is, and, where something may be deleted, what of it is ours.
async fn see(session: &Session, chosen: &[Ingest]) -> Result<(Live, Option<Ledger>), Stop> {
    let reader = &session.reader;
    let mut live = Live::default();
    live.account = session.desired.config.account.clone();
    if !chosen.iter().any(|ingest| ingest.prune) {
        live.organization = Some(reader.organization().await.map_err(world)?);
        return Ok((live, None));
    }
    let (organization, kept) = tokio::join!(
        reader.organization(),
        session.stage.home.load(reader, &session.vault, false)
    );
    let loaded = kept.map_err(|error| unkept(&error))?;
    live.organization = Some(organization.map_err(world)?);
    let is_new = loaded.ledger.is_none();
    let ledger = session.ledger(loaded.ledger)?;
    let sight = Sight {
        live,
        ledger,
        is_new,
        blueprint_missing: loaded.blueprint_missing,
    };
    sight.check(&session.desired, false)?;
    Ok((sight.live, Some(sight.ledger)))
}

/// The first lines: where entities go, and where they come from.
fn heading(global: &Global, session: &Session, live: &Live, ledger: Option<&Ledger>) -> Header {
    let mut places = session.places(global);
    if ledger.is_none() {
        places.ledger = String::new();
    }
    sight::heading(&session.desired, &places, live, ledger)
}

/// What an ingest may delete: entities of blueprints of ours, made by our client or a webhook of ours.
fn ours(session: &Session, ledger: Option<&Ledger>) -> Ours {
    let Some(ledger) = ledger else {
        return Ours::default();
    };
    let names = |kind: &str| {
        let kind = Addr::new(Service::Port, kind, "").kind_name();
        let entries = ledger.entries.iter();
        // Somebody else's object of which we manage a place is not ours.
        let entries = entries
            .filter(move |(addr, entry)| addr.kind_name() == kind && entry.manage.is_empty());
        entries.map(|(_, entry)| entry.name.clone())
    };
    let client = session.stage.endpoints.port.as_ref();
    Ours {
        blueprints: names("blueprint").collect(),
        makers: names("webhook")
            .chain(client.map(|port| port.client_id.clone()))
            .collect(),
    }
}

/// The exit code of ingests that ended. Failures come before a brake: both are told, and what failed may
/// be why it is not certain what is gone.
fn code(reports: &[Report], unbegun: bool) -> u8 {
    let any = |is: fn(&Report) -> bool| reports.iter().any(is);
    if unbegun || any(|report| report.interrupted) {
        return exit::INTERRUPTED;
    }
    if any(|report| report.broken.is_some()) {
        return match any(Report::wrote) {
            true => exit::INCOMPLETE,
            false => exit::WORLD,
        };
    }
    if any(|report| report.failed > 0) {
        return exit::INCOMPLETE;
    }
    match any(|report| report.refused.is_some()) {
        true => exit::BLOCKED,
        false => exit::DONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weighs_most_says_how_it_ended() {
        let well = Report {
            created: 1,
            ..Report::default()
        };
        let failed = Report {
            failed: 1,
            ..Report::default()
        };
        let refused = Report {
            refused: Some("too many".into()),
            ..Report::default()
        };
        let broken = Report {
            broken: Some("no connection".into()),
            ..Report::default()
        };
        let interrupted = Report {
            interrupted: true,
            ..Report::default()
        };
        let code = |reports: &[&Report]| {
            let reports: Vec<Report> = reports.iter().map(|report| (*report).clone()).collect();
            code(&reports, false)
        };
        assert_eq!(code(&[&well]), 0);
        assert_eq!(code(&[&well, &failed]), 4);
        assert_eq!(code(&[&refused]), 5);
        assert_eq!(code(&[&refused, &failed]), 4);
        assert_eq!(code(&[&broken, &failed]), 1);
        assert_eq!(code(&[&broken, &well]), 4);
        assert_eq!(code(&[&broken, &interrupted]), 130);
        let planned = Report {
            planned: true,
            ..well.clone()
        };
        assert_eq!(code(&[&broken, &planned]), 1);
        assert_eq!(super::code(&[well], true), 130);
    }
}
