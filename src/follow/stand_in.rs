//! Stand-ins: what references and secrets read as where no service and no environment is asked.
//!
//! Stable and readable, and the same wherever the same thing is meant, so that two sides that share
//! something agree. The text of a secret is never looked at (law 5): what stands for it names where
//! it comes from.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::kinds;
use crate::want::desired::Desired;
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Pointer, Value};

/// The stand-ins of one project.
#[derive(Debug, Clone, Default)]
pub struct StandIns {
    /// Texts of secrets that stand in files. They are told apart by their number alone.
    literals: Vec<String>,
}

impl StandIns {
    /// The stand-ins of a project.
    pub fn of(desired: &Desired) -> Self {
        let mut literals = BTreeSet::new();
        for object in desired.objects.values() {
            for (_, source) in object.spec.secrets() {
                let parts = &source.template().parts;
                literals.extend(parts.iter().filter_map(|part| match part {
                    Part::Text(text) => Some(text.clone()),
                    Part::Reference(_) => None,
                }));
            }
        }
        StandIns {
            literals: literals.into_iter().collect(),
        }
    }

    /// What a secret reads as: `<random NAME>`, `<env NAME>`, `<secret 1>` for a text that stands in
    /// a file, or several of these.
    pub fn secret(&self, source: &SecretSource) -> String {
        let parts = source.template().parts.iter();
        let words = parts.map(|part| match part {
            Part::Text(text) => {
                let number = self.literals.iter().position(|known| known == text);
                format!("<secret {}>", number.map_or(0, |n| n + 1))
            }
            Part::Reference(Reference::Random(name)) => format!("<random {name}>"),
            Part::Reference(Reference::Env(name)) => format!("<env {name}>"),
            Part::Reference(Reference::RuntimeToken) => "<runtime token>".to_owned(),
            Part::Reference(other) => format!("<{other}>"),
        });
        words.collect()
    }

    /// A spec as plain data: every reference and secret reads as its stand-in.
    pub fn plain(&self, desired: &Desired, spec: &Value) -> Json {
        spec.to_json_with(&mut |leaf| match leaf {
            Value::Secret(source) => self.secret(source).into(),
            Value::Deferred(template) => {
                let text = template.render(&mut |reference| Some(reads(desired, reference)));
                text.unwrap_or_default().into()
            }
            _ => Json::Null,
        })
    }
}

/// What a reference reads as outside of secrets.
fn reads(desired: &Desired, reference: &Reference) -> String {
    let Reference::Attribute(addr, attribute) = reference else {
        return format!("<{reference}>");
    };
    let object = desired.objects.get(addr);
    let name = object.map_or(addr.name.as_str(), |object| object.name.as_str());
    let own = object.and_then(|object| object.spec.get_text(attribute));
    let stand_in = || kinds::of(addr)?.stand_in(name, attribute);
    match own {
        Some(text) => text.to_owned(),
        None => stand_in().unwrap_or_else(|| match object {
            // The identity is the only other thing that can be read.
            Some(_) => name.to_owned(),
            None => format!("<{reference}>"),
        }),
    }
}

/// Whether two secrets are the same text; `None` when only their values could tell.
pub fn same(one: &SecretSource, other: &SecretSource) -> Option<bool> {
    if one == other {
        return Some(true);
    }
    let open = |source: &SecretSource| {
        let mut references = source.template().references();
        references.any(|reference| !matches!(reference, Reference::Random(_)))
    };
    // A random text is made by the apply and equals nothing that was there before.
    let random = one.random().is_some() || other.random().is_some();
    match random || !(open(one) || open(other)) {
        true => Some(false),
        false => None,
    }
}

/// The secrets of a spec by the pointers of their places.
pub fn secrets(spec: &Value) -> Vec<(Pointer, SecretSource)> {
    let found = spec.secrets().into_iter();
    found.map(|(at, source)| (at, source.clone())).collect()
}
