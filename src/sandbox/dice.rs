//! Randomness and time, the sandbox's only two inputs besides requests.
//!
//! With a seed the identifiers repeat from run to run; the clock is always the machine's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes identifiers, keys and trace ids.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<StdRng>);

impl Dice {
    /// Starts from `seed`, or from the operating system's randomness.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let generator = match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => StdRng::from_os_rng(),
        };
        Self(Mutex::new(generator))
    }

    /// A fresh ULID: 48 bits of milliseconds, 80 random bits, 26 characters of Crockford's alphabet.
    pub(crate) fn ulid(&self) -> String {
        let milliseconds = u128::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let random: u128 = self.generator().random::<u128>() >> 48;
        let value = (milliseconds << 80) | random;
        (0..26)
            .rev()
            .map(|digit| char::from(CROCKFORD[((value >> (digit * 5)) & 31) as usize]))
            .collect()
    }

    /// `length` random letters and digits.
    pub(crate) fn word(&self, length: usize) -> String {
        let mut generator = self.generator();
        (0..length)
            .map(|_| char::from(LETTERS[generator.random_range(0..LETTERS.len())]))
            .collect()
    }

    /// `length` random lower-case hexadecimal digits.
    pub(crate) fn hex(&self, length: usize) -> String {
        let mut generator = self.generator();
        (0..length)
            .filter_map(|_| char::from_digit(generator.random_range(0..16), 16))
            .collect()
    }

    fn generator(&self) -> MutexGuard<'_, StdRng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spells a time as the services do: RFC 3339 with milliseconds and `Z`.
pub(crate) fn spelled(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

/// Spells a time as the header `Date` does.
pub(crate) fn http_date(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    // Years after 9999 have no spelling, nor are they reached.
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_a_z() {
        assert_eq!(spelled(1_700_000_000_120), "2023-11-14T22:13:20.120Z");
        assert_eq!(spelled(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            http_date(1_700_000_000_120),
            "Tue, 14 Nov 2023 22:13:20 GMT"
        );
    }

    #[test]
    fn ulids_are_26_characters_and_differ() {
        let dice = Dice::new(Some(1));
        let (one, other) = (dice.ulid(), dice.ulid());
        assert_eq!(one.len(), 26);
        assert_ne!(one, other);
    }
}
