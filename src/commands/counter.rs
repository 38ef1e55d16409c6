//! The counter: one line on a terminal that says how far an apply has come, and that goes away.
//!
//! Outcomes are printed in order, so those of a large layer come late and all at once; until then
//! this line shows that something happens. Deliberately not here: finding out whether there is a
//! terminal.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::show::render::human;

/// Counts the changes that ended.
#[derive(Debug)]
pub struct Counter<W> {
    /// Where it is drawn; nowhere in a pipe.
    out: Option<Mutex<Line<W>>>,
    total: usize,
}

#[derive(Debug)]
struct Line<W> {
    out: W,
    ended: usize,
    /// Columns of the line that stands there now.
    drawn: usize,
}

impl<W: Write> Counter<W> {
    /// A counter up to `total` that draws nothing yet, or nothing ever without `out`.
    pub fn new(out: Option<W>, total: usize) -> Self {
        let line = |out| Line {
            out,
            ended: 0,
            drawn: 0,
        };
        Counter {
            out: out.map(|out| Mutex::new(line(out))),
            total,
        }
    }

    /// One more has ended: draws the line. The cursor goes back to its beginning, so that whatever
    /// is printed next covers it.
    pub fn ended(&self) {
        self.with(|line| {
            line.ended += 1;
            let text = human::counter(line.ended, self.total);
            line.drawn = text.len();
            line.write(&format!("{text}\r"));
        });
    }

    /// Removes the line, if there is one.
    pub fn remove(&self) {
        self.with(|line| match std::mem::take(&mut line.drawn) {
            0 => {}
            drawn => line.write(&format!("{:drawn$}\r", "")),
        });
    }

    fn with(&self, act: impl FnOnce(&mut Line<W>)) {
        if let Some(line) = &self.out {
            act(&mut line.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl<W: Write> Line<W> {
    fn write(&mut self, text: &str) {
        // Nothing can be done when the terminal is gone.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_written_over_and_leaves_nothing_behind() {
        let mut screen = Vec::new();
        let counter = Counter::new(Some(&mut screen), 2);
        counter.remove();
        counter.ended();
        counter.ended();
        counter.remove();
        counter.remove();
        let shown = String::from_utf8(screen).expect("text");
        assert_eq!(
            shown,
            "applying: 1 of 2\rapplying: 2 of 2\r                \r"
        );
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        let counter: Counter<Vec<u8>> = Counter::new(None, 2);
        counter.ended();
        counter.remove();
        assert!(counter.out.is_none());
    }
}
