//! The ledger: what is ours. Deletes are decided by it and by nothing else (law 6).
//!
//! Plain data here; where it is kept is one small interface, [`home`].
//!
//! An entry is bound to a remote id. Intents name what an apply is about to create, so that a
//! run after a crash knows its own objects.
//!
//! | room | noun |
//! |---|---|
//! | [`home`] | where a ledger is kept: load, save |
//! | [`shelf`] | a ledger in Port, read and written |
//! | [`scope`] | the names that a ledger has in Port |
//! | [`head`] | what a save writes there |
//! | [`chunk`] | entries in pieces |
//! | [`lease`] | whose turn it is to write there |
//! | [`tenure`] | a lease taken, renewed and given back |
//! | [`digest`] | what was applied, place by place |
//! | [`intent`] | what an apply is about to do |
//! | [`trust`] | whether what lies in Port is what spaceport wrote |

pub mod chunk;
pub mod digest;
pub mod fingerprint;
pub mod head;
pub mod home;
pub mod intent;
pub mod lease;
pub mod scope;
pub mod shelf;
pub mod tenure;
pub mod trust;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use crate::words::{Addr, Pointer};
pub use digest::{Digests, digests};
pub use home::{Home, HomeError};
pub use intent::Intent;
pub use scope::Scope;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
pub use shelf::Shelf;

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// What is ours, in one environment of one project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Version of this format.
    pub format: u32,
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// Id of the Port organization that it speaks about.
    pub organization: Option<String>,
    /// The Spacelift account that it speaks about.
    pub account: Option<String>,
    /// Counts writes.
    pub serial: u64,
    /// Salt of the fingerprints, in hex.
    pub salt: String,
    /// The commit that was applied last, when it was applied from a git checkout.
    pub commit: Option<String>,
    /// When it was applied last, RFC 3339.
    pub applied_at: Option<String>,
    /// What is ours, by address.
    #[serde(deserialize_with = "entries")]
    pub entries: BTreeMap<Addr, Entry>,
    /// What an apply that has not ended is about to create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
}

/// One object of ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id in its service.
    pub id: String,
    /// Its name in its service; an id from a file is believed only when the name still fits or
    /// the object is the only one with that id.
    pub name: String,
    /// Whether it was there before us. Such an object is given up, not deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Whether it may be deleted or replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
    /// The places that are ours, when the rest of the object is somebody else's; empty means that
    /// the whole object is ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manage: Vec<Pointer>,
    /// Of these, the places that something was written to, without `*`: what is removed when it
    /// leaves the project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<Pointer>,
    /// The objects that it needed when it was applied, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Addr>,
    /// A digest per place of the spec as applied, to tell drift from edits. The places are texts
    /// of pointers: they are many, and most runs only keep them.
    pub digests: Digests,
    /// The places that were left to others when it was applied, and have no digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Pointer>,
    /// When it was last written as far as we know, by its service's clock; only of what cannot be
    /// read, where nothing else tells that somebody else wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<String>,
    /// Keyed fingerprints of the secrets that were sent, newest first, by their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: BTreeMap<Pointer, Vec<Fingerprint>>,
    /// The address that the fingerprints speak about, when it is not the present one: the object
    /// has moved since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked_as: Option<Addr>,
}

/// A keyed fingerprint of a secret's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Which key made it.
    pub key_id: String,
    /// HMAC-SHA-256 in hex.
    pub mac: String,
}

/// Reads a map as a list of its entries. Made in one go from what is sorted already, as we write it,
/// a map takes half of the room that it does after one insertion each.
fn pairs<'de, D: Deserializer<'de>, K: Deserialize<'de>, V: Deserialize<'de>>(
    reader: D,
) -> Result<Vec<(K, V)>, D::Error> {
    struct Pairs<K, V>(PhantomData<(K, V)>);
    impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Pairs<K, V> {
        type Value = Vec<(K, V)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            std::iter::from_fn(|| map.next_entry().transpose()).collect()
        }
    }
    reader.deserialize_map(Pairs(PhantomData))
}

/// Of two entries with one address the later one counts.
fn entries<'de, D: Deserializer<'de>>(reader: D) -> Result<BTreeMap<Addr, Entry>, D::Error> {
    Ok(pairs(reader)?.into_iter().collect())
}

impl Ledger {
    /// A ledger that owns nothing yet.
    pub fn new(project: &str, environment: Option<&str>, salt: String) -> Self {
        Ledger {
            format: FORMAT,
            project: project.to_owned(),
            environment: environment.map(str::to_owned),
            organization: None,
            account: None,
            serial: 0,
            salt,
            commit: None,
            applied_at: None,
            entries: BTreeMap::new(),
            intent: None,
        }
    }
}

/// The first `bytes` bytes in lower-case hex.
pub fn hex(data: &[u8], bytes: usize) -> String {
    data.iter()
        .take(bytes)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new("p", Some("prod"), "00ff".into());
        let entry = Entry {
            id: "A".into(),
            name: "A".into(),
            adopted: true,
            protect: true,
            manage: Vec::new(),
            placed: Vec::new(),
            needs: ["port.blueprint.b".parse().expect("an address")].into(),
            digests: Digests::default(),
            ignore: Vec::new(),
            touched: None,
            fingerprints: [(
                Pointer::parse("/secretValue").expect("a pointer"),
                vec![Fingerprint {
                    key_id: "k".into(),
                    mac: "m".into(),
                }],
            )]
            .into(),
            marked_as: None,
        };
        let addr: Addr = "port.secret[\"a/b\"]".parse().expect("an address");
        ledger.entries.insert(addr, entry);
        ledger
    }

    #[test]
    fn a_file_holds_what_was_saved_and_no_file_owns_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::inside(folder.path(), "state/ledger.json").expect("it lies inside");
        assert_eq!(home.file().expect("it is not there yet"), None);
        home.replace(&ledger()).expect("it can be kept");
        assert_eq!(home.file().expect("it is there"), Some(ledger()));
        assert_eq!(Home::None.file().expect("nothing is read"), None);
    }

    #[test]
    fn what_is_no_ledger_is_never_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::inside(folder.path(), "ledger.json").expect("it lies inside");
        let mut newer = serde_json::to_value(ledger()).expect("it is data");
        newer["format"] = json!(FORMAT + 1);
        for text in ["", "{}", "[]", "{ \"format\": 1", &newer.to_string()] {
            std::fs::write(folder.path().join("ledger.json"), text).expect("it can be written");
            assert!(
                matches!(home.file(), Err(HomeError::Broken { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_ledger_lies_inside_of_the_project() {
        let outside = tempfile::tempdir().expect("a folder");
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(outside.path(), link).expect("a link");
        for path in [
            "../ledger.json",
            "/tmp/ledger.json",
            "a/../../x",
            "link/ledger.json",
        ] {
            let home = Home::inside(folder.path(), path);
            assert!(matches!(home, Err(HomeError::Outside(_))), "{path}");
        }
    }

    #[test]
    fn one_apply_at_a_time_holds_a_ledger() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::inside(folder.path(), "ledger.json").expect("it lies inside");
        let first = home::Lock::take(&home).expect("nobody has it");
        assert!(matches!(home::Lock::take(&home), Err(HomeError::Taken(_))));
        drop(first);
        home::Lock::take(&home).expect("it was let go");
    }
}
