//! Findings: problems in the user's files, as data.
//!
//! A finding is not an error: stages collect all of them and go on as far as they can. Printing
//! them is `show`'s work.

use crate::words::Place;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The project cannot be used until this is mended; exit code 3.
    Error,
    /// Worth mending; nothing stops.
    Warning,
    /// Worth knowing, and often right as it is; nothing stops.
    Hint,
}

impl Severity {
    /// The word that outputs use.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

/// What a project makes of the findings of a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// They have this severity.
    As(Severity),
    /// They are not told.
    Allow,
}

impl Level {
    /// The words of all levels, the strictest first.
    pub const WORDS: &[&str] = &["error", "warning", "hint", "allow"];

    /// The level with this word.
    pub fn of(word: &str) -> Option<Level> {
        match word {
            "error" => Some(Level::As(Severity::Error)),
            "warning" => Some(Level::As(Severity::Warning)),
            "hint" => Some(Level::As(Severity::Hint)),
            "allow" => Some(Level::Allow),
            _ => None,
        }
    }
}

/// A problem in the user's files: where it is, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, for example `config::unknown_field`; documented in [`crate::words::codes`].
    pub code: &'static str,
    /// Whether it stops the run.
    pub severity: Severity,
    /// Where it is; `None` for problems of a whole project.
    pub place: Option<Place>,
    /// What is wrong: a lower-case fragment without a period.
    pub message: String,
    /// What to do, if there is something better than the message itself.
    pub help: Option<String>,
    /// Further places with a label each, for example the first of two duplicates.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// An error at a place.
    pub fn error(
        code: &'static str,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> Self {
        Finding {
            code,
            severity: Severity::Error,
            place: place.into(),
            message: message.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(
        code: &'static str,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> Self {
        Finding {
            severity: Severity::Warning,
            ..Finding::error(code, place, message)
        }
    }

    /// A hint at a place.
    pub fn hint(
        code: &'static str,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
    ) -> Self {
        Finding {
            severity: Severity::Hint,
            ..Finding::error(code, place, message)
        }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do when there is something to say.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds a further place.
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// A growing list of findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds one finding.
    pub fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// Adds all findings of another list.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Finding>) {
        self.list.extend(other);
    }

    /// Whether one of them stops the run.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The findings by place, then code, then message, each once.
    pub fn sorted(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| {
            (a.place, a.severity, a.code, &a.message)
                .cmp(&(b.place, b.severity, b.code, &b.message))
        });
        self.list.dedup();
        self.list
    }

    /// The findings in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter()
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The candidate that is nearest to a misspelt word, when one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|c| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, c)| c)
}

/// `did you mean `x`?` when a candidate is near enough.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|c| format!("did you mean `{c}`?"))
}
