//! `spaceport drift`: what of ours is not as the last apply left it. Sends no write.
//!
//! Needs the ledger, which says what was applied, and no secret. Deliberately not here: what an
//! apply would do about it, which `plan` shows.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::Global;
use crate::commands::forget::ABSENT;
use crate::commands::format::Format;
use crate::commands::output::Output;
use crate::commands::runtime;
use crate::commands::session::Session;
use crate::commands::sight::{Look, Sight};
use crate::decide::drift::{self, Drift};
use crate::decide::ledger::{Home, Ledger};
use crate::decide::plan::{self, Facts, Flags, SecretFacts, guard};
use crate::exit::{self, Stop};
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// Arguments of `drift`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only this object, such as `port.blueprint.service`; may be given several times
    #[arg(long = "target", value_name = "ADDR")]
    pub targets: Vec<Addr>,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Go on although a list came back empty that the ledger says is not
    #[arg(long)]
    pub allow_empty: bool,
    /// Believe the ledger in Port for this run, although somebody else wrote to it
    #[arg(long)]
    pub trust_ledger: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let session = Session::open(global).await?;
        let shown = look(global, arguments, &session).await;
        session.stage.strike().await;
        shown
    })
}

async fn look(global: &Global, arguments: &Arguments, session: &Session) -> Result<u8, Stop> {
    if let Home::None = session.stage.home {
        return Err(Stop::new(
            exit::USAGE,
            "with `ledger: none` nobody knows what was applied last, so there is nothing to compare with",
        )
        .help("`spaceport plan` shows how live differs from the project".to_owned()));
    }
    let Sight { live, ledger, .. } = session.see(arguments.trust_ledger).await?;
    known(&ledger, &arguments.targets)?;
    let flags = Flags {
        allow_empty: arguments.allow_empty,
        ..Flags::default()
    };
    // Neither secrets nor counts of data say anything about what was applied.
    let (plan, findings) = plan::plan(plan::Input {
        desired: &session.desired,
        live: &live,
        ledger: &ledger,
        secrets: &SecretFacts::new(),
        facts: &Facts::default(),
        flags: &flags,
    });
    let empty = plan.refusals.iter().find(|r| r.guard == guard::EMPTY);
    if let Some(refusal) = empty {
        return Err(Stop::new(exit::BLOCKED, &refusal.message).help(refusal.allow.clone()));
    }
    let targets: BTreeSet<Addr> = arguments.targets.iter().cloned().collect();
    let complete = !findings.has_errors();
    let mut drift = drift::drift(drift::Input {
        desired: &session.desired,
        live: &live,
        ledger: &ledger,
        plan: &plan,
        complete,
        targets: &targets,
    });
    if !complete {
        drift.notes.push(
            "the project does not fit what is live, so that not everything could be compared with it; `spaceport plan` says why"
                .to_owned(),
        );
    }
    let look = Look { live, ledger, plan };
    let header = session.header(global, &look);
    let output = Output::new(global, arguments.format, &session.desired);
    output.drift(&drift, &header, &look.ledger)?;
    Ok(code(&drift))
}

/// What is named must be in the ledger; near addresses are suggested.
fn known(ledger: &Ledger, targets: &[Addr]) -> Result<(), Stop> {
    for addr in targets {
        if ledger.entries.contains_key(addr) {
            continue;
        }
        let names: Vec<String> = ledger.entries.keys().map(ToString::to_string).collect();
        let near = did_you_mean(&addr.to_string(), names.iter().map(String::as_str));
        let message = format!("--target: the ledger does not have `{addr}`");
        let help = near.or_else(|| Some(ABSENT.to_owned()));
        return Err(Stop::new(exit::USAGE, message).help(help));
    }
    Ok(())
}

fn code(drift: &Drift) -> u8 {
    match drift.objects.is_empty() {
        true => exit::DONE,
        false => exit::CHANGES,
    }
}
