//! Progress: the line on a terminal that says how far an ingest has come, and that goes away.
//!
//! Told of every step by several tasks, it draws a few times in a second. The clock is an input.
//! Deliberately not here: what the line says (see `show::ingest`), and finding out whether there is
//! a terminal.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ingest::{self, Stage};
use crate::show::ingest::progress::{Standing, line};

/// The widest line: at the very edge some terminals begin another one.
const COLUMNS: usize = 79;
/// The time between two drawings.
const EVERY: Duration = Duration::from_millis(100);
/// How far back the rate looks, and how long it takes until there is one.
const WINDOW: Duration = Duration::from_secs(10);
const SETTLED: Duration = Duration::from_secs(1);

/// A line that is drawn over and over.
pub struct Progress<W, C> {
    /// What is drawn; nothing in a pipe.
    line: Option<Mutex<Line<W>>>,
    /// The time since some moment in the past.
    clock: C,
}

struct Line<W> {
    out: W,
    name: String,
    stage: Stage,
    done: u64,
    total: Option<u64>,
    written: u64,
    /// How much was done when; the oldest first.
    seen: VecDeque<(Duration, u64)>,
    /// When it was drawn last.
    drawn: Option<Duration>,
}

impl<W: Write + Send, C: Fn() -> Duration + Send + Sync> Progress<W, C> {
    /// A line that draws nothing yet, or nothing ever without `out`.
    pub fn new(out: Option<W>, clock: C) -> Self {
        let line = |out| Line {
            out,
            name: String::new(),
            stage: Stage::Entities,
            done: 0,
            total: None,
            written: 0,
            seen: VecDeque::new(),
            drawn: None,
        };
        Progress {
            line: out.map(|out| Mutex::new(line(out))),
            clock,
        }
    }

    /// Draws the line although nothing was done: where a service makes us wait, the rate falls.
    pub fn tick(&self) {
        if let Some((mut line, now)) = self.open()
            && line.drawn.is_some()
        {
            line.draw(now);
        }
    }

    /// Removes the line, if there is one. What is done next brings it back.
    pub fn remove(&self) {
        if let Some((mut line, _)) = self.open()
            && line.drawn.take().is_some()
        {
            line.write("\r\x1b[K");
        }
    }

    fn open(&self) -> Option<(MutexGuard<'_, Line<W>>, Duration)> {
        let line = self.line.as_ref()?;
        let line = line.lock().unwrap_or_else(PoisonError::into_inner);
        Some((line, (self.clock)()))
    }
}

impl<W: Write + Send, C: Fn() -> Duration + Send + Sync> ingest::Progress for Progress<W, C> {
    fn stage(&self, name: &str, stage: Stage, total: Option<u64>) {
        let Some((mut line, now)) = self.open() else {
            return;
        };
        line.name = name.to_owned();
        line.stage = stage;
        line.total = total;
        line.done = 0;
        line.written = 0;
        line.seen.clear();
        line.seen.push_back((now, 0));
        line.draw(now);
    }

    fn more(&self, done: u64, written: u64) {
        let Some((mut line, now)) = self.open() else {
            return;
        };
        line.done += done;
        line.written += written;
        if line
            .drawn
            .is_none_or(|last| now.saturating_sub(last) >= EVERY)
        {
            line.draw(now);
        }
    }
}

impl<W: Write> Line<W> {
    fn draw(&mut self, now: Duration) {
        self.drawn = Some(now);
        self.seen.push_back((now, self.done));
        // One that is older than the window stays, for the rate to begin at.
        while self
            .seen
            .get(1)
            .is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW)
        {
            self.seen.pop_front();
        }
        let text = line(
            &Standing {
                name: &self.name,
                stage: self.stage,
                done: self.done,
                total: self.total,
                written: self.written,
                rate: self.rate(now),
            },
            COLUMNS,
        );
        // A terminal that is narrower cuts the line instead of beginning another one. The cursor goes
        // back, so that whatever is printed next covers it.
        self.write(&format!("\x1b[?7l\r{text}\x1b[K\x1b[?7h\r"));
    }

    fn rate(&self, now: Duration) -> Option<f64> {
        let (at, done) = self.seen.front()?;
        let time = now.saturating_sub(*at);
        (time >= SETTLED).then(|| self.done.saturating_sub(*done) as f64 / time.as_secs_f64())
    }

    fn write(&mut self, text: &str) {
        // Nothing can be done when the terminal is gone.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::ingest::Progress as _;

    /// A clock that stands still until it is told to go on.
    #[derive(Default)]
    struct Clock(AtomicU64);

    impl Clock {
        fn forward(&self, milliseconds: u64) {
            self.0.fetch_add(milliseconds, Ordering::SeqCst);
        }

        fn time(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    /// The lines that were drawn, without what steers the terminal.
    fn lines(screen: &[u8]) -> Vec<String> {
        let screen = String::from_utf8_lossy(screen);
        let steering = ["\x1b[?7l", "\x1b[?7h", "\x1b[K"];
        let plain = steering
            .iter()
            .fold(screen.into_owned(), |text, sign| text.replace(sign, ""));
        assert!(!plain.contains(['\x1b', '\n']), "{plain:?}");
        let lines = plain.split('\r').filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_line_is_drawn_at_most_ten_times_in_a_second() {
        let clock = Clock::default();
        let mut screen = Vec::new();
        let progress = Progress::new(Some(&mut screen), || clock.time());
        progress.stage("stacks", Stage::Items, Some(3000));
        for _ in 0..3000 {
            clock.forward(1);
            progress.more(1, 0);
        }
        drop(progress);
        let lines = lines(&screen);
        assert_eq!(lines.len(), 31);
        assert!(lines.iter().all(|line| line.len() < 80));
        insta::assert_snapshot!(lines[5], @"stacks [##..............] 500 of 3000");
        insta::assert_snapshot!(lines[20], @"stacks [##########......] 2000 of 3000, 1000/s, 1 s left");
        insta::assert_snapshot!(lines[30], @"stacks [################] 3000 of 3000, 1000/s");
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let clock = Clock::default();
        let mut screen = Vec::new();
        let progress = Progress::new(Some(&mut screen), || clock.time());
        progress.stage("stacks", Stage::Items, Some(100_000));
        // Fast at first, then a service makes us wait, then slowly.
        for (steps, done) in [(20, 100), (120, 0), (100, 1)] {
            for _ in 0..steps {
                clock.forward(100);
                match done {
                    0 => progress.tick(),
                    done => progress.more(done, done),
                }
            }
        }
        drop(progress);
        let lines = lines(&screen);
        insta::assert_snapshot!(lines[20], @"stacks [................] 2000 of 100000, 2000 written, 1000/s, 98 s left");
        insta::assert_snapshot!(lines[100], @"stacks [................] 2000 of 100000, 2000 written, 200/s, 9 min left");
        insta::assert_snapshot!(lines[140], @"stacks [................] 2000 of 100000, 2000 written, 0/s");
        insta::assert_snapshot!(lines[240], @"stacks [................] 2100 of 100000, 2100 written, 10/s, 3 h left");
    }

    #[test]
    fn what_is_removed_is_gone_and_comes_back_with_news() {
        let clock = Clock::default();
        let mut screen = Vec::new();
        let progress = Progress::new(Some(&mut screen), || clock.time());
        progress.tick();
        progress.remove();
        progress.stage("stacks", Stage::Entities, None);
        progress.remove();
        progress.remove();
        progress.tick();
        progress.more(1, 0);
        progress.remove();
        drop(progress);
        insta::assert_snapshot!(String::from_utf8_lossy(&screen).escape_debug(), @r"\u{1b}[?7l\rstacks: reading Port: 0\u{1b}[K\u{1b}[?7h\r\r\u{1b}[K\u{1b}[?7l\rstacks: reading Port: 1\u{1b}[K\u{1b}[?7h\r\r\u{1b}[K");
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        let progress: Progress<Vec<u8>, _> = Progress::new(None, || Duration::ZERO);
        progress.stage("stacks", Stage::Items, None);
        progress.more(1, 1);
        progress.tick();
        progress.remove();
        assert!(progress.line.is_none());
    }
}
