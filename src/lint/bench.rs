//! Bench: where lints put their findings and their questions to engines.
//!
//! Deliberately not here: the engines, which are asked once for all questions of all lints.

use crate::sim::job::{Answer, Fault, Job};
use crate::words::{Finding, Findings};

/// What an engine says to one job.
pub type Reply = Result<Answer, Fault>;

type Continue<'a> = Box<dyn FnOnce(Vec<Reply>, &mut Findings) + 'a>;

/// What has been found so far, and what is still to be asked.
#[derive(Default)]
pub struct Bench<'a> {
    findings: Findings,
    jobs: Vec<Job>,
    questions: Vec<(usize, Continue<'a>)>,
}

impl<'a> Bench<'a> {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Asks engines; `then` gets a reply for each job, in their order, and may find something.
    pub fn ask(&mut self, jobs: Vec<Job>, then: impl FnOnce(Vec<Reply>, &mut Findings) + 'a) {
        self.questions.push((jobs.len(), Box::new(then)));
        self.jobs.extend(jobs);
    }

    /// Asks all questions at once; `answer` gives a reply for each job.
    pub fn finish(self, answer: impl FnOnce(&[Job]) -> Vec<Reply>) -> Findings {
        let mut findings = self.findings;
        let mut replies = match self.jobs.is_empty() {
            true => Vec::new(),
            false => answer(&self.jobs),
        }
        .into_iter();
        for (count, then) in self.questions {
            let own: Vec<Reply> = replies.by_ref().take(count).collect();
            if own.len() == count {
                then(own, &mut findings);
            }
        }
        findings
    }
}
