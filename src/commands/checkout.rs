//! The git checkout that a project lies in: its commit, for the ledger.

use std::path::Path;
use std::process::{Command, Stdio};

/// The commit that is checked out; `None` outside a checkout or without git.
pub fn commit(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let commit = text.trim();
    (output.status.success() && commit.len() >= 40 && commit.chars().all(|c| c.is_ascii_hexdigit()))
        .then(|| commit.to_owned())
}
