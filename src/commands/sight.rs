//! A sight: both sides as they were seen at one time, and the plan between them.
//!
//! Whether the services were asked a moment ago or a snapshot remembers them, from here on
//! everything is the same: what makes the run stop, what is planned, and what is said about where.
//! Deliberately not here: looking, at services (see `session`) or into a file (see `snapshot`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::cli::Global;
use crate::commands::project;
use crate::decide::ledger::Ledger;
use crate::decide::plan::digest::{self, Subject};
use crate::decide::plan::{self, Facts, Flags, Input, Plan, Population, SecretFacts};
use crate::exit::{self, Stop};
use crate::kinds::{self, Census, Kind, Observed, label};
use crate::show::document::DISCRETION;
use crate::show::header::{Header, LastApply, Target};
use crate::there::live::Live;
use crate::there::services::Had;
use crate::want::config::LedgerHome;
use crate::want::desired::Desired;
use crate::words::{Addr, Service};

/// Both sides as they were seen.
#[derive(Debug)]
pub struct Sight {
    /// What the services hold.
    pub live: Live,
    /// What is ours.
    pub ledger: Ledger,
    /// Whether there was no ledger yet.
    pub is_new: bool,
    /// Whether Port lacks the blueprint that ledgers are kept under.
    pub blueprint_missing: bool,
}

/// One look at both sides.
#[derive(Debug)]
pub struct Look {
    /// What the services hold.
    pub live: Live,
    /// What is ours.
    pub ledger: Ledger,
    /// What would change.
    pub plan: Plan,
}

/// Where both sides were looked at, without who is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Port, when the project has it.
    pub port: Option<Target>,
    /// Spacelift, when the project has it.
    pub spacelift: Option<Target>,
    /// The home of the ledger, in words.
    pub ledger: String,
}

/// A plan that the guards may want to know more for.
#[derive(Debug)]
pub struct Draft<'a> {
    desired: &'a Desired,
    sight: Sight,
    secrets: SecretFacts,
    facts: Facts,
    flags: &'a Flags,
    plan: Plan,
}

impl Sight {
    /// Says why nothing may be made of what was seen, if so: it is not one world, or not all of it.
    pub fn check(&self, desired: &Desired, trust_ledger: bool) -> Result<(), Stop> {
        let in_port = desired.config.ledger == Some(LedgerHome::Port);
        if in_port && self.is_new && !self.blueprint_missing && !trust_ledger {
            orphaned(desired, &self.live)?;
        }
        same_world(&self.ledger, &self.live)?;
        readable(desired, &self.ledger, &self.live)
    }
}

impl<'a> Draft<'a> {
    /// Makes the plan on what was seen and may be believed.
    pub fn new(
        global: &Global,
        desired: &'a Desired,
        sight: Sight,
        (secrets, facts): (SecretFacts, Facts),
        flags: &'a Flags,
    ) -> Result<Draft<'a>, Stop> {
        let mut draft = Draft {
            desired,
            sight,
            secrets,
            facts,
            flags,
            plan: Plan::default(),
        };
        let (plan, findings) = draft.make(flags);
        project::check(global, findings, &desired.sources)?;
        draft.plan = plan;
        Ok(draft)
    }

    fn make(&self, flags: &Flags) -> (Plan, crate::words::Findings) {
        plan::plan(Input {
            desired: self.desired,
            live: &self.sight.live,
            ledger: &self.sight.ledger,
            secrets: &self.secrets,
            facts: &self.facts,
            flags,
        })
    }

    /// What is to be counted before the guards can say more than that nobody knows.
    pub fn uncounted(&self) -> Vec<(Addr, Census)> {
        match self.flags.skip_refused {
            // What will be left out is counted as well: the refusal says how much it is about.
            true => self.make(&unskipped(self.flags)).0.uncounted(),
            false => self.plan.uncounted(),
        }
    }

    /// The plan that knows what was counted.
    pub fn counted(&mut self, counts: BTreeMap<Addr, Population>) {
        if !counts.is_empty() {
            self.facts.counts = counts;
            // The same input but for the counts, so that there is nothing new to be found.
            self.plan = self.make(self.flags).0;
        }
    }

    /// What came of it.
    pub fn look(self) -> Look {
        let mut plan = self.plan;
        plan.ledger_setup = self.sight.blueprint_missing && !plan.is_empty();
        Look {
            live: self.sight.live,
            ledger: self.sight.ledger,
            plan,
        }
    }
}

/// The ledger as kept, or a new one.
pub fn ledger(
    desired: &Desired,
    kept: Option<Ledger>,
    salt: impl FnOnce() -> String,
) -> Result<Ledger, Stop> {
    let config = &desired.config;
    let environment = config.environment.as_deref();
    match kept {
        None => Ok(Ledger::new(&config.project, environment, salt())),
        Some(ledger)
            if ledger.project == config.project && ledger.environment.as_deref() == environment =>
        {
            Ok(ledger)
        }
        Some(ledger) => Err(Stop::new(
            exit::BLOCKED,
            format!(
                "the ledger belongs to project `{}`{}, not to `{}`{}",
                ledger.project,
                suffix(ledger.environment.as_deref()),
                config.project,
                suffix(environment),
            ),
        )
        .help("give each project and environment its own ledger file".to_owned())),
    }
}

/// Objects that say they are ours, and no ledger that does: it was taken away (design, 5.5).
fn orphaned(desired: &Desired, live: &Live) -> Result<(), Stop> {
    let own = own_label(desired);
    let Some((kind, seen)) = marked(desired, live).next() else {
        return Ok(());
    };
    let message = format!(
        "the {kind} `{}` has the label `{own}`, and Port has no ledger of this project",
        seen.name
    );
    Err(Stop::new(exit::BLOCKED, message).help(
        "if it was deleted, undo that; if it was kept elsewhere until now, or cannot be brought back, `--trust-ledger` begins a new one, which adopts what is equal"
            .to_owned(),
    ))
}

fn own_label(desired: &Desired) -> String {
    let config = &desired.config;
    label::of(&config.project, config.environment.as_deref())
}

/// The live objects whose label says that they are ours.
pub fn marked<'a>(
    desired: &Desired,
    live: &'a Live,
) -> impl Iterator<Item = (&'static str, &'a Observed)> + use<'a> {
    let own = own_label(desired);
    live.iter().filter(move |(kind, seen)| {
        let kind = kinds::find(kind);
        kind.is_some_and(|kind| label::reserved(kind, &seen.value).any(|label| label == own))
    })
}

/// A ledger speaks about one organization and one account.
fn same_world(ledger: &Ledger, live: &Live) -> Result<(), Stop> {
    let organization = live.organization.as_ref().map(|o| o.id.as_str());
    for (what, ours, theirs) in [
        (
            "Port organization",
            ledger.organization.as_deref(),
            organization,
        ),
        (
            "Spacelift account",
            ledger.account.as_deref(),
            live.account.as_deref(),
        ),
    ] {
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours != theirs
        {
            return Err(Stop::new(
                exit::BLOCKED,
                format!("the ledger speaks about the {what} `{ours}`, and this is `{theirs}`"),
            )
            .help("check the credentials and the environment; nothing was changed".to_owned()));
        }
    }
    Ok(())
}

/// A refused list is an error only when config or ledger has that kind.
fn readable(desired: &Desired, ledger: &Ledger, live: &Live) -> Result<(), Stop> {
    for (kind, said) in &live.refused {
        let Some(kind) = kinds::find(kind) else {
            continue;
        };
        let mut wanted = desired.objects.keys().chain(ledger.entries.keys());
        if wanted.any(|addr| addr.service == kind.service() && addr.kind == kind.word()) {
            return Err(Stop::new(exit::WORLD, format!("{} refuses to list `{}` objects: {said}", kind.service().title(), kind.name()))
                .help("use credentials that may read them; Port shows webhooks to admins and moderators only".to_owned()));
        }
    }
    Ok(())
}

/// A service that only the ledger has stops the run, as its objects would look gone.
pub fn reachable(desired: &Desired, ledger: &Ledger) -> Result<(), Stop> {
    let absent = Service::ALL
        .into_iter()
        .filter(|service| !has(desired, *service));
    for service in absent {
        let owned = ledger
            .entries
            .keys()
            .filter(|addr| addr.service == service)
            .count();
        if owned > 0 {
            let message = format!(
                "the ledger owns {owned} objects in {}, and `spaceport.yaml` has no section `{service}`",
                service.title()
            );
            return Err(Stop::new(exit::BLOCKED, message)
                .help("keep the section until an apply has deleted them".to_owned()));
        }
    }
    Ok(())
}

/// Whether the project has a service.
pub fn has(desired: &Desired, service: Service) -> bool {
    match service {
        Service::Port => desired.config.region.is_some(),
        Service::Spacelift => desired.config.account.is_some(),
    }
}

/// The kinds that a plan reads first: those of the services that the project has.
pub fn kinds(desired: &Desired) -> Vec<&'static dyn Kind> {
    let declared = desired.objects.values();
    let declared: BTreeSet<&'static str> = declared.map(|object| object.kind.name()).collect();
    let all = kinds::to_read(&declared).into_iter();
    all.filter(|kind| has(desired, kind.service())).collect()
}

/// What config and ledger have, by kind and id: what is read on demand.
pub fn had(desired: &Desired, ledger: &Ledger) -> Had {
    let declared = desired.objects.values();
    let declared = declared.map(|object| (object.kind.name(), object.name.clone()));
    let owned = ledger.entries.iter();
    let owned = owned.filter_map(|(addr, entry)| Some((kinds::of(addr)?.name(), entry.id.clone())));
    declared.chain(owned).collect()
}

/// Which world the plan is about, for the first lines of the output.
pub fn header(desired: &Desired, places: &Places, look: &Look) -> Header {
    let config = &desired.config;
    let subject = Subject {
        project: &config.project,
        environment: config.environment.as_deref(),
        organization: look.live.organization.as_ref().map(|o| o.id.as_str()),
        account: look.live.account.as_deref(),
    };
    Header {
        digest: Some(digest::of(&subject, &look.plan, &DISCRETION)),
        ..heading(desired, places, &look.live, Some(&look.ledger))
    }
}

/// The same where nothing was planned; without a ledger nobody knows when something was applied.
pub fn heading(desired: &Desired, places: &Places, live: &Live, ledger: Option<&Ledger>) -> Header {
    let organization = live.organization.as_ref();
    let port = places.port.clone().map(|port| Target {
        who: organization.map(|o| format!("{} ({})", o.name, o.id)),
        ..port
    });
    let last_apply = ledger.and_then(|ledger| {
        Some(LastApply {
            commit: ledger.commit.clone(),
            age: age(ledger.applied_at.as_deref()?),
        })
    });
    Header {
        project: desired.config.project.clone(),
        environment: desired.config.environment.clone(),
        organization: organization.map(|o| o.id.clone()),
        account: live.account.clone(),
        digest: None,
        port,
        spacelift: places.spacelift.clone(),
        ledger: places.ledger.clone(),
        last_apply,
    }
}

/// The same flags without `--skip-refused`.
fn unskipped(flags: &Flags) -> Flags {
    Flags {
        skip_refused: false,
        ..flags.clone()
    }
}

/// The environment in a sentence about a project.
pub fn suffix(environment: Option<&str>) -> String {
    environment
        .map(|name| format!(" in environment `{name}`"))
        .unwrap_or_default()
}

/// How long ago, in the largest fitting unit.
pub fn age(at: &str) -> String {
    let Ok(then) = at.parse::<Timestamp>() else {
        return "at an unknown time".into();
    };
    let minutes = Timestamp::now().duration_since(then).as_mins();
    match minutes {
        ..1 => "just now".into(),
        1 => "a minute ago".into(),
        2..60 => format!("{minutes} minutes ago"),
        60..120 => "an hour ago".into(),
        120..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}
