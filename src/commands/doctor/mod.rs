//! `spaceport doctor`: looks at all that a plan and an apply need, and says everything at once.
//!
//! Credentials by the names of their variables, both sessions, rights per kind, clocks, the ledger
//! and what the project's secrets read. Sends no write (law 2) and shows no secret's text (law 5).
//! Deliberately not here: what would change, which a plan says.
//!
//! | room | noun |
//! |---|---|
//! | `services` | what each service says about us |

mod services;

use std::collections::BTreeMap;

use clap::Args;

use crate::cli::Global;
use crate::commands::project::{self, Stream, style};
use crate::commands::session::unkept;
use crate::commands::sight::age;
use crate::commands::stage::Stage;
use crate::commands::turn::words;
use crate::commands::{environment, print, runtime, tell};
use crate::decide::ledger::{FORMAT, Home, tenure};
use crate::exit::{self, Stop};
use crate::show::checkup::{self, Checkup, Sign};
use crate::show::findings;
use crate::show::text::count;
use crate::there::services::{Options, Reader};
use crate::want::desired::Desired;
use crate::words::{Findings, Service};
use services::{services, wrong};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(global: &Global, _: &Arguments) -> Result<u8, Stop> {
    let env = environment();
    let (desired, found) = project::read(global, &env);
    let mut checkup = Checkup::default();
    let broken = files(global, &desired, found, &mut checkup);
    credentials(global, &desired, &env, &mut checkup);
    let misused = runtime()?.block_on(world(global, &desired, &env, &mut checkup));
    checkup.topic("Versions");
    checkup.well(format!(
        "spaceport {}, ledger format {FORMAT}",
        env!("CARGO_PKG_VERSION")
    ));
    print(&checkup::human(&checkup, &style(global, Stream::Out)));
    Ok(match checkup.count(Sign::Wrong) {
        _ if broken => exit::FINDINGS,
        _ if misused => exit::USAGE,
        0 => exit::DONE,
        _ => exit::WORLD,
    })
}

/// The project's files; whether something in them is wrong.
fn files(global: &Global, desired: &Desired, found: Findings, checkup: &mut Checkup) -> bool {
    checkup.topic("Project");
    let (broken, many) = (found.has_errors(), found.len());
    if broken || (many > 0 && !global.quiet) {
        let list = found.sorted();
        let style = style(global, Stream::Err);
        tell(findings::human(&list, &desired.sources, &style).trim_end());
    }
    let config = &desired.config;
    if broken {
        let folder = global.config.display();
        let help = "mend what `spaceport validate` says".to_owned();
        checkup.wrong(
            format!("the files in `{folder}` cannot be used"),
            Some(help),
        );
    } else {
        let environment = match &config.environment {
            Some(name) => format!(" in environment `{name}`"),
            None => String::new(),
        };
        let objects = count(desired.objects.len(), "object", "objects");
        let ingests = match desired.ingests.len() {
            0 => String::new(),
            n => format!(", {}", count(n, "ingest", "ingests")),
        };
        checkup.well(format!(
            "`{}`{environment}: {objects}{ingests}, valid",
            config.project
        ));
        if many > 0 {
            checkup.note(count(many, "warning", "warnings") + " in the files");
        }
    }
    broken
}

/// Which variables hold what a project of these services needs. Never their texts.
fn credentials(
    global: &Global,
    desired: &Desired,
    env: &BTreeMap<String, String>,
    checkup: &mut Checkup,
) {
    checkup.topic("Credentials");
    if global.sandbox.is_some() {
        return checkup.well("the sandbox has its own; those of the environment are ignored");
    }
    let is_set = |name: &str| env.get(name).is_some_and(|text| !text.trim().is_empty());
    let config = &desired.config;
    // Without a project nobody knows which services it would be about.
    let unknown = config.region.is_none() && config.account.is_none();
    if unknown || config.region.is_some() {
        pair(("PORT_CLIENT_ID", "PORT_CLIENT_SECRET"), &is_set, checkup);
    }
    if unknown || config.account.is_some() {
        let key = ("SPACELIFT_API_KEY_ID", "SPACELIFT_API_KEY_SECRET");
        let token = is_set("SPACELIFT_API_TOKEN");
        match (is_set(key.0) && is_set(key.1), token) {
            (false, true) => checkup.well("SPACELIFT_API_TOKEN is set"),
            (true, true) => {
                pair(key, &is_set, checkup);
                checkup.note("SPACELIFT_API_TOKEN is set too, and not used");
            }
            _ => pair(key, &is_set, checkup),
        }
    }
    for name in ["PORT_BASE_URL", "SPACELIFT_API_KEY_ENDPOINT"] {
        if is_set(name) {
            checkup.note(format!("{name} is set, and overrides the project's host"));
        }
    }
    match (is_set("SPACEPORT_FINGERPRINT_KEY"), is_set("PORT_CLIENT_SECRET")) {
        (true, _) => checkup.well("fingerprints of secrets are keyed with SPACEPORT_FINGERPRINT_KEY"),
        (false, true) => checkup.well("fingerprints of secrets are keyed with PORT_CLIENT_SECRET"),
        (false, false) => checkup.note(
            "fingerprints of secrets have no key: set SPACEPORT_FINGERPRINT_KEY or PORT_CLIENT_SECRET",
        ),
    }
    if is_set("SPACEPORT_LEDGER_KEY") {
        checkup.well("the ledger is sealed with SPACEPORT_LEDGER_KEY");
    }
}

fn pair(names: (&str, &str), is_set: &dyn Fn(&str) -> bool, checkup: &mut Checkup) {
    let missing: Vec<&str> = [names.0, names.1]
        .into_iter()
        .filter(|n| !is_set(n))
        .collect();
    match missing.as_slice() {
        [] => checkup.well(format!("{} and {} are set", names.0, names.1)),
        missing => {
            let be = if missing.len() == 1 { "is" } else { "are" };
            let help = "credentials come from the environment only".to_owned();
            checkup.wrong(
                format!("{} {be} not set", missing.join(" and ")),
                Some(help),
            );
        }
    }
}

/// Both services and the ledger, as far as they can be reached; whether the command line names too
/// little.
async fn world(
    global: &Global,
    desired: &Desired,
    env: &BTreeMap<String, String>,
    checkup: &mut Checkup,
) -> bool {
    if desired.config.region.is_none() && desired.config.account.is_none() {
        return false;
    }
    let mut misused = false;
    let stages: Vec<Stage> = match Stage::set(global, desired, env).await {
        Ok(stage) => vec![stage],
        Err(stop) => {
            misused = stop.code == exit::USAGE;
            checkup.topic("Services");
            checkup.wrong(stop.message, stop.help);
            let mut alone = Vec::new();
            // What one of them lacks says nothing about the other.
            for service in Service::ALL {
                let one = without(desired, service);
                if !misused && (one.config.region.is_some() || one.config.account.is_some()) {
                    alone.extend(Stage::set(global, &one, env).await.ok());
                }
            }
            alone
        }
    };
    for stage in stages {
        let options = Options {
            ca_bundle: global.ca_bundle.clone(),
            ..Options::default()
        };
        match Reader::new(&stage.endpoints, &options) {
            Ok(reader) => {
                services(desired, &stage, &reader, checkup).await;
                if stage.endpoints.port.is_some() || !matches!(stage.home, Home::Port(_)) {
                    ledger(global, &stage, &reader, checkup).await;
                }
                secrets(desired, &stage, checkup);
            }
            Err(error) => {
                checkup.topic("Services");
                wrong(&error, checkup);
            }
        }
        stage.strike().await;
    }
    misused
}

/// The project without one of its services.
fn without(desired: &Desired, service: Service) -> Desired {
    let mut one = desired.clone();
    match service {
        Service::Port => one.config.region = None,
        Service::Spacelift => one.config.account = None,
    }
    one
}

/// Where the ledger is, what it holds, and whose turn it is.
async fn ledger(global: &Global, stage: &Stage, reader: &Reader, checkup: &mut Checkup) {
    checkup.topic("Ledger");
    let home = stage.home.words(&global.config);
    let loaded = match stage.home.load(reader, &stage.vault(), false).await {
        Ok(loaded) => loaded,
        Err(error) => {
            let stop = unkept(&error);
            return checkup.wrong(format!("{home}: {}", stop.message), stop.help);
        }
    };
    match loaded.ledger {
        Some(ledger) => {
            let owned = count(ledger.entries.len(), "object is", "objects are");
            let applied = ledger
                .applied_at
                .as_deref()
                .map_or(String::new(), |at| format!(", last apply {}", age(at)));
            checkup.well(format!("{home}: {owned} ours{applied}"));
            if ledger.intent.is_some() {
                checkup.note("an apply has begun and not ended; the next one goes on with it");
            }
        }
        None => checkup.well(format!("{home}: nothing was applied yet")),
    }
    if let Home::Port(shelf) = &stage.home {
        match shelf.leases().last() {
            Some((_, last)) => {
                let held = tenure::held(last, reader.server_time());
                checkup.note(words(&held));
            }
            None => checkup.well("nobody holds it"),
        }
    }
}

/// The variables that the project's secrets read.
fn secrets(desired: &Desired, stage: &Stage, checkup: &mut Checkup) {
    let vault = stage.vault();
    let mut readers: BTreeMap<&str, (bool, Vec<String>)> = BTreeMap::new();
    let sources = desired.objects.values().flat_map(|object| {
        let secrets = object.spec.secrets().into_iter();
        secrets.map(move |(at, source)| (format!("{} {at}", object.addr), source))
    });
    let runtime = desired.config.runtime.iter().flat_map(|runtime| {
        [
            ("key_id", &runtime.key_id),
            ("key_secret", &runtime.key_secret),
        ]
        .map(|(key, source)| (format!("spacelift.runtime.{key}"), source))
    });
    for (reader, source) in sources.chain(runtime) {
        let missing = vault.missing(source);
        for name in source.variables() {
            let entry = readers.entry(name).or_default();
            entry.0 |= missing.iter().any(|one| one == name);
            entry.1.push(reader.clone());
        }
    }
    if readers.is_empty() {
        return;
    }
    checkup.topic("Variables of the project's secrets");
    for (name, (missing, readers)) in readers {
        let readers = readers.join(", ");
        match missing {
            true => checkup.note(format!("{name} is not set; {readers} is sent with it")),
            false => checkup.well(format!("{name} is set")),
        }
    }
}
