//! The environment of this process, in copies that are overwritten when they are let go.
//!
//! Deliberately not here: the original, which the system keeps for as long as the process lives,
//! and what a variable means (see `there::endpoints` and `there::services`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Deref;

use secrecy::zeroize::Zeroize;

/// A copy of the environment, by name.
#[derive(Default)]
pub struct Environment(BTreeMap<String, String>);

/// The process environment; names and values that are not text are left out.
pub fn environment() -> Environment {
    environment_without(&[])
}

/// The same without some names, whose texts are not even looked at.
pub fn environment_without(names: &[&str]) -> Environment {
    let mut kept = BTreeMap::new();
    for (name, text) in std::env::vars_os() {
        match name.into_string() {
            Ok(name) if !names.contains(&name.as_str()) => match text.into_string() {
                Ok(text) => {
                    kept.insert(name, text);
                }
                Err(text) => forget(text),
            },
            _ => forget(text),
        }
    }
    Environment(kept)
}

fn forget(text: OsString) {
    text.into_encoded_bytes().zeroize();
}

impl Environment {
    fn wipe(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl Deref for Environment {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_overwritten_and_unread_names_are_not_there() {
        let all = environment();
        let (name, _) = all
            .first_key_value()
            .expect("the tests have an environment");
        assert!(!environment_without(&[name]).contains_key(name));
        let mut copy = environment();
        copy.wipe();
        assert_eq!(copy.len(), all.len());
        assert!(copy.values().all(String::is_empty));
    }
}
