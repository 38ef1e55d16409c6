//! `spaceport sandbox`: serves the sandbox of both services until it is stopped.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Global;
use crate::commands::{print, runtime};
use crate::exit::{self, Stop};
use crate::sandbox::{Options, Sandbox, banner};

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// Keep the state in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Allow an address that other machines reach
    #[arg(long)]
    pub allow_remote: bool,
}

/// Runs the command.
pub fn run(_global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let options = Options {
            listen: arguments.listen,
            allow_remote: arguments.allow_remote,
            data: arguments.data.clone(),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.map_err(|error| {
            let stop = Stop::new(
                exit::WORLD,
                format!("the sandbox cannot start on {}: {error}", arguments.listen),
            );
            match error.kind() {
                std::io::ErrorKind::AddrInUse => stop.help(
                    "name another address: `--listen 127.0.0.1:0` picks a free port".to_owned(),
                ),
                std::io::ErrorKind::InvalidInput => stop.help(
                    "the sandbox has fixed credentials; `--allow-remote` serves it all the same"
                        .to_owned(),
                ),
                _ => stop,
            }
        })?;
        print(&banner(sandbox.url()));
        stopped().await;
        sandbox.stop().await;
        Ok(exit::DONE)
    })
}

/// Ctrl-C, or the signal that service managers send.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the default action ends the process.
    let _ = tokio::signal::ctrl_c().await;
}
