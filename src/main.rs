//! The binary; everything is in the library.

use std::process::ExitCode;

/// Projects are trees of many small pieces; this takes a fifth of the time of a plan off.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(ended) = spaceport::sim::child::serve_if_asked(std::env::args_os()) {
        return ended;
    }
    spaceport::sim::child::leave_no_core();
    let run = || spaceport::cli::run(std::env::args_os());
    ExitCode::from(spaceport::commands::guarded(run))
}
