//! The git checkout that a project lies in: its commit, for the ledger, and whether it contains
//! another one.
//!
//! Git is run without a shell, asks nothing and fetches nothing. Without git, or outside of a
//! checkout, there is nothing to say.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::decide::plan::Branch;

/// The commit that is checked out; `None` outside a checkout or without git.
pub fn commit(folder: &Path) -> Option<String> {
    let output = git(folder, &["rev-parse", "HEAD"])?;
    let text = String::from_utf8(output.stdout).ok()?;
    let commit = text.trim();
    (output.status.success() && is_commit(commit)).then(|| commit.to_owned())
}

/// Whether HEAD contains a commit; `None` outside a checkout or without git.
pub fn contains(folder: &Path, commit: &str) -> Option<Branch> {
    // Whoever wrote it into the ledger cannot make an option of it.
    if !is_commit(commit) || self::commit(folder).is_none() {
        return None;
    }
    let asked = git(folder, &["merge-base", "--is-ancestor", commit, "HEAD"])?;
    if asked.status.success() {
        return Some(Branch::Contained);
    }
    // All that HEAD contains is in a whole clone. In a shallow one, history ends early.
    let shallow = git(folder, &["rev-parse", "--is-shallow-repository"])?;
    Some(match shallow.stdout.trim_ascii() {
        b"true" => Branch::Unknown,
        _ => Branch::NotContained,
    })
}

fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn git(folder: &Path, arguments: &[&str]) -> Option<Output> {
    Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
}
