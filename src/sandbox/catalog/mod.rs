//! The faults by name: what `spaceport sandbox --fault NAME` knows and `--list-faults` lists.
//!
//! One table says what there is (`table`), one room how it is written on a command line (`spelling`). What a fault does
//! to a request is in the rooms of `sandbox`; `/_sandbox/faults` takes the same faults as JSON.

mod spelling;
mod table;

use super::fault::Fault;
use super::port::quirks::Quirks;
pub use spelling::FILTERS;
pub use table::ALL;

/// A fault that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// What `--fault` calls it.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    /// Which rule of the services it stands for: sections of the contract pages (PA: Port, SA: Spacelift), or a guess.
    pub source: &'static str,
    /// What may be said about it, in this order.
    pub arguments: &'static [Argument],
    /// Whom it hits when no filter says so.
    pub lasts: Lasts,
    /// Something to copy.
    pub example: &'static str,
    make: fn(&Given) -> Trouble,
}

/// Something that may be said about a fault.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name, for `NAME=VALUE`.
    pub name: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// What it is when nothing is said.
    pub default: &'static str,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A whole number, both ends included.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
}

/// How long a fault lasts when `times` says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// It hits one request.
    Once,
    /// It hits every request.
    Always,
    /// It hits no requests: Port behaves so as often as its argument says.
    Counted,
}

/// What a name with its arguments and filters stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Something that happens to requests.
    Fault(Fault),
    /// Something that Port does so many times, whoever asks.
    Quirk(Quirk, u32),
}

/// A way of Port's that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// [`Quirks::late_permissions`].
    LatePermissions,
    /// [`Quirks::lagging_deletes`].
    LaggingDeletes,
    /// [`Quirks::late_path_filters`].
    LatePathFilters,
}

impl Quirk {
    /// Lets Port behave so from now on.
    pub(crate) fn set(self, quirks: &mut Quirks, times: u32) {
        match self {
            Quirk::LatePermissions => quirks.late_permissions = times,
            Quirk::LaggingDeletes => quirks.lagging_deletes = times,
            Quirk::LatePathFilters => quirks.late_path_filters = times,
        }
    }
}

/// The arguments of one use, each with its value or its default.
struct Given(Vec<(&'static str, String)>);

impl Given {
    fn word(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    /// A number whose shape was checked; what does not fit is the largest that does.
    fn number<N: TryFrom<i64>>(&self, name: &str, largest: N) -> N {
        let number = self.word(name).parse::<i64>().ok();
        number
            .and_then(|number| N::try_from(number).ok())
            .unwrap_or(largest)
    }
}
