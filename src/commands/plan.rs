//! `spaceport plan`: shows what an apply would change. Sends no write; from a snapshot, nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Global;
use crate::commands::format::Format;
use crate::commands::output::{Output, json};
use crate::commands::runtime;
use crate::commands::session::Session;
use crate::commands::sight::{self, Look, Places};
use crate::commands::snapshot::replay::{self, Replay};
use crate::commands::{environment_without, notice, outfile, project};
use crate::decide::plan::{Flags, Plan};
use crate::exit::{self, Stop};
use crate::show::document::PlanDocument;
use crate::want::desired::Desired;
use crate::want::resolve::CREDENTIALS;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// The heading of flags that a refusal or a notice names.
pub(super) const ALLOWING: &str = "What is not done unasked";

/// What limits or allows changes, for plan and apply alike.
#[derive(Debug, Clone, Args)]
pub struct Scope {
    /// Only this object, such as `port.blueprint.service`, and what it needs; may be given several times
    #[arg(long = "target", value_name = "ADDR")]
    pub targets: Vec<Addr>,
    /// Take over a live object that differs, or `all` of them
    #[arg(long, value_name = "ADDR|all", help_heading = ALLOWING)]
    pub adopt: Vec<String>,
    /// Delete adopted objects that left the project, instead of giving them up
    #[arg(long, help_heading = ALLOWING)]
    pub delete_adopted: bool,
    /// Allow up to N deletes, whatever `limits` says
    #[arg(long, value_name = "N", help_heading = ALLOWING)]
    pub allow_deletes: Option<usize>,
    /// Allow the loss of data under this object; may be given several times
    #[arg(long, value_name = "ADDR", help_heading = ALLOWING)]
    pub allow_data_loss: Vec<Addr>,
    /// Go on although HEAD lacks the commit that was applied last
    #[arg(long, help_heading = ALLOWING)]
    pub allow_stale_branch: bool,
    /// Leave out what is refused and what needs it, and do the rest
    #[arg(long, help_heading = ALLOWING)]
    pub skip_refused: bool,
    /// Go on although a list came back empty that the ledger says is not
    #[arg(long, help_heading = ALLOWING)]
    pub allow_empty: bool,
    /// Believe the ledger in Port for this run, although somebody else wrote to it
    #[arg(long, help_heading = ALLOWING)]
    pub trust_ledger: bool,
    /// Send the secrets of this object anew; may be given several times
    #[arg(long, value_name = "ADDR")]
    pub rotate: Vec<Addr>,
    /// Send the secrets that nobody knows to be what was sent last
    #[arg(long)]
    pub rotate_unverified: bool,
}

/// Flags that may also name an object that left the project.
const TARGET: &str = "--target";
const LOSS: &str = "--allow-data-loss";

impl Scope {
    /// The flags as the planner takes them.
    pub fn flags(&self) -> Result<Flags, Stop> {
        let mut flags = Flags {
            targets: self.targets.iter().cloned().collect(),
            delete_adopted: self.delete_adopted,
            allow_deletes: self.allow_deletes,
            allow_empty: self.allow_empty,
            trust_ledger: self.trust_ledger,
            allow_data_loss: self.allow_data_loss.iter().cloned().collect(),
            allow_stale_branch: self.allow_stale_branch,
            skip_refused: self.skip_refused,
            rotate: self.rotate.iter().cloned().collect(),
            rotate_unverified: self.rotate_unverified,
            ..Flags::default()
        };
        for text in &self.adopt {
            match text.as_str() {
                "all" => flags.adopt_all = true,
                addr => {
                    let addr = addr
                        .parse()
                        .map_err(|message| Stop::new(exit::USAGE, format!("--adopt: {message}")))?;
                    flags.adopt.insert(addr);
                }
            }
        }
        Ok(flags)
    }

    /// Addresses must be those of objects of the project; targets may be the ledger's, too.
    pub fn check(&self, desired: &Desired, plan: &Plan) -> Result<(), Stop> {
        let objects = &desired.objects;
        let adopted = self.adopt.iter().filter_map(|text| text.parse().ok());
        let losing = self.allow_data_loss.iter();
        let named = self
            .targets
            .iter()
            .map(|addr| (TARGET, addr.clone()))
            .chain(adopted.map(|addr| ("--adopt", addr)))
            .chain(self.rotate.iter().map(|addr| ("--rotate", addr.clone())))
            .chain(losing.map(|addr| (LOSS, addr.clone())));
        for (flag, addr) in named {
            let gone = [TARGET, LOSS].contains(&flag) && plan.mentions(&addr);
            // Where nothing is to be done, an earlier run may have done it under the same flags.
            let done = flag == LOSS && plan.is_empty();
            if gone || done || objects.contains_key(&addr) {
                continue;
            }
            let names: Vec<String> = objects.keys().map(ToString::to_string).collect();
            let near = did_you_mean(&addr.to_string(), names.iter().map(String::as_str));
            return Err(Stop::new(
                exit::USAGE,
                format!("{flag}: `{addr}` is not in the project"),
            )
            .help(near));
        }
        Ok(())
    }
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to plan.
    #[command(flatten)]
    pub scope: Scope,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan from this file that `snapshot` wrote, without credentials and network
    #[arg(long, value_name = "FILE")]
    pub live: Option<PathBuf>,
    /// Write the plan into this file too, as JSON for `show` and `apply`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to print the plan; github also writes the summary of the step
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    if let Some(file) = &arguments.out {
        outfile::beside(&global.config, file)?;
    }
    match &arguments.live {
        Some(file) => from_snapshot(global, arguments, file),
        None => runtime()?.block_on(from_services(global, arguments)),
    }
}

async fn from_services(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    let session = Session::open(global).await?;
    let shown = async {
        let look = session.look(global, &arguments.scope.flags()?).await?;
        let places = session.places(global);
        show(global, arguments, &session.desired, &places, look)
    };
    let shown = shown.await;
    session.stage.strike().await;
    // The process ends here; taking large trees apart leaf by leaf would only take time.
    std::mem::forget(session.desired);
    shown
}

/// Plans from a snapshot: there is no reader, and nothing to wait for.
fn from_snapshot(global: &Global, arguments: &Arguments, file: &Path) -> Result<u8, Stop> {
    let elsewhere = [
        ("--sandbox", global.sandbox.is_some()),
        ("--port-url", global.port_url.is_some()),
        ("--spacelift-url", global.spacelift_url.is_some()),
        ("--ca-bundle", global.ca_bundle.is_some()),
    ];
    if let Some((flag, _)) = elsewhere.iter().find(|(_, given)| *given) {
        let message = format!("`--live` asks no service, so `{flag}` says nothing to it");
        return Err(Stop::new(exit::USAGE, message)
            .help("take the snapshot with that option, and plan without it".to_owned()));
    }
    let desired = project::open(global, &environment_without(CREDENTIALS))?;
    let flags = arguments.scope.flags()?;
    let Replay {
        look,
        places,
        taken_at,
    } = replay::look(global, &desired, file, &flags)?;
    if !global.quiet {
        let age = sight::age(&taken_at);
        notice(&format!(
            "Planned from a snapshot of {taken_at}, {age}. Nothing was asked of the services."
        ));
    }
    let shown = show(global, arguments, &desired, &places, look);
    std::mem::forget(desired);
    shown
}

fn show(
    global: &Global,
    arguments: &Arguments,
    desired: &Desired,
    places: &Places,
    look: Look,
) -> Result<u8, Stop> {
    arguments.scope.check(desired, &look.plan)?;
    let header = sight::header(desired, places, &look);
    let output = Output::new(global, arguments.format, desired);
    output.plan(&look.plan, &header)?;
    if let Some(file) = &arguments.out {
        outfile::write(file, &json(&PlanDocument::of(&look.plan, &header)))?;
        if !global.quiet {
            let file = file.display();
            notice(&format!(
                "The plan is in {file}; look at it with `spaceport show {file}`, apply it with `spaceport apply {file}`."
            ));
        }
    }
    let code = code(&look.plan, arguments.detailed_exitcode);
    // As above: the end of the process frees it all at once.
    std::mem::forget(look);
    Ok(code)
}

fn code(plan: &Plan, detailed: bool) -> u8 {
    if plan.is_refused() {
        exit::BLOCKED
    } else if detailed && plan.writes().next().is_some() {
        exit::CHANGES
    } else {
        exit::DONE
    }
}
