//! The process that answers jobs: a copy of our own program with nothing of our environment, limits and a
//! deadline, so that no program of a user can harm us.
//!
//! The only room of `sim` that does IO. Deliberately not here: what the answers are.
//!
//! | room | noun |
//! |---|---|
//! | `serve` | the side of the child: limits first, then jobs until its input ends |
//! | `worker` | a child as its parent sees it |
//! | `limits` | how much a child may use, and that no process leaves an image of its memory |
//! | `wire` | messages on the pipes between them |

mod limits;
mod serve;
#[cfg(test)]
mod tests;
mod wire;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use self::worker::{Outcome, Worker};
use super::job::{Answer, Fault, FaultKind, Job, work};

pub use limits::leave_no_core;
pub use serve::serve_if_asked;
pub use worker::command;

/// How many children there may be at most.
const MOST_CHILDREN: usize = 4;

/// A pool of such processes. Share one: it starts no more than four, and fewer on small machines.
pub struct Engines {
    program: Option<PathBuf>,
    most: usize,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Worker>,
    /// How many children are idle or at work.
    alive: usize,
}

impl Engines {
    /// Engines that re-execute `program`, which must be `spaceport`; nothing starts before the first job.
    pub fn new(program: PathBuf) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Engines {
            program: Some(program),
            most: cores.min(MOST_CHILDREN),
            pool: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Engines without a process and without limits.
    #[cfg(test)]
    pub fn same_process() -> Self {
        Engines {
            program: None,
            most: 1,
            pool: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// How many jobs are answered at once.
    pub fn at_once(&self) -> usize {
        self.most
    }

    /// Answers jobs, in their order; blocks until all are answered.
    ///
    /// A job that takes longer than a second, or kills its child, gets a fault; the others go on in
    /// another child.
    pub fn run(&self, jobs: &[Job]) -> Vec<Result<Answer, Fault>> {
        let Some(program) = &self.program else {
            return jobs.iter().map(work).collect();
        };
        let answers: Vec<OnceLock<Result<Answer, Fault>>> =
            jobs.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let serve = || {
            let mut place = Place::take(self);
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(job), Some(answer)) = (jobs.get(at), answers.get(at)) else {
                    break;
                };
                // Each job is taken once, so that nothing is set twice.
                let _ = answer.set(place.answer(program, job));
            }
        };
        match self.most.min(jobs.len()) {
            0 => {}
            1 => serve(),
            several => thread::scope(|scope| {
                for _ in 0..several {
                    scope.spawn(serve);
                }
            }),
        }
        let lost = || Err(Fault::new(FaultKind::Crash, "the engine gave no answer"));
        let answers = answers.into_iter().map(OnceLock::into_inner);
        answers.map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Engines");
        shown
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// The right to have one child at work.
struct Place<'a> {
    engines: &'a Engines,
    worker: Option<Worker>,
}

impl<'a> Place<'a> {
    fn take(engines: &'a Engines) -> Self {
        let mut pool = engines.pool();
        loop {
            if let Some(worker) = pool.idle.pop() {
                let worker = Some(worker);
                return Place { engines, worker };
            }
            if pool.alive < engines.most {
                pool.alive += 1;
                let worker = None;
                return Place { engines, worker };
            }
            let waited = engines.returned.wait(pool);
            pool = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn answer(&mut self, program: &std::path::Path, job: &Job) -> Result<Answer, Fault> {
        let message = wire::job(job)?;
        // A child that died while it was idle, because somebody killed it, is replaced once.
        for _ in 0..2 {
            let mut worker = match self.worker.take() {
                Some(worker) => worker,
                None => Worker::start(program)?,
            };
            match worker.ask(&message) {
                Outcome::Answered(answer) => {
                    if !worker.is_spent() {
                        self.worker = Some(worker);
                    }
                    return answer;
                }
                Outcome::Died(fault) => return Err(fault),
                Outcome::WasDead => {}
            }
        }
        Err(worker::cannot_start("it ends at once"))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut pool = self.engines.pool();
        match self.worker.take() {
            Some(worker) => pool.idle.push(worker),
            None => pool.alive -= 1,
        }
        self.engines.returned.notify_one();
    }
}
