//! Measures the client on projects of several sizes against the embedded sandbox, and prints a
//! table. `cargo bench --bench scale [-- SIZE…]`; the sizes are 2,000 and 10,000 by default.
//!
//! Counts of requests and exit codes are asserted, times and memory are printed only. The sandbox
//! runs in this process, so that the figures of the child are the client's alone; `in all` is its
//! memory with that of the engines.

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
        sizes = vec![2_000, 10_000];
    }
    println!(
        "{:>8}  {:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "objects", "command", "wall", "cpu", "peak", "in all", "requests", "writes"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for objects in sizes {
        let size = Size {
            objects,
            named_webhooks: NAMED_WEBHOOKS.min(objects),
        };
        let lay = |folder: &Path| generate::write(folder, size);
        let bed = runtime.block_on(Bed::make(Vec::new(), lay))?;
        once(&bed, objects, "--help", &["--help"], ROUNDS)?;
        once(&bed, objects, "validate", &["validate"], ROUNDS)?;
        once(&bed, objects, "first plan", &["plan"], ROUNDS)?;
        once(&bed, objects, "apply", &["apply", "--yes"], 1)?;
        once(
            &bed,
            objects,
            "plan",
            &["plan", "--detailed-exitcode"],
            ROUNDS,
        )?;
    }
    Ok(())
}

/// Runs a command some times, asserts its counts, and prints its figures.
fn once(
    bed: &Bed,
    objects: usize,
    name: &str,
    arguments: &[&str],
    rounds: usize,
) -> std::io::Result<()> {
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
        "apply" => assert!(asked.writes >= objects, "everything is created: {asked:?}"),
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
    Ok(())
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{} ms", time.as_millis()))
}
