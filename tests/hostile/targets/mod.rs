//! What hostile input is fed to: one function of bytes for each engine. Bytes that are no input of the
//! engine are passed over; what must hold of every other is asserted.
//!
//! `tests/hostile/main.rs` drives them with seeds and their mutations, `tests/fuzz` with libFuzzer.

pub mod answers;
pub mod graphql;
pub mod jq;
pub mod kinds;
pub mod ledger;
pub mod mapping;
pub mod plan_file;
pub mod project;
pub mod rego;
pub mod snapshot;
pub mod template;
pub mod world;
pub mod yaml;

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use spaceport::show::text::is_hostile;
use spaceport::sim::job::{Fault, FaultKind};

/// A target: its name, which is also the name of its folder of seeds, and its function. That says whether
/// the engine took the input for a good one.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// All targets.
pub const TARGETS: &[Target] = &[
    ("answers", answers::run),
    ("graphql", graphql::run),
    ("jq", jq::run),
    ("kinds", kinds::run),
    ("ledger", ledger::run),
    ("mapping", mapping::run),
    ("plan_file", plan_file::run),
    ("project", project::run),
    ("rego", rego::run),
    ("snapshot", snapshot::run),
    ("template", template::run),
    ("yaml", yaml::run),
];

/// The longest input that is looked at; what is longer is refused by size, and takes fuzzers long.
const LONGEST: usize = 32 * 1024;

/// What separates the parts of an input that has several.
const SEPARATOR: &str = "\n%%%%\n";

/// The bytes as a text, when they are one that is not too long.
pub fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data)
        .ok()
        .filter(|text| text.len() <= LONGEST)
}

/// The parts of an input; the missing ones are empty.
pub fn parts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut parts = text(data)?.splitn(N, SEPARATOR);
    Some(std::array::from_fn(|_| parts.next().unwrap_or_default()))
}

/// Holds that a span lies inside a text, between its characters.
#[track_caller]
pub fn inside(text: &str, span: &Range<usize>, what: &dyn std::fmt::Debug) {
    assert!(
        text.get(span.clone()).is_some(),
        "{span:?} is no part of a text of {} bytes: {what:?}",
        text.len()
    );
}

/// Holds that a fault says something, and where it is.
#[track_caller]
pub fn told(text: &str, fault: &Fault) {
    assert!(!fault.message.is_empty(), "{fault:?}");
    if let Some(span) = &fault.span {
        inside(text, span, fault);
    }
}

/// Holds that a text can be printed: no control characters but the ends of lines.
#[track_caller]
pub fn printable(text: &str) {
    let raw = text
        .char_indices()
        .find(|(_, c)| *c != '\n' && is_hostile(*c));
    if let Some((at, c)) = raw {
        let line = text[..at].lines().last().unwrap_or_default();
        panic!("a raw {c:?} behind `{line}`");
    }
}

thread_local! {
    /// Where the last panic of this thread was.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls an engine as its process does, which takes panics of libraries as faults. A panic of our own
/// code is one here, too.
#[track_caller]
pub fn engine<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    // libFuzzer's own ends the process before anybody can catch the panic.
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let place = place.unwrap_or_default();
            if !of_a_library(&place) {
                eprintln!("{panic}");
            }
            LAST.with(|last| *last.borrow_mut() = Some(place));
        }));
    });
    LAST.with(|last| last.borrow_mut().take());
    let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "the engine gave up";
        Err(Fault::new(FaultKind::Crash, message))
    });
    if let Some(place) = LAST.with(|last| last.borrow_mut().take()) {
        assert!(of_a_library(&place), "a panic at {place}");
    }
    answer
}

fn of_a_library(place: &str) -> bool {
    place.contains("/registry/src/") || place.starts_with("/rustc/") || place.contains("/library/")
}
