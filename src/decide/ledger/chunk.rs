//! Chunks: the entries of a ledger in pieces that a request can carry.
//!
//! Where an entry lies follows from its address alone, so that a change touches one chunk and
//! leaves the others as they are. Deliberately not here: sending them (see `shelf`).

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::decide::ledger::{Entry, hex};
use crate::words::Addr;

/// Most entries of a chunk (design, section 5.5).
const ENTRIES: usize = 500;
/// Most bytes of a chunk as they are sent; a body may have twice as many (PA section 1, 413).
const BYTES: usize = 512 * 1024;
/// Most chunks. More would not help: then single entries are too long.
const BUCKETS: u32 = 1 << 16;

/// The texts of the chunks that hold something, by bucket, and how many buckets there are: a
/// power of two, at least `buckets`.
pub fn split(entries: &BTreeMap<Addr, Entry>, buckets: u32) -> (u32, BTreeMap<u32, String>) {
    let mut buckets = buckets.max(1).next_power_of_two();
    loop {
        let mut chunks: BTreeMap<u32, BTreeMap<&Addr, &Entry>> = BTreeMap::new();
        for (addr, entry) in entries {
            let chunk = chunks.entry(bucket(addr, buckets)).or_default();
            chunk.insert(addr, entry);
        }
        let mut full = chunks.values().any(|chunk| chunk.len() > ENTRIES);
        let mut texts = BTreeMap::new();
        if !full {
            for (at, chunk) in &chunks {
                let text = serde_json::to_string(chunk).expect("entries are plain data");
                full |= chunk.len() > 1 && sent(&text) > BYTES;
                texts.insert(*at, text);
            }
        }
        if !full || buckets >= BUCKETS {
            return (buckets, texts);
        }
        buckets *= 2;
    }
}

/// The entries in a chunk's text.
pub fn entries(text: &str) -> Result<BTreeMap<Addr, Entry>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A text in pieces that a request can carry.
pub fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // At worst every byte is sent as two.
        let mut end = rest.len().min(BYTES / 2);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, more) = rest.split_at(end);
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// What the head knows a text by.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text), 32)
}

/// How long a text is inside of a body.
pub fn sent(text: &str) -> usize {
    Json::from(text).to_string().len()
}

fn bucket(addr: &Addr, buckets: u32) -> u32 {
    let digest = Sha256::digest(addr.to_string());
    let hash = digest
        .iter()
        .take(4)
        .fold(0, |n, byte| n << 8 | u32::from(*byte));
    hash & (buckets - 1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Entries for tests, with names as long as wanted.
    pub fn many(count: usize, length: usize) -> BTreeMap<Addr, Entry> {
        let entry = |n: usize| {
            let addr: Addr = format!("port.secret.S{n}").parse().expect("an address");
            let entry = Entry {
                id: format!("S{n}"),
                name: "n".repeat(length),
                ..Entry::default()
            };
            (addr, entry)
        };
        (0..count).map(entry).collect()
    }

    fn sizes(count: usize, length: usize) -> (u32, usize) {
        let all = many(count, length);
        let (buckets, chunks) = split(&all, 1);
        let mut back = BTreeMap::new();
        for text in chunks.values() {
            back.extend(entries(text).expect("entries"));
        }
        assert_eq!(back, all);
        (buckets, chunks.len())
    }

    #[test]
    fn chunks_hold_all_entries_and_neither_too_many_nor_too_long() {
        assert_eq!(sizes(0, 1), (1, 0));
        assert_eq!(sizes(500, 1), (1, 1));
        assert_eq!(sizes(501, 1), (2, 2));
        assert_eq!(sizes(1_500, 1), (4, 4));
        assert_eq!(sizes(20, 40_000), (2, 2));
        // One entry that is too long stays one.
        assert_eq!(sizes(1, 600_000), (1, 1));
    }

    #[test]
    fn one_change_touches_one_chunk() {
        let before = many(1_500, 1);
        let mut after = before.clone();
        after.values_mut().nth(700).expect("an entry").name = "other".into();
        let ((buckets, one), (same, other)) = (split(&before, 1), split(&after, 1));
        assert_eq!(buckets, same);
        let differ = one.iter().filter(|(at, text)| other[*at] != **text).count();
        assert_eq!(differ, 1);
    }

    #[test]
    fn pieces_make_up_the_text() {
        for text in ["", "a", &"ä\"".repeat(400_000)] {
            let pieces = pieces(text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| sent(piece) <= BYTES + 2));
        }
    }
}
