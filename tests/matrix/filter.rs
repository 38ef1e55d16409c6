//! Which cases are wanted, as the arguments of a test say it.

/// Options of the test harness that have a value; the value is no filter.
const VALUED: [&str; 5] = [
    "--test-threads",
    "--skip",
    "--format",
    "--color",
    "--logfile",
];

/// Texts, one of which the name of a case has to contain; none of them means all.
#[derive(Debug, Default)]
pub struct Filter {
    texts: Vec<String>,
    /// Only say what there is.
    pub list: bool,
}

impl Filter {
    /// Reads arguments. Options of the test harness are understood by nobody and do no harm.
    pub fn of(arguments: impl Iterator<Item = String>) -> Filter {
        let mut filter = Filter::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => filter.list = true,
                option if VALUED.contains(&option) => drop(arguments.next()),
                option if option.starts_with('-') => {}
                _ => filter.texts.push(argument),
            }
        }
        filter
    }

    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether a case is wanted: `update::after::17`.
    pub fn means(&self, name: &str) -> bool {
        self.is_empty() || self.texts.iter().any(|text| is_in(text, name))
    }

    /// Whether any case of a scenario can be wanted.
    pub fn may_mean(&self, scenario: &str) -> bool {
        let may = |text: &String| {
            text.starts_with(scenario)
                || scenario.contains(text.as_str())
                || ["::before::", "::after::"]
                    .iter()
                    .any(|side| side.contains(text.as_str()))
        };
        self.is_empty() || self.texts.iter().any(may)
    }
}

/// A name that ends with a number is meant as a whole: 1 is not 17.
fn is_in(text: &str, name: &str) -> bool {
    match text.ends_with(|letter: char| letter.is_ascii_digit()) {
        true => name.ends_with(text),
        false => name.contains(text),
    }
}
