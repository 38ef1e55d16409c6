//! Fingerprints of secrets: which of them still speak about the text that was sent last.
//!
//! Those of texts that somebody gives us are made under a key that only holders of a credential
//! have, so there is one per credential. Those of texts that we make speak about the text's name
//! and are compared with each other, never with a text. Deliberately not here: making them.

use crate::decide::ledger::{Entry, Fingerprint};
use crate::words::{Addr, Pointer};

/// Fingerprints kept per secret (design, section 5.7).
const KEPT: usize = 4;

/// Begins the key id of what was made for `${random.NAME}`; ids of keys are hexadecimal digits.
const RANDOM: &str = "random.";

impl Fingerprint {
    /// The fingerprint of a text that we made.
    pub fn of_random(name: &str, mac: String) -> Self {
        Fingerprint {
            key_id: format!("{RANDOM}{name}"),
            mac,
        }
    }

    /// The name of the text that we made, if it is one.
    pub fn random(&self) -> Option<&str> {
        self.key_id.strip_prefix(RANDOM)
    }
}

impl Entry {
    /// The fingerprint of the text of `${random.NAME}` at a place, if that was sent there last.
    pub fn random(&self, at: &Pointer, name: &str) -> Option<&str> {
        let newest = self.fingerprints.get(at)?.first()?;
        (newest.random() == Some(name)).then_some(newest.mac.as_str())
    }

    /// The address that its fingerprints speak about.
    pub fn marked_as<'a>(&'a self, addr: &'a Addr) -> &'a Addr {
        self.marked_as.as_ref().unwrap_or(addr)
    }
}

/// Notes what was made for a text that was sent: it comes first. What is known to speak about
/// another text goes: all of it when the same key says so, and what was made by name.
pub fn note(known: &mut Vec<Fingerprint>, made: Fingerprint) {
    let same_key = |old: &&Fingerprint| old.key_id == made.key_id;
    let changed = known.iter().find(same_key).is_some_and(|old| *old != made);
    match changed || made.random().is_some() {
        true => known.clear(),
        false => known.retain(|old| *old != made && old.random().is_none()),
    }
    known.insert(0, made);
    known.truncate(KEPT);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, mac: &str) -> Fingerprint {
        Fingerprint {
            key_id: key.into(),
            mac: mac.into(),
        }
    }

    fn noted(made: &[Fingerprint]) -> Vec<Fingerprint> {
        let mut known = Vec::new();
        made.iter().for_each(|one| note(&mut known, one.clone()));
        known
    }

    #[test]
    fn up_to_four_keys_are_remembered_the_newest_first() {
        let keys: Vec<Fingerprint> = ["1", "2", "3", "4", "5", "4"]
            .iter()
            .map(|key| of(key, "m"))
            .collect();
        let kept: Vec<String> = noted(&keys).into_iter().map(|one| one.key_id).collect();
        assert_eq!(kept, ["4", "5", "3", "2"]);
    }

    #[test]
    fn a_text_that_is_known_to_have_changed_leaves_nothing_of_the_old_one() {
        assert_eq!(
            noted(&[of("1", "old"), of("2", "old"), of("2", "new")]),
            [of("2", "new")]
        );
    }

    #[test]
    fn of_a_text_that_we_make_only_the_last_counts() {
        let a = |mac: &str| Fingerprint::of_random("a", mac.into());
        let b = Fingerprint::of_random("b", "m".into());
        assert_eq!(noted(&[of("1", "x"), a("m"), b.clone()]), [b]);
        assert_eq!(noted(&[a("m"), of("1", "x")]), [of("1", "x")]);
        assert_eq!(a("m").random(), Some("a"));
        assert_eq!(of("1", "x").random(), None);
    }
}
