//! The data folder: readable JSON that survives the process.
//!
//! - `port.json` is the Port half as it was at the last start or stop; `port.journal` has one line per
//!   row that changed since. A write is in the journal before it is answered, so killing the process
//!   loses nothing that a client was told, and the cost of a write does not grow with the state.
//! - `spacelift.json` is the Spacelift half as a whole. A write is answered once a save that contains
//!   it is done; writes that wait together share one save.
//! - What happens after an answer (runs, automations, deliveries) is in the journal once it has happened.
//!   What waits for its turn is not: a process that is killed loses it, and a run that was to be invoked
//!   stays in progress.
//! - `lock` keeps a second process out.
//!
//! The Spacelift half may lie in a folder of its own with a lock of its own: several organizations of
//! Port may share one account.
//!
//! Files are replaced atomically. Nothing is flushed to the disk itself: a power cut may lose the last
//! seconds, a killed process does not.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::port::Tables;
use super::spacelift::SpaceliftState;

/// The journal is folded into the snapshot when it is larger than this many bytes.
const JOURNAL_LIMIT: u64 = 64 * 1024 * 1024;

/// An open data folder.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    spacelift_folder: PathBuf,
    journal: Mutex<Journal>,
    spacelift_writes: AtomicU64,
    spacelift_saved: Mutex<u64>,
    locks: Vec<File>,
}

/// What an earlier process left.
#[derive(Debug)]
pub(crate) struct Restored {
    /// `None` in a new folder.
    pub(crate) port: Option<Tables>,
    /// `None` in a new folder.
    pub(crate) spacelift: Option<SpaceliftState>,
}

#[derive(Debug)]
struct Journal {
    file: File,
    length: u64,
}

impl Store {
    /// Opens or makes a folder, and the one for the Spacelift half, which may be the same.
    ///
    /// Fails with `ResourceBusy` when another process has it, with `InvalidData` when a file in it is
    /// not what this module wrote.
    pub(crate) fn open(folder: &Path, spacelift: &Path) -> io::Result<(Self, Restored)> {
        let mut locks = vec![lock(folder)?];
        // A folder cannot be locked twice, and by then both exist, so that links are told apart.
        make_private(spacelift)?;
        if spacelift.canonicalize()? != folder.canonicalize()? {
            locks.push(lock(spacelift)?);
        }
        let restored = Restored {
            port: read_port(folder)?,
            spacelift: read_spacelift(spacelift)?,
        };
        let path = folder.join("port.journal");
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let length = file.metadata()?.len();
        let store = Self {
            folder: folder.to_owned(),
            spacelift_folder: spacelift.to_owned(),
            journal: Mutex::new(Journal { file, length }),
            spacelift_writes: AtomicU64::new(0),
            spacelift_saved: Mutex::new(0),
            locks,
        };
        Ok((store, restored))
    }

    /// Appends the rows that changed; the caller holds the tables, so the order is theirs.
    pub(crate) fn append(&self, tables: &mut Tables) -> io::Result<()> {
        let lines = tables.take_changes();
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.file.write_all(&lines)?;
        journal.length += lines.len() as u64;
        if journal.length > JOURNAL_LIMIT {
            self.fold(tables, &mut journal)?;
        }
        Ok(())
    }

    /// Writes the snapshot of the Port half anew and empties the journal.
    pub(crate) fn save_port(&self, tables: &mut Tables) -> io::Result<()> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        self.fold(tables, &mut journal)
    }

    /// Returns once a save that contains everything written so far is done.
    pub(crate) fn save_spacelift(&self, state: &Mutex<SpaceliftState>) -> io::Result<()> {
        let mine = self.spacelift_writes.fetch_add(1, Ordering::SeqCst) + 1;
        let mut saved = self
            .spacelift_saved
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *saved >= mine {
            return Ok(());
        }
        let covers = self.spacelift_writes.load(Ordering::SeqCst);
        let text = {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            serde_json::to_vec_pretty(&*state)?
        };
        replace(&self.spacelift_folder, "spacelift.json", &text)?;
        *saved = covers;
        Ok(())
    }

    /// Lets the next process in.
    pub(crate) fn release(&self) {
        // Closing the file does the same, only later.
        for lock in &self.locks {
            let _ = lock.unlock();
        }
    }

    fn fold(&self, tables: &mut Tables, journal: &mut Journal) -> io::Result<()> {
        // What is not in the journal yet is in the snapshot.
        tables.take_changes();
        replace(
            &self.folder,
            "port.json",
            &serde_json::to_vec_pretty(&tables.to_json())?,
        )?;
        // A process that dies here repeats the journal onto a snapshot that contains it already: each
        // row ends as its last line says, which is what the snapshot says.
        journal.file.set_len(0)?;
        journal.length = 0;
        Ok(())
    }
}

/// Makes a folder and keeps other processes out of it.
fn lock(folder: &Path) -> io::Result<File> {
    make_private(folder)?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!(
                "another sandbox uses the data folder `{}`",
                folder.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_port(folder: &Path) -> io::Result<Option<Tables>> {
    let Some(text) = read(&folder.join("port.json"))? else {
        return Ok(None);
    };
    let value: Value = serde_json::from_slice(&text)?;
    let mut tables =
        Tables::from_json(value).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
    let journal = read(&folder.join("port.journal"))?.unwrap_or_default();
    // The last line may be torn; it was not acknowledged then.
    for line in journal
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
    {
        let line: Value = serde_json::from_slice(line)?;
        if !tables.repeat(&line) {
            let why = "a line of `port.journal` names no table";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    Ok(Some(tables))
}

fn read_spacelift(folder: &Path) -> io::Result<Option<SpaceliftState>> {
    match read(&folder.join("spacelift.json"))? {
        Some(text) => Ok(Some(serde_json::from_slice(&text)?)),
        None => Ok(None),
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn replace(folder: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text)?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
