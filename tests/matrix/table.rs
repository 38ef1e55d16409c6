//! The results as a table.

use std::fmt;

use crate::case::{Cost, Point, Ready};
use spaceport::sandbox::When;

/// What became of all cases.
#[derive(Default)]
pub struct Table(Vec<Row>);

/// What became of the cases of a scenario.
pub struct Row {
    scenario: &'static str,
    /// Of an undisturbed run.
    calm: Cost,
    before: usize,
    after: usize,
    passed: usize,
    /// The most that any second run cost.
    most: Cost,
}

impl Row {
    /// A scenario of which no case is told yet.
    pub fn new(ready: &Ready) -> Row {
        Row {
            scenario: ready.scenario.name,
            calm: Cost {
                requests: ready.calm.requests.len(),
                writes: ready.calm.writes.count(),
            },
            before: 0,
            after: 0,
            passed: 0,
            most: Cost {
                requests: 0,
                writes: 0,
            },
        }
    }

    /// Adds a case; without a cost it failed.
    pub fn add(&mut self, point: Point, cost: Option<&Cost>) {
        match point.when {
            When::Before => self.before += 1,
            When::After => self.after += 1,
        }
        if let Some(cost) = cost {
            self.passed += 1;
            self.most.requests = self.most.requests.max(cost.requests);
            self.most.writes = self.most.writes.max(cost.writes);
        }
    }

    fn cells(&self) -> [String; 8] {
        let cases = self.before + self.after;
        let result = match cases - self.passed {
            0 => "the same".to_owned(),
            wrong => format!("{wrong} WRONG"),
        };
        [
            self.scenario.to_owned(),
            self.calm.requests.to_string(),
            self.calm.writes.to_string(),
            self.before.to_string(),
            self.after.to_string(),
            self.most.requests.to_string(),
            self.most.writes.to_string(),
            result,
        ]
    }
}

impl Table {
    pub fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Requests of the undisturbed runs.
    pub fn requests(&self) -> usize {
        self.0.iter().map(|row| row.calm.requests).sum()
    }

    /// Cases that ended well.
    pub fn passed(&self) -> usize {
        self.0.iter().map(|row| row.passed).sum()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |formatter: &mut fmt::Formatter<'_>, cells: &[String; 8]| {
            let [
                name,
                requests,
                writes,
                before,
                after,
                most,
                most_writes,
                end,
            ] = cells;
            let numbers = format!("{name:<10} {requests:>8} {writes:>7}  {before:>7} {after:>7}");
            writeln!(formatter, "{numbers}  {most:>8} {most_writes:>7}  {end}")
        };
        let names = |texts: [&str; 8]| texts.map(str::to_owned);
        let head = "               undisturbed            killed  next run, at most";
        writeln!(formatter, "{head}")?;
        line(
            formatter,
            &names([
                "scenario", "requests", "writes", "before", "after", "requests", "writes", "end",
            ]),
        )?;
        for row in &self.0 {
            line(formatter, &row.cells())?;
        }
        let sum = |of: fn(&Row) -> usize| self.0.iter().map(of).sum::<usize>().to_string();
        let all = [
            "together".to_owned(),
            sum(|row| row.calm.requests),
            sum(|row| row.calm.writes),
            sum(|row| row.before),
            sum(|row| row.after),
            String::new(),
            String::new(),
            format!(
                "{} of {} cases",
                self.passed(),
                self.0
                    .iter()
                    .map(|row| row.before + row.after)
                    .sum::<usize>()
            ),
        ];
        line(formatter, &all)
    }
}
