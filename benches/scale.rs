//! Measures the client on projects of several sizes against the embedded sandbox, and prints a
//! table. `cargo bench --bench scale [-- SIZE…]`; the sizes are 100, 1,000 and 10,000 by default.
//!
//! Counts of requests and exit codes are asserted, times and memory are printed only. The sandbox
//! runs in this process, so that the figures of the child are the client's alone; `in all` is its
//! memory with that of the engines. `read` reads and checks a project like `validate` does, without
//! the lints and their engines: it is `graph`, which prints besides.
//!
//! A second table says how CPU time and memory grow from one size to the next: the exponent of the
//! size, so that 1 is linear. Of memory it is what is above that of `--help`, which every command
//! has.

mod bed;
mod generate;
mod meter;

use std::path::Path;
use std::time::Duration;

use bed::Bed;
use generate::Size;
use meter::Figures;

/// Named webhooks of every size: one page, so that the budget of nine requests holds.
const NAMED_WEBHOOKS: usize = 40;
/// How often everything but the apply is run; the median by CPU time is shown.
const ROUNDS: usize = 5;
/// The most requests of a plan (design, budgets).
const BUDGET: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![100, 1_000, 10_000];
    }
    println!(
        "{:>8}  {:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "objects", "command", "wall", "cpu", "peak", "in all", "requests", "writes"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut measured: Vec<Measured> = Vec::new();
    for objects in sizes {
        let size = Size {
            objects,
            named_webhooks: NAMED_WEBHOOKS.min(objects),
        };
        let lay = |folder: &Path| generate::write(folder, size);
        let bed = runtime.block_on(Bed::make(Vec::new(), lay))?;
        for (name, arguments, rounds) in COMMANDS {
            let figures = once(&bed, objects, name, arguments, *rounds)?;
            measured.push(Measured {
                objects,
                name,
                figures,
            });
        }
    }
    growth(&measured);
    Ok(())
}

/// What is run at every size, in this order, and how often.
const COMMANDS: &[(&str, &[&str], usize)] = &[
    (HELP, &["--help"], ROUNDS),
    ("read", &["graph"], ROUNDS),
    ("validate", &["validate"], ROUNDS),
    ("first plan", &["plan"], ROUNDS),
    (APPLY, &["apply", "--yes"], 1),
    ("plan", &["plan", "--detailed-exitcode"], ROUNDS),
];
const HELP: &str = "--help";
const APPLY: &str = "apply";

/// The median figures of a command at a size.
struct Measured {
    objects: usize,
    name: &'static str,
    figures: Figures,
}

/// Prints the exponents by which CPU time and memory grow from each size to the next. What is too
/// short to be measured has none.
fn growth(measured: &[Measured]) {
    println!(
        "\n{:>8} to {:<8}  {:<10} {:>6} {:>6}",
        "objects", "", "command", "cpu", "peak"
    );
    let of = |name: &str, objects: usize| {
        let mut all = measured.iter();
        all.find(|one| one.name == name && one.objects == objects)
    };
    for one in measured.iter().filter(|one| one.name != HELP) {
        let larger = measured.iter().filter(|other| other.name == one.name);
        let Some(next) = larger
            .filter(|other| other.objects > one.objects)
            .min_by_key(|other| other.objects)
        else {
            continue;
        };
        let sizes = (next.objects as f64 / one.objects as f64).ln();
        let slope = |small: Option<f64>, large: Option<f64>| {
            let pair = small
                .zip(large)
                .filter(|(small, large)| *small > 0.0 && *large > 0.0);
            pair.map_or_else(
                || "-".to_owned(),
                |(small, large)| format!("{:.2}", (large / small).ln() / sizes),
            )
        };
        let cpu = |one: &Measured| Some(one.figures.cpu?.as_secs_f64());
        let own = |one: &Measured| {
            let least = of(HELP, one.objects)?.figures.peak?;
            Some(one.figures.peak?.saturating_sub(least) as f64)
        };
        println!(
            "{:>8} to {:<8}  {:<10} {:>6} {:>6}",
            one.objects,
            next.objects,
            one.name,
            slope(cpu(one), cpu(next)),
            slope(own(one), own(next)),
        );
    }
}

/// Runs a command some times, asserts its counts, and prints its figures.
fn once(
    bed: &Bed,
    objects: usize,
    name: &str,
    arguments: &[&str],
    rounds: usize,
) -> std::io::Result<Figures> {
    let binary = Path::new(env!("CARGO_BIN_EXE_spaceport"));
    let mut all: Vec<Figures> = Vec::new();
    for _ in 0..rounds {
        bed.asked();
        let figures = meter::run(bed.command(binary, arguments))?;
        assert_eq!(figures.code, Some(0), "`{name}` of {objects} objects");
        all.push(figures);
    }
    let asked = bed.asked();
    match name {
        APPLY => assert!(asked.writes >= objects, "everything is created: {asked:?}"),
        _ => assert!(asked.writes == 0 && asked.requests <= BUDGET, "{asked:?}"),
    }
    all.sort_by_key(|figures| figures.cpu.unwrap_or(figures.wall));
    let median = &all[all.len() / 2];
    println!(
        "{objects:>8}  {name:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        milliseconds(Some(median.wall)),
        milliseconds(median.cpu),
        meter::megabytes(median.peak),
        meter::megabytes(median.tree),
        asked.requests,
        asked.writes,
    );
    Ok(all.swap_remove(all.len() / 2))
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{} ms", time.as_millis()))
}
