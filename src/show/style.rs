//! Style: width, colour and verbosity of an output, and what each colour means.
//!
//! Nothing is said by colour alone. Deliberately not here: finding out what the terminal can do.

use anstyle::{AnsiColor, Effects};

/// How an output should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns that may be used; texts are wrapped or cut to fit.
    pub width: usize,
    /// Whether SGR escapes are written.
    pub colour: bool,
    /// How often `-v` was given: from 1 on nothing is cut and folded names are listed.
    pub verbose: u8,
}

impl Default for Style {
    /// 80 columns, no colour, not verbose.
    fn default() -> Self {
        Style {
            width: 80,
            colour: false,
            verbose: 0,
        }
    }
}

/// What a coloured text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Something comes or is well: green.
    Add,
    /// Something changes or deserves a look: yellow.
    Change,
    /// Something goes or is wrong: red.
    Remove,
    /// A detail that may be skipped: dim.
    Detail,
    /// What the eye should find first: bold.
    Title,
    /// Nothing in particular: as the terminal shows texts.
    Plain,
}

impl Style {
    /// The text in the colour of its meaning, or as it is without colour.
    pub fn paint(&self, meaning: Meaning, text: &str) -> String {
        self.painted(meaning.look(), text)
    }

    /// The same, stronger: the words of a line that changed.
    pub fn emphasise(&self, meaning: Meaning, text: &str) -> String {
        self.painted(meaning.look() | Effects::BOLD | Effects::UNDERLINE, text)
    }

    fn painted(&self, look: anstyle::Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("{look}{text}{look:#}")
        } else {
            text.to_owned()
        }
    }
}

impl Meaning {
    fn look(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        match self {
            Meaning::Add => plain.fg_color(Some(AnsiColor::Green.into())),
            Meaning::Change => plain.fg_color(Some(AnsiColor::Yellow.into())),
            Meaning::Remove => plain.fg_color(Some(AnsiColor::Red.into())),
            Meaning::Detail => plain.dimmed(),
            Meaning::Title => plain.bold(),
            Meaning::Plain => plain,
        }
    }
}
