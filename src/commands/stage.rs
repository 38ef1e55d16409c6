//! The stage: the world that a command works on, real services or the embedded sandbox.
//!
//! With `--sandbox` the process starts a sandbox of its own; hosts, credentials and secrets of
//! the environment are ignored, so that nothing real can be reached or leak into it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::cli::Global;
use crate::decide::ledger::Home;
use crate::exit::{self, Stop};
use crate::there::endpoints::{
    self, Endpoints, Overrides, PortWanted, Region, SpaceliftWanted, Wanted,
};
use crate::there::services::{RuntimeKey, Vault};
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;
use crate::words::template::Reference;
use crate::words::value::SecretSource;

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
        if desired.config.has_environments && desired.config.environment.is_none() {
            return Err(Stop::new(
                exit::USAGE,
                "the project declares environments, and none is chosen",
            )
            .help(format!(
                "choose one with `-e`: {}",
                desired.config.environments.join(", ")
            )));
        }
        match &global.sandbox {
            Some(folder) => Stage::sandbox(global, desired, env, Path::new(folder)).await,
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
            _ => Home::None,
        };
        Ok(Stage {
            endpoints,
            home,
            env: sealed(env.clone()),
            runtime: runtime(desired),
            notices: Vec::new(),
            #[cfg(feature = "sandbox")]
            sandbox: None,
        })
    }

    #[cfg(not(feature = "sandbox"))]
    async fn sandbox(
        _: &Global,
        _: &Desired,
        _: &BTreeMap<String, String>,
        _: &Path,
    ) -> Result<Stage, Stop> {
        Err(Stop::new(exit::USAGE, "this build has no embedded sandbox")
            .help("build it with the feature `sandbox`".to_owned()))
    }

    #[cfg(feature = "sandbox")]
    async fn sandbox(
        global: &Global,
        desired: &Desired,
        real: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Stage, Stop> {
        use crate::sandbox::{CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET, Options, Sandbox};
        let folder = match folder.as_os_str().is_empty() {
            // Environments are worlds of their own.
            true => {
                let sandbox = global.config.join(".spaceport").join("sandbox");
                let environment = desired.config.environment.as_ref();
                let sandbox = environment.map_or(sandbox.clone(), |name| sandbox.join(name));
                within(&global.config, &sandbox)?;
                sandbox
            }
            false => folder.to_owned(),
        };
        keep_out_of_git(&folder, &global.config);
        let options = Options {
            data: Some(folder.clone()),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.map_err(|error| {
            let stop = Stop::new(
                exit::WORLD,
                format!(
                    "the sandbox in `{}` cannot start: {error}",
                    folder.display()
                ),
            );
            match error.kind() {
                std::io::ErrorKind::ResourceBusy => stop.help(
                    "wait for the other command, or name another folder: `--sandbox=DIR`"
                        .to_owned(),
                ),
                _ => stop.help(format!(
                    "`{}` may be deleted; the next run makes a new sandbox",
                    folder.display()
                )),
            }
        })?;
        let url = sandbox.url().to_owned();
        let mut env: BTreeMap<String, String> = [
            ("PORT_CLIENT_ID", CLIENT_ID),
            ("PORT_CLIENT_SECRET", CLIENT_SECRET),
            ("SPACELIFT_API_KEY_ID", KEY_ID),
            ("SPACELIFT_API_KEY_SECRET", KEY_SECRET),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
        let flags = Overrides {
            port_url: Some(url.clone()),
            spacelift_url: Some(url.clone()),
        };
        let endpoints = resolve(desired, &flags, &env)?;
        let supplied = supply(desired, &mut env);
        let mut notices = vec![format!(
            "This is the embedded sandbox, kept in {}. Nothing real is touched.",
            shown(&folder)
        )];
        if !supplied.is_empty() {
            notices.push(format!(
                "It supplies its own texts for {}.",
                supplied.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
        let ignored = [
            "PORT_BASE_URL",
            "SPACELIFT_API_KEY_ENDPOINT",
            "PORT_CLIENT_ID",
            "SPACELIFT_API_KEY_ID",
            "SPACELIFT_API_TOKEN",
        ];
        if ignored.iter().any(|name| real.contains_key(*name)) {
            notices.push("Hosts and credentials of the environment are ignored.".into());
        }
        let environment = desired.config.environment.as_deref().unwrap_or("default");
        let home = match &desired.config.ledger {
            Some(LedgerHome::None) | None => Home::None,
            Some(LedgerHome::File(_)) => Home::File(folder.join(format!(
                "ledger-{}-{environment}.json",
                desired.config.project
            ))),
        };
        Ok(Stage {
            endpoints,
            home,
            env: sealed(env),
            runtime: runtime(desired),
            notices,
            sandbox: Some(sandbox),
        })
    }

    /// A vault over the stage's environment.
    pub fn vault(&self) -> Vault {
        Vault::new(self.env.clone(), self.runtime.clone())
    }

    /// Whether this is the embedded sandbox.
    pub fn is_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.sandbox.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }

    /// Strikes the stage: a sandbox keeps its state.
    pub async fn strike(self) {
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

fn sealed(env: BTreeMap<String, String>) -> BTreeMap<String, SecretString> {
    env.into_iter()
        .map(|(name, text)| (name, SecretString::from(text)))
        .collect()
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

fn runtime(desired: &Desired) -> Option<RuntimeKey> {
    let runtime = desired.config.runtime.as_ref()?;
    Some(RuntimeKey {
        id: runtime.key_id.clone(),
        secret: runtime.key_secret.clone(),
    })
}

/// Texts for every `${env.…}` secret of the project; the runtime key becomes the sandbox's key.
#[cfg(feature = "sandbox")]
fn supply(desired: &Desired, env: &mut BTreeMap<String, String>) -> BTreeSet<String> {
    let names = |source: &SecretSource| -> Vec<String> {
        source
            .template()
            .references()
            .filter_map(|reference| match reference {
                Reference::Env(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    };
    let mut supplied = BTreeSet::new();
    for object in desired.objects.values() {
        for name in object
            .spec
            .secrets()
            .into_iter()
            .flat_map(|(_, source)| names(source))
        {
            env.entry(name.clone())
                .or_insert_with(|| format!("sandbox-{name}"));
            supplied.insert(name);
        }
    }
    if let Some(runtime) = &desired.config.runtime {
        for (source, text) in [
            (&runtime.key_id, crate::sandbox::KEY_ID),
            (&runtime.key_secret, crate::sandbox::KEY_SECRET),
        ] {
            for name in names(source) {
                env.insert(name.clone(), text.to_owned());
                supplied.insert(name);
            }
        }
    }
    supplied
}

/// Refuses a default folder that a symlink leads out of the project (law 9): somebody else's
/// project must not make us write elsewhere. A folder that the user names is the user's choice.
#[cfg(feature = "sandbox")]
fn within(project: &Path, folder: &Path) -> Result<(), Stop> {
    // What does not exist yet is made inside of what does; a link to nothing counts as existing.
    let deepest = folder
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok())
        .unwrap_or(project);
    let real = |path: &Path| path.canonicalize().ok();
    match (real(project), real(deepest)) {
        (Some(project), Some(deepest)) if deepest.starts_with(&project) => Ok(()),
        _ => Err(Stop::new(
            exit::FINDINGS,
            format!(
                "the sandbox's folder `{}` leads out of the project by a symlink",
                folder.display()
            ),
        )
        .help("remove the symlink, or name a folder yourself: `--sandbox=DIR`".to_owned())),
    }
}

/// The sandbox's folder ignores itself in git when it lies in the project.
#[cfg(feature = "sandbox")]
fn keep_out_of_git(folder: &Path, project: &Path) {
    let ours = project.join(".spaceport");
    if !folder.starts_with(&ours) {
        return;
    }
    let ignore = ours.join(".gitignore");
    if std::fs::create_dir_all(&ours).is_ok() && !ignore.exists() {
        // Without it the folder shows up as untracked, which harms nothing.
        let _ = std::fs::write(ignore, "*\n");
    }
}

#[cfg(feature = "sandbox")]
fn shown(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::new());
    folder
        .strip_prefix(&here)
        .unwrap_or(folder)
        .display()
        .to_string()
}

#[cfg(all(test, unix, feature = "sandbox"))]
mod tests {
    use super::*;
    use std::fs::create_dir_all;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_default_sandbox_never_leaves_the_project() {
        let (project, outside) = (tempfile::tempdir(), tempfile::tempdir());
        let (project, outside) = (project.expect("a folder"), outside.expect("a folder"));
        let (root, ours) = (project.path(), project.path().join(".spaceport"));
        let folder = ours.join("sandbox").join("prod");
        assert!(within(root, &folder).is_ok());
        create_dir_all(&folder).expect("folders");
        assert!(within(root, &folder).is_ok());

        std::fs::remove_dir_all(&ours).expect("it is there");
        for target in [outside.path(), &outside.path().join("nothing")] {
            symlink(target, &ours).expect("a link");
            let stop = within(root, &folder).expect_err("`.spaceport` leads out");
            assert_eq!(stop.code, exit::FINDINGS);
            std::fs::remove_file(&ours).expect("it is there");
        }
        create_dir_all(&ours).expect("a folder");
        symlink(outside.path(), ours.join("sandbox")).expect("a link");
        assert!(within(root, &folder).is_err());
    }
}
