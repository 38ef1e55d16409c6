//! Measures three ways to bring stacks into Port, against the same sandbox with the same latency:
//! the guide's script in Python, its requests over one kept connection, and `spaceport ingest`.
//!
//! `cargo bench --bench ingest [-- STACKS [MILLISECONDS [GUIDED]]]`: 10,000 stacks, 5 ms before each answer,
//! and 1,000 stacks for the script, which needs so long that its time is scaled to all of them.
//! `cargo bench --bench ingest -- memory [STACKS [MILLISECONDS]]`: ours alone, on 50,000 stacks.
//!
//! What was written is asserted by what the sandbox holds and was asked, times and memory are printed
//! only. Each way begins with a fresh sandbox in this process, and runs in a process of its own.

mod bed;
mod guide;
mod kept;
mod line;
mod meter;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, KEY_ID, KEY_SECRET, StartingStack};
use tokio::runtime::Runtime;

use bed::{Asked, Bed};
use line::Line;
use meter::Figures;

/// The most entities of one bulk request (PA section 6).
const BULK: usize = 20;
/// How many stacks change before the last ingest.
const CHANGES: usize = 7;
/// The argument that makes this program the way over one kept connection.
const KEPT: &str = "kept-connection";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == KEPT) {
        return Ok(kept::run()?);
    }
    let is_memory = arguments.iter().any(|argument| argument == "memory");
    let mut numbers = arguments
        .iter()
        .filter_map(|argument| argument.parse().ok());
    let stacks = numbers
        .next()
        .unwrap_or(if is_memory { 50_000 } else { 10_000 });
    let latency = numbers.next().unwrap_or(5);
    let guided: usize = numbers.next().unwrap_or(1_000);
    let bench = Bench {
        runtime: tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?,
        stacks,
        latency: latency as u64,
    };
    println!(
        "{} stacks, {latency} ms before each answer",
        grouped(stacks)
    );
    println!();
    if is_memory {
        bench.head();
        bench.ours()?;
        return Ok(());
    }
    let python = guide::python();
    if let Ok(python) = &python {
        println!("the script runs with {}", guide::versions(python));
        println!();
    }
    bench.head();
    let script = match &python {
        Ok(python) => Some(bench.guide(python, guided.min(stacks))?),
        Err(_) => None,
    };
    let kept = bench.kept()?;
    let ours = bench.ours()?;
    println!();
    match (&python, script) {
        (_, Some(whole)) => println!(
            "first ingest: {:.0} times faster than the script, {:.0} times than the kept connection",
            ratio(whole, ours),
            ratio(kept, ours)
        ),
        (python, None) => {
            println!(
                "first ingest: {:.0} times faster than the kept connection",
                ratio(kept, ours)
            );
            if let Err(why) = python {
                println!("the script is left out, for there is no Python with httpx: {why}");
            }
        }
    }
    Ok(())
}

/// What all ways share.
struct Bench {
    runtime: Runtime,
    stacks: usize,
    latency: u64,
}

impl Bench {
    /// A sandbox with the stacks and the shipped project applied to it, where from now on every
    /// answer takes its time.
    fn bed(&self) -> Outcome<Bed> {
        let stacks = (0..self.stacks).map(StartingStack::varied).collect();
        let bed = self
            .runtime
            .block_on(Bed::make(stacks, |_| Ok(Vec::new())))?;
        for arguments in [&["init"][..], &["apply", "--yes"]] {
            let status = spaceport(&bed, arguments).arg("--quiet").status()?;
            assert!(status.success(), "{arguments:?}");
        }
        let milliseconds = self.latency;
        bed.sandbox
            .fault(Fault::new(Effect::Slow { milliseconds }).forever());
        bed.asked();
        Ok(bed)
    }

    /// The script for some of the stacks; what it would take for all.
    fn guide(&self, python: &Path, stacks: usize) -> Outcome<Duration> {
        let bed = self.bed()?;
        let says = tempfile::NamedTempFile::new()?;
        let command = guide::script(python, &spaceport(&bed, &[]), stacks, says.path())?;
        let figures = meter::run(command)?;
        let asked = bed.asked();
        assert_eq!(figures.code, Some(0), "the script");
        assert_eq!(asked.writes, stacks, "one write for each stack");
        assert_eq!(entities(&bed).len(), stacks);
        self.row("guide's script", stacks, &figures, asked);
        let (sent, loops) = guide::said(says.path()).ok_or("the script says nothing")?;
        assert_eq!(sent, stacks);
        let factor = self.stacks as f64 / stacks as f64;
        let whole = figures.wall.saturating_sub(loops) + loops.mul_f64(factor);
        println!(
            "  {} for {}: what it spends on stacks is taken {factor} times",
            seconds(whole),
            grouped(self.stacks)
        );
        Ok(whole)
    }

    /// The script's requests over one connection.
    fn kept(&self) -> Outcome<Duration> {
        let bed = self.bed()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(KEPT).env_clear();
        for (name, value) in spaceport(&bed, &[]).get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let figures = meter::run(command)?;
        let asked = bed.asked();
        assert_eq!(figures.code, Some(0), "the kept connection");
        assert_eq!(asked.writes, self.stacks, "one write for each stack");
        assert_eq!(entities(&bed).len(), self.stacks);
        self.row("kept connection", self.stacks, &figures, asked);
        Ok(figures.wall)
    }

    /// `spaceport ingest`: of everything, of nothing, and of a few; what the first took.
    fn ours(&self) -> Outcome<Duration> {
        let bed = self.bed()?;
        let (first, asked) = self.ingest(&bed, "ingest, first")?;
        assert_eq!(
            asked.writes,
            self.stacks.div_ceil(BULK),
            "full bulk requests"
        );
        let begun = entities(&bed);
        assert_eq!(begun.len(), self.stacks);

        let (_, asked) = self.ingest(&bed, "ingest, again")?;
        assert_eq!(asked.writes, 0, "nothing differs");

        let changed = self.change(&bed)?;
        let (_, asked) = self.ingest(&bed, "ingest, 7 changed")?;
        assert_eq!(asked.writes, 1, "one bulk request");
        let after = entities(&bed);
        let differing = after
            .iter()
            .filter(|(id, entity)| begun.get(*id) != Some(entity));
        let differing: Vec<&String> = differing.map(|(id, _)| id).collect();
        assert_eq!(
            differing,
            changed.iter().collect::<Vec<_>>(),
            "the changed ones alone"
        );
        Ok(first.wall)
    }

    fn ingest(&self, bed: &Bed, name: &str) -> Outcome<(Figures, Asked)> {
        bed.asked();
        let figures = meter::run(spaceport(bed, &["ingest"]))?;
        let asked = bed.asked();
        assert_eq!(figures.code, Some(0), "{name}");
        self.row(name, self.stacks, &figures, asked);
        Ok((figures, asked))
    }

    /// Gives some stacks, which lie far from each other, another description; the entities that
    /// belong to them, in order.
    fn change(&self, bed: &Bed) -> Outcome<Vec<String>> {
        let mut line = Line::open(bed.sandbox.url())?;
        let session = kept::session(&mut line, KEY_ID, KEY_SECRET)?;
        let fields = "id name space labels namespace repository branch provider";
        let all = json!({ "query": format!("{{ stacks {{ {fields} }} }}") });
        let mut listing = line.post("/graphql", Some(&session), &all)?;
        let mut changed = Vec::new();
        for nth in 0..CHANGES {
            let mut stack = listing["data"]["stacks"][nth * self.stacks / CHANGES].take();
            let id = stack.as_object_mut().and_then(|stack| stack.remove("id"));
            let id = id.and_then(|id| Some(id.as_str()?.to_owned()));
            let id = id.ok_or("a stack without an id")?;
            stack["description"] = "Something else".into();
            let query = "mutation($id: ID!, $input: StackInput!) { stackUpdate(id: $id, input: $input) { id } }";
            let body = json!({ "query": query, "variables": { "id": id, "input": stack } });
            let answer = line.post("/graphql", Some(&session), &body)?;
            assert_eq!(answer["data"]["stackUpdate"]["id"], id.as_str(), "{answer}");
            changed.push(id);
        }
        changed.sort();
        Ok(changed)
    }

    fn head(&self) {
        println!(
            "{:<18} {:>7} {:>9} {:>8} {:>7} {:>7} {:>8} {:>7}",
            "way", "stacks", "wall", "cpu", "peak", "in all", "requests", "writes"
        );
    }

    fn row(&self, way: &str, stacks: usize, figures: &Figures, asked: Asked) {
        println!(
            "{way:<18} {:>7} {:>9} {:>8} {:>7} {:>7} {:>8} {:>7}",
            grouped(stacks),
            seconds(figures.wall),
            figures.cpu.map_or_else(|| "-".to_owned(), seconds),
            meter::megabytes(figures.peak),
            meter::megabytes(figures.tree),
            grouped(asked.requests),
            grouped(asked.writes),
        );
    }
}

/// The binary with the credentials that the shipped project needs beside the usual ones.
fn spaceport(bed: &Bed, arguments: &[&str]) -> Command {
    let mut command = bed.command(Path::new(env!("CARGO_BIN_EXE_spaceport")), arguments);
    command
        .env("SPACELIFT_RUNTIME_KEY_ID", KEY_ID)
        .env("SPACELIFT_RUNTIME_KEY_SECRET", KEY_SECRET);
    command
}

/// The entities of stacks that the sandbox holds, with all that it knows of them.
fn entities(bed: &Bed) -> BTreeMap<String, Value> {
    let mut state = bed.sandbox.state();
    let Value::Object(rows) = state["port"]["entities"].take() else {
        return BTreeMap::new();
    };
    let ours = rows.into_iter().filter_map(|(key, entity)| {
        let identifier = key.strip_prefix("space_lift_stack ")?;
        Some((identifier.to_owned(), entity))
    });
    ours.collect()
}

fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// A number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
