//! The command line: arguments, and which command they call.
//!
//! Deliberately not here: what the commands do (see `commands`).

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::exit;

/// Terraform-style plan and apply for the wiring between Port and Spacelift.
#[derive(Debug, Parser)]
#[command(
    name = "spaceport",
    version,
    max_term_width = 80,
    term_width = 80,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The project's folder
    #[arg(
        short = 'C',
        long = "config",
        global = true,
        value_name = "DIR",
        default_value = "port-config"
    )]
    pub config: PathBuf,
    /// The environment of the project to work on
    #[arg(
        short = 'e',
        long,
        global = true,
        value_name = "NAME",
        env = "SPACEPORT_ENVIRONMENT",
        hide_env_values = true
    )]
    pub environment: Option<String>,
    /// Set a variable of the project
    #[arg(long = "var", global = true, value_name = "NAME=VALUE", value_parser = variable)]
    pub variables: Vec<(String, String)>,
    /// Work on the embedded sandbox of both services, kept in DIR
    /// [default: .spaceport/sandbox in the project's folder]
    #[arg(long, global = true, help_heading = SERVICES, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = clap::builder::ValueParser::os_string())]
    pub sandbox: Option<OsString>,
    /// Send Port's requests to this host
    #[arg(long, global = true, help_heading = SERVICES, value_name = "URL")]
    pub port_url: Option<String>,
    /// Send Spacelift's requests to this host
    #[arg(long, global = true, help_heading = SERVICES, value_name = "URL")]
    pub spacelift_url: Option<String>,
    /// Trust the certificates in this PEM file too
    #[arg(long, global = true, help_heading = SERVICES, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// When to use colors; auto means on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say less: no notices, warnings or progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Cut nothing short; `-vv` also logs the requests
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The heading of options about where requests go.
const SERVICES: &str = "Where the services are";

/// Options that say nothing to a command, and are not in its help: it reads no project, or asks
/// no service.
const NO_SERVICE: &[&str] = &["sandbox", "port_url", "spacelift_url", "ca_bundle"];
const NO_PROJECT: &[&str] = &["config", "environment", "variables"];
const NO_CHOICE: &[&str] = &["environment", "variables"];

/// The command line, with a help for each command that shows what it uses.
pub(crate) fn command() -> clap::Command {
    let mut cli = Cli::command();
    let options: Vec<clap::Arg> = cli.get_arguments().cloned().collect();
    let quiet: &[(&str, &[&str])] = &[
        ("init", NO_CHOICE),
        ("add", NO_PROJECT),
        ("validate", &[]),
        ("simulate", &[]),
        ("test", &[]),
        ("graph", &[]),
        ("show", NO_PROJECT),
        ("explain", NO_PROJECT),
        ("fmt", NO_CHOICE),
        ("completions", NO_PROJECT),
        ("schema", NO_CHOICE),
        #[cfg(feature = "sandbox")]
        ("sandbox", NO_PROJECT),
    ];
    for (name, project) in quiet {
        cli = cli.mut_subcommand(name, |mut sub| {
            let hidden = |id: &str| NO_SERVICE.contains(&id) || project.contains(&id);
            // What a command has itself is not handed on to it.
            for option in options.iter().filter(|o| hidden(o.get_id().as_str())) {
                sub = sub.arg(option.clone().hide(true));
            }
            sub
        });
    }
    cli
}

/// Keeps a value's own line out of the help, whose other options then fit one line each.
pub const NO_HELP: clap::builder::Resettable<clap::builder::StyledStr> =
    clap::builder::Resettable::Reset;

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[value(help = NO_HELP)]
    Auto,
    /// Always.
    #[value(help = NO_HELP)]
    Always,
    /// Never.
    #[value(help = NO_HELP)]
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented project to start from
    Init(commands::init::Arguments),
    /// Make documents of what vendors' pages print
    Add(commands::add::Arguments),
    /// Check the project's files, without network
    Validate(commands::validate::Arguments),
    /// Follow one event through the project hop by hop, without network
    Simulate(commands::simulate::Arguments),
    /// Run the project's tests, without network
    Test(commands::test::Arguments),
    /// Show what an apply would change
    Plan(commands::plan::Arguments),
    /// Keep what both services hold in a file, to plan from it without credentials
    Snapshot(commands::snapshot::Arguments),
    /// Show a plan that `plan --out` wrote
    Show(commands::show::Arguments),
    /// Change both services to what the project wants
    Apply(commands::apply::Arguments),
    /// Show what is not as the last apply left it
    Drift(commands::drift::Arguments),
    /// Write live objects as documents of a project
    Export(commands::export::Arguments),
    /// Give an object up: only the ledger changes
    Forget(commands::forget::Arguments),
    /// Delete all that is ours
    Destroy(commands::destroy::Arguments),
    /// Take the lease on the ledger away from a run that is gone
    Unlock(commands::unlock::Arguments),
    /// Write what Spacelift has into Port's catalog, where it differs
    Ingest(commands::ingest::Arguments),
    /// Execute a self-service action, follow its run, or report on one
    Run(commands::run::Arguments),
    /// Explain a finding code, a kind or a field
    Explain(commands::explain::Arguments),
    /// Look at all that a plan and an apply need
    Doctor(commands::doctor::Arguments),
    /// Format the project's YAML, comments kept
    Fmt(commands::fmt::Arguments),
    /// Print completions for a shell
    Completions(commands::completions::Arguments),
    /// Draw what is wired to what in the project
    Graph(commands::graph::Arguments),
    /// Print the JSON Schema for editors
    Schema(commands::schema::Arguments),
    /// Serve the sandbox of both services
    #[cfg(feature = "sandbox")]
    Sandbox(commands::sandbox::Arguments),
}

/// Runs the command line and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let parsed = command().try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::DONE
            };
            // Nothing can be done when the terminal is gone.
            let _ = error.print();
            return code;
        }
    };
    logging(cli.global.verbose);
    match cli.global.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let global = &cli.global;
    let result = match &cli.command {
        Command::Init(arguments) => commands::init::run(global, arguments),
        Command::Add(arguments) => commands::add::run(global, arguments),
        Command::Validate(arguments) => commands::validate::run(global, arguments),
        Command::Simulate(arguments) => commands::simulate::run(global, arguments),
        Command::Test(arguments) => commands::test::run(global, arguments),
        Command::Plan(arguments) => commands::plan::run(global, arguments),
        Command::Snapshot(arguments) => commands::snapshot::run(global, arguments),
        Command::Show(arguments) => commands::show::run(global, arguments),
        Command::Apply(arguments) => commands::apply::run(global, arguments),
        Command::Drift(arguments) => commands::drift::run(global, arguments),
        Command::Export(arguments) => commands::export::run(global, arguments),
        Command::Forget(arguments) => commands::forget::run(global, arguments),
        Command::Destroy(arguments) => commands::destroy::run(global, arguments),
        Command::Unlock(arguments) => commands::unlock::run(global, arguments),
        Command::Ingest(arguments) => commands::ingest::run(global, arguments),
        Command::Run(arguments) => commands::run::run(global, arguments),
        Command::Explain(arguments) => commands::explain::run(global, arguments),
        Command::Doctor(arguments) => commands::doctor::run(global, arguments),
        Command::Fmt(arguments) => commands::fmt::run(global, arguments),
        Command::Completions(arguments) => commands::completions::run(global, arguments),
        Command::Graph(arguments) => commands::graph::run(global, arguments),
        Command::Schema(arguments) => commands::schema::run(global, arguments),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(arguments) => commands::sandbox::run(global, arguments),
    };
    match result {
        Ok(code) => code,
        Err(stop) => {
            commands::say(&stop);
            stop.code
        }
    }
}

/// Only our own events are logged: other crates could write headers.
fn logging(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("off,spaceport={level}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time();
    // A second call in one process (tests) keeps the first subscriber.
    let _ = subscriber.try_init();
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_command_shows_the_options_that_it_uses() {
        let help = |name: &str| {
            let mut cli = command();
            cli.build();
            let sub = cli.find_subcommand_mut(name).expect("a command");
            sub.render_help().to_string()
        };
        for name in [
            "plan", "snapshot", "apply", "drift", "destroy", "forget", "unlock",
        ] {
            assert!(help(name).contains("--port-url"), "{name}");
            assert!(help(name).contains("--environment"), "{name}");
        }
        for name in ["init", "validate", "graph", "explain", "schema"] {
            assert!(!help(name).contains("--port-url"), "{name}");
            assert!(!help(name).contains("Where the services"), "{name}");
        }
        // What is hidden is understood all the same, before the command and after it.
        for words in [["--var=a=b", "schema"], ["schema", "--var=a=b"]] {
            let words = std::iter::once("spaceport").chain(words);
            let matches = command().try_get_matches_from(words).expect("usage");
            let cli = Cli::from_arg_matches(&matches).expect("usage");
            assert_eq!(cli.global.variables.len(), 1);
        }
        assert!(help("validate").contains("--environment"));
        assert!(!help("explain").contains("--config"));
    }
}
