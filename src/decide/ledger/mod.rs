//! The ledger: what is ours. Deletes are decided by it and by nothing else (law 6).
//!
//! Plain data here; where it is kept is one small interface, [`home`].
//!
//! An entry is bound to a remote id. Intents name what an apply is about to create, so that a
//! run after a crash knows its own objects.

pub mod home;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decide::canon::{canonical, sorted_text};
use crate::kinds::Kind;
use crate::words::value::Map;
use crate::words::{Addr, Pointer, Value};
pub use home::{Home, HomeError};

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// How deep the digests of an entry go into its spec.
const DIGEST_DEPTH: usize = 3;

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
    pub entries: BTreeMap<Addr, Entry>,
    /// What an apply that has not ended is about to create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
}

/// One object of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The objects that it needed when it was applied.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Addr>,
    /// A digest per place of the spec as applied, to tell drift from edits. The places are texts
    /// of pointers: they are many, and most runs only keep them.
    pub digests: BTreeMap<String, String>,
    /// Keyed fingerprints of the secrets that were sent, newest first, by their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: BTreeMap<Pointer, Vec<Fingerprint>>,
}

/// A keyed fingerprint of a secret's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Which key made it.
    pub key_id: String,
    /// HMAC-SHA-256 in hex.
    pub mac: String,
}

/// What an apply is about to do, written before its first change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The objects that it creates; all were absent when it planned.
    pub creates: BTreeSet<Addr>,
    /// The secrets that it sends to objects that exist already.
    pub sends: BTreeMap<Addr, BTreeSet<Pointer>>,
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

/// A digest per place of a spec, at most three steps deep, by the text of its pointer.
pub fn digests(kind: &dyn Kind, spec: &Value, ignore: &[Pointer]) -> BTreeMap<String, String> {
    fn walk(value: &Value, at: &mut Pointer, digests: &mut BTreeMap<String, String>) {
        match value {
            Value::Map(map) if !map.is_empty() && at.parts().len() < DIGEST_DEPTH => {
                each(map, at, digests)
            }
            other => {
                digests.insert(at.to_string(), hex(&Sha256::digest(sorted_text(other)), 6));
            }
        }
    }
    fn each(map: &Map, at: &mut Pointer, digests: &mut BTreeMap<String, String>) {
        for (key, value) in map {
            at.push(key);
            walk(value, at, digests);
            at.pop();
        }
    }
    let mut found = BTreeMap::new();
    walk(
        &canonical(kind, spec, ignore),
        &mut Pointer::root(),
        &mut found,
    );
    found
}

/// The first `bytes` bytes in lower-case hex.
pub fn hex(data: &[u8], bytes: usize) -> String {
    data.iter()
        .take(bytes)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
