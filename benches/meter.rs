//! Runs a command and measures it: wall time everywhere, CPU time and peak memory where `/proc`
//! tells them.
//!
//! An ended process that nobody waited for still shows its CPU time there, in ticks of 10 ms; its
//! memory is gone by then, so that its peak is looked at while it runs.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running process is looked at.
const PERIOD: Duration = Duration::from_millis(1);
/// Linux counts CPU time for programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a command took.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all its threads.
    pub cpu: Option<Duration>,
    /// The most memory that was resident, in bytes.
    pub peak: Option<u64>,
}

/// Runs a command to its end; what it prints is dropped, but for errors.
pub fn run(mut command: Command) -> io::Result<Figures> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let folder = format!("/proc/{}", child.id());
    let mut peak = None;
    let mut cpu = None;
    while let Some((ended, time)) = fs::read_to_string(format!("{folder}/stat"))
        .ok()
        .and_then(|text| stat(&text))
    {
        cpu = Some(time);
        if ended {
            break;
        }
        if let Some(bytes) = fs::read_to_string(format!("{folder}/status"))
            .ok()
            .and_then(|text| high_water(&text))
        {
            peak = Some(bytes);
        }
        std::thread::sleep(PERIOD);
    }
    let wall = start.elapsed();
    let status = child.wait()?;
    Ok(Figures {
        code: status.code(),
        wall: if cpu.is_some() { wall } else { start.elapsed() },
        cpu,
        peak,
    })
}

/// Whether the process has ended, and its user and system time: fields 3, 14 and 15, counted
/// behind the name, which may hold spaces.
fn stat(text: &str) -> Option<(bool, Duration)> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields.get(11)?.parse::<u32>().ok()? + fields.get(12)?.parse::<u32>().ok()?;
    Some((*fields.first()? == "Z", TICK * ticks))
}

fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
