//! `spaceport schema`: the JSON Schema of the project's files, for editors, and of JSON that
//! spaceport prints.

use clap::{Args, ValueEnum};

use crate::cli::{Global, NO_HELP};
use crate::commands::{print, tell};
use crate::exit::{self, Stop};
use crate::kinds::schema;
use crate::show::drift;

/// The file names that `--write` and `init` use.
pub const FILES: [(Of, &str); 2] = [
    (Of::Documents, ".schema.json"),
    (Of::Project, ".schema.project.json"),
];

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the schema is for; project means `spaceport.yaml`, drift what `drift` prints as JSON
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Of::Documents)]
    pub of: Of,
    /// Write both schemas into the project's folder instead
    #[arg(long)]
    pub write: bool,
}

/// What a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// The documents, one object each.
    #[value(help = NO_HELP)]
    Documents,
    /// `spaceport.yaml`.
    #[value(help = NO_HELP)]
    Project,
    /// What `drift --format json` prints.
    #[value(help = NO_HELP)]
    Drift,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    if !arguments.write {
        print(&text(arguments.of));
        return Ok(exit::DONE);
    }
    for (of, name) in FILES {
        let path = global.config.join(name);
        std::fs::write(&path, text(of)).map_err(|error| {
            Stop::new(
                exit::WORLD,
                format!("`{}` cannot be written: {error}", path.display()),
            )
        })?;
        if !global.quiet {
            tell(&format!("wrote {}", path.display()));
        }
    }
    Ok(exit::DONE)
}

/// A schema as JSON text.
pub fn text(of: Of) -> String {
    let schema = match of {
        Of::Documents => schema::document_schema(),
        Of::Project => schema::project_schema(),
        Of::Drift => drift::schema(),
    };
    format!("{:#}\n", schema.to_value())
}
