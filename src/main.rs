//! The binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(ended) = spaceport::sim::child::serve_if_asked(std::env::args_os()) {
        return ended;
    }
    spaceport::sim::child::leave_no_core();
    let run = || spaceport::cli::run(std::env::args_os());
    ExitCode::from(spaceport::commands::guarded(run))
}
