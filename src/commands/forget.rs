//! `spaceport forget`: gives an object up. Only the ledger changes; the object stays as it is.
//!
//! Deliberately not here: deleting, which is what an apply does when an object's file is gone.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;

use crate::cli::Global;
use crate::commands::session::{Session, unkept};
use crate::commands::turn::Turn;
use crate::commands::{consent, line, runtime};
use crate::decide::ledger::home::Lock;
use crate::decide::ledger::{Entry, Home, Ledger};
use crate::exit::{self, Stop};
use crate::show::text;
use crate::there::services::Writer;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The object, such as `port.blueprint.service`
    #[arg(value_name = "ADDR", required = true)]
    pub addrs: Vec<Addr>,
    /// Forget without asking
    #[arg(long)]
    pub yes: bool,
    /// Wait so long for an apply of this project to end
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub wait: u64,
    /// Believe the ledger in Port for this run, although somebody else wrote to it
    #[arg(long)]
    pub trust_ledger: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let session = Session::open(global).await?;
        let done = forget(arguments, &session).await;
        session.stage.strike().await;
        done
    })
}

async fn forget(arguments: &Arguments, session: &Session) -> Result<u8, Stop> {
    let home = &session.stage.home;
    if let Home::None = home {
        return Err(Stop::new(
            exit::USAGE,
            "with `ledger: none` there is nothing to forget",
        ));
    }
    let _lock = Lock::take(home).map_err(|error| unkept(&error))?;
    let ledger = load(arguments, session).await?;
    for addr in &arguments.addrs {
        known(&ledger, addr)?;
    }
    let names: Vec<String> = arguments
        .addrs
        .iter()
        .map(|addr| format!("`{addr}`"))
        .collect();
    if !arguments.yes {
        if !std::io::stdin().is_terminal() {
            return Err(Stop::new(exit::USAGE, "there is no terminal to ask on")
                .help("run `spaceport forget --yes`".to_owned()));
        }
        consent(&text::escape(&format!("Give up {}?", names.join(", "))))?;
    }
    let writer = Arc::new(Writer::new(session.reader.clone(), session.stage.vault()));
    let stop = Arc::new(AtomicBool::new(false));
    let wait = Duration::from_secs(arguments.wait);
    let turn = Turn::take(session, None, &writer, &stop, wait).await?;
    let forgotten = in_turn(arguments, session, ledger, turn.current, &writer).await;
    turn.end(&writer).await;
    forgotten?;
    for addr in &arguments.addrs {
        line(&format!("{addr} is no longer ours; it stays as it is."));
    }
    Ok(exit::DONE)
}

async fn in_turn(
    arguments: &Arguments,
    session: &Session,
    mut ledger: Ledger,
    current: bool,
    writer: &Writer,
) -> Result<(), Stop> {
    if !current {
        ledger = load(arguments, session).await?;
    }
    for addr in &arguments.addrs {
        known(&ledger, addr)?;
        ledger.entries.remove(addr);
        if let Some(intent) = &mut ledger.intent {
            intent.creates.remove(addr);
            intent.sends.remove(addr);
        }
    }
    ledger.serial += 1;
    let saved = session.stage.home.save(&ledger, writer).await;
    saved.map_err(|error| unkept(&error))
}

/// The ledger, which is there and speaks of this project.
async fn load(arguments: &Arguments, session: &Session) -> Result<Ledger, Stop> {
    let home = &session.stage.home;
    let loaded = home.load(&session.reader, &session.vault, arguments.trust_ledger);
    let loaded = loaded.await.map_err(|error| unkept(&error))?;
    session.ledger(loaded.ledger)
}

/// What can be said about an address that is like none of the ledger.
pub(super) const ABSENT: &str = "it holds what this project applied in this environment; `spaceport plan` names what is still to be applied";

/// The entry of an address; near ones are suggested.
fn known<'a>(ledger: &'a Ledger, addr: &Addr) -> Result<&'a Entry, Stop> {
    let entries: &BTreeMap<Addr, Entry> = &ledger.entries;
    entries.get(addr).ok_or_else(|| {
        let names: Vec<String> = entries.keys().map(ToString::to_string).collect();
        let near = did_you_mean(&addr.to_string(), names.iter().map(String::as_str));
        let help = near.or_else(|| Some(ABSENT.to_owned()));
        Stop::new(exit::USAGE, format!("the ledger does not have `{addr}`")).help(help)
    })
}
