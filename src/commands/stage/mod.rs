//! The stage: the world that a command works on, real services or the embedded sandbox.
//!
//! With `--sandbox` the process starts a sandbox of its own; hosts, credentials and secrets of
//! the environment are ignored, so that nothing real can be reached or leak into it (`embedded`, in builds that have a sandbox).

#[cfg(feature = "sandbox")]
mod embedded;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use crate::cli::Global;
use crate::decide::ledger::{Home, Scope, Shelf};
use crate::exit::{self, Stop};
use crate::there::endpoints::{
    self, Endpoints, Overrides, PortWanted, Region, SpaceliftWanted, Wanted,
};
use crate::there::services::{Randoms, RuntimeKey, Vault};
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;

/// The world that a command works on.
#[derive(Debug)]
pub struct Stage {
    /// Where requests go.
    pub endpoints: Endpoints,
    /// Where the ledger is kept.
    pub home: Home,
    /// The environment that secrets are read from, in a form that no output can show (law 5).
    env: BTreeMap<String, SecretString>,
    runtime: Option<RuntimeKey>,
    /// The texts of `${random.NAME}`, shared by all vaults of this process.
    randoms: Arc<Randoms>,
    /// What a reader should know about it, one line each.
    pub notices: Vec<String>,
    /// The embedded sandbox, while it runs.
    #[cfg(feature = "sandbox")]
    sandbox: Option<crate::sandbox::Sandbox>,
}

impl Stage {
    /// Sets the stage for a project.
    pub async fn set(
        global: &Global,
        desired: &Desired,
        env: &BTreeMap<String, String>,
    ) -> Result<Stage, Stop> {
        chosen(desired)?;
        match &global.sandbox {
            Some(folder) => Stage::embedded(global, desired, env, Path::new(folder)).await,
            None => Stage::real(global, desired, env),
        }
    }

    fn real(
        global: &Global,
        desired: &Desired,
        env: &BTreeMap<String, String>,
    ) -> Result<Stage, Stop> {
        let flags = Overrides {
            port_url: global.port_url.clone(),
            spacelift_url: global.spacelift_url.clone(),
        };
        let endpoints = resolve(desired, &flags, env)?;
        let home = match &desired.config.ledger {
            Some(LedgerHome::File(path)) => Home::inside(&global.config, path)
                .map_err(|error| Stop::new(exit::FINDINGS, error))?,
            Some(LedgerHome::Port) => in_port(desired),
            Some(LedgerHome::None) | None => Home::None,
        };
        Ok(Stage {
            endpoints,
            home,
            env: sealed(env.clone()),
            runtime: runtime(desired),
            randoms: randoms(),
            notices: Vec::new(),
            #[cfg(feature = "sandbox")]
            sandbox: None,
        })
    }

    #[cfg(not(feature = "sandbox"))]
    async fn embedded(
        _: &Global,
        _: &Desired,
        _: &BTreeMap<String, String>,
        _: &Path,
    ) -> Result<Stage, Stop> {
        Err(Stop::new(exit::USAGE, "this build has no embedded sandbox")
            .help("build it with the feature `sandbox`".to_owned()))
    }

    /// A vault over the stage's environment.
    pub fn vault(&self) -> Vault {
        Vault::new(self.env.clone(), self.runtime.clone()).with_randoms(self.randoms.clone())
    }

    /// Whether this is the embedded sandbox.
    pub fn is_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.sandbox.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }

    /// Returns when everything has happened in the embedded sandbox that was caused there; at once
    /// where there is none.
    pub async fn settle(&self) {
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = &self.sandbox {
            sandbox.settle().await;
        }
    }

    /// Strikes the stage: a sandbox keeps its state.
    pub async fn strike(self) {
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// A project that declares environments is worked on in one of them.
pub fn chosen(desired: &Desired) -> Result<(), Stop> {
    if !desired.config.has_environments || desired.config.environment.is_some() {
        return Ok(());
    }
    let message = "the project declares environments, and none is chosen";
    let names = desired.config.environments.join(", ");
    Err(Stop::new(exit::USAGE, message).help(format!("choose one with `-e`: {names}")))
}

/// Which runtime key a project names.
pub fn runtime(desired: &Desired) -> Option<RuntimeKey> {
    let runtime = desired.config.runtime.as_ref()?;
    Some(RuntimeKey {
        id: runtime.key_id.clone(),
        secret: runtime.key_secret.clone(),
    })
}

/// The ledger of a project in Port.
fn in_port(desired: &Desired) -> Home {
    let config = &desired.config;
    let scope = Scope::new(&config.project, config.environment.as_deref());
    Home::Port(Arc::new(Shelf::new(scope)))
}

fn sealed(env: BTreeMap<String, String>) -> BTreeMap<String, SecretString> {
    env.into_iter()
        .map(|(name, text)| (name, SecretString::from(text)))
        .collect()
}

/// The randomness of the operating system.
fn randoms() -> Arc<Randoms> {
    Arc::new(Randoms::new(rand::random))
}

fn resolve(
    desired: &Desired,
    flags: &Overrides,
    env: &BTreeMap<String, String>,
) -> Result<Endpoints, Stop> {
    let config = &desired.config;
    let region = |region: &String| PortWanted {
        region: if region == "us" {
            Region::Us
        } else {
            Region::Eu
        },
    };
    let wanted = Wanted {
        port: config.region.as_ref().map(region),
        spacelift: config
            .account
            .clone()
            .map(|account| SpaceliftWanted { account }),
        environment: config.environment.clone(),
    };
    endpoints::resolve(&wanted, flags, env)
        .map_err(|error| Stop::new(exit::WORLD, &error.message).help(error.help.clone()))
}
