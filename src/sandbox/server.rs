//! Starts and stops a sandbox, and what its owner may ask of it in the same process.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::cut::{CutListener, Switch};
use super::dice::{self, Dice};
use super::events::{self, Events, Task};
use super::fault::{Fault, Faults};
use super::journal::{By, Entry, Journal};
use super::origin::Origin;
use super::outbound::Outbound;
use super::port::quirks::Quirks;
use super::port::{PortState, expire_timers};
use super::shell;
use super::spacelift::{self, SpaceliftState, StartingStack};
use super::store::Store;
use super::{CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET};
use crate::sim::child::Engines;
use crate::sim::job::{self, Answer, FaultKind, Job};

/// How long open requests may take after [`Sandbox::stop`].
const GRACE: Duration = Duration::from_secs(2);
/// How long events may take after [`Sandbox::stop`].
const SETTLING: Duration = Duration::from_secs(10);

/// Where a sandbox listens and what it starts with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Whether an address that other machines reach is allowed; requests must name a loopback host all
    /// the same.
    pub allow_remote: bool,
    /// The folder that keeps the state; `None` keeps it in memory.
    pub data: Option<PathBuf>,
    /// Another folder for the Spacelift half, which several sandboxes may share, one at a time;
    /// without `data` it means nothing.
    pub spacelift_data: Option<PathBuf>,
    /// The Port organization's id in a new state; `None` for the usual one.
    pub organization: Option<String>,
    /// What the Spacelift account calls itself in links, also one that exists already; `None` leaves it as it is.
    pub account: Option<String>,
    /// The stacks of a new Spacelift account; one that exists stays as it is.
    pub stacks: Vec<StartingStack>,
    /// Makes identifiers and keys repeat from run to run.
    pub seed: Option<u64>,
    /// How disputed things behave.
    pub quirks: Quirks,
    /// The `spaceport` program, which runs JQ, templates and policies in a process of its own; `None`
    /// for the program that runs now, which must be it then.
    pub engines: Option<PathBuf>,
    /// What may be called besides the sandbox itself.
    pub allow_origins: Vec<Origin>,
    /// The pause between two states of a Spacelift run and before something is sent again; zero means
    /// at once.
    pub pace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            data: None,
            spacelift_data: None,
            organization: None,
            account: None,
            stacks: Vec::new(),
            seed: None,
            quirks: Quirks::default(),
            engines: None,
            allow_origins: Vec::new(),
            pace: Duration::ZERO,
        }
    }
}

/// A running sandbox; dropping it stops it without waiting, as its connections become idle.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    shared: Arc<Shared>,
    worker: Option<Task>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<io::Result<()>>>,
}

/// What all requests share.
pub(crate) struct Shared {
    /// The Port half.
    pub(crate) port: Mutex<PortState>,
    /// The Spacelift half.
    pub(crate) spacelift: Mutex<SpaceliftState>,
    /// What is to go wrong.
    pub(crate) faults: Faults,
    /// What was asked.
    pub(crate) journal: Journal,
    /// Where identifiers come from.
    pub(crate) dice: Dice,
    /// Where the state is kept.
    pub(crate) store: Option<Store>,
    /// What is still to happen.
    pub(crate) events: Events,
    /// How somebody is called.
    pub(crate) outbound: Outbound,
    /// What runs the programs of users; it blocks, see [`Shared::engine`].
    engines: Arc<Engines>,
    /// See [`Options::pace`].
    pub(crate) pace: Duration,
}

impl Sandbox {
    /// Starts a sandbox; it answers when this returns.
    ///
    /// Fails when the address is taken or not a loopback one, when the data folder is in use
    /// (`ResourceBusy`) or does not hold what a sandbox wrote (`InvalidData`).
    pub async fn start(options: Options) -> io::Result<Sandbox> {
        if !options.listen.ip().is_loopback() && !options.allow_remote {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{}` is not a loopback address", options.listen),
            ));
        }
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::open(&options, address)?);
        let url = format!("http://{address}");
        {
            let mut state = shared.spacelift();
            spacelift::live::push(&shared, &mut state);
        }
        let worker = Task(tokio::spawn(events::work(shared.clone())));
        let app = Router::new()
            .fallback(shell::answer)
            .with_state(shared.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let service = app.into_make_service_with_connect_info::<Switch>();
        let server = tokio::spawn(async move {
            axum::serve(CutListener(listener), service)
                .with_graceful_shutdown(async {
                    // A dropped sender means stop as well.
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Sandbox {
            url,
            shared,
            worker: Some(worker),
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// The origin of all services, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns when everything has happened that requests so far have caused: runs, automations,
    /// deliveries, and what those caused in turn.
    pub async fn settle(&self) {
        self.shared.events.settle().await;
    }

    /// Lets everything happen that was caused (without pauses, for at most ten seconds), stops
    /// listening, lets open requests finish for at most two seconds, and saves.
    pub async fn stop(mut self) {
        self.shared.events.hurry();
        if tokio::time::timeout(SETTLING, self.settle()).await.is_err() {
            tracing::warn!("the sandbox stops while something is still going on");
        }
        drop(self.worker.take());
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more when the server has failed; there is nothing to stop then.
            let _ = stop.send(());
        }
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(GRACE, &mut server).await.is_err()
        {
            server.abort();
        }
        if let Err(error) = self.shared.save() {
            tracing::warn!(%error, "the sandbox could not save its state");
        }
        if let Some(store) = &self.shared.store {
            // A connection that is just ending may hold the store for a moment longer.
            store.release();
        }
    }

    /// Everything that both services remember, as `/_sandbox/state` shows it.
    pub fn state(&self) -> Value {
        self.shared.dump()
    }

    /// The requests of clients since the start or the last reset.
    pub fn requests(&self) -> Vec<Entry> {
        let mut entries = self.shared.journal.snapshot();
        entries.retain(|entry| entry.by == By::Client);
        entries
    }

    /// The requests that the sandbox itself sent and answered since the start or the last reset.
    pub fn own_requests(&self) -> Vec<Entry> {
        let mut entries = self.shared.journal.snapshot();
        entries.retain(|entry| entry.by == By::Sandbox);
        entries
    }

    /// Forgets the requests so far.
    pub fn reset_requests(&self) {
        self.shared.journal.reset();
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.push(fault);
    }

    /// Forgets the faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Changes how disputed things behave from now on; timers that the clock moved past fire.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.shared.port().quirks = quirks;
        expire_timers(&self.shared);
    }
}

impl fmt::Debug for Shared {
    /// Shows nothing of the state, because secrets are in it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    fn open(options: &Options, address: SocketAddr) -> io::Result<Self> {
        let (store, restored) = match &options.data {
            Some(folder) => {
                let spacelift = options.spacelift_data.as_deref().unwrap_or(folder);
                let (store, restored) = Store::open(folder, spacelift)?;
                (Some(store), Some(restored))
            }
            None => (None, None),
        };
        let (tables, spacelift) = match restored {
            Some(restored) => (restored.port, restored.spacelift),
            None => (None, None),
        };
        let mut spacelift = spacelift
            .unwrap_or_else(|| SpaceliftState::beginning_with(&options.stacks, dice::now() / 1000));
        if let Some(account) = &options.account {
            spacelift.account.clone_from(account);
        }
        spacelift.resume();
        let quirks = options.quirks.clone();
        let port = match tables {
            Some(tables) => PortState::restored(tables, quirks),
            None => PortState::new(options.organization.as_deref(), quirks, dice::now()),
        };
        // Not from the dice: whoever knows the seed must not know it.
        let pass = Dice::new(None).word(32);
        let outbound = Outbound::new(address, options.allow_origins.clone(), pass)?;
        let shared = Self {
            events: Events::default(),
            outbound,
            engines: Arc::new(engines(options)?),
            pace: options.pace,
            port: Mutex::new(port),
            spacelift: Mutex::new(spacelift),
            faults: Faults::default(),
            journal: Journal::default(),
            dice: Dice::new(options.seed),
            store,
        };
        shared.save()?;
        Ok(shared)
    }

    /// The Port half.
    pub(crate) fn port(&self) -> MutexGuard<'_, PortState> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Spacelift half.
    pub(crate) fn spacelift(&self) -> MutexGuard<'_, SpaceliftState> {
        self.spacelift
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's time in milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        dice::now().saturating_add(self.port().quirks.clock_offset.saturating_mul(1000))
    }

    /// Keeps what a request or an event changed in Port's half, and lets happen what it causes; the
    /// caller holds the lock, so that both are in order.
    pub(crate) fn keep(&self, state: &mut PortState, depth: u32) -> io::Result<()> {
        let kept = match &self.store {
            Some(store) if state.tables.is_changed() => store.append(&mut state.tables),
            Some(_) => Ok(()),
            None => {
                state.tables.forget_changes();
                Ok(())
            }
        };
        for event in state.happened.drain(..) {
            self.events.push_from(event, depth);
        }
        kept
    }

    /// The same for what no request waits for: a failure to save is told by the next request that is.
    pub(crate) fn keep_or_warn(&self, state: &mut PortState, depth: u32) {
        if let Err(error) = self.keep(state, depth) {
            tracing::warn!(%error, "the sandbox could not save its state");
        }
    }

    /// Asks the engines and waits for them; for threads that may block.
    pub(crate) fn engine_blocking(&self, jobs: &[Job]) -> Vec<Result<Answer, job::Fault>> {
        self.engines.run(jobs)
    }

    /// Asks the engines, in order, without keeping others from their work.
    pub(crate) async fn engine(&self, jobs: Vec<Job>) -> Vec<Result<Answer, job::Fault>> {
        let (engines, count) = (self.engines.clone(), jobs.len());
        let answers = tokio::task::spawn_blocking(move || engines.run(&jobs)).await;
        answers.unwrap_or_else(|_| {
            let fault = job::Fault::new(FaultKind::Crash, "the engine could not be asked");
            vec![Err(fault); count]
        })
    }

    /// Both services' state without secrets.
    pub(crate) fn dump(&self) -> Value {
        let port = self.port();
        json!({
            "port": port.dump(),
            "spacelift": self.spacelift().dump(),
            "quirks": serde_json::to_value(&port.quirks).unwrap_or_default(),
        })
    }

    fn save(&self) -> io::Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        store.save_port(&mut self.port().tables)?;
        store.save_spacelift(&self.spacelift)
    }
}

#[cfg(not(test))]
fn engines(options: &Options) -> io::Result<Engines> {
    Ok(Engines::new(match &options.engines {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    }))
}

/// Unit tests are not the program that answers jobs.
#[cfg(test)]
fn engines(_options: &Options) -> io::Result<Engines> {
    Ok(Engines::same_process())
}

/// What `spaceport sandbox` prints: the address, the credentials, lines to copy into a shell, and how to
/// look at what happens.
pub fn banner(url: &str) -> String {
    format!(
        "listening on {url}\n\
         \n\
         Port        client id {CLIENT_ID}, client secret {CLIENT_SECRET}\n\
         Spacelift   key id {KEY_ID}, key secret {KEY_SECRET}\n\
         \n\
         export PORT_BASE_URL={url}\n\
         export PORT_CLIENT_ID={CLIENT_ID}\n\
         export PORT_CLIENT_SECRET={CLIENT_SECRET}\n\
         export SPACELIFT_API_KEY_ENDPOINT={url}\n\
         export SPACELIFT_API_KEY_ID={KEY_ID}\n\
         export SPACELIFT_API_KEY_SECRET={KEY_SECRET}\n\
         # for projects that give Port a key of its own, as port-config does\n\
         export SPACELIFT_RUNTIME_KEY_ID={KEY_ID}\n\
         export SPACELIFT_RUNTIME_KEY_SECRET={KEY_SECRET}\n\
         \n\
         Actions call their backends, automations fire, Spacelift runs walk to their end,\n\
         and what webhooks deliver becomes entities. Where port-config is applied:\n\
         \n\
         spaceport run refresh_spacelift_token --follow\n\
         spaceport run trigger_spacelift_stack --input stack=ai-agent --follow\n\
         \n\
         curl {url}/_sandbox/spacelift/deliveries   # what was sent\n\
         curl {url}/_sandbox/deliveries             # how it was mapped\n\
         curl {url}/_sandbox/state                  # all but secrets\n"
    )
}
