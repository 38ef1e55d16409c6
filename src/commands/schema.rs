//! `spaceport schema`: the JSON Schema of the project's files, for editors, and of what we write.

use clap::{Args, ValueEnum};

use crate::cli::{Global, NO_HELP};
use crate::commands::outfile::unwritable;
use crate::commands::{print, tell};
use crate::exit::{self, Stop};
use crate::kinds::schema;
use crate::show::document::PlanDocument;
use crate::show::document::drift::DriftDocument;
use crate::show::document::ingest::IngestsDocument;
use crate::show::document::report::ReportDocument;
use crate::show::document::run::RunDocument;

/// The file names that `--write` and `init` use.
pub const FILES: [(Of, &str); 2] = [
    (Of::Documents, ".schema.json"),
    (Of::Project, ".schema.project.json"),
];

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the schema is for; project means `spaceport.yaml`, the others what we write as JSON
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Of::Documents)]
    pub of: Of,
    /// Write both schemas into the project's folder instead
    #[arg(long)]
    pub write: bool,
}

/// Which files a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// The documents, one object each.
    #[value(help = NO_HELP)]
    Documents,
    /// `spaceport.yaml`.
    #[value(help = NO_HELP)]
    Project,
    /// What `plan --out` and `plan --format json` write.
    #[value(help = NO_HELP)]
    Plan,
    /// What `apply --format json` writes.
    #[value(help = NO_HELP)]
    Report,
    /// What `drift --format json` writes.
    #[value(help = NO_HELP)]
    Drift,
    /// What `run --format json` writes.
    #[value(help = NO_HELP)]
    Run,
    /// What `ingest --format json` writes.
    #[value(help = NO_HELP)]
    Ingest,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    if !arguments.write {
        print(&text(arguments.of));
        return Ok(exit::DONE);
    }
    for (of, name) in FILES {
        let path = global.config.join(name);
        std::fs::write(&path, text(of)).map_err(|error| unwritable(&path, &error))?;
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
        Of::Plan => schemars::schema_for!(PlanDocument),
        Of::Report => schemars::schema_for!(ReportDocument),
        Of::Drift => schemars::schema_for!(DriftDocument),
        Of::Run => schemars::schema_for!(RunDocument),
        Of::Ingest => schemars::schema_for!(IngestsDocument),
    };
    format!("{:#}\n", schema.to_value())
}
