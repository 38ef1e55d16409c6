//! Found: what the kinds see in an item of a list.
//!
//! Deliberately not here: the lists (see `items`) and where each kind finds its own (see `kinds`).

use crate::kinds::{Kind, Observed, stamp};
use crate::words::{Service, Value};

/// An object that was found, with the full name of its kind.
pub(super) type Found = (&'static str, Observed);

/// What is known of an object before it is read, by its kind and name.
pub type Known<'a> = &'a (dyn Fn(&str, &str) -> Option<&'a Value> + Sync);

/// Nothing is known.
pub(super) const UNKNOWN: Known<'static> = &|_, _| None;

/// Puts what the kinds see in an item of their list on the list of all that was found.
pub(super) fn observe(
    kinds: &[&'static dyn Kind],
    item: &Value,
    known: Known<'_>,
    found: &mut Vec<Found>,
) {
    for kind in kinds {
        for mut seen in kind.observe_all(item) {
            if kind.service() == Service::Port {
                seen.born = stamp::birth(item);
            }
            seen.touched = stamp::touch(item);
            if let Some(known) = known(kind.name(), &seen.name) {
                seen.value = seen.value.beside(known);
            }
            found.push((kind.name(), seen));
        }
    }
}
