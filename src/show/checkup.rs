//! A checkup for people: what was looked at, by topic, and whether it is well.
//!
//! Every line has a sign and is a sentence of its own, so that nothing is said by colour alone.
//! Deliberately not here: looking.

use crate::show::text::{escape, inert, wrap};
use crate::show::{Meaning, Style, redact};

/// Whether something is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It is.
    Well,
    /// It is worth knowing; nothing stops.
    Note,
    /// It is not.
    Wrong,
}

/// What was looked at, by topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    topics: Vec<(&'static str, Vec<Line>)>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    sign: Sign,
    words: String,
    help: Option<String>,
}

impl Checkup {
    /// Begins a topic.
    pub fn topic(&mut self, name: &'static str) {
        self.topics.push((name, Vec::new()));
    }

    /// Adds what was seen of the topic.
    pub fn add(&mut self, sign: Sign, words: impl Into<String>) {
        self.put(sign, words.into(), None);
    }

    /// Adds what is well.
    pub fn well(&mut self, words: impl Into<String>) {
        self.add(Sign::Well, words);
    }

    /// Adds what is worth knowing.
    pub fn note(&mut self, words: impl Into<String>) {
        self.add(Sign::Note, words);
    }

    /// Adds what is wrong, and what to do.
    pub fn wrong(&mut self, words: impl Into<String>, help: Option<String>) {
        self.put(Sign::Wrong, words.into(), help);
    }

    fn put(&mut self, sign: Sign, words: String, help: Option<String>) {
        if let Some((_, lines)) = self.topics.last_mut() {
            lines.push(Line { sign, words, help });
        }
    }

    /// How many lines have a sign.
    pub fn count(&self, sign: Sign) -> usize {
        let lines = self.topics.iter().flat_map(|(_, lines)| lines);
        lines.filter(|line| line.sign == sign).count()
    }
}

/// The checkup as text, each line with its line end.
pub fn human(checkup: &Checkup, style: &Style) -> String {
    let mut shown = String::new();
    for (name, lines) in &checkup.topics {
        shown.push_str(&format!("{}\n", style.paint(Meaning::Title, name)));
        for line in lines {
            let (sign, meaning) = match line.sign {
                Sign::Well => ("✓", Meaning::Add),
                Sign::Note => ("!", Meaning::Change),
                Sign::Wrong => ("✗", Meaning::Remove),
            };
            let first = format!("  {sign} ");
            paragraph(&first, &line.words, meaning, style, &mut shown);
            if let Some(help) = &line.help {
                paragraph("    help: ", help, Meaning::Plain, style, &mut shown);
            }
        }
        shown.push('\n');
    }
    let words = match (checkup.count(Sign::Wrong), checkup.count(Sign::Note)) {
        (0, 0) => "All is well.".to_owned(),
        (0, 1) => "All is well; 1 line is worth knowing (!).".to_owned(),
        (0, n) => format!("All is well; {n} lines are worth knowing (!)."),
        (1, _) => "1 line says what is wrong (✗).".to_owned(),
        (n, _) => format!("{n} lines say what is wrong (✗)."),
    };
    shown.push_str(&format!("{}\n", style.paint(Meaning::Title, &words)));
    inert(shown)
}

fn paragraph(first: &str, words: &str, meaning: Meaning, style: &Style, shown: &mut String) {
    for line in wrap(first, &redact::text(&escape(words)), style.width) {
        shown.push_str(&style.paint(meaning, line.trim_end()));
        shown.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkup_is_complete_without_colour() {
        let mut checkup = Checkup::default();
        checkup.topic("Port");
        checkup.well("log-in works");
        checkup.note("the clock of this machine is 20 s ahead of Port's");
        checkup.wrong(
            "a\u{1b}[31m list is refused",
            Some("ask an admin".to_owned()),
        );
        insta::assert_snapshot!(human(&checkup, &Style::default()), @r"
        Port
          ✓ log-in works
          ! the clock of this machine is 20 s ahead of Port's
          ✗ a\u{1b}[31m list is refused
            help: ask an admin

        1 line says what is wrong (✗).
        ");
    }
}
