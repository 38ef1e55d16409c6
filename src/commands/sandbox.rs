//! `spaceport sandbox`: serves the sandbox of both services until it is stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::Global;
use crate::commands::{fault_list, print, runtime};
use crate::exit::{self, Stop};
use crate::sandbox::{Options, Origin, Sandbox, StartingStack, Trouble, banner};

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
    /// Let runs, automations and deliveries call this origin, besides the sandbox itself
    /// (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<Origin>,
    /// Pause between two states of a Spacelift run, and before something is sent again
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pace)]
    pub pace: Duration,
    /// Begin a new account with so many more stacks, which differ from each other
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub stacks: u32,
    /// Let something go wrong, such as `cut:after,path=/v1/webhooks` (repeatable)
    #[arg(long, value_name = "NAME[:ARG,…]")]
    pub fault: Vec<Trouble>,
    /// List what can go wrong, with arguments, filters and sources
    #[arg(long)]
    pub list_faults: bool,
}

/// Runs the command.
pub fn run(_global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    if arguments.list_faults {
        print(&fault_list::text());
        return Ok(exit::DONE);
    }
    runtime()?.block_on(async {
        let options = Options {
            listen: arguments.listen,
            allow_remote: arguments.allow_remote,
            data: arguments.data.clone(),
            stacks: std::iter::once(StartingStack::ai_agent())
                .chain((0..arguments.stacks as usize).map(StartingStack::varied))
                .collect(),
            allow_origins: arguments.allow_origin.clone(),
            pace: arguments.pace,
            troubles: arguments.fault.clone(),
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

/// Seconds, also parts of one.
fn pace(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= 3600.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds from 0 to 3600 is needed".to_owned())
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
