//! Starting: a self-service action is found, its form filled in, and a run started, once.
//!
//! The form is that of the action in Port, as this is what will run. Deliberately not here: what a
//! run does, which is Port's business and its backend's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value as Json;

use crate::commands::run::Common;
use crate::commands::run::follow::{Interrupt, Watching};
use crate::commands::run::inputs::{self, Form, Given};
use crate::commands::run::reach::{self, Reach, failed};
use crate::commands::session::world;
use crate::commands::{notice, read_text, say};
use crate::exit::{self, Stop};
use crate::kinds;
use crate::there::run::{Run, Status};
use crate::there::services::{Start, Started};
use crate::want::yaml;
use crate::words::finding::did_you_mean;
use crate::words::{Addr, Service};

/// What to execute.
#[derive(Debug, Args)]
pub struct StartArguments {
    /// The action: its identifier, or its address in the project. What is called like a command
    /// below goes by its address: `port.action.log`
    #[arg(value_name = "ACTION", required = true)]
    pub action: Option<String>,
    /// Fill in an input, typed by the action's form; `NAME:=JSON` for any JSON. A list takes JSON,
    /// or an item each time. What is left out takes its default
    #[arg(short, long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Fill in the inputs of this YAML or JSON file; `-` for stdin. For what should not be seen in a
    /// list of processes
    #[arg(long = "inputs", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The entity to work on
    #[arg(long, value_name = "ID")]
    pub entity: Option<String>,
    /// Approve the run too, when it waits for that and these credentials may
    #[arg(long)]
    pub approve: bool,
    /// Follow the run to its end; the exit code then says how it ended
    #[arg(short, long)]
    pub follow: bool,
    /// Stop following after so long; the run goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub timeout: u64,
    /// How and where.
    #[command(flatten)]
    pub common: Common,
}

/// Executes an action.
pub(super) async fn start(reach: &Reach<'_>, arguments: &StartArguments) -> Result<u8, Stop> {
    let name = arguments.action.as_deref().unwrap_or_default();
    let given = given(arguments)?;
    let identifier = identifier(reach, name)?;
    let action = action(reach, &identifier).await?;
    let start = filled(&action, identifier, given, arguments.entity.clone())?;
    let mut interrupt = Interrupt::listen();
    interrupt.sending(true);
    let mut run = once(reach, &start).await?;
    if arguments.approve && run.status == Status::WaitingForApproval {
        let approved = reach.writer().decide(&run.id, true, None).await;
        run = approved.map_err(|failure| {
            let help = format!("run {} was started and still waits for approval", run.id);
            failed(failure, &help).help(help)
        })?;
    }
    interrupt.sending(false);
    let approvers = reach.approvers(&run).await;
    if arguments.follow {
        if reach.is_human() {
            reach.status(&run, approvers.as_ref());
        }
        let limit = Duration::from_secs(arguments.timeout);
        return Watching::started(reach, run)
            .until_the_end(limit, &mut interrupt)
            .await;
    }
    reach.status(&run, approvers.as_ref());
    if run.ended {
        return reach.ended(&run);
    }
    if !reach.global.quiet {
        let again = reach.again(&format!("follow {}", run.id));
        notice(&format!("`{again}` follows it."));
    }
    Ok(exit::DONE)
}

/// Starts the run. An answer that was lost is no reason to start another one.
async fn once(reach: &Reach<'_>, start: &Start) -> Result<Run, Stop> {
    match reach.writer().start(start).await {
        Ok(Started::Told(run)) => Ok(run),
        Ok(Started::Found(run)) => {
            notice(&format!(
                "Port's answer was lost. One run like this has begun since then, {}, and is taken for it.",
                run.id
            ));
            Ok(run)
        }
        Err(failure) => {
            let unknown = format!(
                "it is not known whether the run was started, and it was not started again: look at the runs of `{}` in Port",
                start.action
            );
            Err(failed(failure, &unknown))
        }
    }
}

/// The identifier that a name on the command line means.
fn identifier(reach: &Reach<'_>, name: &str) -> Result<String, Stop> {
    let addr = name.parse::<Addr>().ok();
    // An identifier may hold dots too.
    let Some(addr) = addr.filter(|addr| kinds::of(addr).is_some()) else {
        return Ok(name.to_owned());
    };
    if addr.kind_name() == Addr::new(Service::Port, "automation", "").kind_name() {
        return Err(started_by_events(name));
    }
    if addr.kind_name() != reach::action("").kind_name() {
        let message = format!("`{name}` is no action");
        let help = format!("an action has an address like `{}`", reach::action("NAME"));
        return Err(Stop::new(exit::USAGE, message).help(help));
    }
    if let Some(identifier) = reach.actions.get(&addr) {
        return Ok(identifier.clone());
    }
    let names: Vec<String> = reach.actions.keys().map(Addr::to_string).collect();
    let help = did_you_mean(name, names.iter().map(String::as_str)).or_else(|| {
        let broken = "the project's files have errors, which `spaceport validate` shows";
        reach.broken.then(|| broken.to_owned())
    });
    Err(Stop::new(exit::USAGE, format!("`{name}` is not in the project")).help(help))
}

fn started_by_events(name: &str) -> Stop {
    Stop::new(exit::USAGE, format!("`{name}` is an automation")).help(
        "events start automations, and nobody else; run the action that brings the event"
            .to_owned(),
    )
}

/// The action as Port has it.
async fn action(reach: &Reach<'_>, identifier: &str) -> Result<Json, Stop> {
    let found = reach.reader().action(identifier).await.map_err(world)?;
    let Some(action) = found else {
        return Err(absent(reach, identifier).await);
    };
    match action["trigger"]["type"] == "automation" {
        true => Err(started_by_events(identifier)),
        false => Ok(action),
    }
}

/// What to say about an action that Port does not have.
async fn absent(reach: &Reach<'_>, identifier: &str) -> Stop {
    let wanted: BTreeSet<String> = reach.actions.values().cloned().collect();
    let message = format!("Port has no action `{identifier}`");
    if wanted.contains(identifier) {
        return Stop::new(exit::WORLD, message)
            .help("the project wants it: `spaceport apply` creates it".to_owned());
    }
    let live = reach.reader().actions().await;
    // What could not be read is not taken for empty.
    let is_known = live.is_ok();
    let live = live.into_iter().flatten();
    let known: BTreeSet<String> = wanted.into_iter().chain(live).collect();
    let near = did_you_mean(identifier, known.iter().map(String::as_str));
    let help = near.or_else(|| {
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        match names.len() {
            0 if is_known => Some("there is no self-service action yet".to_owned()),
            1..=10 if is_known => Some(format!("there is {}", names.join(", "))),
            _ => None,
        }
    });
    Stop::new(exit::USAGE, message).help(help)
}

/// Fills in the form; everything that is wrong is told, and nothing is sent.
fn filled(
    action: &Json,
    identifier: String,
    given: Vec<(String, Given)>,
    entity: Option<String>,
) -> Result<Start, Stop> {
    let form = Form::of(action);
    let (filled, mut problems) = match form.fill(given) {
        Ok(filled) => (filled, Vec::new()),
        Err(problems) => (inputs::Filled::default(), problems),
    };
    if let (Some(blueprint), None) = (form.works_on(), &entity) {
        let message = format!("`{identifier}` works on an entity");
        let help = format!("add `--entity ID`: the identifier of an entity of `{blueprint}`");
        problems.push(Stop::new(exit::USAGE, message).help(help));
    }
    match problems.is_empty() {
        true => Ok(Start {
            action: identifier,
            inputs: filled.inputs,
            entity,
            hidden: filled.hidden,
        }),
        false => {
            problems.iter().for_each(say);
            Err(Stop::quiet(exit::USAGE))
        }
    }
}

/// The inputs of the command line; what it says itself wins over its file.
fn given(arguments: &StartArguments) -> Result<Vec<(String, Given)>, Stop> {
    let read = arguments.inputs.iter().map(|text| inputs::read(text));
    let typed: Vec<(String, Given)> = read.collect::<Result<_, Stop>>()?;
    let mut given = match &arguments.file {
        Some(path) => file(path)?,
        None => Vec::new(),
    };
    given.retain(|(name, _)| !typed.iter().any(|(other, _)| other == name));
    given.extend(typed);
    Ok(given)
}

/// The inputs of a file. What is wrong in it is told by its place: it may hold passwords.
fn file(path: &Path) -> Result<Vec<(String, Given)>, Stop> {
    let shown = path.display();
    let text = read_text(path)
        .map_err(|error| Stop::new(exit::USAGE, format!("`{shown}` cannot be read: {error}")))?;
    let (documents, found) = yaml::read(0, &text);
    if let Some(finding) = found.sorted().first() {
        let line = finding.place.map_or(1, |place| {
            let before = text.get(..place.start as usize).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        let message = format!("`{shown}` is no YAML at line {line}");
        return Err(Stop::new(exit::USAGE, message));
    }
    let [document] = documents.as_slice() else {
        return Err(Stop::new(exit::USAGE, format!("`{shown}` holds no inputs")));
    };
    match document.to_value().to_json_with(&mut |_| Json::Null) {
        Json::Object(inputs) => Ok(inputs
            .into_iter()
            .map(|(name, value)| (name, Given::Json(value)))
            .collect()),
        _ => Err(
            Stop::new(exit::USAGE, format!("`{shown}` holds no inputs by name"))
                .help("write one input a line: `NAME: VALUE`".to_owned()),
        ),
    }
}
