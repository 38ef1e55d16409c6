//! `spaceport snapshot`: keeps what both services and the ledger hold in one file, so that
//! `plan --live FILE` plans from it without any credential. Sends no write.
//!
//! A trusted job takes the snapshot, and pull requests plan from it, also those of strangers. So
//! two things hold for the file:
//!
//! - **It is of no use to who finds it.** No secret text is ever read from a service; what else no
//!   output would show is veiled (`veil`); fingerprints of secrets are reduced to which of them are
//!   equal, without salt (`verdict`); digests of the last apply that speak about something veiled
//!   speak about its mark (`digest`).
//! - **A plan from it is the plan that asks the services**, byte for byte, on a machine without
//!   secret variables. So it holds what a branch may come to need: the kinds that are read on
//!   demand, the permissions of all actions that the project or the ledger has, and how many
//!   entities each of their blueprints has. What only a branch names was not asked for; a plan says
//!   so and is refused (`replay`), or stops.
//!
//! | room | noun |
//! |---|---|
//! | [`form`] | what stands in the file |
//! | `veil` | what stands for texts that must not be in it |
//! | `digest` | digests of the last apply, when what they speak about is veiled |
//! | `verdict` | what was known about secrets |
//! | [`replay`] | a look at a snapshot instead of the world |

mod digest;
pub mod form;
pub mod replay;
mod veil;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use crate::cli::Global;
use crate::commands::session::{Session, world};
use crate::commands::snapshot::form::{Count, Form, Hosts, Seen, World};
use crate::commands::{notice, now, outfile, print, runtime, sight};
use crate::exit::{self, Stop};
use crate::kinds::{self, List};
use crate::show::redact;
use crate::show::text::inert_json;
use crate::there::live::Live;
use crate::there::services::Had;
use crate::words::Addr;

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write it to this file, for you alone, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    if let Some(path) = &arguments.out {
        outfile::beside(&global.config, path)?;
    }
    runtime()?.block_on(async {
        let session = Session::open(global).await?;
        let taken = take(global, &session).await;
        session.stage.strike().await;
        let text = taken?;
        match &arguments.out {
            Some(path) => outfile::write(path, &text)?,
            None => print(&text),
        }
        Ok(exit::DONE)
    })
}

/// The snapshot as text.
async fn take(global: &Global, session: &Session) -> Result<String, Stop> {
    let desired = &session.desired;
    let kinds = sight::kinds(desired);
    let (mut live, loaded) = session.read(&kinds, false).await?;
    let is_new = loaded.ledger.is_none();
    let mut ledger = session.ledger(loaded.ledger)?;
    let had = with_companions(sight::had(desired, &ledger));
    let further = session.reader.complete(&mut live, &kinds, &had);
    further.await.map_err(world)?;
    let mut read: BTreeSet<String> = kinds.iter().map(|kind| kind.name().to_owned()).collect();
    read.extend(had.iter().map(|(name, _)| (*name).to_owned()));
    others(global, session, &mut live, &mut read).await;
    let counts = count(session, &live, &had).await?;
    let known = session.secret_facts(&ledger, &live);
    let runtime = crate::commands::stage::runtime(desired);
    let secrets = verdict::verdicts(desired, &ledger, &live, runtime.as_ref(), &known);
    let key = session.vault.fingerprint_key(ledger.salt.as_bytes());
    verdict::blunt(&mut ledger, key.as_ref().map(|key| key.id()));
    let form = Form {
        format_version: form::FORMAT,
        project: desired.config.project.clone(),
        environment: desired.config.environment.clone(),
        taken_at: now(),
        world: World::of(&desired.config),
        places: Hosts::of(&session.places(global)),
        live: Seen::of(&live, read, asked(&had)),
        ledger: (!is_new).then_some(ledger),
        ledger_blueprint_missing: loaded.blueprint_missing,
        counts,
        secrets_compared: key.is_some(),
        secrets,
    };
    let veiled = veiled(form, desired, &live);
    let text = veiled.and_then(|form| serde_json::to_string_pretty(&form));
    let text = text.map_err(|error| {
        let message = format!("the snapshot cannot be written as JSON: {error}");
        Stop::new(exit::BUG, message)
    })?;
    Ok(inert_json(text + "\n"))
}

/// Reads what nobody has yet and a branch may declare. Where that fails, only such a branch misses
/// it.
async fn others(global: &Global, session: &Session, live: &mut Live, read: &mut BTreeSet<String>) {
    let left = kinds::ALL.iter().copied().filter(|kind| {
        sight::has(&session.desired, kind.service())
            && !is_asked_for(kind.name())
            && !read.contains(kind.name())
    });
    for kind in left.collect::<Vec<_>>() {
        match session.reader.list(kind).await {
            Ok(found) => {
                read.insert(kind.name().to_owned());
                found
                    .into_iter()
                    .for_each(|seen| live.insert(kind.name(), seen));
            }
            Err(error) if !global.quiet => notice(&format!(
                "The snapshot goes without `{}` objects, which a branch may not declare then: {}",
                kind.name(),
                redact::text(&error.to_string())
            )),
            Err(_) => {}
        }
    }
}

/// The snapshot without what must not be seen.
fn veiled(
    form: Form,
    desired: &crate::want::desired::Desired,
    live: &Live,
) -> Result<Form, serde_json::Error> {
    let mut json = serde_json::to_value(form)?;
    veil::Veil::over(desired).draw(&mut json);
    let mut form: Form = serde_json::from_value(json)?;
    if let (Some(ledger), Ok(seen)) = (&mut form.ledger, form.live.clone().live(&|_, _| true)) {
        let change = digest::Change {
            desired,
            before: live,
            after: &seen,
        };
        change.follow_and_forget(ledger);
    }
    Ok(form)
}

/// What comes and goes with objects that config and ledger have counts as had: a branch may
/// declare it.
fn with_companions(mut had: Had) -> Had {
    let companions: Had = kinds::ALL
        .iter()
        .filter_map(|kind| match kind.list() {
            List::PortEach { of, .. } => Some((kind, of)),
            _ => None,
        })
        .flat_map(|(kind, of)| {
            let whole = had.iter().filter(move |(name, _)| *name == of);
            whole.map(|(_, id)| (kind.name(), id.clone()))
        })
        .collect();
    had.extend(companions);
    had
}

/// The objects that were asked for one by one.
fn asked(had: &Had) -> BTreeMap<String, Vec<String>> {
    let mut asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, id) in had {
        if is_asked_for(name) {
            asked
                .entry((*name).to_owned())
                .or_default()
                .push(id.clone());
        }
    }
    asked
}

/// Whether objects of a kind are in no list.
fn is_asked_for(name: &str) -> bool {
    kinds::find(name).is_some_and(|kind| matches!(kind.list(), List::PortEach { .. }))
}

/// How much data is under the objects that config and ledger have, by where that is counted.
async fn count(session: &Session, live: &Live, had: &Had) -> Result<BTreeMap<String, Count>, Stop> {
    let mut paths = BTreeMap::new();
    let mut open = Vec::new();
    for (name, id) in had {
        let Some(kind) = kinds::find(name) else {
            continue;
        };
        if let (Some(_), Some(census)) = (live.by_id(name, id), kind.census(id)) {
            let addr = Addr::new(kind.service(), kind.word(), id.as_str());
            paths.insert(addr.clone(), census.path.clone());
            open.push((addr, census));
        }
    }
    let counted = session.count(open).await?;
    let counted = counted
        .iter()
        .filter_map(|(addr, population)| Some((paths.remove(addr)?, Count::of(population))));
    Ok(counted.collect())
}
