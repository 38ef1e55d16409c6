//! A project as the way of an event: read with its places, and the engines that read its programs.
//!
//! Neither credentials nor the texts of secrets are looked at. Deliberately not here: what is followed
//! (see `simulate` and `test`).

use std::path::Path;

use serde_json::Value as Json;

use crate::cli::Global;
use crate::commands::{environment_without, project, read_text};
use crate::exit::{self, Stop};
use crate::follow::journey::NOW;
use crate::sim::child::Engines;
use crate::want::desired::Desired;
use crate::want::resolve::CREDENTIALS;
use crate::want::yaml;
use crate::words::{Severity, Value};

/// Reads the project and stops when a finding is an error. What is only worth knowing is for
/// `validate` to say.
pub fn open(global: &Global) -> Result<Desired, Stop> {
    let (desired, findings) = project::read_kept(global, &environment_without(CREDENTIALS));
    if findings.has_errors() {
        project::check(global, findings, &desired.sources)?;
    }
    Ok(desired)
}

/// The engines: this very program, run anew with limits.
pub fn engines() -> Result<Engines, Stop> {
    let program = std::env::current_exe().map_err(|error| {
        Stop::new(
            exit::WORLD,
            format!("this program does not know where it lies: {error}"),
        )
    })?;
    Ok(Engines::new(program))
}

/// The time of a simulation, in seconds since the Unix epoch, and how it is shown.
pub fn clock(now: Option<&str>) -> Result<(f64, String), Stop> {
    let at = match now {
        Some(text) => text.parse::<jiff::Timestamp>().map_err(|_| {
            Stop::new(exit::USAGE, format!("`{text}` is no time"))
                .help("write it like `2026-01-01T00:00:00Z`".to_owned())
        })?,
        None => jiff::Timestamp::from_second(NOW as i64).unwrap_or_default(),
    };
    let shown = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok((at.as_millisecond() as f64 / 1000.0, shown))
}

/// A JSON or YAML document from a file, or from stdin for `-`.
pub fn document(path: &Path) -> Result<Json, Stop> {
    let shown = match path.as_os_str() == "-" {
        true => "stdin".to_owned(),
        false => format!("`{}`", path.display()),
    };
    let unusable = |why: String| Stop::new(exit::USAGE, format!("{shown} {why}"));
    let text = read_text(path).map_err(|error| unusable(format!("cannot be read: {error}")))?;
    let (nodes, findings) = yaml::read(0, &text);
    let wrong = findings.iter().find(|f| f.severity == Severity::Error);
    if let Some(wrong) = wrong {
        return Err(unusable(format!(
            "is neither JSON nor YAML: {}",
            wrong.message
        )));
    }
    match nodes.as_slice() {
        [node] => Ok(node.to_value().to_json_with(&mut |_: &Value| Json::Null)),
        several => Err(unusable(format!(
            "holds {} documents, and one is needed",
            several.len()
        ))),
    }
}
