//! Where a ledger is kept: load, save, and nothing else.
//!
//! In Port by default (see `shelf`), in a file of the project, or nowhere. Saving to a file replaces the whole file at once (written beside it, synced, renamed), so that a kill
//! leaves the old or the new ledger, never half of one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::decide::ledger::trust::Distrust;
use crate::decide::ledger::{FORMAT, Ledger, Shelf};
use crate::there::live::Organization;
use crate::there::services::{Reader, ServiceError, Vault, Writer};

/// Where a ledger is kept.
#[derive(Debug)]
pub enum Home {
    /// Port itself.
    Port(Arc<Shelf>),
    /// One JSON file.
    File(PathBuf),
    /// Nowhere: what is in the config is ours, and nothing is ever deleted.
    None,
}

/// Why a ledger could not be loaded or saved.
#[derive(Debug, Error)]
pub enum HomeError {
    /// The file system refused.
    #[error("the ledger `{path}` cannot be {what}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// `read`, `written`, `locked` or `removed`.
        what: &'static str,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is no ledger. Never taken as "owns nothing".
    #[error("`{path}` is not a ledger: {message}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Port did not do what was asked.
    #[error("{0}")]
    Service(#[from] ServiceError),
    /// What lies in Port is not what spaceport wrote.
    #[error("{0}")]
    Distrust(#[from] Distrust),
    /// Another run took over the lease on the ledger in Port.
    #[error(
        "the lease on the ledger was taken over by another run, or taken away by `spaceport unlock`"
    )]
    Lost,
    /// Another apply on this machine works with it.
    #[error("another apply works with the ledger `{0}` right now")]
    Taken(PathBuf),
    /// The path leads out of the project's folder.
    #[error("the ledger `{0}` lies outside the project's folder")]
    Outside(PathBuf),
}

/// A ledger as it was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The ledger; `None` when there is none yet.
    pub ledger: Option<Ledger>,
    /// The Port organization, when the ledger is kept there and knows it.
    pub organization: Option<Organization>,
    /// Whether Port lacks the blueprint that ledgers are kept under.
    pub blueprint_missing: bool,
}

impl Home {
    /// A file inside the project's folder, symlinks included (law 9).
    pub fn inside(root: &Path, path: &str) -> Result<Home, HomeError> {
        let written = Path::new(path);
        let file = root.join(written);
        let climbs = written.is_absolute()
            || written
                .components()
                .any(|c| c == std::path::Component::ParentDir);
        let real_root = root
            .canonicalize()
            .map_err(|error| io(root, "read", error))?;
        // The file and some folders may not exist yet; what exists must lie inside.
        let exists = file.ancestors().find_map(|path| path.canonicalize().ok());
        if climbs || !exists.is_some_and(|real| real.starts_with(&real_root)) {
            return Err(HomeError::Outside(file));
        }
        Ok(Home::File(file))
    }

    /// In words for the header of a plan.
    pub fn words(&self, root: &Path) -> String {
        match self {
            Home::File(path) => path
                .strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string(),
            Home::Port(shelf) => format!("in Port, {}", shelf.scope().head()),
            Home::None => "none (nothing is ever deleted)".into(),
        }
    }

    /// The ledger, from wherever it is. `trust` believes in Port what can be read there.
    pub async fn load(
        &self,
        reader: &Reader,
        vault: &Vault,
        trust: bool,
    ) -> Result<Loaded, HomeError> {
        match self {
            Home::Port(shelf) => shelf.load(reader, vault, trust).await,
            Home::File(_) | Home::None => Ok(Loaded {
                ledger: self.file()?,
                ..Loaded::default()
            }),
        }
    }

    /// Keeps the ledger.
    pub async fn save(&self, ledger: &Ledger, writer: &Writer) -> Result<(), HomeError> {
        match self {
            Home::Port(shelf) => shelf.save(ledger, writer).await,
            Home::File(_) | Home::None => self.replace(ledger),
        }
    }

    /// Removes a ledger that owns nothing and was saved so.
    pub async fn remove(&self, writer: &Writer) -> Result<(), HomeError> {
        match self {
            Home::Port(shelf) => shelf.remove(writer).await,
            Home::File(path) => match fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(io(path, "removed", error))
                }
                _ => Ok(()),
            },
            Home::None => Ok(()),
        }
    }

    /// Whether somebody took the lease away that this run held.
    pub fn is_lost(&self) -> bool {
        matches!(self, Home::Port(shelf) if shelf.is_lost())
    }

    /// How Port stamps what we write, where that is known.
    pub fn stamp(&self) -> Option<String> {
        match self {
            Home::Port(shelf) => shelf.stamp(),
            Home::File(_) | Home::None => None,
        }
    }

    /// Whether a head must be written before anything else, so that no chunk is ever without one.
    pub fn is_new(&self) -> bool {
        matches!(self, Home::Port(shelf) if shelf.is_new())
    }

    /// The ledger in a file; `None` when there is none yet.
    pub fn file(&self) -> Result<Option<Ledger>, HomeError> {
        let Home::File(path) = self else {
            return Ok(None);
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(path, "read", error)),
        };
        let broken = |message: String| HomeError::Broken {
            path: path.clone(),
            message,
        };
        let ledger: Ledger =
            serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if ledger.format != FORMAT {
            return Err(broken(format!(
                "its format is {}, this version reads {FORMAT}",
                ledger.format
            )));
        }
        Ok(Some(ledger))
    }

    /// Replaces the file.
    pub fn replace(&self, ledger: &Ledger) -> Result<(), HomeError> {
        let Home::File(path) = self else {
            return Ok(());
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, ledger)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| io(path, "written", error))
    }
}

/// Holds a ledger file for one apply on this machine; dropping it lets go.
#[derive(Debug)]
pub struct Lock {
    _file: Option<fs::File>,
}

impl Lock {
    /// Takes the lock of a ledger's home, or says who cannot have it.
    pub fn take(home: &Home) -> Result<Lock, HomeError> {
        let Home::File(path) = home else {
            // In Port a lease does this for all machines.
            return Ok(Lock { _file: None });
        };
        let mut beside = path.clone().into_os_string();
        beside.push(".lock");
        let beside = PathBuf::from(beside);
        // Opening would follow a link out of the project (law 9).
        if beside.is_symlink() {
            return Err(HomeError::Outside(beside));
        }
        let open = || -> std::io::Result<fs::File> {
            if let Some(folder) = beside.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&beside)
        };
        let file = open().map_err(|error| io(&beside, "written", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: Some(file) }),
            Err(fs::TryLockError::WouldBlock) => Err(HomeError::Taken(path.clone())),
            Err(fs::TryLockError::Error(error)) => Err(io(&beside, "locked", error)),
        }
    }
}

fn io(path: &Path, what: &'static str, error: std::io::Error) -> HomeError {
    HomeError::Io {
        path: path.to_owned(),
        what,
        error,
    }
}
