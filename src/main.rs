//! The binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    spaceport::commands::on_panic();
    let outcome = std::panic::catch_unwind(|| spaceport::cli::run(std::env::args_os()));
    ExitCode::from(outcome.unwrap_or(spaceport::exit::BUG))
}
