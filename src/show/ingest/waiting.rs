//! Waiting: blueprints that an apply has made, and that are empty until an ingest has run.
//!
//! Deliberately not here: which these are (see `commands::unfilled`).

use crate::show::ingest::{TIED, listed, said, tied};
use crate::show::text::width;
use crate::show::{Meaning, Style};

/// A blueprint that has no entities until an ingest has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its identifier.
    pub blueprint: String,
    /// The identifiers of the actions whose forms offer its entities.
    pub actions: Vec<String>,
    /// The command that fills it.
    pub command: String,
}

/// Which command fills what is empty, and what nobody can choose from until then.
pub fn waiting(waiting: &[Waiting], style: &Style) -> String {
    let mut shown = String::new();
    for one in waiting {
        let blueprint = &one.blueprint;
        // A command that fits into a line stands in one, so that it can be copied.
        let command = match width(&one.command) < style.width / 2 {
            true => one.command.replace(' ', TIED),
            false => one.command.clone(),
        };
        let actions: Vec<String> = one.actions.iter().map(|name| format!("`{name}`")).collect();
        let words = match actions.len() {
            0 => format!("`{blueprint}` has no entities yet: `{command}` writes them."),
            n => {
                let (lists, are, them) = match n {
                    1 => ("drop-down", "is", "it"),
                    _ => ("drop-downs", "are", "them"),
                };
                format!(
                    "The {lists} of {} {are} empty until `{blueprint}` has entities: `{command}` fills {them}.",
                    listed(&actions)
                )
            }
        };
        shown.push_str(&tied("", &said(&words), Meaning::Plain, style));
    }
    shown
}
