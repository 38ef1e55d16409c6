//! The head: what a ledger in Port says besides its entries, and which chunks hold those.
//!
//! A save writes the chunks that changed into slots that the old head does not name, then the new
//! head: until that moment the old ledger is whole. Deliberately not here: whether what came back
//! may be believed (see `trust`), and sending (see `shelf`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decide::ledger::scope::{Scope, Slot};
use crate::decide::ledger::{Intent, Ledger, chunk};

/// Most bytes of an intent inside of the head; a longer one has parts of its own.
const INTENT: usize = 128 * 1024;

/// What the head's entity holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of this format.
    pub format: u32,
    /// The project.
    pub project: String,
    /// The environment, when the project declares some.
    pub environment: Option<String>,
    /// The Port organization: id and name.
    pub organization: Option<(String, String)>,
    /// The Spacelift account.
    pub account: Option<String>,
    /// Counts writes.
    pub serial: u64,
    /// Salt of the fingerprints, in hex.
    pub salt: String,
    /// The commit that was applied last.
    pub commit: Option<String>,
    /// When it was applied last.
    pub applied_at: Option<String>,
    /// How Port stamps what spaceport writes: all parts must bear it.
    pub writer: String,
    /// How many buckets there are.
    pub buckets: u32,
    /// The chunk of each bucket that ever held something.
    pub chunks: BTreeMap<u32, Named>,
    /// What an apply that has not ended is about to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// The parts of an intent that is too long for the head.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intents: BTreeMap<u32, Named>,
}

/// A part that the head speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Where it lies.
    pub slot: Slot,
    /// The serial under which it was written.
    pub generation: u64,
    /// SHA-256 of its text.
    pub digest: String,
}

/// One entity to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its identifier.
    pub id: String,
    /// The serial under which it is written.
    pub generation: u64,
    /// What it holds.
    pub content: String,
}

/// What a save is made from besides the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The head that is there.
    pub old: Option<&'a Head>,
    /// How Port stamps what we write.
    pub writer: &'a str,
    /// The Port organization: id and name.
    pub organization: Option<&'a (String, String)>,
    /// Whether nothing that is there is taken over.
    pub anew: bool,
}

/// The entities that a save writes, the head last, and the head that is in force then.
pub fn compose(scope: &Scope, ledger: &Ledger, basis: Basis) -> (Vec<Part>, Head) {
    // Parts that somebody else wrote are written anew, so that all bear one stamp.
    let anew = basis.anew || basis.old.is_none_or(|old| old.writer != basis.writer);
    let known = |named: fn(&Head) -> &BTreeMap<u32, Named>| basis.old.map(named);
    let mut parts = Vec::new();
    let mut place = |known: Option<&Named>, content: String, id: &dyn Fn(Slot) -> String| {
        let digest = chunk::digest(&content);
        if let Some(known) = known.filter(|known| known.digest == digest && !anew) {
            return known.clone();
        }
        let slot = known.map_or(Slot::A, |known| known.slot.other());
        parts.push(Part {
            id: id(slot),
            generation: ledger.serial,
            content,
        });
        Named {
            slot,
            generation: ledger.serial,
            digest,
        }
    };
    let (buckets, mut texts) =
        chunk::split(&ledger.entries, basis.old.map_or(1, |old| old.buckets));
    // A chunk whose last entry left is written without any.
    for at in known(|head| &head.chunks)
        .into_iter()
        .flat_map(|chunks| chunks.keys())
    {
        texts.entry(*at).or_insert_with(|| "{}".to_owned());
    }
    let mut chunks = BTreeMap::new();
    for (at, text) in texts {
        let known = known(|head| &head.chunks).and_then(|chunks| chunks.get(&at));
        let named = place(known, text, &|slot| scope.chunk(at, slot));
        chunks.insert(at, named);
    }
    let mut intents = BTreeMap::new();
    let mut intent = ledger.intent.clone();
    let text = serde_json::to_string(&intent).expect("an intent is plain data");
    if intent.is_some() && chunk::sent(&text) > INTENT {
        intent = None;
        for (at, piece) in (0..).zip(chunk::pieces(&text)) {
            let known = known(|head| &head.intents).and_then(|intents| intents.get(&at));
            let named = place(known, piece.to_owned(), &|slot| scope.intent(at, slot));
            intents.insert(at, named);
        }
    }
    let head = Head {
        format: ledger.format,
        project: ledger.project.clone(),
        environment: ledger.environment.clone(),
        organization: basis.organization.cloned(),
        account: ledger.account.clone(),
        serial: ledger.serial,
        salt: ledger.salt.clone(),
        commit: ledger.commit.clone(),
        applied_at: ledger.applied_at.clone(),
        writer: basis.writer.to_owned(),
        buckets,
        chunks,
        intent,
        intents,
    };
    parts.push(Part {
        id: scope.head().to_owned(),
        generation: ledger.serial,
        content: serde_json::to_string(&head).expect("a head is plain data"),
    });
    (parts, head)
}

impl Head {
    /// The ledger with this head, still without entries.
    pub fn ledger(&self) -> Ledger {
        Ledger {
            format: self.format,
            project: self.project.clone(),
            environment: self.environment.clone(),
            organization: self.organization.as_ref().map(|(id, _)| id.clone()),
            account: self.account.clone(),
            serial: self.serial,
            salt: self.salt.clone(),
            commit: self.commit.clone(),
            applied_at: self.applied_at.clone(),
            entries: BTreeMap::new(),
            intent: self.intent.clone(),
        }
    }
}
