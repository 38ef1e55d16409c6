//! The guide's own way: a Python script with `httpx`, in an environment of Python below `target`.
//!
//! Deliberately not here: the script itself (see `guide.py`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The script.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/guide.py");

/// A Python that has `httpx`, made where there is none yet; why there is none, otherwise.
pub fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    let python = folder.join("bin/python");
    if asked(Command::new(&python).args(["-c", "import httpx"])).is_ok() {
        return Ok(python);
    }
    asked(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    asked(Command::new(&python).args(["-m", "pip", "install", "--quiet", "httpx"]))?;
    Ok(python)
}

/// Which `httpx` and which Python, for people.
pub fn versions(python: &Path) -> String {
    let ask = "import httpx, platform; print('httpx', httpx.__version__, 'Python', platform.python_version())";
    asked(Command::new(python).args(["-c", ask])).unwrap_or_else(|why| why)
}

/// Makes of a command for `spaceport` one for the script, with the same credentials, that ends after
/// so many stacks and leaves what it says in a file.
pub fn script(
    python: &Path,
    like: &Command,
    stacks: usize,
    says: &Path,
) -> std::io::Result<Command> {
    let mut command = Command::new(python);
    command.arg(SCRIPT).env_clear();
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
        .env("GUIDED_STACKS", stacks.to_string())
        .stdout(File::create(says)?);
    Ok(command)
}

/// What the script has said: how many stacks it has sent, and for how long.
pub fn said(says: &Path) -> Option<(usize, Duration)> {
    let text = fs::read_to_string(says).ok()?;
    let (stacks, seconds) = text.trim().split_once(' ')?;
    let seconds = seconds.parse().ok()?;
    Some((
        stacks.parse().ok()?,
        Duration::try_from_secs_f64(seconds).ok()?,
    ))
}

/// What a command prints, or the last thing that it complains of.
fn asked(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("`{name}` cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty());
    Err(format!("`{name}`: {}", last.unwrap_or("it failed")))
}
