//! A child as its parent sees it: started, asked, and killed when it takes too long.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::serve::{ARGUMENT, TOO_LONG};
use super::wire;
use crate::sim::job::{Answer, Fault, FaultKind};

/// How long a child may say nothing. It ends a job that takes too long by itself, sooner than that on
/// any but the busiest machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a child may take to start; machines may be busy.
const START: Duration = Duration::from_secs(20);

const TAKES_LONG: &str = "it takes longer than a second";

/// After so much work a child is replaced, before it reaches its limit of computing time.
const SPENT: Duration = Duration::from_secs(20);

/// A child. Dropping it kills it.
pub struct Worker {
    child: Child,
    input: ChildStdin,
    messages: Receiver<io::Result<Vec<u8>>>,
    worked: Duration,
}

/// What came of a job.
pub enum Outcome {
    /// An answer; the child waits for another job.
    Answered(Result<Answer, Fault>),
    /// No answer, and the child must not be used any more.
    Died(Fault),
    /// The child was dead before it got the job.
    WasDead,
}

/// A fault of an engine that does not start.
pub fn cannot_start(why: &str) -> Fault {
    let message = format!("the process of the engines cannot be started: {why}");
    Fault::new(FaultKind::Crash, message)
}

/// The command that starts a child: nothing of our environment goes along, but the child's allocator is
/// told to take address space as it is used. It would take a GiB at once, before the child limits itself.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(ARGUMENT).env_clear();
    command.env("MIMALLOC_ARENA_RESERVE", "0");
    // What is given back to the system is asked for again by the next job.
    command.env("MIMALLOC_PURGE_DELAY", "-1");
    command
}

impl Worker {
    /// Starts a child and waits until it has limited itself.
    pub fn start(program: &Path) -> Result<Worker, Fault> {
        let mut command = command(program);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // A Ctrl-C goes to all of a terminal's group; whoever asks for the work decides what becomes of
        // it, and the child ends with them.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .map_err(|error| cannot_start(&error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(cannot_start("it has no pipes"));
        };
        let messages = listen(output);
        let worker = Worker {
            child,
            input,
            messages,
            worked: Duration::ZERO,
        };
        match worker.messages.recv_timeout(START) {
            Ok(Ok(message)) if message == wire::READY => Ok(worker),
            Ok(Ok(message)) if message == wire::UNLIMITED => Err(cannot_start(
                "the system does not let it limit its memory and time",
            )),
            Err(RecvTimeoutError::Timeout) => Err(cannot_start("it says nothing")),
            _ => Err(cannot_start("it is not `spaceport`, or it ends at once")),
        }
    }

    /// Gives a job to the child and waits for its answer.
    pub fn ask(&mut self, job: &[u8]) -> Outcome {
        let start = Instant::now();
        if wire::write(&mut self.input, job).is_err() {
            return Outcome::WasDead;
        }
        let answer = self.messages.recv_timeout(PATIENCE);
        self.worked += start.elapsed();
        let limit = |message: &str| Outcome::Died(Fault::new(FaultKind::Limit, message));
        match answer {
            Ok(Ok(message)) => match wire::read_answer(&message) {
                Some(answer) => Outcome::Answered(answer),
                None => limit("the output is nested too deep"),
            },
            Err(RecvTimeoutError::Timeout) => limit(TAKES_LONG),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                if self.ended_as() == Some(i32::from(TOO_LONG)) {
                    return limit(TAKES_LONG);
                }
                let message = "the engine ran out of memory or stack, or crashed, on this";
                Outcome::Died(Fault::new(FaultKind::Crash, message))
            }
        }
    }

    /// The exit code of the child, whose output has ended.
    fn ended_as(&mut self) -> Option<i32> {
        // It may have closed its output and go on.
        let _ = self.child.kill();
        self.child.wait().ok()?.code()
    }

    /// Whether it should be replaced.
    pub fn is_spent(&self) -> bool {
        self.worked > SPENT
    }
}

/// Reads messages in a thread of its own, because reading from a pipe has no deadline.
fn listen(mut output: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut output = io::BufReader::new(&mut output);
        loop {
            let message = match wire::read(&mut output) {
                Ok(Some(message)) => Ok(message),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let broken = message.is_err();
            if send.send(message).is_err() || broken {
                return;
            }
        }
    });
    receive
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
