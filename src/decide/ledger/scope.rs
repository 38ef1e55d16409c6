//! Scope: the names that a ledger in Port has there. Readable, and never those of another ledger.
//!
//! Deliberately not here: what the entities hold (see `head` and `chunk`).

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::decide::ledger::hex;
use crate::kinds::LEDGER_BLUEPRINT;

/// The blueprint whose entities hold ledgers.
pub const BLUEPRINT: &str = LEDGER_BLUEPRINT;

/// Bytes of a name that are kept readable; an entity's identifier has 1000 characters (PA section
/// 1, identifier rules), and a scope holds two names and the name of a part.
const READABLE: usize = 300;

/// One project in one environment: the identifier of its head, and what its other parts begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    id: String,
}

/// Two places for one part: the head names the one that counts, the other is written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Slot::A => "a",
            Slot::B => "b",
        }
    }
}

impl Scope {
    /// The scope of a project in an environment.
    pub fn new(project: &str, environment: Option<&str>) -> Scope {
        let id = match environment {
            Some(environment) => format!("{}:{}", escaped(project), escaped(environment)),
            None => escaped(project),
        };
        Scope {
            project: project.to_owned(),
            environment: environment.map(str::to_owned),
            id,
        }
    }

    /// The identifier of the head: `acme-portal:prod`.
    pub fn head(&self) -> &str {
        &self.id
    }

    /// The identifier of a chunk in a slot: `acme-portal:prod=chunk-3-a`.
    pub fn chunk(&self, bucket: u32, slot: Slot) -> String {
        format!("{}=chunk-{bucket}-{}", self.id, slot.word())
    }

    /// The identifier of a part of an intent that is too long for the head.
    pub fn intent(&self, number: u32, slot: Slot) -> String {
        format!("{}=intent-{number}-{}", self.id, slot.word())
    }

    /// The identifier of a lease.
    pub fn lease(&self, number: u64) -> String {
        format!("{}=lease-{number}", self.id)
    }

    /// The number of a lease with this identifier.
    pub fn lease_number(&self, id: &str) -> Option<u64> {
        self.part(id)?.strip_prefix("lease-")?.parse().ok()
    }

    /// Whether an identifier is one of a chunk of this scope.
    pub fn is_chunk(&self, id: &str) -> bool {
        self.part(id).is_some_and(|part| part.starts_with("chunk-"))
    }

    fn part<'a>(&self, id: &'a str) -> Option<&'a str> {
        id.strip_prefix(&self.id)?.strip_prefix('=')
    }
}

/// A name in characters that an identifier of an entity may have, without those that separate:
/// what is no ASCII letter, digit, `-`, `_` or `.` is `+` and two hex digits per byte. A name that
/// is too long ends in its hash.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for (at, byte) in name.bytes().enumerate() {
        // An identifier is not `.` or `..` (PA section 1).
        let plain =
            byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && at > 0);
        if plain {
            escaped.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(escaped, "+{byte:02x}");
        }
    }
    if escaped.len() > READABLE {
        escaped.truncate(READABLE);
        escaped.push('+');
        escaped.push_str(&hex(&Sha256::digest(name), 16));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_can_be_read() {
        let scope = Scope::new("acme-portal", Some("prod"));
        assert_eq!(scope.head(), "acme-portal:prod");
        assert_eq!(scope.chunk(3, Slot::A), "acme-portal:prod=chunk-3-a");
        assert_eq!(scope.intent(0, Slot::B), "acme-portal:prod=intent-0-b");
        assert_eq!(scope.lease_number(&scope.lease(12)), Some(12));
        assert_eq!(scope.lease_number("acme-portal=lease-1"), None);
        assert!(scope.is_chunk(&scope.chunk(0, Slot::B)));
        assert!(!scope.is_chunk(scope.head()));
    }

    proptest! {
        #[test]
        fn two_ledgers_never_share_an_identifier(
            one in (".{1,20}", proptest::option::of(".{1,20}")),
            other in (".{1,20}", proptest::option::of(".{1,20}")),
        ) {
            let ids = |(project, environment): &(String, Option<String>)| {
                let scope = Scope::new(project, environment.as_deref());
                [scope.head().to_owned(), scope.chunk(0, Slot::A), scope.lease(1), scope.intent(0, Slot::A)]
            };
            for id in ids(&one) {
                prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || "@_.+:=-".contains(c)));
                prop_assert!(id != "." && id != ".." && id.len() <= 1000);
                prop_assert_eq!(one == other, ids(&other).contains(&id));
            }
        }
    }
}
