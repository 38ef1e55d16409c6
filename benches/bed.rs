//! The bed that a project lies on: its folder, a sandbox, and the command to run on both.
//!
//! Shared by the benches and the tests of scale. Deliberately not here: what is measured or asserted.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use spaceport::sandbox::{
    CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET, Options, Sandbox, StartingStack,
};

/// A project and the sandbox that it is applied to.
#[derive(Debug)]
pub struct Bed {
    /// The sandbox, which counts the requests.
    pub sandbox: Sandbox,
    folder: tempfile::TempDir,
    secrets: Vec<String>,
}

/// What the sandbox was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Requests in all.
    pub requests: usize,
    /// Writes among them.
    pub writes: usize,
}

impl Bed {
    /// Lets a project be laid into a new folder, and starts a sandbox in memory for it, whose
    /// Spacelift begins with these stacks. `lay` returns the names of the environment variables that
    /// the project's secrets read.
    pub async fn make(
        stacks: Vec<StartingStack>,
        lay: impl FnOnce(&Path) -> io::Result<Vec<String>>,
    ) -> io::Result<Bed> {
        let folder = tempfile::tempdir()?;
        let secrets = lay(&folder.path().join("project"))?;
        let sandbox = Sandbox::start(Options {
            stacks,
            seed: Some(1),
            ..Options::default()
        })
        .await?;
        Ok(Bed {
            sandbox,
            folder,
            secrets,
        })
    }

    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The binary with these arguments, on this project and this sandbox, with nothing else of
    /// the environment; nothing is read from it, and what it prints is dropped, but for errors.
    pub fn command(&self, binary: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .arg("-C")
            .arg(self.project())
            .args(arguments)
            .env("PORT_BASE_URL", self.sandbox.url())
            .env("PORT_CLIENT_ID", CLIENT_ID)
            .env("PORT_CLIENT_SECRET", CLIENT_SECRET)
            .env("SPACELIFT_API_KEY_ENDPOINT", self.sandbox.url())
            .env("SPACELIFT_API_KEY_ID", KEY_ID)
            .env("SPACELIFT_API_KEY_SECRET", KEY_SECRET)
            .envs(self.secrets.iter().map(|name| (name, "generated text")));
        command
    }

    /// What the sandbox was asked since the last call, or since its start.
    pub fn asked(&self) -> Asked {
        let entries = self.sandbox.requests();
        self.sandbox.reset_requests();
        Asked {
            requests: entries.len(),
            writes: entries.iter().filter(|entry| entry.write).count(),
        }
    }
}
