//! The binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let run = || spaceport::cli::run(std::env::args_os());
    ExitCode::from(spaceport::commands::guarded(run))
}
