//! `spaceport destroy`: deletes all that the ledger says is ours, and then the ledger.
//!
//! It is the apply of a project without objects, asked for by the project's name: the same order,
//! guards, lease, intents and proof. Only the brake does not apply. Adopted objects are given up.
//! Deliberately not here: deleting what left the project, which every apply does.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;

use crate::cli::Global;
use crate::commands::format::Format;
use crate::commands::output::Output;
use crate::commands::plan::ALLOWING;
use crate::commands::project::{self, Stream, style};
use crate::commands::session::{Session, unkept};
use crate::commands::sight::Look;
use crate::commands::sight::marked;
use crate::commands::turn::Turn;
use crate::commands::{apply, environment, line, notice, print, runtime, tell, typed};
use crate::decide::ledger::home::Lock;
use crate::decide::ledger::{Home, HomeError};
use crate::decide::plan::{Action, Flags};
use crate::exit::{self, Stop};
use crate::kinds::LEDGER_BLUEPRINT;
use crate::show::render::human;
use crate::there::services::Writer;
use crate::words::Addr;

/// Arguments of `destroy`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The project's name, instead of typing it when asked
    #[arg(long, value_name = "PROJECT")]
    pub confirm: Option<String>,
    /// Wait so long for an apply of this project to end
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub wait: u64,
    /// Delete adopted objects too, instead of giving them up
    #[arg(long, help_heading = ALLOWING)]
    pub delete_adopted: bool,
    /// Allow the loss of data under this object, or under `all`
    #[arg(long, value_name = "ADDR|all", help_heading = ALLOWING)]
    pub allow_data_loss: Vec<String>,
    /// Go on although a list came back empty that the ledger says is not
    #[arg(long, help_heading = ALLOWING)]
    pub allow_empty: bool,
    /// Believe the ledger in Port for this run, although somebody else wrote to it
    #[arg(long, help_heading = ALLOWING)]
    pub trust_ledger: bool,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let mut flags = flags(arguments)?;
    runtime()?.block_on(async {
        let env = environment();
        // A project whose files are gone may be destroyed; one whose files cannot be read may not.
        let desired = project::open_even_empty(global, &env)?;
        let kept = desired
            .objects
            .values()
            .filter(|object| object.lifecycle.protect);
        flags.protected = kept.map(|object| object.addr.clone()).collect();
        let session = Session::of(global, desired.emptied(), &env).await?;
        let done = destroy(global, arguments, flags, &session).await;
        session.stage.strike().await;
        done
    })
}

fn flags(arguments: &Arguments) -> Result<Flags, Stop> {
    let mut flags = Flags {
        destroys: true,
        applies: true,
        delete_adopted: arguments.delete_adopted,
        allow_empty: arguments.allow_empty,
        trust_ledger: arguments.trust_ledger,
        ..Flags::default()
    };
    for text in &arguments.allow_data_loss {
        match text.as_str() {
            "all" => flags.allow_all_data_loss = true,
            addr => {
                let parsed: Result<Addr, _> = addr.parse();
                flags.allow_data_loss.insert(parsed.map_err(|message| {
                    Stop::new(exit::USAGE, format!("--allow-data-loss: {message}"))
                })?);
            }
        }
    }
    Ok(flags)
}

async fn destroy(
    global: &Global,
    arguments: &Arguments,
    flags: Flags,
    session: &Session,
) -> Result<u8, Stop> {
    let home = &session.stage.home;
    let project = &session.desired.config.project;
    may_ask(arguments, home, project)?;
    let _lock = Lock::take(home).map_err(|error| unkept(&error))?;
    let mut look = session.look(global, &flags).await?;
    let left = marked_and_left(session, &look);
    let owns_nothing = look.plan.is_empty() && look.ledger.intent.is_none();
    // A ledger that was never saved is none.
    if look.ledger.serial == 0 || (owns_nothing && !left.is_empty()) {
        line(&format!("Nothing of `{project}` is left to destroy."));
        return Ok(exit::DONE);
    }
    let style = style(global, Stream::Out);
    let header = session.header(global, &look);
    let shown = human::plan(&look.plan, &header, &style);
    print(&shown);
    apply::refuse(&look.plan)?;
    if arguments.confirm.is_none() {
        typed("\nDestroy all of this?", project)?;
        let seen = look.plan;
        // The world may have moved while the user was reading.
        look = session.look(global, &flags).await?;
        if !look.plan.says_the_same(&seen) || human::plan(&look.plan, &header, &style) != shown {
            return Err(apply::another_plan());
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    apply::listen(&stop, || ());
    let writer = Arc::new(Writer::new(session.reader.clone(), session.stage.vault()));
    let wait = Duration::from_secs(arguments.wait);
    let turn = Turn::take(session, Some(&look.live), &writer, &stop, wait).await?;
    let current = turn.current;
    let output = Output::of_apply(global, Format::Human, &session.desired);
    let hand = apply::Hand {
        global,
        session,
        output: &output,
        writer: writer.clone(),
        stop,
    };
    let done = apply::in_turn(&hand, flags, look, current).await;
    let done = match done {
        Ok(exit::DONE) => end(session, &left, &writer).await,
        Ok(exit::INTERRUPTED) if home.is_lost() => Err(unkept(&HomeError::Lost)),
        done => done,
    };
    turn.end(&writer).await;
    done
}

/// Whether there is something to destroy and somebody who may be asked.
fn may_ask(arguments: &Arguments, home: &Home, project: &str) -> Result<(), Stop> {
    if let Home::None = home {
        return Err(Stop::new(
            exit::USAGE,
            "with `ledger: none` nothing is known to be ours, and nothing is deleted",
        ));
    }
    match &arguments.confirm {
        Some(typed) if typed != project => {
            tell("Nothing was changed.");
            let message = format!("the project is `{project}`, not `{typed}`");
            Err(Stop::new(exit::BLOCKED, message)
                .help("make sure that `-C` and `-e` name what is to be destroyed".to_owned()))
        }
        None if !std::io::stdin().is_terminal() => {
            Err(
                Stop::new(exit::USAGE, "there is no terminal to ask on").help(format!(
                    "run `spaceport destroy --confirm {project}`, when that is what you want"
                )),
            )
        }
        _ => Ok(()),
    }
}

/// Live objects that say they are ours and are not deleted: adopted ones, and what a stopped run
/// left. Without a ledger beside them the next apply could not tell them from those of a ledger
/// that was taken away.
fn marked_and_left(session: &Session, look: &Look) -> BTreeSet<String> {
    let deletes = look
        .plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Delete);
    let doomed: BTreeSet<(&str, &str)> = deletes
        .filter_map(|change| Some((change.kind.name(), change.seen.as_ref()?.id.as_str())))
        .collect();
    let marked = marked(&session.desired, &look.live);
    let left = marked.filter(|(kind, seen)| !doomed.contains(&(*kind, seen.id.as_str())));
    left.map(|(kind, seen)| format!("the {kind} `{}`", seen.name))
        .collect()
}

/// The ledger goes as well, when nothing is left that needs it.
async fn end(session: &Session, left: &BTreeSet<String>, writer: &Writer) -> Result<u8, Stop> {
    let home = &session.stage.home;
    let incomplete = |stop: Stop| Stop {
        code: exit::INCOMPLETE,
        ..stop
    };
    let loaded = home.load(&session.reader, &session.vault, false).await;
    let loaded = loaded.map_err(|error| incomplete(unkept(&error)))?;
    let Some(ledger) = loaded.ledger else {
        return Ok(exit::DONE);
    };
    if !ledger.entries.is_empty() || ledger.intent.is_some() {
        notice("The ledger owns something again, and stays.");
        return Ok(exit::INCOMPLETE);
    }
    if let Some(one) = left.first() {
        notice(&format!(
            "The ledger stays, without entries, because {one} still bears this project's label{}.",
            match left.len() {
                1 => String::new(),
                n => format!(", as {} others do", n - 1),
            }
        ));
        return Ok(exit::DONE);
    }
    let removed = home.remove(writer).await;
    removed.map_err(|error| incomplete(unkept(&error)))?;
    match home {
        Home::Port(_) => notice(&format!(
            "The ledger is removed. Its blueprint `{LEDGER_BLUEPRINT}` stays, as other projects may keep theirs under it."
        )),
        _ => notice("The ledger is removed."),
    }
    Ok(exit::DONE)
}
