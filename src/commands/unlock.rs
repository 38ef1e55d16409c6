//! `spaceport unlock`: takes the lease on a ledger in Port away from whoever holds it.
//!
//! A run that lost its lease stops by itself at its next renewal. Deliberately not here: leases
//! whose holder is gone; an apply takes those over without being asked.

use std::io::IsTerminal;

use clap::Args;

use crate::cli::Global;
use crate::commands::project::{Stream, style};
use crate::commands::session::{Session, unkept};
use crate::commands::turn::words;
use crate::commands::{consent, line, print, runtime};
use crate::decide::ledger::{Home, tenure};
use crate::exit::{self, Stop};
use crate::show::text;
use crate::there::services::Writer;

/// Arguments of `unlock`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Unlock without asking
    #[arg(long)]
    pub yes: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let session = Session::open(global).await?;
        let done = unlock(global, arguments, &session).await;
        session.stage.strike().await;
        done
    })
}

async fn unlock(global: &Global, arguments: &Arguments, session: &Session) -> Result<u8, Stop> {
    let Home::Port(shelf) = &session.stage.home else {
        return Err(Stop::new(
            exit::USAGE,
            "this project's ledger is not kept in Port, and has no lease",
        )
        .help("the lock of a ledger file ends with the process that holds it".to_owned()));
    };
    let seen = shelf.look_at_leases(&session.reader).await;
    seen.map_err(|error| unkept(&error))?;
    let leases = shelf.leases();
    let Some((_, last)) = leases.last() else {
        print("Nobody holds the ledger.\n");
        return Ok(exit::DONE);
    };
    let held = tenure::held(last, session.reader.server_time());
    let columns = style(global, Stream::Out).width;
    let lines = text::wrap("", &text::escape(&format!("{}.", words(&held))), columns);
    lines.iter().for_each(|told| line(told));
    if !arguments.yes {
        if !std::io::stdin().is_terminal() {
            return Err(
                Stop::new(exit::USAGE, "there is no terminal to ask on").help(
                    "make sure that it has ended, then run `spaceport unlock --yes`".to_owned(),
                ),
            );
        }
        consent("Take the lease away?")?;
    }
    let writer = Writer::new(session.reader.clone(), session.stage.vault());
    let gone = tenure::unlock(shelf, &writer).await;
    gone.map_err(|error| unkept(&error))?;
    print("The lease is gone.\n");
    Ok(exit::DONE)
}
