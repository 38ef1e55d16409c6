//! `spaceport completions`: completions for a shell, made from the command line itself.

use clap::Args;
use clap_complete::Shell;

use crate::cli::{self, Global};
use crate::commands::print;
use crate::exit::{self, Stop};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell that they are for
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Runs the command.
pub fn run(_: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    print(&text(arguments.shell));
    Ok(exit::DONE)
}

/// The script for a shell.
pub fn text(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "spaceport", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = text(*shell);
            for command in cli::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }
}
