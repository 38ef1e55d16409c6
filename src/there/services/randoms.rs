//! Texts of `${random.NAME}`: made when they are sent first, the same for everybody they are sent
//! to, and forgotten when the process ends.
//!
//! Deliberately not here: who shares a text (see `want::desired::randoms`) and when it is sent
//! (see `decide`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

/// Where 32 random bytes come from.
pub type Source = dyn Fn() -> [u8; 32] + Send + Sync;

/// The texts of one process, by name.
pub struct Randoms {
    source: Box<Source>,
    made: Mutex<BTreeMap<String, SecretString>>,
}

impl Randoms {
    /// No texts yet; each is made from what `source` gives.
    pub fn new(source: impl Fn() -> [u8; 32] + Send + Sync + 'static) -> Self {
        Randoms {
            source: Box::new(source),
            made: Mutex::default(),
        }
    }

    /// The text of a name: 64 hexadecimal digits, made when it is asked for first.
    pub fn text(&self, name: &str) -> SecretString {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let text = made.entry(name.to_owned()).or_insert_with(|| {
            let mut bytes = (self.source)();
            let text = digits(&bytes);
            bytes.zeroize();
            text
        });
        text.clone()
    }

    /// The text of a name, if it was made.
    pub fn known(&self, name: &str) -> Option<SecretString> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(name).cloned()
    }
}

impl fmt::Debug for Randoms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randoms(..)")
    }
}

/// Lower-case hexadecimal digits, written into one piece of memory so that none is left behind.
pub(super) fn digits(bytes: &[u8]) -> SecretString {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    SecretString::from(text)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_name_has_one_text_and_another_name_another() {
        let count = AtomicU8::new(0x9f);
        let randoms = Randoms::new(move || [count.fetch_add(1, Ordering::SeqCst); 32]);
        assert!(randoms.known("a").is_none());
        let a = randoms.text("a");
        assert_eq!(a.expose_secret(), "9f".repeat(32));
        assert_eq!(randoms.text("b").expose_secret(), "a0".repeat(32));
        for again in [randoms.text("a"), randoms.known("a").expect("it is made")] {
            assert_eq!(again.expose_secret(), a.expose_secret());
        }
        assert!(!format!("{randoms:?}").contains("9f"));
    }
}
