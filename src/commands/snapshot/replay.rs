//! A replay: a look at a snapshot instead of the world. No client is made, no credential read.
//!
//! A snapshot is a file, and a file may hold anything: what does not fit is said, and nothing is
//! made up. Deliberately not here: planning, which is the same for all (see `sight`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::cli::Global;
use crate::commands::sight::{self, Draft, Look, Places, Sight};
use crate::commands::snapshot::form::{FORMAT, Form, World};
use crate::commands::snapshot::veil::Public;
use crate::commands::snapshot::{digest, is_asked_for, verdict};
use crate::commands::{doubts, outfile, stage};
use crate::decide::ledger;
use crate::decide::plan::Flags;
use crate::exit::{self, Stop};
use crate::kinds::{self, Kind, List};
use crate::there::live::Live;
use crate::there::services::Had;
use crate::want::desired::Desired;

/// What a snapshot shows.
#[derive(Debug)]
pub struct Replay {
    /// The look.
    pub look: Look,
    /// Where that was.
    pub places: Places,
    /// When, RFC 3339.
    pub taken_at: String,
}

/// Reads a snapshot and plans from it.
pub fn look(
    global: &Global,
    desired: &Desired,
    path: &Path,
    flags: &Flags,
) -> Result<Replay, Stop> {
    let name = path.display().to_string();
    let text = outfile::read(path).map_err(|why| {
        let message = format!("the snapshot `{name}` cannot be read: {why}");
        Stop::new(exit::WORLD, message).help(TAKE.to_owned())
    })?;
    replay(global, desired, &name, &text, flags)
}

const TAKE: &str = "take one with `spaceport snapshot --out FILE`, where the credentials are";

/// Plans from the text of a snapshot.
pub fn replay(
    global: &Global,
    desired: &Desired,
    name: &str,
    text: &str,
    flags: &Flags,
) -> Result<Replay, Stop> {
    stage::chosen(desired)?;
    let broken = |why: String| {
        let message = format!("`{name}` is no snapshot: {why}");
        Stop::new(exit::WORLD, message).help(TAKE.to_owned())
    };
    let mut json: Json = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
    if json.get("changes").is_some() {
        return Err(broken("it is a plan; `spaceport show` shows it".into()));
    }
    match json.get("formatVersion").and_then(Json::as_u64) {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(broken(format!(
                "its format is {other}, this version reads {FORMAT}"
            )));
        }
        None => return Err(broken("it has no `formatVersion`".into())),
    }
    let form = |json: &Json| {
        let form: Form = Form::deserialize(json).map_err(|error| broken(error.to_string()))?;
        match &form.ledger {
            Some(ledger) if ledger.format != ledger::FORMAT => Err(broken(format!(
                "the format of its ledger is {}, this version reads {}",
                ledger.format,
                ledger::FORMAT
            ))),
            _ => Ok(form),
        }
    };
    let veiled = form(&json)?;
    same_project(desired, name, &veiled)?;
    Public::of(desired).lift(&mut json);
    let form = form(&json)?;
    let is_new = form.ledger.is_none();
    let mut ledger = sight::ledger(desired, form.ledger, String::new)?;
    sight::reachable(desired, &ledger)?;

    let had = sight::had(desired, &ledger);
    let first = sight::kinds(desired);
    let unknown = |kind: String| broken(format!("this version knows no kind `{kind}`"));
    let reads = |kind: &dyn Kind, id: Option<&str>| match id {
        Some(id) if is_asked_for(kind.name()) => had.contains(&(kind.name(), id.to_owned())),
        _ => {
            first.iter().any(|one| one.name() == kind.name())
                || had.iter().any(|(name, _)| *name == kind.name())
        }
    };
    let (read, asked) = (form.live.read.clone(), form.live.asked.clone());
    let live = form.live.live(&reads).map_err(unknown)?;
    was_read(name, &first, &had, &read)?;
    was_asked(name, &had, &live, &asked)?;
    let before = veiled.live.live(&|_, _| true).map_err(unknown)?;
    let lifted = digest::Change {
        desired,
        before: &before,
        after: &live,
    };
    lifted.follow(&mut ledger);
    drop(before);

    let sight = Sight {
        live,
        ledger,
        is_new,
        blueprint_missing: form.ledger_blueprint_missing,
    };
    sight.check(desired, flags.trust_ledger)?;
    let known = (&form.secrets[..], form.secrets_compared);
    let runtime = stage::runtime(desired);
    let (live, ledger) = (&sight.live, &sight.ledger);
    let known = verdict::recall(desired, ledger, live, runtime.as_ref(), known);
    let facts = doubts::branch(global, ledger, flags);
    let mut draft = Draft::new(global, desired, sight, (known, facts), flags)?;
    let counted = draft.uncounted().into_iter().filter_map(|(addr, census)| {
        let count = form.counts.get(&census.path)?;
        Some((addr, count.population()?))
    });
    let counted: BTreeMap<_, _> = counted.collect();
    draft.counted(counted);
    Ok(Replay {
        look: draft.look(),
        places: form.places.places(),
        taken_at: form.taken_at,
    })
}

/// A snapshot speaks about one environment of one project, and about the world that it named.
fn same_project(desired: &Desired, name: &str, form: &Form) -> Result<(), Stop> {
    let config = &desired.config;
    let blocked = |what: &str, then: String, now: String| {
        let message = format!("the snapshot `{name}` is {what} {then}, not {now}");
        Stop::new(exit::BLOCKED, message)
    };
    let whose = |project: &str, environment: Option<&str>| {
        format!("`{project}`{}", sight::suffix(environment))
    };
    let environment = config.environment.as_deref();
    if form.project != config.project || form.environment.as_deref() != environment {
        let then = whose(&form.project, form.environment.as_deref());
        let now = whose(&config.project, environment);
        return Err(blocked("of project", then, now)
            .help("each environment of each project has its own snapshot".to_owned()));
    }
    let (then, now) = (&form.world, &World::of(config));
    let said = |text: &Option<String>| match text {
        Some(text) => format!("`{text}`"),
        None => "none".to_owned(),
    };
    for (what, then, now) in [
        (
            "with the Port region",
            said(&then.region),
            said(&now.region),
        ),
        (
            "with the Spacelift account",
            said(&then.account),
            said(&now.account),
        ),
        (
            "with the ledger",
            format!("`{}`", then.ledger),
            format!("`{}`", now.ledger),
        ),
    ] {
        if then != now {
            return Err(blocked(what, then, now).help(
                "`spaceport.yaml` names another world than it did; plan there with credentials"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}

/// An object is absent only from a list that was read.
fn was_read(
    name: &str,
    first: &[&'static dyn Kind],
    had: &Had,
    read: &BTreeSet<String>,
) -> Result<(), Stop> {
    let first = first.iter().map(|kind| kind.name());
    let mut needed = first.chain(had.iter().map(|(kind, _)| *kind));
    match needed.find(|kind| !is_asked_for(kind) && !read.contains(*kind)) {
        None => Ok(()),
        Some(kind) => {
            let message =
                format!("the snapshot `{name}` goes without `{kind}` objects, which were not read");
            Err(Stop::new(exit::WORLD, message).help(TAKE.to_owned()))
        }
    }
}

/// What is in no list is known only if it was asked for.
fn was_asked(
    name: &str,
    had: &Had,
    live: &Live,
    asked: &BTreeMap<String, Vec<String>>,
) -> Result<(), Stop> {
    for (kind, id) in had {
        let List::PortEach { of, .. } = (match kinds::find(kind) {
            Some(kind) => kind.list(),
            None => continue,
        }) else {
            continue;
        };
        let known = asked.get(*kind).is_some_and(|ids| ids.contains(id));
        if live.by_id(of, id).is_some() && !known {
            let message = format!(
                "the snapshot `{name}` does not hold the {kind} of `{id}`, which neither the project nor the ledger had then"
            );
            return Err(Stop::new(exit::WORLD, message).help(format!(
                "plan with credentials, or take a snapshot again once the project has the {of}"
            )));
        }
    }
    Ok(())
}
