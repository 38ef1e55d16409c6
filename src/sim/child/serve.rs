//! The side of the child: limits first, then jobs until its input ends.
//!
//! It has nothing of our environment, and writes nothing but answers: what it panics with may hold data of the
//! user (law 5).

use std::ffi::OsString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitCode};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::limits::limit;
use super::wire;
use crate::sim::job::{Fault, FaultKind, work};

/// The argument that makes our program such a child. It is no option of the command line.
pub const ARGUMENT: &str = "--sim-child";

/// How long a job may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// A job that computed for less than this in that time waits for a busy machine, and goes on.
const AT_WORK: Duration = Duration::from_millis(250);

/// How this process ends when a job takes too long.
pub const TOO_LONG: u8 = 75;

/// The stack of the thread that does the work, in bytes: parsers and evaluators are recursive.
const STACK: usize = 64 * 1024 * 1024;

/// Serves jobs when the arguments of this process say so, and says how it ended; `None` otherwise.
///
/// To be called before anything else.
pub fn serve_if_asked(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    Some(match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn serve() -> io::Result<()> {
    if let Err(error) = limit() {
        wire::write(&mut io::stdout().lock(), wire::UNLIMITED)?;
        return Err(error);
    }
    std::panic::set_hook(Box::new(|_| {}));
    let (jobs, queue) = mpsc::channel::<Vec<u8>>();
    let (shifts, clock) = mpsc::channel::<Shift>();
    thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || watch(&clock))?;
    thread::Builder::new().stack_size(STACK).spawn(move || {
        for message in queue {
            // The watching thread ends with the process only.
            let _ = shifts.send(Shift::Begins);
            let answer = match wire::read_job(&message) {
                Ok(job) => catch_unwind(AssertUnwindSafe(|| work(&job))).unwrap_or_else(|_| {
                    let message = "the engine gave up on this";
                    Err(Fault::new(FaultKind::Crash, message))
                }),
                Err(fault) => Err(fault),
            };
            let _ = shifts.send(Shift::Ends);
            if wire::write(&mut io::stdout().lock(), &wire::answer(&answer)).is_err() {
                // Nobody listens any more.
                process::exit(1);
            }
        }
    })?;
    // What the first program would have to wait for is done before any clock runs.
    let _ = crate::sim::jq::Program::compile(".");
    wire::write(&mut io::stdout().lock(), wire::READY)?;
    let mut input = io::stdin().lock();
    while let Some(message) = wire::read(&mut input)? {
        if jobs.send(message).is_err() {
            break;
        }
    }
    // The parent is gone or done with us: whatever is at work ends now.
    process::exit(0)
}

/// What the working thread tells the watching one.
enum Shift {
    Begins,
    Ends,
}

/// Ends the process when a job is over its time.
fn watch(shifts: &Receiver<Shift>) {
    while let Ok(Shift::Begins) = shifts.recv() {
        let (start, before) = (Instant::now(), computed());
        let mut next = DEADLINE;
        while let Err(RecvTimeoutError::Timeout) = shifts.recv_timeout(next) {
            let worked = match (before, computed()) {
                (Some(before), Some(now)) => now.saturating_sub(before),
                _ => start.elapsed(),
            };
            if worked >= AT_WORK {
                process::exit(i32::from(TOO_LONG));
            }
            next = AT_WORK
                .saturating_sub(worked)
                .max(Duration::from_millis(20));
        }
    }
}

/// How long this process has computed; `None` where that cannot be told.
#[cfg(unix)]
fn computed() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).ok()
}

/// How long this process has computed; `None` where that cannot be told.
#[cfg(not(unix))]
fn computed() -> Option<Duration> {
    None
}
