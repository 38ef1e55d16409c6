//! Runs a command and measures it: wall time everywhere, CPU time and peak memory where `/proc`
//! tells them.
//!
//! An ended process that nobody waited for still shows its CPU time there, in ticks of 10 ms; its
//! memory is gone by then, so that its peak is looked at while it runs. So are the processes that it
//! started: what is said of them is what was seen, and a process that lives for less than some
//! milliseconds may be missed.

use std::fs;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// How often a process that has just begun is looked at; later ones less often, so that looking
/// takes nothing away from what is measured.
const PERIOD: Duration = Duration::from_millis(1);
/// The longest pause between two looks.
const LONGEST_PERIOD: Duration = Duration::from_millis(10);
/// How often the processes that it has started are looked for: every process of the machine is
/// asked who started it.
const FAMILY_PERIOD: Duration = Duration::from_millis(10);
/// The longest pause between two such searches.
const LONGEST_FAMILY_PERIOD: Duration = Duration::from_millis(200);
/// Linux counts CPU time for programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a command took.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all its threads, and of the processes that it started.
    pub cpu: Option<Duration>,
    /// The most memory of its own that was resident, in bytes.
    pub peak: Option<u64>,
    /// The same with the processes that it started: the peaks of those that lived at one moment,
    /// added up, and of all moments the largest. No less than what they ever had together.
    pub tree: Option<u64>,
}

/// What `/proc/PID/stat` says of a process.
struct Stat {
    parent: u32,
    has_ended: bool,
    /// Of its own, and of those of its children that have ended.
    cpu: Duration,
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> io::Result<Figures> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    let (mut peak, mut tree, mut cpu) = (None, None, None);
    let mut family = Vec::new();
    let mut searched = start;
    while let Some(stat) = stat(child.id()) {
        let members = family.iter().filter_map(|id| self::stat(*id));
        let worked = stat.cpu + members.map(|member| member.cpu).sum::<Duration>();
        cpu = cpu.max(Some(worked));
        if stat.has_ended {
            break;
        }
        if let Some(own) = high_water(child.id()) {
            let others = family.iter().filter_map(|id| high_water(*id));
            peak = Some(own);
            tree = tree.max(Some(own + others.sum::<u64>()));
        }
        let period = (start.elapsed() / 20).clamp(FAMILY_PERIOD, LONGEST_FAMILY_PERIOD);
        if searched.elapsed() >= period {
            family = descendants(child.id());
            searched = Instant::now();
        }
        std::thread::sleep((start.elapsed() / 200).clamp(PERIOD, LONGEST_PERIOD));
    }
    let wall = start.elapsed();
    let status = child.wait()?;
    Ok(Figures {
        code: status.code(),
        wall: if cpu.is_some() { wall } else { start.elapsed() },
        cpu,
        peak,
        tree,
    })
}

/// An amount of memory for a table.
pub fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "-".to_owned(),
        |bytes| format!("{} MB", bytes / 1_000_000),
    )
}

/// The living processes that a process has started, and those that they started.
fn descendants(ancestor: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let ids = names.filter_map(|name| name.parse().ok());
    let pairs: Vec<(u32, u32)> = ids.filter_map(|id| Some((id, stat(id)?.parent))).collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = pairs.iter().filter(|(_, its)| *its == parent);
        found.extend(children.map(|(id, _)| *id));
        next += 1;
    }
    found.split_off(1)
}

/// Fields 3, 4 and 14 to 17, counted behind the name, which may hold spaces.
fn stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields.get(11..15)?.iter();
    let ticks: u32 = ticks.map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        has_ended: *fields.first()? == "Z",
        cpu: TICK * ticks,
    })
}

fn high_water(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
