//! Verdicts: what was known about secrets whose texts stand in the project itself.
//!
//! Secrets that come from the environment are never decided without it, in a plan from a snapshot
//! as little as in one on a machine that lacks them. A text that stands in the project is compared
//! by whoever has the key of the fingerprints; a snapshot remembers the answer and a hash of the
//! text, so that another text is known to be another. Fingerprints themselves stay out: with a
//! weak text they would tell it. What is left of them is under which key they were made, the
//! present one or another; of texts that we make, which are equal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::commands::facts::{Asked, facts};
use crate::commands::snapshot::veil;
use crate::decide::ledger::{Fingerprint, Ledger};
use crate::decide::plan::{SecretFact, SecretFacts};
use crate::there::live::Live;
use crate::there::services::{RuntimeKey, Vault};
use crate::want::desired::Desired;
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Addr, Pointer, Template};

/// The key id of what was made under the key that the snapshot was taken with.
const PRESENT: &str = "present";
/// The key id of everything else.
const OTHER: &str = "other";

/// What was known about one secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    addr: Addr,
    at: Pointer,
    /// A hash of the text.
    text: String,
    /// What its comparison gave.
    fact: Fact,
}

/// What a comparison can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fact {
    Same,
    Changed,
    Unverified,
    OtherKey,
}

impl Fact {
    fn of(fact: &SecretFact) -> Option<Fact> {
        match fact {
            SecretFact::Same => Some(Fact::Same),
            SecretFact::Changed => Some(Fact::Changed),
            SecretFact::Unverified => Some(Fact::Unverified),
            SecretFact::OtherKey => Some(Fact::OtherKey),
            SecretFact::Unset(_) => None,
        }
    }

    fn fact(self) -> SecretFact {
        match self {
            Fact::Same => SecretFact::Same,
            Fact::Changed => SecretFact::Changed,
            Fact::Unverified => SecretFact::Unverified,
            Fact::OtherKey => SecretFact::OtherKey,
        }
    }
}

/// The verdicts on the secrets that need nothing of the environment.
pub fn verdicts(
    desired: &Desired,
    ledger: &Ledger,
    live: &Live,
    runtime: Option<&RuntimeKey>,
    known: &SecretFacts,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let bare = Vault::new(BTreeMap::new(), runtime.cloned());
    facts(desired, ledger, live, &bare, &mut |asked| {
        let fact = known.get(&(asked.object.addr.clone(), asked.at.clone()));
        if let Some(fact) = fact.and_then(Fact::of) {
            verdicts.push(Verdict {
                addr: entry_of(asked).clone(),
                at: asked.at.clone(),
                text: text_of(asked.source, runtime),
                fact,
            });
        }
        SecretFact::Unverified
    });
    verdicts
}

/// What is known about all secrets, from what was known then.
pub fn recall(
    desired: &Desired,
    ledger: &Ledger,
    live: &Live,
    runtime: Option<&RuntimeKey>,
    (verdicts, compared): (&[Verdict], bool),
) -> SecretFacts {
    let known: BTreeMap<(&Addr, &Pointer), &Verdict> = verdicts
        .iter()
        .map(|verdict| ((&verdict.addr, &verdict.at), verdict))
        .collect();
    let bare = Vault::new(BTreeMap::new(), runtime.cloned());
    facts(desired, ledger, live, &bare, &mut |asked| {
        let verdict = known.get(&(entry_of(asked), asked.at));
        match verdict.filter(|verdict| verdict.text == text_of(asked.source, runtime)) {
            Some(verdict) => verdict.fact.fact(),
            // Under the key of then, and like nothing that was sent.
            None => asked.compared(compared.then(|| Fingerprint {
                key_id: PRESENT.into(),
                mac: "another".into(),
            })),
        }
    })
}

/// Takes out of the fingerprints of a ledger what is not needed to plan.
pub fn blunt(ledger: &mut Ledger, present: Option<&str>) {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    ledger.salt.clear();
    let entries = ledger.entries.values_mut();
    for made in entries.flat_map(|entry| entry.fingerprints.values_mut().flatten()) {
        if made.random().is_some() {
            let next = numbers.len() + 1;
            let number = numbers.entry(std::mem::take(&mut made.mac)).or_insert(next);
            made.mac = number.to_string();
        } else {
            let key = if present == Some(made.key_id.as_str()) {
                PRESENT
            } else {
                OTHER
            };
            *made = Fingerprint {
                key_id: key.into(),
                mac: String::new(),
            };
        }
    }
}

/// The address under which the ledger has the object of a secret.
fn entry_of<'a>(asked: &Asked<'a>) -> &'a Addr {
    asked.entry.map_or(&asked.object.addr, |(addr, _)| addr)
}

/// A hash of what a text is made from, all of which stands in the project or is an intake's URL.
fn text_of(source: &SecretSource, runtime: Option<&RuntimeKey>) -> String {
    let mut spelled = spelled(source.template());
    let minted = source.template().references();
    if let Some(key) = runtime
        && minted.into_iter().any(|r| *r == Reference::RuntimeToken)
    {
        for part in [&key.id, &key.secret] {
            spelled.push('\n');
            spelled.push_str(&self::spelled(part.template()));
        }
    }
    veil::hash_of(&spelled)
}

fn spelled(template: &Template) -> String {
    let parts = template.parts.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Reference(reference) => format!("${{{reference}}}"),
    });
    parts.collect()
}
