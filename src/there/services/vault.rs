//! The vault: the one place that turns a secret's source into its text.
//!
//! Texts come from the environment and from the runtime key, are handed out for sending, and are
//! never stored elsewhere. Deliberately not here: which fields are secret (see `kinds`) and when a
//! secret is sent (see `decide`).

use std::collections::BTreeMap;
use std::sync::Arc;

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::there::services::randoms::{Randoms, digits};
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer, Value};

/// The texts behind `Secret` leaves.
#[derive(Debug)]
pub struct Vault {
    env: BTreeMap<String, SecretString>,
    runtime: Option<RuntimeKey>,
    minted: OnceCell<SecretString>,
    randoms: Option<Arc<Randoms>>,
}

/// The Spacelift key that `${spacelift.runtime.token}` is minted from.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeKey {
    /// Where its id comes from.
    pub id: SecretSource,
    /// Where its secret comes from.
    pub secret: SecretSource,
}

/// The key that fingerprints are made with.
#[derive(Debug, Clone)]
pub struct FingerprintKey {
    key: SecretString,
    id: String,
}

/// Why a secret's text cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Environment variables are not set, or empty.
    #[error("{} not set", names(.0))]
    Unset(Vec<String>),
    /// `${spacelift.runtime.token}` without `spacelift.runtime`.
    #[error("`${{spacelift.runtime.token}}` needs `spacelift.runtime`")]
    NoRuntimeKey,
    /// The token was not minted before; our own mistake.
    #[error("`${{spacelift.runtime.token}}` is not minted yet")]
    NotMinted,
    /// There is nothing to make a text from; our own mistake.
    #[error("`${{random.{0}}}` cannot be made without a source of randomness")]
    NoRandomness(String),
    /// A reference that should be settled by now; our own mistake.
    #[error("`${{{0}}}` is not settled")]
    Unsettled(String),
}

impl VaultError {
    /// What the user can do.
    pub fn help(&self) -> Option<String> {
        match self {
            VaultError::Unset(_) => {
                Some("set the variables for this run; an empty text counts as not set".into())
            }
            VaultError::NoRuntimeKey => Some(
                "add `spacelift: { runtime: { key_id: ${env.NAME}, key_secret: ${env.NAME} } }` \
                 to `spaceport.yaml`"
                    .into(),
            ),
            VaultError::NoRandomness(_) | VaultError::NotMinted | VaultError::Unsettled(_) => None,
        }
    }
}

fn names(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    names.join(", ")
}

impl Vault {
    /// A vault over a copy of the environment and the project's runtime key.
    pub fn new(env: BTreeMap<String, SecretString>, runtime: Option<RuntimeKey>) -> Self {
        Vault {
            env,
            runtime,
            minted: OnceCell::new(),
            randoms: None,
        }
    }

    /// The same vault with a source of the texts of `${random.NAME}`. Vaults that share it hand
    /// out the same texts.
    pub fn with_randoms(self, randoms: Arc<Randoms>) -> Self {
        Vault {
            randoms: Some(randoms),
            ..self
        }
    }

    /// The text of a secret. A runtime token must have been minted before (see
    /// [`Vault::needs_token`]).
    pub fn text(&self, source: &SecretSource) -> Result<SecretString, VaultError> {
        let missing = self.missing(source);
        self.fill(source, missing, &|| {
            let token = self.minted.get().ok_or(VaultError::NotMinted)?;
            Ok(token.clone())
        })
    }

    /// The environment variables that a secret needs and that are not set. Pure, so that it can be
    /// asked before the first write.
    pub fn missing(&self, source: &SecretSource) -> Vec<String> {
        let mut missing = Vec::new();
        for reference in source.template().references() {
            match reference {
                Reference::Env(name) if self.env(name).is_none() => missing.push(name.clone()),
                Reference::RuntimeToken => {
                    if let Some(key) = &self.runtime
                        && !needs_token(&key.id)
                        && !needs_token(&key.secret)
                    {
                        missing.extend(self.missing(&key.id));
                        missing.extend(self.missing(&key.secret));
                    }
                }
                _ => {}
            }
        }
        missing.sort();
        missing.dedup();
        missing
    }

    /// The key for fingerprints: derived from `SPACEPORT_FINGERPRINT_KEY`, else from
    /// `PORT_CLIENT_SECRET`, with the ledger's salt; `None` when neither is set.
    pub fn fingerprint_key(&self, salt: &[u8]) -> Option<FingerprintKey> {
        let secret = self
            .env("SPACEPORT_FINGERPRINT_KEY")
            .or_else(|| self.env("PORT_CLIENT_SECRET"))?;
        FingerprintKey::derive(secret, salt)
    }

    /// The fingerprint of a secret at a place; `None` when its text is not at hand.
    ///
    /// `${spacelift.runtime.token}` stands for the key that it is minted from, as every token is a
    /// new text.
    pub fn fingerprint(
        &self,
        key: &FingerprintKey,
        addr: &Addr,
        pointer: &Pointer,
        source: &SecretSource,
    ) -> Option<String> {
        let text = self.fill(source, self.missing(source), &|| {
            let key = self.runtime.as_ref().ok_or(VaultError::NoRuntimeKey)?;
            let (id, secret) = (self.text(&key.id)?, self.text(&key.secret)?);
            let (id, secret) = (id.expose_secret(), secret.expose_secret());
            let lengths = (format!("{}:", id.len()), format!("{}:", secret.len()));
            Ok(joined(&[&lengths.0, id, &lengths.1, secret]))
        });
        Some(key.mark(
            &addr.to_string(),
            &pointer.to_string(),
            text.ok()?.expose_secret(),
        ))
    }

    /// The fingerprint of the text of `${random.NAME}`; `None` when this process has not made it.
    ///
    /// It speaks about the name and not about a place, so that all who share the text have the
    /// same. Nobody guesses 32 random bytes: where there is no key, the salt is enough.
    pub fn random_fingerprint(&self, salt: &[u8], name: &str) -> Option<String> {
        let text = self.randoms.as_ref()?.known(name)?;
        let key = self
            .fingerprint_key(salt)
            .or_else(|| FingerprintKey::derive(&SecretString::default(), salt))?;
        Some(key.mark("random", name, text.expose_secret()))
    }

    /// Whether a value holds a secret that needs the runtime token.
    pub fn needs_token(&self, value: &Value) -> bool {
        value
            .secrets()
            .iter()
            .any(|(_, source)| needs_token(source))
    }

    /// The runtime key's id and secret.
    pub(super) fn runtime_key(&self) -> Result<(SecretString, SecretString), VaultError> {
        let key = self.runtime.as_ref().ok_or(VaultError::NoRuntimeKey)?;
        Ok((self.text(&key.id)?, self.text(&key.secret)?))
    }

    /// Where the minted token is kept for the rest of the process.
    pub(super) fn minted(&self) -> &OnceCell<SecretString> {
        &self.minted
    }

    /// The seal of a ledger's text: HMAC-SHA-256 in hex under `SPACEPORT_LEDGER_KEY`, when that is
    /// set (design, section 5.5).
    pub fn seal(&self, text: &str) -> Option<String> {
        let key = self.env("SPACEPORT_LEDGER_KEY")?;
        let key = FingerprintKey::derive(key, b"spaceport ledger seal 1")?;
        Some(key.mark("ledger", "", text))
    }

    fn env(&self, name: &str) -> Option<&SecretString> {
        self.env.get(name).filter(|s| !s.expose_secret().is_empty())
    }

    fn fill(
        &self,
        source: &SecretSource,
        missing: Vec<String>,
        token: &dyn Fn() -> Result<SecretString, VaultError>,
    ) -> Result<SecretString, VaultError> {
        if !missing.is_empty() {
            return Err(VaultError::Unset(missing));
        }
        let mut pieces: Vec<SecretString> = Vec::new();
        for part in &source.template().parts {
            pieces.push(match part {
                Part::Text(literal) => literal.as_str().into(),
                Part::Reference(Reference::Env(name)) => {
                    let unset = || VaultError::Unset(vec![name.clone()]);
                    self.env(name).ok_or_else(unset)?.clone()
                }
                Part::Reference(Reference::RuntimeToken) => {
                    if self.runtime.is_none() {
                        return Err(VaultError::NoRuntimeKey);
                    }
                    token()?
                }
                Part::Reference(Reference::Random(name)) => {
                    let none = || VaultError::NoRandomness(name.clone());
                    self.randoms.as_ref().ok_or_else(none)?.text(name)
                }
                Part::Reference(other) => return Err(VaultError::Unsettled(other.to_string())),
            });
        }
        let pieces: Vec<&str> = pieces.iter().map(|piece| piece.expose_secret()).collect();
        Ok(joined(&pieces))
    }
}

/// The pieces in one text, written into one piece of memory: a text that grows is copied, and what
/// it was copied from stays behind.
fn joined(pieces: &[&str]) -> SecretString {
    let mut text = String::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    for piece in pieces {
        text.push_str(piece);
    }
    text.into()
}

fn needs_token(source: &SecretSource) -> bool {
    source
        .template()
        .references()
        .any(|reference| *reference == Reference::RuntimeToken)
}

impl FingerprintKey {
    /// Derives the key with HKDF-SHA-256.
    pub fn derive(secret: &SecretString, salt: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(salt), secret.expose_secret().as_bytes())
            .expand(b"spaceport fingerprint 1", key.as_mut_slice())
            .ok()?;
        let id = hex(&Sha256::digest(key.as_slice()))[..8].to_owned();
        Some(FingerprintKey {
            key: digits(key.as_slice()),
            id,
        })
    }

    /// The key's name in the ledger: eight hexadecimal digits that tell keys apart.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 over the parts, each behind its length so that no two lists of parts look the
    /// same.
    fn mark(&self, addr: &str, pointer: &str, text: &str) -> String {
        let key = self.key.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
        for part in [addr, pointer, text] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex(&mac.finalize().into_bytes())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Service, Template};

    fn source(text: &str) -> SecretSource {
        SecretSource::new(Template::parse(text).unwrap())
    }

    fn vault(env: &[(&str, &str)], runtime: bool) -> Vault {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).into()));
        let key = RuntimeKey {
            id: source("${env.RUN_ID}"),
            secret: source("${env.RUN_SECRET}"),
        };
        Vault::new(env.collect(), runtime.then_some(key))
    }

    #[test]
    fn texts_are_put_together_and_missing_variables_are_named() {
        let vault = vault(&[("A", "1"), ("EMPTY", "")], true);
        let text = vault.text(&source("x${env.A}y")).unwrap();
        assert_eq!(text.expose_secret(), "x1y");
        let needs = source("${env.B}${env.A}${env.EMPTY}${env.B}${spacelift.runtime.token}");
        let missing = ["B", "EMPTY", "RUN_ID", "RUN_SECRET"];
        assert_eq!(vault.missing(&needs), missing);
        let error = vault.text(&needs).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`B`, `EMPTY`, `RUN_ID`, `RUN_SECRET` not set"
        );
        assert!(!format!("{vault:?}").contains("\"1\""));
    }

    #[test]
    fn a_runtime_token_needs_its_key_and_a_mint() {
        let token = source("Bearer ${spacelift.runtime.token}");
        let error = vault(&[], false).text(&token).unwrap_err();
        assert_eq!(error, VaultError::NoRuntimeKey);
        let vault = vault(&[("RUN_ID", "i"), ("RUN_SECRET", "s")], true);
        assert_eq!(vault.text(&token).unwrap_err(), VaultError::NotMinted);
        vault.minted().set("jwt".into()).unwrap();
        assert_eq!(vault.text(&token).unwrap().expose_secret(), "Bearer jwt");
    }

    #[test]
    fn fingerprints_tell_texts_places_and_keys_apart() {
        let vault = vault(
            &[
                ("A", "1"),
                ("B", "1"),
                ("C", "2"),
                ("PORT_CLIENT_SECRET", "p"),
            ],
            false,
        );
        let key = vault.fingerprint_key(b"salt").unwrap();
        let addr = Addr::new(Service::Port, "secret", "TOKEN");
        let mark = |key: &FingerprintKey, pointer: &str, text: &str| {
            let pointer = Pointer::parse(pointer).unwrap();
            vault.fingerprint(key, &addr, &pointer, &source(text))
        };
        let one = mark(&key, "/a", "${env.A}").unwrap();
        assert_eq!(one.len(), 64);
        assert_eq!(mark(&key, "/a", "${env.B}"), Some(one.clone()));
        assert_ne!(mark(&key, "/a", "${env.C}"), Some(one.clone()));
        assert_ne!(mark(&key, "/b", "${env.A}"), Some(one.clone()));
        assert_eq!(mark(&key, "/a", "${env.UNSET}"), None);
        assert_eq!(mark(&key, "/a", "${spacelift.runtime.token}"), None);

        let other = vault.fingerprint_key(b"pepper").unwrap();
        assert_ne!(other.id(), key.id());
        assert_eq!(vault.fingerprint_key(b"salt").unwrap().id(), key.id());
        assert_ne!(mark(&other, "/a", "${env.A}"), Some(one));
        assert_eq!(key.id().len(), 8);
    }

    #[test]
    fn the_own_fingerprint_key_comes_first_and_none_is_no_key() {
        let both = [
            ("PORT_CLIENT_SECRET", "p"),
            ("SPACEPORT_FINGERPRINT_KEY", "f"),
        ];
        let id = |env: &[(&str, &str)]| {
            let key = vault(env, false).fingerprint_key(b"salt");
            key.map(|key| key.id().to_owned())
        };
        assert_eq!(id(&both), id(&both[1..]));
        assert_ne!(id(&both), id(&both[..1]));
        assert_eq!(id(&[]), None);
    }

    #[test]
    fn a_random_text_is_shared_and_marked_by_its_name_alone() {
        let randoms = Arc::new(Randoms::new(|| [0x5a; 32]));
        let with = |env: &[(&str, &str)]| vault(env, false).with_randoms(randoms.clone());
        let random = source("${random.shared}");
        let (one, other) = (with(&[("PORT_CLIENT_SECRET", "p")]), with(&[]));
        assert!(one.missing(&random).is_empty());
        assert_eq!(one.random_fingerprint(b"salt", "shared"), None, "not made");
        let text = one.text(&random).unwrap();
        assert_eq!(text.expose_secret(), "5a".repeat(32));
        let again = other.text(&random).unwrap();
        assert_eq!(again.expose_secret(), text.expose_secret());
        let mark = |vault: &Vault, salt: &[u8]| vault.random_fingerprint(salt, "shared").unwrap();
        assert_eq!(mark(&one, b"salt"), mark(&one, b"salt"));
        assert_ne!(mark(&one, b"salt"), mark(&one, b"pepper"));
        assert_eq!(mark(&other, b"salt").len(), 64, "no key is needed");
        assert!(!format!("{one:?}").contains("5a5a"));
        let none = vault(&[], false).text(&random).unwrap_err();
        assert_eq!(none, VaultError::NoRandomness("shared".into()));
    }

    #[test]
    fn a_runtime_token_is_fingerprinted_by_its_key() {
        let of = |secret: &str| {
            let vault = vault(
                &[
                    ("RUN_ID", "i"),
                    ("RUN_SECRET", secret),
                    ("PORT_CLIENT_SECRET", "p"),
                ],
                true,
            );
            let key = vault.fingerprint_key(b"").unwrap();
            let addr = Addr::new(Service::Port, "secret", "TOKEN");
            let token = source("${spacelift.runtime.token}");
            vault
                .fingerprint(&key, &addr, &Pointer::root(), &token)
                .unwrap()
        };
        assert_eq!(of("s"), of("s"));
        assert_ne!(of("s"), of("t"));
    }
}
