//! The embedded sandbox as a stage: its folder, its credentials, and texts for every secret.
//!
//! Only the names of secret variables are taken from the project; hosts, credentials and secrets
//! of the environment are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Stage, in_port, randoms, resolve, runtime, sealed};
use crate::cli::Global;
use crate::decide::ledger::Home;
use crate::exit::{self, Stop};
use crate::sandbox::{
    CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET, Options, Sandbox, StartingStack,
};
use crate::there::endpoints::Overrides;
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;

impl Stage {
    /// A stage in the embedded sandbox, kept in `folder`, or in the project when that is empty.
    pub(super) async fn embedded(
        global: &Global,
        desired: &Desired,
        real: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Stage, Stop> {
        let shared = match folder.as_os_str().is_empty() {
            true => shared_account(global, desired)?,
            false => None,
        };
        let folder = match folder.as_os_str().is_empty() {
            // Each environment has a Port organization of its own.
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
            spacelift_data: shared.clone(),
            // Links in deliveries and links that an ingest makes are the same.
            account: desired.config.account.clone(),
            stacks: vec![StartingStack::ai_agent()],
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
        if let (Some(shared), Some(account)) = (&shared, &desired.config.account) {
            notices.push(format!(
                "Its Spacelift account `{account}` is kept in {}, for all environments that name it.",
                shown(shared)
            ));
        }
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
            Some(LedgerHome::Port) => in_port(desired),
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
            randoms: randoms(),
            notices,
            sandbox: Some(sandbox),
        })
    }
}

/// The folder of the Spacelift account, which several environments of a project may name: they
/// then share it, as they do in life. Without environments there is nobody to share it with.
fn shared_account(global: &Global, desired: &Desired) -> Result<Option<PathBuf>, Stop> {
    let config = &desired.config;
    let (Some(_), Some(account)) = (&config.environment, &config.account) else {
        return Ok(None);
    };
    let accounts = global.config.join(".spaceport").join("spacelift");
    let folder = accounts.join(account);
    within(&global.config, &folder)?;
    Ok(Some(folder))
}

/// Texts for every `${env.…}` secret of the project; the runtime key becomes the sandbox's key.
fn supply(desired: &Desired, env: &mut BTreeMap<String, String>) -> BTreeSet<String> {
    let mut supplied = BTreeSet::new();
    for object in desired.objects.values() {
        for name in object
            .spec
            .secrets()
            .into_iter()
            .flat_map(|(_, source)| source.variables().map(str::to_owned).collect::<Vec<_>>())
        {
            env.entry(name.clone())
                .or_insert_with(|| format!("sandbox-{name}"));
            supplied.insert(name);
        }
    }
    if let Some(runtime) = &desired.config.runtime {
        for (source, text) in [(&runtime.key_id, KEY_ID), (&runtime.key_secret, KEY_SECRET)] {
            for name in source.variables().map(str::to_owned) {
                env.insert(name.clone(), text.to_owned());
                supplied.insert(name);
            }
        }
    }
    supplied
}

/// Refuses a default folder that a symlink leads out of the project (law 9): somebody else's
/// project must not make us write elsewhere. A folder that the user names is the user's choice.
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

fn shown(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::new());
    folder
        .strip_prefix(&here)
        .unwrap_or(folder)
        .display()
        .to_string()
}

#[cfg(all(test, unix))]
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
