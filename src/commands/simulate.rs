//! `spaceport simulate`: one event hop by hop, without network or credentials.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Map, Value as Json};

use crate::cli::{Global, NO_HELP};
use crate::commands::format::Plain;
use crate::commands::output::json;
use crate::commands::project::{Stream, style};
use crate::commands::{print, wired};
use crate::exit::{self, Stop};
use crate::follow::journey::Run;
use crate::follow::sample::Sample;
use crate::follow::wiring::{Station, Wiring};
use crate::follow::{Given, Start, follow};
use crate::kinds::Role;
use crate::show::journey;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
#[command(
    override_usage = "spaceport simulate <--sample|--event|--payload|--action|--run> [OPTIONS]"
)]
#[command(group(ArgGroup::new("start").required(true).args(["sample", "event", "payload", "action", "run"])))]
pub struct Arguments {
    /// Begin with an event of our own, to see what the project does
    #[arg(long, value_name = "EVENT", value_enum)]
    pub sample: Option<SampleName>,
    /// Begin with the input document of notification policies; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub event: Option<PathBuf>,
    /// Begin with what is posted to a webhook of Port, with or without
    /// `{body, headers, queryParams}` around it
    #[arg(long, value_name = "FILE")]
    pub payload: Option<PathBuf>,
    /// Begin with somebody who runs this self-service action
    #[arg(long, value_name = "NAME")]
    pub action: Option<String>,
    /// Begin with the answer of a run: `{action, status, response}`
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,
    /// Give the action an input; entities by their identifiers
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair, requires = "action")]
    pub inputs: Vec<(String, String)>,
    /// Run the action on this entity
    #[arg(long, value_name = "ID", requires = "action")]
    pub entity: Option<String>,
    /// Post the payload to this webhook, when the project has several
    #[arg(long, value_name = "ADDRESS", requires = "payload")]
    pub webhook: Option<String>,
    /// Let these entities of Port be there before: a list, in a file
    #[arg(long, value_name = "FILE")]
    pub given: Option<PathBuf>,
    /// Set the clock of the simulation [default: 2026-01-01T00:00:00Z]
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// How to print what happens
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub format: Plain,
}

/// The events of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SampleName {
    /// A tracked run waits.
    #[value(help = NO_HELP)]
    Queued,
    /// A tracked run ended well.
    #[value(help = NO_HELP)]
    Finished,
    /// A tracked run failed.
    #[value(help = NO_HELP)]
    Failed,
    /// The run of a pull request ended well.
    #[value(help = NO_HELP)]
    Proposed,
    /// Something went wrong in Spacelift.
    #[value(help = NO_HELP)]
    InternalError,
}

impl SampleName {
    fn sample(self) -> Sample {
        match self {
            SampleName::Queued => Sample::Queued,
            SampleName::Finished => Sample::Finished,
            SampleName::Failed => Sample::Failed,
            SampleName::Proposed => Sample::Proposed,
            SampleName::InternalError => Sample::InternalError,
        }
    }
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let (now, at) = wired::clock(arguments.now.as_deref())?;
    let desired = wired::open(global)?;
    let wiring = Wiring::of(&desired);
    let start = start(&wiring, arguments)?;
    let given = Given {
        entities: match &arguments.given {
            Some(path) => entities(wired::document(path)?)?,
            None => Vec::new(),
        },
    };
    let journey = follow(&wiring, &wired::engines()?, &start, &given, now);
    match arguments.format {
        Plain::Human => print(&journey::human(
            &journey,
            &desired.sources,
            &at,
            &style(global, Stream::Out),
        )),
        Plain::Json => print(&json(&journey::json(&journey, &desired.sources, &at))),
    }
    Ok(exit::DONE)
}

/// Entities of a file, one or a list.
fn entities(document: Json) -> Result<Vec<Json>, Stop> {
    let entities = match document {
        Json::Array(entities) => entities,
        one => vec![one],
    };
    let is_named = |entity: &Json| {
        let has = |key: &str| entity.get(key).is_some_and(Json::is_string);
        has("blueprint") && has("identifier")
    };
    match entities.iter().position(|entity| !is_named(entity)) {
        None => Ok(entities),
        Some(at) => {
            let message = format!(
                "entity {} of `--given` has no blueprint or identifier",
                at + 1
            );
            let help = "write `[{\"blueprint\": NAME, \"identifier\": ID, \"properties\": {…}}]`";
            Err(Stop::new(exit::USAGE, message).help(help.to_owned()))
        }
    }
}

fn start(wiring: &Wiring<'_>, arguments: &Arguments) -> Result<Start, Stop> {
    if let Some(sample) = arguments.sample {
        return Ok(Start::Event(sample.sample().input(wiring)));
    }
    if let Some(path) = &arguments.event {
        return Ok(Start::Event(wired::document(path)?));
    }
    if let Some(path) = &arguments.payload {
        let webhook = webhook(wiring, arguments.webhook.as_deref())?;
        return Ok(Start::payload(
            wiring,
            wired::document(path)?,
            Some(webhook),
        ));
    }
    if let Some(name) = &arguments.action {
        let action = action(wiring, name)?;
        let inputs = arguments.inputs.iter();
        let inputs: Map<String, Json> = inputs
            .map(|(name, text)| (name.clone(), typed(action, name, text)))
            .collect();
        return Ok(Start::Action(Run {
            action: Some(action.addr.clone()),
            inputs,
            entity: arguments.entity.clone().map(Json::String),
        }));
    }
    match &arguments.run {
        Some(path) => Ok(Start::Answer(wired::document(path)?)),
        None => Err(Stop::new(exit::USAGE, "nothing to begin with")),
    }
}

/// The webhook that gets a payload: the one that is named, or the only one.
fn webhook(wiring: &Wiring<'_>, named: Option<&str>) -> Result<Addr, Stop> {
    let mappers: Vec<&Station> = wiring.playing(Role::Mapper).collect();
    let senders = wiring.playing(Role::StackEndpoint);
    let all: Vec<&Station> = mappers.iter().copied().chain(senders).collect();
    let names = || all.iter().map(|station| station.addr.to_string());
    let wrong = |message: String, near: Option<String>| {
        let list = || format!("there are {}", names().collect::<Vec<_>>().join(", "));
        let help = near.or_else(|| (!all.is_empty()).then(list));
        Stop::new(exit::USAGE, message).help(help)
    };
    match (named, mappers.as_slice()) {
        (Some(name), _) => {
            let meant =
                |station: &&&Station| station.addr.to_string() == name || station.name == name;
            let found = all.iter().find(meant).map(|station| station.addr.clone());
            let texts: Vec<String> = names().collect();
            let near = || did_you_mean(name, texts.iter().map(String::as_str));
            found.ok_or_else(|| wrong(format!("the project has no webhook `{name}`"), near()))
        }
        (None, [one]) => Ok(one.addr.clone()),
        (None, []) => Err(wrong("the project has no webhook of Port".into(), None)),
        (None, _) => Err(wrong(
            "the project has several webhooks of Port; say which with `--webhook`".into(),
            None,
        )),
    }
}

/// The action of a name, which may be its identifier or its address.
fn action<'w>(wiring: &'w Wiring<'_>, name: &str) -> Result<&'w Station, Stop> {
    let mut actions = wiring.playing(Role::Action);
    let found = actions.find(|a| a.name == name || a.addr.to_string() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = wiring
            .playing(Role::Action)
            .map(|a| a.name.as_str())
            .collect();
        let near = did_you_mean(name, names.iter().copied());
        let list = || (!names.is_empty()).then(|| format!("there are {}", names.join(", ")));
        Stop::new(exit::USAGE, format!("the project has no action `{name}`"))
            .help(near.or_else(list))
    })
}

/// An input as the form wants it: what is no text there is read as JSON.
fn typed(action: &Station, name: &str, text: &str) -> Json {
    let forms = action.spec.pointer("/trigger/userInputs/properties");
    let form = forms.and_then(|forms| forms.get(name)?.get("type")?.as_str());
    match form {
        Some("string") | None => text.into(),
        Some(_) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".into()),
    }
}
