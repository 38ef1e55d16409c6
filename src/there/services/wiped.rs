//! Wiped: buffers of ours that are overwritten when they are let go, as they may hold secrets.
//!
//! A request is written into one buffer that the connection borrows and never copies as a whole;
//! the last one to let go of it overwrites it. Deliberately not here: what the kernel, TLS and
//! HTTP/2 copy on their way (nobody can reach that), and the texts themselves (see `secrecy`).

use std::io::{self, Write};
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use secrecy::zeroize::{Zeroize, Zeroizing};
use serde_json::Value as Json;

/// JSON whose texts are overwritten in the end.
pub(super) struct Wiped(Json);

impl Wiped {
    /// Takes care of a tree.
    pub fn new(json: Json) -> Self {
        Wiped(json)
    }

    /// The tree as the bytes of a request, written into a buffer that never had to grow.
    pub fn bytes(json: &Json) -> io::Result<Bytes> {
        let mut count = Count(0);
        serde_json::to_writer(&mut count, json)?;
        let mut buffer = Zeroizing::new(Vec::with_capacity(count.0));
        serde_json::to_writer(&mut *buffer, json)?;
        Ok(Bytes::from_owner(buffer))
    }
}

impl Deref for Wiped {
    type Target = Json;

    fn deref(&self) -> &Json {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Json {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(json: &mut Json) {
    match json {
        Json::String(text) => text.zeroize(),
        Json::Array(items) => items.iter_mut().for_each(wipe),
        Json::Object(members) => members.values_mut().for_each(wipe),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// `Bearer` and a token.
pub(super) fn bearer(token: &str) -> Bytes {
    const SCHEME: &str = "Bearer ";
    let mut value = Zeroizing::new(Vec::with_capacity(SCHEME.len() + token.len()));
    value.extend_from_slice(SCHEME.as_bytes());
    value.extend_from_slice(token.as_bytes());
    Bytes::from_owner(value)
}

/// The body of an answer; overwritten in the end when it holds credentials.
pub(super) struct Received {
    bytes: Vec<u8>,
    credentials: bool,
}

/// More than any answer with a token takes, so that its buffer need not grow.
const TOKENS: usize = 64 * 1024;

impl Received {
    /// An empty body with room for so many bytes.
    pub fn new(credentials: bool, room: usize) -> Self {
        let room = if credentials { room.max(TOKENS) } else { room };
        Received {
            bytes: Vec::with_capacity(room),
            credentials,
        }
    }

    /// Adds what has come.
    pub fn extend(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if self.credentials {
            self.bytes.zeroize();
        }
    }
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_of_a_tree_is_overwritten() {
        let mut json =
            json!({"a": "canary", "b": [{"c": "canary"}, 1, null, true], "d": {"e": ["canary"]}});
        wipe(&mut json);
        assert_eq!(
            json,
            json!({"a": "", "b": [{"c": ""}, 1, null, true], "d": {"e": [""]}})
        );
    }

    #[test]
    fn the_bytes_of_a_request_are_its_json_and_have_one_owner() {
        let json = json!({"a": "ca\"nary", "b": [1.5, null]});
        let bytes = Wiped::bytes(&json).unwrap();
        assert_eq!(bytes, serde_json::to_vec(&json).unwrap());
        // A clone shares the buffer, so that overwriting it once is enough.
        let again = bytes.clone();
        assert_eq!(again.as_ptr(), bytes.as_ptr());
        assert!(!bytes.is_unique());
        drop(again);
        assert_eq!(bearer("x"), "Bearer x");
    }
}
