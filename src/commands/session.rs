//! A session: a project, the world that it meets, and the way to look at it. Plan and apply share
//! it.
//!
//! Holds a reader only (law 2); apply makes its writer from it. Deliberately not here: what is
//! made of what was seen (see `sight`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::cli::Global;
use crate::commands::sight::{self, Draft, Look, Places, Sight};
use crate::commands::stage::Stage;
use crate::commands::{doubts, notice, project};
use crate::decide::ledger::home::Loaded;
use crate::decide::ledger::trust::Distrust;
use crate::decide::ledger::{Home, HomeError, Ledger, hex};
use crate::decide::plan::Flags;
use crate::exit::{self, Stop};
use crate::kinds::Kind;
use crate::show::header::{Header, Target};
use crate::there::live::Live;
use crate::there::services::{Options, Reader, ServiceError, Vault};
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;
use crate::words::Value;

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

/// In which order both sides are read.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// All at once, which is fastest and serves those who only look.
    AtOnce,
    /// A ledger in Port before the objects, for those who will write. Whoever applies meanwhile changes the ledger, which is
    /// compared once the lease is taken; a ledger that is newer than the objects beside it would hide that.
    LedgerFirst,
}

impl Session {
    /// Opens the project and sets the stage. Nothing is sent yet.
    pub async fn open(global: &Global) -> Result<Session, Stop> {
        let env = crate::commands::environment();
        let desired = project::open(global, &env)?;
        Session::of(global, desired, &env).await
    }

    /// The same for a project that may hold no objects yet, where nothing is planned from it.
    pub async fn even_empty(global: &Global) -> Result<Session, Stop> {
        let env = crate::commands::environment();
        let desired = project::open_even_empty(global, &env)?;
        Session::of(global, desired, &env).await
    }

    /// Sets the stage for a project. Nothing is sent yet.
    pub async fn of(
        global: &Global,
        desired: Desired,
        env: &BTreeMap<String, String>,
    ) -> Result<Session, Stop> {
        let stage = Stage::set(global, &desired, env).await?;
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
        self.see_in(Order::AtOnce, trust_ledger).await
    }

    async fn see_in(&self, order: Order, trust_ledger: bool) -> Result<Sight, Stop> {
        let kinds = sight::kinds(&self.desired);
        let (mut live, loaded) = self.read_in(order, &kinds, trust_ledger).await?;
        let is_new = loaded.ledger.is_none();
        let ledger = self.ledger(loaded.ledger)?;
        sight::reachable(&self.desired, &ledger)?;
        let had = sight::had(&self.desired, &ledger);
        let further = self.reader.complete(&mut live, &kinds, &had);
        further.await.map_err(world)?;
        let sight = Sight {
            live,
            ledger,
            is_new,
            blueprint_missing: loaded.blueprint_missing,
        };
        sight.check(&self.desired, trust_ledger)?;
        Ok(sight)
    }

    /// Reads both services and the ledger, and plans.
    pub async fn look(&self, global: &Global, flags: &Flags) -> Result<Look, Stop> {
        let order = match flags.applies {
            true => Order::LedgerFirst,
            false => Order::AtOnce,
        };
        let sight = self.see_in(order, flags.trust_ledger).await?;
        let known = (
            self.secret_facts(&sight.ledger, &sight.live),
            doubts::branch(global, &sight.ledger, flags),
        );
        let mut draft = Draft::new(global, &self.desired, sight, known, flags)?;
        let uncounted = draft.uncounted();
        if !uncounted.is_empty() {
            draft.counted(self.count(uncounted).await?);
        }
        Ok(draft.look())
    }

    /// Reads the objects of these kinds and the ledger, both at once, which keeps a plan two round
    /// trips deep.
    pub async fn read(
        &self,
        kinds: &[&'static dyn Kind],
        trust: bool,
    ) -> Result<(Live, Loaded), Stop> {
        self.read_in(Order::AtOnce, kinds, trust).await
    }

    async fn read_in(
        &self,
        order: Order,
        kinds: &[&'static dyn Kind],
        trust: bool,
    ) -> Result<(Live, Loaded), Stop> {
        let home = &self.stage.home;
        let in_port = matches!(home, Home::Port(_));
        let ledger = home.load(&self.reader, &self.vault, trust);
        let wanted = self.desired.objects.values();
        let wanted: HashMap<(&str, &str), &Value> = wanted
            .filter(|object| object.manage.is_empty())
            .map(|object| ((object.kind.name(), object.name.as_str()), &object.spec))
            .collect();
        let known = |kind: &str, name: &str| wanted.get(&(kind, name)).copied();
        let live = self.reader.read_beside(kinds, !in_port, &known);
        let (live, kept) = match order {
            Order::AtOnce if in_port => tokio::join!(live, ledger),
            // A file is read at once: not beside the lists, so that its text is gone by then.
            _ => {
                let kept = ledger.await;
                (live.await, kept)
            }
        };
        let mut loaded = kept.map_err(|error| unkept(&error))?;
        let mut live = live.map_err(world)?;
        if in_port {
            live.organization = match loaded.organization.take() {
                Some(organization) => Some(organization),
                None => Some(self.reader.organization().await.map_err(world)?),
            };
        }
        Ok((live, loaded))
    }

    /// The ledger as kept, or a new one.
    pub fn ledger(&self, kept: Option<Ledger>) -> Result<Ledger, Stop> {
        sight::ledger(&self.desired, kept, salt)
    }

    /// Where this session looks.
    pub fn places(&self, global: &Global) -> Places {
        let endpoints = &self.stage.endpoints;
        let sandbox = self.stage.is_sandbox();
        let port = endpoints.port.as_ref().map(|port| Target {
            who: None,
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
        Places {
            port,
            spacelift,
            ledger: match (&self.desired.config.ledger, sandbox) {
                (Some(LedgerHome::File(_)), true) => "kept with the sandbox".to_owned(),
                _ => self.stage.home.words(&global.config),
            },
        }
    }

    /// Which world the plan is about, for the first lines of the output.
    pub fn header(&self, global: &Global, look: &Look) -> Header {
        sight::header(&self.desired, &self.places(global), look)
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

/// The world failed.
pub fn world(error: ServiceError) -> Stop {
    Stop::new(exit::WORLD, &error).help(error.help())
}

fn salt() -> String {
    hex(&rand::random::<[u8; 16]>(), 16)
}
