//! `spaceport init`: writes a commented project to start from, the guides' whole wiring.
//!
//! Never overwrites a file.

use clap::Args;

use crate::cli::Global;
use crate::commands::{outfile, schema, tell};
use crate::exit::{self, Stop};
use crate::want::yaml::emit::quote;
use crate::words::hosts::REGIONS;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The Spacelift account: `acme` of `https://acme.app.spacelift.io`
    #[arg(long, value_name = "ACCOUNT", default_value = "acme")]
    pub account: String,
    /// The region of the Port organization
    #[arg(long, value_name = "REGION", default_value = "eu", value_parser = clap::builder::PossibleValuesParser::new(REGIONS))]
    pub region: String,
    /// The project's name [default: the account with `-portal`]
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
}

/// The files of a new project: those of `port-config/`, which the tests apply.
const FILES: &[(&str, &str)] = &[
    (
        "spaceport.yaml",
        include_str!("../../port-config/spaceport.yaml"),
    ),
    (
        "blueprint.yaml",
        include_str!("../../port-config/blueprint.yaml"),
    ),
    (
        "secrets.yaml",
        include_str!("../../port-config/secrets.yaml"),
    ),
    (
        "webhook.yaml",
        include_str!("../../port-config/webhook.yaml"),
    ),
    ("ingest.yaml", include_str!("../../port-config/ingest.yaml")),
    (
        "actions/refresh_spacelift_token.yaml",
        include_str!("../../port-config/actions/refresh_spacelift_token.yaml"),
    ),
    (
        "actions/spacelift_token_refresh_sync.yaml",
        include_str!("../../port-config/actions/spacelift_token_refresh_sync.yaml"),
    ),
    (
        "actions/trigger_spacelift_stack.yaml",
        include_str!("../../port-config/actions/trigger_spacelift_stack.yaml"),
    ),
    (
        "policies/port_webhook_notification.rego",
        include_str!("../../port-config/policies/port_webhook_notification.rego"),
    ),
];

/// Schemas for every YAML file, for editors with the YAML language server.
const EDITOR: &str = r#"{
  "yaml.schemas": {
    ".schema.project.json": ["spaceport.yaml"],
    ".schema.json": ["*.yaml", "!spaceport.yaml"]
  }
}
"#;

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let root = &global.config;
    if root.join("spaceport.yaml").exists() {
        return Err(Stop::new(
            exit::FINDINGS,
            format!("`{}` holds a project already", root.display()),
        )
        .help("name another folder with `-C DIR`".to_owned()));
    }
    let project = arguments
        .project
        .clone()
        .unwrap_or_else(|| format!("{}-portal", arguments.account));
    let mut written = Vec::new();
    for (path, text) in FILES {
        let schema = if *path == "spaceport.yaml" {
            ".schema.project.json"
        } else {
            ".schema.json"
        };
        let text = match path.ends_with(".yaml") {
            true => format!(
                "# yaml-language-server: $schema={}{schema}\n{text}",
                "../".repeat(path.matches('/').count())
            ),
            false => (*text).to_owned(),
        };
        written.push(((*path).to_owned(), settings(&text, arguments, &project)));
    }
    for (of, name) in schema::FILES {
        written.push((name.to_owned(), schema::text(of)));
    }
    written.push((".gitignore".into(), ".spaceport/\n".into()));
    written.push((".vscode/settings.json".into(), EDITOR.into()));
    for (path, text) in &written {
        let path = root.join(path);
        if !outfile::create(&path, text)? {
            tell(&format!("kept {}, which exists", path.display()));
        }
    }
    if !global.quiet {
        let folder = match root.as_os_str() == "port-config" {
            true => String::new(),
            false => format!(" -C {}", root.display()),
        };
        tell(&format!(
            "wrote {} files into {}\n\nTry it without any account:\n  spaceport{folder} plan --sandbox\n\nThe README of spaceport says which rights real accounts need.",
            written.len(),
            root.display(),
        ));
    }
    Ok(exit::DONE)
}

/// Puts the account, the region and the name into the project file.
fn settings(text: &str, arguments: &Arguments, project: &str) -> String {
    text.lines()
        .map(|line| match line {
            "project: port-spacelift" => format!("project: {}\n", quote(project)),
            "  region: eu" => format!("  region: {}\n", quote(&arguments.region)),
            "    default: acme" => format!("    default: {}\n", quote(&arguments.account)),
            line => format!("{line}\n"),
        })
        .collect()
}
