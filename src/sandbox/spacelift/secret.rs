//! A secret text inside the store: kept in the clear in memory and in the sandbox's own file, shown
//! nowhere else. Does not encrypt anything.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The one key of a serialized secret; [`mask`] finds secrets by it.
const KEY: &str = "__secret";

/// A text that no query returns and that `Debug` does not print.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    #[serde(rename = "__secret")]
    text: String,
}

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The text itself, for signing and comparing.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Replaces every serialized secret below `value` by `{"sha256": hex}`.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let text = match map.get(KEY) {
                Some(Value::String(text)) if map.len() == 1 => Some(sha256_hex(text.as_bytes())),
                _ => None,
            };
            match text {
                Some(hex) => *value = json!({ "sha256": hex }),
                None => map.values_mut().for_each(mask),
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// The lower-case hexadecimal SHA-256 of `bytes`.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
