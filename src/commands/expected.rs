//! The plan that was reviewed: a file that `plan --out` wrote, or the digest of a plan.
//!
//! It is compared with a fresh plan and never carried out.

use std::path::{Path, PathBuf};

use crate::commands::apply::Arguments;
use crate::commands::{notice, outfile};
use crate::decide::plan::Plan;
use crate::exit::{self, Stop};
use crate::show::Header;
use crate::show::document::{PlanDocument, read};
use crate::show::text::count;

/// Differences that are named.
const NAMED: usize = 20;
/// Digits of a digest.
const DIGITS: usize = 64;

/// What an apply was reviewed as; nothing when it was not.
#[derive(Debug)]
pub enum Expected {
    /// Whatever the plan is.
    Anything,
    /// A plan with this digest.
    Digest(String),
    /// The plan in a file.
    File(PathBuf, Box<PlanDocument>),
}

impl Expected {
    /// What the command line names.
    pub fn of(arguments: &Arguments) -> Result<Expected, Stop> {
        if let Some(file) = &arguments.file {
            let plan = open(file)?;
            if plan.digest.is_none() {
                return Err(unfit(file, "it has no digest"));
            }
            return Ok(Expected::File(file.clone(), Box::new(plan)));
        }
        let Some(digest) = &arguments.expect else {
            return Ok(Expected::Anything);
        };
        let digest = digest.trim().to_ascii_lowercase();
        if digest.len() != DIGITS || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!("--expect: a digest has {DIGITS} hexadecimal digits");
            return Err(Stop::new(exit::USAGE, message).help(
                "take it from the last line of `spaceport plan`, or from its JSON".to_owned(),
            ));
        }
        Ok(Expected::Digest(digest))
    }

    /// Refuses a plan that is another one than was reviewed.
    pub fn holds(&self, plan: &Plan, header: &Header) -> Result<(), Stop> {
        let fresh = header.digest.as_deref().unwrap_or("none");
        let (reviewed, differences) = match self {
            Expected::Anything => return Ok(()),
            Expected::Digest(digest) if digest == fresh => return Ok(()),
            Expected::File(_, reviewed) if reviewed.digest.as_deref() == Some(fresh) => {
                return Ok(());
            }
            Expected::Digest(digest) => (digest.clone(), Vec::new()),
            Expected::File(file, reviewed) => (
                format!("the one of `{}`", file.display()),
                read::differences(reviewed, &PlanDocument::of(plan, header)),
            ),
        };
        for line in differences.iter().take(NAMED) {
            notice(&format!("{line}."));
        }
        if differences.len() > NAMED {
            let more = count(differences.len() - NAMED, "difference", "differences");
            notice(&format!("There are {more} more."));
        }
        let message = format!(
            "the plan is another one than was reviewed: its digest is {fresh}, not {reviewed}"
        );
        Err(Stop::new(exit::BLOCKED, message)
            .help("nothing was changed; review the plan above, and apply that".to_owned()))
    }
}

/// Reads a plan from a file.
pub fn open(file: &Path) -> Result<PlanDocument, Stop> {
    let text = outfile::read(file).map_err(|why| {
        let message = format!("`{}` cannot be read: {why}", file.display());
        Stop::new(exit::WORLD, message)
            .help("name a file that `spaceport plan --out FILE` wrote".to_owned())
    })?;
    read::plan(&text).map_err(|why| unfit(file, &why))
}

/// A file that holds no plan of ours.
pub fn unfit(file: &Path, why: &str) -> Stop {
    let message = format!("`{}` cannot be used: {why}", file.display());
    Stop::new(exit::USAGE, message)
        .help("write it anew with `spaceport plan --out FILE`".to_owned())
}
