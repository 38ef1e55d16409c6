//! Progress: how far an ingest has come, in one line of plain signs.
//!
//! Deliberately not here: when it is drawn, and on what (see `commands::progress`).

use crate::ingest::Stage;
use crate::show::text::{escape, width};

/// How far an ingest has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is at.
    pub stage: Stage,
    /// How much of that is done.
    pub done: u64,
    /// How much there is to be done, where that is known.
    pub total: Option<u64>,
    /// How many of them were writes.
    pub written: u64,
    /// How much is done in a second, once that can be told.
    pub rate: Option<f64>,
}

/// The columns of a bar, without its brackets: always as many, as one that grows and shrinks beside
/// the numbers would unsettle.
const BAR: usize = 16;

/// How far an ingest has come, in one line without a line end that fits into `columns`.
pub fn line(standing: &Standing, columns: usize) -> String {
    let Standing {
        stage, done, total, ..
    } = *standing;
    let total = total.filter(|total| *total > 0);
    let mut words = match total {
        Some(total) => vec![format!("{done} of {}", total.max(done))],
        None => vec![format!("{done}")],
    };
    if stage == Stage::Items && standing.written > 0 {
        words.push(format!("{} written", standing.written));
    }
    if let Some(rate) = standing.rate {
        words.push(match rate > 0.0 && rate < 9.5 {
            true => format!("{rate:.1}/s"),
            false => format!("{rate:.0}/s"),
        });
        let left = total
            .map(|total| total.saturating_sub(done))
            .filter(|left| *left > 0);
        if let Some(left) = left.filter(|_| rate > 0.0) {
            words.push(format!("{} left", duration(left as f64 / rate)));
        }
    }
    let name = escape(standing.name);
    let start = match stage {
        Stage::Entities => format!("{name}: reading Port"),
        Stage::Items => name,
        Stage::Gone => format!("{name}: deleting"),
    };
    let words = words.join(", ");
    let whole = |middle: &str| format!("{start}{middle}{words}");
    let line = total
        .map(|total| whole(&format!(" {} ", bar(done, total))))
        .filter(|line| width(line) <= columns)
        .unwrap_or_else(|| whole(": "));
    line.chars()
        .scan(0, |used, c| {
            *used += width(c.encode_utf8(&mut [0; 4]));
            (*used <= columns).then_some(c)
        })
        .collect()
}

fn bar(done: u64, total: u64) -> String {
    let share = (done as f64 / total as f64).clamp(0.0, 1.0);
    let full = (share * BAR as f64).floor() as usize;
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR - full))
}

/// A time that is not known better than this.
fn duration(seconds: f64) -> String {
    match seconds.ceil().min(360_000.0) as u64 {
        s @ ..100 => format!("{s} s"),
        s @ 100..5_400 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(
        stage: Stage,
        done: u64,
        total: Option<u64>,
        rate: Option<f64>,
    ) -> Standing<'static> {
        Standing {
            name: "stacks",
            stage,
            done,
            total,
            written: 0,
            rate,
        }
    }

    #[test]
    fn a_line_says_what_is_known_so_far() {
        let shown = |standing: &Standing| line(standing, 79);
        let begun = standing(Stage::Entities, 0, None, None);
        insta::assert_snapshot!(shown(&begun), @"stacks: reading Port: 0");
        let reading = standing(Stage::Entities, 2000, Some(10_000), Some(4000.0));
        insta::assert_snapshot!(shown(&reading), @"stacks: reading Port [###.............] 2000 of 10000, 4000/s, 2 s left");
        let ingesting = Standing {
            written: 1400,
            ..standing(Stage::Items, 2600, Some(10_000), Some(820.4))
        };
        insta::assert_snapshot!(shown(&ingesting), @"stacks [####............] 2600 of 10000, 1400 written, 820/s, 10 s left");
        let slow = standing(Stage::Items, 100, Some(100_000), Some(0.51));
        insta::assert_snapshot!(shown(&slow), @"stacks [................] 100 of 100000, 0.5/s, 55 h left");
        let stalled = standing(Stage::Items, 100, Some(200), Some(0.0));
        insta::assert_snapshot!(shown(&stalled), @"stacks [########........] 100 of 200, 0/s");
        let ended = standing(Stage::Gone, 230, Some(230), Some(99.0));
        insta::assert_snapshot!(shown(&ended), @"stacks: deleting [################] 230 of 230, 99/s");
        // More than there were when it began.
        let grown = standing(Stage::Items, 12, Some(10), Some(5.0));
        insta::assert_snapshot!(shown(&grown), @"stacks [################] 12 of 12, 5.0/s");
    }

    #[test]
    fn no_line_is_too_long_for_its_terminal() {
        let name = "a-name-that-is-so-long-that-it-takes-the-whole-line-and-more-than-that-alone";
        for name in ["s", name, "\u{1b}[31m\n"] {
            for columns in [1, 20, 40, 79] {
                let standing = Standing {
                    name,
                    written: u64::MAX,
                    ..standing(Stage::Items, 49_999, Some(50_000), Some(1e9))
                };
                let line = line(&standing, columns);
                assert!(width(&line) <= columns, "{line}");
                assert!(!line.contains(char::is_control), "{line}");
            }
        }
    }

    #[test]
    fn a_time_is_told_no_better_than_it_is_known() {
        let times = [0.2, 99.0, 100.0, 5399.0, 5400.0, f64::INFINITY].map(duration);
        assert_eq!(times.join(", "), "1 s, 99 s, 2 min, 90 min, 2 h, 100 h");
    }
}
