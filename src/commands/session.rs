//! A session: both sides looked at, and the plan between them. Plan and apply share it.
//!
//! Holds a reader only (law 2); apply makes its writer from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::Global;
use crate::commands::stage::Stage;
use crate::commands::{notice, project};
use crate::decide::ledger::{Fingerprint, Ledger, hex};
use crate::decide::plan::{self, Flags, Input, Plan, SecretFact, SecretFacts};
use crate::exit::{self, Stop};
use crate::kinds::{self, Kind};
use crate::show::header::{Header, LastApply, Target};
use crate::there::live::Live;
use crate::there::services::{FingerprintKey, Options, Reader, ServiceError, Vault};
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;
use crate::words::template::Reference;
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer, Service};

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

    /// Reads both services and the ledger, and plans.
    pub async fn look(&self, global: &Global, flags: &Flags) -> Result<Look, Stop> {
        let ledger = self.ledger()?;
        let live = self
            .reader
            .read(&self.kinds(&ledger)?)
            .await
            .map_err(world)?;
        self.same_world(&ledger, &live)?;
        self.readable(&ledger, &live)?;
        let secrets = self.secret_facts(&ledger);
        let input = Input {
            desired: &self.desired,
            live: &live,
            ledger: &ledger,
            secrets: &secrets,
            flags,
        };
        let (plan, findings) = plan::plan(input);
        project::check(global, findings, &self.desired.sources)?;
        Ok(Look { live, ledger, plan })
    }

    /// The ledger as kept, or a new one.
    fn ledger(&self) -> Result<Ledger, Stop> {
        let config = &self.desired.config;
        let environment = config.environment.as_deref();
        let kept = self.stage.home.load().map_err(|error| {
            Stop::new(exit::WORLD, error)
                .help("restore it from a backup; without it nothing is known to be ours".to_owned())
        })?;
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

    /// The kinds to read: those of the services that the project has. A service that only the
    /// ledger has stops the run, as its objects would look gone.
    fn kinds(&self, ledger: &Ledger) -> Result<Vec<&'static dyn Kind>, Stop> {
        let endpoints = &self.stage.endpoints;
        let there = |service: Service| match service {
            Service::Port => endpoints.port.is_some(),
            Service::Spacelift => endpoints.spacelift.is_some(),
        };
        for service in Service::ALL.into_iter().filter(|service| !there(*service)) {
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
        Ok(kinds::ALL
            .iter()
            .copied()
            .filter(|kind| there(kind.service()))
            .collect())
    }

    /// What is known about every secret, without sending anything.
    fn secret_facts(&self, ledger: &Ledger) -> SecretFacts {
        let key = self.vault.fingerprint_key(ledger.salt.as_bytes());
        let mut facts = BTreeMap::new();
        for object in self.desired.objects.values() {
            for (at, source) in object.spec.secrets() {
                let missing = self.vault.missing(source);
                let fact = if !missing.is_empty() {
                    SecretFact::Unset(missing)
                } else if source
                    .template()
                    .references()
                    .any(|r| matches!(r, Reference::Attribute(..)))
                {
                    // Its text is known only when the other object is.
                    continue;
                } else {
                    let known = ledger
                        .entries
                        .get(&object.addr)
                        .and_then(|entry| entry.fingerprints.get(&at));
                    let now = key
                        .as_ref()
                        .and_then(|key| self.mark(key, &object.addr, &at, source));
                    compare(known.map_or(&[][..], Vec::as_slice), now)
                };
                facts.insert((object.addr.clone(), at), fact);
            }
        }
        facts
    }

    /// The fingerprint of a secret that is sent, for the ledger.
    pub fn fingerprint(
        &self,
        addr: &Addr,
        at: &Pointer,
        source: &SecretSource,
        salt: &str,
    ) -> Option<Fingerprint> {
        let key = self.vault.fingerprint_key(salt.as_bytes())?;
        self.mark(&key, addr, at, source)
    }

    /// The fingerprint of a secret under a key; `None` when its text is not at hand.
    fn mark(
        &self,
        key: &FingerprintKey,
        addr: &Addr,
        at: &Pointer,
        source: &SecretSource,
    ) -> Option<Fingerprint> {
        let mac = self.vault.fingerprint(key, addr, at, source)?;
        Some(Fingerprint {
            key_id: key.id().to_owned(),
            mac,
        })
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

/// The world failed.
pub fn world(error: ServiceError) -> Stop {
    Stop::new(exit::WORLD, &error).help(error.help())
}

fn compare(known: &[Fingerprint], now: Option<Fingerprint>) -> SecretFact {
    // Without a key nothing can be compared, and sending would not help to compare next time.
    let Some(now) = now else {
        return SecretFact::Unverified;
    };
    match known.iter().find(|old| old.key_id == now.key_id) {
        Some(old) if old.mac == now.mac => SecretFact::Same,
        Some(_) => SecretFact::Changed,
        None if known.is_empty() => SecretFact::Unverified,
        None => SecretFact::OtherKey,
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
