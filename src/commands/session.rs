//! A session: both sides looked at, and the plan between them. Plan and apply share it.
//!
//! Holds a reader only (law 2); apply makes its writer from it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::Global;
use crate::commands::stage::Stage;
use crate::commands::{notice, project};
use crate::decide::ledger::trust::Distrust;
use crate::decide::ledger::{Home, HomeError, Ledger, hex};
use crate::decide::plan::{self, Facts, Flags, Input, Plan};
use crate::exit::{self, Stop};
use crate::kinds::{self, Kind, label};
use crate::show::header::{Header, LastApply, Target};
use crate::there::live::Live;
use crate::there::services::{Had, Options, Reader, ServiceError, Vault};
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;
use crate::words::Service;

/// A project, the world that it meets, and a reader for it.
#[derive(Debug)]
pub struct Session {
    /// What the project wants.
    pub desired: Desired,
    /// The world.
    pub stage: Stage,
    /// Reads the world.
    pub reader: Arc<Reader>,
    /// Fetches secret texts for fingerprints.
    pub vault: Vault,
}

/// What there is, before anything is decided.
#[derive(Debug)]
pub struct Sight {
    /// What the services hold.
    pub live: Live,
    /// What is ours.
    pub ledger: Ledger,
    /// Whether Port has nothing yet that a ledger could be kept under.
    pub ledger_missing: bool,
}

/// One look at both sides.
#[derive(Debug)]
pub struct Look {
    /// What the services hold.
    pub live: Live,
    /// What is ours.
    pub ledger: Ledger,
    /// What would change.
    pub plan: Plan,
}

impl Session {
    /// Opens the project and sets the stage. Nothing is sent yet.
    pub async fn open(global: &Global) -> Result<Session, Stop> {
        let env = crate::commands::environment();
        let desired = project::open(global, &env)?;
        let stage = Stage::set(global, &desired, &env).await?;
        if !global.quiet {
            stage.notices.iter().for_each(|sentence| notice(sentence));
        }
        let options = Options {
            ca_bundle: global.ca_bundle.clone(),
            ..Options::default()
        };
        let reader = Reader::new(&stage.endpoints, &options).map_err(world)?;
        let vault = stage.vault();
        Ok(Session {
            desired,
            stage,
            reader: Arc::new(reader),
            vault,
        })
    }

    /// Reads both services and the ledger, and stops when they are not of one world.
    pub async fn see(&self, trust_ledger: bool) -> Result<Sight, Stop> {
        let kinds = self.kinds();
        let home = &self.stage.home;
        let in_port = matches!(home, Home::Port(_));
        // Both at once, which keeps a plan two round trips deep.
        let objects = async {
            match in_port {
                true => self.reader.read_objects(&kinds).await,
                false => self.reader.read(&kinds).await,
            }
        };
        let (live, kept) =
            tokio::join!(objects, home.load(&self.reader, &self.vault, trust_ledger));
        let loaded = kept.map_err(|error| unkept(&error))?;
        let mut live = live.map_err(world)?;
        if in_port {
            live.organization = match loaded.organization {
                Some(organization) => Some(organization),
                None => Some(self.reader.organization().await.map_err(world)?),
            };
        }
        let is_new = loaded.ledger.is_none();
        let ledger = self.ledger(loaded.ledger)?;
        self.reachable(&ledger)?;
        let had = had(&self.desired, &ledger);
        let further = self.reader.complete(&mut live, &kinds, &had);
        further.await.map_err(world)?;
        if in_port && is_new && !loaded.blueprint_missing && !trust_ledger {
            self.orphaned(&live)?;
        }
        self.same_world(&ledger, &live)?;
        self.readable(&ledger, &live)?;
        Ok(Sight {
            live,
            ledger,
            ledger_missing: loaded.blueprint_missing,
        })
    }

    /// Reads both services and the ledger, and plans.
    pub async fn look(&self, global: &Global, flags: &Flags) -> Result<Look, Stop> {
        let Sight {
            live,
            ledger,
            ledger_missing,
        } = self.see(flags.trust_ledger).await?;
        let secrets = self.secret_facts(&ledger, &live);
        let mut facts = self.doubts(global, &ledger);
        let make = |facts: &Facts, flags: &Flags| {
            plan::plan(Input {
                desired: &self.desired,
                live: &live,
                ledger: &ledger,
                secrets: &secrets,
                facts,
                flags,
            })
        };
        let (mut plan, findings) = make(&facts, flags);
        project::check(global, findings, &self.desired.sources)?;
        let uncounted = match flags.skip_refused {
            // What will be left out is counted as well: the refusal says how much it is about.
            true => make(&facts, &unskipped(flags)).0.uncounted(),
            false => plan.uncounted(),
        };
        if !uncounted.is_empty() {
            facts.counts = self.count(uncounted).await?;
            // The same input but for the counts, so that there is nothing new to be found.
            (plan, _) = make(&facts, flags);
        }
        plan.ledger_setup = ledger_missing && !plan.is_empty();
        Ok(Look { live, ledger, plan })
    }

    /// The ledger as kept, or a new one.
    pub fn ledger(&self, kept: Option<Ledger>) -> Result<Ledger, Stop> {
        let config = &self.desired.config;
        let environment = config.environment.as_deref();
        match kept {
            None => Ok(Ledger::new(&config.project, environment, salt())),
            Some(ledger)
                if ledger.project == config.project
                    && ledger.environment.as_deref() == environment =>
            {
                Ok(ledger)
            }
            Some(ledger) => Err(Stop::new(
                exit::BLOCKED,
                format!(
                    "the ledger belongs to project `{}`{}, not to `{}`{}",
                    ledger.project,
                    suffix(ledger.environment.as_deref()),
                    config.project,
                    suffix(environment),
                ),
            )
            .help("give each project and environment its own ledger file".to_owned())),
        }
    }

    /// Objects that say they are ours, and no ledger that does: it was taken away (design, 5.5).
    fn orphaned(&self, live: &Live) -> Result<(), Stop> {
        let config = &self.desired.config;
        let own = label::of(&config.project, config.environment.as_deref());
        let marked = live.iter().find(|(kind, seen)| {
            let kind = kinds::find(kind);
            kind.is_some_and(|kind| label::reserved(kind, &seen.value).any(|label| label == own))
        });
        let Some((kind, seen)) = marked else {
            return Ok(());
        };
        let message = format!(
            "the {kind} `{}` has the label `{own}`, and Port has no ledger of this project",
            seen.name
        );
        Err(Stop::new(exit::BLOCKED, message).help(
            "if it was deleted, undo that; if it was kept elsewhere until now, or cannot be brought back, `--trust-ledger` begins a new one, which adopts what is equal"
                .to_owned(),
        ))
    }

    /// A ledger speaks about one organization and one account.
    fn same_world(&self, ledger: &Ledger, live: &Live) -> Result<(), Stop> {
        let organization = live.organization.as_ref().map(|o| o.id.as_str());
        for (what, ours, theirs) in [
            (
                "Port organization",
                ledger.organization.as_deref(),
                organization,
            ),
            (
                "Spacelift account",
                ledger.account.as_deref(),
                live.account.as_deref(),
            ),
        ] {
            if let (Some(ours), Some(theirs)) = (ours, theirs)
                && ours != theirs
            {
                return Err(Stop::new(
                    exit::BLOCKED,
                    format!("the ledger speaks about the {what} `{ours}`, and this is `{theirs}`"),
                )
                .help(
                    "check the credentials and the environment; nothing was changed".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// A refused list is an error only when config or ledger has that kind.
    fn readable(&self, ledger: &Ledger, live: &Live) -> Result<(), Stop> {
        for (kind, said) in &live.refused {
            let Some(kind) = kinds::find(kind) else {
                continue;
            };
            let wanted = self.desired.objects.keys().chain(ledger.entries.keys());
            if wanted
                .into_iter()
                .any(|addr| addr.service == kind.service() && addr.kind == kind.word())
            {
                return Err(Stop::new(exit::WORLD, format!("{} refuses to list `{}` objects: {said}", kind.service().title(), kind.name()))
                    .help("use credentials that may read them; Port shows webhooks to admins and moderators only".to_owned()));
            }
        }
        Ok(())
    }

    /// The kinds to read: those of the services that the project has.
    fn kinds(&self) -> Vec<&'static dyn Kind> {
        let declared = self.desired.objects.values();
        let declared = declared.map(|object| object.kind.name()).collect();
        let all = kinds::to_read(&declared).into_iter();
        all.filter(|kind| self.there(kind.service())).collect()
    }

    fn there(&self, service: Service) -> bool {
        let endpoints = &self.stage.endpoints;
        match service {
            Service::Port => endpoints.port.is_some(),
            Service::Spacelift => endpoints.spacelift.is_some(),
        }
    }

    /// A service that only the ledger has stops the run, as its objects would look gone.
    fn reachable(&self, ledger: &Ledger) -> Result<(), Stop> {
        let absent = Service::ALL
            .into_iter()
            .filter(|service| !self.there(*service));
        for service in absent {
            let owned = ledger
                .entries
                .keys()
                .filter(|addr| addr.service == service)
                .count();
            if owned > 0 {
                let message = format!(
                    "the ledger owns {owned} objects in {}, and `spaceport.yaml` has no section `{service}`",
                    service.title()
                );
                return Err(Stop::new(exit::BLOCKED, message)
                    .help("keep the section until an apply has deleted them".to_owned()));
            }
        }
        Ok(())
    }

    /// Which world the plan is about, for the first lines of the output.
    pub fn header(&self, global: &Global, look: &Look) -> Header {
        let endpoints = &self.stage.endpoints;
        let sandbox = self.stage.is_sandbox();
        let port = endpoints.port.as_ref().map(|port| Target {
            who: look
                .live
                .organization
                .as_ref()
                .map(|o| format!("{} ({})", o.name, o.id)),
            origin: port.origin.as_str().trim_end_matches('/').to_owned(),
            source: port.source.clone(),
            overridden: port.overridden,
            sandbox,
        });
        let spacelift = endpoints.spacelift.as_ref().map(|spacelift| Target {
            who: Some(spacelift.account.clone()),
            origin: spacelift.origin.clone(),
            source: spacelift.source.clone(),
            overridden: spacelift.overridden,
            sandbox,
        });
        let last_apply = look.ledger.applied_at.as_deref().map(|at| LastApply {
            commit: look.ledger.commit.clone(),
            age: age(at),
        });
        Header {
            project: self.desired.config.project.clone(),
            environment: self.desired.config.environment.clone(),
            port,
            spacelift,
            ledger: match (&self.desired.config.ledger, sandbox) {
                (Some(LedgerHome::File(_)), true) => "kept with the sandbox".to_owned(),
                _ => self.stage.home.words(&global.config),
            },
            last_apply,
        }
    }
}

/// A ledger that cannot be loaded, or that is not believed.
pub fn unkept(error: &HomeError) -> Stop {
    let (code, help) = match error {
        HomeError::Service(error) => return world(error.clone()),
        HomeError::Distrust(Distrust::Format { .. }) => (
            exit::WORLD,
            "use the version of spaceport that wrote it, or a later one",
        ),
        HomeError::Distrust(Distrust::Headless(_) | Distrust::Gone(_)) => (
            exit::BLOCKED,
            "undo the deletion in Port; if that cannot be, `--trust-ledger` goes on with what is left, and what that does not name is no longer ours",
        ),
        HomeError::Distrust(_) => (
            exit::BLOCKED,
            "look at what was changed there; `--trust-ledger` believes it for one run, and the apply then writes it anew",
        ),
        HomeError::Lost => (
            exit::BLOCKED,
            "run `spaceport apply` again when the other run has ended",
        ),
        HomeError::Taken(_) => (exit::BLOCKED, "wait until it has ended"),
        HomeError::Outside(_) => (exit::FINDINGS, "name a file inside of the project"),
        HomeError::Io { .. } | HomeError::Broken { .. } => (
            exit::WORLD,
            "restore it from a backup; without it nothing is known to be ours",
        ),
    };
    Stop::new(code, error).help(help.to_owned())
}

/// What config and ledger have, by kind and id: what is read on demand.
fn had(desired: &Desired, ledger: &Ledger) -> Had {
    let declared = desired.objects.values();
    let declared = declared.map(|object| (object.kind.name(), object.name.clone()));
    let owned = ledger.entries.iter();
    let owned = owned.filter_map(|(addr, entry)| Some((kinds::of(addr)?.name(), entry.id.clone())));
    declared.chain(owned).collect()
}

/// The world failed.
pub fn world(error: ServiceError) -> Stop {
    Stop::new(exit::WORLD, &error).help(error.help())
}

/// The same flags without `--skip-refused`.
fn unskipped(flags: &Flags) -> Flags {
    Flags {
        skip_refused: false,
        ..flags.clone()
    }
}

fn salt() -> String {
    hex(&rand::random::<[u8; 16]>(), 16)
}

fn suffix(environment: Option<&str>) -> String {
    environment
        .map(|name| format!(" in environment `{name}`"))
        .unwrap_or_default()
}

/// How long ago, in the largest fitting unit.
fn age(at: &str) -> String {
    let Ok(then) = at.parse::<Timestamp>() else {
        return "at an unknown time".into();
    };
    let minutes = Timestamp::now().duration_since(then).as_mins();
    match minutes {
        ..1 => "just now".into(),
        1 => "a minute ago".into(),
        2..60 => format!("{minutes} minutes ago"),
        60..120 => "an hour ago".into(),
        120..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}
