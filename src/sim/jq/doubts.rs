//! Doubts: programs that Port's engine and ours may read differently.

use std::ops::Range;

/// What of a program may be read differently, with the bytes that are meant and why.
pub fn doubts(_program: &str) -> Vec<(Range<usize>, &'static str)> {
    Vec::new()
}
