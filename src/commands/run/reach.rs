//! The way to Port: a session without Spacelift, and how what is seen there is printed.
//!
//! A project is of use and not needed. Its settings must be right, because they say where Port is;
//! what else is wrong in its files stops nobody from reporting on a run. Deliberately not here:
//! what is asked of Port.

use std::collections::BTreeMap;

use crate::cli::Global;
use crate::commands::format::Plain;
use crate::commands::output::json;
use crate::commands::project::{self, Stream, style};
use crate::commands::run::{Common, Region};
use crate::commands::session::{Session, world};
use crate::commands::{again, environment, print};
use crate::exit::{self, Stop};
use crate::show::document::run::RunDocument;
use crate::show::{self, Style};
use crate::there::run::{Log, Run, Status};
use crate::there::services::{Approvers, Failure, Reader, TookEffect, Writer};
use crate::want::desired::EMPTY_PROJECT;
use crate::words::{Addr, Findings, Service, Severity};

/// The file that says where Port is.
const SETTINGS: &str = "spaceport.yaml";

/// The way to Port.
pub(super) struct Reach<'a> {
    /// What every command understands.
    pub global: &'a Global,
    /// Clients of Port alone.
    pub session: Session,
    /// The self-service actions of the project: their identifiers by address.
    pub actions: BTreeMap<Addr, String>,
    /// Whether something in the project's files is wrong.
    pub broken: bool,
    format: Plain,
    asked: Option<Region>,
}

/// Opens the way. Nothing is sent yet.
pub(super) async fn open<'a>(global: &'a Global, common: &Common) -> Result<Reach<'a>, Stop> {
    let env = environment();
    let (mut desired, found) = project::read(global, &env);
    let absent = found.iter().any(|f| f.code == "source::no_project");
    let broken = found.has_errors();
    if !absent {
        let mut settings = Findings::default();
        let of_settings = |place| desired.sources.file(place).path == SETTINGS;
        settings.extend(found.into_iter().filter(|finding| {
            let place = finding.place.map(|place| place.file);
            finding.severity == Severity::Error
                && place.is_none_or(of_settings)
                && finding.code != EMPTY_PROJECT
        }));
        project::check(global, settings, &desired.sources)?;
    }
    desired.config.region = Some(region(
        global,
        common,
        desired.config.region.as_deref(),
        &env,
    )?);
    // Nothing else of a project is of use here, its secrets least of all.
    let objects = std::mem::take(&mut desired.objects).into_values();
    let actions = objects.filter(|object| object.addr.kind_name() == action("").kind_name());
    let actions = actions.map(|object| (object.addr, object.name)).collect();
    desired.config.runtime = None;
    match &global.sandbox {
        // The sandbox has both services.
        Some(folder) if absent && folder.is_empty() => {
            let message = format!("`{}` is no project", global.config.display());
            let help = "name the project by `-C`, or the sandbox's folder by `--sandbox=DIR`";
            return Err(Stop::new(exit::USAGE, message).help(help.to_owned()));
        }
        Some(_) => {}
        // Nobody needs credentials of Spacelift to start a run or to report on one.
        None => desired.config.account = None,
    }
    Ok(Reach {
        global,
        session: Session::of(global, desired, &env).await?,
        actions,
        broken,
        format: common.format,
        asked: common.region,
    })
}

/// The address of a self-service action of this name.
pub(super) fn action(name: &str) -> Addr {
    Addr::new(Service::Port, "action", name)
}

/// Which region Port is called in.
fn region(
    global: &Global,
    common: &Common,
    project: Option<&str>,
    env: &BTreeMap<String, String>,
) -> Result<String, Stop> {
    let asked = common.region.map(Region::word);
    let placed = global.port_url.is_some()
        || global.sandbox.is_some()
        || env
            .get("PORT_BASE_URL")
            .is_some_and(|url| !url.trim().is_empty());
    match (project, asked) {
        (Some(project), Some(asked)) if project != asked => {
            let message = format!("`--region {asked}`, but the project says `{project}`");
            let help = "leave the option away, or choose an environment with `-e`";
            Err(Stop::new(exit::USAGE, message).help(help.to_owned()))
        }
        (Some(region), _) | (None, Some(region)) => Ok(region.to_owned()),
        // The address that was given wins over the region's.
        (None, None) if placed => Ok("eu".to_owned()),
        (None, None) => {
            let message = "nothing says where the organization lives";
            let help = "name the region by `--region eu` or `--region us`, or a project by `-C`";
            Err(Stop::new(exit::USAGE, message).help(help.to_owned()))
        }
    }
}

impl Reach<'_> {
    /// Asks Port.
    pub fn reader(&self) -> &Reader {
        &self.session.reader
    }

    /// Tells Port.
    pub fn writer(&self) -> Writer {
        Writer::new(self.session.reader.clone(), self.session.stage.vault())
    }

    /// Closes the way.
    pub async fn close(self) {
        self.session.stage.strike().await;
    }

    /// How people see it.
    pub fn style(&self) -> Style {
        style(self.global, Stream::Out)
    }

    /// Whether people are to see it.
    pub fn is_human(&self) -> bool {
        self.format == Plain::Human
    }

    /// Who may approve a run, when it waits for that. That nobody tells is no reason to stop.
    pub async fn approvers(&self, run: &Run) -> Option<Approvers> {
        match run.status {
            Status::WaitingForApproval => self.reader().approvers(&run.action).await.ok(),
            _ => None,
        }
    }

    /// Prints a run as one JSON value, where that is wanted.
    pub fn document(&self, run: &Run, log: &[Log], approvers: Option<&Approvers>) {
        if !self.is_human() {
            print(&json(&RunDocument::of(run, log, approvers)));
        }
    }

    /// Prints where a run stands.
    pub fn status(&self, run: &Run, approvers: Option<&Approvers>) {
        match self.format {
            Plain::Human => print(&show::run::status(run, approvers, &self.style())),
            Plain::Json => self.document(run, &[], approvers),
        }
    }

    /// The exit code of a run that is over; what GraphQL refused is told.
    pub fn ended(&self, run: &Run) -> Result<u8, Stop> {
        if run.did_well() {
            return Ok(exit::DONE);
        }
        if run.refusals.is_empty() {
            return Ok(exit::WORLD);
        }
        let says = show::run::refused(run);
        let token = match says.to_lowercase().contains("unauthorized") {
            true => "the token or key that Port holds may have expired, or may lack the right",
            false => "",
        };
        let (message, help) = match run.status {
            Status::Success => (
                format!(
                    "Port takes run {} for a success, but what its backend answered is a refusal: {says}",
                    run.id
                ),
                "GraphQL refuses with HTTP 200, and Port looks at nothing else",
            ),
            _ => (format!("the backend of run {} refused: {says}", run.id), ""),
        };
        let help = [help, token].into_iter().filter(|words| !words.is_empty());
        let help = help.collect::<Vec<_>>().join("; ");
        Err(Stop::new(exit::WORLD, message).help((!help.is_empty()).then_some(help)))
    }

    /// A command of ours with the options that lead to the same world.
    pub fn again(&self, words: &str) -> String {
        let region = match self.asked {
            Some(region) => format!(" --region {}", region.word()),
            None => String::new(),
        };
        again(self.global, &format!("run {words}{region}"))
    }
}

/// A change that Port did not make, or that nobody knows about.
pub(super) fn failed(failure: Failure, unknown: &str) -> Stop {
    let stop = world(failure.error);
    match failure.took_effect {
        TookEffect::Maybe => Stop {
            help: Some(unknown.to_owned()),
            ..stop
        },
        TookEffect::No => stop,
    }
}
